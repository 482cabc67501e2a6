"""The command `economy`: every subcommand in a module of its own, loaded when it is called."""

from importlib import import_module

import click

_COMMANDS = {
    "demo": ("dumont_economy.cli.demo", "demo"),
    "events": ("dumont_economy.cli.events", "events"),
    "prices": ("dumont_economy.cli.prices", "prices"),
    "replay": ("dumont_economy.cli.replay", "replay"),
    "serve": ("dumont_economy.cli.serve", "serve"),
    "token": ("dumont_economy.cli.people", "token"),
    "user": ("dumont_economy.cli.people", "user"),
}


class _Economy(click.Group):
    """Finds a command without importing the others, so that `--help` answers at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        found: click.Command = getattr(import_module(module), name)
        return found


@click.group(cls=_Economy)
@click.version_option(package_name="dumont-economy", prog_name="economy")
def main() -> None:
    """Meter rented GPUs: what they cost, and what the same work would have cost elsewhere."""
