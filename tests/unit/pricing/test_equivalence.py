"""Equivalence: what a provider would have rented instead, how alike it is, and at what price."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from dumont_economy.pricing.equivalence import Equivalent, Reach, why_not_alike
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.match_timeline import Match, Unpriced, UnpricedReason, ask
from dumont_economy.pricing.matching_rules import newest_matching_rules
from dumont_economy.pricing.offer_end import OfferEnd
from dumont_economy.pricing.policy import Basis, Policy, Substitutes
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import ComparisonProvider
from tests.builders import gpus, instant, matcher, rate, shipped_matcher, sku

AWS, GCP, AZURE = ComparisonProvider.AWS, ComparisonProvider.GCP, ComparisonProvider.AZURE
AUGUST = instant("2026-08-15")


def compared(
    gpu: str,
    provider: ComparisonProvider = AWS,
    *,
    count: int = 1,
    at: datetime = AUGUST,
    arch: str = "x86_64",
    basis: Basis = Basis.PER_GPU,
    pricing_model: PricingModel = PricingModel.ON_DEMAND,
    policy: Policy | None = None,
) -> Match:
    """Return what the shipped book compares a GPU with, in the baseline region."""
    question = ask(policy or Policy(), provider, basis=basis, pricing_model=pricing_model)
    return shipped_matcher().match_at(gpus(gpu, count, arch), question, at)


def found(match: Match) -> tuple[str, str, Fraction | int, str]:
    """Return grade, instance type, machines, and the price of all GPUs per hour."""
    assert isinstance(match, Equivalent)
    assert match.rate is not None
    price = Decimal(match.usd_per_hour.numerator) / match.usd_per_hour.denominator
    return match.grade, match.rate.sku.instance_type, match.machines, str(price)


def best(gpu: str, *rates: Rate, count: int = 1, basis: Basis = Basis.PER_GPU) -> Match:
    """Return what a GPU is compared with among these rates alone."""
    question = ask(Policy(), AWS, basis=basis)
    return matcher(rates).match_at(gpus(gpu, count), question, AUGUST)


@pytest.mark.parametrize(
    ("gpu", "provider", "sku_name", "price", "model"),
    [
        ("RTX 4090", AWS, "g6e.xlarge", "1.861", "L40S"),
        ("RTX 4090", GCP, "a2-highgpu-1g", "3.673385", "A100-40GB"),
        ("RTX 4090", AZURE, "Standard_NV36ads_A10_v5", "3.2", "A10"),
        ("RTX 3090", AWS, "g5.xlarge", "1.006", "A10G"),
        ("RTX 3070", AWS, "g4dn.xlarge", "0.526", "T4"),
    ],
)
def test_a_consumer_gpu_is_compared_with_a_substitute(
    gpu: str, provider: ComparisonProvider, sku_name: str, price: str, model: str
) -> None:
    """The cheapest with the memory, half the throughput and half the bandwidth: grade D.

    An L4 has the memory of an RTX 4090 and 0.30 of its bandwidth, so it is none.
    """
    match = compared(gpu, provider)

    assert found(match) == ("D", sku_name, 1, price)
    assert isinstance(match, Equivalent)
    assert match.gpu_model == model
    assert match.ratios is not None
    assert match.ratios.memory >= 1
    assert match.ratios.fp16 is not None
    assert match.ratios.fp16 >= Fraction(1, 2)
    assert match.ratios.bandwidth is not None
    assert match.ratios.bandwidth >= Fraction(1, 2)


def test_a_candidate_runs_on_the_cpu_of_the_usage() -> None:
    """T4G machines are cheaper, but Arm; on Arm they are the ones."""
    assert found(compared("RTX 3070"))[1] == "g4dn.xlarge"
    assert found(compared("RTX 3070", arch="arm64")) == ("D", "g5g.xlarge", 1, "0.42")


@pytest.mark.parametrize(
    ("types", "count", "smallest", "price"),
    [
        pytest.param({"one": ("1", "3"), "four": ("4", "10")}, 3, "four", "10", id="a bigger one"),
        pytest.param({"one": ("1", "3"), "four": ("4", "13")}, 3, "four", "13", id="a dear one"),
        pytest.param({"one": ("1", "3"), "two": ("2", "5")}, 3, "one", "9", id="several"),
        pytest.param({"b": ("1", "3"), "a": ("1", "3")}, 1, "a", "3", id="by name"),
    ],
)
def test_the_smallest_instance_is_named_beside_its_price(
    types: dict[str, tuple[str, str]], count: int, smallest: str, price: str
) -> None:
    """One machine that is big enough, even where several would be cheaper; else the several."""
    rates = [rate(sku(name, "T4", of), usd) for name, (of, usd) in types.items()]

    match = best("T4", *rates, count=count)

    assert isinstance(match, Equivalent)
    assert match.smallest_instance_type == smallest
    assert match.smallest_instance_usd_per_hour == Fraction(price)


def test_one_a100_is_compared_with_its_share_of_eight() -> None:
    """AWS sells A100 by eights: grade B by the share, the whole machine beside it."""
    match = compared("A100")

    assert found(match) == ("B", "p4d.24xlarge", Fraction(1, 8), "2.74470525")
    assert isinstance(match, Equivalent)
    assert match.reach is Reach.SHARE
    assert match.smallest_instance_usd_per_hour == Fraction("21.957642")
    assert match.smallest_instance_type == "p4d.24xlarge"
    assert match.usd_per_gpu_hour == Fraction("21.957642") / 8
    assert match.ratios is None


def test_the_saving_on_an_a100_is_9_percent_and_not_92() -> None:
    """$2.50 against the share, not against the machine of eight."""
    match = compared("A100")

    assert isinstance(match, Equivalent)
    percent = 100 * (match.usd_per_hour - Fraction("2.5")) / match.usd_per_hour
    assert round(percent, 1) == Fraction("8.9")


def test_one_a100_on_the_other_basis_costs_the_whole_machine() -> None:
    """What one would really have had to rent."""
    match = compared("A100", basis=Basis.SMALLEST_INSTANCE)

    assert found(match) == ("B", "p4d.24xlarge", 1, "21.957642")
    assert isinstance(match, Equivalent)
    assert match.reach is Reach.WHOLE


@pytest.mark.parametrize(
    ("gpu", "count", "expected"),
    [
        ("RTX 4090", 2, ("D", "g6e.xlarge", 2, "3.722")),
        ("RTX 4090", 3, ("D", "g6e.xlarge", 3, "5.583")),
        ("H100-80GB-SXM", 16, ("B", "p5.48xlarge", 2, "110.08")),
        ("H100-80GB-SXM", 8, ("A", "p5.48xlarge", 1, "55.04")),
        ("H100-80GB-SXM", 4, ("B", "p5.48xlarge", Fraction(1, 2), "27.52")),
        ("T4", 1, ("A", "g4dn.xlarge", 1, "0.526")),
        ("T4", 2, ("B", "g4dn.xlarge", 2, "1.052")),
        ("T4", 4, ("A", "g4dn.12xlarge", 1, "3.912")),
        ("T4", 8, ("A", "g4dn.metal", 1, "7.824")),
    ],
)
def test_several_gpus_are_reached_exactly(
    gpu: str, count: int, expected: tuple[str, str, Fraction | int, str]
) -> None:
    """One machine with exactly that many; else several equal ones; else a share of a bigger one.

    One machine goes before several of the very model even where it costs more (grade A before B).
    """
    assert found(compared(gpu, count=count)) == expected


def test_more_gpus_than_any_machine_has_take_several_on_both_bases() -> None:
    """Sixteen H100 are two machines of eight; of nine, per instance, both have to be rented."""
    by_instance = Basis.SMALLEST_INSTANCE

    assert found(compared("H100-80GB-SXM", count=16, basis=by_instance))[2:] == (2, "110.08")
    assert found(compared("H100-80GB-SXM", count=9, basis=by_instance))[2:] == (2, "110.08")


def test_per_instance_nothing_is_packed_where_one_machine_is_big_enough() -> None:
    """Two machines of one GPU are no candidate beside one of eight, however cheap they are."""
    small, big = rate(sku("small", "T4"), "1"), rate(sku("big", "T4", "8"), "20")
    question = ask(Policy(), AWS, basis=Basis.SMALLEST_INSTANCE)

    candidates = matcher([small, big]).candidates_at(gpus("T4", 2), question, AUGUST)

    assert [found(one) for one in candidates] == [("B", "big", 1, "20")]


@pytest.mark.parametrize(
    ("gpu", "provider", "expected"),
    [
        # AWS sells the SXM form only.
        ("H100 PCIe", AWS, ("C", "p5.48xlarge", Fraction(1, 8), "6.88")),
        # Azure's one-GPU machine has the NVL card with more memory.
        ("H100 PCIe", AZURE, ("C", "Standard_NC40ads_H100_v5", 1, "6.98")),
        ("A100 80GB PCIe", AZURE, ("A", "Standard_NC24ads_A100_v4", 1, "3.673")),
    ],
)
def test_another_form_or_more_memory_is_grade_c(
    gpu: str, provider: ComparisonProvider, expected: tuple[str, str, Fraction | int, str]
) -> None:
    """The same chip, so before any substitute; said, because it is not the same card."""
    assert found(compared(gpu, provider)) == expected


def test_less_memory_is_no_candidate() -> None:
    """A V100 of 16 GB cannot stand in for one of 32 GB, nor an A100 of 40 GB for one of 80."""
    match = best("A100 80GB SXM", rate(sku("forty", "A100-40GB"), "1"))

    assert isinstance(match, Unpriced)


def test_the_grade_wins_before_the_price() -> None:
    """The very chip at 9 is compared, not a stronger substitute at 1."""
    match = best(
        "A100-40GB",
        rate(sku("substitute", "H200"), "1"),
        rate(sku("same-chip", "A100-80GB"), "5"),
        rate(sku("the-very-one", "A100-40GB"), "9"),
    )

    assert found(match) == ("A", "the-very-one", 1, "9")


def test_among_equals_the_cheaper_way_wins() -> None:
    """Of two instance types with the GPU, and of shares."""
    cheap = rate(sku("cheap", "T4"), "1")

    assert found(best("T4", rate(sku("dear", "T4"), "2"), cheap))[1] == "cheap"
    assert (
        found(best("T4", rate(sku("eight", "T4", "8"), "8"), rate(sku("two", "T4", "2"), "3")))[1]
        == "eight"
    )


def test_a_tie_goes_to_fewer_machines_then_to_the_name() -> None:
    """So that the answer is one, whatever the order of the rows."""
    small, big = rate(sku("a-small", "L40S"), "1"), rate(sku("z-big", "L40S", "2"), "2")
    twin = rate(sku("y-big", "L40S", "2"), "2")

    assert found(best("RTX 4090", small, big, count=2))[1] == "z-big"
    assert found(best("RTX 4090", big, small, twin, count=2))[1] == "y-big"


def test_a_substitute_is_reached_the_cheapest_way() -> None:
    """Two small machines before one big that costs more, both before a share of a bigger one."""
    small, big = rate(sku("small", "L40S"), "1"), rate(sku("big", "L40S", "2"), "3")
    bigger = rate(sku("bigger", "L40S", "8"), "1")

    assert found(best("RTX 4090", small, big, bigger, count=2)) == ("D", "small", 2, "2")
    assert found(best("RTX 4090", bigger, count=2)) == ("D", "bigger", Fraction(1, 4), "0.25")


@pytest.mark.parametrize(
    ("model", "is_substitute"),
    [
        ("L40S", True),
        ("L4", False),  # 0.30 of the bandwidth
        ("T4", False),  # 16 GiB
        ("A10G", False),  # 0.42 of the throughput
        ("RTX PRO 4500", False),  # no figures known
        ("Radeon Pro V620", False),  # another vendor, no throughput known
        ("MI300X", False),  # another vendor
    ],
)
def test_what_can_stand_in_for_an_rtx_4090(model: str, *, is_substitute: bool) -> None:
    """Same vendor, at least its memory, half its throughput and bandwidth, all of them known."""
    match = best("RTX 4090", rate(sku("candidate", model), "1"))

    assert isinstance(match, Equivalent) is is_substitute


@pytest.mark.parametrize("provider", [AWS, GCP, AZURE])
@pytest.mark.parametrize(
    ("gpu", "never"), [("RTX 4090", "L4"), ("RTX 4090", "A10G"), ("RTX 3070", "T4G")]
)
def test_what_is_too_weak_or_runs_elsewhere_is_never_compared(
    gpu: str, never: str, provider: ComparisonProvider
) -> None:
    """However cheap it is, and wherever it is sold: it is not even among the candidates."""
    candidates = shipped_matcher().candidates_at(gpus(gpu), ask(Policy(), provider), AUGUST)

    assert candidates
    assert never not in {one.gpu_model for one in candidates}


@pytest.mark.parametrize(
    ("gpu", "count", "expected"),
    [
        # A seventh of an eighth of the machine, then three sevenths of it
        ("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", 1, ("B", "p4d.24xlarge", Fraction(1, 56))),
        ("NVIDIA-A100-SXM4-40GB-MIG-3g.20gb", 1, ("B", "p4d.24xlarge", Fraction(3, 56))),
        ("NVIDIA-H100-80GB-HBM3-MIG-1g.10gb", 2, ("B", "p5.48xlarge", Fraction(2, 56))),
        # A substitute has to be one for the whole GPU.
        ("NVIDIA-A30-MIG-2g.12gb", 1, ("D", "g6e.xlarge", Fraction(1, 2))),
    ],
)
def test_a_slice_is_compared_with_its_part_of_a_gpu(
    gpu: str, count: int, expected: tuple[str, str, Fraction]
) -> None:
    """By compute slices, of the price of a whole GPU; beside it the whole machine's."""
    match = compared(gpu, count=count)

    assert isinstance(match, Equivalent)
    assert match.reach is Reach.SHARE
    assert found(match)[:3] == expected
    assert match.smallest_instance_type == expected[1]
    assert match.smallest_instance_usd_per_hour is not None
    assert match.usd_per_hour == match.smallest_instance_usd_per_hour * expected[2]


