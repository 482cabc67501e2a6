"""Equivalence: which machine a provider would have rented for the same GPUs, and how alike it is.

The best grade wins, then the price (DESIGN.md, section 4). Where nothing is alike enough the
answer is None: there is no default and no match by similar name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

from dumont_economy.money import amount_text, exact_text
from dumont_economy.pricing.gpu_model import GpuModel
from dumont_economy.pricing.matching_rules import MatchingRules
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.rate import Rate
from dumont_economy.pricing.reason import Reason, RejectionCode, because

_SHOWN_RATIO_PLACES = 2


class Grade(StrEnum):
    """How alike the compared machine is; R is a row of the reference rate card."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    N = "N"
    R = "R"


class Reach(StrEnum):
    """How the compared machines come to the number of GPUs."""

    WHOLE = "whole"
    SEVERAL_MACHINES = "several_machines"
    SHARE = "share"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Ratios:
    """What the compared GPU has, as a multiple of the original; None where a figure is unknown."""

    memory: Fraction
    fp16: Fraction | None
    bandwidth: Fraction | None


@dataclass(frozen=True, slots=True)
class Equivalent:
    """One way to get the same GPUs elsewhere, priced. USD per hour for all `gpu_count` GPUs.

    The count is the one reported: where slices of a GPU were, it is that of the slices.
    `is_counted` is False for a substitute that the policy shows, but keeps out of totals.
    `machines` is how many machines the price stands for, a fraction below 1 for a share.
    `smallest_instance_usd_per_hour` is the least that must really be rented to have the GPUs, and
    `smallest_instance_type` the machine, or the equal machines, that cost so much.
    """

    grade: Grade
    reach: Reach
    gpu_model: str
    gpu_count: int
    machines: Fraction
    usd_per_hour: Fraction
    smallest_instance_usd_per_hour: Fraction | None
    ratios: Ratios | None
    rate: Rate | None
    source: str
    is_counted: bool = True
    smallest_instance_type: str | None = None

    @property
    def usd_per_gpu_hour(self) -> Fraction:
        """Return the price of one of the GPUs, or of one of the slices."""
        return self.usd_per_hour / self.gpu_count


@dataclass(frozen=True, slots=True)
class GpuDemand:
    """What has to be matched: GPUs of one model, or equal slices of it, on a CPU architecture.

    `fraction` is how much of a GPU each of the `count` is: 1, or below 1 for a slice.
    """

    model: GpuModel
    count: int
    cpu_architecture: str
    fraction: Fraction = Fraction(1)

    @property
    def gpus(self) -> int | Fraction:
        """Return how many GPUs that is; three slices of a seventh are 3/7 of one."""
        whole = self.fraction == 1
        return self.count if whole else self.count * self.fraction


def find_equivalent(
    demand: GpuDemand,
    rates: Iterable[Rate],
    models: Mapping[str, GpuModel],
    rules: MatchingRules,
    *,
    basis: Basis,
    substitutes: Substitutes,
    discount: Fraction = Fraction(0),
) -> Equivalent | None:
    """Return the best of `rank_equivalents`, or None where nothing compares."""
    candidates = _candidates(demand, rates, models, rules, substitutes, discount)
    best = min(_ways(candidates, demand, basis), key=_sort_key, default=None)
    return None if best is None else _priced(best, demand, candidates, models, substitutes)


def rank_equivalents(
    demand: GpuDemand,
    rates: Iterable[Rate],
    models: Mapping[str, GpuModel],
    rules: MatchingRules,
    *,
    basis: Basis,
    substitutes: Substitutes,
    discount: Fraction = Fraction(0),
) -> list[Equivalent]:
    """Return every way to get the demanded GPUs from rates of one provider and region, best first.

    `rates` are those on offer at one instant; slices of a GPU and machines of another CPU
    architecture among them are no candidates. `discount` is the share taken off list prices.
    """
    candidates = _candidates(demand, rates, models, rules, substitutes, discount)
    ranked = sorted(_ways(candidates, demand, basis), key=_sort_key)
    return [_priced(one, demand, candidates, models, substitutes) for one in ranked]


def why_not_alike(wanted: GpuModel, offered: GpuModel, rules: MatchingRules) -> Reason | None:
    """Return why a GPU is not compared with another; None where it is alike enough."""
    if offered.name == wanted.name:
        return None
    if offered.vendor != wanted.vendor:
        return because(RejectionCode.OTHER_VENDOR, offered=offered.vendor, wanted=wanted.vendor)
    lacking = _lacking(wanted, offered, rules)
    return None if lacking is None else lacking.shortfall(wanted, offered, rules)


