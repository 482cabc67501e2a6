"""The five published endpoints: names, nesting, JSON types, rounding, and what is null or zero."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from flask import json

from tests.api.harness import Caller, Json, hours_ago, report, start, stop

ECONOMY = ["/savings", "/savings/history", "/savings/realtime", "/active-session", "/pricing"]
OVER_USAGE = ECONOMY[:4]

PRICE_OF_A_GPU = "pricing.PROVIDER.GPU"

NUMBER = (int, float)
NUMBER_OR_NULL = (int, float, type(None))
TEXT = (str,)
TEXT_OR_NULL = (str, type(None))
COUNT = (int,)
LIVE = {"value": TEXT, "per_second": TEXT}
COMPARISON = {
    "rate_card": TEXT,
    "pricing_model": TEXT,
    "basis": TEXT,
    "region": TEXT_OR_NULL,
    "policy_version": COUNT,
}
COVERAGE = {
    "gpu_time": NUMBER,
    "cost": NUMBER,
    "grades": dict.fromkeys("ABCDNR", NUMBER),
    "unpriced": [{"gpu_type": TEXT, "gpu_hours": NUMBER}],
}
COMMON: Json = {
    "success": (bool,),
    "provider": TEXT,
    "comparison": COMPARISON,
    "as_of": TEXT,
    "valid_until": TEXT,
}
CONTRACT: dict[str, Json] = {
    "/savings": {
        **COMMON,
        "coverage": COVERAGE,
        "lifetime_savings": NUMBER,
        "lifetime_hours": NUMBER,
        "lifetime_gpu_hours": NUMBER,
        "lifetime_cost": NUMBER,
        "lifetime_comparable_cost": NUMBER,
        "lifetime_provider_cost": NUMBER,
        "savings_percentage": NUMBER_OR_NULL,
        "current_session_savings": NUMBER,
        "current_session_hours": NUMBER,
        "current_session_cost": NUMBER,
        "current_session_comparable_cost": NUMBER,
        "hourly_comparison": {
            "dumont_rate": NUMBER,
            "provider_rate": NUMBER,
            "savings_per_hour": NUMBER,
            "savings_per_second": NUMBER,
        },
        "projections": {
            "daily": NUMBER_OR_NULL,
            "weekly": NUMBER_OR_NULL,
            "monthly": NUMBER_OR_NULL,
            "yearly": NUMBER_OR_NULL,
            "method": TEXT,
            "daily_hours": NUMBER_OR_NULL,
            "days_measured": NUMBER_OR_NULL,
        },
        "active_instances_count": COUNT,
        "instances_summary": [
            {
                "instance_id": TEXT,
                "gpu_type": TEXT,
                "hours_used": NUMBER,
                "dumont_cost": NUMBER,
                "status": TEXT,
            }
        ],
        "live": {
            "lifetime": LIVE,
            "session": LIVE,
            "lifetime_cost": LIVE,
            "lifetime_comparable_cost": LIVE,
            "lifetime_provider_cost": LIVE,
        },
        "first_use": (bool,),
    },
    "/savings/history": {
        **COMMON,
        "coverage": COVERAGE,
        "period_days": COUNT,
        "timezone": TEXT,
        "history": [
            {
                "date": TEXT,
                "hours_used": NUMBER,
                "dumont_cost": NUMBER,
                "comparable_cost": NUMBER,
                "provider_cost": NUMBER,
                "savings": NUMBER,
            }
        ],
        "totals": {
            "total_hours": NUMBER,
            "total_dumont_cost": NUMBER,
            "total_comparable_cost": NUMBER,
            "total_provider_cost": NUMBER,
            "total_savings": NUMBER,
        },
    },
    "/savings/realtime": {
        **COMMON,
        "coverage": COVERAGE,
        "timestamp": TEXT,
        "active_instances": [
            {
                "instance_id": TEXT,
                "gpu_type": TEXT,
                "gpu_count": COUNT,
                "status": TEXT,
                "running_hours": NUMBER,
                "dumont_hourly_rate": NUMBER,
                "current_cost": NUMBER,
                "provider_hourly_rate": NUMBER_OR_NULL,
                "provider_equivalent": NUMBER_OR_NULL,
                "savings_so_far": NUMBER_OR_NULL,
                "savings_per_hour": NUMBER_OR_NULL,
                "match": {
                    "grade": TEXT,
                    "sku": TEXT_OR_NULL,
                    "gpu_type": TEXT_OR_NULL,
                    "region": TEXT_OR_NULL,
                    "effective_from": TEXT_OR_NULL,
                    "source": TEXT_OR_NULL,
                },
                "live": (dict, type(None)),
            }
        ],
        "totals": {
            "instances_count": COUNT,
            "total_running_hours": NUMBER,
            "total_current_cost": NUMBER,
            "total_savings": NUMBER,
            "savings_rate_per_hour": NUMBER,
            "avg_savings_rate_per_hour": NUMBER,
            "live": LIVE,
        },
    },
    "/active-session": {
        **COMMON,
        "coverage": COVERAGE,
        "timestamp": TEXT,
        "active_instances": [
            {
                "instance_id": TEXT,
                "gpu_type": TEXT,
                "status": TEXT,
                "running_hours": NUMBER,
                "dumont_hourly_rate": NUMBER,
                "provider_hourly_rate": NUMBER_OR_NULL,
                "dumont_cost": NUMBER,
                "provider_cost": NUMBER_OR_NULL,
                "savings": NUMBER_OR_NULL,
            }
        ],
        "current_cost_dumont": NUMBER,
        "current_comparable_cost": NUMBER,
        "current_cost_provider": NUMBER,
        "session_savings": NUMBER,
        "session_hours": NUMBER,
        "instances_count": COUNT,
        "savings_per_second": NUMBER,
        "live": LIVE,
    },
    "/pricing": {
        **COMMON,
        "pricing": {"AWS": (dict,), "GCP": (dict,), "Azure": (dict,)},
        "details": [
            {
                "provider": TEXT,
                "gpu": TEXT,
                "sku": TEXT,
                "region": TEXT,
                "price_per_gpu_hour": TEXT,
                "price_per_instance_hour": TEXT,
                "gpu_count": COUNT,
                "effective_from": TEXT,
                "published_at": TEXT,
                "source": TEXT,
                "age_days": COUNT,
            }
        ],
        "currency": TEXT,
        "unit": TEXT,
        "last_updated": TEXT,
        "stale": (bool,),
    },
}


def departures(found: object, wanted: object, where: str = "") -> list[str]:
    """Return where an answer is not of the published shape; further members are allowed."""
    if isinstance(wanted, tuple):
        is_right = isinstance(found, wanted) and (bool in wanted or not isinstance(found, bool))
        return [] if is_right else [f"{where} is {found!r}"]
    if isinstance(wanted, list):
        if not isinstance(found, list):
            return [f"{where} is no list"]
        elements = enumerate(found)
        return [d for i, one in elements for d in departures(one, wanted[0], f"{where}[{i}]")]
    if not isinstance(wanted, dict) or not isinstance(found, dict):
        return [f"{where} is no object"]
    return [
        departure
        for name, inner in wanted.items()
        for departure in (
            departures(found[name], inner, f"{where}.{name}")
            if name in found
            else [f"{where}.{name} is missing"]
        )
    ]


@pytest.fixture
def busy(caller: Caller) -> Caller:
    """Return an account with an instance of every kind: priced, idle, unpriced, stopped."""
    caller.push(
        start("priced", hours_ago(3)),
        start("idle", hours_ago(2), gpu="A100", rate="2.50"),
        report("idle", "idle", hours_ago(1)),
        start("unknown", hours_ago(1), gpu="Foo 9000", rate="1.00"),
        start("stopped", hours_ago(50), gpu="H100", rate="1.99"),
        stop("stopped", hours_ago(40)),
    )
    return caller


@pytest.mark.parametrize("path", ECONOMY)
def test_an_answer_has_every_published_member_in_its_place_and_type(
    busy: Caller, path: str
) -> None:
    """Names, nesting and JSON types of the five are fixed."""
    answer = busy.read(f"/economy{path}")

    assert departures(answer, CONTRACT[path]) == []


@pytest.mark.parametrize("path", ECONOMY)
def test_an_empty_account_gets_the_same_shape(caller: Caller, path: str) -> None:
    """Nothing reported is no error, and no member goes missing."""
    answer = caller.read(f"/economy{path}")

    assert departures(answer, CONTRACT[path]) == []


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda answer: answer.pop("live"), id="a member is missing"),
        pytest.param(lambda answer: answer.update(lifetime_savings="1.0"), id="text for a number"),
        pytest.param(lambda answer: answer.update(lifetime_cost=None), id="null for a sum"),
        pytest.param(lambda answer: answer.update(lifetime_hours=True), id="true for a number"),
        pytest.param(
            lambda answer: answer["projections"].pop("method"), id="one inside is missing"
        ),
    ],
)
def test_a_departure_from_the_shape_is_found(
    busy: Caller, spoil: Callable[[dict[str, Any]], object]
) -> None:
    """The comparison with the contract is able to fail."""
    answer = busy.read("/economy/savings")

    spoil(answer)

    assert len(departures(answer, CONTRACT["/savings"])) == 1


@pytest.mark.parametrize("path", ECONOMY)
def test_the_five_carry_what_they_compare_with_and_until_when_they_hold(
    busy: Caller, path: str
) -> None:
    """The list card, on demand, per GPU, in the baseline region, is the default."""
    answer = busy.read(f"/economy{path}", provider="AWS")

    comparison = answer["comparison"]
    assert comparison["rate_card"] == "list"
    assert comparison["pricing_model"] == "on_demand"
    assert comparison["basis"] == "per_gpu"
    assert comparison["region"] == "us-east-1"
    assert comparison["policy_version"] == 1
    assert answer["as_of"] == "2026-08-03T12:00:00Z"
    assert answer["valid_until"] == "2026-08-03T12:02:30Z"


@pytest.mark.parametrize("path", OVER_USAGE)
def test_the_default_provider_is_aws(caller: Caller, path: str) -> None:
    """`provider` may be left out."""
    assert caller.read(f"/economy{path}")["provider"] == "AWS"


def test_pricing_answers_all_providers_by_default(caller: Caller) -> None:
    """`all` is its default, and can be said."""
    by_default = caller.read("/economy/pricing")

    assert list(by_default["pricing"]) == ["AWS", "GCP", "Azure"]
    assert by_default["pricing"] == caller.read("/economy/pricing", provider="ALL")["pricing"]


@pytest.mark.parametrize("path", ECONOMY)
@pytest.mark.parametrize("provider", ["X", "A W S", "AWS ", "", "Oracle"])
def test_an_unknown_provider_is_refused_in_the_published_words(
    caller: Caller, path: str, provider: str
) -> None:
    """400 with `success` false and the sentence that the contract fixes."""
    answer = caller.get(f"/economy{path}", provider=provider)

    assert answer.status_code == 400
    assert answer.get_json()["success"] is False
    assert answer.get_json()["error"] == (f"Unknown provider: {provider}. Use AWS, GCP or Azure.")
    assert answer.get_json()["code"] == "unknown_provider"


def test_other_errors_of_the_five_carry_success_and_error_too(caller: Caller) -> None:
    """A client of the published contract reads `error` whatever went wrong."""
    answer = caller.get("/economy/savings/history", days="0")

    assert answer.status_code == 422
    assert answer.get_json()["success"] is False
    assert answer.get_json()["error"] == answer.get_json()["detail"]


@pytest.mark.parametrize("path", OVER_USAGE)
def test_sums_of_an_empty_account_are_zero_and_never_null(caller: Caller, path: str) -> None:
    """0 where nothing is there to sum; only what cannot be known is null."""
    answer = caller.read(f"/economy{path}")

    nulls = {name for name, value in answer.items() if value is None}
    assert nulls <= {"savings_percentage", "oldest_price_retrieved_at"}


def test_an_account_without_an_event_is_a_first_time_user(caller: Caller) -> None:
    """`first_use` is true until the first event, and no projection is promised."""
    answer = caller.read("/economy/savings")

    assert answer["first_use"] is True
    assert answer["lifetime_savings"] == 0
    assert answer["savings_percentage"] is None
    assert answer["projections"] == {
        "daily": None,
        "weekly": None,
        "monthly": None,
        "yearly": None,
        "method": "none",
        "daily_hours": None,
        "days_measured": None,
    }
    assert answer["live"]["lifetime"] == {
        "value": "0.0000000000",
        "per_second": "0.0000000000000000",
    }


def test_after_the_first_event_nobody_is_a_first_time_user(caller: Caller) -> None:
    """A stop without its start counts for nothing, yet it is an event."""
    caller.push(stop("i-1", hours_ago(1)))

    assert caller.read("/economy/savings")["first_use"] is False


def test_with_no_instance_the_session_is_an_empty_list_and_zeros(caller: Caller) -> None:
    """Never an error."""
    answer = caller.read("/economy/active-session")

    assert answer["active_instances"] == []
    for name in (
        "current_cost_dumont",
        "current_comparable_cost",
        "current_cost_provider",
        "session_savings",
        "session_hours",
        "instances_count",
        "savings_per_second",
    ):
        assert answer[name] == 0


def test_with_no_instance_the_average_rate_is_zero(caller: Caller) -> None:
    """Nothing is divided by no instance."""
    totals = caller.read("/economy/savings/realtime")["totals"]

    assert totals["instances_count"] == 0
    assert totals["avg_savings_rate_per_hour"] == 0


def test_the_average_rate_is_the_sum_over_the_number_of_instances(caller: Caller) -> None:
    """3.36 and 30.27 on the reference card."""
    caller.push(start("i-1", hours_ago(1)), start("i-2", hours_ago(1), gpu="A100", rate="2.50"))

    totals = caller.read("/economy/savings/realtime", rate_card="reference")["totals"]

    assert totals["savings_rate_per_hour"] == 33.63
    assert totals["avg_savings_rate_per_hour"] == 16.815


def test_an_instance_without_a_price_has_null_in_the_provider_fields(busy: Caller) -> None:
    """It is left out of the savings, and its cost is not."""
    realtime = busy.read("/economy/savings/realtime")
    session = busy.read("/economy/active-session")
    unknown = next(i for i in realtime["active_instances"] if i["instance_id"] == "unknown")
    in_session = next(i for i in session["active_instances"] if i["instance_id"] == "unknown")

    for name in (
        "provider_hourly_rate",
        "provider_equivalent",
        "savings_so_far",
        "savings_per_hour",
        "live",
    ):
        assert unknown[name] is None
    assert unknown["current_cost"] == 1.0
    assert unknown["match"]["grade"] == "N"
    assert in_session["provider_hourly_rate"] is None
    assert in_session["provider_cost"] is None
    assert in_session["savings"] is None
    assert realtime["totals"]["total_savings"] == pytest.approx(
        sum(i["savings_so_far"] or 0 for i in realtime["active_instances"])
    )


def test_usage_without_a_price_is_on_neither_side_of_the_saving(busy: Caller) -> None:
    """`*_cost` is all that was paid, `*_comparable_cost` the part with a counterfactual."""
    answer = busy.read("/economy/active-session")

    assert answer["current_cost_dumont"] == 8.22  # 3 x 0.74, 2 x 2.50 and 1.00
    assert answer["current_comparable_cost"] == 7.22
    assert answer["session_savings"] == pytest.approx(
        answer["current_cost_provider"] - answer["current_comparable_cost"]
    )


def test_the_coverage_says_what_is_missing(caller: Caller) -> None:
    """Ten hours priced and ten not: half of the time, 7.40 of 17.40 of the cost."""
    caller.push(
        start("known", hours_ago(10)), start("unknown", hours_ago(10), gpu="Foo 9000", rate="1.00")
    )

    coverage = caller.read("/economy/savings")["coverage"]

    assert coverage["gpu_time"] == 0.5
    assert coverage["cost"] == 0.4253
    assert coverage["grades"] == {"A": 0, "B": 0, "C": 0, "D": 10.0, "N": 10.0, "R": 0}
    assert coverage["unpriced"] == [{"gpu_type": "Foo 9000", "gpu_hours": 10.0}]


def test_the_spelling_that_is_missing_is_told(caller: Caller) -> None:
    """An unknown GPU is accepted, metered, unpriced, and named."""
    caller.push(start("i-1", hours_ago(1), gpu="Foo 9000"))

    answer = caller.read("/economy/savings")

    notice = next(one for one in answer["notices"] if one["code"] == "unknown_gpu")
    assert "Foo 9000" in notice["message"]


def test_a_loss_is_shown_with_its_sign(caller: Caller) -> None:
    """T4 at $1.00 against $0.53 on the card: the saving is -0.47 an hour, everywhere."""
    caller.push(start("i-1", hours_ago(2), gpu="T4", rate="1.00"))

    savings = caller.read("/economy/savings", rate_card="reference", daily_hours=8)
    realtime = caller.read("/economy/savings/realtime", rate_card="reference")
    history = caller.read("/economy/savings/history", rate_card="reference")

    assert savings["lifetime_savings"] == -0.94
    assert savings["savings_percentage"] == -88.7
    assert savings["hourly_comparison"]["savings_per_hour"] == -0.47
    assert savings["projections"]["daily"] == -3.76
    assert savings["live"]["lifetime"]["value"] == "-0.9400000000"
    assert realtime["active_instances"][0]["savings_so_far"] == -0.94
    assert history["totals"]["total_savings"] == -0.94


def test_rates_are_per_instance_and_hours_are_of_instances(caller: Caller) -> None:
    """Four GPUs for two hours: two hours, eight GPU-hours, four times the GPU's rate."""
    caller.push(start("i-1", hours_ago(2), gpu="T4", gpu_count=4, rate="0.60"))

    savings = caller.read("/economy/savings", rate_card="reference")
    (instance,) = caller.read("/economy/savings/realtime", rate_card="reference")[
        "active_instances"
    ]

    assert savings["lifetime_hours"] == 2.0
    assert savings["lifetime_gpu_hours"] == 8.0
    assert instance["gpu_count"] == 4
    assert instance["dumont_hourly_rate"] == 0.6
    assert instance["provider_hourly_rate"] == 2.12
    assert instance["provider_equivalent"] == 4.24


