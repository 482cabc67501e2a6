"""Lets the caches of usage follow an account's ledger: event by event, or all of it anew.

What follows is what replaying everything would come to: an event later than all that its instance
reported continues that instance, any other replays it. So the work of an event depends on its own
instance, or on nothing but itself, and never on the account's history.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection

from dumont_economy.errors import DamagedFactError
from dumont_economy.ledger.usage_step import (
    BillingParties,
    UseKey,
    steps_of_disk,
    steps_of_session,
)
from dumont_economy.ledger.usage_sum import HourSums, add_steps, add_sum, day_sums
from dumont_economy.metering.gpu_session import (
    DiskSpan,
    GpuSession,
    InstanceState,
    InstanceTimeline,
    continued,
    replay,
)
from dumont_economy.metering.usage_event import EventType, UsageEvent, without_voided
from dumont_economy.pricing.billing_rule import BillingRule, BillingRules
from dumont_economy.services.written_instances import WrittenInstances
from dumont_economy.storage import prices, usage_cache, usage_events
from dumont_economy.storage.event_chain import EMPTY_LEDGER, LedgerHead, StoredEvent
from dumont_economy.storage.usage_cache import (
    DAY_SUM,
    HOUR_SUM,
    NO_DIGESTS,
    CachedInstance,
    CacheHead,
    DamagedCacheError,
    EndedUse,
    SumRow,
    added_digests,
)
from dumont_economy.storage.usage_events import LockedLedger

# Raise it whenever the same facts come to other caches.
_FORMAT = 1
# Up to so many events, caches of another state are made anew by whoever sends the next one.
_REBUILT_AT_ONCE = 20_000
_WRITTEN_AT_ONCE = 500
_MOST_TERMS = 8
# Looked up once: very many events are asked whether they are one.
_SEEN, _VOID = EventType.SEEN, EventType.VOID


@dataclass(frozen=True, slots=True)
class CacheTerms:
    """What caches are made with beside the events: billing rules, told apart by `made_with`."""

    parties: BillingParties
    made_with: str


# By the version of their rules: every report asks for them, and they hardly ever change.
_made: dict[str, CacheTerms] = {}
_written_last = WrittenInstances()


def cache_terms(rules: Iterable[BillingRule]) -> CacheTerms:
    """Return the terms of some billing rules."""
    known = list(rules)
    told = sorted(
        (
            rule.provider,
            rule.effective_from,
            rule.published_at,
            rule.min_seconds,
            rule.increment_seconds,
            rule.rounding,
        )
        for rule in known
    )
    made_with = sha256(repr((_FORMAT, told)).encode()).hexdigest()
    return CacheTerms(BillingParties(BillingRules(known)), made_with)


def present_terms(connection: Connection) -> CacheTerms:
    """Return the terms of all billing rules that are known now.

    What was made of the same rules before is kept.

    Raises:
        DamagedFactError: one of them is not what was written.
    """
    return _terms_of(connection, prices.billing_rules_version(connection))


def _terms_of(connection: Connection, rules: str) -> CacheTerms:
    held = _made.get(rules)
    if held is None:
        held = cache_terms(prices.every_billing_rule(connection))
        if len(_made) >= _MOST_TERMS:
            _made.clear()
        _made[rules] = held
    return held


def follow(
    connection: Connection,
    account_id: str,
    before: LockedLedger,
    after: LedgerHead,
    new: Sequence[tuple[UsageEvent, str]],
    now: datetime,
) -> None:
    """Let an account's caches follow new events and their digests, in the storing transaction.

    `before` is the ledger without them, `after` its head with them. Caches of another state than
    the one before them are made anew, unless that would take long: then they are left as they are,
    and nobody reads them. Neither does anybody where an event that has to be replayed is damaged:
    what is reported is stored all the same.
    """
    cache, rules, next_event_at = usage_cache.read_to_follow(connection, account_id)
    terms = _terms_of(connection, rules)
    if cache is None and before.head == EMPTY_LEDGER:
        cache = CacheHead(EMPTY_LEDGER, terms.made_with, None, NO_DIGESTS)
    if cache is not None and is_of(cache, before.head, terms):
        has_voids = before.has_voids or any(event.type is EventType.VOID for event, _ in new)
        # Where something lies in the future, caches follow from the time as well as from the head.
        known = (
            _written_last.at(account_id, cache.ledger, terms.made_with)
            if next_event_at is None
            else {}
        )
        changes = _Changes(
            connection, account_id, cache, after, terms, now, known=known, has_voids=has_voids
        )
        try:
            changes.take(new, is_due=next_event_at is not None and next_event_at <= now)
            changes.write()
        except (DamagedCacheError, DamagedFactError):
            # A part may have been written, and where nothing new came the head is still the same.
            usage_cache.forget_cache_head(connection, account_id)
        else:
            return
    if after.seq > _REBUILT_AT_ONCE:
        return
    with suppress(DamagedFactError):
        rebuild(connection, connection, account_id, after, terms=terms, now=now)


def is_of(cache: CacheHead | None, head: LedgerHead, terms: CacheTerms) -> bool:
    """Say whether caches are of this head of a ledger, and made with these terms."""
    return cache is not None and (cache.ledger, cache.made_with) == (head, terms.made_with)


def catch_up(connection: Connection, account_id: str, now: datetime) -> None:
    """Let an account's caches take in what has happened since, of what lay in the future."""
    ledger = usage_events.lock_ledger(connection, account_id)
    follow(connection, account_id, ledger, ledger.head, [], now)


