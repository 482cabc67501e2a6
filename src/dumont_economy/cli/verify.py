"""`economy verify`: are the facts in the database those that were written."""

import click

from dumont_economy.cli.console import (
    EXIT_NO,
    as_json,
    command,
    open_database,
    print_json,
)
from dumont_economy.errors import DamagedFactError, DamageError
from dumont_economy.services import people
from dumont_economy.services.verify_facts import CheckedFacts, verify_facts


@click.command()
@click.option("--account", help="Check the events and policies of this account only.")
@as_json
@click.pass_context
@command
def verify(context: click.Context, account: str | None, as_json: bool) -> None:  # noqa: FBT001
    """Compare every fact with what was written.

    Each has a digest that was made then. Of each account's events the first is named that was
    changed, moved, added or taken away; of policies and all facts of the market the first that was
    changed. The caches of an account are compared with what its events come to.
    """
    database, _ = open_database()
    whose = None if account is None else people.account_named(database, account)
    found = []
    for checked in verify_facts(database, whose):
        found.append(checked)
        if not as_json:
            click.echo(_line(checked))
    damaged = [one for one in found if one.damage is not None]
    if as_json:
        print_json({"is_intact": not damaged, "checked": [_fields(one) for one in found]})
    if damaged:
        context.exit(EXIT_NO)


def _line(checked: CheckedFacts) -> str:
    of = "" if checked.account is None else f" of {checked.account.name}"
    line = f"{checked.facts}{of}: {checked.intact} as written"
    return line if checked.damage is None else f"{line}, then: {checked.damage.finding}"


def _fields(checked: CheckedFacts) -> dict[str, object]:
    return {
        "account": None if checked.account is None else checked.account.name,
        "facts": checked.facts,
        "intact": checked.intact,
        "first_damage": None if checked.damage is None else _damage_fields(checked.damage),
    }


def _damage_fields(damage: DamageError) -> dict[str, object]:
    if isinstance(damage, DamagedFactError):
        return {"differs": damage.difference, **damage.where, "finding": damage.finding}
    return {"differs": "database", "finding": damage.finding}