@pytest.mark.parametrize(
    ("rate", "cost"),
    [
        pytest.param("0.18", 0.0, id="0.00005 goes down to the even 0"),
        pytest.param("0.54", 0.0002, id="0.00015 goes up to the even 2"),
        pytest.param("0.90", 0.0002, id="0.00025 goes down to the even 2"),
    ],
)
def test_costs_are_rounded_half_to_even(caller: Caller, rate: str, cost: float) -> None:
    """One second at a rate per hour lies exactly between two amounts of four decimals."""
    caller.push(
        start("i-1", "2026-08-03T10:00:00Z", rate=rate), stop("i-1", "2026-08-03T10:00:01Z")
    )

    assert caller.read("/economy/savings")["lifetime_cost"] == cost


def test_a_total_is_rounded_once_and_not_a_sum_of_rounded_cells(caller: Caller) -> None:
    """Twice 0.00005 are 0.0001, though each day alone shows 0.0000."""
    caller.push(
        start("i-1", "2026-08-02T23:59:59Z", rate="0.18"), stop("i-1", "2026-08-03T00:00:01Z")
    )

    answer = caller.read("/economy/savings/history")

    assert [day["dumont_cost"] for day in answer["history"]] == [0.0, 0.0]
    assert answer["totals"]["total_dumont_cost"] == 0.0001