class _Changes:
    """What new events, and time, change in an account's caches."""

    def __init__(
        self,
        connection: Connection,
        account_id: str,
        cache: CacheHead,
        after: LedgerHead,
        terms: CacheTerms,
        now: datetime,
        *,
        known: Mapping[str, CachedInstance],
        has_voids: bool,
    ) -> None:
        self._connection = connection
        self._account_id = account_id
        self._cache = cache
        self._after = after
        self._now = now
        self._has_voids = has_voids
        self._written = _Written(terms.parties)
        self._digests: dict[str, list[str]] = {}
        self._removed: list[tuple[str, int, int]] = []
        self._newest_event_at = cache.newest_event_at
        self._known = known

    def take(self, new: Sequence[tuple[UsageEvent, str]], *, is_due: bool) -> None:
        """Work out what changes; `is_due`: something that lay in the future has happened."""
        first_seq = self._after.seq - len(new) + 1
        of_instance: dict[str, list[tuple[int, UsageEvent]]] = {}
        voids: list[UsageEvent] = []
        for seq, (event, digest) in enumerate(new, start=first_seq):
            if event.type is _VOID:
                voids.append(event)
            elif event.instance is not None:
                of_instance.setdefault(event.instance, []).append((seq, event))
                self._digests.setdefault(event.instance, []).append(digest)
        replayed = set(self._instances_voided_in(voids))
        for name in replayed:
            of_instance.setdefault(name, [])
        held = self._held(of_instance, is_due=is_due)
        for name in held:
            of_instance.setdefault(name, [])
        waiting = {
            name: self._waiting(held[name])
            for name in of_instance
            if name in held and held[name].waiting_from_seq is not None
        }
        coming = {name: waiting.get(name, events) for name, events in of_instance.items()}
        replayed |= self._instances_with_voided(coming)
        for name, events in coming.items():
            before = held.get(name)
            if before is not None and name not in replayed and self._take_seen(before, events):
                continue
            state = InstanceState(name) if before is None else before.state
            if name in replayed or _is_late(state, (*events, *of_instance[name])):
                self._replay(name, before)
            else:
                self._continue(state, before, events)

    def _held(self, names: Iterable[str], *, is_due: bool) -> dict[str, CachedInstance]:
        """Return the states of instances, and of those for which something has come due."""
        connection, account_id, known = self._connection, self._account_id, self._known
        held = {name: known[name] for name in names if name in known}
        unknown = [name for name in names if name not in known]
        if is_due:
            held |= usage_cache.instances_named_or_due(connection, account_id, unknown, self._now)
        elif unknown:
            held |= usage_cache.instances_named(connection, account_id, unknown)
        return held

    def _instances_voided_in(self, voids: Iterable[UsageEvent]) -> Iterator[str]:
        """Return the instances of the events that voids name, through other voids too."""
        seen: set[tuple[str, str]] = set()
        keys = {(void.source, void.void_of or "") for void in voids}
        while keys:
            seen |= keys
            found = usage_events.events_by_key(self._connection, self._account_id, sorted(keys))
            named = {
                (one.source, one.void_of or "")
                for one in found.values()
                if one.type is EventType.VOID
            }
            yield from (one.instance for one in found.values() if one.instance is not None)
            keys = named - seen

    def _instances_with_voided(self, coming: dict[str, list[tuple[int, UsageEvent]]]) -> set[str]:
        """Return the instances of which a void names a coming event: it may be there already."""
        if not self._has_voids:
            return set()
        instance_of = {
            (event.source, event.id): name for name, events in coming.items() for _, event in events
        }
        voids = usage_events.voids_naming(
            self._connection, self._account_id, sorted(instance_of), up_to=self._after.seq
        )
        return {instance_of[void.source, void.void_of or ""] for void in voids}

    def _waiting(self, held: CachedInstance) -> list[tuple[int, UsageEvent]]:
        """Return the events that had not happened yet, and the new ones after them."""
        last = held.last_report_at
        stored = usage_events.events_of_instance(
            self._connection,
            self._account_id,
            held.instance,
            from_seq=held.waiting_from_seq or 0,
            up_to=self._after.seq,
        )
        return [(one.seq, one.event) for one in stored if last is None or one.event.time > last]

    def _take_seen(self, before: CachedInstance, events: Sequence[tuple[int, UsageEvent]]) -> bool:
        """Take events that tell no more than that an instance was still there, one by one.

        Return whether they are no others; nearly all that is reported tells no more.
        """
        last, now = before.last_report_at, self._now
        if before.waiting_from_seq is not None or last is None or not events:
            return False
        latest = last
        for _, event in events:
            time = event.time
            if (
                event.type is not _SEEN
                or not last < time <= now
                or event.name is not None
                or event.tells_of_disk
            ):
                return False
            latest = max(latest, time)
        if self._newest_event_at is None or self._newest_event_at < latest:
            self._newest_event_at = latest
        self._written.seen.append(before.seen(latest, self._seal(before.instance, before)))
        return True

    def _continue(
        self,
        state: InstanceState,
        before: CachedInstance | None,
        events: list[tuple[int, UsageEvent]],
    ) -> None:
        timeline = continued(state, (event for _, event in events), self._now)
        keys = frozenset() if before is None else before.keys
        self._written.add(
            timeline,
            sessions_from=state.ended_sessions,
            disks_from=state.ended_disk_spans,
            keys=keys,
            waiting_from_seq=self._see(events),
            seal=self._seal(state.instance, before),
        )

    def _seal(self, name: str, before: CachedInstance | None) -> str:
        """Return the sum of the digests of an instance's events, with the new ones."""
        held = NO_DIGESTS if before is None else before.seal
        return added_digests(held, (), self._digests.get(name, ()))

    def _replay(self, name: str, before: CachedInstance | None) -> None:
        connection, account_id = self._connection, self._account_id
        stored = list(
            usage_events.events_of_instance(connection, account_id, name, up_to=self._after.seq)
        )
        seal = _seal_of(stored)
        if seal != self._seal(name, before):
            raise DamagedCacheError
        events = [one.event for one in stored]
        if self._has_voids:
            events = _not_voided(connection, account_id, stored, self._after.seq)
        timeline = replay(name, events, self._now)
        old = [] if before is None else usage_cache.ended_of_instance(connection, account_id, name)
        old_sessions = [one.use for one in old if isinstance(one.use, GpuSession)]
        old_disks = [one.use for one in old if isinstance(one.use, DiskSpan)]
        sessions_from = _common(old_sessions, timeline.ended_sessions)
        disks_from = _common(old_disks, timeline.ended_disk_spans)
        if before is not None:
            self._removed.append((name, sessions_from, disks_from))
            for session in old_sessions[sessions_from:]:
                self._written.subtract_session(session)
            for span in old_disks[disks_from:]:
                self._written.subtract_disk(span)
        kept = InstanceTimeline(
            timeline.state,
            timeline.ended_sessions[sessions_from:],
            timeline.ended_disk_spans[disks_from:],
        )
        self._written.add(
            kept,
            sessions_from=sessions_from,
            disks_from=disks_from,
            keys=_keys_of(
                timeline.ended_sessions[:sessions_from], timeline.ended_disk_spans[:disks_from]
            ),
            waiting_from_seq=self._see([(one.seq, one.event) for one in stored]),
            seal=seal,
        )

    def _see(self, events: Sequence[tuple[int, UsageEvent]]) -> int | None:
        """Note the last event that has happened; return the first by number that has not."""
        seen = (event for _, event in events)
        self._newest_event_at = _newest(self._newest_event_at, seen, self._now)
        return min((seq for seq, event in events if event.time > self._now), default=None)

    def write(self) -> None:
        """Write what has changed."""
        connection, account_id, seq = self._connection, self._account_id, self._after.seq
        for name, sessions_from, disks_from in self._removed:
            usage_cache.remove_ended(
                connection, account_id, name, sessions_from=sessions_from, disks_from=disks_from
            )
        usage_cache.write_ended(connection, account_id, self._written.ended)
        usage_cache.write_instances(connection, account_id, self._written.instances, seq)
        usage_cache.write_seen(connection, account_id, self._written.seen, seq)
        head = CacheHead(
            self._after,
            self._cache.made_with,
            self._newest_event_at,
            self._add_sums(),
        )
        usage_cache.write_cache_head(connection, account_id, head)
        _written_last.keep(
            account_id,
            self._after,
            self._cache.made_with,
            self._known,
            (*self._written.seen, *self._written.instances),
        )

    def _add_sums(self) -> str:
        """Add what has changed to the sums that are there; return the digests' new sum."""
        hours = self._written.hours
        if not hours:
            return self._cache.days_hash
        gone: list[str] = []
        come: list[str] = []
        rows: list[SumRow] = []
        for span, changed in ((HOUR_SUM, hours), (DAY_SUM, day_sums(hours))):
            places = [(number, key) for key, number, _ in _each_sum(changed)]
            held = usage_cache.sums_at(self._connection, self._account_id, span, places)
            for key, number, delta in _each_sum(changed):
                total = list(delta)
                before = held.get((key, number))
                if before is not None:
                    add_sum(total, before)
                rows.append((span, number, key, total))
                if span == DAY_SUM:
                    gone += [] if before is None else [self._digest(number, key, before)]
                    come.append(self._digest(number, key, total))
        usage_cache.write_sums(self._connection, self._account_id, rows, self._after.seq)
        return usage_cache.added_digests(self._cache.days_hash, gone, come)

    def _digest(self, number: int, key: UseKey, sums: Sequence[int]) -> str:
        return usage_cache.sum_digest(
            self._account_id, DAY_SUM, number, key.text(), usage_cache.sum_text(sums)
        )


