"""`economy events`: usage events from files."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from dumont_economy.cli.console import EXIT_NO, as_json, command, open_database, print_json
from dumont_economy.services import people
from dumont_economy.services.import_usage import ImportReport, import_usage

_SHOWN_PROBLEMS = 50


@click.group()
def events() -> None:
    """Usage events."""


@events.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--account", required=True, help="The account's name.")
@as_json
@click.pass_context
@command
def import_events(context: click.Context, file: Path, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Import usage events from FILE, JSON lines or CSV; old ones included.

    Importing a file again changes nothing: each event counts once.
    """
    database, clock = open_database()
    whose = people.account_named(database, account)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as progress:
        task = progress.add_task(file.name, total=max(1, file.stat().st_size))
        report = import_usage(
            database,
            clock,
            whose,
            file,
            on_progress=lambda done: progress.update(task, completed=done),
        )
        progress.update(task, completed=max(1, file.stat().st_size))
    if as_json:
        print_json(vars(report))
    else:
        _print(report)
    if not report.is_clean:
        context.exit(EXIT_NO)


def _print(report: ImportReport) -> None:
    for problem in report.problems[:_SHOWN_PROBLEMS]:
        click.echo(problem, err=True)
    hidden = len(report.problems) - _SHOWN_PROBLEMS
    if hidden > 0:
        click.echo(f"... and {hidden} more; --json lists them all", err=True)
    click.echo(
        f"{report.accepted} accepted, {report.duplicate} duplicate, {report.conflict} conflict, "
        f"{report.rejected} rejected"
    )
