"""The figures of the list card: true prices, of the day on which the usage ran."""

import pytest

from tests.api.harness import (
    Application,
    Caller,
    SettableClock,
    hours_ago,
    report,
    start,
    stop,
)

# p4d.24xlarge holds eight A100: USD per hour of the machine, before and since 30 April 2025.
P4D_BEFORE, P4D_SINCE = 32.7726, 21.957642


def test_an_a100_is_compared_with_its_share_of_a_p4d(caller: Caller) -> None:
    """AWS sells A100 by eights: a share of one is grade B, and saves 8.9 %, not 92 %."""
    caller.push(start("i-1", hours_ago(1), gpu="A100", rate="2.50"))

    answer = caller.read("/economy/savings", provider="AWS")
    (instance,) = caller.read("/economy/savings/realtime", provider="AWS")["active_instances"]

    assert answer["savings_percentage"] == 8.9
    assert answer["hourly_comparison"]["provider_rate"] == 2.74470525 == P4D_SINCE / 8
    assert answer["coverage"]["grades"] == {"A": 0, "B": 1.0, "C": 0, "D": 0, "N": 0, "R": 0}
    assert instance["match"]["grade"] == "B"
    assert instance["match"]["sku"] == "p4d.24xlarge"
    assert instance["match"]["region"] == "us-east-1"
    assert instance["match"]["effective_from"] == "2025-04-30T00:00:00Z"


def test_the_whole_machine_is_shown_beside_the_share(caller: Caller) -> None:
    """Both figures travel together: per GPU, and what would really have had to be rented."""
    caller.push(start("i-1", hours_ago(1), gpu="A100", rate="2.50"))

    (row,) = caller.read("/instances", provider="AWS")["instances"]

    assert row["comparison_rate_per_hour"] == "2.74470525"
    assert row["match"]["smallest_instance_per_hour"] == "21.957642"
    assert row["match"]["machines"] == 0.125
    assert row["match"]["how"] == "share"


def test_the_smallest_instance_can_be_asked_for(caller: Caller) -> None:
    """`basis` overrides the policy: the whole p4d.24xlarge for one A100."""
    caller.push(start("i-1", hours_ago(1), gpu="A100", rate="2.50"))

    answer = caller.read("/economy/savings", provider="AWS", basis="smallest_instance")

    assert answer["comparison"]["basis"] == "smallest_instance"
    assert answer["hourly_comparison"]["provider_rate"] == P4D_SINCE


def test_a_run_of_10_april_2025_is_compared_at_the_price_of_that_day(caller: Caller) -> None:
    """32.7726 / 8, although the machine costs less today."""
    caller.push(
        start("i-1", "2025-04-10T09:00:00Z", gpu="A100", rate="2.50"),
        stop("i-1", "2025-04-10T10:00:00Z"),
    )

    answer = caller.read("/economy/savings", provider="AWS")

    assert answer["lifetime_provider_cost"] == round(P4D_BEFORE / 8, 4) == 4.0966
    assert answer["lifetime_savings"] == 1.5966


def test_a_run_of_march_2025_is_unpriced_and_says_so(caller: Caller) -> None:
    """It lies before the first dated price: its cost counts, and nothing is invented beside it."""
    caller.push(
        start("i-1", "2025-03-10T09:00:00Z", gpu="A100", rate="2.50"),
        stop("i-1", "2025-03-10T10:00:00Z"),
    )

    answer = caller.read("/economy/savings", provider="AWS")

    assert answer["lifetime_cost"] == 2.5
    assert answer["lifetime_comparable_cost"] == 0
    assert answer["lifetime_provider_cost"] == 0
    assert answer["lifetime_savings"] == 0
    assert answer["savings_percentage"] is None
    assert answer["coverage"]["gpu_time"] == 0
    assert answer["coverage"]["cost"] == 0
    assert answer["coverage"]["grades"]["N"] == 1.0
    assert answer["coverage"]["unpriced"] == [{"gpu_type": "A100", "gpu_hours": 1.0}]


