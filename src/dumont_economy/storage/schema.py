"""Brings a database's schema to this version's, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dumont_economy.errors import DatabaseTooNewError
from dumont_economy.storage.database import schema_revision

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade_schema(connection: Connection, revision: str = "head") -> None:
    """Run the migrations that a database lacks, in the transaction of its connection.

    Args:
        connection: A transaction that writes.
        revision: Up to which one; the newest unless told.

    Raises:
        DatabaseTooNewError: a newer version wrote it.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    found = schema_revision(connection)
    if found is not None and found not in known:
        raise DatabaseTooNewError(found)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
