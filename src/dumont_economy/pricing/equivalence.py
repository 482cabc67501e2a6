"""Equivalence: which machine a provider would have rented for the same GPUs, and how alike it is.

The best grade wins, then the price (DESIGN.md, section 4). Where nothing is alike enough the
answer is None: there is no default and no match by similar name.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from dumont_economy.pricing.gpu_model import GpuModel
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.rate import Rate

MATCHING_RULES_VERSION = 1

_MIN_FP16_RATIO = Fraction(1, 2)
_MIN_BANDWIDTH_RATIO = Fraction(1, 2)


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

    `is_counted` is False for a substitute that the policy shows, but keeps out of totals.
    `machines` is how many machines the price stands for, a fraction below 1 for a share.
    `smallest_instance_usd_per_hour` is the least that must really be rented to have the GPUs.
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

    @property
    def usd_per_gpu_hour(self) -> Fraction:
        """Return the price of one of the GPUs."""
        return self.usd_per_hour / self.gpu_count


@dataclass(frozen=True, slots=True)
class GpuDemand:
    """What has to be matched: whole GPUs of one model, on a CPU architecture."""

    model: GpuModel
    count: int
    cpu_architecture: str


def find_equivalent(
    demand: GpuDemand,
    rates: Iterable[Rate],
    models: Mapping[str, GpuModel],
    *,
    basis: Basis,
    substitutes: Substitutes,
    discount: Fraction = Fraction(0),
) -> Equivalent | None:
    """Return the best of `rank_equivalents`, or None where nothing compares."""
    candidates = _candidates(demand, rates, models, substitutes, discount)
    best = min(_ways(candidates, demand, basis), key=_sort_key, default=None)
    return None if best is None else _priced(best, demand, candidates, models, substitutes)


def rank_equivalents(
    demand: GpuDemand,
    rates: Iterable[Rate],
    models: Mapping[str, GpuModel],
    *,
    basis: Basis,
    substitutes: Substitutes,
    discount: Fraction = Fraction(0),
) -> list[Equivalent]:
    """Return every way to get the demanded GPUs from rates of one provider and region, best first.

    `rates` are those on offer at one instant; slices of a GPU and machines of another CPU
    architecture among them are no candidates. `discount` is the share taken off list prices.
    """
    candidates = _candidates(demand, rates, models, substitutes, discount)
    ranked = sorted(_ways(candidates, demand, basis), key=_sort_key)
    return [_priced(one, demand, candidates, models, substitutes) for one in ranked]


def _candidates(
    demand: GpuDemand,
    rates: Iterable[Rate],
    models: Mapping[str, GpuModel],
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
            known = None if offered is None else _likeness(demand.model, offered)
            likeness_of[sku.gpu_model] = known
        likeness = likeness_of[sku.gpu_model]
        if likeness is None or (likeness is Grade.D and substitutes is Substitutes.EXCLUDE):
            continue
        price = Fraction(rate.usd_per_instance_hour)
        candidates.append(_Candidate(rate, whole, likeness, price if share == 1 else price * share))
    return candidates


def _ways(candidates: "list[_Candidate]", demand: GpuDemand, basis: Basis) -> "list[_Ranked]":
    reaching = _REACHING[basis]
    found = [
        _Ranked(rank, candidate, machines, reach)
        for candidate in candidates
        for rank, machines, reach in reaching(candidate, demand.count)
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


def _likeness(wanted: GpuModel, offered: GpuModel) -> Grade | None:
    """Grade the chip alone: A the very model, C its chip otherwise, D a substitute."""
    if offered.name == wanted.name:
        return Grade.A
    if offered.memory_gib < wanted.memory_gib:
        return None
    if offered.chip == wanted.chip:
        return Grade.C
    ratios = _ratios(wanted, offered)
    if (
        offered.vendor == wanted.vendor
        and ratios.fp16 is not None
        and ratios.fp16 >= _MIN_FP16_RATIO
        and ratios.bandwidth is not None
        and ratios.bandwidth >= _MIN_BANDWIDTH_RATIO
    ):
        return Grade.D
    return None


def _ratios(wanted: GpuModel, offered: GpuModel) -> Ratios:
    def ratio(ours: Decimal | None, theirs: Decimal | None) -> Fraction | None:
        return None if ours is None or theirs is None else Fraction(theirs) / Fraction(ours)

    return Ratios(
        memory=Fraction(offered.memory_gib) / Fraction(wanted.memory_gib),
        fp16=ratio(wanted.fp16_dense_tflops, offered.fp16_dense_tflops),
        bandwidth=ratio(wanted.memory_bandwidth_gbps, offered.memory_bandwidth_gbps),
    )


_Way = tuple[tuple[Grade, int], Fraction, Reach]


def _reach_per_gpu(candidate: _Candidate, count: int) -> list[_Way]:
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
        return [((grade, 1), Fraction(count, gpus), Reach.SHARE)]
    return []


def _reach_smallest_instance(candidate: _Candidate, count: int) -> list[_Way]:
    """At least `count` GPUs in one whole machine; where none is that big, whole equal machines."""
    gpus, likeness = candidate.gpus, candidate.likeness
    grade = Grade.B if likeness is Grade.A and gpus != count else likeness
    if gpus >= count:
        return [((grade, 0), Fraction(1), Reach.WHOLE)]
    return [((grade, 1), Fraction(-(-count // gpus)), Reach.SEVERAL_MACHINES)]


_REACHING: dict[Basis, Callable[[_Candidate, int], list[_Way]]] = {
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
    return Equivalent(
        grade=grade,
        reach=ranked.reach,
        gpu_model=sku.gpu_model,
        gpu_count=demand.count,
        machines=ranked.machines,
        usd_per_hour=ranked.machines * candidate.usd_per_machine_hour,
        smallest_instance_usd_per_hour=_smallest_instance_price(
            sku.gpu_model, demand.count, candidates
        ),
        ratios=None if model.name == demand.model.name else _ratios(demand.model, model),
        rate=candidate.rate,
        source=candidate.rate.source,
        is_counted=grade is not Grade.D or substitutes is Substitutes.COUNT,
    )


def _smallest_instance_price(
    gpu_model: str, count: int, candidates: list[_Candidate]
) -> Fraction | None:
    """Return the least whole price of having `count` GPUs of a model, USD per hour."""
    same = [c for c in candidates if c.rate.sku.gpu_model == gpu_model]
    in_one = [c.usd_per_machine_hour for c in same if c.gpus >= count]
    if in_one:
        return min(in_one)
    return min((-(-count // c.gpus) * c.usd_per_machine_hour for c in same), default=None)
