"""The reference model is independent of the product, and right about what was worked by hand."""

import ast
import json
import sys
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import reference_model
from tests.reference_model import (
    Figures,
    Price,
    Report,
    Rule,
    World,
    added,
    by_day,
    day_starts,
    figures,
    pieces,
)

EXAMPLES = Path(__file__).parent.parent / "rating" / "examples.json"
Json = dict[str, Any]


def imported_folders(source: str) -> set[str]:
    """Return the first part of every module's name that a source text imports."""
    modules: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules.append("." * node.level + (node.module or ""))
    return {module.partition(".")[0] for module in modules}


def test_the_model_imports_the_standard_library_alone() -> None:
    """What it shares with the product it could only confirm."""
    source = Path(reference_model.__file__).read_text(encoding="utf-8")

    assert imported_folders(source) <= sys.stdlib_module_names


@pytest.mark.parametrize(
    "source",
    [
        "import dumont_economy.money",
        "from dumont_economy import money",
        "def late():\n    from dumont_economy.money import round_amount",
        "from tests.builders import start",
        "from .builders import start",
    ],
)
def test_an_import_of_anything_else_is_found(source: str) -> None:
    """The check is able to fail."""
    assert not imported_folders(source) <= sys.stdlib_module_names


def seconds(text: str) -> Fraction:
    """Return an instant of a scenario in POSIX seconds."""
    return Fraction(int(datetime.fromisoformat(text).timestamp()))


def reports(scenario: Json) -> list[Report]:
    """Return what the only account of a scenario reported."""
    return [
        Report(
            source=one["source"],
            id=one["id"],
            type=one["type"],
            time=seconds(one["time"]),
            instance=one.get("instance", ""),
            provider=one.get("provider", ""),
            gpu=one.get("gpu", ""),
            gpu_count=one.get("gpu_count", 0),
            rate=Fraction(one.get("rate", 0)),
            currency=one.get("currency", "USD"),
            void_of=one.get("void_of", ""),
            received=seconds(delivery["received_at"]),
        )
        for delivery in scenario["deliveries"]
        for one in delivery["events"]
    ]


def world(scenario: Json, query: Json) -> World:
    """Return the price book of a scenario, narrowed to what a query compares with."""
    book, compared = scenario["price_book"], query["compare"]
    rules: dict[str, list[Rule]] = {}
    for one in book["billing_rules"]:
        rules.setdefault(one["party"], []).append(
            Rule(
                seconds(one["effective_from"]),
                one["min_seconds"],
                one["increment_seconds"],
                one["rounding"] == "ceil",
                seconds(one["published_at"]),
            )
        )
    listed: dict[str, list[Price]] = {}
    for one in book["prices"]:
        if (one["cloud"], one["region"]) == (compared["cloud"], compared["region"]):
            price = Price(
                seconds(one["effective_from"]),
                Fraction(one["price_per_gpu_hour"]),
                seconds(one["published_at"]),
            )
            listed.setdefault(one["gpu"], []).append(price)
    return World(rules, compared["cloud"], listed, query["currency"])


def queries() -> list[Any]:
    """Return every query whose rules the model has: it knows neither disks nor exchange rates."""
    scenarios = json.loads(EXAMPLES.read_text(encoding="utf-8"))["scenarios"]
    return [
        pytest.param(scenario, query, id=f"{scenario['id']} {query['name']}")
        for scenario in scenarios
        if not scenario["price_book"]["disk_prices"] and not scenario["price_book"]["fx"]
        for query in scenario["queries"]
    ]


def test_all_worked_scenarios_but_that_of_disks_are_asked() -> None:
    """None is lost by how they are picked."""
    assert len({one.id.partition(" ")[0] for one in queries()}) == 13


def asked(scenario: Json, query: Json, as_of: str) -> Figures:
    """Return the model's answer to a query, as it was known at some instant."""
    return figures(
        reports(of_tenant(scenario, query)),
        world(scenario, query),
        seconds(query["now"]),
        seconds(query["from"]),
        seconds(query["to"]),
        as_of=seconds(as_of),
    )


def of_tenant(scenario: Json, query: Json) -> Json:
    """Return a scenario with the deliveries of the account that a query concerns alone."""
    tenant = query.get("tenant", "t1")
    held = [one for one in scenario["deliveries"] if one.get("tenant", "t1") == tenant]
    return {**scenario, "deliveries": held}


def rounded(amount: Fraction) -> Fraction:
    """Return an amount as it is reported: once, half to even, to 10 decimals."""
    return Fraction(round(amount * 10**10), 10**10)


@pytest.mark.parametrize(("scenario", "query"), queries())
def test_the_model_answers_as_worked_by_hand(scenario: Json, query: Json) -> None:
    """Seconds and costs as known at an instant, and what changed since another (R-ASOF)."""
    expected = query["expected"]

    found = asked(scenario, query, query["as_of"])

    assert found.used == Fraction(expected["used_seconds"])
    assert found.unpriced == Fraction(expected["unpriced_seconds"])
    assert found.billed_actual == Fraction(expected["billed_seconds"]["actual"])
    assert found.billed_comparison == Fraction(expected["billed_seconds"]["comparison"])
    assert rounded(found.actual) == Fraction(expected["actual"])
    assert rounded(found.comparable) == Fraction(expected["comparable_actual"])
    assert rounded(found.comparison) == Fraction(expected["comparison"])
    assert rounded(found.comparison - found.comparable) == Fraction(expected["saving"])
    if "adjustment_since" in query:
        before = asked(scenario, query, query["adjustment_since"])
        paid, compared = (
            sum(Fraction(one[side]) for one in expected["adjustment"])
            for side in ("actual", "comparison")
        )
        assert rounded(found.actual - before.actual) == paid
        assert rounded(found.comparison - before.comparison) == compared


@pytest.mark.parametrize(
    ("scenario", "query"), [one for one in queries() if one.values[1].get("by_day")]
)
def test_the_models_days_are_as_worked_by_hand(scenario: Json, query: Json) -> None:
    """Where each begins, and what falls on it (R-DAY, R-PAD)."""
    days = {date.fromisoformat(one["date"]): one for one in query["expected"]["days"]}
    starts = day_starts(ZoneInfo(query["timezone"]), min(days), max(days) + timedelta(days=1))
    held = pieces(
        reports(of_tenant(scenario, query)),
        world(scenario, query),
        seconds(query["now"]),
        [Fraction(begins) for begins in starts.values()],
        seconds(query["as_of"]),
    )

    found = by_day(held, starts)

    assert added(found.values()) == added(piece.figures for piece in held)
    for day, expected in days.items():
        told = found.get(day, Figures())
        assert starts[day] == seconds(expected["day_starts"])
        assert told.used == Fraction(expected["used_seconds"])
        assert rounded(told.actual) == Fraction(expected["actual"])
        assert rounded(told.comparison) == Fraction(expected["comparison"])
