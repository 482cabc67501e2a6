"""All that an account used and uses no more, rated for one question.

Whole hours are rated as sums, whatever their number; the hours in which a window or a price begins
or ends, by the sessions and disks in them. Both come to the same, exactly.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import Protocol

from dumont_economy.instant import EPOCH, from_microseconds, to_microseconds
from dumont_economy.ledger.ledger_entry import order_of
from dumont_economy.ledger.line_item import ALL_TIME, Line, LineItem, Window
from dumont_economy.ledger.rating import RatingTerms, in_effect, rate_disk, rate_session
from dumont_economy.ledger.usage_step import (
    BILLED_BY,
    RATE_UNITS,
    Accrued,
    UseKey,
    key_of_disk,
)
from dumont_economy.ledger.usage_sum import DAY, HOUR, Amounts, HoursOfDay, difference
from dumont_economy.metering.gpu_session import GpuSession, Shape
from dumont_economy.pricing.dated_fact import ALWAYS
from dumont_economy.pricing.match_timeline import ComparisonQuestion
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_ledger import AccountLedger
from dumont_economy.services.usage_records import UsageRecords
from dumont_economy.storage.usage_cache import DamagedCacheError, EndedUse

_HOUR = timedelta(hours=1)
# Before and after all time: whole hours.
_EARLIEST = to_microseconds(ALWAYS)
_LATEST = 10_000 * 366 * DAY
_Stretch = tuple[int, int]


def _beginning(one: EndedUse) -> datetime:
    return one.use.starts_at


class _Dated(Protocol):
    """Something that holds from an instant on."""

    @property
    def since(self) -> datetime:
        """From when it holds."""
        ...


@dataclass(frozen=True)
class EndedUsage:
    """The sessions and disks of an account that have ended, as one question rates them."""

    ledger: AccountLedger
    records: UsageRecords
    question: ComparisonQuestion
    market_version: int
    terms: RatingTerms
    as_of: datetime

    @cached_property
    def totals(self) -> Totals:
        """Return the totals of all time."""
        return _merged(self.by_key(ALL_TIME).values())

    def by_key(self, window: Window) -> Mapping[UseKey, Totals]:
        """Return the totals of a window by what their sums are kept apart by; not to be changed."""
        kept = self.ledger.kept(self.question, self.market_version)
        held = kept.windows.get(window)
        if held is None:
            held = _Rater(self, window).by_key()
            for totals in held.values():
                totals.settle()
            kept.keep_window(window, held)
        return held

    def totals_since(self, since: datetime) -> Totals:
        """Return the totals of everything after an instant.

        What follows its hour is kept, so that another instant of the same hour costs little.
        """
        hour_ends = _next_hour(since)
        rest = _Rater(self, Window(since, hour_ends)).by_key()
        return _merged([*rest.values(), *self.by_key(Window(hour_ends, None)).values()])

    def of_instance(self, instance: str) -> Totals:
        """Return the totals of what has ended of one instance."""
        kept = self.ledger.kept(self.question, self.market_version)
        held = kept.instances.get(instance)
        if held is None:
            held = Totals()
            for line in self.rated(self.records.ended_of(instance)):
                held.add_line(line)
            held.settle()
            kept.keep_instance(instance, held)
        return held

    def lines_in(self, window: Window, instance: str | None = None) -> Iterator[Line]:
        """Return the lines of what has ended that lie in a window, in part at least, in order.

        Use is read as lines are taken: up to what begins after the last of them.
        """
        if instance is None:
            uses = self.records.ended_in(window)
        else:
            uses = iter(sorted(self.records.ended_of(instance), key=_beginning))
        waiting: list[tuple[tuple[datetime, str, str], int, Line]] = []
        numbers = count()
        for one in uses:
            while waiting and waiting[0][0][0] < one.use.starts_at:
                yield heappop(waiting)[2]
            for line in self.rated([one]):
                if window.touches(line.starts_at, line.ends_at):
                    heappush(waiting, (order_of(line), next(numbers), line))
        while waiting:
            yield heappop(waiting)[2]

    def lines_of_hour(self, hour: int) -> Sequence[Line]:
        """Return the lines of what has ended that lie in an hour, in part at least."""
        kept = self.ledger.kept(self.question, self.market_version)
        held = kept.hours.get(hour)
        if held is None:
            held = list(self.lines_in(_window(hour * HOUR, (hour + 1) * HOUR)))
            kept.keep_hour(hour, held)
        return held

    def rated(self, uses: Iterable[EndedUse]) -> Iterator[Line]:
        """Return the lines of sessions and disks."""
        for one in uses:
            if isinstance(one.use, GpuSession):
                yield from rate_session(one.use, self.terms, self.as_of)
            else:
                yield from rate_disk(one.instance, [one.use], self.terms, self.as_of)

    def hours_of(self, day: int) -> HoursOfDay:
        """Return the sums of a day's hours."""
        return self.ledger.hours_of(self.records, day)


