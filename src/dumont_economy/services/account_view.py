"""One account at one instant, set beside one provider: what every answer is read from.

All surfaces take their figures from here, so the same question has the same answer everywhere.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from heapq import merge

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import DatabaseUnavailableError
from dumont_economy.instant import microseconds_between
from dumont_economy.ledger.ledger_entry import order_of
from dumont_economy.ledger.line_item import Line, Window
from dumont_economy.ledger.rating import RatingTerms
from dumont_economy.metering.gpu_session import GpuSession, InstanceState, Shape
from dumont_economy.pricing.gpu_identity import GpuIdentity
from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.pricing.policy import Policy
from dumont_economy.savings.live_rate import LiveRate
from dumont_economy.savings.open_usage import HourlyRates, OpenSession, OpenUsage, open_usage
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
from dumont_economy.services.policies import in_its_zone, policy_asked_for
from dumont_economy.services.price_health import UNTOLD, PriceHealth, PriceHealthReader
from dumont_economy.services.usage_records import UsageRecords
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.clock_skew import ClockSkew
from dumont_economy.storage.database import Database
from dumont_economy.storage.policies import StoredPolicy

VALID_FOR = timedelta(seconds=150)
SILENT_AFTER = timedelta(hours=24)
_RESOLUTION = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ActiveInstance:
    """An instance that is on: its open session, `seconds` after it was rated."""

    rated: OpenSession
    seconds: int

    @property
    def state(self) -> InstanceState:
        """Return what holds of the instance."""
        return self.rated.state

    @property
    def session(self) -> GpuSession:
        """Return the open session."""
        return self.rated.session

    @property
    def live(self) -> LiveRate:
        """Return how its costs move."""
        return self.rated.live

    @property
    def totals(self) -> Totals:
        """Return the totals of the session up to now."""
        return self.rated.totals.after(self.seconds)

    @property
    def per_second(self) -> Totals:
        """Return what each second adds to them; not to be changed."""
        return self.rated.totals.a_second

    @property
    def used(self) -> int:
        """Return for how many microseconds it has run."""
        return self.rated.totals.used_after(self.seconds)

    @property
    def cost(self) -> Fraction | None:
        """Return what the session has cost, None where it is paid in another currency."""
        is_known = self.live.rate is not None
        return self.rated.totals.actual.after(self.seconds) if is_known else None

    @property
    def counterfactual(self) -> Fraction | None:
        """Return what the session would have cost, None where none of it has a comparison."""
        return self.rated.totals.counterfactual.after(self.seconds) if self._is_priced else None

    @property
    def saving(self) -> Fraction | None:
        """Return the session's saving, None where none of it has a comparison."""
        return self.rated.totals.saving.after(self.seconds) if self._is_priced else None

    @property
    def _is_priced(self) -> bool:
        return self.live.is_priced or self.rated.totals.at_first.gpu_priced > 0


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
    def open(self) -> OpenUsage:
        """Return the open sessions and the disks, rated at `as_of` or some seconds before.

        It is kept for the answers of the seconds that follow. What is rated inside a second is
        not: the next whole one does not lie on its slope.
        """
        kept = self.ledger.kept(self.question, self.market.version)
        held = kept.open
        if held is not None and held.holds_at(self.as_of):
            return held
        found = open_usage(
            self.ledger.active,
            self.ledger.with_disk,
            self.terms,
            self.as_of,
            known=held or kept.open_before,
        )
        if not self.as_of.microsecond and (held is None or held.at < self.as_of):
            kept.open = found
        return found

    @cached_property
    def _seconds(self) -> int:
        return self.open.seconds_to(self.as_of)

    @cached_property
    def active(self) -> list[ActiveInstance]:
        """Return the instances that are on, in the order in which they came on."""
        return [ActiveInstance(one, self._seconds) for one in self.open.sessions]

    @cached_property
    def current_session(self) -> Totals:
        """Return the totals of all open sessions, each from its start to now."""
        return self.open.of_sessions.after(self._seconds)

    @cached_property
    def lifetime(self) -> Totals:
        """Return the totals of everything to now, open sessions and disks included."""
        totals = self.open.of_all.after(self._seconds)
        totals.merge(self.ended.totals)
        return totals

    @property
    def saving_per_second(self) -> Fraction:
        """Return the slope of the session's saving."""
        return self.open.saving_per_second

    @property
    def lifetime_per_second(self) -> Totals:
        """Return what each second adds to the lifetime: use, and disks; not to be changed."""
        return self.open.of_all.a_second

    @property
    def hourly_rates(self) -> HourlyRates:
        """Return what the active instances cost an hour, and would cost."""
        return self.open.hourly_rates

    @property
    def saving_per_hour(self) -> Fraction | None:
        """Return the active instances' hourly saving; None where none of them is compared."""
        return self.hourly_rates.saving if self.open.is_compared else None

    @cached_property
    def valid_until(self) -> datetime:
        """Return up to when values and slopes describe the present.

        Within a second the true value is a step, not a slope: an answer for a fraction of a
        second holds until that second is over.
        """
        changes = [self.open.changes_at, self.ledger.next_event_at]
        if self.open.sessions and self.as_of.microsecond:
            changes.append(self.as_of.replace(microsecond=0) + _RESOLUTION)
        known = (at for at in changes if at is not None)
        return min([self.as_of + VALID_FOR, *known])

    def totals_of(self, state: InstanceState) -> Totals:
        """Return the totals of one instance to now, its open session included."""
        moving = self.open.of_instances.get(state.instance)
        totals = Totals() if moving is None else moving.after(self._seconds)
        totals.merge(self.ended.of_instance(state.instance))
        return totals

    def per_second_of(self, state: InstanceState) -> Totals:
        """Return what each second adds to the totals of one instance; not to be changed."""
        moving = self.open.of_instances.get(state.instance)
        return Totals() if moving is None else moving.a_second

    def lines_in(self, window: Window, instance: str | None = None) -> Iterator[Line]:
        """Return the lines in a window, open sessions and disks included, in the ledger's order.

        Of one instance only where one is named; what is not taken is not read.
        """
        still_open = (
            line
            for line in self.open_lines
            if instance in (None, line.instance) and window.touches(line.starts_at, line.ends_at)
        )
        ended = self.ended.lines_in(window, instance)
        return merge(ended, sorted(still_open, key=order_of), key=order_of)

    @cached_property
    def open_lines(self) -> list[Line]:
        """Return the lines of the sessions and disks that have not ended."""
        return self.open.lines_at(self.as_of)

    def open_totals_by_day(self, borders: tuple[datetime, ...]) -> Mapping[int, Totals]:
        """Return the totals of what has not ended by day, which are not to be changed.

        Args:
            borders: The starts of the days, and the end of the last, which is today.
        """
        return self.open.totals_by_day(borders, self.as_of)

    def measured_saving(self) -> MeasuredSaving | None:
        """Return what the last 30 days saved, or the days since first use where fewer."""
        first_use = self.ledger.first_use_at
        if first_use is None:
            return None
        since = max(first_use, self.as_of - timedelta(days=MEASURED_DAYS))
        totals = self.ended.totals_since(since)
        totals.merge(self._open_since(since))
        return MeasuredSaving(
            saving=totals.saving,
            microseconds=max(0, microseconds_between(since, self.as_of)),
            is_comparable=totals.gpu_priced > 0 or totals.gpu_used == 0,
        )

    def _open_since(self, since: datetime) -> Totals:
        began = self.open.first_starts_at
        if began is not None and began < since:
            return total_of(self.open_lines, Window(since, self.as_of))
        return self.open.of_all.after(self._seconds)

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

    `policy` is the one to answer with: the current one, or an older one that was asked for. The
    time zone of `account` is the one that it says.
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
            in_its_zone(account, stored.policy),
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
                in_its_zone(account, stored.policy),
                as_of,
                as_of,
                ledger,
                records,
                market,
                UNTOLD,
                stored.policy,
                known_at,
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
