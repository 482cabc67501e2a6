"""`economy rebuild`: the caches of usage are made anew of the facts."""

import time

import click

from dumont_economy.cli.console import as_json, command, open_database, print_json
from dumont_economy.services import people
from dumont_economy.services.rebuild_caches import rebuild_caches
from dumont_economy.storage.accounts import Account, all_accounts

_TOLD_EVERY_SECONDS = 2.0


@click.command()
@click.option("--account", help="Rebuild the caches of this account only.")
@as_json
@command
def rebuild(account: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Make the caches of usage anew of the facts.

    Figures are the same before and after. It is needed where `economy verify` finds a damaged
    cache, and does no harm at any time; reports wait until it is done.
    """
    database, clock = open_database()
    if account is None:
        with database.read() as connection:
            accounts = all_accounts(connection)
    else:
        accounts = [people.account_named(database, account)]
    done = []
    for one in accounts:
        progress = _Progress(one)
        began = time.monotonic()
        events = rebuild_caches(database, clock, one, None if as_json else progress.told)
        seconds = time.monotonic() - began
        done.append({"account": one.name, "events": events})
        if not as_json:
            click.echo(f"{one.name}: caches of {events} events, in {seconds:.1f} s")
    if as_json:
        print_json({"rebuilt": done})


class _Progress:
    """Says now and then how far it has come."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._last = time.monotonic()

    def told(self, events: int) -> None:
        """Say how many events have been read."""
        now = time.monotonic()
        if now - self._last >= _TOLD_EVERY_SECONDS:
            self._last = now
            click.echo(f"{self._account.name}: {events} events read", err=True)