def _candidates(
    demand: GpuDemand,
    rates: Iterable[Rate],
    models: Mapping[str, GpuModel],
    rules: MatchingRules,
    substitutes: Substitutes,
    discount: Fraction,
) -> "list[_Candidate]":
    share = 1 - discount
    likeness_of: dict[str, Grade | None] = {}
    candidates = []
    for rate in rates:
        sku = rate.sku
        whole = sku.whole_gpus
        if not whole or sku.cpu_architecture != demand.cpu_architecture:
            continue
        if sku.gpu_model not in likeness_of:
            offered = models.get(sku.gpu_model)
            known = None if offered is None else _likeness(demand.model, offered, rules)
            likeness_of[sku.gpu_model] = known
        likeness = likeness_of[sku.gpu_model]
        if likeness is None or (likeness is Grade.D and substitutes is Substitutes.EXCLUDE):
            continue
        price = Fraction(rate.usd_per_instance_hour)
        candidates.append(_Candidate(rate, whole, likeness, price if share == 1 else price * share))
    return candidates


def _ways(candidates: "list[_Candidate]", demand: GpuDemand, basis: Basis) -> "list[_Ranked]":
    reaching, gpus = _REACHING[basis], demand.gpus
    found = [
        _Ranked(rank, candidate, machines, reach)
        for candidate in candidates
        for rank, machines, reach in reaching(candidate, gpus)
    ]
    return _without_needless_machines(found) if basis is Basis.SMALLEST_INSTANCE else found


@dataclass(frozen=True, slots=True)
class _Candidate:
    rate: Rate
    gpus: int
    likeness: Grade
    usd_per_machine_hour: Fraction


@dataclass(frozen=True, slots=True)
class _Ranked:
    rank: tuple[Grade, int]
    candidate: _Candidate
    machines: Fraction
    reach: Reach


def _sort_key(ranked: _Ranked) -> tuple[Grade, int, Fraction, Fraction, str]:
    """Best grade, then the way there, then price, fewer machines, and the SKU's name."""
    candidate = ranked.candidate
    price = ranked.machines * candidate.usd_per_machine_hour
    return (*ranked.rank, price, ranked.machines, candidate.rate.sku.instance_type)


@dataclass(frozen=True, slots=True)
class _Figure:
    """One figure of a GPU, and how much of the original's the rules ask for."""

    too_little: RejectionCode
    unknown: RejectionCode
    original_unknown: RejectionCode
    of: Callable[[GpuModel], Decimal | None]
    least_ratio: Callable[[MatchingRules], Fraction]

    def is_enough(self, wanted: GpuModel, offered: GpuModel, rules: MatchingRules) -> bool:
        """Say whether the offered GPU has enough of it; of what is not known, nobody has."""
        ours, theirs, least = self.of(wanted), self.of(offered), self.least_ratio(rules)
        if ours is None or theirs is None:
            return False
        return theirs * least.denominator >= ours * least.numerator

    def shortfall(self, wanted: GpuModel, offered: GpuModel, rules: MatchingRules) -> Reason:
        """Return what is lacking."""
        ours, theirs = self.of(wanted), self.of(offered)
        if theirs is None:
            return because(self.unknown)
        if ours is None:
            return because(self.original_unknown)
        return because(
            self.too_little,
            offered=exact_text(theirs),
            wanted=exact_text(ours),
            ratio=_too_little(Fraction(theirs) / Fraction(ours), self.least_ratio(rules)),
            least=amount_text(self.least_ratio(rules), _SHOWN_RATIO_PLACES),
        )


def _too_little(ratio: Fraction, least: Fraction) -> str:
    """Return a ratio as it is shown; none that is too little is rounded to what would be enough."""
    shown = round(ratio, _SHOWN_RATIO_PLACES)
    below = Fraction(floor(ratio * 10**_SHOWN_RATIO_PLACES), 10**_SHOWN_RATIO_PLACES)
    return amount_text(below if shown >= least else ratio, _SHOWN_RATIO_PLACES)


# There is no GPU model whose memory is not known.
_MEMORY = _Figure(
    RejectionCode.TOO_LITTLE_MEMORY,
    RejectionCode.FIGURES_UNKNOWN,
    RejectionCode.FIGURES_UNKNOWN,
    lambda model: model.memory_gib,
    lambda rules: rules.min_memory_ratio,
)
_THROUGHPUT = _Figure(
    RejectionCode.TOO_LITTLE_FP16,
    RejectionCode.FP16_UNKNOWN,
    RejectionCode.ORIGINAL_FP16_UNKNOWN,
    lambda model: model.fp16_dense_tflops,
    lambda rules: rules.min_fp16_ratio,
)
_BANDWIDTH = _Figure(
    RejectionCode.TOO_LITTLE_BANDWIDTH,
    RejectionCode.BANDWIDTH_UNKNOWN,
    RejectionCode.ORIGINAL_BANDWIDTH_UNKNOWN,
    lambda model: model.memory_bandwidth_gbps,
    lambda rules: rules.min_bandwidth_ratio,
)


