"""The worked scenarios of the rating rules, each answered to the last decimal."""

import json
from pathlib import Path
from typing import Any

import pytest

from dumont_economy import strict_json
from dumont_economy.services.replay_scenario import answer_scenario, differences
from dumont_economy.services.scenario import Scenario, read_scenarios

EXAMPLES = Path(__file__).parent.parent / "rating" / "examples.json"
SCENARIOS = {one.id: one for one in read_scenarios(strict_json.decode(EXAMPLES.read_bytes()))}


def test_all_scenarios_are_here() -> None:
    """None is lost on the way."""
    assert len(SCENARIOS) == 14


def queries() -> list[Any]:
    """Return every query of every scenario, with its number."""
    return [
        pytest.param(scenario, number, id=f"{scenario.id} {query.name}")
        for scenario in SCENARIOS.values()
        for number, query in enumerate(scenario.queries)
    ]


@pytest.mark.parametrize(("scenario", "number"), queries())
def test_a_query_is_answered_as_worked_by_hand(scenario: Scenario, number: int) -> None:
    """Seconds, costs, saving, days and adjustments."""
    expected = scenario.queries[number].expected

    assert expected
    assert differences(answer_scenario(scenario)[number], expected) == []


@pytest.mark.parametrize(("scenario", "number"), queries())
def test_the_lines_of_an_answer_add_up_to_its_figures(scenario: Scenario, number: int) -> None:
    """They may be cut otherwise than by hand; their sums on each side may not."""
    answer = answer_scenario(scenario)[number]
    seconds = {
        side: sum(
            int(line["seconds"])
            for line in answer["lines"]
            if line["side"] == side and line["component"] == "compute"
        )
        for side in ("actual", "comparison")
    }

    assert seconds == {side: int(of) for side, of in answer["billed_seconds"].items()}


@pytest.mark.parametrize("figure", ["actual", "comparison", "saving", "used_seconds", "saving_pct"])
def test_a_wrong_figure_is_found(figure: str) -> None:
    """The comparison with the worked answers is able to fail."""
    document = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    document["scenarios"][0]["queries"][0]["expected"][figure] = "7.0000000001"
    (scenario, *_) = read_scenarios(document)

    found = differences(answer_scenario(scenario)[0], scenario.queries[0].expected)

    assert [line.partition(":")[0] for line in found] == [figure]
