"""The database: durable on every connection, writers one at a time, migrated before use."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from random import SystemRandom
from types import SimpleNamespace
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    RootTransaction,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    OperationalError,
    ProgrammingError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from dumont_economy.errors import (
    DamagedDatabaseError,
    DatabaseConflictError,
    DatabaseUnavailableError,
    InvalidSettingError,
)
from dumont_economy.storage.prepared_question import PreparedQuestion
from dumont_economy.storage.row_security import RowScope, row_settings
from dumont_economy.storage.writer_turn import writer_turn

Result = TypeVar("Result")

# A server waits with everything it does, so not long; the answer may be asked for again.
_BUSY_TIMEOUT_SECONDS = 5
# Whoever waits for its turn behind other writers of ours gets it, unless they stand still. A disk
# that others share can do so for seconds, which is to be outwaited: who is sent away loses its
# place. No longer, because a server's threads wait, and then it answers nobody.
_TURN_SECONDS = 15
# Of the log, 16 MiB, before it is emptied into the database: reports of the same instances write
# the same pages again and again, and each of those is copied once.
_LOG_PAGES = 4_000
# The low byte of an extended code is the kind of error; SQLSTATE XX001 is data_corrupted, XX002
# index_corrupted.
_SQLITE_PRIMARY_CODE = 0xFF
_POSTGRESQL_DAMAGE = ("XX001", "XX002")
# In KiB, as SQLite takes a negative number.
_MANY_PAGES = -64 * 1_024
_SQLITE_DRIVERS = ("sqlite", "sqlite+pysqlite")
_POSTGRESQL_DRIVERS = ("postgresql", "postgresql+psycopg")
_IN_MEMORY = (None, "", ":memory:")
# Writers on PostgreSQL wait for each other, as they do on SQLite: an arbitrary number of ours.
_WRITER_LOCK = 0x0EC0_0001
# The transaction was undone because of another's: serialization failure and deadlock.
_CONFLICTS = frozenset({"40001", "40P01"})
_NOT_ALLOWED = "42501"
_TRIES = 5
_FIRST_PAUSE_SECONDS = 0.02
_jitter = SystemRandom()
_BEGIN_READING = (
    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
    f"SET LOCAL lock_timeout TO '{_BUSY_TIMEOUT_SECONDS}s'"
)
# Read committed, so that whoever has waited sees what was committed while it did. Each statement is
# planned for its values: a plan for any, made while a table was young, reads all of an account.
_BEGIN_WRITING = (
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL synchronous_commit TO on; "
    "SET LOCAL plan_cache_mode TO force_custom_plan; "
    f"SET LOCAL lock_timeout TO '{_TURN_SECONDS}s'; "
    f"SELECT pg_advisory_xact_lock({_WRITER_LOCK}); "
    f"SET LOCAL lock_timeout TO '{_BUSY_TIMEOUT_SECONDS}s'"
)
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
    def read(self, *, account_id: str = "", token_hash: str = "") -> Iterator[Connection]:
        """Open a connection that sees one consistent state.

        Args:
            account_id: The account whose rows are read; no other's can be.
            token_hash: The credential whose account is looked for.

        Raises:
            DamagedDatabaseError: its file contradicts itself.
            DatabaseUnavailableError: the database cannot be read now.
        """
        scope = RowScope(account_id=account_id, token_hash=token_hash)
        with _unavailable_as_our_own(), self._begun(row_scope=scope) as connection:
            yield connection

    def ask(
        self,
        question: PreparedQuestion,
        values: Mapping[str, str],
        *,
        account_id: str = "",
        token_hash: str = "",
    ) -> Any:  # noqa: ANN401  a row, by its columns
        """Return the row that a question asks for, read in a transaction of its own, or None.

        It goes the shortest way. Where that fails, for whatever reason, it is asked as any other
        question is, which finds out and says what is wrong.

        Raises:
            DamagedDatabaseError: its file contradicts itself.
            DatabaseUnavailableError: the database cannot be read now.
        """
        scope = RowScope(account_id=account_id, token_hash=token_hash)
        with suppress(self.engine.dialect.dbapi.Error, PoolTimeoutError):  # type: ignore[union-attr]
            return self._asked_in_short(question, values, scope)
        with self.read(account_id=account_id, token_hash=token_hash) as connection:
            return connection.execute(question.statement, values).first()

    def _asked_in_short(
        self, question: PreparedQuestion, values: Mapping[str, str], scope: RowScope
    ) -> SimpleNamespace | None:
        pooled = self.engine.raw_connection()
        try:
            if self.engine.dialect.name == "sqlite":
                found = question.ask_sqlite(pooled, values)
            else:
                rows = row_settings(pooled.driver_connection, scope)
                found = question.ask_postgresql(pooled, f"{_BEGIN_READING}; {rows}", values)
        except BaseException:
            pooled.invalidate()
            raise
        pooled.close()
        return found

    def transact(self, work: Callable[[Connection], Result], *, account_id: str = "") -> Result:
        """Do work in a transaction that writes: committed at its end, or undone on an error.

        Where the database undoes it for the sake of another transaction, the work is done anew, a
        few times; so it changes nothing but the database.

        Args:
            work: What to do; what it returns is returned.
            account_id: The account whose rows are touched; no other's can be.

        Raises:
            DatabaseUnavailableError: the database cannot be written now. Nothing was, unless the
                connection broke while the commit was under way: then nobody can tell.
        """
        for attempt in range(1, _TRIES):
            try:
                with self.write(account_id=account_id) as connection:
                    return work(connection)
            except DatabaseConflictError:
                # At another moment each, for those that met once would meet again.
                time.sleep(_FIRST_PAUSE_SECONDS * 2**attempt * _jitter.random())
        with self.write(account_id=account_id) as connection:
            return work(connection)

    @contextmanager
    def write(self, *, account_id: str = "") -> Iterator[Connection]:
        """Open one transaction that writes, for `transact`, which says more.

        Raises:
            DatabaseUnavailableError: the database cannot be written now.
        """
        scope = RowScope(account_id=account_id)
        with (
            self._turn(),
            _unavailable_as_our_own(),
            self._begun(writes=True, row_scope=scope) as connection,
        ):
            yield connection

    def _turn(self) -> AbstractContextManager[None]:
        """Wait for the turn to write where the database itself knows no order of who waits."""
        if self.url.database is None or self.engine.dialect.name != "sqlite":
            return nullcontext()
        return writer_turn(Path(self.url.database), seconds=_TURN_SECONDS)

    @contextmanager
    def _begun(self, **options: Any) -> Iterator[Connection]:  # noqa: ANN401  SQLAlchemy's
        """Open a connection on which a transaction has begun; it ends with the block.

        A reader's ends with a commit too: a driver forgets what it has prepared when it rolls back.
        """
        try:
            connection, transaction = self._connected(options)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The server has closed it since it was used last, which beginning has found out before
            # anything was done. All others of its time were let go of with it.
            connection, transaction = self._connected(options)
        with connection, transaction:
            yield connection

    def _connected(self, options: Mapping[str, Any]) -> tuple[Connection, RootTransaction]:
        connection = self.engine.connect().execution_options(**options)
        try:
            return connection, connection.begin()
        except BaseException:
            connection.close()
            raise

    def migrate(self) -> None:
        """Bring the schema to this version's.

        Raises:
            DatabaseTooNewError: a newer version wrote it.
            DatabaseUnavailableError: it cannot be opened or written, or is not the role's.
        """
        self._make_folder()
        newest = newest_revision()
        # Most starts find nothing to do, and need not wait for a writer to find that.
        with self.read() as connection:
            if schema_revision(connection) == newest:
                return
        # Alembic takes longer to load than most commands to run.
        from dumont_economy.storage.schema import upgrade_schema  # noqa: PLC0415

        try:
            self.transact(upgrade_schema)
        except ProgrammingError as error:
            if getattr(error.orig, "sqlstate", None) != _NOT_ALLOWED:
                raise
            message = (
                f"The role may not make the tables ({_reason(error)}). Let the database belong to "
                "it: ALTER DATABASE ... OWNER TO ..., as a superuser."
            )
            raise DatabaseUnavailableError(message) from error

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
        # Transactions are begun by hand here too: all that is said at their begin in one message.
        engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": _BUSY_TIMEOUT_SECONDS, "autocommit": True},
        )
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
def many_pages_kept(connection: Connection) -> Iterator[None]:
    """Let SQLite keep 64 MiB of pages for work that goes through all of an account at random."""
    if connection.dialect.name != "sqlite":
        yield
        return
    [before] = connection.exec_driver_sql("PRAGMA cache_size").one()
    connection.exec_driver_sql(f"PRAGMA cache_size={_MANY_PAGES}")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA cache_size={before}")


def is_damage(error: DBAPIError) -> bool:
    """Say whether a database finds that what it keeps contradicts itself."""
    code = getattr(error.orig, "sqlite_errorcode", 0)
    state = getattr(error.orig, "sqlstate", None) or ""
    return code & _SQLITE_PRIMARY_CODE == sqlite3.SQLITE_CORRUPT or state.startswith(
        _POSTGRESQL_DAMAGE
    )


@contextmanager
def _unavailable_as_our_own() -> Iterator[None]:
    try:
        yield
    except PoolTimeoutError as error:
        message = "All connections to the database are in use. Ask again in a moment."
        raise DatabaseUnavailableError(message) from error
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) in _CONFLICTS:
            message = "Other work on the database was in the way. Ask again in a moment."
            raise DatabaseConflictError(message) from error
        if error.connection_invalidated or isinstance(error, OperationalError):
            raise DatabaseUnavailableError(_cannot_be_used(error)) from error
        if is_damage(error):
            raise DamagedDatabaseError from error
        if type(error) is not DatabaseError:
            raise  # A mistake of ours, such as a broken constraint.
        message = f"The database file cannot be read ({error.orig}). Name another, or restore it."
        raise DatabaseUnavailableError(message) from error


def _cannot_be_used(error: DBAPIError) -> str:
    if isinstance(error.orig, sqlite3.Error):
        remedy = "Check that its folder exists, can be written and has space."
    else:
        remedy = "Check that its server runs, takes connections and has space."
    return f"The database cannot be used now ({_reason(error)}). {remedy}"


def _reason(error: DBAPIError) -> str:
    """Return what the database says, without the statement that some add below it."""
    return str(error.orig).strip().partition("\n")[0].rstrip(".")


def _make_sqlite_durable(dbapi_connection: Any, _record: object) -> None:  # noqa: ANN401
    """Set on each connection what the promises rest on: a commit is on disk before the answer."""
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_SECONDS * 1000}")
    cursor.close()


def _begin_on_sqlite(connection: Connection) -> None:
    """Begin by hand: a writer takes its lock at once, so that it never has to upgrade one."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _begin_on_postgresql(connection: Connection) -> None:
    """Let a reader see one state, and a writer wait for its turn; a commit is on disk.

    What the server, the database or the role is set to otherwise does not matter.
    """
    options = connection.get_execution_options()
    begin = _BEGIN_WRITING if options.get("writes", False) else _BEGIN_READING
    driver = connection.connection.dbapi_connection
    rows = row_settings(driver, options.get("row_scope", RowScope()))
    # As one that has parameters, where a percent sign is doubled.
    connection.exec_driver_sql(f"{begin}; {rows.replace('%', '%%')}")
