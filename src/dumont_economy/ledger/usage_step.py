"""Ended use as steps, which add up: how fast time and money accrue, and when that changes.

A session of an hour or of a year is a few steps, at its beginning and its end. Added up by UTC hour
and day they tell, exactly, what any stretch of whole hours holds: what has accrued at its end less
what had at its beginning. So the sums of a history are read in the place of its events.

Nothing in a step depends on a price that is compared with, a policy or a time zone: those are asked
of the sums. What the parties bill of a run depends on their billing rules, which are dated facts.
"""

import json
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from dumont_economy.instant import to_microseconds
from dumont_economy.metering.gpu_session import DiskSpan, GpuRun, GpuSession, Shape
from dumont_economy.metering.usage_event import CpuArchitecture
from dumont_economy.money import RATE_DECIMALS, exact_text
from dumont_economy.pricing.billing_rule import BillingRule, BillingRules, per_second_rule
from dumont_economy.pricing.dated_fact import ALWAYS, KNOWN_NOW
from dumont_economy.pricing.sku import ComparisonProvider

# Paid rates are whole numbers of 10^-12, disk sizes too: so a disk's cost is one of 10^-24.
RATE_UNITS: int = 10**RATE_DECIMALS


class Accrued(IntEnum):
    """What accrues over a stretch of use; the members of a sum are in this order.

    Times are in microseconds. Of GPU use: the time used, the money paid in 10^-12 of the shape's
    currency times microseconds per hour, the time that each party bills. Of disks the time, the
    money paid in 10^-24 times microseconds per month-hour, and the size in 10^-12 GB times
    microseconds.
    """

    USED = 0
    PAID = 1
    BILLED = 2
    DISK_SIZE = 2
    BILLED_AWS = 3
    BILLED_GCP = 4
    BILLED_AZURE = 5
    BILLED_REFERENCE = 6


BILLED_BY = {
    ComparisonProvider.AWS: Accrued.BILLED_AWS,
    ComparisonProvider.GCP: Accrued.BILLED_GCP,
    ComparisonProvider.AZURE: Accrued.BILLED_AZURE,
}


# A tuple, because very many are made and looked up.
class UseKey(NamedTuple):
    """What sums are kept apart by: a shape, and whether it is GPUs or a disk.

    `hours_per_month` is that of a disk, None for GPUs; `is_paid` is false for a disk whose price is
    not known.
    """

    shape: Shape
    is_disk: bool = False
    hours_per_month: int | None = None
    is_paid: bool = True

    def text(self) -> str:
        """Return the key as text, the same for the same key."""
        return _key_text(self)

    @classmethod
    def of_text(cls, text: str) -> "UseKey":
        """Return the key that a text tells.

        Raises:
            ValueError: it tells none.
        """
        parts = list(json.loads(text))
        shape = shape_of_parts(parts[:_SHAPE_PARTS])
        if len(parts) == _SHAPE_PARTS:
            return cls(shape)
        hours_per_month, is_paid = parts[_SHAPE_PARTS:]
        return cls(shape, is_disk=True, hours_per_month=hours_per_month, is_paid=is_paid)


_SHAPE_PARTS = 6
# Few shapes are used by many instances.
_MOST_SHAPES = 4_096


@lru_cache(_MOST_SHAPES)
def _key_text(key: UseKey) -> str:
    if not key.is_disk:
        return shape_text(key.shape)
    parts = [*shape_parts(key.shape), key.hours_per_month, key.is_paid]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


@lru_cache(_MOST_SHAPES)
def shape_text(shape: Shape) -> str:
    """Return a shape as JSON, the same for the same shape."""
    return json.dumps(shape_parts(shape), ensure_ascii=False, separators=(",", ":"))


def shape_parts(shape: Shape) -> tuple[object, ...]:
    """Return a shape as what JSON can tell."""
    memory = shape.gpu_memory_gib
    return (
        shape.provider,
        shape.gpu,
        shape.gpu_count,
        # Equal amounts are one text: a database may have added zeros.
        None if memory is None else exact_text(memory),
        shape.arch.value,
        shape.currency,
    )


def shape_of_parts(parts: list[object]) -> Shape:
    """Return the shape of such parts.

    Raises:
        ValueError: they tell none.
    """
    provider, gpu, gpu_count, memory, arch, currency = parts
    if not (isinstance(provider, str) and isinstance(gpu, str) and isinstance(gpu_count, int)):
        message = f"{parts!r} tells no shape."
        raise ValueError(message)  # noqa: TRY004  a text that was read, not an argument
    return Shape(
        provider=provider,
        gpu=gpu,
        gpu_count=gpu_count,
        gpu_memory_gib=None if memory is None else Decimal(str(memory)),
        arch=CpuArchitecture(str(arch)),
        currency=None if currency is None else str(currency),
    )


# The members of a sum that a step is of, as plain numbers, which is what very many are counted by.
Members = tuple[int, ...]


# An instant `at`, members, a `slope` and a `lump`: from `at` on the members accrue faster by the
# slope, and the lump of each is booked at `at`. It is in microseconds of POSIX time, the slope per
# microsecond. A step is as plain as its members, because several are made for each run.
Step = tuple[int, Members, int, int]


