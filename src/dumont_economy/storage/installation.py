"""Queries on what belongs to the installation as a whole: values by name."""

from sqlalchemy import Connection, delete, insert, select

from dumont_economy.storage.tables import installation


def read_setting(connection: Connection, name: str) -> str | None:
    """Return a value that belongs to the installation, None where it is not set."""
    statement = select(installation.c.value).where(installation.c.name == name)
    return connection.execute(statement).scalar()


def write_setting(connection: Connection, name: str, value: str) -> None:
    """Set a value that belongs to the installation, once."""
    connection.execute(insert(installation).values(name=name, value=value))


def replace_setting(connection: Connection, name: str, value: str) -> None:
    """Set a value that belongs to the installation, whether it was set before or not."""
    connection.execute(delete(installation).where(installation.c.name == name))
    write_setting(connection, name, value)
