"""`economy replay`: what would this usage have cost, from a scenario file, without a database."""

from pathlib import Path

import click

from dumont_economy import strict_json
from dumont_economy.cli.console import EXIT_NO, command, print_json
from dumont_economy.errors import InvalidFileError
from dumont_economy.services.replay_scenario import answer_scenario, differences
from dumont_economy.services.scenario import Scenario, read_scenarios


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Compare with the answers that the file expects.")
@click.pass_context
@command
def replay(context: click.Context, file: Path, check: bool) -> None:  # noqa: FBT001
    """Rate the scenarios of FILE and print the answers as JSON.

    Scenarios that need rules which are not followed yet are listed under not_yet, unanswered.
    """
    scenarios = read_scenarios(_decode(file))
    ready = [scenario for scenario in scenarios if not scenario.not_yet]
    not_yet = [
        {"scenario": scenario.id, "rules": list(scenario.not_yet)}
        for scenario in scenarios
        if scenario.not_yet
    ]
    answers = [answer for scenario in ready for answer in answer_scenario(scenario)]
    print_json({"answers": answers, "not_yet": not_yet})
    if check:
        found = [line for scenario in ready for line in _check(scenario)]
        for line in found:
            click.echo(line, err=True)
        for one in not_yet:
            click.echo(f"{one['scenario']}: not yet, needs {', '.join(one['rules'])}", err=True)
        click.echo(
            f"{len(ready)} scenarios checked, {len(found)} differences, {len(not_yet)} not yet",
            err=True,
        )
        if found:
            context.exit(EXIT_NO)


def _decode(file: Path) -> object:
    try:
        return strict_json.decode(file.read_bytes())
    except strict_json.StrictJsonError as error:
        raise InvalidFileError([f"{file}: {error.message}"]) from error


def _check(scenario: Scenario) -> list[str]:
    return [
        f"{scenario.id} {query.name}: {found}"
        for query, answer in zip(scenario.queries, answer_scenario(scenario), strict=True)
        if query.expected is not None
        for found in differences(answer, query.expected)
    ]
