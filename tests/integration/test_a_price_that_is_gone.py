"""An unknown price is unknown: no surface states a number where the price book has none (M12)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dumont_economy.cli.main import main
from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.equivalence import find_equivalent
from tests.api.harness import (
    NOON,
    Application,
    Caller,
    Json,
    hours_ago,
    start,
    start_application,
    start_application_on,
)
from tests.builders import equivalent

# The only machine with this GPU, than which nothing has more memory: there is no substitute either.
SKU, GPU = "p6-b300.48xlarge", "B300"
NUMBERS_OF_AN_EXPLANATION = (
    "sku",
    "price_per_gpu_hour",
    "price_per_hour",
    "price_smallest_instance",
    "price_range",
    "candidates",
)


@pytest.fixture
def with_the_price(tmp_path: Path) -> Iterator[Application]:
    """Return an application that knows every shipped price."""
    started = start_application(tmp_path)
    yield started
    started.close()


@pytest.fixture
def without_the_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """Return an application that was never told what the SKU costs."""

    def rows_but_of_it(name: str) -> list[dict[str, str]]:
        rows = shipped_rows(name)
        return [row for row in rows if name == "skus.csv" or row.get("instance_type") != SKU]

    monkeypatch.setattr("dumont_economy.services.shipped_facts.shipped_rows", rows_but_of_it)
    started = start_application_on(f"sqlite:///{tmp_path / 'economy.db'}")
    yield started
    started.close()


def fleet(application: Application, *, has_it: bool = True) -> Caller:
    """Return an account with ten hours of a T4, and of the GPU in question beside it."""
    caller = application.machine(application.account(f"has it: {has_it}"))
    caller.push(start("known", hours_ago(10), gpu="T4"))
    if has_it:
        caller.push(start("lost", hours_ago(10), gpu=GPU, rate="1.00"))
    return caller


def command(application: Application, *arguments: str) -> tuple[int, Json]:
    """Return the exit code of a command on the application's database, and what it printed."""
    url = application.database.url.render_as_string(hide_password=False)
    asked = [*arguments, "--at", NOON, "--json"]
    run = CliRunner().invoke(main, asked, env={"DUMONT_ECONOMY_DATABASE_URL": url})
    return run.exit_code, json.loads(run.stdout or "{}")


def numbers_of_the_gpu(application: Application, caller: Caller) -> dict[str, list[Any]]:
    """Return what each surface states of the GPU's price, cost elsewhere, and saving."""
    realtime = _lost(caller.read("/economy/savings/realtime")["active_instances"])
    session = _lost(caller.read("/economy/active-session")["active_instances"])
    row = _lost(caller.read("/instances")["instances"])
    pricing = caller.read("/economy/pricing", provider="AWS")
    explained = caller.read("/prices/explain", gpu=GPU, provider="AWS")
    listed = caller.read("/prices", provider="AWS", region="us-east-1", limit=500)["prices"]
    known = caller.get(f"/prices/{SKU}/history", provider="AWS", region="us-east-1")
    exit_code, rate = command(
        application,
        *("prices", "rate", "--provider", "aws", "--region", "us-east-1", "--instance-type", SKU),
    )
    assert exit_code == (1 if "error" in rate else 0)
    _, by_command = command(application, "prices", "explain", "--gpu", GPU, "--provider", "aws")
    _, in_list = command(application, "prices", "list", "--provider", "aws")
    said = {
        "realtime": [
            realtime[name]
            for name in (
                *("provider_hourly_rate", "provider_equivalent"),
                *("savings_so_far", "savings_per_hour", "live"),
            )
        ],
        "active session": [
            session[name] for name in ("provider_hourly_rate", "provider_cost", "savings")
        ],
        "instances": [
            row["comparison_rate_per_hour"],
            row["saving_per_hour"],
            row["match"],
            row["session"]["live"],
        ],
        # Sums over what is compared: of nothing, they are nothing on both sides.
        **{
            f"{part} of the instance": [
                float(row[part][name]) for name in ("saving", "comparison_cost", "comparable_cost")
            ]
            for part in ("session", "lifetime")
        },
        "pricing": [
            pricing["pricing"]["AWS"].get(GPU),
            [one for one in pricing["details"] if one["gpu"] == GPU],
        ],
        "prices explain": [explained[name] for name in NUMBERS_OF_AN_EXPLANATION],
        "prices": [[one for one in listed if one["instance_type"] == SKU]],
        "history of the price": [known.get_json().get("timeline")],
        "economy prices rate": [rate.get("price_per_instance_hour")],
        "economy prices explain": [by_command[name] for name in NUMBERS_OF_AN_EXPLANATION],
        "economy prices list": [[one for one in in_list["prices"] if one["instance_type"] == SKU]],
    }
    return {surface: [one for one in held if one] for surface, held in said.items()}


