"""`economy serve`: the server on this user's database."""

import secrets
from dataclasses import replace

import click

from dumont_economy.cli.console import command
from dumont_economy.cli.server import check_port, run_server
from dumont_economy.clock import SystemClock
from dumont_economy.config import LOOPBACK_HOSTS, parse_port, settings_from_environment
from dumont_economy.services import people
from dumont_economy.services.prepare_database import prepare_database
from dumont_economy.services.rebuild_caches import rebuild_those_behind
from dumont_economy.storage.server_cautions import server_cautions


@click.command()
@click.option("--host", help="Address to listen on; 127.0.0.1 unless told.")
@click.option("--port", help="Port to listen on; 8787 unless told.")
@click.option(
    "--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes."
)
@command
def serve(host: str | None, port: str | None, workers: int) -> None:
    """Serve the screen and the API until stopped."""
    settings = settings_from_environment()
    settings = replace(
        settings,
        host=host or settings.host,
        port=settings.port if port is None else parse_port(port),
    )
    check_port(settings.host, settings.port)
    database = prepare_database(settings.database_url, SystemClock())
    needs_owner = people.needs_owner(database)
    with database.read() as connection:
        for caution in server_cautions(connection):
            click.echo(f"economy: {caution}", err=True)
    for account in rebuild_those_behind(database, SystemClock()):
        click.echo(f"economy: the caches of {account.name} are made anew", err=True)
    database.close()
    if needs_owner and settings.host not in LOOPBACK_HOSTS:
        settings = replace(settings, setup_code=secrets.token_urlsafe(9))

    def say_ready() -> None:
        click.echo(f"Dumont Economy listens on http://{settings.host}:{settings.port}/")
        if needs_owner:
            click.echo("Nobody can sign in yet: open that address to create the owner.")
        if settings.setup_code is not None:
            click.echo(f"The page will ask for this one-time code: {settings.setup_code}")

    run_server(settings, workers=workers, on_ready=say_ready)
