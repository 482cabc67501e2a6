"""Laws of ended use: sums of hours are what all lines come to, and caches follow what they are of.

Stories of days, with instants on hours, on half hours and anywhere; prices, exchange rates and disk
prices that change in the middle of an hour; billing that rounds up, down, and has a minimum.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, select

from dumont_economy.api.app import create_app
from dumont_economy.api.services import Services
from dumont_economy.config import Settings
from dumont_economy.ledger.ledger_entry import LedgerEntry, entries_of, order_of
from dumont_economy.ledger.line_item import ALL_TIME, Line, Window
from dumont_economy.ledger.rating import RatingTerms, rate_disk, rate_session
from dumont_economy.metering.gpu_session import Shape, replay
from dumont_economy.metering.usage_event import UsageEvent, without_voided
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.dated_fact import ALWAYS
from dumont_economy.pricing.disk_price import DiskPrices
from dumont_economy.pricing.equivalence import Grade
from dumont_economy.pricing.exchange_rate import UNCHANGED, ExchangeRates
from dumont_economy.pricing.match_timeline import MatchSegment, ask
from dumont_economy.pricing.policy import Policy
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.savings.totals import Totals, total_of
from dumont_economy.services.account_view import AccountState
from dumont_economy.services.ended_usage import EndedUsage
from dumont_economy.services.follow_usage import rebuild
from dumont_economy.services.people import make_account
from dumont_economy.services.read_ledger import LedgerScope, Position, lines_in, read_entries
from dumont_economy.services.record_usage import EventStatus, record_usage
from dumont_economy.storage import prices
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.event_chain import read_head
from dumont_economy.storage.tables import (
    ended_use,
    instance_state,
    ledger_cache,
    metadata,
    usage_sum,
)
from tests.builders import (
    EventFields,
    SetClock,
    after,
    disk_price,
    equivalent,
    event,
    exchange,
    matches,
    rate,
    sku,
    start,
    unpriced,
)
from tests.properties.worlds import everything_in, raw

DAYS = 4
HALF_HOUR = 1_800
PARTIES = ("vast", "lambda", "by the hour, down", "nobody-knows")
CACHES = (ledger_cache, instance_state, ended_use, usage_sum)
QUESTION = ask(Policy(), ComparisonProvider.AWS)
OLD, NEW = (rate(sku("g6e.xlarge", "L40S"), "1", day) for day in ("2026-01-01", "2026-03-01"))
MATCHES = matches(
    equivalent("7.2", rate=NEW),
    (after(50_000), unpriced()),
    (after(90_000), equivalent("5", Grade.D, OLD)),
    (after(2 * 86_400), equivalent("4.1", Grade.B, NEW)),
)
DISK_PRICES = DiskPrices([disk_price("0.08", after(70_000))]).timeline("aws", "us-east-1")
EXCHANGE = ExchangeRates(
    [exchange("EUR", "1.17", after(30_000)), exchange("EUR", "1.2", after(90_001))]
)

seconds = st.one_of(
    st.integers(0, DAYS * 48).map(lambda step: step * HALF_HOUR), st.integers(0, DAYS * 86_400)
)
instants = st.builds(after, seconds, st.sampled_from([0, 0, 1, 500_000]))


@st.composite
def stories(draw: st.DrawFn) -> list[UsageEvent]:
    """Generate what two instances did in four days."""
    told: list[UsageEvent] = []
    kinds = "start start stop stop resume terminate resize price_change seen void".split()
    for number, kind in enumerate(draw(st.lists(st.sampled_from(kinds), max_size=10))):
        time, key = draw(instants), f"e-{number}"
        instance = draw(st.sampled_from(["i-1", "i-2"]))
        paid = draw(st.sampled_from(["0", "0.74", "2.5", "0.000000000001"]))
        if kind == "start":
            said: EventFields = {
                "id": key,
                "instance": instance,
                "gpu_count": draw(st.integers(1, 2)),
                "provider": draw(st.sampled_from(PARTIES)),
                "currency": draw(st.sampled_from(["USD", "EUR", "GBP"])),
                **draw(st.sampled_from(DISKS)),
            }
            one = start(time, rate=paid, **said)
        elif kind == "void":
            one = event("void", time, id=key, void_of=f"e-{draw(st.integers(0, 9))}")
        elif kind == "resize":
            one = event(kind, time, id=key, instance=instance, rate=paid, gpu_count=3)
        elif kind == "price_change":
            one = event(kind, time, id=key, instance=instance, rate=paid)
        else:
            one = event(kind, time, id=key, instance=instance)
        told.append(one)
    return told


DISKS: list[EventFields] = [
    {},
    {"disk_gb": Decimal(80)},
    {
        "disk_gb": Decimal("33.3"),
        "disk_rate_running": Decimal("0.1"),
        "disk_rate_stopped": Decimal("0.07"),
        "disk_hours_per_month": 730,
    },
]


class Installation:
    """The application over a database of its own, at a time that a test sets."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock(after(DAYS * 86_400 + 7_777))
        app = create_app(Settings(database_url=f"sqlite:///{folder / 'economy.db'}"), self.clock)
        services = app.extensions["economy"]
        assert isinstance(services, Services)
        self.database, self.views = services.database, services.views
        self._numbers = count()
        rule = prices.BillingRuleFact(
            PARTIES[2], 0, 3_600, Rounding.FLOOR, after(-86_400 * 400), "generated", "sure"
        )
        with self.database.write() as connection:
            published_at = prices.next_publication(connection, self.clock.now())
            prices.append_billing_rules(connection, [rule], published_at=published_at)

    def new_account(self) -> Account:
        """Return an account without any use."""
        return make_account(self.database, self.clock, f"account {next(self._numbers)}")

    def push(self, account: Account, batch: Sequence[UsageEvent]) -> list[UsageEvent]:
        """Store a batch and return the events that were taken."""
        results = record_usage(
            self.database,
            self.clock,
            account,
            [raw(one) for one in batch],
            reporter="test",
            may_backfill=True,
        )
        return [batch[one.place] for one in results if one.status is EventStatus.ACCEPTED]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Share one installation: every example has an account of its own."""
    shared = Installation(tmp_path_factory.mktemp("installation"))
    yield shared
    shared.database.close()


def terms_of(state: AccountState) -> RatingTerms:
    """Return the market's billing rules with prices that change in the middle of an hour."""

    def matches_of(shape: Shape) -> Sequence[MatchSegment]:
        return MATCHES if shape.gpu_count != 2 else [MatchSegment(MATCHES[0].since, unpriced())]

    return replace(
        state.market.terms(QUESTION, "USD"),
        matches_of=matches_of,
        exchange_of=lambda paid_in: (
            UNCHANGED if paid_in == "USD" else EXCHANGE.timeline(paid_in, "USD")
        ),
        disk_prices=DISK_PRICES,
    )


