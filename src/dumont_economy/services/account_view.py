"""One account at one instant, set beside one provider: what every answer is read from.

All surfaces take their figures from here, so the same question has the same answer everywhere.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import DatabaseUnavailableError
from dumont_economy.instant import microseconds_between
from dumont_economy.ledger.line_item import DiskLine, Line, LineItem, Window
from dumont_economy.ledger.rating import RatingTerms, rate_disk, rate_session
from dumont_economy.metering.gpu_session import DiskSpan, GpuSession, InstanceState, Shape
from dumont_economy.pricing.gpu_identity import GpuIdentity
from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.pricing.policy import Policy
from dumont_economy.savings.live_disk import disk_saving_per_hour, next_price_changes
from dumont_economy.savings.live_rate import LiveRate, live_rate
from dumont_economy.savings.projection import MEASURED_DAYS, MeasuredSaving
from dumont_economy.savings.totals import Totals, total_of
from dumont_economy.services.account_ledger import (
    AccountLedger,
    AccountLedgers,
    CachesBehindError,
)
from dumont_economy.services.ended_usage import EndedUsage
from dumont_economy.services.follow_usage import catch_up
from dumont_economy.services.market import Market, MarketReader, requested_gpu
from dumont_economy.services.policies import policy_asked_for
from dumont_economy.services.price_health import UNTOLD, PriceHealth, PriceHealthReader
from dumont_economy.services.usage_records import UsageRecords
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.clock_skew import ClockSkew
from dumont_economy.storage.database import Database
from dumont_economy.storage.policies import StoredPolicy

VALID_FOR = timedelta(seconds=150)
SILENT_AFTER = timedelta(hours=24)
_RESOLUTION = timedelta(seconds=1)
_SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class ActiveInstance:
    """An instance that is on: its open session, rated up to now, and how its costs move."""

    state: InstanceState
    session: GpuSession
    lines: list[LineItem]
    totals: Totals
    live: LiveRate

    @property
    def cost(self) -> Fraction | None:
        """Return what the session has cost, None where it is paid in another currency."""
        return self.totals.actual.total() if self.live.rate is not None else None

    @property
    def counterfactual(self) -> Fraction | None:
        """Return what the session would have cost, None where none of it has a comparison."""
        return self.totals.counterfactual.total() if self._is_priced else None

    @property
    def saving(self) -> Fraction | None:
        """Return the session's saving, None where none of it has a comparison."""
        return self.totals.saving if self._is_priced else None

    @property
    def _is_priced(self) -> bool:
        return self.live.is_priced or self.totals.gpu_priced > 0


@dataclass(frozen=True, slots=True)
class HourlyRates:
    """Sums over the active instances, per hour.

    `paid` is everything, `comparable` the part of it that stands beside `compared`.
    """

    paid: Fraction
    comparable: Fraction
    compared: Fraction

    @property
    def saving(self) -> Fraction:
        """Return compared minus comparable; a loss is negative."""
        return self.compared - self.comparable


