"""An independent model of the rating rules (RATING.md, section 1).

Plain fractions of seconds and money, from the standard library alone: nothing here comes from the
product, so that the two can disagree. It favours the letter of the rules over speed.

Instants are POSIX seconds. `as_of` None stands for everything that was ever received or published.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

OPENING = ("start", "resume")
CLOSING = ("stop", "hibernate", "terminate")
TIE_ORDER = ("price_change", "resize", "idle", "busy", "seen", *CLOSING, *OPENING)


@dataclass(frozen=True)
class Report:
    """A usage event, `received` at an instant of its own; `rate` per instance-hour.

    Of the disk, per GB-month, it says what is not None.
    """

    source: str
    id: str
    type: str
    time: Fraction
    instance: str = ""
    provider: str = ""
    gpu: str = ""
    gpu_count: int = 0
    rate: Fraction = Fraction(0)
    currency: str = "USD"
    void_of: str = ""
    received: Fraction = Fraction(0)
    disk_gb: Fraction | None = None
    disk_rate_running: Fraction | None = None
    disk_rate_stopped: Fraction | None = None
    disk_hours_per_month: int | None = None


@dataclass(frozen=True)
class Rule:
    """How a party bills from `since` on, which was `known` from some instant on. In seconds."""

    since: Fraction
    minimum: int
    increment: int
    rounds_up: bool
    known: Fraction = Fraction(0)

    def billed(self, used: Fraction) -> Fraction:
        """R-BILLED."""
        if used == 0:
            return Fraction(0)
        steps = used / self.increment
        whole = -(-steps // 1) if self.rounds_up else steps // 1
        return max(Fraction(self.minimum), Fraction(whole * self.increment))


@dataclass(frozen=True)
class Price:
    """What one GPU costs an hour from `since` on; an `amount` of None ends a price.

    Of sources that say something at one time, the one first in `rank` is believed. It is also what
    a GB of disk costs a month of so many hours, or what a unit of a currency is worth.
    """

    since: Fraction
    amount: Fraction | None
    known: Fraction = Fraction(0)
    rank: tuple[int, str] = (0, "")
    hours_per_month: int = 1


def in_effect(listed: Iterable[Price], at: Fraction) -> Price | None:
    """R-PRICE, of everything that is dated like a price."""
    begun = [price for price in listed if price.since <= at]
    if not begun:
        return None
    newest = max((price.since, price.known) for price in begun)
    told = [price for price in begun if (price.since, price.known) == newest]
    return min(told, key=lambda price: price.rank)


@dataclass(frozen=True)
class World:
    """What usage is rated with: billing rules by party, prices by GPU, rates by currency.

    `disks` are the prices that disks are compared with.
    """

    rules: Mapping[str, Sequence[Rule]]
    compared_party: str
    prices: Mapping[str, Sequence[Price]]
    currency: str = "USD"
    exchange: Mapping[str, Sequence[Price]] = field(default_factory=dict)
    disks: Sequence[Price] = ()

    def known_at(self, as_of: Fraction) -> "World":
        """Return what of it was known at an instant (R-ASOF)."""
        rules = {
            party: [one for one in held if one.known <= as_of] for party, held in self.rules.items()
        }

        def known(listed: Iterable[Price]) -> list[Price]:
            return [one for one in listed if one.known <= as_of]

        return replace(
            self,
            rules=rules,
            prices={gpu: known(listed) for gpu, listed in self.prices.items()},
            exchange={currency: known(rates) for currency, rates in self.exchange.items()},
            disks=known(self.disks),
        )

    def rule(self, party: str, at: Fraction) -> Rule:
        """Return the rule in effect (R-PRICE); by the second where none is known."""
        begun = [rule for rule in self.rules.get(party, ()) if rule.since <= at]
        by_the_second = Rule(at, 0, 1, rounds_up=True)
        return max(begun, key=lambda rule: (rule.since, rule.known), default=by_the_second)

    def price(self, gpu: str, at: Fraction) -> Fraction | None:
        """Return the price of one GPU in effect (R-PRICE), None without one (R-UNPRICED)."""
        found = in_effect(self.prices.get(gpu, ()), at)
        return None if found is None else found.amount

    def worth(self, currency: str, at: Fraction) -> Fraction | None:
        """R-FX: return what a unit of a currency is worth, None where nobody has said so."""
        if currency == self.currency:
            return Fraction(1)
        found = in_effect(self.exchange.get(currency, ()), at)
        return None if found is None else found.amount

    def cuts(self, currency: str) -> set[Fraction]:
        """Return the instants at which a currency may change its worth."""
        return {rate.since for rate in self.exchange.get(currency, ())}


@dataclass(frozen=True)
class Figures:
    """What usage comes to. Times in seconds, of instances and of their GPUs; money exact."""

    used: Fraction = Fraction(0)
    billed_actual: Fraction = Fraction(0)
    billed_comparison: Fraction = Fraction(0)
    unpriced: Fraction = Fraction(0)
    gpu_used: Fraction = Fraction(0)
    gpu_unpriced: Fraction = Fraction(0)
    actual: Fraction = Fraction(0)
    comparable: Fraction = Fraction(0)
    comparison: Fraction = Fraction(0)

    def plus(self, other: "Figures") -> "Figures":
        """Return the sum of both."""
        mine, theirs = vars(self), vars(other)
        return Figures(**{name: mine[name] + theirs[name] for name in mine})


@dataclass
class Run:
    """One stretch in one shape; `rates` are (since, rate) in the order reported."""

    instance: str
    begins: Fraction
    ends: Fraction | None
    provider: str
    gpu: str
    gpu_count: int
    currency: str
    rates: list[tuple[Fraction, Fraction]]
    is_open_session: bool = False


@dataclass(frozen=True)
class Disk:
    """What an instance keeps from `begins` on, at what it pays for it then: on, or off."""

    instance: str
    begins: Fraction
    ends: Fraction
    currency: str
    gb: Fraction
    rate: Fraction | None
    hours_per_month: int | None


_DISK = ("disk_gb", "disk_rate_running", "disk_rate_stopped", "disk_hours_per_month")


@dataclass
class _Machine:
    """The state of one instance while its reports are replayed.

    `disk` is what is known of its disk, `disks` what it kept from when on, None for no disk.
    """

    instance: str
    is_on: bool = False
    is_gone: bool = False
    known: Report | None = None
    runs: list[Run] = field(default_factory=list)
    session: list[Run] = field(default_factory=list)
    disk: dict[str, Any] = field(default_factory=dict)
    disks: list[tuple[Fraction, Disk | None]] = field(default_factory=list)

    def keep(self, at: Fraction, until: Fraction) -> None:
        """R-DISK: note what is kept once everything reported of an instant is applied."""
        gb, of = self.disk.get("disk_gb"), self.known
        rate = self.disk.get("disk_rate_running" if self.is_on else "disk_rate_stopped")
        kept = None
        if of is not None and gb is not None and not self.is_gone:
            hours = self.disk.get("disk_hours_per_month")
            kept = Disk(self.instance, at, until, of.currency, gb, rate, hours)
        self.disks.append((at, kept))

    def can(self, report: Report) -> bool:
        """Say whether a report is a legal transition now."""
        if report.type == "start":
            return not self.is_on
        if report.type == "resume":
            return not self.is_on and self.known is not None
        if report.type == "terminate":  # Of what is off it ends the instance, and costs nothing.
            return self.known is not None and not self.is_gone
        # What is off may be seen, too; it is in turn then, which matters where it tells of a disk.
        return self.is_on or report.type == "seen"

    def take(self, report: Report) -> None:
        """R-STATE: apply a report; one that says nothing new changes nothing."""
        said = {name: getattr(report, name) for name in _DISK}
        self.disk |= {name: value for name, value in said.items() if value is not None}
        self.change(report)
        if self.is_gone:
            self.disk = {}

    def change(self, report: Report) -> None:
        """Apply what a report says of the instance's state, size and rate."""
        if report.type in OPENING and self.can(report):
            self.open(report)
        elif report.type in CLOSING and self.can(report):
            if self.is_on:
                self.runs[-1].ends = report.time
            self.is_on = False
            self.is_gone = report.type == "terminate"
        elif report.type == "resize":
            self.resize(report)
        elif report.type == "price_change":
            self.reprice(report)

    def open(self, report: Report) -> None:
        """Begin a session: of what a start says, or of what is known to be rented."""
        if report.type == "start":
            self.known = report
        self.is_on = True
        self.is_gone = False
        self.session = []
        self.begin_run(report.time)

    def resize(self, report: Report) -> None:
        """End the run and begin another, unless size and rate are those already held."""
        if self.known is None:
            return
        if (report.gpu_count, report.rate) == (self.known.gpu_count, self.known.rate):
            return
        self.known = replace(self.known, gpu_count=report.gpu_count, rate=report.rate)
        if self.is_on:
            self.runs[-1].ends = report.time
            self.begin_run(report.time)

    def reprice(self, report: Report) -> None:
        """Let a new rate hold from now on, in the same run."""
        if self.known is None:
            return
        self.known = replace(self.known, rate=report.rate)
        if self.is_on:
            self.runs[-1].rates.append((report.time, report.rate))

    def begin_run(self, at: Fraction) -> None:
        """Begin a run of what is known to be rented."""
        if self.known is None:
            return
        of = self.known
        rates = [(at, of.rate)]
        run = Run(self.instance, at, None, of.provider, of.gpu, of.gpu_count, of.currency, rates)
        self.runs.append(run)
        self.session.append(run)


