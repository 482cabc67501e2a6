"""An independent model of the rating rules (RATING.md, section 1).

Plain fractions of seconds and money, from the standard library alone: nothing here comes from the
product, so that the two can disagree. It favours the letter of the rules over speed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise

OPENING = ("start", "resume")
CLOSING = ("stop", "hibernate", "terminate")
TIE_ORDER = ("price_change", "resize", "idle", "busy", "seen", *CLOSING, *OPENING)


@dataclass(frozen=True)
class Report:
    """A usage event; `time` in POSIX seconds, `rate` per instance-hour."""

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


@dataclass(frozen=True)
class Rule:
    """How a party bills from `since` on. Times in seconds."""

    since: Fraction
    minimum: int
    increment: int
    rounds_up: bool

    def billed(self, used: Fraction) -> Fraction:
        """R-BILLED."""
        if used == 0:
            return Fraction(0)
        steps = used / self.increment
        whole = -(-steps // 1) if self.rounds_up else steps // 1
        return max(Fraction(self.minimum), Fraction(whole * self.increment))


@dataclass(frozen=True)
class World:
    """What usage is rated with: prices per GPU-hour by GPU, from when on; None ends a price."""

    rules: Mapping[str, Sequence[Rule]]
    compared_party: str
    prices: Mapping[str, Sequence[tuple[Fraction, Fraction | None]]]
    currency: str = "USD"

    def rule(self, party: str, at: Fraction) -> Rule:
        """Return the rule in effect; by the second where none is known."""
        known = [rule for rule in self.rules.get(party, ()) if rule.since <= at]
        return max(known, key=lambda rule: rule.since, default=Rule(at, 0, 1, rounds_up=True))

    def price(self, gpu: str, at: Fraction) -> Fraction | None:
        """Return the price of one GPU in effect, None where there is none (R-UNPRICED)."""
        begun = [entry for entry in self.prices.get(gpu, ()) if entry[0] <= at]
        return max(begun, key=lambda entry: entry[0])[1] if begun else None


@dataclass(frozen=True)
class Figures:
    """What usage comes to. Times in seconds, money exact."""

    used: Fraction = Fraction(0)
    billed_actual: Fraction = Fraction(0)
    billed_comparison: Fraction = Fraction(0)
    unpriced: Fraction = Fraction(0)
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

    begins: Fraction
    ends: Fraction | None
    provider: str
    gpu: str
    gpu_count: int
    currency: str
    rates: list[tuple[Fraction, Fraction]]
    is_open_session: bool = False


@dataclass
class _Machine:
    """The state of one instance while its reports are replayed."""

    is_on: bool = False
    known: Report | None = None
    runs: list[Run] = field(default_factory=list)
    session: list[Run] = field(default_factory=list)

    def can(self, report: Report) -> bool:
        """Say whether a report is a legal transition now."""
        if report.type == "start":
            return not self.is_on
        if report.type == "resume":
            return not self.is_on and self.known is not None
        return self.is_on

    def take(self, report: Report) -> None:
        """R-STATE: apply a report; one that says nothing new changes nothing."""
        if report.type in OPENING and self.can(report):
            self.open(report)
        elif report.type in CLOSING and self.is_on:
            self.runs[-1].ends = report.time
            self.is_on = False
        elif report.type == "resize":
            self.resize(report)
        elif report.type == "price_change":
            self.reprice(report)

    def open(self, report: Report) -> None:
        """Begin a session: of what a start says, or of what is known to be rented."""
        if report.type == "start":
            self.known = report
        self.is_on = True
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
        run = Run(at, None, of.provider, of.gpu, of.gpu_count, of.currency, rates)
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
    machines: dict[str, _Machine] = {}
    happened = [report for report in not_voided(heard_once(reports)) if report.time <= now]
    for instance, time in sorted({(report.instance, report.time) for report in happened}):
        machine = machines.setdefault(instance, _Machine())
        waiting = [r for r in happened if r.instance == instance and r.time == time]
        waiting.sort(key=lambda r: (TIE_ORDER.index(r.type), r.source, r.id))
        while waiting:
            legal = [report for report in waiting if machine.can(report)]
            chosen = (legal or waiting)[0]
            waiting.remove(chosen)
            machine.take(chosen)
    for machine in machines.values():
        for run in machine.session if machine.is_on else ():
            run.is_open_session = True
    return [run for machine in machines.values() for run in machine.runs]


def rated(
    run: Run,
    world: World,
    now: Fraction,
    begins: Fraction | None = None,
    ends: Fraction | None = None,
) -> Figures:
    """Rate the part of a run inside `[begins, ends)`, an open one as if it ended now (R-OPEN)."""
    end = now if run.ends is None else run.ends
    used = end - run.begins
    if used == 0:
        return Figures()
    actual_billed = world.rule(run.provider, run.begins).billed(used)
    comparison_billed = world.rule(world.compared_party, run.begins).billed(used)
    cuts = {run.begins, end}
    cuts |= {since for since, _ in run.rates}
    cuts |= {since for since, _ in world.prices.get(run.gpu, ())}
    cuts |= {run.begins + actual_billed, run.begins + comparison_billed}
    cuts |= {edge for edge in (begins, ends) if edge is not None}
    borders = sorted(cut for cut in cuts if run.begins <= cut <= end)
    total = Figures()
    for left, right in pairwise(borders):
        if (begins is not None and left < begins) or (ends is not None and right > ends):
            continue

        def billed(whole: Fraction, left: Fraction = left, right: Fraction = right) -> Fraction:
            inside = right - left if right <= run.begins + whole else Fraction(0)
            # R-PAD: what is added is booked at the last used instant.
            return inside + (max(Fraction(0), whole - used) if right == end else 0)

        paid_seconds, compared_seconds = billed(actual_billed), billed(comparison_billed)
        length = right - left
        price = world.price(run.gpu, left)
        if run.currency != world.currency:
            total = total.plus(Figures(used=length, unpriced=length, billed_actual=paid_seconds))
            continue
        paid = [rate for since, rate in run.rates if since <= left][-1] * paid_seconds / 3600
        if price is None:
            total = total.plus(
                Figures(used=length, unpriced=length, billed_actual=paid_seconds, actual=paid)
            )
            continue
        total = total.plus(
            Figures(
                used=length,
                billed_actual=paid_seconds,
                billed_comparison=compared_seconds,
                actual=paid,
                comparable=paid,
                comparison=price * run.gpu_count * compared_seconds / 3600,
            )
        )
    return total


def figures(
    reports: Iterable[Report],
    world: World,
    now: Fraction,
    begins: Fraction | None = None,
    ends: Fraction | None = None,
    *,
    only_open_sessions: bool = False,
) -> Figures:
    """Return what all usage comes to inside `[begins, ends)`, as it stands at `now`."""
    total = Figures()
    for run in runs_of(reports, now):
        if run.is_open_session or not only_open_sessions:
            total = total.plus(rated(run, world, now, begins, ends))
    return total
