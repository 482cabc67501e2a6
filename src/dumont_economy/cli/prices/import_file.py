"""`economy prices import`: an operator's own table of prices."""

from pathlib import Path

import click

from dumont_economy.cli.console import EXIT_NO, as_json, command, open_database, print_json
from dumont_economy.cli.prices.outcome import import_fields, is_clean, print_import
from dumont_economy.feeds.csv_file import read_price_file
from dumont_economy.services.import_prices import import_prices


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
@click.pass_context
@command
def import_file(context: click.Context, file: Path, as_json: bool) -> None:  # noqa: FBT001
    """Learn the prices in FILE, a CSV table with a day for each row.

    What is not believable is refused or waits for `economy prices review`; importing a file again
    changes nothing.
    """
    database, clock = open_database()
    with read_price_file(file, clock.now()) as download:
        done = import_prices(database, clock, download)
    if as_json:
        print_json(import_fields(done))
    else:
        print_import(done)
    if not is_clean(done):
        context.exit(EXIT_NO)
