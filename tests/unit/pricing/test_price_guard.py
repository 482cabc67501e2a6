"""The guard: what is refused outright, and what is doubted beside other prices."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from dumont_economy.pricing.peers import Kinship, Peers
from dumont_economy.pricing.price_guard import (
    CONFIRMATION,
    agree,
    doubt_beside_last,
    doubt_beside_peers,
    why_refused,
)
from dumont_economy.pricing.rate import PricingModel
from tests.builders import claim, sku

EIGHT = sku("p5.48xlarge", "H100-80GB-SXM", "8")
TWO = sku("two", "T4", "2")
ONE = sku("g4dn.xlarge", "T4")


@pytest.mark.parametrize(
    ("price", "currency", "code"),
    [
        ("0", "USD", "zero_price"),
        ("-0.01", "USD", "negative_price"),
        ("100000.01", "USD", "absurd_price"),
        ("55.04", "EUR", "currency_changed"),
        ("55.04", "CNY", "currency_changed"),
    ],
)
def test_what_no_machine_costs_is_refused(price: str, currency: str, code: str) -> None:
    """Whatever else is known: it cannot be a price in US dollars."""
    refusal = why_refused(replace(claim(price=price), currency=currency))

    assert refusal is not None
    assert refusal.code == code


@pytest.mark.parametrize("price", ["0.0000001", "55.04", "100000"])
def test_any_other_price_may_be_judged(price: str) -> None:
    """However small: cheap is no mistake."""
    assert why_refused(claim(price=price)) is None


@pytest.mark.parametrize(
    ("model", "price", "code"),
    [
        ("on_demand", "110", None),
        ("on_demand", "110.01", "price_jump"),
        ("on_demand", "27.5", None),
        ("on_demand", "27.49", "price_jump"),
        ("on_demand", "5500", "price_jump"),
        ("on_demand", "0.55", "price_jump"),
        ("on_demand", "440", "per_gpu_confusion"),
        ("on_demand", "6.875", "per_gpu_confusion"),
        ("spot", "275", None),
        ("spot", "275.01", "price_jump"),
        ("spot", "11", None),
        ("spot", "10.99", "price_jump"),
        ("spot", "440", "per_gpu_confusion"),
    ],
)
def test_a_price_far_from_the_last_one_is_doubted(model: str, price: str, code: str | None) -> None:
    """More than twice or less than half; five times and a fifth for spot, which moves more."""
    said = claim(price=price, pricing_model=PricingModel(model))

    doubt = doubt_beside_last(said, EIGHT, Decimal(55))

    assert (None if doubt is None else doubt.code) == code
    assert doubt is None or doubt.last_price == Decimal(55)


def test_half_the_price_of_two_gpus_is_a_mix_up_though_within_the_bounds() -> None:
    """One of one GPU costs half and is believed: there is nothing to mix up."""
    half = claim(price="0.5")

    assert (found := doubt_beside_last(half, TWO, Decimal(1))) is not None
    assert found.code == "per_gpu_confusion"
    assert doubt_beside_last(half, ONE, Decimal(1)) is None


@pytest.mark.parametrize(
    ("price", "code"),
    [
        ("55.04", None),
        ("40", None),
        ("111", None),
        ("6.88", "per_gpu_confusion"),
        ("440", "per_gpu_confusion"),
        ("3000", "unlike_same_gpu"),
    ],
)
def test_a_first_price_is_held_against_others_with_its_gpu(price: str, code: str | None) -> None:
    """Per GPU-hour, from half the cheapest to twice the dearest."""
    others = Peers(Fraction("6.88"), Fraction("7.2"), Kinship.SAME_PROVIDER)

    doubt = doubt_beside_peers(claim(price=price), EIGHT, others)

    assert (None if doubt is None else doubt.code) == code


def test_other_providers_are_a_wider_measure_than_its_own_machines() -> None:
    """Clouds differ more from each other than the machines of one."""
    said = claim(price=str(8 * 20))

    own = doubt_beside_peers(said, EIGHT, Peers(Fraction(7), Fraction(7), Kinship.SAME_PROVIDER))
    others = doubt_beside_peers(said, EIGHT, Peers(Fraction(7), Fraction(7), Kinship.SAME_KIND))

    assert own is not None
    assert others is None


@pytest.mark.parametrize(
    ("price", "is_doubted"), [("4", False), ("3", False), ("2.9", True), ("5.4", True)]
)
def test_the_same_type_elsewhere_is_the_nearest_measure(
    price: str,
    is_doubted: bool,  # noqa: FBT001
) -> None:
    """From three quarters of the cheapest region to four thirds of the dearest one."""
    elsewhere = Peers(Fraction(2), Fraction(2), Kinship.SAME_TYPE)

    assert (doubt_beside_peers(claim(price=price), TWO, elsewhere) is not None) is is_doubted


@pytest.mark.parametrize(
    ("one", "other", "does"),
    [("100", "98", True), ("98", "100", True), ("100", "97.99", False), ("0.1", "0.1", True)],
)
def test_two_prices_agree_within_two_hundredths_of_the_greater(
    one: str,
    other: str,
    does: bool,  # noqa: FBT001
) -> None:
    """Whichever of them is named first."""
    assert agree(Decimal(one), Decimal(other)) is does
    assert not agree(Decimal(100), Decimal("98.9"), CONFIRMATION)