@pytest.mark.parametrize("path", ECONOMY)
def test_no_number_has_more_decimals_than_published(busy: Caller, path: str) -> None:
    """Money and hours 4, percentages 1, rates per hour 8, per second 10."""
    text = busy.get(f"/economy{path}").get_data(as_text=True)
    places_of = _places_by_name(json.loads(text, parse_float=Decimal))

    for name, places in places_of.items():
        assert places <= _allowed_places(name), name


def _allowed_places(name: str) -> int:
    if name.endswith("_per_second"):
        return 10
    if name.endswith(("_rate", "_per_hour")) or name == PRICE_OF_A_GPU:
        return 8
    return 1 if name == "savings_percentage" else 4


def _places_by_name(found: object, name: str = "") -> dict[str, int]:
    places: dict[str, int] = {}
    if isinstance(found, dict):
        for key, value in found.items():
            inner = PRICE_OF_A_GPU if name in ("AWS", "GCP", "Azure") else key
            for deeper, count in _places_by_name(value, inner).items():
                places[deeper] = max(places.get(deeper, 0), count)
    elif isinstance(found, list):
        for element in found:
            for deeper, count in _places_by_name(element, name).items():
                places[deeper] = max(places.get(deeper, 0), count)
    elif isinstance(found, Decimal):
        exponent = found.normalize().as_tuple().exponent
        places[name] = max(0, -exponent) if isinstance(exponent, int) else 0
    return places


