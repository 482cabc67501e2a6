"""The command `economy`: every subcommand in a module of its own, loaded when it is called."""

import click

from dumont_economy.cli.lazy_group import CommandAt, LazyGroup

_COMMANDS = {
    "close": CommandAt(
        "dumont_economy.cli.close",
        "close",
        "Close PERIOD, a year, month or day such as 2026-05, in the account's time zone.",
    ),
    "demo": CommandAt(
        "dumont_economy.cli.demo",
        "demo",
        "Show the live dashboard on sample data, in a database of its own.",
    ),
    "events": CommandAt(
        "dumont_economy.cli.events",
        "events",
        "Usage events.",
    ),
    "prices": CommandAt(
        "dumont_economy.cli.prices",
        "prices",
        "The price book.",
    ),
    "rebuild": CommandAt(
        "dumont_economy.cli.rebuild",
        "rebuild",
        "Make the caches of usage anew of the facts.",
    ),
    "replay": CommandAt(
        "dumont_economy.cli.replay",
        "replay",
        "Rate the scenarios of FILE and print the answers as JSON.",
    ),
    "serve": CommandAt(
        "dumont_economy.cli.serve",
        "serve",
        "Serve the screen and the API until stopped.",
    ),
    "token": CommandAt(
        "dumont_economy.cli.people",
        "token",
        "Tokens for machines.",
    ),
    "user": CommandAt(
        "dumont_economy.cli.people",
        "user",
        "People who sign in.",
    ),
    "verify": CommandAt(
        "dumont_economy.cli.verify",
        "verify",
        "Compare every fact with what was written.",
    ),
    "worker": CommandAt(
        "dumont_economy.cli.worker",
        "worker",
        "Refresh prices daily.",
    ),
}


@click.group(cls=LazyGroup, commands_at=_COMMANDS)
@click.version_option(package_name="dumont-economy", prog_name="economy")
def main() -> None:
    """Meter rented GPUs: what they cost, and what the same work would have cost elsewhere."""
