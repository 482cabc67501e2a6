"""`economy prices import-exchange` and `import-disks`: small tables that an operator brings."""

from pathlib import Path

import click

from dumont_economy.cli.console import as_json, command, open_database, print_json
from dumont_economy.feeds.operator_table import read_disk_prices, read_exchange_rates
from dumont_economy.services.learn_operator_tables import (
    Learned,
    learn_disk_prices,
    learn_exchange_rates,
)

_file = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_correction = click.option(
    "--correction", is_flag=True, help="Believe changes to over twice or under half, too."
)


@click.command("import-exchange")
@_file
@_correction
@as_json
@command
def import_exchange(file: Path, correction: bool, as_json: bool) -> None:  # noqa: FBT001
    """Learn exchange rates from FILE, all or none.

    FILE is a CSV table with the columns from, to, rate, effective_from and source: from a day or
    instant on, one unit of the first currency is worth so many of the second. Rates are used as
    they are stated, never turned round.
    """
    database, clock = open_database()
    rates = read_exchange_rates(file, clock.now())
    done = learn_exchange_rates(database, clock, rates, believes_jumps=correction)
    _tell(done, as_json=as_json)


@click.command("import-disks")
@_file
@_correction
@as_json
@command
def import_disks(file: Path, correction: bool, as_json: bool) -> None:  # noqa: FBT001
    """Learn from FILE what providers ask for disks, all or none.

    FILE is a CSV table with the columns provider, region, usd_per_gb_month, hours_per_month,
    effective_from and source. Without such a price a disk is in your cost and in no saving.
    """
    database, clock = open_database()
    prices = read_disk_prices(file, clock.now())
    done = learn_disk_prices(database, clock, prices, believes_jumps=correction)
    _tell(done, as_json=as_json)


def _tell(done: Learned, *, as_json: bool) -> None:
    if as_json:
        print_json({"added": done.added, "known": done.known})
    else:
        click.echo(f"{done.added} added, {done.known} known already")
