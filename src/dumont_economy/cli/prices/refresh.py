"""`economy prices refresh`: reads what the clouds publish, with progress."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dumont_economy.cli.console import (
    EXIT_COULD_NOT,
    EXIT_NO,
    as_json,
    command,
    open_database,
    print_json,
)
from dumont_economy.cli.prices.outcome import (
    import_fields,
    is_clean,
    left_alone_fields,
    print_import,
    print_left_alone,
)
from dumont_economy.cli.signals import ending_in_good_order
from dumont_economy.clock import SystemClock
from dumont_economy.config import settings_from_environment
from dumont_economy.errors import FieldProblem, InvalidInputError
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services.import_prices import Leniency, PriceImport
from dumont_economy.services.price_feeds import (
    DEFAULT_FEEDS,
    Feed,
    FeedName,
    FeedReaders,
    feed_addresses,
    plan_feeds,
    regions_to_read,
)
from dumont_economy.services.refresh_prices import LeftAlone, RefreshLease, refresh_prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.price_imports import ImportOutcome

# Whose prices are published region by region.
_REGIONAL = {
    FeedName.AWS: ComparisonProvider.AWS,
    FeedName.AZURE: ComparisonProvider.AZURE,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be read."""

    names: Sequence[FeedName]
    regions: Sequence[str]
    since: datetime | None


@click.command("refresh")
@click.argument("feeds", nargs=-1, type=click.Choice([name.value for name in FeedName]))
@click.option(
    "--region",
    "regions",
    multiple=True,
    help="With aws or azure: a region to read; those that policies compare with unless told.",
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="With aws: read the editions since that day too.",
)
@click.option("--correction", is_flag=True, help="Believe prices dated back by over a month.")
@click.option(
    "--accept-missing",
    is_flag=True,
    help="Take a reading that leaves out much of what its source stated before.",
)
@as_json
@click.pass_context
@command
def refresh(  # noqa: PLR0917  one parameter an option
    context: click.Context,
    feeds: tuple[str, ...],
    regions: tuple[str, ...],
    since: datetime | None,
    correction: bool,  # noqa: FBT001
    accept_missing: bool,  # noqa: FBT001
    as_json: bool,  # noqa: FBT001
) -> None:
    """Read prices from FEEDS (aws, azure and gcp unless told) and learn what has changed.

    A feed that cannot be read whole changes nothing: the last good prices stay, with their age.
    """
    names = [FeedName(name) for name in feeds] or list(DEFAULT_FEEDS)
    asked = _Asked(names, regions, None if since is None else since.replace(tzinfo=UTC))
    _check(asked, SystemClock().now())
    leniency = Leniency(believes_old_dates=correction, accepts_gone=accept_missing)
    database, clock = open_database()
    lease = RefreshLease(database, clock)
    done: list[PriceImport | LeftAlone] = []
    with ending_in_good_order(), _progress() as progress, lease.held():
        task = progress.add_task("reading", total=None)

        def heard(new_bytes: int) -> None:
            progress.advance(task, new_bytes)
            lease.prolong()

        readers = FeedReaders(feed_addresses(settings_from_environment()), clock, heard)
        for feed in _planned(database, asked, readers):
            progress.update(task, description=_name_of(feed))
            for one in refresh_prices(database, clock, [feed], leniency):
                lease.prolong()
                done.append(one)
    _tell(done, as_json=as_json)
    context.exit(_exit_code(done))


def _check(asked: _Asked, now: datetime) -> None:
    """Refuse options that would do nothing."""
    problems = []
    if asked.regions and len(asked.names) != 1:
        message = "Name one of aws and azure with --region: their regions differ."
        problems.append(FieldProblem("--region", "one_feed_needed", message))
    elif asked.regions and asked.names[0] not in _REGIONAL:
        message = f"The catalogue of {asked.names[0]} spans all regions. Leave --region out."
        problems.append(FieldProblem("--region", "no_regions", message))
    if asked.since is not None and asked.since > now:
        problems.append(FieldProblem("--since", "in_future", "Name a day that has been."))
    elif asked.since is not None and FeedName.AWS not in asked.names:
        message = "Only AWS publishes past prices. Name aws, or leave --since out."
        problems.append(FieldProblem("--since", "no_history", message))
    if problems:
        raise InvalidInputError(problems)


def _planned(database: Database, asked: _Asked, readers: FeedReaders) -> list[Feed]:
    with database.read() as connection:
        regions = regions_to_read(connection)
    if asked.regions:
        regions[_REGIONAL[asked.names[0]]] = list(asked.regions)
    return plan_feeds(asked.names, readers, regions, asked.since)


@contextmanager
def _progress() -> Iterator[Progress]:
    console = Console(stderr=True)
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        yield progress


def _name_of(feed: Feed) -> str:
    return " ".join(filter(None, (feed.scope.source, feed.scope.provider, feed.scope.region)))


def _tell(done: Sequence[PriceImport | LeftAlone], *, as_json: bool) -> None:
    if as_json:
        fields = [
            import_fields(one) if isinstance(one, PriceImport) else left_alone_fields(one)
            for one in done
        ]
        print_json({"imports": fields})
        return
    for one in done:
        if isinstance(one, PriceImport):
            print_import(one)
        else:
            print_left_alone(one)


def _exit_code(done: Sequence[PriceImport | LeftAlone]) -> int:
    """Return 0 where all was read and taken, 3 where nothing was, else 1."""
    imports = [one for one in done if isinstance(one, PriceImport)]
    taken = [one for one in imports if one.record.outcome is ImportOutcome.TAKEN]
    if not taken:
        return EXIT_COULD_NOT
    return 0 if len(taken) == len(done) and all(map(is_clean, taken)) else EXIT_NO
