"""What all commands share: settings, output as text or JSON, and exit codes."""

import json
import sys
from collections.abc import Callable, Mapping
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

    return run


def fail(message: str, exit_code: int) -> None:
    """Say what went wrong on standard error and end."""
    click.echo(f"economy: {message}", err=True)
    sys.exit(exit_code)


def print_json(answer: Mapping[str, object]) -> None:
    """Print an answer for a program."""
    click.echo(json.dumps(answer, indent=2, ensure_ascii=False))


def open_database() -> tuple[Database, Clock]:
    """Return this user's database, ready for use, and the clock."""
    clock = SystemClock()
    return prepare_database(settings_from_environment().database_url, clock), clock
