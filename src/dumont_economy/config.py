"""Settings: one frozen value, built once from the environment or the command line."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dumont_economy.errors import InvalidSettingError

PREFIX = "DUMONT_ECONOMY_"
DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8787
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})

_HIGHEST_PORT = 65_535
_YES, _NO = frozenset({"1", "true", "yes", "on"}), frozenset({"0", "false", "no", "off"})


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs.

    `setup_code` is what the first-run page asks for, where the server listens beyond loopback.
    `secure_cookies` marks cookies for HTTPS only. The addresses of price feeds are None where
    the providers' own are meant.
    """

    database_url: str
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    secure_cookies: bool = False
    setup_code: str | None = None
    aws_prices_url: str | None = None
    azure_prices_url: str | None = None
    gpuhunt_url: str | None = None
    gpuhunt_folder: Path | None = None


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Build the settings from `DUMONT_ECONOMY_*` variables.

    Raises:
        InvalidSettingError: a variable has no usable value.
    """
    return Settings(
        database_url=environment.get(f"{PREFIX}DATABASE_URL") or default_database_url(environment),
        # An empty variable is one that is not set: an empty host would mean every address.
        host=environment.get(f"{PREFIX}HOST") or DEFAULT_HOST,
        port=parse_port(environment.get(f"{PREFIX}PORT") or str(DEFAULT_PORT)),
        secure_cookies=_yes_or_no(
            f"{PREFIX}SECURE_COOKIES", environment.get(f"{PREFIX}SECURE_COOKIES") or "no"
        ),
        aws_prices_url=environment.get(f"{PREFIX}AWS_PRICES_URL") or None,
        azure_prices_url=environment.get(f"{PREFIX}AZURE_PRICES_URL") or None,
        # gpuhunt's own names, so that what redirects gpuhunt redirects this reader too.
        gpuhunt_url=environment.get("GPUHUNT_CATALOG_URL") or None,
        gpuhunt_folder=_folder(environment.get("GPUHUNT_CATALOG_DIR")),
    )


def settings_from_environment() -> Settings:
    """Build the settings of this process."""
    return settings_from(os.environ)


def parse_port(text: str) -> int:
    """Return a TCP port.

    Raises:
        InvalidSettingError: the text is none.
    """
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= _HIGHEST_PORT):
        message = f"{PREFIX}PORT must be a number from 1 to {_HIGHEST_PORT}, not {text!r}."
        raise InvalidSettingError(message)
    return int(text)


def default_database_url(environment: Mapping[str, str]) -> str:
    """Return the SQLite database in the user's data directory."""
    return f"sqlite:///{data_directory(environment) / 'economy.db'}"


def data_directory(environment: Mapping[str, str]) -> Path:
    """Return where this user's data is kept (XDG base directories; Library on macOS)."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "dumont-economy"
    base = environment.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "dumont-economy"


def _folder(text: str | None) -> Path | None:
    return Path(text) if text else None


def _yes_or_no(name: str, text: str) -> bool:
    if text.lower() not in _YES | _NO:
        message = f"{name} must be yes or no, not {text!r}."
        raise InvalidSettingError(message)
    return text.lower() in _YES
