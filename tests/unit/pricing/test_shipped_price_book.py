"""The shipped price facts: true to their sources, dated, and without gaps in what they refer to."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models

Row = dict[str, str]

BOOK = shipped_rows("price_book.csv")
CLOUDS = {"aws", "azure", "gcp"}


def offer_of(row: Row) -> tuple[str, str, str, str]:
    """Return what one series of prices belongs to."""
    return (row["provider"], row["region"], row["instance_type"], row["pricing_model"])


def series() -> Iterator[list[Row]]:
    """Yield the rows of each offer, in the file's order."""
    for _, rows in groupby(BOOK, key=offer_of):
        yield list(rows)


def price(offer: tuple[str, str, str, str], day: str) -> Decimal | None:
    """Return the shipped price of an offer on a day."""
    begun = [row for row in BOOK if offer_of(row) == offer and row["effective_from"] <= day]
    newest = max(begun, key=lambda row: row["effective_from"], default=None)
    return None if newest is None else Decimal(newest["usd_per_instance_hour"])


@pytest.mark.parametrize(
    ("instance_type", "day", "usd"),
    [
        ("p5.48xlarge", "2025-04-03", None),
        ("p5.48xlarge", "2025-04-29", "98.32"),
        ("p5.48xlarge", "2025-04-30", "55.04"),
        ("p4d.24xlarge", "2025-04-10", "32.7726"),
        ("p4d.24xlarge", "2025-04-30", "21.957642"),
        ("p4de.24xlarge", "2025-04-30", "27.44705"),
        ("p5en.48xlarge", "2025-04-04", "84.8"),
        ("p5en.48xlarge", "2025-04-05", "63.296"),
    ],
)
def test_the_lower_price_holds_inside_the_bracket_of_a_cut(
    instance_type: str, day: str, usd: str | None
) -> None:
    """A fall counts from the day after the old price was last seen (R-BRACKET)."""
    expected = None if usd is None else Decimal(usd)

    assert price(("aws", "us-east-1", instance_type, "on_demand"), day) == expected


def test_a_rise_counts_from_the_day_it_was_seen() -> None:
    """Until then the old, lower price holds on."""
    rises = [
        (earlier, later)
        for rows in series()
        for earlier, later in pairwise(rows)
        if Decimal(later["usd_per_instance_hour"]) > Decimal(earlier["usd_per_instance_hour"])
    ]

    assert rises
    assert all(later["effective_from"] == later["first_seen"] for _, later in rises)


def test_a_fall_counts_from_the_day_after_the_old_price_was_seen() -> None:
    """Both dates of the bracket are kept."""
    falls = [
        (earlier, later)
        for rows in series()
        for earlier, later in pairwise(rows)
        if Decimal(later["usd_per_instance_hour"]) < Decimal(earlier["usd_per_instance_hour"])
    ]

    assert falls
    for earlier, later in falls:
        day_after = date.fromisoformat(earlier["last_seen"]) + timedelta(days=1)
        assert later["previous_last_seen"] == earlier["last_seen"]
        assert later["effective_from"] == day_after.isoformat()


def test_the_price_periods_of_an_offer_follow_each_other() -> None:
    """They begin one after the other, never twice on one day, each with another price."""
    offers = [offer_of(rows[0]) for rows in series()]
    assert offers == sorted(set(offers))

    for rows in series():
        assert rows[0]["effective_from"] == rows[0]["first_seen"]
        assert rows[0]["previous_last_seen"] == ""
        for row in rows:
            assert row["effective_from"] <= row["first_seen"] <= row["last_seen"]
        for earlier, later in pairwise(rows):
            assert earlier["effective_from"] < later["effective_from"]
            assert earlier["last_seen"] < later["first_seen"]
            assert earlier["usd_per_instance_hour"] != later["usd_per_instance_hour"]


def test_every_price_has_an_amount_a_source_and_dates() -> None:
    """Nothing is free, and nothing is without its origin."""
    for row in BOOK:
        assert Decimal(row["usd_per_instance_hour"]) > 0
        assert row["source"]
        assert row["source_url"].startswith("https://github.com/")
        assert date.fromisoformat(row["retrieved_at"]) <= date.fromisoformat(row["last_seen"])


def test_spot_prices_are_dated_for_one_cloud_only() -> None:
    """Undated samples of the others are no facts."""
    assert {row["provider"] for row in BOOK} == CLOUDS
    assert {row["provider"] for row in BOOK if row["pricing_model"] == "spot"} == {"gcp"}


def test_refused_prices_are_not_in_the_book() -> None:
    """A wrong row is kept aside with its reason; the SKU has no price until a right one."""
    refused = shipped_rows("refused_prices.csv")

    assert {row["instance_type"] for row in refused} == {
        "Standard_ND96ams_A100_v4",
        "Standard_ND96amsr_A100_v4",
    }
    for row in refused:
        assert row["reason"]
        assert price(offer_of(row), row["as_of"]) is None
        assert price(offer_of(row), "2026-06-18") == Decimal("46.89")


