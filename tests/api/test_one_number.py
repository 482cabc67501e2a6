"""The same question has the same answer everywhere: random ones, asked on every surface."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from random import Random

import pytest

from dumont_economy.money import amount_text
from tests.api.harness import NOON, Caller, Json, before, report, start, stop
from tests.api.opened import all_lines, saving_of, sum_of

QUESTIONS = 25
GPUS = ("RTX 4090", "A100", "H100 SXM", "T4", "L4", "A10", "Foo 9000", "H100", "V100")
ZONES = ("UTC", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia")
FOUR = Decimal("0.0001")
TEN = Decimal("0.0000000001")
ALL_DAYS = 60


@dataclass(frozen=True)
class Question:
    """What is asked, and in which words of each endpoint."""

    query: dict[str, str]
    zone: str

    def ask(self, caller: Caller, path: str, **more: str | int) -> Json:
        """Return one answer to it."""
        return caller.read(path, **self.query, **more)


def fleet_of(random: Random, caller: Caller) -> None:
    """Report what 12 instances did in the last weeks: starts, stops, prices, resizes, idleness."""
    for number in range(12):
        name = f"i-{number}"
        hours = random.uniform(30, 900)
        currency = random.choice(("USD",) * 6 + ("EUR",))
        gpu, gpus = random.choice(GPUS), random.choice((1, 1, 2, 3, 8))
        rate = f"{random.uniform(0.05, 4):.{random.randint(1, 6)}f}"
        caller.push(start(name, before(NOON, hours=hours), gpu, rate, gpus, currency=currency))
        for _ in range(random.randint(0, 3)):
            hours *= random.uniform(0.3, 0.9)
            when = before(NOON, hours=hours)
            caller.push(
                random.choice(
                    (
                        report("price_change", name, when, rate=f"{random.uniform(0.1, 3):.3f}"),
                        report("idle", name, when),
                        report("resize", name, when, gpu_count=2, rate="1.25"),
                    )
                )
            )
        if random.random() < 0.5:
            caller.push(stop(name, before(NOON, hours=hours * random.random())))


def questions(random: Random) -> Iterator[Question]:
    """Return questions that differ in all that a question can differ in."""
    for _ in range(QUESTIONS):
        query = {"provider": random.choice(("AWS", "gcp", "Azure"))}
        if random.random() < 0.3:
            query["rate_card"] = "reference"
        if random.random() < 0.3:
            query["basis"] = "smallest_instance"
        if random.random() < 0.2:
            query["pricing_model"] = "spot"
        yield Question(query, random.choice(ZONES))


def rounded(text: str, unit: Decimal = FOUR) -> Decimal:
    """Return an exact amount as the five endpoints round it."""
    return Decimal(text).quantize(unit, ROUND_HALF_EVEN)


def number(published: float) -> Decimal:
    """Return a JSON number with the digits that it was written with."""
    return Decimal(repr(published)).quantize(FOUR)


def disagreements(question: Question, caller: Caller, change: Callable[[Json], None]) -> list[str]:
    """Return where the surfaces differ; `change` may falsify the answer of /savings before."""
    savings = question.ask(caller, "/economy/savings")
    change(savings)
    session = question.ask(caller, "/economy/active-session")
    realtime = question.ask(caller, "/economy/savings/realtime")
    history = question.ask(
        caller, "/economy/savings/history", days=ALL_DAYS, timezone=question.zone
    )
    totals = question.ask(caller, "/ledger/totals", group_by="day", timezone=question.zone)
    lines = all_lines(caller, **question.query)
    rows = question.ask(caller, "/instances")["instances"]
    live, exact = savings["live"], totals["totals"]
    figures = [
        ("lifetime, live", live["lifetime"]["value"], exact["saving"]),
        ("lifetime, lines", live["lifetime"]["value"], amount_text(saving_of(lines))),
        ("lifetime, number", number(savings["lifetime_savings"]), rounded(exact["saving"])),
        ("paid, live", live["lifetime_cost"]["value"], exact["actual"]),
        (
            "comparable, live",
            live["lifetime_comparable_cost"]["value"],
            exact["comparable_actual"],
        ),
        ("comparison, live", live["lifetime_provider_cost"]["value"], exact["comparison"]),
        ("paid", number(savings["lifetime_cost"]), rounded(exact["actual"])),
        ("paid, lines", exact["actual"], amount_text(sum_of(lines, "actual"))),
        (
            "comparable",
            number(savings["lifetime_comparable_cost"]),
            rounded(exact["comparable_actual"]),
        ),
        ("comparison", number(savings["lifetime_provider_cost"]), rounded(exact["comparison"])),
        ("comparison, lines", exact["comparison"], amount_text(sum_of(lines, "comparison"))),
        ("history", history["totals"]["total_savings"], savings["lifetime_savings"]),
        ("history, paid", history["totals"]["total_dumont_cost"], savings["lifetime_cost"]),
        (
            "history, days",
            [(day["date"], number(day["savings"])) for day in history["history"]],
            [(day["date"], rounded(day["saving"])) for day in reversed(totals["days"])],
        ),
        ("session", savings["current_session_savings"], session["session_savings"]),
        ("session, realtime", session["session_savings"], realtime["totals"]["total_savings"]),
        ("session, live", live["session"], session["live"]),
        ("session, live, realtime", session["live"], realtime["totals"]["live"]),
        ("session, cost", savings["current_session_cost"], session["current_cost_dumont"]),
        (
            "slope",
            savings["hourly_comparison"]["savings_per_second"],
            session["savings_per_second"],
        ),
        (
            "pace",
            savings["hourly_comparison"]["savings_per_hour"],
            realtime["totals"]["savings_rate_per_hour"],
        ),
        ("active", savings["active_instances_count"], len(realtime["active_instances"])),
        (
            "each session",
            {one["instance_id"]: one["live"] for one in realtime["active_instances"]},
            {one["instance_id"]: one["session"]["live"] for one in rows if one["session"]},
        ),
    ]
    wrong = [f"{name}: {one} and {other}" for name, one, other in figures if one != other]
    # Shown rows are rounded one by one: they may differ from the total by half a unit each.
    added = sum((Decimal(row["lifetime"]["saving"]) for row in rows), Decimal(0))
    if abs(added - Decimal(exact["saving"])) > len(rows) * TEN / 2:
        wrong.append(f"instances: {added} and {exact['saving']}")
    return wrong


def leave(answer: Json) -> None:
    """Change nothing."""
    del answer


@pytest.mark.parametrize("seed", [1, 2])
def test_random_questions_have_one_answer_everywhere(caller: Caller, seed: int) -> None:
    """Five endpoints, the ledger's totals and lines, and the instances agree in every digit."""
    random = Random(seed)
    fleet_of(random, caller)

    asked = list(questions(random))
    wrong = [(one, found) for one in asked if (found := disagreements(one, caller, leave))]

    assert wrong == []
    values = {repr(one.ask(caller, "/economy/savings")["live"]) for one in asked[:10]}
    assert len(values) > 3, "the questions are too much alike to tell anything"


def test_a_difference_in_the_last_digit_is_found(caller: Caller) -> None:
    """Control: each figure of /savings is made wrong by its last published digit, in turn."""
    fleet_of(Random(1), caller)
    question = Question({"provider": "AWS"}, "UTC")

    def raised(answer: Json) -> None:
        answer["lifetime_savings"] += 0.0001

    def longer(answer: Json) -> None:
        value = Decimal(answer["live"]["lifetime"]["value"])
        answer["live"]["lifetime"]["value"] = str(value + TEN)

    assert disagreements(question, caller, leave) == []
    assert disagreements(question, caller, raised) != []
    assert disagreements(question, caller, longer) != []