def test_the_slices_of_a_gpu_together_cost_what_it_costs() -> None:
    """Seven sevenths are one, and so is the one slice that has all seven."""
    whole = found(compared("A100-40GB", GCP))

    assert found(compared("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb", GCP, count=7)) == whole
    assert found(compared("NVIDIA-A100-SXM4-40GB-MIG-7g.40gb", GCP)) == whole


def test_a_slice_of_a_gpu_is_no_candidate() -> None:
    """Half an L4 is not an L4, nor are two halves; A10 on Azure skips the cheaper slices."""
    halves = rate(sku("half", "L4", "0.5"), "0.1")

    assert isinstance(best("L4", halves), Unpriced)
    assert found(compared("A10", AZURE)) == ("A", "Standard_NV36ads_A10_v5", 1, "3.2")


@pytest.mark.parametrize(
    ("spelling", "grade", "model"),
    [
        # AWS sells no A10: an L4 has its memory and just half of its bandwidth.
        ("A10", "D", "L4"),
        ("A10G", "A", "A10G"),
        ("L4", "A", "L4"),
        ("L40S", "A", "L40S"),
        ("L40", "D", "L40S"),
        ("A100", "B", "A100-40GB"),
    ],
)
def test_a_similar_name_is_no_match(spelling: str, grade: str, model: str) -> None:
    """A10 is neither A100 nor A10G: each is itself, or gets a labelled substitute."""
    match = compared(spelling)

    assert isinstance(match, Equivalent)
    assert (match.grade, match.gpu_model) == (grade, model)