class _Rater:
    """Rates what has ended in one window."""

    def __init__(self, usage: EndedUsage, window: Window) -> None:
        self._usage = usage
        self._terms = usage.terms
        self._accrued = usage.ledger.accrued
        self._begins = _EARLIEST if window.starts_at is None else to_microseconds(window.starts_at)
        self._ends = _LATEST if window.ends_at is None else to_microseconds(window.ends_at)
        is_reference = usage.question.rate_card is RateCardName.REFERENCE
        self._billed = (
            Accrued.BILLED_REFERENCE if is_reference else BILLED_BY[usage.question.provider]
        )
        self._found: dict[UseKey, Totals] = {}
        # The hours with more than one price, or cut by the window: which parts of them.
        self._parts: dict[int, dict[UseKey, list[_Stretch]]] = {}

    def by_key(self) -> dict[UseKey, Totals]:
        """Return the totals of each key with use in the window."""
        for key in self._accrued.keys:
            for begins, ends in self._with_one_price(key):
                self._add_stretch(key, begins, ends)
        for hour, parts in self._parts.items():
            self._add_parts(hour, parts)
        return self._found

    def _with_one_price(self, key: UseKey) -> Iterator[_Stretch]:
        """Cut the window wherever anything changes that a key is rated with."""
        shape = key.shape
        compared = self._terms.disk_prices if key.is_disk else self._terms.matches_for(shape)
        timelines: tuple[Sequence[_Dated], ...] = (compared, self._terms.exchange_for(shape))
        borders = {to_microseconds(one.since) for timeline in timelines for one in timeline}
        inside = sorted(at for at in borders if self._begins < at < self._ends)
        return pairwise([self._begins, *inside, self._ends])

    def _add_stretch(self, key: UseKey, begins: int, ends: int) -> None:
        """Add the whole hours of a stretch as sums, and note what is left of others."""
        first, last = -(-begins // HOUR), ends // HOUR
        if first > last:
            self._note(key, begins, ends)
            return
        if begins < first * HOUR:
            self._note(key, begins, first * HOUR)
        if last * HOUR < ends:
            self._note(key, last * HOUR, ends)
        amounts = self._accrued_between(key, first, last)
        if amounts[Accrued.USED]:
            totals = self._found.setdefault(key, Totals())
            at = from_microseconds(begins)
            if key.is_disk:
                self._add_disk(totals, key, amounts, at)
            else:
                self._add_gpu(totals, key.shape, amounts, at)

    def _note(self, key: UseKey, begins: int, ends: int) -> None:
        """Note a part of an hour, if there was any use in that hour."""
        hour = begins // HOUR
        if self._accrued_between(key, hour, hour + 1)[Accrued.USED]:
            self._parts.setdefault(hour, {}).setdefault(key, []).append((begins, ends))

    def _accrued_between(self, key: UseKey, first: int, last: int) -> Amounts:
        hours_of = self._usage.hours_of
        return difference(
            self._accrued.until(key, last, hours_of), self._accrued.until(key, first, hours_of)
        )

    def _add_gpu(self, totals: Totals, shape: Shape, amounts: Amounts, at: datetime) -> None:
        factor = in_effect(self._terms.exchange_for(shape), at).factor
        totals.add_gpu_use(
            shape,
            in_effect(self._terms.matches_for(shape), at).match,
            used=amounts[Accrued.USED],
            rate=None if factor is None else factor / RATE_UNITS,
            actual=amounts[Accrued.PAID],
            compared=amounts[self._billed],
        )

    def _add_disk(self, totals: Totals, key: UseKey, amounts: Amounts, at: datetime) -> None:
        factor = in_effect(self._terms.exchange_for(key.shape), at).factor
        price = in_effect(self._terms.disk_prices, at)
        rate = comparison_rate = None
        if factor is not None and key.is_paid and key.hours_per_month is not None:
            rate = factor / (RATE_UNITS * RATE_UNITS * key.hours_per_month)
        if price.per_gb_month is not None:
            comparison_rate = price.per_gb_month / (RATE_UNITS * price.hours_per_month)
        totals.add_disk_use(
            price,
            used=amounts[Accrued.USED],
            rate=rate,
            actual=amounts[Accrued.PAID],
            comparison_rate=comparison_rate,
            compared=amounts[Accrued.DISK_SIZE],
        )

    def _add_parts(self, hour: int, parts: Mapping[UseKey, Sequence[_Stretch]]) -> None:
        """Add the parts of an hour, by the sessions and disks in it.

        Raises:
            DamagedCacheError: they do not add up to the sums of the hour.
        """
        whole = _window(hour * HOUR, (hour + 1) * HOUR)
        used = dict.fromkeys(parts, 0)
        for line in self._usage.lines_of_hour(hour):
            key = _key_of(line)
            if key not in parts:
                continue
            used[key] += line.used_microseconds(whole)
            totals = self._found.setdefault(key, Totals())
            for begins, ends in parts[key]:
                part = _window(begins, ends)
                if part.touches(line.starts_at, line.ends_at):
                    totals.add_line(line, part)
        for key, found in used.items():
            if found != self._accrued_between(key, hour, hour + 1)[Accrued.USED]:
                raise DamagedCacheError


def _key_of(line: Line) -> UseKey:
    if isinstance(line, LineItem):
        return UseKey(line.shape)
    return key_of_disk(line.span)


def _window(begins: int, ends: int) -> Window:
    return Window(from_microseconds(begins), from_microseconds(ends))


def _merged(parts: Iterable[Totals]) -> Totals:
    totals = Totals()
    for one in parts:
        totals.merge(one)
    return totals


def _next_hour(at: datetime) -> datetime:
    return at - (at - EPOCH) % _HOUR + _HOUR
