"""The files of shipped facts, and whether a database has learned what is in them."""

from hashlib import sha256
from importlib.resources import files

from sqlalchemy import Connection

from dumont_economy.storage.installation import read_setting, replace_setting

PRICE_BOOK = "price_book.csv"
_LEARNED = "shipped_facts_sha256"
_FILES = (PRICE_BOOK, "skus.csv", "billing_rules.csv")


def are_learned(connection: Connection) -> bool:
    """Say whether these very files were learned last, told by their hash."""
    return read_setting(connection, _LEARNED) == shipped_sha256(*_FILES)


def note_learned(connection: Connection) -> None:
    """Keep the hash of these files, so that a start with the same ones reads none."""
    replace_setting(connection, _LEARNED, shipped_sha256(*_FILES))


def shipped_sha256(*names: str) -> str:
    """Return the hash of shipped files, one after the other."""
    digest = sha256()
    for name in names:
        digest.update(files("dumont_economy.data").joinpath(name).read_bytes())
    return digest.hexdigest()