def heard_once(reports: Iterable[Report]) -> list[Report]:
    """R-DEDUP: of one key the first received stays."""
    first: dict[tuple[str, str], Report] = {}
    for report in reports:
        first.setdefault((report.source, report.id), report)
    return list(first.values())


def not_voided(reports: Iterable[Report]) -> list[Report]:
    """R-VOID, where no void names itself by way of others: a voided void voids nothing."""
    held = list(reports)
    voids = [report for report in held if report.type == "void"]

    def is_removed(report: Report) -> bool:
        return any(
            void.void_of == report.id and void.source == report.source and not is_removed(void)
            for void in voids
        )

    return [report for report in held if report.type != "void" and not is_removed(report)]


def runs_of(reports: Iterable[Report], now: Fraction) -> list[Run]:
    """Replay reports up to `now` into runs; runs of open sessions are marked (R-STATE, R-TIE)."""
    return [run for machine in _replayed(reports, now) for run in machine.runs]


def disks_of(machine: _Machine) -> Iterator[Disk]:
    """Return what an instance kept from one report to the next, and to now."""
    for (_, kept), (ends, _) in pairwise([*machine.disks, (None, None)]):
        if kept is not None:
            yield kept if ends is None else replace(kept, ends=ends)


def _replayed(reports: Iterable[Report], now: Fraction) -> list[_Machine]:
    machines: dict[str, _Machine] = {}
    simultaneous: dict[tuple[Fraction, str], list[Report]] = {}
    for report in not_voided(heard_once(reports)):
        if report.time <= now:
            simultaneous.setdefault((report.time, report.instance), []).append(report)
    for (at, instance), waiting in sorted(simultaneous.items(), key=lambda one: one[0]):
        machine = machines.setdefault(instance, _Machine(instance))
        waiting.sort(key=lambda r: (TIE_ORDER.index(r.type), r.source, r.id))
        while waiting:
            legal = [report for report in waiting if machine.can(report)]
            chosen = (legal or waiting)[0]
            waiting.remove(chosen)
            machine.take(chosen)
        machine.keep(at, now)
    for machine in machines.values():
        for run in machine.session if machine.is_on else ():
            run.is_open_session = True
    return list(machines.values())


