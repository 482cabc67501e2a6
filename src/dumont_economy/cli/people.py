"""Commands for people and machines: `economy user`, `economy token`."""

import sys

import click

from dumont_economy.cli.console import as_json, command, open_database, print_json
from dumont_economy.instant import instant_text
from dumont_economy.services import people
from dumont_economy.services.people import Scope

_account = click.option("--account", required=True, help="The account's name.")


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("add")
@click.argument("email")
@_account
@command
def add_user(email: str, account: str) -> None:
    """Add a person; the account is made where it does not exist."""
    password = _read_password()
    database, clock = open_database()
    people.add_person(database, clock, email=email, password=password, account_name=account)
    click.echo(f"Added {email.strip().lower()} to account {account}.", err=True)


@user.command("passwd")
@click.argument("email")
@command
def change_password(email: str) -> None:
    """Give a person a new password; their sessions end."""
    password = _read_password()
    database, clock = open_database()
    people.change_password(database, clock, email=email, password=password)
    click.echo(f"Changed the password of {email.strip().lower()}.", err=True)


@click.group()
def token() -> None:
    """Tokens for machines."""


@token.command("create")
@_account
@click.option("--name", default="machine", show_default=True, help="What the token is for.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What it may do; give it once for each.",
)
@as_json
@command
def create_token(account: str, name: str, scopes: tuple[str, ...], as_json: bool) -> None:  # noqa: FBT001  click passes flags by name
    """Create a token; it stands alone on standard output, once."""
    database, clock = open_database()
    created, secret = people.create_token(
        database,
        clock,
        people.account_named(database, account),
        name=name,
        scopes=[Scope(scope) for scope in scopes],
    )
    if as_json:
        print_json({"id": created.id, "token": secret, "scopes": sorted(created.scopes)})
    else:
        click.echo(secret)


@token.command("list")
@_account
@as_json
@command
def list_tokens(account: str, as_json: bool) -> None:  # noqa: FBT001
    """List an account's tokens."""
    database, _ = open_database()
    tokens = people.list_tokens(database, people.account_named(database, account))
    rows = [
        {
            "id": one.id,
            "name": one.name,
            "scopes": sorted(one.scopes),
            "created_at": instant_text(one.created_at),
            "revoked_at": None if one.revoked_at is None else instant_text(one.revoked_at),
        }
        for one in tokens
    ]
    if as_json:
        print_json({"tokens": rows})
        return
    for one in tokens:
        state = "in force" if one.revoked_at is None else f"revoked {one.revoked_at:%Y-%m-%d}"
        click.echo(f"{one.id}  {one.name}  {', '.join(sorted(one.scopes))}  {state}")


@token.command("revoke")
@click.argument("token_id")
@_account
@command
def revoke_token(token_id: str, account: str) -> None:
    """Revoke a token by its id."""
    database, clock = open_database()
    people.revoke_token(database, clock, people.account_named(database, account), token_id)
    click.echo(f"Revoked {token_id}.", err=True)


def _read_password() -> str:
    """Read a password from the terminal, asked twice, or the first line of standard input."""
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return password
    return sys.stdin.readline().rstrip("\r\n")