def ended_lines(received: Sequence[UsageEvent], terms: RatingTerms, now: datetime) -> list[Line]:
    """Return the lines of all that has ended, by replaying everything at once."""
    of_instance: dict[str, list[UsageEvent]] = {}
    for one in without_voided(received):
        of_instance.setdefault(one.instance or "", []).append(one)
    lines: list[Line] = []
    for name, events in of_instance.items():
        timeline = replay(name, events, now)
        for session in timeline.ended_sessions:
            lines += rate_session(session, terms, now)
        lines += rate_disk(name, timeline.ended_disk_spans, terms, now)
    return lines


def contents(connection: Connection, account: Account) -> list[object]:
    """Return what the caches hold; sums of nothing, and which event wrote a row, left out."""
    found: list[object] = []
    for table in CACHES:
        columns = [one for one in table.c if one.name not in ("changed_seq", "days_hash")]
        rows = connection.execute(
            select(*columns)
            .where(table.c.account_id == account.id)
            .order_by(*table.primary_key.columns)
        )
        found += [
            tuple(row)
            for row in rows
            if table is not usage_sum or set(row.sums.split(",")) != {"0"}
        ]
    return found


def rebuilt(connection: Connection, state: AccountState, now: datetime) -> list[object]:
    """Return what the caches of an account would hold, made anew of its facts."""
    engine = create_engine("sqlite://")
    metadata.create_all(engine, CACHES)
    with closing(engine.connect()) as caches:
        head = read_head(connection, state.account.id)
        terms = state.market.cache_terms
        rebuild(connection, caches, state.account.id, head, terms=terms, now=now)
        return contents(caches, state.account)


