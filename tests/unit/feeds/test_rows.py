"""What feeds share: prices taken exactly or not at all, dates, quantities, repeated rows."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumont_economy.feeds.rows import (
    RowError,
    drop_repeats,
    parse_currency,
    parse_effective_date,
    parse_instance_type,
    parse_offer_name,
    parse_price,
    parse_quantity,
    parse_region,
    place_of,
    shown,
)
from dumont_economy.pricing.price_claim import FeedReading, FeedScope, PriceClaim
from dumont_economy.pricing.rate import PricingModel, SourceKind
from tests.builders import instant


@pytest.mark.parametrize(
    ("said", "price"),
    [
        ("55.0400000000", "55.04"),
        ("0.0000000000", "0"),
        ("3.673", "3.673"),
        ("-1.5", "-1.5"),
        ("1e-7", "0.0000001"),
        ("1E-12", "0.000000000001"),
        ("2.5E+1", "25"),
        ("12e0", "12"),
        ("0.000000000001", "0.000000000001"),
        ("0.10000000000000000000", "0.1"),
        ("98.3200000000", "98.32"),
    ],
)
def test_a_price_is_the_number_that_is_written(said: str, price: str) -> None:
    """Exactly, in its shortest form; an exponent only moves the point."""
    assert f"{parse_price(said):f}" == price


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("1.00000000000000001", "too_precise"),
        ("1e-13", "too_precise"),
        ("1e-99", "not_a_decimal"),
        ("1e40", "not_a_decimal"),
        ("\u0660.\u0665", "not_a_price"),  # 0.5 in Arabic-Indic digits
        ("1,5", "not_a_price"),
        ("1_000", "not_a_price"),
        ("$1", "not_a_price"),
        (" 1", "not_a_price"),
        ("1\n", "not_a_price"),
        ("+1", "not_a_price"),
        (".5", "not_a_price"),
        ("NaN", "not_a_price"),
        ("Infinity", "not_a_price"),
        ("0x10", "not_a_price"),
        ("1e999999999", "not_a_price"),
        ("9" * 5_000, "not_a_price"),
        ("", "not_a_price"),
        (None, "not_a_price"),
        (3.5, "not_a_price"),
        (["1"], "not_a_price"),
    ],
)
def test_a_price_that_cannot_be_kept_exactly_is_refused(said: object, code: str) -> None:
    """Never rounded, never guessed at: rates have at most twelve decimals."""
    with pytest.raises(RowError) as refused:
        parse_price(said)

    assert refused.value.code == code


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=12))
def test_every_price_of_twelve_decimals_is_taken_as_it_is(price: Decimal) -> None:
    """Written plainly or with an exponent."""
    assert parse_price(f"{price:f}") == price
    assert parse_price(f"{price:e}") == price


@pytest.mark.parametrize("said", [None, ""])
def test_a_price_without_a_date_is_none(said: object) -> None:
    """Since when a price holds is half of it."""
    with pytest.raises(RowError) as refused:
        parse_effective_date(said)

    assert refused.value.code == "no_effective_date"


@pytest.mark.parametrize(
    "said", ["2026-08-01", "2026-13-01T00:00:00Z", "yesterday", 1_722_470_400, ["2026"], "٢٠٢٦"]
)
def test_a_date_that_is_none_is_refused(said: object) -> None:
    """An instant with its offset, or nothing."""
    with pytest.raises(RowError) as refused:
        parse_effective_date(said)

    assert refused.value.code == "invalid_effective_date"


def test_dates_are_instants() -> None:
    """In UTC, whatever offset they are written with."""
    assert parse_effective_date("2025-06-01T00:00:00Z") == instant("2025-06-01")
    assert parse_effective_date("2025-06-01T02:00:00+02:00") == instant("2025-06-01")


@pytest.mark.parametrize(
    ("said", "quantity"),
    [
        ("192", Fraction(192)),
        ("0.125", Fraction(1, 8)),
        ("2048 GiB", Fraction(2048)),
        ("2,048 GiB", Fraction(2048)),
        ("1,234,567", Fraction(1_234_567)),
        ("30.5 GiB", Fraction(61, 2)),
        ("2,04 GiB", None),
        ("NA", None),
        ("", None),
        ("-8", None),
        ("8 GB", None),
        ("٨", None),
        ("1e3", None),
        (8, None),
        (None, None),
    ],
)
def test_quantities_are_read_where_they_can_be(said: object, quantity: Fraction | None) -> None:
    """They describe; where they say nothing, the shipped SKU does."""
    assert parse_quantity(said) == quantity


@pytest.mark.parametrize("said", ["", "a b", "x" * 65, "p5\n", "<b>", "=1+1", None, 5, "\ud800"])
def test_a_name_that_could_do_harm_names_no_instance_type(said: object) -> None:
    """What is stored, shown and exported is plain."""
    with pytest.raises(RowError):
        parse_instance_type(said)


@pytest.mark.parametrize(
    "said",
    [
        "1x A4000 (16 GB)",
        "NVIDIA H100 80GB HBM3",
        "n1-standard-4+1xnvidia-tesla-t4",
        "akash-gtx-1080-ti-marketplace",
        "a:b/c",
        "A",
        "x" * 80,
    ],
)
def test_rental_clouds_name_their_offers_in_words(said: str) -> None:
    """And attach accelerators with a plus."""
    assert parse_offer_name(said) == said


@pytest.mark.parametrize(
    "said",
    [
        "",
        " a",
        "a ",
        "a\n",
        "x" * 81,
        "=1+1",
        "+1",
        "-1",
        "@a",
        "(a)",
        "<b>",
        "a\0b",
        "\u0661",
        None,
    ],
)
def test_a_name_in_words_is_as_plain_as_any(said: object) -> None:
    """It starts with a letter or digit, so that nothing takes it for a formula."""
    with pytest.raises(RowError) as refused:
        parse_offer_name(said, "unreadable_gpu_name")

    assert refused.value.code == "unreadable_gpu_name"


@pytest.mark.parametrize(
    ("said", "is_region"),
    [
        ("us-central1", True),
        ("EU-RO-1", True),
        ("global", True),
        ("", False),
        ("us east", False),
        ("x" * 65, False),
        ("../a", False),
        (None, False),
    ],
)
def test_a_region_has_a_code(said: object, is_region: bool) -> None:  # noqa: FBT001
    """One word, whatever it stands for."""
    if is_region:
        assert parse_region(said) == said
        return
    with pytest.raises(RowError) as refused:
        parse_region(said)

    assert refused.value.code == "unreadable_region"


@pytest.mark.parametrize("said", ["", "usd", "US$", "USDT", None, "ÄÖÜ"])
def test_a_currency_has_three_letters(said: object) -> None:
    """Which of them, the guard judges."""
    with pytest.raises(RowError):
        parse_currency(said)


@pytest.mark.parametrize("said", ["\ud800", "a\nb", "\x1b[31m", "x" * 10_000, {"a": "é"}])
def test_what_a_row_says_is_shown_short_and_plain(said: object) -> None:
    """In a log, on a screen, in a report."""
    text = shown(said)

    assert len(text) <= 83
    assert text.isascii()
    assert text.isprintable()


@pytest.mark.parametrize(
    ("name", "place"),
    [("A1.JRT.6YS", "A1.JRT.6YS"), ("a\nb", "a\\nb"), ("\ud800", "\\ud800"), ("it's", "it's")],
)
def test_a_place_is_the_name_that_stands_there(name: str, place: str) -> None:
    """For a person to look up: without quotes around it, in printable characters."""
    assert place_of(name) == place


def claim(price: str, place: str = "1") -> PriceClaim:
    """Return a claim for a p5.48xlarge."""
    return PriceClaim(
        provider="aws",
        region="us-east-1",
        instance_type="p5.48xlarge",
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=Decimal(price),
        currency="USD",
        effective_from=instant("2025-06-01"),
        seen_on=instant("2026-08-20").date(),
        source_url=None,
        place=place,
    )


def test_a_claim_that_is_repeated_counts_once_and_one_that_differs_stays() -> None:
    """Two prices for one thing are for the guard to judge, not for the feed to choose from."""
    scope = FeedScope(SourceKind.PROVIDER_FEED, "AWS Price List", "aws", "us-east-1")
    different = [
        claim("55.04"),
        claim("56"),
        replace(claim("55.04"), pricing_model=PricingModel.SPOT),
        replace(claim("55.04"), currency="EUR"),
        replace(claim("55.04"), effective_from=instant("2025-07-01")),
        replace(claim("55.04"), instance_type="p5en.48xlarge"),
        replace(claim("55.04"), gpu_count=Fraction(8)),
        replace(claim("55.04"), region="us-west-2"),
        replace(claim("55.04"), provider="gcp"),
        replace(claim("55.04"), seen_on=instant("2026-08-19").date()),
    ]
    reading = FeedReading(
        scope, instant("2026-08-20"), "", [*different, claim("55.04", "2"), claim("56.00", "3")]
    )

    drop_repeats(reading)

    assert reading.claims == different
    assert reading.skipped == {"repeated": 2}