def _lost(instances: list[Json]) -> Json:
    return next(one for one in instances if one["instance_id"] == "lost")


def totals(caller: Caller) -> dict[str, Any]:
    """Return every sum in which the GPU's comparison could hide."""
    savings = caller.read("/economy/savings")
    history = caller.read("/economy/savings/history")
    realtime = caller.read("/economy/savings/realtime")
    session = caller.read("/economy/active-session")
    (day,) = history["history"]
    return {
        **{
            name: savings[name]
            for name in (
                *("lifetime_savings", "lifetime_provider_cost", "lifetime_comparable_cost"),
                *("savings_percentage", "current_session_savings", "projections"),
            )
        },
        # All that was paid is known, whatever it is compared with.
        "live": {name: live for name, live in savings["live"].items() if name != "lifetime_cost"},
        "provider rate": savings["hourly_comparison"]["provider_rate"],
        "days": [day[name] for name in ("comparable_cost", "provider_cost", "savings")],
        "history": [
            history["totals"][name]
            for name in ("total_comparable_cost", "total_provider_cost", "total_savings")
        ],
        "realtime": [realtime["totals"][name] for name in ("total_savings", "live")],
        "session": [
            session[name]
            for name in ("current_comparable_cost", "current_cost_provider", "session_savings")
        ],
    }


def check(application: Application) -> None:
    """Hold that the saving is partial and says so, and that nothing is made up."""
    caller = fleet(application)

    stated = numbers_of_the_gpu(application, caller)
    coverage = caller.read("/economy/savings")["coverage"]

    assert {surface: found for surface, found in stated.items() if found} == {}
    assert totals(caller) == totals(fleet(application, has_it=False))
    assert coverage["gpu_time"] == 0.5
    assert coverage["cost"] == 0.4253
    assert coverage["grades"]["N"] == 10
    assert coverage["unpriced"] == [{"gpu_type": GPU, "gpu_hours": 10.0}]


def test_no_surface_states_a_number_for_a_price_that_is_gone(
    without_the_price: Application,
) -> None:
    """Five endpoints, instances, three of prices and three commands; the saving is partial."""
    check(without_the_price)


def test_every_surface_states_its_numbers_while_the_price_is_there(
    with_the_price: Application,
) -> None:
    """Or else the law above would hold of nothing."""
    caller = fleet(with_the_price)

    stated = numbers_of_the_gpu(with_the_price, caller)

    assert [surface for surface, found in stated.items() if not found] == []
    assert totals(caller) != totals(fleet(with_the_price, has_it=False))


def test_a_default_price_would_be_found(
    without_the_price: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three dollars an hour for whatever nobody knows the price of."""

    def or_three(*arguments: Any, **named: Any) -> object:  # noqa: ANN401  whatever is asked
        return find_equivalent(*arguments, **named) or equivalent("3.00")

    monkeypatch.setattr("dumont_economy.pricing.match_timeline.find_equivalent", or_three)

    with pytest.raises(AssertionError, match="active session"):
        check(without_the_price)