_BILLED = int(Accrued.BILLED)
_USED: Members = (int(Accrued.USED),)
_TIMES: Members = (
    *_USED,
    _BILLED,
    *map(int, BILLED_BY.values()),
    int(Accrued.BILLED_REFERENCE),
)
_PAID: Members = (int(Accrued.PAID),)
_DISK_SIZE: Members = (int(Accrued.DISK_SIZE),)


@dataclass(frozen=True)
class BillingParties:
    """Who bills a run, by which rules: the provider that it ran on, and each that is compared."""

    rules: BillingRules
    _kept: dict[tuple[str, int], list[tuple[BillingRule, Members]]] = field(
        default_factory=dict, compare=False
    )

    def rule(self, provider: str, at: datetime) -> BillingRule:
        """Return a provider's billing rule in effect at `at`; per second where none is known."""
        return self.rules.in_force(provider, at, KNOWN_NOW) or per_second_rule(provider, at)

    def of_run(self, run: GpuRun) -> list[tuple[BillingRule, Members]]:
        """Return the rules by which a run is billed, and as what that time is summed.

        Parties that bill alike share a rule. The runs of a provider that begin while no rule
        changes have the same ones, so they are looked up once.
        """
        key = (run.shape.provider, bisect_right(self._changes, run.starts_at))
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MOST_SHAPES:
                self._kept.clear()
            found = self._kept[key] = list(self._grouped(*key[:1], run.starts_at))
        return found

    @cached_property
    def _changes(self) -> list[datetime]:
        return self.rules.begin_at()

    def _grouped(self, provider: str, at: datetime) -> Iterator[tuple[BillingRule, Members]]:
        parties = [
            (Accrued.BILLED, self.rule(provider, at)),
            *((accrued, self.rule(name, at)) for name, accrued in BILLED_BY.items()),
            (Accrued.BILLED_REFERENCE, per_second_rule("reference card", ALWAYS)),
        ]
        alike: dict[tuple[object, ...], list[tuple[Accrued, BillingRule]]] = {}
        for accrued, rule in parties:
            terms = (rule.min_seconds, rule.increment_seconds, rule.rounding)
            alike.setdefault(terms, []).append((accrued, rule))
        for group in alike.values():
            yield group[0][1], tuple(int(accrued) for accrued, _ in group)


def steps_of_session(
    session: GpuSession, parties: BillingParties
) -> Iterator[tuple[UseKey, list[Step]]]:
    """Return the steps of an ended session, run by run."""
    for run in session.runs:
        if run.ends_at is not None:
            yield UseKey(run.shape), _steps_of_run(run, run.ends_at, parties)


def _steps_of_run(run: GpuRun, ends_at: datetime, parties: BillingParties) -> list[Step]:
    begins, ends = to_microseconds(run.starts_at), to_microseconds(ends_at)
    used = ends - begins
    last = ends - 1
    steps = [(begins, _TIMES, 1, 0)]
    ended = [*_USED]
    for rule, members in parties.of_run(run):
        billed, pad = rule.parts_microseconds(used)
        if billed < used:
            steps.append((begins + billed, members, -1, 0))
        else:
            ended += members
        if pad:
            steps.append((last, members, 0, pad))
        if _BILLED in members:
            steps += _paid(run, begins + billed, last, pad)
    steps.append((ends, tuple(ended), -1, 0))
    return steps


def _paid(run: GpuRun, until: int, last: int, pad: int) -> list[Step]:
    """Return the steps of what a run cost: at each rate while it held, the pad at the last one."""
    borders = [to_microseconds(change.since) for change in run.rates]
    steps: list[Step] = []
    at_last = 0
    for change, begins, ends in zip(run.rates, borders, [*borders[1:], until], strict=True):
        rate = units_of(change.rate)
        if rate and begins < min(ends, until):
            steps += _stretch(_PAID, begins, min(ends, until), rate)
        if begins <= last:
            at_last = rate
    if pad and at_last:
        steps.append((last, _PAID, 0, pad * at_last))
    return steps


def steps_of_disk(span: DiskSpan) -> tuple[UseKey, list[Step]]:
    """Return the steps of an ended span of a disk.

    Raises:
        ValueError: it has not ended.
    """
    if span.ends_at is None:
        message = "A disk that is still there has no steps yet."
        raise ValueError(message)
    begins, ends = to_microseconds(span.starts_at), to_microseconds(span.ends_at)
    paid = span.per_gb_month
    size = units_of(span.gb)
    steps = [*_stretch(_USED, begins, ends, 1)]
    steps += _stretch(_DISK_SIZE, begins, ends, size)
    if paid is not None:
        steps += _stretch(_PAID, begins, ends, size * units_of(paid))
    return key_of_disk(span), steps


def key_of_disk(span: DiskSpan) -> UseKey:
    """Return what the sums of a disk are kept apart by."""
    return UseKey(
        span.shape,
        is_disk=True,
        hours_per_month=span.disk.hours_per_month,
        is_paid=span.per_gb_month is not None,
    )


def _stretch(members: Members, begins: int, ends: int, slope: int) -> tuple[Step, Step]:
    return (begins, members, slope, 0), (ends, members, -slope, 0)


def units_of(value: Fraction) -> int:
    """Return an amount as a whole number of 10^-12.

    Raises:
        ValueError: it has more than 12 decimals.
    """
    numerator, denominator = value.as_integer_ratio()
    units, rest = divmod(numerator * RATE_UNITS, denominator)
    if rest:
        message = f"{value} has more than {RATE_DECIMALS} decimals."
        raise ValueError(message)
    return units
