"""Brings a database's schema to this version's, with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from dumont_economy.errors import DatabaseTooNewError
from dumont_economy.storage.database import schema_revision

_MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade_schema(connection: Connection) -> None:
    """Run the migrations that a database lacks, in the transaction of its connection.

    Raises:
        DatabaseTooNewError: a newer version wrote it.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    revision = schema_revision(connection)
    if revision is not None and revision not in known:
        raise DatabaseTooNewError(revision)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
