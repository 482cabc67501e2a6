"""Groups of commands that are loaded when they are called, so that `--help` answers at once."""

import gc
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class CommandAt:
    """Where a command is, and the line that lists it: so listing it loads nothing."""

    module: str
    name: str
    short_help: str


class LazyGroup(click.Group):
    """Finds a command without importing the others, and lists them without importing any."""

    def __init__(
        self,
        name: str | None = None,
        *,
        commands_at: Mapping[str, CommandAt],
        **attributes: Any,  # noqa: ANN401  whatever click passes
    ) -> None:
        super().__init__(name, **attributes)
        self._commands_at = commands_at

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        """Return the names, in order."""
        return sorted(self._commands_at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command."""
        if cmd_name not in self._commands_at:
            return None
        at = self._commands_at[cmd_name]
        found: click.Command = getattr(_loaded(at.module), at.name)
        return found

    def short_help_of(self, cmd_name: str) -> str:
        """Return the line that lists a command."""
        return self._commands_at[cmd_name].short_help

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands."""
        rows = [(name, self.short_help_of(name)) for name in sorted(self._commands_at)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _loaded(name: str) -> ModuleType:
    """Return a module, loaded without a search for garbage.

    What loading makes stays, yet it would be searched over and over, and once more at the end:
    a fifth of the time that a short command takes.
    """
    if name in sys.modules or not gc.isenabled():
        return import_module(name)
    gc.disable()
    try:
        module = import_module(name)
    finally:
        gc.enable()
    gc.freeze()
    return module