def test_live_values_are_decimal_strings_of_10_and_16_places(busy: Caller) -> None:
    """Screens tick from them without a float."""
    savings = busy.read("/economy/savings")
    session = busy.read("/economy/active-session")
    realtime = busy.read("/economy/savings/realtime")
    of_instances = [one["live"] for one in realtime["active_instances"] if one["live"]]

    for live in (
        *savings["live"].values(),
        session["live"],
        realtime["totals"]["live"],
        *of_instances,
    ):
        assert re.fullmatch(r"-?\d+\.\d{10}", live["value"])
        assert re.fullmatch(r"-?\d+\.\d{16}", live["per_second"])


@pytest.mark.parametrize("provider", ["AWS", "GCP", "Azure"])
def test_the_five_agree_on_the_current_session(busy: Caller, provider: str) -> None:
    """At one `as_of` there is one saving of the session, and one slope."""
    savings = busy.read("/economy/savings", provider=provider)
    session = busy.read("/economy/active-session", provider=provider)
    realtime = busy.read("/economy/savings/realtime", provider=provider)["totals"]

    assert savings["current_session_savings"] == session["session_savings"]
    assert session["session_savings"] == realtime["total_savings"]
    assert savings["live"]["session"] == session["live"] == realtime["live"]


def test_a_summary_shows_five_instances_active_ones_first(caller: Caller) -> None:
    """The rest stand in /instances."""
    for number in range(7):
        caller.push(
            start(f"i-{number}", f"2026-08-03T0{number}:00:00Z"),
            stop(f"i-{number}", f"2026-08-03T0{number}:30:00Z"),
        )
    caller.push(start("on", hours_ago(1)))

    summary = caller.read("/economy/savings")["instances_summary"]

    assert [one["instance_id"] for one in summary] == ["on", "i-6", "i-5", "i-4", "i-3"]
    assert summary[0]["status"] == "running"
    assert summary[1]["status"] == "stopped"


