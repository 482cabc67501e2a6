"""The worked figures of the reference rate card, as the operator published them."""

import pytest

from tests.api.harness import Caller, hours_ago, start, stop

SPELLINGS = [
    ("AWS", "AWS"),
    ("aws", "AWS"),
    ("Aws", "AWS"),
    ("GCP", "GCP"),
    ("gcp", "GCP"),
    ("gCp", "GCP"),
    ("Azure", "Azure"),
    ("AZURE", "Azure"),
    ("azure", "Azure"),
]
RTX_4090_VS = {"AWS": 4.10, "GCP": 3.80, "Azure": 4.50}


@pytest.mark.parametrize(("spelling", "provider"), SPELLINGS)
def test_ten_hours_of_an_rtx_4090_are_compared_with_the_card(
    caller: Caller, spelling: str, provider: str
) -> None:
    """In any case, a provider is the same, and is answered in its own spelling."""
    caller.push(start("i-1", hours_ago(10)))

    answer = caller.read("/economy/savings", provider=spelling, rate_card="reference")

    assert answer["provider"] == provider
    assert answer["lifetime_cost"] == 7.4
    assert answer["lifetime_provider_cost"] == round(RTX_4090_VS[provider] * 10, 4)


def test_ten_hours_of_an_rtx_4090_save_33_60_against_aws(caller: Caller) -> None:
    """41.00 - 7.40 = 33.60, 82 %."""
    caller.push(start("i-1", hours_ago(10)))

    answer = caller.read("/economy/savings", provider="AWS", rate_card="reference")

    assert answer["lifetime_provider_cost"] == 41.0
    assert answer["lifetime_savings"] == 33.6
    assert answer["savings_percentage"] == 82.0
    assert answer["coverage"]["grades"]["R"] == 10.0


def test_one_hour_of_an_a100_saves_26_89_against_gcp(caller: Caller) -> None:
    """29.39 - 2.50 = 26.89, 91.5 % to one decimal."""
    caller.push(start("i-1", hours_ago(3), gpu="A100", rate="2.50"), stop("i-1", hours_ago(2)))

    answer = caller.read("/economy/savings", provider="GCP", rate_card="reference")

    assert answer["lifetime_cost"] == 2.5
    assert answer["lifetime_provider_cost"] == 29.39
    assert answer["lifetime_savings"] == 26.89
    assert answer["savings_percentage"] == 91.5


def test_an_rtx_4090_saves_3_36_an_hour(caller: Caller) -> None:
    """$3.36 per hour, $0.056 per minute, $0.000933 per second."""
    caller.push(start("i-1", hours_ago(1)))

    rates = caller.read("/economy/savings", rate_card="reference")["hourly_comparison"]

    assert rates["dumont_rate"] == 0.74
    assert rates["provider_rate"] == 4.1
    assert rates["savings_per_hour"] == 3.36
    assert rates["savings_per_second"] == 0.0009333333
    assert round(rates["savings_per_second"] * 60, 6) == 0.056


@pytest.mark.parametrize(
    ("gpu", "rate", "a_month", "a_year"),
    [
        ("RTX 4090", "0.74", 806.4, 9_811.2),
        ("A100", "2.50", 7_264.8, 88_388.4),
        ("H100", "4.50", 14_520.0, 176_660.0),
    ],
)
def test_eight_hours_a_day_come_to_the_published_month_and_year(
    caller: Caller, gpu: str, rate: str, a_month: float, a_year: float
) -> None:
    """Hourly saving x 8 x 30 and x 8 x 365."""
    caller.push(start("i-1", hours_ago(1), gpu=gpu, rate=rate))

    answer = caller.read("/economy/savings", rate_card="reference", daily_hours=8)
    projections = answer["projections"]

    assert projections["monthly"] == a_month
    assert projections["yearly"] == a_year
    assert projections["method"] == "hourly"
    assert projections["daily_hours"] == 8.0
    assert projections["days_measured"] is None


@pytest.mark.parametrize("spelling", ["Azure", "AZURE", "azure"])
def test_every_spelling_of_azure_asks_68_00_for_an_h100(caller: Caller, spelling: str) -> None:
    """The spelling of a provider chooses nothing."""
    answer = caller.read("/economy/pricing", provider=spelling, rate_card="reference")

    assert answer["pricing"] == {
        "Azure": {"A100": 32.77, "H100": 68.0, "RTX 3090": 3.3, "RTX 4090": 4.5, "T4": 0.53}
    }


def test_the_card_is_published_whole(caller: Caller) -> None:
    """Three providers, five GPUs, no SKU, no date and no region: it is a card, not a price list."""
    answer = caller.read("/economy/pricing", rate_card="reference")

    assert answer["pricing"] == {
        "AWS": {"A100": 32.77, "H100": 65.0, "RTX 3090": 3.06, "RTX 4090": 4.1, "T4": 0.53},
        "GCP": {"A100": 29.39, "H100": 55.0, "RTX 3090": 2.8, "RTX 4090": 3.8, "T4": 0.35},
        "Azure": {"A100": 32.77, "H100": 68.0, "RTX 3090": 3.3, "RTX 4090": 4.5, "T4": 0.53},
    }
    assert answer["comparison"]["rate_card"] == "reference"
    assert answer["comparison"]["region"] is None
    assert {row["sku"] for row in answer["details"]} == {None}
    assert {row["effective_from"] for row in answer["details"]} == {None}


def test_the_card_holds_for_all_time_and_without_a_minimum(caller: Caller) -> None:
    """A run of one second, in a year before any dated price, costs one second on both sides."""
    second = 1 / 3600
    caller.push(
        start("i-1", "2019-06-01T00:00:00Z", rate="3600"), stop("i-1", "2019-06-01T00:00:01Z")
    )

    answer = caller.read("/economy/savings", rate_card="reference")

    assert answer["lifetime_cost"] == 1.0
    assert answer["lifetime_provider_cost"] == round(4.10 * second, 4)


def test_a_gpu_that_the_card_does_not_name_is_unpriced(caller: Caller) -> None:
    """There is no default and no similar name: an A10 is no A100."""
    caller.push(start("i-1", hours_ago(2), gpu="A10", rate="0.60"))

    answer = caller.read("/economy/savings", rate_card="reference")

    assert answer["lifetime_provider_cost"] == 0
    assert answer["coverage"]["unpriced"] == [{"gpu_type": "A10", "gpu_hours": 2.0}]


def test_several_gpus_cost_several_times_the_card(caller: Caller) -> None:
    """Rates are per instance: the GPU's rate times their number."""
    caller.push(start("i-1", hours_ago(1), gpu="H100", gpu_count=8, rate="36.00"))

    rates = caller.read("/economy/savings", rate_card="reference")["hourly_comparison"]

    assert rates["provider_rate"] == 520.0
