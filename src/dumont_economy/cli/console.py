"""What all commands share: settings, output as text or JSON, and exit codes."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import click

from dumont_economy.clock import Clock, SystemClock
from dumont_economy.config import settings_from_environment
from dumont_economy.errors import (
    EconomyError,
    InvalidAmountError,
    InvalidInputError,
    InvalidInstantError,
    InvalidSettingError,
    UnknownProviderError,
)
from dumont_economy.services.prepare_database import prepare_database
from dumont_economy.storage.database import Database

EXIT_NO = 1
EXIT_WRONG_USE = 2
EXIT_COULD_NOT = 3

# What the caller can mend by asking otherwise.
_WRONG_USE = (
    InvalidAmountError,
    InvalidInputError,
    InvalidInstantError,
    InvalidSettingError,
    UnknownProviderError,
)

as_json = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Let a command end with one clear line where something goes wrong on purpose."""

    @wraps(function)
    def run(*arguments: Any, **options: Any) -> None:  # noqa: ANN401  whatever click passes
        try:
            function(*arguments, **options)
        except _WRONG_USE as error:
            fail(str(error), EXIT_WRONG_USE)
        except EconomyError as error:
            fail(str(error), EXIT_COULD_NOT)
        except UnicodeEncodeError:
            fail("An argument holds bytes that are no text. Write it in UTF-8.", EXIT_WRONG_USE)
        except OSError as error:
            if isinstance(error, BrokenPipeError):
                raise  # Whoever read our answer has had enough: click ends quietly.
            fail(f"The answer cannot be written: {error.strerror}.", EXIT_COULD_NOT)

    return run


def fail(message: str, exit_code: int) -> None:
    """Say what went wrong on standard error and end."""
    click.echo(f"economy: {message}", err=True)
    sys.exit(exit_code)


def print_json(answer: Mapping[str, object]) -> None:
    """Print an answer for a program."""
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def print_table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows for a person, each column as wide as its widest cell: nothing is cut."""
    table = [titles, *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def open_database() -> tuple[Database, Clock]:
    """Return this user's database, ready for use until the command ends, and the clock."""
    clock = SystemClock()
    database = prepare_database(settings_from_environment().database_url, clock)
    click.get_current_context().call_on_close(database.close)
    return database, clock