def test_hibernated_and_stopped_instances_are_not_active(caller: Caller) -> None:
    """Active is running or idle: on, and paid for."""
    caller.push(
        start("running", hours_ago(5)),
        start("idle", hours_ago(4)),
        report("idle", "idle", hours_ago(3)),
        start("hibernated", hours_ago(5)),
        report("hibernate", "hibernated", hours_ago(1)),
        start("stopped", hours_ago(5)),
        stop("stopped", hours_ago(1)),
        start("gone", hours_ago(5)),
        report("terminate", "gone", hours_ago(1)),
    )

    active = caller.read("/economy/savings/realtime")["active_instances"]

    assert {one["instance_id"]: one["status"] for one in active} == {
        "running": "running",
        "idle": "idle",
    }


def test_usage_in_a_foreign_currency_is_kept_and_added_to_nothing(caller: Caller) -> None:
    """Amounts of two currencies are never added: its absence is said, not guessed."""
    caller.push(start("eur", hours_ago(1), currency="EUR"), start("usd", hours_ago(1)))

    answer = caller.read("/economy/savings")
    realtime = caller.read("/economy/savings/realtime")["active_instances"]

    assert answer["lifetime_cost"] == 0.74
    assert answer["lifetime_hours"] == 2.0
    assert answer["coverage"]["gpu_time"] == 0.5
    assert "currency_not_converted" in {one["code"] for one in answer["notices"]}
    assert {one["instance_id"]: one["dumont_hourly_rate"] for one in realtime} == {
        "eur": None,
        "usd": 0.74,
    }
