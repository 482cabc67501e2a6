"""Two accounts and a market in which anything may happen, each compared with the model.

After every step all figures of both accounts are those of the reference model: lifetime, current
session, each local day in a zone, and each instance, to the last digit. What was answered once is
asked again later, and closed periods are asked for as they were closed and as they are now.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypedDict
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dumont_economy.errors import PeriodAlreadyClosedError
from dumont_economy.metering.usage_event import CpuArchitecture, UsageEvent
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.match_timeline import ask
from dumont_economy.pricing.policy import Policy, Substitutes
from dumont_economy.pricing.rate import SourceKind
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.savings.ledger_figures import Amounts
from dumont_economy.services.account_view import AccountView, AccountViews
from dumont_economy.services.close_period import close_period
from dumont_economy.services.people import make_account
from dumont_economy.services.read_closed_periods import closed_figures
from dumont_economy.services.record_usage import EventStatus, record_usage
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.closed_periods import ClosedPeriod
from dumont_economy.storage.database import Database
from tests.builders import SetClock, event, start
from tests.properties.known_market import (
    NAMES,
    SOURCES,
    TYPE_OF,
    KnownMarket,
    instant_of,
    near,
)
from tests.properties.told_figures import (
    Told,
    adjustments_by_product,
    midnight_before,
    of_ledger,
    told_by_model,
    told_by_product,
)
from tests.properties.worlds import (
    MICROSECOND,
    SECOND_MICROSECONDS,
    amounts,
    posix,
    raw,
    reports_of,
)
from tests.reference_model import Figures, Report, figures

# A Friday evening. In the night to Sunday the clocks of Europe, Beirut and Gaza go forward, in
# Beirut and Gaza where midnight would have been.
BEGINNING = datetime(2026, 3, 27, 18, tzinfo=UTC)
ZONES = (
    "UTC",
    "Asia/Beirut",
    "Asia/Gaza",
    "Asia/Kathmandu",
    "Europe/Lisbon",
    "America/St_Johns",
    "Pacific/Chatham",
)
FIRST_DAY = BEGINNING.date() - timedelta(days=3)
LONG_AGO = BEGINNING - timedelta(days=9)
QUESTION = ask(Policy(substitutes=Substitutes.EXCLUDE), ComparisonProvider.AWS)
PARTIES = ("vast", "lambda", "nobody-knows")
KINDS = """
    start start start start stop stop stop resume hibernate terminate
    resize resize price_change price_change idle busy seen