@dataclass(frozen=True)
class AccountView:
    """An account's ledger, the market, and a question, joined at one `as_of`.

    `health` says how well the market's prices are known, `skews` whose clocks run ahead; they take
    part in no figure.
    """

    account: Account
    as_of: datetime
    ledger: AccountLedger
    records: UsageRecords
    market: Market
    health: PriceHealth
    question: ComparisonQuestion
    skews: tuple[ClockSkew, ...] = ()

    @cached_property
    def terms(self) -> RatingTerms:
        """Return what the account's usage is rated with."""
        return self.market.terms(self.question, self.account.currency)

    @cached_property
    def ended(self) -> EndedUsage:
        """Return all sessions that have ended and all disks that are no longer there."""
        return EndedUsage(
            self.ledger, self.records, self.question, self.market.version, self.terms, self.as_of
        )

    @cached_property
    def active(self) -> list[ActiveInstance]:
        """Return the instances that are on, in the order in which they came on."""
        return [
            self._active(state, state.open_session)
            for state in self.ledger.active
            if state.open_session is not None
        ]

    def _active(self, state: InstanceState, session: GpuSession) -> ActiveInstance:
        lines = rate_session(session, self.terms, self.as_of)
        return ActiveInstance(
            state, session, lines, total_of(lines), live_rate(session, self.terms, self.as_of)
        )

    @cached_property
    def current_session(self) -> Totals:
        """Return the totals of all open sessions, each from its start to now."""
        totals = Totals()
        for one in self.active:
            totals.merge(one.totals)
        return totals

    @cached_property
    def disks(self) -> list[DiskLine]:
        """Return the lines of the disks that are there, from their latest change to now."""
        return [line for one in self.ledger.with_disk for line in self._disk(one)]

    def _disk(self, state: InstanceState) -> list[DiskLine]:
        span = state.disk_now
        if span is None:
            return []
        return rate_disk(state.instance, [span], self.terms, self.as_of)

    @cached_property
    def lifetime(self) -> Totals:
        """Return the totals of everything to now, open sessions and disks included."""
        totals = total_of(self.disks)
        totals.merge(self.ended.totals)
        totals.merge(self.current_session)
        return totals

    @property
    def saving_per_second(self) -> Fraction:
        """Return the slope of the session's saving."""
        return sum((one.live.saving_per_second for one in self.active), Fraction(0))

    @property
    def lifetime_saving_per_second(self) -> Fraction:
        """Return the slope of the lifetime's saving: the session's, and that of the disks."""
        per_hour = sum(
            (disk_saving_per_hour(one, self.terms, self.as_of) for one in self._disk_spans),
            Fraction(0),
        )
        return self.saving_per_second + per_hour / _SECONDS_PER_HOUR

    @property
    def _disk_spans(self) -> list[DiskSpan]:
        spans = (one.disk_now for one in self.ledger.with_disk)
        return [span for span in spans if span is not None]

    @cached_property
    def hourly_rates(self) -> HourlyRates:
        """Return what the active instances cost an hour, and would cost."""
        paid = comparable = compared = Fraction(0)
        for one in self.active:
            rate, comparison_rate = one.live.rate, one.live.comparison_rate
            paid += rate or 0
            if rate is not None and comparison_rate is not None:
                comparable += rate
                compared += comparison_rate
        return HourlyRates(paid, comparable, compared)

    @property
    def saving_per_hour(self) -> Fraction | None:
        """Return the active instances' hourly saving; None where none of them is compared."""
        is_compared = any(one.live.is_priced for one in self.active)
        return self.hourly_rates.saving if is_compared else None

    @cached_property
    def valid_until(self) -> datetime:
        """Return up to when values and slopes describe the present.

        Within a second the true value is a step, not a slope: an answer for a fraction of a
        second holds until that second is over.
        """
        changes = [one.live.changes_at for one in self.active if one.live.changes_at is not None]
        if self.ledger.next_event_at is not None:
            changes.append(self.ledger.next_event_at)
        for span in self._disk_spans:
            changes += next_price_changes(span.shape, self.terms, self.as_of)
        if self.active and self.as_of.microsecond:
            changes.append(self.as_of.replace(microsecond=0) + _RESOLUTION)
        return min([self.as_of + VALID_FOR, *changes])

    def totals_of(self, state: InstanceState) -> Totals:
        """Return the totals of one instance to now, its open session included."""
        totals = Totals()
        totals.merge(self.ended.of_instance(state.instance))
        session = state.open_session
        if session is not None:
            totals.merge(total_of(rate_session(session, self.terms, self.as_of)))
        totals.merge(total_of(self._disk(state)))
        return totals

    def lines_in(self, window: Window, instance: str | None = None) -> list[Line]:
        """Return the lines in a window, open sessions and disks included; of one instance only."""
        still_open = (
            line
            for line in self.open_lines
            if instance in (None, line.instance) and window.touches(line.starts_at, line.ends_at)
        )
        return [*self.ended.lines_in(window, instance), *still_open]

    @property
    def open_lines(self) -> list[Line]:
        """Return the lines of the sessions and disks that have not ended."""
        return [*(line for one in self.active for line in one.lines), *self.disks]

    def measured_saving(self) -> MeasuredSaving | None:
        """Return what the last 30 days saved, or the days since first use where fewer."""
        first_use = self.ledger.first_use_at
        if first_use is None:
            return None
        since = max(first_use, self.as_of - timedelta(days=MEASURED_DAYS))
        totals = self.ended.totals_since(since)
        totals.merge(total_of(self.open_lines, Window(since, self.as_of)))
        return MeasuredSaving(
            saving=totals.saving,
            microseconds=max(0, microseconds_between(since, self.as_of)),
            is_comparable=totals.gpu_priced > 0 or totals.gpu_used == 0,
        )

    def gpu_type(self, shape: Shape) -> str:
        """Return a GPU's canonical name with its share, or its spelling where that is unknown."""
        identity = self.identity(shape)
        return shape.gpu if identity is None else identity.name

    def identity(self, shape: Shape) -> GpuIdentity | None:
        """Return which GPU model a shape's spelling means, or None."""
        return self.market.matcher.identify(requested_gpu(shape))

    def is_silent(self, state: InstanceState) -> bool:
        """Say whether an active instance has not been reported for 24 hours."""
        reported_at = state.last_report_at
        return (
            state.open_session is not None
            and reported_at is not None
            and self.as_of - reported_at >= SILENT_AFTER
        )