@pytest.mark.parametrize("provider", [AWS, GCP, AZURE])
@pytest.mark.parametrize("spelling", ["", " ", "GPU", "RTX 4090 Laptop", "A10 v2", "RTX 9999"])
def test_an_unknown_gpu_is_unpriced(spelling: str, provider: ComparisonProvider) -> None:
    """No default and no near match: grade N, and why."""
    match = compared(spelling, provider)

    assert isinstance(match, Unpriced)
    assert match.reason is UnpricedReason.UNKNOWN_GPU


def test_substitutes_can_be_excluded() -> None:
    """Then an RTX 4090 has no comparison; an A100 keeps its own."""
    strict = Policy(substitutes=Substitutes.EXCLUDE)

    match = compared("RTX 4090", policy=strict)

    assert isinstance(match, Unpriced)
    assert match.reason is UnpricedReason.NO_EQUIVALENT
    assert found(compared("A100", policy=strict))[0] == "B"


def test_a_negotiated_discount_comes_off_every_list_price() -> None:
    """10 % off at AWS, also of the whole machine; nothing off elsewhere."""
    policy = Policy(discounts={AWS: Fraction(1, 10)})

    match = compared("A100", policy=policy)

    assert isinstance(match, Equivalent)
    assert match.usd_per_hour == Fraction("21.957642") * Fraction(9, 10) / 8
    assert match.smallest_instance_usd_per_hour == Fraction("21.957642") * Fraction(9, 10)
    assert found(compared("A100", GCP, policy=policy)) == found(compared("A100", GCP))


