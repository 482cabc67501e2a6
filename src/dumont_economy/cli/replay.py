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
    """Rate the scenarios of FILE and print the answers as JSON."""
    scenarios = read_scenarios(_decode(file))
    print_json({"answers": [answer for one in scenarios for answer in answer_scenario(one)]})
    if check:
        found = [line for scenario in scenarios for line in _check(scenario)]
        for line in found:
            click.echo(line, err=True)
        click.echo(f"{len(scenarios)} scenarios checked, {len(found)} differences", err=True)
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
