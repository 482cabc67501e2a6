"""The bracket: dates prices that are only known from the days on which they were seen (R-BRACKET).

Invariants: on the day of a sighting the price that was seen holds; between the days on which two
prices were seen the lower one does; what a price was seen to be is never given up for a guess.
"""

from bisect import bisect_right
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from dumont_economy.pricing.rate import Rate

# Providers date some changes back by weeks. Further back, what was seen meanwhile counts for more.
MAX_CORRECTION = timedelta(days=31)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A price as seen on a day; `since` is from when its source says it holds, None if it does not.

    A `since` after the day announces a price.
    """

    day: date
    price: Decimal
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DatedPrice:
    """A rate to add, dated as a `Rate` is.

    `restates` is the known rate whose source states this price, where a sighting of another price
    only moves its dates; None where the sighting itself states it.
    """

    effective_from: datetime
    price: Decimal
    first_seen: date | None
    previous_last_seen: date | None
    retrieved_at: date
    restates: Rate | None


@dataclass(frozen=True, slots=True)
class Contradiction:
    """The sighting cannot be true where this other price was, from one day to the other."""

    price: Decimal
    first_seen: date
    last_seen: date


def dated(known: Sequence[Rate], sighting: Sighting) -> list[DatedPrice] | Contradiction:
    """Return the rates to add once a price has been seen; none where it says nothing new.

    Args:
        known: The rates of the SKU under one pricing model that are in force, in order, whatever
            their sources (`Offer.rates`).
        sighting: What was seen.
    """
    runs = _runs(known)
    after = (
        _with_snapshot(runs, sighting)
        if sighting.since is None
        else _with_exact_date(runs, sighting, sighting.since)
    )
    return after if isinstance(after, Contradiction) else _additions(known, after, sighting)


@dataclass(frozen=True, slots=True)
class _Run:
    """Days on which one price was seen, from the first to the last, and when it took over.

    `is_exact` says that its source dated the start. `is_touched` marks the run of the sighting.
    """

    price: Decimal
    starts_at: datetime
    is_exact: bool
    first: date
    last: date
    rates: tuple[Rate, ...] = ()
    is_touched: bool = False

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last

    def joined(self, later: "_Run") -> "_Run":
        return replace(
            self,
            first=min(self.first, later.first),
            last=max(self.last, later.last),
            rates=self.rates + later.rates,
            is_touched=self.is_touched or later.is_touched,
        )

    @property
    def begins_earlier(self) -> bool:
        """Whether a sighting before those of its rates belongs to the run, or it has no rates."""
        return all(self.first < _first_seen(rate) for rate in self.rates)

    @property
    def newest(self) -> Rate:
        """The rate whose source saw the price last."""
        return max(self.rates, key=lambda rate: (rate.retrieved_at, rate.effective_from))


def _runs(known: Sequence[Rate]) -> list[_Run]:
    """Return what the known rates say was seen, neighbours differing in price."""
    runs: list[_Run] = []
    for rate in known:
        if runs and rate.previous_last_seen is not None:
            runs[-1] = replace(runs[-1], last=max(runs[-1].last, rate.previous_last_seen))
        runs.append(_run_of(rate))
    return _apart(_joined(runs))


def _run_of(rate: Rate) -> _Run:
    first = _first_seen(rate)
    return _Run(
        price=rate.usd_per_instance_hour,
        starts_at=rate.effective_from,
        is_exact=rate.first_seen is None,
        first=first,
        last=max(first, rate.retrieved_at),
        rates=(rate,),
    )


def _joined(runs: Sequence[_Run]) -> list[_Run]:
    joined: list[_Run] = []
    for run in runs:
        if joined and joined[-1].price == run.price:
            joined[-1] = joined[-1].joined(run)
        else:
            joined.append(run)
    return joined


def _apart(runs: Sequence[_Run]) -> list[_Run]:
    """Return the runs, each ended before the next one: an accepted rate outranks what it followed.

    A rate whose source dated it before the last sighting of the price before it does that.
    """
    apart: list[_Run] = []
    for run in reversed(runs):
        last = min(run.last, apart[-1].first - _DAY) if apart else run.last
        apart.append(replace(run, first=min(run.first, last), last=last))
    return apart[::-1]


def _with_snapshot(runs: list[_Run], sighting: Sighting) -> list[_Run] | Contradiction:
    """Return the runs with a sighting among them; none where it says nothing new."""
    day, price = sighting.day, sighting.price
    place = bisect_right(runs, day, key=lambda run: run.first)
    if place and runs[place - 1].holds(day):
        run = runs[place - 1]
        return [] if run.price == price else Contradiction(run.price, run.first, run.last)
    earlier, later = runs[:place], runs[place:]
    if earlier and earlier[-1].price == price:
        earlier[-1] = replace(earlier[-1], last=day, is_touched=True)
    elif later and later[0].price == price:
        later[0] = replace(later[0], first=day, is_exact=False, is_touched=True)
    else:
        seen = _Run(price, _midnight(day), is_exact=False, first=day, last=day, is_touched=True)
        later.insert(0, seen)
    return _bracketed([*earlier, *later])


def _with_exact_date(
    runs: list[_Run], sighting: Sighting, since: datetime
) -> list[_Run] | Contradiction:
    starts_on = since.date()
    ends_on = max(sighting.day, starts_on)
    place = bisect_right(runs, ends_on, key=lambda run: run.first)
    if place and runs[place - 1].price == sighting.price:
        return _seen_again(runs, place - 1, sighting, since)
    against = [run for run in runs if run.first <= ends_on and run.last >= starts_on]
    for run in against:
        is_certain = (
            run.last > ends_on
            or run.last - starts_on > MAX_CORRECTION
            # What is announced counts for less than what was seen later.
            or (starts_on > sighting.day and run.newest.retrieved_at > sighting.day)
        )
        if run.price != sighting.price and is_certain:
            return Contradiction(run.price, run.first, run.last)
    dated_run = _Run(
        sighting.price, since, is_exact=True, first=starts_on, last=ends_on, is_touched=True
    )
    earlier = [run for run in runs if run.first < starts_on]
    inside = [run for run in against if run.first >= starts_on and run.price == sighting.price]
    later = [run for run in runs if run.first > ends_on]
    return _bracketed(_apart(_joined([*earlier, dated_run, *inside, *later])))


def _seen_again(runs: list[_Run], place: int, sighting: Sighting, since: datetime) -> list[_Run]:
    """Return the runs with an unchanged price seen again; its date counts only before all others.

    Sources date rows anew when they publish them anew, whether the price has changed or not.
    """
    run = runs[place]
    seen = replace(run, last=max(run.last, sighting.day), is_touched=True)
    if place == 0 and since < run.starts_at:
        seen = replace(seen, starts_at=since, is_exact=True, first=min(run.first, since.date()))
    return _bracketed([*runs[:place], seen, *runs[place + 1 :]])


def _bracketed(runs: list[_Run]) -> list[_Run]:
    """Return the runs with the starts that a sighting has moved: of its run or of the next."""
    bracketed = [
        replace(run, starts_at=_midnight(run.first))
        if run.begins_earlier and not run.is_exact
        else run
        for run in runs[:1]
    ]
    for before, run in pairwise(runs):
        if run.is_exact or not (before.is_touched or run.begins_earlier):
            bracketed.append(run)
        else:
            bracketed.append(replace(run, starts_at=_bracket(before, run)))
    return bracketed


def _bracket(before: _Run, run: _Run) -> datetime:
    """Return from when a price holds that took over from another on a day that nobody knows."""
    return _midnight(before.last + _DAY if run.price < before.price else run.first)


def _additions(known: Sequence[Rate], after: list[_Run], sighting: Sighting) -> list[DatedPrice]:
    """Return the rates that turn the known prices into those of the runs `after`."""
    price_from = {rate.effective_from: rate.usd_per_instance_hour for rate in known}
    additions = []
    for place, run in enumerate(after):
        before = after[place - 1] if place else None
        ends_at = after[place + 1].starts_at if place + 1 < len(after) else None
        said = {
            since: price
            for since, price in price_from.items()
            if since >= run.starts_at and (ends_at is None or since < ends_at)
        }
        wrong = {since for since, price in said.items() if price != run.price}
        if run.starts_at not in said:
            wrong.add(run.starts_at)
        restated = _restated(run, before, said.keys() | wrong, wrong, sighting.day)
        additions += [
            _addition(run, before, since, sighting.day, is_new=since in wrong)
            for since in sorted(wrong | restated)
        ]
    return additions


def _restated(
    run: _Run,
    before: _Run | None,
    starts: AbstractSet[datetime],
    wrong: AbstractSet[datetime],
    day: date,
) -> set[datetime]:
    """Return which starts of a run to state anew, with dates that have changed.

    The last of them is the rate of the present: it bears the newest sighting.
    """
    if run.is_touched and run.rates and day > run.newest.retrieved_at:
        return {max(starts)}
    narrows = run.begins_earlier or (before is not None and _narrows(before, run))
    return {run.starts_at} if narrows and not wrong else set()


def _narrows(before: _Run, run: _Run) -> bool:
    """Say whether the price before was seen on a later day than the run's rates know of."""
    return (
        before.is_touched
        and not run.is_exact
        and all(
            rate.previous_last_seen != before.last
            for rate in run.rates
            if rate.effective_from >= run.starts_at
        )
    )


def _addition(
    run: _Run, before: _Run | None, since: datetime, day: date, *, is_new: bool
) -> DatedPrice:
    is_seen = run.is_touched and (is_new or day >= run.newest.retrieved_at)
    # Only the start is the source's own date: a later rate of the run takes the place of another
    # price, and must not read as if its price had been seen on that day too.
    is_dated = run.is_exact and since == run.starts_at
    return DatedPrice(
        effective_from=since,
        price=run.price,
        first_seen=None if is_dated else run.first,
        previous_last_seen=None if run.is_exact or before is None else before.last,
        retrieved_at=day if is_seen else run.newest.retrieved_at,
        restates=None if is_seen else run.newest,
    )


def _first_seen(rate: Rate) -> date:
    return rate.first_seen or rate.effective_from.date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), UTC)