""".split()


class DiskFields(TypedDict, total=False):
    """What a report says of a disk."""

    disk_gb: Decimal
    disk_rate_running: Decimal
    disk_rate_stopped: Decimal
    disk_hours_per_month: int


# Mostly nothing, and seldom all of it.
DISKS: tuple[DiskFields, ...] = (
    {},
    {},
    {
        "disk_gb": Decimal(90),
        "disk_rate_running": Decimal("0.1"),
        "disk_rate_stopped": Decimal("0.2"),
        "disk_hours_per_month": 720,
    },
    {
        "disk_gb": Decimal("0.7"),
        "disk_rate_running": Decimal("0.021957642"),
        "disk_rate_stopped": Decimal(0),
        "disk_hours_per_month": 730,
    },
    {"disk_gb": Decimal(500)},
    {"disk_rate_stopped": Decimal(3), "disk_hours_per_month": 744},
)

accounts = st.sampled_from([0, 1])
moments = st.integers(0, 15)
times = st.sampled_from(
    [
        MICROSECOND,
        *(timedelta(seconds=passed) for passed in (1, 1.5, 59, 60, 301, 3_600, 25_000, 90_000)),
    ]
)


@dataclass(frozen=True)
class Draft:
    """A report before it has its key and time; `moment` is one of those that suggest themselves."""

    kind: str
    instance: str
    source: str
    moment: int
    rate: str
    gpu_count: int
    gpu: str
    provider: str
    currency: str
    disk: DiskFields


drafts = st.lists(
    st.builds(
        Draft,
        st.sampled_from(KINDS),
        st.sampled_from(["i-1", "i-2"]),
        st.sampled_from(["push", "poller"]),
        moments,
        amounts,
        st.integers(1, 3),
        st.sampled_from(["T4", "T4", "L4", "home-made"]),
        st.sampled_from(PARTIES),
        st.sampled_from(["USD", "USD", "EUR"]),
        st.sampled_from(DISKS),
    ),
    min_size=2,
    max_size=4,
)


@dataclass(frozen=True)
class Answered:
    """What was answered once, and for which instant; the days were those of a zone."""

    as_of: datetime
    zone: ZoneInfo
    told: Told


@dataclass(frozen=True)
class Closed:
    """A period that was closed, and when."""

    period: ClosedPeriod
    at: datetime


@dataclass
class Side:
    """One account, what was sent to it in that order, and what was not sent yet.

    `answered` and `closed` are what it was told before, `modelled` what the model said last.
    """

    account: Account
    received: list[UsageEvent] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    withheld: list[UsageEvent] = field(default_factory=list)
    keys: int = 0
    answered: list[Answered] = field(default_factory=list)
    closed: list[Closed] = field(default_factory=list)
    modelled: tuple[object, Told] | None = None


class AccountMachine(RuleBasedStateMachine):
    """The product and the model, told the same."""

    def __init__(self, empty_database: Callable[[], Database]) -> None:
        super().__init__()
        self.clock = SetClock(BEGINNING)
        self.database = empty_database()
        self.views = AccountViews(self.database, self.clock)
        self.at_hand = ExitStack()
        self.sides = [
            Side(make_account(self.database, self.clock, name)) for name in ("ours", "theirs")
        ]
        self.zone = ZoneInfo("UTC")
        self.market = KnownMarket(self.database, self.clock)
        for party, minimum, increment, rounding in (
            ("aws", 60, 1, Rounding.CEIL),
            ("lambda", 0, 60, Rounding.CEIL),
            ("vast", 30, 7, Rounding.FLOOR),
        ):
            self._tick()
            self.market.learn_rule(party, minimum, increment, rounding, LONG_AGO)
        self._tick()
        self.market.learn_prices("T4", LONG_AGO, [(SOURCES[2], "0.526")])
        for side in self.sides:  # Both have something to lose.
            self._send(side, [start(BEGINNING, id=self._key(side), instance="i-1", gpu="T4")])

    def teardown(self) -> None:
        """Close the database."""
        self.at_hand.close()
        self.database.close()

    @property
    def now(self) -> datetime:
        """Return the present."""
        return self.clock.present

    @rule(account=accounts, told=drafts, passed=times)
    def push(self, account: int, told: list[Draft], passed: timedelta) -> None:
        """Report in time, or nearly so, some time after the last step."""
        self.clock.present += passed
        side = self.sides[account]
        self._send(side, [self._event(side, draft) for draft in told])

    @rule(account=accounts, told=drafts)
    def withhold(self, account: int, told: list[Draft]) -> None:
        """Let a reporter be cut off: what happens now is reported later."""
        side = self.sides[account]
        side.withheld += [self._event(side, draft) for draft in told]

    @rule(account=accounts, random=st.randoms(use_true_random=False), size=st.integers(1, 5))
    def deliver(self, account: int, random: Random, size: int) -> None:
        """Send what was withheld, shuffled and split, some of it twice."""
        side = self.sides[account]
        late, side.withheld = side.withheld, []
        late += late[:2]
        random.shuffle(late)
        for begins in range(0, len(late), size):
            self._send(side, late[begins : begins + size])

    @rule(account=accounts, places=st.lists(st.integers(0, 200), min_size=1, max_size=3))
    def duplicate(self, account: int, places: list[int]) -> None:
        """Send what was received before, and the first of it with other content, too."""
        side = self.sides[account]
        if side.received:
            again = [side.received[place % len(side.received)] for place in places]
            other = again[0]._replace(time=again[0].time - timedelta(seconds=1))
            self._send(side, [*again, other])

    @rule(account=accounts, place=st.integers(0, 200), moment=moments)
    def void(self, account: int, place: int, moment: int) -> None:
        """Take back what was sent, a void too, or what was not sent yet."""
        side = self.sides[account]
        sent = [*side.received, *side.withheld]
        if sent:
            of = sent[place % len(sent)]
            self._send(
                side,
                [
                    event(
                        "void",
                        self._time(side, moment),
                        id=self._key(side),
                        source=of.source,
                        void_of=of.id,
                    )
                ],
            )

    @rule(
        gpu=st.sampled_from(sorted(TYPE_OF)),
        hours=st.sampled_from([-48, -12, -1, 0, 1, 24]),
        place=st.integers(0, 8),
        told=st.lists(
            st.tuples(st.sampled_from(SOURCES), st.sampled_from(["0.35", "0.526", "1", "4.1"])),
            min_size=1,
            max_size=2,
            unique_by=lambda one: one[0],
        ),
    )
    def correct_price(
        self, gpu: str, hours: int, place: int, told: list[tuple[tuple[SourceKind, str], str]]
    ) -> None:
        """Learn what a GPU cost, costs or will cost: since another time, or since a known one."""
        known = [price.since for price in self.market.prices[gpu]]
        place %= len(known) + 2
        since = instant_of(known[place]) if place < len(known) else near(self.now, hours)
        self._tick()
        self.market.learn_prices(gpu, since, told)

    @rule(
        party=st.sampled_from(["aws", "lambda", "vast"]),
        hours=st.sampled_from([-48, -1, 1]),
        minimum=st.sampled_from([0, 60, 600]),
        increment=st.sampled_from([1, 7, 3600]),
        rounding=st.sampled_from(Rounding),
    )
    def correct_rule(
        self, party: str, hours: int, minimum: int, increment: int, rounding: Rounding
    ) -> None:
        """Learn how a party bills since some time."""
        self._tick()
        self.market.learn_rule(party, minimum, increment, rounding, near(self.now, hours))

    @rule(
        rate=st.sampled_from(["1.1", "0.000123456789", "2"]),
        hours=st.sampled_from([-48, -12, -1, 0, 1]),
        source=st.sampled_from(NAMES),
    )
    def correct_exchange(self, rate: str, hours: int, source: str) -> None:
        """Learn what a euro is worth since some time."""
        self._tick()
        self.market.learn_exchange(rate, near(self.now, hours), source)

    @rule(
        amount=st.sampled_from(["0.08", "0.117", "1"]),
        month=st.sampled_from([720, 730]),
        hours=st.sampled_from([-48, -12, -1, 0, 1]),
        source=st.sampled_from(NAMES),
    )
    def correct_disk_price(self, amount: str, month: int, hours: int, source: str) -> None:
        """Learn what disks are compared with since some time."""
        self._tick()
        self.market.learn_disk_price(amount, month, near(self.now, hours), source)

    @rule(passed=times)
    def let_time_pass(self, passed: timedelta) -> None:
        """Let what lies ahead come."""
        self.clock.present += passed

    @rule(account=accounts, ago=st.sampled_from([1, 1, 1, 2, 3]))
    def close(self, account: int, ago: int) -> None:
        """Close one of the last days, which may be closed already."""
        side = self.sides[account]
        day = (self.now - timedelta(days=ago)).date().isoformat()
        self._tick()
        try:
            closed = close_period(
                self.database, self.clock, side.account, day, closed_by="the test"
            )
        except PeriodAlreadyClosedError:
            assert day in {one.period.period for one in side.closed}
        else:
            assert day not in {one.period.period for one in side.closed}
            side.closed.append(Closed(closed, self.now))
            self._compare_closed(side, side.closed[-1])

    @rule(account=accounts, place=st.integers(0, 200))
    def ask_for_what_was_closed(self, account: int, place: int) -> None:
        """Ask what a closed period came to, what it comes to, and for the adjustment between."""
        side = self.sides[account]
        if side.closed:
            self._compare_closed(side, side.closed[place % len(side.closed)])

    @rule(account=accounts, place=st.integers(0, 200))
    def ask_again(self, account: int, place: int) -> None:
        """Ask what was answered before as of then, and what has changed since, day by day."""
        side = self.sides[account]
        if side.answered:
            before = side.answered[place % len(side.answered)]
            earlier = self._past_view(side, before.as_of)
            assert told_by_product(earlier, FIRST_DAY, before.zone) == before.told
            self.zone = before.zone
            later = self._view(side)
            found = adjustments_by_product(earlier, later, self.zone)
            now = self._expected(side, later.as_of)
            assert {one.date: one.change for one in found} == _changes(before.told, now)

    @rule(zone=st.sampled_from(ZONES))
    def change_zone(self, zone: str) -> None:
        """Ask for the days of somewhere else."""
        self.zone = ZoneInfo(zone)

    @rule()
    def reopen(self) -> None:
        """Stop the application and start it again: no connection is left, and nothing in memory."""
        self.at_hand.close()
        self.database.close()
        self.views = AccountViews(self.database, self.clock)

    @invariant()
    def every_figure_is_the_models(self) -> None:
        """Both accounts, whichever of them the last step concerned."""
        self.at_hand.close()
        for side in self.sides:
            view = self._view(side)
            assert self.now - timedelta(seconds=1) < view.as_of <= self.now
            told = told_by_product(view, FIRST_DAY, self.zone)
            assert told == self._expected(side, view.as_of)
            answered = Answered(view.as_of, self.zone, told)
            if side.answered[-1:] != [answered]:
                side.answered.append(answered)

    def _view(self, side: Side) -> AccountView:
        return self.at_hand.enter_context(self.views.read(side.account)).view(QUESTION)

    def _past_view(self, side: Side, as_of: datetime) -> AccountView:
        past = self.views.read_past(side.account, as_of=as_of)
        return self.at_hand.enter_context(past).view(QUESTION)

    def _expected(self, side: Side, as_of: datetime) -> Told:
        key = (len(side.reports), self.market.facts, as_of, self.zone)
        if side.modelled is None or side.modelled[0] != key:
            told = told_by_model(side.reports, self.market.world, as_of, FIRST_DAY, self.zone)
            side.modelled = (key, told)
        return side.modelled[1]

    def _compare_closed(self, side: Side, closed: Closed) -> None:
        """Compare what a closed period was, is, and has more with the model."""
        period = closed.period
        as_closed = self._past_view(side, period.as_of)
        present = self._view(side)
        found = closed_figures(period, as_closed, present)
        old = self._of_period(side, period, closed.at, is_past=True)
        new = self._of_period(side, period, present.as_of)
        assert of_ledger(found.as_closed) == old
        assert of_ledger(found.now) == new
        assert found.adjustment == _change(old, new)

    def _of_period(
        self, side: Side, period: ClosedPeriod, at: datetime, *, is_past: bool = False
    ) -> Figures:
        return figures(
            side.reports,
            self.market.world,
            posix(at),
            posix(period.starts_at),
            posix(period.ends_at),
            as_of=posix(at) if is_past else None,
        )

    def _tick(self) -> None:
        """Let a moment pass: no fact becomes known at an instant for which something was told."""
        self.clock.present += MICROSECOND

    def _send(self, side: Side, batch: Sequence[UsageEvent]) -> None:
        """Push a batch; what is taken of it is for the model to say."""
        self._tick()
        results = record_usage(
            self.database,
            self.clock,
            side.account,
            [raw(one) for one in batch],
            reporter="test",
            may_backfill=True,
        )
        assert EventStatus.REJECTED not in {result.status for result in results}
        side.received += batch
        side.reports += reports_of(batch, received=self.now)

    def _event(self, side: Side, draft: Draft) -> UsageEvent:
        time, key = self._time(side, draft.moment), self._key(side)
        one = event(draft.kind, time, id=key, source=draft.source, instance=draft.instance)
        one = one._replace(**draft.disk)
        if draft.kind in ("start", "resize", "price_change"):
            one = one._replace(rate=Decimal(draft.rate))
        if draft.kind in ("start", "resize"):
            one = one._replace(gpu_count=draft.gpu_count)
        if draft.kind != "start":
            return one
        return one._replace(
            gpu=draft.gpu,
            provider=draft.provider,
            currency=draft.currency,
            arch=CpuArchitecture.X86_64,
        )

    def _key(self, side: Side) -> str:
        """Return a key that this account has not used; the other one has keys of the same name."""
        side.keys += 1
        return f"e-{side.keys}"

    def _time(self, side: Side, moment: int) -> datetime:
        """Return now, a time near it, a midnight, or one that was reported before: ties matter."""
        ago = (0, 0, 1, 20, 600, 5_000, 40_000, -60, -300)
        suggested = [self.now - timedelta(seconds=seconds) for seconds in ago]
        suggested.append(instant_of(midnight_before(self.now, FIRST_DAY, self.zone)))
        latest = [one.time for one in (*side.received, *side.withheld)][-6:]
        suggested += [time for time in latest if time <= self.now]
        return suggested[moment % len(suggested)]


def _changes(before: Told, now: Told) -> dict[date, Amounts]:
    """Return what the later of two answers has more, on each day that has changed."""
    nothing = Figures()
    changes = {
        day: _change(before.days.get(day, nothing), now.days.get(day, nothing))
        for day in {*before.days, *now.days}
    }
    return {day: change for day, change in changes.items() if any(change)}


def _change(old: Figures, new: Figures) -> Amounts:
    """Return what an adjustment says: the microseconds and the money that are more."""
    return Amounts(
        (new.used - old.used) * SECOND_MICROSECONDS,
        new.actual - old.actual,
        new.comparable - old.comparable,
        new.comparison - old.comparison,
        (new.comparison - new.comparable) - (old.comparison - old.comparable),
    )
