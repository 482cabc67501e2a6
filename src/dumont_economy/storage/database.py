"""The database: durable on every connection, writers one at a time, migrated before use."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from dumont_economy.errors import (
    DatabaseUnavailableError,
    InvalidSettingError,
)

# A server waits with everything it does, so not long; the answer may be asked for again.
_BUSY_TIMEOUT_SECONDS = 5
_SQLITE_DRIVERS = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL_DRIVERS = ("postgresql", "postgresql+psycopg")
_IN_MEMORY = (None, "", ":memory:")
# Writers on PostgreSQL wait for each other, as they do on SQLite: an arbitrary number of ours.
_WRITER_LOCK = 0x0EC0_0001
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
        self.url = parsed
        self.engine = _engine(parsed)

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
        if self.url.get_backend_name() == "sqlite" and self.url.database:
            try:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                message = f"The folder of {self.url.database} cannot be made: {error.strerror}."
                raise DatabaseUnavailableError(message) from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def _engine(url: URL) -> Engine:
    """Return the engine of a database that we keep data in.

    Raises:
        InvalidSettingError: the URL names none.
    """
    if url.drivername in _SQLITE_DRIVERS and not url.query and url.database not in _IN_MEMORY:
        engine = create_engine(
            url, connect_args={"timeout": _BUSY_TIMEOUT_SECONDS, "isolation_level": None}
        )
        event.listen(engine, "connect", _make_sqlite_durable)
        event.listen(engine, "begin", _begin_on_sqlite)
        return engine
    if url.drivername in _POSTGRESQL_DRIVERS:
        # A connection that the server has closed meanwhile is noticed before it is used.
        engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
        event.listen(engine, "begin", _begin_on_postgresql)
        return engine
    if url.get_backend_name() == "sqlite":
        message = (
            "DUMONT_ECONOMY_DATABASE_URL must name a file, as sqlite:////folder/economy.db, "
            "without another driver or options."
        )
    else:
        message = (
            f"DUMONT_ECONOMY_DATABASE_URL names {url.drivername!r}; data is kept in SQLite "
            "(sqlite:////folder/economy.db) or PostgreSQL (postgresql://user@host/database)."
        )
    raise InvalidSettingError(message)


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


def _make_sqlite_durable(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401
    """Set on each connection what the promises rest on: a commit is on disk before the answer."""
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_SECONDS * 1000}")
    cursor.close()


def _begin_on_sqlite(connection: Connection) -> None:
    """Begin by hand: a writer takes its lock at once, so that it never has to upgrade one."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_on_postgresql(connection: Connection) -> None:
    """Let a reader see one state, and a writer wait for its turn; a commit is on disk."""
    if not connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        return
    connection.exec_driver_sql("SET LOCAL synchronous_commit TO on")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout TO '{_BUSY_TIMEOUT_SECONDS}s'")
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