def test_every_sku_of_the_book_is_described_once() -> None:
    """Each has a known GPU model, a count, a processor architecture and a source."""
    skus = shipped_rows("skus.csv")
    described = [(row["provider"], row["instance_type"]) for row in skus]

    assert len(set(described)) == len(described)
    assert set(described) == {(row["provider"], row["instance_type"]) for row in BOOK}
    for row in skus:
        assert row["gpu_model"] in shipped_gpu_models()
        assert Decimal(row["gpu_count"]) > 0
        assert row["source"]
        assert row["as_of"]


def test_only_arm_hosts_are_arm() -> None:
    """A T4G or a Grace superchip is no candidate for x86-64 work."""
    arm = {
        row["gpu_model"] for row in shipped_rows("skus.csv") if row["cpu_architecture"] != "x86_64"
    }

    assert arm == {"GB200", "T4G"}


def test_models_of_one_chip_are_one_vendors() -> None:
    """A chip joins form factors and memory sizes; other models are their own chips."""
    chips: dict[str, set[str]] = {}
    for model in shipped_gpu_models().values():
        chips.setdefault(model.chip, set()).add(model.name)

    assert len(shipped_gpu_models()) == 64
    assert {chip: names for chip, names in chips.items() if len(names) > 1} == {
        "A100": {"A100-40GB", "A100-40GB-PCIe", "A100-80GB", "A100-80GB-PCIe"},
        "H100": {"H100-80GB-PCIe", "H100-80GB-SXM", "H100-94GB-NVL"},
        "V100": {"V100-16GB", "V100-32GB"},
    }
    assert all(next(iter(names)) == chip for chip, names in chips.items() if len(names) == 1)


def test_an_unknown_figure_of_a_gpu_stays_unknown() -> None:
    """Missing is not zero: such a GPU is no candidate for a substitute."""
    assert shipped_gpu_models()["RTX PRO 4500"].fp16_dense_tflops is None
    assert shipped_gpu_models()["RTX 4090"].fp16_dense_tflops == Decimal("165.2")


def test_types_not_offered_say_since_when_and_how_sure() -> None:
    """No column is lost, and every date is a date."""
    rows = shipped_rows("not_offered.csv")

    assert len(rows) == 22
    for row in rows:
        assert row["provider"] in CLOUDS
        assert row["pricing_model"] in {"*", "on_demand", "spot"}
        assert date.fromisoformat(row["not_offered_from"]).isoformat() == row["not_offered_from"]
        assert row["sureness"] in {"documented", "not rechecked"}
        assert all(row.values())


def test_billing_rules_hold_before_the_first_price() -> None:
    """No priced use of a compared cloud is without its billing rule."""
    rules = {row["provider"]: row for row in shipped_rows("billing_rules.csv")}
    first_price = min(row["effective_from"] for row in BOOK)

    assert rules.keys() > CLOUDS
    assert {name: rules[name]["min_seconds"] for name in CLOUDS} == {
        "aws": "60",
        "azure": "0",
        "gcp": "60",
    }
    for row in rules.values():
        assert row["effective_from"] < first_price
        assert row["rounding"] in {"ceil", "floor"}
        assert row["source"]
        assert row["sureness"]


def test_the_reference_card_prices_five_gpus_at_four_providers() -> None:
    """Its GPUs are names that identify."""
    card = shipped_rows("reference_rate_card.csv")
    prices = {(row["gpu"], row["provider"]): Decimal(row["usd_per_gpu_hour"]) for row in card}

    assert len(card) == len(prices) == 20
    assert {provider for _, provider in prices} == {*CLOUDS, "dumont"}
    assert prices["RTX 4090", "aws"] - prices["RTX 4090", "dumont"] == Decimal("3.36")
    assert prices["H100", "azure"] == Decimal("68.00")
    assert all(shipped_identifier().identify(gpu) for gpu, _ in prices)


def test_rental_prices_are_of_many_known_gpus() -> None:
    """The demonstration rents at real prices, each with its date and source."""
    rows = shipped_rows("rental_prices.csv")

    assert len({row["gpu_model"] for row in rows}) >= 14
    for row in rows:
        assert row["gpu_model"] in shipped_gpu_models()
        assert Decimal(row["usd_per_instance_hour"]) > 0
        assert row["as_of"]
        assert row["source"]


def test_the_book_answers_what_its_sources_said() -> None:
    """Prices taken evenly from all the tables come back exactly on their date."""
    sample = Path(__file__).with_name("price_facts_sample.csv")
    with sample.open(encoding="utf-8", newline="") as file:
        facts = list(csv.DictReader(file))

    assert len(facts) == 300
    for fact in facts:
        answer = price(offer_of(fact), fact["date"])
        assert answer == Decimal(fact["usd_per_instance_hour"]), fact
