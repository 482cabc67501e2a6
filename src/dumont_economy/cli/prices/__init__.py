"""`economy prices`: the price book, what it says and how it learns."""

import click

from dumont_economy.cli.lazy_group import CommandAt, LazyGroup

_COMMANDS = {
    "explain": CommandAt(
        "dumont_economy.cli.prices.explain",
        "explain",
        "Say what a GPU is compared with, and why.",
    ),
    "import": CommandAt(
        "dumont_economy.cli.prices.import_file",
        "import_file",
        "Learn the prices in FILE, a CSV table with a day for each row.",
    ),
    "import-disks": CommandAt(
        "dumont_economy.cli.prices.operator_tables",
        "import_disks",
        "Learn from FILE what providers ask for disks, all or none.",
    ),
    "import-exchange": CommandAt(
        "dumont_economy.cli.prices.operator_tables",
        "import_exchange",
        "Learn exchange rates from FILE, all or none.",
    ),
    "list": CommandAt(
        "dumont_economy.cli.prices.list_prices",
        "list_prices",
        "List the rates at which a region's SKUs are sold.",
    ),
    "rate": CommandAt(
        "dumont_economy.cli.prices.rate",
        "rate",
        "Say which rate of a SKU is in force.",
    ),
    "refresh": CommandAt(
        "dumont_economy.cli.prices.refresh",
        "refresh",
        "Read prices from FEEDS and learn what has changed.",
    ),
    "report": CommandAt(
        "dumont_economy.cli.prices.report",
        "report",
        "Write what the price book covers.",
    ),
    "review": CommandAt(
        "dumont_economy.cli.prices.review",
        "review",
        "List the prices that wait for a person, or decide of one of them.",
    ),
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
def prices() -> None:
    """The price book."""