@dataclass
class _Written:
    """What replaying instances came to, as it is written."""

    parties: BillingParties
    instances: list[CachedInstance] = field(default_factory=list)
    seen: list[CachedInstance] = field(default_factory=list)
    ended: list[EndedUse] = field(default_factory=list)
    hours: HourSums = field(default_factory=dict)

    def add(
        self,
        timeline: InstanceTimeline,
        *,
        sessions_from: int,
        disks_from: int,
        keys: frozenset[UseKey],
        waiting_from_seq: int | None,
        seal: str,
    ) -> None:
        """Add an instance, and what has ended of it, numbered from there on."""
        name = timeline.state.instance
        found = set(keys)
        for number, session in enumerate(timeline.ended_sessions, start=sessions_from):
            self.ended.append(EndedUse(number, session, name))
            for key, steps in steps_of_session(session, self.parties):
                found.add(key)
                add_steps(self.hours, key, steps)
        for number, span in enumerate(timeline.ended_disk_spans, start=disks_from):
            self.ended.append(EndedUse(number, span, name))
            key, steps = steps_of_disk(span)
            found.add(key)
            add_steps(self.hours, key, steps)
        self.instances.append(CachedInstance.of(timeline.state, found, waiting_from_seq, seal))

    def subtract_session(self, session: GpuSession) -> None:
        """Take out a session that was added once."""
        for key, steps in steps_of_session(session, self.parties):
            add_steps(self.hours, key, steps, sign=-1)

    def subtract_disk(self, span: DiskSpan) -> None:
        """Take out a span of a disk that was added once."""
        key, steps = steps_of_disk(span)
        add_steps(self.hours, key, steps, sign=-1)


