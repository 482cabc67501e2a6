"""The card check: what a figure of a rate card is beside list prices, and why."""

from dataclasses import replace
from fractions import Fraction

import pytest

from dumont_economy.pricing.card_check import CardFinding, CardRow, Verdict, check_row
from dumont_economy.pricing.match_timeline import ask
from dumont_economy.pricing.offer_end import OfferEnd
from dumont_economy.pricing.policy import Policy
from dumont_economy.pricing.rate import Rate
from dumont_economy.pricing.sku import ComparisonProvider
from tests.builders import instant, matcher, rate, shipped_matcher, sku

NOW = instant("2026-08-03")
ONE_T4, FOUR_T4 = sku("t.one", "T4"), sku("t.four", "T4", "4")
EIGHT_A100 = sku("a.eight", "A100-40GB", "8")


def check(
    gpu: str,
    figure: str,
    *rates: Rate,
    sold_until: str | None = None,
    provider: ComparisonProvider = ComparisonProvider.AWS,
) -> CardFinding:
    """Return what a figure is beside these rates; without any, beside the shipped ones."""
    ends = (
        []
        if sold_until is None
        else [OfferEnd("aws", "*.eight", None, instant(sold_until), "retired")]
    )
    book = matcher(rates, ends) if rates else shipped_matcher()
    return check_row(CardRow(gpu, Fraction(figure)), ask(Policy(), provider), book, NOW)


@pytest.mark.parametrize(
    ("figure", "verdict"),
    [
        ("0.50", Verdict.AGREES),
        ("0.55", Verdict.AGREES),
        ("0.45", Verdict.AGREES),
        ("0.551", Verdict.TOO_HIGH),
        ("0.449", Verdict.TOO_LOW),
    ],
)
def test_a_figure_agrees_within_a_tenth(figure: str, verdict: Verdict) -> None:
    """Of the price of one GPU; beyond that it is too high or too low."""
    finding = check("T4", figure, rate(ONE_T4, "0.50"))

    assert finding.verdict is verdict
    assert finding.ratio == Fraction(figure) / Fraction("0.50")


def test_the_price_of_a_whole_machine_is_told_from_that_of_one_gpu() -> None:
    """The machine, its GPUs and its price are named, and what one GPU costs."""
    finding = check("A100", "32.77", rate(EIGHT_A100, "32.00", "2026-01-01"))

    assert finding.verdict is Verdict.WHOLE_MACHINE
    assert finding.sentence == (
        "Is the price of a whole a.eight with 8 A100-40GB (32 since 2026-01-01), not of one GPU: "
        "one A100-40GB costs 4."
    )


def test_a_machine_with_one_gpu_is_no_whole_machine_with_several() -> None:
    """Its price is that of the GPU."""
    finding = check("T4", "2.00", rate(ONE_T4, "0.50"), rate(sku("t.big", "T4"), "2.00"))

    assert finding.verdict is Verdict.TOO_HIGH


def test_what_a_whole_machine_once_cost_is_found_with_its_dates() -> None:
    """And what one GPU cost then, and does now."""
    finding = check(
        "A100",
        "32.77",
        rate(EIGHT_A100, "32.80", "2025-01-01"),
        rate(EIGHT_A100, "16", "2026-01-01"),
    )

    assert finding.verdict is Verdict.PAST_WHOLE_MACHINE
    assert finding.sentence == (
        "Is close to what a whole a.eight with 8 A100-40GB cost from 2025-01-01 until 2026-01-01 "
        "(32.8), not one GPU: that was 4.1 then, and one A100-40GB costs 2 now."
    )


def test_what_one_gpu_once_cost_is_found_with_its_dates() -> None:
    """A figure may be right, and old."""
    finding = check(
        "A100", "4.00", rate(EIGHT_A100, "32", "2025-01-01"), rate(EIGHT_A100, "16", "2026-01-01")
    )

    assert finding.verdict is Verdict.PAST_PRICE
    assert "cost 4 from 2025-01-01 until 2026-01-01; now one A100-40GB costs 2" in finding.sentence


def test_the_present_goes_before_the_past() -> None:
    """A figure that was a whole machine's price once, and is another's now, is the one of now."""
    finding = check(
        "T4",
        "4.00",
        rate(ONE_T4, "0.50"),
        rate(FOUR_T4, "4.00"),
        rate(sku("t.six", "T4", "6"), "4.00", "2024-01-01"),
        rate(sku("t.six", "T4", "6"), "3.00", "2025-01-01"),
    )

    assert finding.verdict is Verdict.WHOLE_MACHINE
    assert "t.four" in finding.sentence


def test_the_nearest_whole_machine_is_named_where_nothing_fits() -> None:
    """So that a person sees what was probably meant."""
    finding = check("A100", "40", rate(EIGHT_A100, "32"))

    assert finding.verdict is Verdict.TOO_HIGH
    assert finding.sentence == (
        "Is 10.00 times the price of one A100-40GB (4). Nearest to it is the price of a whole "
        "a.eight with 8 A100-40GB, 32: the figure is 1.25 times that."
    )


