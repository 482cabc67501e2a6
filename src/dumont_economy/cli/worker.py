"""`economy worker`: refreshes prices each day, for as long as it is left to run."""

import time
from contextlib import suppress

import click

from dumont_economy.cli.console import command, open_database
from dumont_economy.cli.prices.outcome import print_import, print_left_alone
from dumont_economy.cli.signals import ending_in_good_order
from dumont_economy.clock import Clock
from dumont_economy.config import settings_from_environment
from dumont_economy.errors import DatabaseUnavailableError, RefreshRunningError
from dumont_economy.services.import_prices import PriceImport
from dumont_economy.services.price_feeds import (
    DEFAULT_FEEDS,
    FeedName,
    FeedReaders,
    feed_addresses,
    plan_feeds,
    regions_to_read,
)
from dumont_economy.services.refresh_prices import RefreshLease, due_feeds, refresh_prices
from dumont_economy.storage.database import Database

_LOOKS_EVERY = 60.0  # seconds


@click.command()
@click.option("--once", is_flag=True, help="Refresh what is due, and end.")
@click.option(
    "--feed",
    "feeds",
    multiple=True,
    type=click.Choice([name.value for name in FeedName]),
    help="What to refresh; aws, azure and gcp unless told.",
)
@command
def worker(once: bool, feeds: tuple[str, ...]) -> None:  # noqa: FBT001
    """Refresh prices daily. Any number of workers may run: one of them works at a time."""
    names = [FeedName(name) for name in feeds] or list(DEFAULT_FEEDS)
    database, clock = open_database()
    if once:
        with ending_in_good_order():
            _refresh_due(database, clock, names)
        return
    click.echo(f"Looks every {_LOOKS_EVERY:g} s whether prices are due: {', '.join(names)}.")
    with ending_in_good_order(exit_code=0), suppress(KeyboardInterrupt):
        while True:
            try:
                _refresh_due(database, clock, names)
            except (DatabaseUnavailableError, RefreshRunningError) as error:
                click.echo(f"economy: {error}", err=True)
            time.sleep(_LOOKS_EVERY)


def _refresh_due(database: Database, clock: Clock, names: list[FeedName]) -> None:
    """Read what is due, feed by feed."""
    lease = RefreshLease(database, clock)
    readers = FeedReaders(
        feed_addresses(settings_from_environment()), clock, lambda _bytes: lease.prolong()
    )
    with database.read() as connection:
        regions = regions_to_read(connection)
    due = due_feeds(database, clock, plan_feeds(names, readers, regions))
    if not due:
        return
    with lease.held():
        for feed in due:
            for one in refresh_prices(database, clock, [feed]):
                lease.prolong()
                if isinstance(one, PriceImport):
                    print_import(one)
                else:
                    print_left_alone(one)