def rebuild(
    facts: Connection,
    caches: Connection,
    account_id: str,
    head: LedgerHead,
    *,
    terms: CacheTerms,
    now: datetime,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Make an account's caches of its facts, up to a head of its ledger, as they stand at `now`.

    Memory holds the sums and one instance's events at a time.

    Args:
        facts: Where the events are read.
        caches: Where the caches are written, in place of those that are there.
        account_id: Whose they are.
        head: The newest event that is taken.
        terms: The billing rules.
        now: Later events have not happened yet.
        progress: Is told of how many events have been read.

    Raises:
        DamagedFactError: an event is not what was written, or one is missing.
    """
    usage_cache.clear_caches(caches, account_id)
    written = _Written(terms.parties)
    newest_event_at: datetime | None = None
    has_voids = usage_events.has_voids(facts, account_id)
    seen = 0
    for name, group in groupby(
        usage_events.events_by_instance(facts, account_id, head), key=_instance_of
    ):
        read = list(group)
        seen += len(read)
        if progress is not None:
            progress(seen)
        stored = [one for one in read if one.event.type is not _VOID] if has_voids else read
        if name is None or not stored:
            continue
        events = [one.event for one in stored]
        newest_event_at = _newest(newest_event_at, events, now)
        waiting = None
        # Nearly all have happened, and for those it is not asked of each.
        if max(map(_time_of, events)) > now:
            waiting = min(one.seq for one in stored if one.event.time > now)
        if has_voids:
            events = _not_voided(facts, account_id, stored, head.seq)
        timeline = replay(name, events, now)
        written.add(
            timeline,
            sessions_from=0,
            disks_from=0,
            keys=frozenset(),
            waiting_from_seq=waiting,
            seal=_seal_of(stored),
        )
        if len(written.ended) + len(written.instances) >= _WRITTEN_AT_ONCE:
            _write_instances(caches, account_id, written, head.seq)
    _write_instances(caches, account_id, written, head.seq)
    rows, days_hash = _sum_rows(account_id, written.hours)
    usage_cache.write_sums(caches, account_id, rows, head.seq)
    usage_cache.write_cache_head(
        caches, account_id, CacheHead(head, terms.made_with, newest_event_at, days_hash)
    )


def _write_instances(connection: Connection, account_id: str, written: _Written, seq: int) -> None:
    usage_cache.write_ended(connection, account_id, written.ended)
    usage_cache.write_instances(connection, account_id, written.instances, seq)
    written.ended.clear()
    written.instances.clear()


def _sum_rows(account_id: str, hours: HourSums) -> tuple[list[SumRow], str]:
    """Return the sums of hours and days as rows, and the digests of the days added up."""
    rows: list[SumRow] = [
        (HOUR_SUM, number, key, sums) for key, number, sums in _each_sum(hours) if any(sums)
    ]
    digests = []
    for key, number, sums in _each_sum(day_sums(hours)):
        if any(sums):
            rows.append((DAY_SUM, number, key, sums))
            text = usage_cache.sum_text(sums)
            digests.append(usage_cache.sum_digest(account_id, DAY_SUM, number, key.text(), text))
    return rows, usage_cache.added_digests(NO_DIGESTS, (), digests)


def _each_sum(sums: HourSums) -> Iterator[tuple[UseKey, int, list[int]]]:
    for key, of_number in sums.items():
        for number, held in of_number.items():
            yield key, number, held


_instance_of = attrgetter("event.instance")
_time_of = attrgetter("time")


def _not_voided(
    connection: Connection, account_id: str, stored: Sequence[StoredEvent], up_to: int
) -> list[UsageEvent]:
    """Return the events of an instance that no void in force names, of those up to a number."""
    events = [one.event for one in stored]
    keys = [(one.source, one.id) for one in events]
    voids = usage_events.voids_reaching(connection, account_id, keys, up_to=up_to)
    return without_voided([*events, *voids])


def _seal_of(stored: Iterable[StoredEvent]) -> str:
    return added_digests(NO_DIGESTS, (), (one.chain_hash for one in stored))


def _is_late(state: InstanceState, events: Iterable[tuple[int, UsageEvent]]) -> bool:
    """Say whether an event is not later than all that its instance has reported."""
    last = state.last_report_at
    return last is not None and any(event.time <= last for _, event in events)


def _newest(
    before: datetime | None, events: Iterable[UsageEvent], now: datetime
) -> datetime | None:
    """Return the time of the last event that has happened, of one before and some more."""
    times = list(map(_time_of, events))
    latest = max(times, default=None)
    if latest is not None and latest > now:
        latest = max((time for time in times if time <= now), default=None)
    return max((one for one in (before, latest) if one is not None), default=None)


def _common(old: Sequence[object], new: Sequence[object]) -> int:
    """Return how many members both begin with."""
    pairs = zip(old, new, strict=False)
    return next(
        (place for place, (one, other) in enumerate(pairs) if one != other), min(len(old), len(new))
    )


def _keys_of(sessions: Iterable[GpuSession], spans: Iterable[DiskSpan]) -> frozenset[UseKey]:
    runs = (UseKey(run.shape) for session in sessions for run in session.runs)
    return frozenset((*runs, *(steps_of_disk(span)[0] for span in spans)))
