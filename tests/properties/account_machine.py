"""Two accounts and a market in which anything may happen, each compared with the model.

After every step all figures of both accounts are those of the reference model: lifetime, current
session, each local day in a zone, and each instance, to the last digit.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.match_timeline import ask
from dumont_economy.pricing.policy import Policy, Substitutes
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountViews
from dumont_economy.services.people import make_account
from dumont_economy.services.read_history import read_history
from dumont_economy.services.record_usage import EventStatus, record_usage
from dumont_economy.storage import prices
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.storage.prices import BillingRuleFact
from tests.builders import SetClock, event, sku, start
from tests.properties.worlds import (
    MICROSECOND,
    SECOND_MICROSECONDS,
    amounts,
    posix,
    raw,
    reports_of,
)
from tests.reference_model import (
    Figures,
    Piece,
    Price,
    Report,
    Rule,
    World,
    added,
    by_day,
    day_starts,
    pieces,
)

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
DAYS = 150
FIRST_DAY = BEGINNING.date() - timedelta(days=3)
QUESTION = ask(Policy(substitutes=Substitutes.EXCLUDE), ComparisonProvider.AWS)
TYPE_OF = {"T4": "one-t4", "L4": "one-l4"}
PARTIES = ("vast", "lambda", "nobody-knows")
KINDS = """
    start start start start stop stop stop resume hibernate terminate
    resize resize price_change price_change idle busy seen