@dataclass(frozen=True)
class Piece:
    """A stretch of a run or a disk in which nothing changes, and what it comes to, all told."""

    instance: str
    is_open_session: bool
    begins: Fraction
    ends: Fraction
    figures: Figures


def pieces_of(
    run: Run, world: World, now: Fraction, borders: Iterable[Fraction] = ()
) -> Iterator[Piece]:
    """Cut a run where anything changes and at the borders; an open one ends now (R-OPEN)."""
    end = now if run.ends is None else run.ends
    used = end - run.begins
    if used == 0:
        return
    billed = (
        world.rule(run.provider, run.begins).billed(used),
        world.rule(world.compared_party, run.begins).billed(used),
    )
    cuts = {run.begins, end, *borders}
    cuts |= {since for since, _ in run.rates}
    cuts |= {price.since for price in world.prices.get(run.gpu, ())} | world.cuts(run.currency)
    cuts |= {run.begins + whole for whole in billed}
    for left, right in pairwise(sorted(cut for cut in cuts if run.begins <= cut <= end)):
        # R-PAD: what is added is booked at the last used instant.
        paid, compared = (
            (right - left if right <= run.begins + whole else Fraction(0))
            + (max(Fraction(0), whole - used) if right == end else 0)
            for whole in billed
        )
        found = _piece(run, world, (left, right), paid, compared)
        yield Piece(run.instance, run.is_open_session, left, right, found)