@settings(max_examples=50)
@given(stories(), st.lists(st.integers(1, 4), max_size=5), instants, instants)
def test_sums_are_what_all_lines_come_to(
    installation: Installation,
    told: list[UsageEvent],
    sizes: list[int],
    one: datetime,
    other: datetime,
) -> None:
    """In all, in any window, since any instant, by instance, after every batch in any order."""
    account, now = installation.new_account(), installation.clock.now()
    window = Window(*sorted([one, other]))
    received: list[UsageEvent] = []
    waiting = list(told)
    for version, size in enumerate([*sizes, len(told)]):
        batch, waiting = waiting[:size], waiting[size:]
        if not batch:
            continue
        received += installation.push(account, batch)
        with installation.views.read(account) as state:
            terms = terms_of(state)
            usage = EndedUsage(state.ledger, state.records, QUESTION, version, terms, now)
            lines = ended_lines(received, terms, now)

            assert everything_in(usage.totals) == everything_in(total_of(lines))
            for _ in range(2):  # The second time what was kept of the first is answered.
                in_window = Totals()
                for of_key in usage.by_key(window).values():
                    in_window.merge(of_key)
                assert everything_in(in_window) == everything_in(total_of(lines, window))
            since = everything_in(total_of(lines, Window(window.starts_at)))
            assert everything_in(usage.totals_since(min(one, other))) == since
            found = list(usage.lines_in(window))
            assert list(map(order_of, found)) == sorted(map(order_of, found))
            assert sorted(map(repr, found)) == sorted(
                repr(line) for line in lines if window.touches(line.starts_at, line.ends_at)
            )
            for name in ("i-1", "i-2"):
                of_one = (line for line in lines if line.instance == name)
                assert everything_in(usage.of_instance(name)) == everything_in(total_of(of_one))


@settings(max_examples=50)
@given(stories(), st.integers(1, 4), instants, instants)
def test_pages_of_lines_join_to_all_of_them(
    installation: Installation,
    told: list[UsageEvent],
    limit: int,
    one: datetime,
    other: datetime,
) -> None:
    """Of any length, in any window, where many lines begin at one instant."""
    account = installation.new_account()
    installation.push(account, told)
    scope = LedgerScope(Window(*sorted([one, other])))
    with installation.views.read(account) as state:
        view = state.view(QUESTION)
        joined: list[LedgerEntry] = []
        at: Position | None = Position(ALWAYS, 0)
        while at is not None:
            page, at = read_entries(view, scope, begins=at, limit=limit)
            assert len(page) == limit or at is None
            joined += page

        assert joined == list(entries_of(lines_in(view, scope), scope.window))


@settings(max_examples=50)
@given(stories(), st.lists(st.integers(1, 3), max_size=6), st.integers(-86_400, 400))
def test_caches_that_follow_are_those_that_are_made_anew(
    installation: Installation, told: list[UsageEvent], sizes: list[int], ahead: int
) -> None:
    """To the last byte, after every batch in any order, while time goes on between them."""
    account = installation.new_account()
    latest = installation.clock.present
    installation.clock.present = latest - timedelta(seconds=max(0, ahead))
    waiting = list(told)
    try:
        for size in [*sizes, len(told)]:
            batch, waiting = waiting[:size], waiting[size:]
            if not installation.push(account, batch):
                continue
            with installation.views.read(account) as state:
                now = installation.clock.now()
                with installation.database.read(account_id=account.id) as connection:
                    assert contents(connection, account) == rebuilt(connection, state, now)
            installation.clock.present = min(latest, installation.clock.present + STEP)
    finally:
        installation.clock.present = latest


STEP = timedelta(seconds=97)


def test_the_laws_would_notice_a_minimum_that_is_forgotten(installation: Installation) -> None:
    """Control: a run of ten seconds is billed sixty, beside ten of use."""
    account, now = installation.new_account(), installation.clock.now()
    begins = after(0)
    told = [
        start(begins, id="a", provider="vast", rate="3.6"),
        event("stop", begins + timedelta(seconds=10), id="b"),
    ]
    received = installation.push(account, told)
    with installation.views.read(account) as state:
        terms = terms_of(state)
        usage = EndedUsage(state.ledger, state.records, QUESTION, 0, terms, now)
        [line] = ended_lines(received, terms, now)
        assert usage.totals.counterfactual.total() == Fraction("7.2") / 60
        assert total_of([line], ALL_TIME).counterfactual.total() == Fraction("7.2") / 60
