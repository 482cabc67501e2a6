"""Closed figures stay; lateness is an adjustment (RELIABILITY.md, M7), on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from dumont_economy.errors import (
    InvalidInputError,
    PeriodAlreadyClosedError,
    PeriodNotOverError,
)
from dumont_economy.instant import instant_text, parse_instant
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.services.close_period import close_period
from dumont_economy.storage import closed_periods, prices, usage_events
from dumont_economy.storage.closed_periods import ClosedPeriod
from dumont_economy.storage.database import Database
from tests.api.harness import Application, Caller, Json, report, start, start_application_on, stop
from tests.builders import instant
from tests.faults.harness import size

SEED = 20260504
DAYS = [f"2026-05-{day:02}" for day in range(32 - size(5, 30), 32)]
LATE_EVENTS, VOIDS = size(1_000, 10_000), size(5, 50)
AMOUNTS = ("actual", "comparable_actual", "comparison", "saving", "used_seconds")
# Prices that are whole fractions of a cent a second, so that a sum of rounded amounts is exact.
PAID, LISTED = "3.6", "7.2"


@pytest.fixture
def meter(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """Start an application whose book holds one price, over either database."""
    monkeypatch.setattr("dumont_economy.services.shipped_facts.load_shipped_facts", lambda *_: None)
    made = start_application_on(database.url.render_as_string(hide_password=False))
    made.clock.set("2026-05-01T00:00:00Z")
    learn(made, LISTED)
    yield made
    made.close()


@pytest.fixture
def caller(meter: Application) -> Caller:
    """Return a caller of an account in São Paulo, where days begin at three."""
    return meter.machine(meter.account("ours", timezone="America/Sao_Paulo"))


def learn(application: Application, usd_per_hour: str) -> None:
    """Learn what a T4 has cost since the beginning of the month."""
    fact = PriceFact(
        sku=Sku("aws", "us-east-1", "g4dn.xlarge", "T4", Fraction(1), "x86_64"),
        pricing_model=PricingModel.ON_DEMAND,
        usd_per_instance_hour=Decimal(usd_per_hour),
        effective_from=instant("2026-05-01"),
        source_kind=SourceKind.PROVIDER_FEED,
        source="test",
        source_url=None,
        retrieved_at=instant("2026-05-01").date(),
        first_seen=None,
        previous_last_seen=None,
    )
    with application.database.write() as connection:
        published_at = prices.next_publication(connection, application.clock.now())
        prices.append_prices(connection, [fact], published_at=published_at, payload_sha256="0" * 64)


def run_at_random(rnd: Random, name: str) -> list[Json]:
    """Return the start and stop of a run of some hours that begins in one of the days."""
    begins = parse_instant(f"{rnd.choice(DAYS)}T00:00:00Z") + timedelta(
        seconds=rnd.randrange(86_400)
    )
    ends = begins + timedelta(seconds=rnd.randrange(60, 30_000))
    return [
        start(name, instant_text(begins), gpu="T4", rate=PAID),
        stop(name, instant_text(ends)),
    ]


def tell(caller: Caller, rnd: Random, count: int, kind: str) -> list[Json]:
    """Report so many events: runs of as many instances as they make."""
    events = [one for n in range(count // 2) for one in run_at_random(rnd, f"{kind}-{n}")]
    for first in range(0, len(events), 1_000):
        caller.push(*events[first : first + 1_000])
    return events


def close(application: Application, caller: Caller, period: str) -> ClosedPeriod:
    """Close a period."""
    return close_period(
        application.database, application.clock, caller.account, period, closed_by="test"
    )


def export(caller: Caller, closed: ClosedPeriod, *, as_of: bool = True) -> list[bytes]:
    """Return the bytes of everything that can be asked of a period, as it was closed or now."""
    period: dict[str, str | int] = {
        "from": instant_text(closed.starts_at),
        "to": instant_text(closed.ends_at),
    }
    if as_of:
        period["as_of"] = instant_text(closed.as_of)
    pages = [
        caller.get("/ledger/totals", group_by=group, **period)
        for group in ("day", "gpu", "instance", "provider")
    ]
    cursor: str | None = ""
    while cursor is not None:
        more: dict[str, str] = {"cursor": cursor} if cursor else {}
        pages.append(caller.get("/ledger/lines", limit=500, **period, **more))
        cursor = pages[-1].get_json()["next_cursor"]
    assert {page.status_code for page in pages} == {200}
    return [page.get_data() for page in pages]


def learn_late(meter: Application, caller: Caller, rnd: Random, told: list[Json]) -> None:
    """Learn very many late events, some voids, and another price for all of it."""
    tell(caller, rnd, LATE_EVENTS, "late")
    present = instant_text(meter.clock.now())
    for one in rnd.sample(told, VOIDS):
        void = report("void", one["instance"], present, void_of=one["id"])
        caller.push({**void, "id": f"void of {one['id']}"})
    learn(meter, "10.8")


def test_closed_days_stay_and_what_came_late_adjusts_them(
    meter: Application, caller: Caller
) -> None:
    """Exports are byte-equal, and old + adjustment = new for each day, in all decimals."""
    rnd = Random(SEED)
    meter.clock.set("2026-06-02T00:00:00Z")
    told = tell(caller, rnd, 200, "known")
    closed = []
    for day in DAYS:
        meter.clock.advance(minutes=1)
        closed.append(close(meter, caller, day))
    exports = [export(caller, one) for one in closed]
    olds = [caller.read("/ledger/totals", **of_day(one)) for one in closed]

    meter.clock.advance(hours=1)
    learn_late(meter, caller, rnd, told)
    meter.clock.advance(days=9)

    assert [export(caller, one) for one in closed] == exports
    listed = {one["period"]: one for one in caller.read("/ledger/closed", limit=31)["periods"]}
    assert list(listed) == DAYS[::-1]
    for one, old in zip(closed, olds, strict=True):
        told_again = listed[one.period]
        new = caller.read(
            "/ledger/totals",
            **{name: value for name, value in of_day(one).items() if name != "as_of"},
            adjustment_since=instant_text(one.as_of),
        )
        (change,) = new["adjustment"]
        assert change["date"] == one.period
        for name in AMOUNTS:
            was, is_now = Decimal(old["totals"][name]), Decimal(new["totals"][name])
            assert was + Decimal(change[name]) == is_now
            assert Decimal(told_again["adjustment"][name]) == Decimal(change[name])
        assert told_again["as_closed"] == old["totals"]
        assert told_again["now"] == new["totals"]
        assert told_again["adjustment"]["actual"] != "0.0000000000"


def of_day(closed: ClosedPeriod) -> dict[str, str]:
    """Return what asks for a closed period as it was closed."""
    return {
        "from": instant_text(closed.starts_at),
        "to": instant_text(closed.ends_at),
        "as_of": instant_text(closed.as_of),
    }


def test_without_its_as_of_a_closed_day_is_answered_otherwise(
    meter: Application, caller: Caller
) -> None:
    """The control: it is `as_of` that keeps the export."""
    rnd = Random(SEED)
    meter.clock.set("2026-06-02T00:00:00Z")
    told = tell(caller, rnd, 20, "known")
    closed = close(meter, caller, DAYS[0])
    before = export(caller, closed, as_of=False)

    meter.clock.advance(hours=1)
    learn_late(meter, caller, rnd, told)

    assert export(caller, closed, as_of=False) != before


class TestAClockThatIsSetBackAfterClosing:
    """What is learned after a closing is known after it, whatever the clock shows."""

    @pytest.fixture
    def closed(self, meter: Application, caller: Caller) -> ClosedPeriod:
        """Return a day that was closed two hours before the clock was put back to."""
        meter.clock.set("2026-06-02T00:00:00Z")
        tell(caller, Random(SEED), 20, "known")
        meter.clock.advance(hours=6)
        found = close(meter, caller, DAYS[0])
        meter.clock.advance(hours=-5)
        return found

    def test_changes_nothing_that_was_closed(
        self, meter: Application, caller: Caller, closed: ClosedPeriod
    ) -> None:
        """Neither an event nor a price slips in."""
        meter.clock.advance(hours=10)
        before = export(caller, closed)
        meter.clock.advance(hours=-10)

        tell(caller, Random(1), 20, "late")
        learn(meter, "10.8")
        meter.clock.advance(hours=10)

        assert export(caller, closed) == before

    @pytest.mark.parametrize("guard", ["usage_events.lock_ledger", "prices.known_from"])
    def test_would_do_so_without_the_guard(
        self,
        meter: Application,
        caller: Caller,
        closed: ClosedPeriod,
        monkeypatch: pytest.MonkeyPatch,
        guard: str,
    ) -> None:
        """The control, for events and for prices."""
        meter.clock.advance(hours=10)
        before = export(caller, closed)
        meter.clock.advance(hours=-10)
        of_events = guard == "usage_events.lock_ledger"
        lock = usage_events.lock_ledger
        without = {
            True: lambda *asked: replace(lock(*asked), closed_as_of=None),
            False: lambda now, _: now,
        }
        monkeypatch.setattr(f"dumont_economy.storage.{guard}", without[of_events])

        if of_events:
            tell(caller, Random(1), 20, "late")
        else:
            learn(meter, "10.8")
        meter.clock.advance(hours=10)

        assert export(caller, closed) != before

    def test_makes_no_later_closing_known_before_it(
        self, meter: Application, caller: Caller, closed: ClosedPeriod
    ) -> None:
        """A period that is closed with the clock behind knows what was known before."""
        tell(caller, Random(1), 20, "late")
        again = close(meter, caller, DAYS[1])

        assert again.closed_at < closed.closed_at
        assert again.as_of > closed.as_of
        (listed, _) = caller.read("/ledger/closed")["periods"]
        assert listed["as_closed"] == listed["now"]


class TestClosing:
    """A period is closed once, when it is over, in the account's time zone."""

    @pytest.mark.parametrize(
        ("period", "starts_at", "ends_at"),
        [
            ("2025", "2025-01-01T03:00:00Z", "2026-01-01T03:00:00Z"),
            ("2026-04", "2026-04-01T03:00:00Z", "2026-05-01T03:00:00Z"),
            ("2025-12", "2025-12-01T03:00:00Z", "2026-01-01T03:00:00Z"),
            ("2026-05-03", "2026-05-03T03:00:00Z", "2026-05-04T03:00:00Z"),
            ("2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
        ],
    )
    def test_a_year_a_month_or_a_day(
        self, meter: Application, caller: Caller, period: str, starts_at: str, ends_at: str
    ) -> None:
        """From its first local instant to the next one's; the last example has 23 hours."""
        meter.clock.set("2026-06-02T00:00:00Z")

        closed = close(meter, caller, period)

        assert closed == ClosedPeriod(
            period=period,
            timezone="America/Sao_Paulo",
            starts_at=parse_instant(starts_at),
            ends_at=parse_instant(ends_at),
            as_of=meter.clock.now(),
            closed_at=meter.clock.now(),
            closed_by="test",
        )
        with meter.database.read(account_id=caller.account.id) as connection:
            held = closed_periods.closed_periods(connection, caller.account.id, start=0, limit=9)
        assert held == [closed]

    def test_is_refused_while_the_period_goes_on(self, meter: Application, caller: Caller) -> None:
        """Up to its last instant; and what is said names it."""
        meter.clock.set("2026-05-05T02:59:59Z")

        with pytest.raises(PeriodNotOverError, match="not over until 2026-05-05T03:00:00Z"):
            close(meter, caller, "2026-05-04")
        meter.clock.advance(seconds=1)
        assert close(meter, caller, "2026-05-04").as_of == meter.clock.now()

    def test_is_refused_a_second_time(self, meter: Application, caller: Caller) -> None:
        """And what is said names the first; another account may still close it."""
        meter.clock.set("2026-06-01T12:00:00Z")
        close(meter, caller, "2026-05")
        meter.clock.advance(days=1)
        other = meter.machine(meter.account("theirs"))

        with pytest.raises(PeriodAlreadyClosedError, match="closed at 2026-06-01T12:00:00Z"):
            close(meter, caller, "2026-05")
        assert caller.read("/ledger/closed")["periods"] != []
        assert other.read("/ledger/closed")["periods"] == []
        assert close(meter, other, "2026-05").closed_at == meter.clock.now()

    @pytest.mark.parametrize(
        "period",
        ["", "26", "2026-5", "2026-13", "2026-02-30", "2026-05-04T00", "1969", "9999", "٢٠٢٦"],
    )
    def test_is_refused_for_what_is_no_period(
        self, meter: Application, caller: Caller, period: str
    ) -> None:
        """With how to write one."""
        with pytest.raises(InvalidInputError, match="2026-05 or 2026-05-04"):
            close(meter, caller, period)

    def test_pages_are_of_the_latest_first(self, meter: Application, caller: Caller) -> None:
        """A few at a time: each is read as of two instants."""
        meter.clock.set("2026-06-02T00:00:00Z")
        for period in ("2026-04", "2026-05-04", "2025", "2026-04-01"):
            close(meter, caller, period)

        first = caller.read("/ledger/closed", limit=2)
        second = caller.read("/ledger/closed", limit=2, cursor=first["next_cursor"])

        found = [one["period"] for one in first["periods"] + second["periods"]]
        assert found == ["2026-05-04", "2026-04-01", "2026-04", "2025"]
        assert second["next_cursor"] is None
        assert caller.get("/ledger/closed", limit=32).status_code == 422
