"""`economy close`: the figures of a period are final, and later facts adjust them."""

import getpass

import click

from dumont_economy.cli.console import as_json, command, open_database, print_json
from dumont_economy.instant import instant_text
from dumont_economy.services import people
from dumont_economy.services.close_period import close_period


@click.command()
@click.argument("period")
@click.option("--account", required=True, help="The account's name.")
@as_json
@command
def close(period: str, account: str, as_json: bool) -> None:  # noqa: FBT001
    """Close PERIOD, a year, month or day such as 2026-05, in the account's time zone.

    Its figures stay as they are known now; what is learned later shows as their adjustment.
    """
    database, clock = open_database()
    closed = close_period(
        database,
        clock,
        people.account_named(database, account),
        period,
        closed_by=f"operating system user {getpass.getuser()}",
    )
    if as_json:
        print_json(
            {
                "period": closed.period,
                "timezone": closed.timezone,
                "from": instant_text(closed.starts_at),
                "to": instant_text(closed.ends_at),
                "as_of": instant_text(closed.as_of),
                "closed_at": instant_text(closed.closed_at),
                "closed_by": closed.closed_by,
            }
        )
    else:
        click.echo(f"Closed {closed.period} of {account} as of {instant_text(closed.as_of)}.")