""".split()
# R-PRICE: the provider's own feed, the operator's file, the shipped book, others by name.
SOURCES = (
    (SourceKind.PROVIDER_FEED, "feed"),
    (SourceKind.OPERATOR_FILE, "file"),
    (SourceKind.SHIPPED_BOOK, "book"),
    (SourceKind.OTHER, "another"),
    (SourceKind.OTHER, "some other"),
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
        st.sampled_from(["USD", "USD", "USD", "EUR"]),
    ),
    min_size=2,
    max_size=4,
)


@dataclass
class Side:
    """One account, what was sent to it in that order, and what was not sent yet."""

    account: Account
    received: list[UsageEvent] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    withheld: list[UsageEvent] = field(default_factory=list)
    keys: int = 0


@dataclass(frozen=True)
class Told:
    """All figures of an account."""

    lifetime: Figures
    session: Figures
    days: Mapping[date, Figures]
    instances: Mapping[str, Figures]


class AccountMachine(RuleBasedStateMachine):
    """The product and the model, told the same."""

    def __init__(self, empty_database: Callable[[], Database]) -> None:
        super().__init__()
        self.clock = SetClock(BEGINNING)
        self.database = empty_database()
        self.views = AccountViews(self.database, self.clock)
        self.sides = [
            Side(make_account(self.database, self.clock, name)) for name in ("ours", "theirs")
        ]
        self.zone = ZoneInfo("UTC")
        self.prices: dict[str, list[Price]] = {gpu: [] for gpu in TYPE_OF}
        self.billing: dict[str, list[Rule]] = {}
        self.billing_known_at = BEGINNING
        self._learn_rule("aws", 60, 1, Rounding.CEIL, BEGINNING - timedelta(days=9))
        self._learn_rule("lambda", 0, 60, Rounding.CEIL, BEGINNING - timedelta(days=9))
        self._learn_rule("vast", 30, 7, Rounding.FLOOR, BEGINNING - timedelta(days=9))
        self._learn_prices("T4", BEGINNING - timedelta(days=9), [(SOURCES[2], "0.526")])
        self._modelled: dict[int, tuple[object, Told]] = {}
        for side in self.sides:  # Both have something to lose.
            self._send(side, [start(BEGINNING, id=self._key(side), instance="i-1", gpu="T4")])

    def teardown(self) -> None:
        """Close the database."""
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
            other = replace(again[0], time=again[0].time - timedelta(seconds=1))
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
        known = [price.since for price in self.prices[gpu]]
        since = self.now.replace(microsecond=0) + timedelta(hours=hours)
        place %= len(known) + 2
        if place < len(known):
            since = _instant(known[place])
        self._learn_prices(gpu, since, told)

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
        since = self.now.replace(microsecond=0) + timedelta(hours=hours)
        self._learn_rule(party, minimum, increment, rounding, since)

    @rule(passed=times)
    def let_time_pass(self, passed: timedelta) -> None:
        """Let what lies ahead come."""
        self.clock.present += passed

    @rule(zone=st.sampled_from(ZONES))
    def change_zone(self, zone: str) -> None:
        """Ask for the days of somewhere else."""
        self.zone = ZoneInfo(zone)

    @rule()
    def reopen(self) -> None:
        """Stop the application and start it again: no connection is left, and nothing in memory."""
        self.database.close()
        self.views = AccountViews(self.database, self.clock)

    @invariant()
    def every_figure_is_the_models(self) -> None:
        """Both accounts, whichever of them the last step concerned."""
        for number, side in enumerate(self.sides):
            as_of, told = self._told(side)
            assert self.now - timedelta(seconds=1) < as_of <= self.now
            expected = self._expected(number, posix(as_of))
            assert told == expected

    def _told(self, side: Side) -> tuple[datetime, Told]:
        view = self.views.read(side.account).view(QUESTION)
        history = read_history(view, DAYS, self.zone)
        assert _figures(history.totals) == _figures(view.lifetime)
        timelines = view.ledger.timelines
        instances = {name: _figures(view.totals_of(one)) for name, one in timelines.items()}
        told = Told(
            _figures(view.lifetime),
            _figures(view.current_session),
            {day: _figures(totals) for day, totals in history.days},
            {name: figures for name, figures in instances.items() if figures.used},
        )
        return view.as_of, told

    def _expected(self, number: int, now: Fraction) -> Told:
        side = self.sides[number]
        facts = sum(map(len, self.prices.values())) + sum(map(len, self.billing.values()))
        key = (len(side.reports), facts, now, self.zone)
        if self._modelled.get(number, (None, None))[0] != key:
            starts = _starts(self.zone)
            world = World(self.billing, "aws", self.prices)
            held = pieces(
                side.reports, world, now, [Fraction(begins) for begins in starts.values()]
            )
            told = Told(
                _of(held),
                _of(piece for piece in held if piece.is_open_session),
                {day: _shown(one) for day, one in by_day(held, starts).items()},
                {
                    name: _of(piece for piece in held if piece.instance == name)
                    for name in {piece.instance for piece in held}
                },
            )
            self._modelled[number] = (key, told)
        return self._modelled[number][1]

    def _send(self, side: Side, batch: Sequence[UsageEvent]) -> None:
        """Push a batch; what is taken of it is for the model to say."""
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
        if draft.kind == "start":
            return start(
                time,
                id=key,
                source=draft.source,
                instance=draft.instance,
                rate=draft.rate,
                gpu_count=draft.gpu_count,
                gpu=draft.gpu,
                provider=draft.provider,
                currency=draft.currency,
            )
        rate = draft.rate if draft.kind in ("resize", "price_change") else None
        one = event(
            draft.kind, time, id=key, source=draft.source, instance=draft.instance, rate=rate
        )
        return replace(one, gpu_count=draft.gpu_count) if draft.kind == "resize" else one

    def _key(self, side: Side) -> str:
        """Return a key that this account has not used; the other one has keys of the same name."""
        side.keys += 1
        return f"e-{side.keys}"

    def _time(self, side: Side, moment: int) -> datetime:
        """Return now, a time near it, a midnight, or one that was reported before: ties matter."""
        ago = (0, 0, 1, 20, 600, 5_000, 40_000, -60, -300)
        suggested = [self.now - timedelta(seconds=seconds) for seconds in ago]
        begun = [begins for begins in _starts(self.zone).values() if begins <= posix(self.now)]
        suggested.append(_instant(Fraction(begun[-1])))
        latest = [one.time for one in (*side.received, *side.withheld)][-6:]
        suggested += [time for time in latest if time <= self.now]
        return suggested[moment % len(suggested)]

    def _learn_prices(
        self, gpu: str, since: datetime, told: list[tuple[tuple[SourceKind, str], str]]
    ) -> None:
        facts = [
            PriceFact(
                sku=sku(TYPE_OF[gpu], gpu),
                pricing_model=PricingModel.ON_DEMAND,
                usd_per_instance_hour=Decimal(amount),
                effective_from=since,
                source_kind=kind,
                source=source,
                source_url=None,
                retrieved_at=self.now.date(),
                first_seen=None,
                previous_last_seen=None,
            )
            for (kind, source), amount in told
        ]
        with self.database.write() as connection:
            known = prices.next_publication(connection, self.now)
            prices.append_prices(connection, facts, published_at=known, payload_sha256="0" * 64)
        self.prices[gpu] += [
            Price(posix(since), Fraction(amount), posix(known), (SOURCES.index(source), ""))
            for source, amount in told
        ]

    def _learn_rule(
        self, party: str, minimum: int, increment: int, rounding: Rounding, since: datetime
    ) -> None:
        self.billing_known_at = max(self.now, self.billing_known_at + MICROSECOND)
        fact = BillingRuleFact(party, minimum, increment, rounding, since, "test rule", "certain")
        with self.database.write() as connection:
            prices.append_billing_rules(connection, [fact], published_at=self.billing_known_at)
        is_up = rounding is Rounding.CEIL
        known = posix(self.billing_known_at)
        learned = Rule(posix(since), minimum, increment, is_up, known)
        self.billing.setdefault(party, []).append(learned)


@cache
def _starts(zone: ZoneInfo) -> dict[date, int]:
    return day_starts(zone, FIRST_DAY, FIRST_DAY + timedelta(days=DAYS))


def _instant(seconds: Fraction) -> datetime:
    return datetime.fromtimestamp(0, UTC) + int(seconds * SECOND_MICROSECONDS) * MICROSECOND


def _figures(totals: Totals) -> Figures:
    """Return what totals say in the model's terms; billed seconds are in no total."""
    return Figures(
        used=Fraction(totals.used, SECOND_MICROSECONDS),
        gpu_used=Fraction(totals.gpu_used, SECOND_MICROSECONDS),
        gpu_unpriced=Fraction(totals.gpu_used - totals.gpu_priced, SECOND_MICROSECONDS),
        actual=totals.actual.total(),
        comparable=totals.comparable.total(),
        comparison=totals.counterfactual.total(),
    )


def _shown(figures: Figures) -> Figures:
    """Return figures without those that are in no total."""
    none = Fraction(0)
    return replace(figures, billed_actual=none, billed_comparison=none, unpriced=none)


def _of(held: Iterable[Piece]) -> Figures:
    return _shown(added(piece.figures for piece in held))