def _piece(
    run: Run, world: World, at: tuple[Fraction, Fraction], paid: Fraction, compared: Fraction
) -> Figures:
    """Return what `paid` and `compared` seconds of a stretch come to."""
    begins, ends = at
    length = ends - begins
    gpu_length = length * run.gpu_count
    price = world.price(run.gpu, begins)
    used = Figures(used=length, gpu_used=gpu_length)
    worth = world.worth(run.currency, begins)
    if worth is None:
        return replace(used, unpriced=length, gpu_unpriced=gpu_length)
    used = replace(used, billed_actual=paid)
    amount = [rate for since, rate in run.rates if since <= begins][-1] * worth * paid / 3600
    if price is None:
        return replace(used, unpriced=length, gpu_unpriced=gpu_length, actual=amount)
    return replace(
        used,
        billed_comparison=compared,
        actual=amount,
        comparable=amount,
        comparison=price * run.gpu_count * compared / 3600,
    )


def disk_pieces(disk: Disk, world: World, borders: Iterable[Fraction] = ()) -> Iterator[Piece]:
    """Cut what was kept where anything changes and at the borders: money without use."""
    cuts = {disk.begins, disk.ends, *borders, *world.cuts(disk.currency)}
    cuts |= {price.since for price in world.disks}
    for left, right in pairwise(sorted(cut for cut in cuts if disk.begins <= cut <= disk.ends)):
        worth, price = world.worth(disk.currency, left), in_effect(world.disks, left)
        found = Figures()
        if worth is not None and disk.rate is not None and disk.hours_per_month is not None:
            gb_hours = disk.gb * (right - left) / 3600
            paid = gb_hours * disk.rate * worth / disk.hours_per_month
            found = replace(found, actual=paid)
            if price is not None and price.amount is not None:
                compared = gb_hours * price.amount / price.hours_per_month
                found = replace(found, comparable=paid, comparison=compared)
        yield Piece(disk.instance, is_open_session=False, begins=left, ends=right, figures=found)


def added(parts: Iterable[Figures]) -> Figures:
    """Return the sum of figures."""
    total = Figures()
    for part in parts:
        total = total.plus(part)
    return total


def pieces(
    reports: Iterable[Report],
    world: World,
    now: Fraction,
    borders: Iterable[Fraction] = (),
    as_of: Fraction | None = None,
) -> list[Piece]:
    """Return all usage in pieces, as it stands at `now` and was known at `as_of` (R-ASOF)."""
    cuts = tuple(borders)
    if as_of is not None:
        reports = [report for report in reports if report.received <= as_of]
        world = world.known_at(as_of)
    held: list[Piece] = []
    for machine in _replayed(reports, now):
        for run in machine.runs:
            held += pieces_of(run, world, now, cuts)
        for disk in disks_of(machine):
            held += disk_pieces(disk, world, cuts)
    return held


def figures(
    reports: Iterable[Report],
    world: World,
    now: Fraction,
    begins: Fraction | None = None,
    ends: Fraction | None = None,
    *,
    only_open_sessions: bool = False,
    as_of: Fraction | None = None,
) -> Figures:
    """Return what all usage comes to inside `[begins, ends)`, as it stands at `now`."""
    window = [edge for edge in (begins, ends) if edge is not None]
    return added(
        piece.figures
        for piece in pieces(reports, world, now, window, as_of)
        if (piece.is_open_session or not only_open_sessions)
        and (begins is None or piece.begins >= begins)
        and (ends is None or piece.ends <= ends)
    )


def day_starts(zone: ZoneInfo, first: date, last: date) -> dict[date, int]:
    """Return the first second of each local day, found by looking at the zone's clock (R-DAY).

    A day that the zone skipped begins where the next one does.
    """

    def shown(at: int) -> date:
        return datetime.fromtimestamp(at, zone).date()

    # Zones lie within 26 hours of each other; all days there are have at least 18 hours.
    at = int(datetime.combine(first, time(), UTC).timestamp()) - 26 * 3600
    newest = shown(at)
    starts: dict[date, int] = {}
    while newest < last:
        if shown(at + 18 * 3600) <= newest:
            at += 18 * 3600
        # Midnights and jumps lie on quarters of an hour; if one does not, it is found here, too.
        while shown(at) <= newest:
            at += 900
        begins = at
        if shown(at - 1) > newest:
            begins = next(second for second in range(at - 899, at) if shown(second) > newest)
        while newest < shown(at):
            newest += timedelta(days=1)
            starts[newest] = begins
    return {day: begins for day, begins in starts.items() if first <= day <= last}


def by_day(held: Iterable[Piece], starts: Mapping[date, int]) -> dict[date, Figures]:
    """Return what pieces that were cut where days begin come to, on each day with use."""
    days = sorted((begins, day) for day, begins in starts.items())
    borders = [begins for begins, _ in days]
    found: dict[date, Figures] = {}
    for piece in held:
        _, day = days[bisect_right(borders, piece.begins) - 1]
        found[day] = found.get(day, Figures()).plus(piece.figures)
    return found