def test_what_is_only_sold_as_spot_is_no_on_demand_comparison() -> None:
    """a3-highgpu-1g has a list price, but on demand H100 come by eights on GCP."""
    on_demand = compared("H100-80GB-SXM", GCP)
    spot = compared("H100-80GB-SXM", GCP, pricing_model=PricingModel.SPOT)

    assert found(on_demand) == ("B", "a3-highgpu-8g", Fraction(1, 8), "11.06125")
    assert found(spot) == ("A", "a3-highgpu-1g", 1, "6.326193")


def test_a_type_is_compared_until_it_is_sold_no_more() -> None:
    """Azure's M60 machines retire on 30 September 2026; nothing known stands in for them."""
    last_day, retired = instant("2026-09-29 23:59:59"), instant("2026-09-30")

    assert found(compared("M60", AZURE, at=last_day)) == ("A", "Standard_NV12s_v3", 1, "1.14")
    assert isinstance(compared("M60", AZURE, at=retired), Unpriced)


@pytest.mark.parametrize("provider", [AWS, AZURE])
def test_without_dated_spot_prices_spot_is_unpriced(provider: ComparisonProvider) -> None:
    """On-demand prices do not stand in for them (grade N, and it says so)."""
    match = compared("A100", provider, pricing_model=PricingModel.SPOT)

    assert isinstance(match, Unpriced)
    assert match.reason is UnpricedReason.NO_PRICE_AT_THAT_TIME
    assert "spot" in match.message


