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


def exact(amount: str | None) -> Fraction | None:
    """Return an amount of a scenario, None where it says nothing."""
    return None if amount is None else Fraction(amount)


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
            disk_gb=exact(one.get("disk_gb")),
            disk_rate_running=exact(one.get("disk_rate_running")),
            disk_rate_stopped=exact(one.get("disk_rate_stopped")),
            disk_hours_per_month=one.get("disk_hours_per_month"),
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
    disks = [
        Price(
            seconds(one["effective_from"]),
            Fraction(one["price_gb_month"]),
            seconds(one["published_at"]),
            hours_per_month=one["hours_per_month"],
        )
        for one in book["disk_prices"]
        if (one["cloud"], one["region"]) == (compared["cloud"], compared["region"])
    ]
    return World(rules, compared["cloud"], listed, query["currency"], disks=disks)


def queries() -> list[Any]:
    """Return every query of the worked scenarios; none of them has an exchange rate."""
    scenarios = json.loads(EXAMPLES.read_text(encoding="utf-8"))["scenarios"]
    return [
        pytest.param(scenario, query, id=f"{scenario['id']} {query['name']}")
        for scenario in scenarios
        for query in scenario["queries"]
    ]


def test_all_worked_scenarios_are_asked() -> None:
    """None is lost by how they are picked, and none says what the model is not told."""
    scenarios = json.loads(EXAMPLES.read_text(encoding="utf-8"))["scenarios"]

    assert len({one.id.partition(" ")[0] for one in queries()}) == 14
    assert not any(scenario["price_book"]["fx"] for scenario in scenarios)


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


def hour(number: int) -> Fraction:
    """Return the instant so many hours into a story."""
    return Fraction(3_600 * number)


def start(**said: Any) -> Report:  # noqa: ANN401
    """Return the start of a GPU at 2 an hour, paid in euros, when a story begins."""
    paid = {"gpu_count": 1, "rate": Fraction(2), "currency": "EUR", **said}
    return Report("push", "start", "start", hour(0), "i-1", "vast", "alpha", **paid)


def test_what_is_paid_in_another_currency_is_worth_what_it_is_worth_then() -> None:
    """R-FX, by hand: an hour of unknown worth, one at 1.10 and two at 1.25, known in that order.

    Each hour would have cost 5. The first is in no cost and compared with nothing.
    """
    stop = Report("push", "stop", "stop", hour(4), "i-1")
    rates = [
        Price(hour(1), Fraction("1.10"), hour(5)),
        Price(hour(2), Fraction("1.30"), hour(5)),
        Price(hour(2), Fraction("1.25"), hour(6)),
    ]
    world = World(
        {}, "aws", {"alpha": [Price(hour(0), Fraction(5))]}, "USD", exchange={"EUR": rates}
    )

    told = figures([start(), stop], world, hour(7))
    before = figures([start(), stop], world, hour(7), as_of=hour(5))

    assert (told.used, told.unpriced, told.billed_actual) == (hour(4), hour(1), hour(3))
    assert told.actual == told.comparable == Fraction("2.20") + 2 * Fraction("2.50")
    assert told.comparison == 15
    assert before.actual == Fraction("2.20") + 2 * Fraction("2.60")


def test_a_disk_is_paid_for_at_what_is_known_of_it_and_ends_with_its_instance() -> None:
    """R-DISK, by hand: 72 GB at 10 a month of 720 hours on, 20 off; a GB-hour is 1/72, then 1/36.

    On for an hour, off for two, its size doubled in the second; gone afterwards, and resumed
    without a word about a disk. Elsewhere a GB costs 7.20 from the second hour on. The euro is
    worth 1.
    """
    euro = {"EUR": [Price(hour(0), Fraction(1))]}
    world = World(
        {}, "aws", {}, "USD", euro, [Price(hour(1), Fraction("7.2"), hours_per_month=720)]
    )
    reports = [
        start(
            disk_gb=Fraction(72),
            disk_rate_running=Fraction(10),
            disk_rate_stopped=Fraction(20),
            disk_hours_per_month=720,
        ),
        Report("push", "stop", "stop", hour(1), "i-1"),
        Report("push", "seen", "seen", hour(2), "i-1", disk_gb=Fraction(144)),
        Report("push", "terminate", "terminate", hour(3), "i-1"),
        Report("push", "resume", "resume", hour(4), "i-1"),
        Report("push", "stop again", "stop", hour(4), "i-1"),
    ]

    told = figures(reports, world, hour(9))
    until_now = figures(reports[:1], world, hour(2))

    assert told.actual == 2 + 1 + 2 + 4  # the first 2 are what the GPU cost
    assert told.comparable == 6
    assert told.comparison == Fraction(72 + 144, 100)
    assert until_now.actual == 2 * 2 + 2 * 1