@dataclass(frozen=True)
class AccountState:
    """What one consistent read of the database found: all that views are made of.

    `policy` is the one to answer with: the current one, or an older one that was asked for.
    `as_of` is the present `now`, to the second where nothing is newer. `newest_fact_at` is when
    the newest fact became known: after `as_of` only while a clock that was set back catches up.
    """

    account: Account
    now: datetime
    as_of: datetime
    ledger: AccountLedger
    records: UsageRecords
    market: Market
    health: PriceHealth
    policy: Policy
    newest_fact_at: datetime
    skews: tuple[ClockSkew, ...] = ()

    def view(self, question: ComparisonQuestion) -> AccountView:
        """Return the view of this state that answers a question.

        Where a value or slope of its figures changed within this very second, it is for the present
        itself: an answer for the second's beginning would no longer hold.
        """
        view = AccountView(
            self.account,
            self.as_of,
            self.ledger,
            self.records,
            self.market,
            self.health,
            question,
            self.skews,
        )
        return view if self.now < view.valid_until else replace(view, as_of=self.now)


class AccountViews:
    """Reads states, of which views are made: one consistent read of the database each.

    It goes on as long as its state is at hand, for a view reads what it needs of an account's
    history when it is asked. Where caches are found to be damaged then, `DamagedCacheError` is
    raised: `distrust` them, and read the state again.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._ledgers = AccountLedgers()
        self._markets = MarketReader()
        self._healths = PriceHealthReader()

    @contextmanager
    def read(self, account: Account, policy_version: int | None = None) -> Iterator[AccountState]:
        """Give the state of an account, now; under the current policy unless told.

        Raises:
            DatabaseUnavailableError: the database cannot be read now.
            UnknownPolicyVersionError: the account's policy has no such version.
        """
        with ExitStack() as at_hand:
            try:
                state = self._read(at_hand, account, policy_version)
            except CachesBehindError:
                at_hand.close()
                state = self._read_caught_up(at_hand, account, policy_version)
            yield state

    def _read(
        self,
        at_hand: ExitStack,
        account: Account,
        policy_version: int | None,
        *,
        may_derive: bool = False,
    ) -> AccountState:
        connection = at_hand.enter_context(self._database.read(account_id=account.id))
        now = self._clock.now()
        market = self._markets.current(connection)
        health = self._healths.current(connection)
        stored = policy_asked_for(connection, account.id, policy_version)
        terms = market.cache_terms
        try:
            ledger, records = self._ledgers.read(connection, account.id, now, terms)
        except CachesBehindError:
            if not may_derive:
                raise
            ledger, records = self._ledgers.read_derived(connection, account.id, now, terms)
        newest_fact_at = _newest_fact_at(ledger, market, stored)
        as_of = _as_of(ledger, newest_fact_at, now)
        return AccountState(
            account,
            now,
            as_of,
            ledger,
            records,
            market,
            health,
            stored.policy,
            newest_fact_at,
            ledger.skews,
        )

    def _read_caught_up(
        self, at_hand: ExitStack, account: Account, policy_version: int | None
    ) -> AccountState:
        """Read the state once the caches hold what has happened since they were written."""

        def work(connection: Connection) -> None:
            catch_up(connection, account.id, self._clock.now())

        # Where nothing can be written, the facts are read in the place of the caches.
        with suppress(DatabaseUnavailableError):
            self._database.transact(work, account_id=account.id)
        return self._read(at_hand, account, policy_version, may_derive=True)

    @contextmanager
    def read_past(
        self,
        account: Account,
        policy_version: int | None = None,
        *,
        as_of: datetime,
        known_at: datetime | None = None,
    ) -> Iterator[AccountState]:
        """Give the state of an account as it was known at an instant (R-ASOF).

        Its facts are those that were known at `known_at`, which is `as_of` unless told; what had
        not ended by `as_of` is rated as if it ended then. It is the same state for ever, so it
        says nothing of how well prices are known at present.

        Raises:
            DatabaseUnavailableError: the database cannot be read now.
            UnknownPolicyVersionError: the account's policy had no such version then.
        """
        known_at = known_at or as_of
        with self._database.read(account_id=account.id) as connection:
            market = self._markets.known_at(connection, known_at)
            stored = policy_asked_for(connection, account.id, policy_version, known_at)
            ledger, records = self._ledgers.read_past(
                connection, account.id, as_of=as_of, known_at=known_at, terms=market.cache_terms
            )
            yield AccountState(
                account, as_of, as_of, ledger, records, market, UNTOLD, stored.policy, known_at
            )

    def distrust(self, account: Account) -> None:
        """Answer of the facts for a while: the account's caches are damaged."""
        self._ledgers.distrust(account.id, self._clock.now())

    def held_health(self, version: tuple[int, int]) -> PriceHealth | None:
        """Return how well prices are known in a version, where that is at hand unread."""
        return self._healths.held(version)

    def market(self) -> Market:
        """Return the market, for answers that concern no account's usage."""
        return self.market_and_health()[0]

    def market_and_health(self) -> tuple[Market, PriceHealth]:
        """Return the market and how well its prices are known, from one read."""
        with self._database.read() as connection:
            return self._markets.current(connection), self._healths.current(connection)


def _newest_fact_at(ledger: AccountLedger, market: Market, stored: StoredPolicy) -> datetime:
    known = (ledger.newest_received_at, market.newest_fact_at, stored.created_at)
    return max(instant for instant in known if instant is not None)


def _as_of(ledger: AccountLedger, newest_fact_at: datetime, now: datetime) -> datetime:
    """Return the instant that an answer is for: now, to the second where nothing is newer.

    Billing by the second lies exactly on its slope at whole seconds, so what a screen has ticked
    to and what the next answer says are the same. An event, a price or a policy of this very
    second counts at once: then the answer is for the instant of the newest. It is not for now, as
    who is writing meanwhile took the time before this answer and commits after it: asked again,
    the answer would be another.
    """
    whole = now - timedelta(microseconds=now.microsecond)
    newest = (ledger.newest_event_at, newest_fact_at)
    return min(now, max([whole, *(instant for instant in newest if instant is not None)]))