def test_every_candidate_is_listed_the_chosen_one_first() -> None:
    """An answer can say what else there was."""
    question = ask(Policy(), AWS)

    candidates = shipped_matcher().candidates_at(gpus("RTX 4090"), question, AUGUST)

    assert found(candidates[0]) == found(compared("RTX 4090"))
    assert {one.gpu_model for one in candidates} >= {"L40S", "RTX PRO 6000", "A100-40GB"}
    assert "L4" not in {one.gpu_model for one in candidates}
    assert shipped_matcher().candidates_at(gpus("GPU"), question, AUGUST) == []


def test_an_offer_that_ends_under_one_pricing_model_goes_on_under_another() -> None:
    """The end is of that model alone; one without a model is of all."""
    of = sku("x", "T4")
    ends_on_demand = OfferEnd("aws", "x", PricingModel.ON_DEMAND, AUGUST, "gone")

    assert ends_on_demand.ends(of, PricingModel.ON_DEMAND)
    assert not ends_on_demand.ends(of, PricingModel.SPOT)
    assert OfferEnd("aws", "x*", None, AUGUST, "gone").ends(of, PricingModel.SPOT)
    assert not OfferEnd("gcp", "x", None, AUGUST, "gone").ends(of, PricingModel.SPOT)


def test_too_little_never_looks_like_enough() -> None:
    """154.8 of 312 TFLOPS are 0.496, which is less than half, and so is what is said of it."""
    models, rules = shipped_gpu_models(), newest_matching_rules()
    said = [
        reason
        for wanted in models.values()
        for offered in models.values()
        if (reason := why_not_alike(wanted, offered, rules)) is not None
        and "ratio" in reason.parameters
    ]

    near = why_not_alike(models["A100-40GB"], models["RTX A6000"], rules)
    assert near is not None
    assert near.text.endswith("0.49 of the original's 312; at least 0.50 is needed")
    assert len(said) > 100
    assert all(Decimal(one.parameters["ratio"]) < Decimal(one.parameters["least"]) for one in said)