def test_an_instance_of_march_2025_says_why_it_has_no_price(
    caller: Caller, clock: SettableClock
) -> None:
    """Grade N comes with a reason in words."""
    clock.set("2025-03-10T10:00:00Z")
    caller.push(start("i-1", "2025-03-10T09:00:00Z", gpu="A100", rate="2.50"))

    (instance,) = caller.read("/economy/savings/realtime", provider="AWS")["active_instances"]

    assert instance["match"]["grade"] == "N"
    assert instance["match"]["reason"] == (
        "No AWS on_demand prices in us-east-1 are known before 2025-04-04."
    )


def test_a_session_over_the_price_cut_is_compared_at_both_prices(caller: Caller) -> None:
    """One hour at 32.7726 / 8 and two at 21.957642 / 8: 9.5859855 against 7.50."""
    caller.push(
        start("i-1", "2025-04-29T23:00:00Z", gpu="A100", rate="2.50"),
        stop("i-1", "2025-04-30T02:00:00Z"),
    )

    (row,) = caller.read("/instances", provider="AWS")["instances"]

    assert row["lifetime"]["cost"] == "7.5000000000"
    assert row["lifetime"]["comparison_cost"] == "9.5859855000"
    assert row["lifetime"]["saving"] == "2.0859855000"


@pytest.mark.parametrize(
    ("gpu", "gpu_count", "sku", "grade", "provider_rate"),
    [
        pytest.param("RTX 4090", 2, "g6e.xlarge", "D", 2 * 1.861, id="two L40S machines"),
        pytest.param("H100", 16, "p5.48xlarge", "C", 2 * 55.04, id="two machines of eight H100"),
    ],
)
def test_more_gpus_than_a_machine_has_are_several_machines(
    caller: Caller, gpu: str, gpu_count: int, sku: str, grade: str, provider_rate: float
) -> None:
    """2 x RTX 4090 on AWS are two g6e.xlarge, 16 x H100 two p5.48xlarge."""
    caller.push(start("i-1", hours_ago(1), gpu=gpu, gpu_count=gpu_count, rate="1.50"))

    (row,) = caller.read("/instances", provider="AWS")["instances"]

    assert row["match"]["sku"] == sku
    assert row["match"]["machines"] == 2
    assert row["match"]["how"] == "several_machines"
    assert row["match"]["grade"] == grade
    assert float(row["comparison_rate_per_hour"]) == provider_rate


@pytest.mark.parametrize(
    ("provider", "gpu", "grade"),
    [
        ("AWS", "L40S", "D"),
        ("GCP", "A100-40GB", "D"),
        ("Azure", "A10", "D"),
    ],
)
def test_an_rtx_4090_is_compared_with_a_substitute_that_is_labelled(
    caller: Caller, provider: str, gpu: str, grade: str
) -> None:
    """Nobody sells it: L40S on AWS, A100 40 GB on GCP, A10 on Azure, with both ratios."""
    caller.push(start("i-1", hours_ago(1)))

    (row,) = caller.read("/instances", provider=provider)["instances"]

    assert row["match"]["gpu_type"] == gpu
    assert row["match"]["grade"] == grade
    assert set(row["match"]["ratios"]) == {"memory", "fp16", "bandwidth"}


def test_every_total_says_how_much_of_it_rests_on_substitutes(caller: Caller) -> None:
    """The part of grade D stands in the coverage."""
    caller.push(start("i-1", hours_ago(1)), start("i-2", hours_ago(1), gpu="A100", rate="2.50"))

    coverage = caller.read("/economy/savings", provider="AWS")["coverage"]

    assert coverage["grades"]["D"] == 1.0
    assert coverage["substitutes_saving"] == "1.1210000000"  # 1.861 - 0.74