def test_a_whole_machine_far_off_explains_nothing() -> None:
    """Beyond twice the figure it is left out."""
    finding = check("T4", "0.80", rate(ONE_T4, "0.50"), rate(FOUR_T4, "1.70"))

    assert finding.sentence == "Is 1.60 times the price of one T4 (0.5)."


def test_a_price_counts_only_while_its_machine_was_sold() -> None:
    """A rate that began after the end of the sale was never anybody's price."""
    old, late = rate(EIGHT_A100, "16", "2024-01-01"), rate(EIGHT_A100, "32.77", "2025-06-01")
    one = rate(sku("a.one", "A100-40GB"), "2.00")

    sold = check("A100", "32.77", one, old, late)
    retired = check("A100", "32.77", one, old, late, sold_until="2025-01-01")

    assert sold.verdict is Verdict.WHOLE_MACHINE
    assert retired.verdict is Verdict.TOO_HIGH


def test_a_price_to_come_is_no_price_of_now() -> None:
    """It takes effect later."""
    finding = check(
        "A100", "32.77", rate(EIGHT_A100, "16"), rate(EIGHT_A100, "32.77", "2026-12-01")
    )

    assert finding.verdict is Verdict.TOO_HIGH


def test_a_gpu_that_is_not_sold_has_a_substitute_and_what_else_costs_that_much() -> None:
    """To the cent, each GPU once, by the smallest machine."""
    finding = check(
        "RTX 4090",
        "4.10",
        rate(sku("l.one", "L40S"), "1.861"),
        rate(sku("l.more", "L40S"), "4.10"),
        rate(EIGHT_A100, "32.772"),
        rate(sku("a.sixteen", "A100-40GB", "16"), "65.60"),
    )

    assert finding.verdict is Verdict.NOT_SOLD
    assert finding.sentence == (
        "AWS sells no RTX 4090 in us-east-1. Its substitute is L40S, grade D, at 1.861: the figure "
        "is 2.20 times that. To the cent it is the price of another GPU: one A100-40GB in a "
        "a.eight since 2020-01-01; one L40S in a l.more since 2020-01-01."
    )


def test_a_figure_a_cent_off_is_nobodys_price() -> None:
    """Near is not equal."""
    finding = check(
        "RTX 4090", "4.11", rate(sku("l.one", "L40S"), "1.861"), rate(EIGHT_A100, "32.8")
    )

    assert "To the cent" not in finding.sentence


def test_without_a_comparison_there_is_no_finding() -> None:
    """Why is said, and no ratio is made up."""
    finding = check("T4", "0.53", rate(sku("arm.one", "T4G", arch="arm64"), "0.42"))

    assert finding.verdict is Verdict.UNPRICED
    assert finding.ratio is None
    assert "nothing" in finding.sentence


@pytest.mark.parametrize(
    ("gpu", "provider", "figure", "verdict", "said"),
    [
        ("A100", "aws", "32.77", Verdict.PAST_WHOLE_MACHINE, "32.7726"),
        ("A100", "gcp", "29.39", Verdict.WHOLE_MACHINE, "a2-highgpu-8g with 8 A100-40GB"),
        ("H100", "aws", "65.00", Verdict.TOO_HIGH, "8 H100-80GB-SXM, 55.04"),
        ("T4", "aws", "0.53", Verdict.AGREES, "g4dn.xlarge"),
        ("RTX 4090", "aws", "4.10", Verdict.NOT_SOLD, "substitute is L40S"),
        ("RTX 3090", "aws", "3.06", Verdict.NOT_SOLD, "one V100-16GB in a p3.2xlarge"),
    ],
)
def test_the_shipped_card_beside_the_shipped_book(
    gpu: str, provider: str, figure: str, verdict: Verdict, said: str
) -> None:
    """What is known to be wrong with it is found by the rules alone."""
    finding = check(gpu, figure, provider=ComparisonProvider(provider))

    assert finding.verdict is verdict
    assert said in finding.sentence


def test_nothing_of_a_finding_is_written_for_a_row() -> None:
    """Another figure for the same GPU has another finding, and another day too."""
    rates = [rate(EIGHT_A100, "32.80", "2025-01-01"), rate(EIGHT_A100, "16", "2026-01-01")]
    question = ask(Policy(), ComparisonProvider.AWS)
    row = CardRow("A100", Fraction("32.77"))

    before = check_row(row, question, matcher(rates), instant("2025-06-01"))
    after = check_row(row, question, matcher(rates), NOW)
    other = check_row(replace(row, usd_per_gpu_hour=Fraction(2)), question, matcher(rates), NOW)

    assert before.verdict is Verdict.WHOLE_MACHINE
    assert after.verdict is Verdict.PAST_WHOLE_MACHINE
    assert other.verdict is Verdict.AGREES
