"""Laws of matching, over generated price books (DESIGN.md, section 4)."""

from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from dumont_economy.pricing.equivalence import Equivalent, GpuDemand, Reach, find_equivalent
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.match_timeline import RequestedGpu, Unpriced, ask
from dumont_economy.pricing.matching_rules import newest_matching_rules
from dumont_economy.pricing.offer_end import OfferEnd
from dumont_economy.pricing.policy import Basis, Policy, Substitutes
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import ComparisonProvider
from tests.builders import gpus, instant, matcher, rate, sku

AWS = ComparisonProvider.AWS
MODELS = ["T4", "A10", "A10G", "L4", "L40S", "A100-40GB", "A100-80GB", "H100-80GB-SXM", "MI300X"]
ASKED = [*MODELS, "RTX 4090", "RTX 3070", "H100 PCIe"]
DAYS = [f"2025-{month:02}-01" for month in range(1, 13)]
LATE = instant("2026-01-01")
MODELS_BY_NAME = shipped_gpu_models()

# One instance type has one GPU model, count and architecture, whatever its prices.
types = st.integers(0, 11).map(
    lambda number: sku(
        f"type-{number:02}",
        MODELS[number % len(MODELS)],
        ["1", "2", "8", "0.5"][number % 4],
        "arm64" if number == 11 else "x86_64",
    )
)
prices = st.integers(1, 400).map(lambda tenths: f"{tenths // 10}.{tenths % 10}")
rates = st.builds(rate, types, prices, st.sampled_from(DAYS))
books = st.lists(
    rates, max_size=14, unique_by=lambda one: (one.sku.instance_type, one.effective_from)
)
offer_ends = st.lists(
    st.builds(
        OfferEnd,
        st.just("aws"),
        types.map(lambda kind: kind.instance_type),
        st.none(),
        st.sampled_from(DAYS).map(instant),
        st.just("retired"),
    ),
    max_size=3,
)
policies = st.builds(
    Policy,
    basis=st.sampled_from(Basis),
    substitutes=st.sampled_from([Substitutes.COUNT, Substitutes.EXCLUDE]),
    discounts=st.sampled_from([{}, {AWS: Fraction(1, 10)}]),
)
demands = st.builds(gpus, st.sampled_from(ASKED), st.integers(1, 17))
moments = st.builds(
    lambda day, hours: instant(day) + timedelta(hours=hours),
    st.sampled_from(DAYS),
    st.integers(-1, 40),
)


def best_at(
    book: list[Rate], ends: list[OfferEnd], policy: Policy, gpu: RequestedGpu, at: datetime
) -> Equivalent | None:
    """Return the best of what was on offer at one instant, found without a timeline."""
    on_offer: dict[str, Rate] = {}
    for one in sorted(book, key=lambda rate: rate.effective_from):
        retired = [end for end in ends if end.ends(one.sku, PricingModel.ON_DEMAND)]
        if one.effective_from <= at and all(at < end.not_offered_from for end in retired):
            on_offer[one.sku.instance_type] = one
    demand = GpuDemand(MODELS_BY_NAME[identity(gpu)], gpu.count, gpu.cpu_architecture)
    return find_equivalent(
        demand,
        on_offer.values(),
        MODELS_BY_NAME,
        newest_matching_rules(),
        basis=policy.basis,
        substitutes=policy.substitutes,
        discount=policy.discounts.get(AWS, Fraction(0)),
    )


def identity(gpu: RequestedGpu) -> str:
    """Return the model of a GPU that is known."""
    found = matcher([]).identify(gpu)
    assert found is not None
    return found.gpu_model


@given(books, offer_ends, policies, demands, moments)
def test_a_timeline_says_at_each_instant_what_is_best_then(
    book: list[Rate], ends: list[OfferEnd], policy: Policy, gpu: RequestedGpu, at: datetime
) -> None:
    """It is cut wherever the answer changes, and nowhere else (R-MATCH)."""
    question = ask(policy, AWS)
    matching = matcher(book, ends)

    match = matching.match_at(gpu, question, at)

    assert (match if isinstance(match, Equivalent) else None) == best_at(
        book, ends, policy, gpu, at
    )
    timeline = matching.timeline(gpu, question)
    assert all(one.match != other.match for one, other in pairwise(timeline))
    assert all(one.since < other.since for one, other in pairwise(timeline))