def test_a_name_without_its_variant_means_the_least_capable_one_and_says_so(
    caller: Caller,
) -> None:
    """A100 is compared as A100-40GB, and the answer tells."""
    caller.push(start("i-1", hours_ago(1), gpu="A100", rate="2.50"))

    answer = caller.read("/instances")

    assert answer["instances"][0]["gpu_type"] == "A100-40GB"
    assert answer["instances"][0]["gpu_spelling"] == "A100"
    assert answer["instances"][0]["variant_assumed"] is True
    assert "variant_assumed" in {notice["code"] for notice in answer["notices"]}


def test_spot_is_known_of_gcp_alone(caller: Caller) -> None:
    """Dated spot prices exist for GCP; elsewhere spot is grade N."""
    caller.push(start("i-1", hours_ago(1), gpu="A100", rate="0.90"))

    on_gcp = caller.read("/economy/savings", provider="GCP", pricing_model="spot")
    on_aws = caller.read("/economy/savings", provider="AWS", pricing_model="spot")

    assert on_gcp["hourly_comparison"]["provider_rate"] == 1.92802
    assert on_aws["coverage"]["grades"]["N"] == 1.0
    assert on_aws["hourly_comparison"]["provider_rate"] == 0


def test_a_machine_that_is_sold_no_more_is_compared_with_no_more(
    application: Application, caller: Caller
) -> None:
    """Azure's NVv3 series ends on 30 September 2026, and with it the comparison of an M60."""
    application.clock.set("2026-09-29T23:00:00Z")
    caller.push(start("i-1", "2026-09-29T22:00:00Z", gpu="M60", rate="0.30"))

    before = caller.read("/economy/savings/realtime", provider="Azure")["active_instances"][0]
    application.clock.set("2026-09-30T01:00:00Z")
    after = caller.read("/economy/savings/realtime", provider="Azure")["active_instances"][0]

    assert before["match"]["sku"] == "Standard_NV12s_v3"
    assert after["match"]["sku"] != before["match"]["sku"]


def test_a_price_change_of_our_side_holds_from_its_instant(caller: Caller) -> None:
    """One hour at 2.50 and one at 3.00."""
    caller.push(
        start("i-1", hours_ago(2), gpu="A100", rate="2.50"),
        report("price_change", "i-1", hours_ago(1), rate="3.00"),
    )

    answer = caller.read("/economy/savings", provider="AWS")

    assert answer["lifetime_cost"] == 5.5
    assert answer["hourly_comparison"]["dumont_rate"] == 3.0


def test_the_price_list_names_the_cheapest_sku_of_each_gpu(caller: Caller) -> None:
    """Every price opens into SKU, region, date and source."""
    answer = caller.read("/economy/pricing", provider="aws")
    a100 = next(row for row in answer["details"] if row["gpu"] == "A100-40GB")

    assert answer["pricing"]["AWS"]["A100-40GB"] == 2.74470525
    assert a100["provider"] == "AWS"
    assert a100["sku"] == "p4d.24xlarge"
    assert a100["region"] == "us-east-1"
    assert a100["price_per_gpu_hour"] == "2.74470525"
    assert a100["price_per_instance_hour"] == "21.957642"
    assert a100["gpu_count"] == 8
    assert a100["effective_from"] == "2025-04-30T00:00:00Z"
    assert a100["published_at"] == "2026-08-03T12:00:00Z"
    assert a100["age_days"] == 14
    assert a100["source"].startswith("github ")


def test_the_price_list_tells_its_own_date_and_not_that_of_the_request(
    caller: Caller, clock: SettableClock
) -> None:
    """`last_updated` is the newest retrieval date, and turns stale after 180 days."""
    today = caller.read("/economy/pricing")
    clock.set("2027-06-01T12:00:00Z")
    a_year_on = caller.read("/economy/pricing")

    assert today["last_updated"] == "2026-07-30"
    assert today["stale"] is False
    assert a_year_on["last_updated"] == "2026-07-30"
    assert a_year_on["stale"] is True
