"""Prepares a database for use: the newest schema, and the facts that the package ships."""

from dumont_economy.clock import Clock
from dumont_economy.errors import EconomyError
from dumont_economy.services import shipped_files
from dumont_economy.storage.database import Database


def prepare_database(url: str, clock: Clock) -> Database:
    """Return a database, migrated and with the shipped facts in it.

    Raises:
        DatabaseTooNewError: a newer version wrote it.
        DatabaseUnavailableError: it cannot be opened.
        InvalidSettingError: the URL names no database that can be used.
    """
    database = Database(url)
    try:
        database.migrate()
    except EconomyError:
        database.close()
        raise
    with database.read() as connection:
        if shipped_files.are_learned(connection):
            return database
    # What reads them takes a while to load, and most starts find nothing to learn.
    from dumont_economy.services.shipped_facts import load_shipped_facts  # noqa: PLC0415

    load_shipped_facts(database, clock)
    return database
