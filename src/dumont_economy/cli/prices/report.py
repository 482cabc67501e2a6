"""`economy prices report`: what the price book covers, and where it may be wrong."""

from pathlib import Path

import click

from dumont_economy.cli.console import as_json, command, open_database, print_json
from dumont_economy.cli.prices.shared import at_option, instants
from dumont_economy.errors import FieldProblem, InvalidInputError
from dumont_economy.services.price_report import read_price_report
from dumont_economy.services.price_report_fields import report_fields
from dumont_economy.services.price_report_text import report_text

_DEFAULT_PATH = Path("docs") / "price-report.md"
_STANDARD_OUTPUT = "-"


@click.command("report")
@click.option(
    "--output",
    metavar="PATH",
    help=f"Where to write it, - for standard output; {_DEFAULT_PATH} unless told.",
)
@at_option
@as_json
@command
def report(output: str | None, at_text: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Write what the price book covers, how old it is, and where it may be wrong.

    With --json the report goes to standard output as fields, for a program.
    """
    path = None if as_json else _path(output)
    if as_json and output not in (None, _STANDARD_OUTPUT):
        raise _refused("json_is_printed", "--json prints the report. Leave --output out.")
    database, clock = open_database()
    found = read_price_report(database, instants(at_text, None, clock).at)
    if as_json:
        print_json(report_fields(found))
    elif path is None:
        click.echo(report_text(found), nl=False)
    else:
        _write(path, report_text(found))
        click.echo(f"Wrote {path}.")


def _path(output: str | None) -> Path | None:
    """Return where the report goes, None for standard output."""
    if output == _STANDARD_OUTPUT:
        return None
    if output is not None:
        return Path(output)
    if not _DEFAULT_PATH.parent.is_dir():
        message = f"There is no folder {_DEFAULT_PATH.parent} here. Say where to write it."
        raise _refused("output_required", message)
    return _DEFAULT_PATH


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _refused("cannot_write", f"Cannot write {path}: {error.strerror}.") from error


def _refused(code: str, message: str) -> InvalidInputError:
    return InvalidInputError([FieldProblem("--output", code, message)])
