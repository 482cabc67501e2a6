"""The database: durable on every connection, writers one at a time, migrated before use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from dumont_economy.errors import (
    DatabaseUnavailableError,
    InvalidSettingError,
)

# A server waits with everything it does, so not long; the answer may be asked for again.
_BUSY_TIMEOUT_SECONDS = 5
_DRIVERS = ("sqlite", "sqlite+pysqlite")
_IN_MEMORY = (None, "", ":memory:")
_MIGRATIONS = Path(__file__).parent / "migrations" / "versions"
_VERSION_TABLE = "alembic_version"
_READ_REVISION = text("SELECT version_num FROM alembic_version")


class Database:
    """Connections to one database, for reading a consistent state or for writing one."""

    def __init__(self, url: str) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            message = "DUMONT_ECONOMY_DATABASE_URL is no database URL; for example sqlite:////path."
            raise InvalidSettingError(message) from error
        if parsed.get_backend_name() != "sqlite":
            message = (
                "DUMONT_ECONOMY_DATABASE_URL names "
                f"{parsed.get_backend_name()!r}; this version keeps its data in SQLite."
            )
            raise InvalidSettingError(message)
        if parsed.drivername not in _DRIVERS or parsed.query or parsed.database in _IN_MEMORY:
            message = (
                "DUMONT_ECONOMY_DATABASE_URL must name a file, as sqlite:////folder/economy.db, "
                "without another driver or options."
            )
            raise InvalidSettingError(message)
        self.url = parsed
        self.engine = create_engine(
            parsed, connect_args={"timeout": _BUSY_TIMEOUT_SECONDS, "isolation_level": None}
        )
        event.listen(self.engine, "connect", _make_durable)
        event.listen(self.engine, "begin", _begin)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Open a connection that sees one consistent state.

        Raises:
            DatabaseUnavailableError: the database cannot be read now.
        """
        with _unavailable_as_our_own(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Open a transaction that writes: committed at the end, or undone on an error.

        Raises:
            DatabaseUnavailableError: the database cannot be written now.
        """
        with _unavailable_as_our_own(), self.engine.connect() as connection:
            writer = connection.execution_options(writes=True)
            with writer.begin():
                yield writer

    def migrate(self) -> None:
        """Bring the schema to this version's.

        Raises:
            DatabaseTooNewError: a newer version wrote it.
            DatabaseUnavailableError: it cannot be opened or written.
        """
        self._make_folder()
        with self.write() as connection:
            if schema_revision(connection) == newest_revision():
                return
            # Alembic takes longer to load than most commands to run, and most find nothing to do.
            from dumont_economy.storage.schema import upgrade_schema  # noqa: PLC0415

            upgrade_schema(connection)

    def _make_folder(self) -> None:
        if self.url.database:
            try:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                message = f"The folder of {self.url.database} cannot be made: {error.strerror}."
                raise DatabaseUnavailableError(message) from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def schema_revision(connection: Connection) -> str | None:
    """Return the revision of a database's schema, None where it is empty."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found: str | None = connection.execute(_READ_REVISION).scalar()
    return found


def newest_revision() -> str:
    """Return the revision that the newest migration makes; files are named by theirs."""
    return max(path.name.partition("_")[0] for path in _MIGRATIONS.glob("[0-9]*.py"))


@contextmanager
def _unavailable_as_our_own() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig).rstrip(".")
        message = (
            f"The database cannot be used now ({reason}). Check that its folder exists, can be "
            "written and has space."
        )
        raise DatabaseUnavailableError(message) from error
    except DatabaseError as error:
        if type(error) is not DatabaseError:
            raise  # A mistake of ours, such as a broken constraint.
        message = f"The database file cannot be read ({error.orig}). Name another, or restore it."
        raise DatabaseUnavailableError(message) from error


def _make_durable(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401
    """Set on each connection what the promises rest on: a commit is on disk before the answer."""
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_SECONDS * 1000}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Begin by hand: a writer takes its lock at once, so that it never has to upgrade one."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