def _likeness(wanted: GpuModel, offered: GpuModel, rules: MatchingRules) -> Grade | None:
    """Grade the chip alone: A the very model, C its chip otherwise, D a substitute."""
    if offered.name == wanted.name:
        return Grade.A
    if offered.vendor != wanted.vendor or _lacking(wanted, offered, rules) is not None:
        return None
    return Grade.C if offered.chip == wanted.chip else Grade.D


def _lacking(wanted: GpuModel, offered: GpuModel, rules: MatchingRules) -> _Figure | None:
    """Return the first figure that falls short; of the same chip only its memory is asked."""
    asked = (_MEMORY,) if offered.chip == wanted.chip else (_MEMORY, _THROUGHPUT, _BANDWIDTH)
    return next((one for one in asked if not one.is_enough(wanted, offered, rules)), None)


def _ratios(wanted: GpuModel, offered: GpuModel) -> Ratios:
    def ratio(ours: Decimal | None, theirs: Decimal | None) -> Fraction | None:
        return None if ours is None or theirs is None else Fraction(theirs) / Fraction(ours)

    return Ratios(
        memory=Fraction(offered.memory_gib) / Fraction(wanted.memory_gib),
        fp16=ratio(wanted.fp16_dense_tflops, offered.fp16_dense_tflops),
        bandwidth=ratio(wanted.memory_bandwidth_gbps, offered.memory_bandwidth_gbps),
    )


_Way = tuple[tuple[Grade, int], Fraction, Reach]


def _reach_per_gpu(candidate: _Candidate, count: int | Fraction) -> list[_Way]:
    """Exactly `count` GPUs: one machine, else several equal ones, else a share of a bigger one.

    For the very model (A, B) one machine goes before several, whatever they cost; among other
    models the cheaper of the two wins. A share comes last everywhere.
    """
    gpus, likeness = candidate.gpus, candidate.likeness
    if gpus == count:
        return [((likeness, 0), Fraction(1), Reach.WHOLE)]
    grade = Grade.B if likeness is Grade.A else likeness
    if gpus < count and count % gpus == 0:
        return [((grade, 0), Fraction(count // gpus), Reach.SEVERAL_MACHINES)]
    if gpus > count:
        return [((grade, 1), Fraction(count) / gpus, Reach.SHARE)]
    return []


def _reach_smallest_instance(candidate: _Candidate, count: int | Fraction) -> list[_Way]:
    """At least `count` GPUs in one whole machine; where none is that big, whole equal machines."""
    gpus, likeness = candidate.gpus, candidate.likeness
    grade = Grade.B if likeness is Grade.A and gpus != count else likeness
    if gpus >= count:
        return [((grade, 0), Fraction(1), Reach.WHOLE)]
    return [((grade, 1), Fraction(-(-count // gpus)), Reach.SEVERAL_MACHINES)]


_REACHING: dict[Basis, Callable[[_Candidate, int | Fraction], list[_Way]]] = {
    Basis.PER_GPU: _reach_per_gpu,
    Basis.SMALLEST_INSTANCE: _reach_smallest_instance,
}


def _without_needless_machines(found: list[_Ranked]) -> list[_Ranked]:
    """Drop several machines of a likeness for which one machine is big enough: it is not packed."""
    likenesses_in_one = {r.candidate.likeness for r in found if r.reach is Reach.WHOLE}
    return [
        r for r in found if r.reach is Reach.WHOLE or r.candidate.likeness not in likenesses_in_one
    ]


def _priced(
    ranked: _Ranked,
    demand: GpuDemand,
    candidates: list[_Candidate],
    models: Mapping[str, GpuModel],
    substitutes: Substitutes,
) -> Equivalent:
    candidate = ranked.candidate
    grade = ranked.rank[0]
    sku = candidate.rate.sku
    model = models[sku.gpu_model]
    smallest_price, smallest_type = _smallest_instance(sku.gpu_model, demand.gpus, candidates)
    return Equivalent(
        grade=grade,
        reach=ranked.reach,
        gpu_model=sku.gpu_model,
        gpu_count=demand.count,
        machines=ranked.machines,
        usd_per_hour=ranked.machines * candidate.usd_per_machine_hour,
        smallest_instance_usd_per_hour=smallest_price,
        smallest_instance_type=smallest_type,
        ratios=None if model.name == demand.model.name else _ratios(demand.model, model),
        rate=candidate.rate,
        source=candidate.rate.source,
        is_counted=grade is not Grade.D or substitutes is Substitutes.COUNT,
    )


def _smallest_instance(
    gpu_model: str, count: int | Fraction, candidates: list[_Candidate]
) -> tuple[Fraction, str]:
    """Return the least whole price of having `count` GPUs of a model, USD per hour, and the type.

    One machine that is big enough goes before several equal ones. The model is a candidate's.
    """
    same = [c for c in candidates if c.rate.sku.gpu_model == gpu_model]
    fitting = [c for c in same if c.gpus >= count] or same
    return min(
        (-(-count // c.gpus) * c.usd_per_machine_hour, c.rate.sku.instance_type) for c in fitting
    )