@given(books, policies, demands, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_no_match(
    book: list[Rate], policy: Policy, gpu: RequestedGpu, chance: Random
) -> None:
    """A match is a function of the facts alone."""
    shuffled = chance.sample(book, len(book))

    assert matcher(shuffled).timeline(gpu, ask(policy, AWS)) == matcher(book).timeline(
        gpu, ask(policy, AWS)
    )


@given(books, policies, demands)
def test_every_comparison_is_made_of_a_rate_in_the_book(
    book: list[Rate], policy: Policy, gpu: RequestedGpu
) -> None:
    """Machines times a price that somebody published, less the discount; whole GPUs of x86."""
    taken_off = policy.discounts.get(AWS, Fraction(0))

    for one in matcher(book).candidates_at(gpu, ask(policy, AWS), LATE):
        assert one.rate in book
        listed = Fraction(one.rate.usd_per_instance_hour)
        assert one.usd_per_hour == one.machines * listed * (1 - taken_off)
        assert one.rate.sku.cpu_architecture == gpu.cpu_architecture
        assert one.rate.sku.gpu_count.denominator == 1
        reached = one.machines * one.rate.sku.gpu_count
        assert reached == gpu.count if policy.basis is Basis.PER_GPU else reached >= gpu.count
        assert one.machines.denominator == 1 or one.reach is Reach.SHARE


@given(books, policies, demands)
def test_the_best_grade_wins_then_the_price(
    book: list[Rate], policy: Policy, gpu: RequestedGpu
) -> None:
    """No candidate has a better grade, and none of a grade in whole machines is cheaper."""
    candidates = matcher(book).candidates_at(gpu, ask(policy, AWS), LATE)
    assume(candidates)

    best = candidates[0]

    assert best.grade == min(one.grade for one in candidates)
    alike = [one for one in candidates if one.grade == best.grade and one.reach is not Reach.SHARE]
    if alike and policy.basis is Basis.PER_GPU:
        assert best.usd_per_hour == min(one.usd_per_hour for one in alike)


@given(books, demands)
def test_the_smallest_instance_is_whole_machines_at_a_published_price(
    book: list[Rate], gpu: RequestedGpu
) -> None:
    """Of the compared model, with at least the GPUs asked for."""
    for one in matcher(book).candidates_at(gpu, ask(Policy(), AWS), LATE):
        of_model = [rate for rate in book if rate.sku.gpu_model == one.gpu_model]
        whole_prices = {
            machines * Fraction(rate.usd_per_instance_hour)
            for rate in of_model
            for machines in range(1, gpu.count + 1)
            if machines * rate.sku.gpu_count >= gpu.count
        }

        assert one.smallest_instance_usd_per_hour in whole_prices


@given(books, policies, demands, moments, st.data())
def test_removing_a_rate_never_invents_one(
    book: list[Rate], policy: Policy, gpu: RequestedGpu, at: datetime, data: st.DataObject
) -> None:
    """What is left is a comparison that was possible before, or none (R-UNPRICED)."""
    removed = data.draw(st.sampled_from(types_in(book))) if book else ""
    left_over = [one for one in book if one.sku.instance_type != removed]
    question = ask(policy, AWS)

    before = matcher(book).match_at(gpu, question, at)
    left = matcher(left_over).match_at(gpu, question, at)

    if isinstance(before, Unpriced):
        assert isinstance(left, Unpriced)
    elif isinstance(left, Equivalent):
        assert left.rate in left_over
        assert left.grade >= before.grade
    else:
        assert before.rate is not None
        assert before.rate.sku.instance_type == removed


def types_in(book: list[Rate]) -> list[str]:
    """Return the instance types of a book."""
    return sorted({one.sku.instance_type for one in book})


@given(policies, demands, moments)
def test_an_empty_book_prices_nothing(policy: Policy, gpu: RequestedGpu, at: datetime) -> None:
    """There is no default."""
    assert isinstance(matcher([]).match_at(gpu, ask(policy, AWS), at), Unpriced)
