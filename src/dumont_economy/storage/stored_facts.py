"""Facts as the database keeps them: read so that no damage stops the reading, and compared.

A damaged value may be of another kind than its column, or bytes that are no text; the usual way of
reading fails on such a row without saying which it is. Here a row is read as it is, compared with
its digest, and only then understood.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    FromClause,
    LargeBinary,
    Row,
    Select,
    String,
    Table,
    case,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.exc import DatabaseError
from sqlalchemy.types import NullType

from dumont_economy import fact_digest
from dumont_economy.errors import DamagedFactError, Difference
from dumont_economy.instant import from_microseconds
from dumont_economy.money import from_units
from dumont_economy.storage.column_types import ExactAmount, Instant
from dumont_economy.storage.database import is_damage

ROW_HASH = "row_hash"
CHAIN_HASH = "chain_hash"

# Digests are made of neither themselves nor the number that the database gives a row.
_NOT_DIGESTED = {ROW_HASH, CHAIN_HASH, "number"}
_SHOWN_CHARACTERS = 64
_ROWS_AT_A_TIME = 1_000
_PLACE = "place"
_BETWEEN = b"\x00"
_TEXT_OR_NONE = {bytes, NoneType}
_TEXT: tuple[ColumnElement[str], ...] = (literal_column("'text'"), literal_column("'null'"))
# What is read where something else than text was found: a number, as no text is.
_NO_TEXT: ColumnElement[int] = literal_column("0")

# What reading a value that its column cannot have ends with.
UNREADABLE = (ArithmeticError, TypeError, ValueError)

_Made = TypeVar("_Made")


class UnreadableRowError(Exception):
    """The database cannot read the row at a place."""

    def __init__(self, place: int) -> None:
        super().__init__(f"The row at {place} cannot be read.")
        self.place = place


def encoded(table: Table, values: Mapping[str, object]) -> bytes:
    """Return the encoding of a row from its values, as they are written or as they are kept.

    Raises:
        ValueError: a value is none that a fact can have.
    """
    return fact_digest.encoded(table.name, _digested_columns(table), values)


def encoded_rows(table: Table, values_of: Mapping[str, Sequence[object]]) -> list[bytes]:
    """Return the encodings of many rows, from the values of each column that is not empty.

    Raises:
        ValueError: a value is none that a fact can have.
    """
    columns = [name for name in _digested_columns(table) if name in values_of]
    return fact_digest.encoded_rows(table.name, columns, values_of)


def as_kept(
    connection: Connection, columns: Iterable[ColumnElement[Any]]
) -> list[ColumnElement[Any]]:
    """Return what to select, so that columns are read as they are kept and reading cannot fail."""
    return as_kept_on(connection.dialect.name, columns)


def as_kept_on(dialect: str, columns: Iterable[ColumnElement[Any]]) -> list[ColumnElement[Any]]:
    """Return the same, for a statement that is made once for all connections to such a database."""
    return [_as_kept(column, is_sqlite=dialect == "sqlite") for column in columns]


def _as_kept(column: ColumnElement[Any], *, is_sqlite: bool) -> ColumnElement[Any]:
    kept: ColumnElement[Any] = column
    # Only SQLite can hold something else than a number there, or bytes that are no text.
    if isinstance(column.type, Instant) or (is_sqlite and isinstance(column.type, ExactAmount)):
        kept = type_coerce(column, BigInteger)
    elif is_sqlite and isinstance(column.type, String):
        is_text = func.typeof(column).in_(_TEXT)
        kept = type_coerce(case((is_text, cast(column, LargeBinary)), else_=_NO_TEXT), NullType())
    return kept.label(column.key or "")


def kept_values(row: Row[Any, *tuple[Any, ...]]) -> dict[str, Any]:
    """Return the values of a row that was selected as it is kept, its text decoded."""
    # In place, not by `_decoded`: very much is read.
    return {
        name: value.decode("utf-8", "surrogateescape") if type(value) is bytes else value
        for name, value in zip(row._fields, row, strict=True)
    }


def _decoded(value: Any) -> Any:  # noqa: ANN401  whatever is kept
    return value.decode("utf-8", "surrogateescape") if type(value) is bytes else value


def _all_decoded(values: Sequence[bytes]) -> list[str]:
    """Return texts decoded, all at once where none of them holds what stands between them."""
    found = _BETWEEN.join(values).decode("utf-8", "surrogateescape").split("\x00")
    return found if len(found) == len(values) else list(map(_decoded, values))


def kept_columns(rows: Sequence[Row[Any, *tuple[Any, ...]]]) -> dict[str, Sequence[Any]]:
    """Return the same of many rows, column by column; one without any value is left out."""
    found: dict[str, Sequence[Any]] = {}
    for name, values in zip(rows[0]._fields, zip(*rows, strict=True), strict=True):
        kinds = set(map(type, values))
        if kinds == {bytes}:
            found[name] = _all_decoded(values)
        elif kinds == _TEXT_OR_NONE:
            found[name] = read_once(_decoded, values)
        elif bytes in kinds:
            found[name] = list(map(_decoded, values))
        elif kinds != {NoneType}:
            found[name] = values
    return found


def kept_in_order(
    connection: Connection, rows: Select[Any], place: ColumnElement[int], *, after: int
) -> Iterator[dict[str, Any]]:
    """Return the values of rows after a place, in order, each with its `place` among them.

    Raises:
        UnreadableRowError: the database cannot read a row, for it contradicts itself.
    """
    in_order = rows.add_columns(place.label(_PLACE)).order_by(place)
    last = after
    try:
        for values in _kept(connection, in_order.where(place > last)):
            last = values[_PLACE]
            yield values
    except DatabaseError as error:
        if connection.dialect.name != "sqlite" or not is_damage(error):
            raise
    else:
        return
    # Some are read at a time, and one of them cannot be: one by one, until it is found.
    while True:
        where = in_order.where(place > last).limit(1)
        try:
            found = list(_kept(connection, where))
        except DatabaseError as error:
            unread = connection.execute(where.with_only_columns(place)).scalar_one()
            raise UnreadableRowError(unread) from error
        if not found:
            return
        last = found[0][_PLACE]
        yield found[0]


def _kept(connection: Connection, rows: Select[Any]) -> Iterator[dict[str, Any]]:
    with connection.execute(rows, execution_options={"yield_per": _ROWS_AT_A_TIME}) as found:
        for row in found:
            yield kept_values(row)


def understood(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return kept values as they were written: instants and amounts.

    Raises:
        ArithmeticError, TypeError, ValueError: a value is none that its column can have.
    """
    found = dict(values)
    for name, read in _readers(table):
        if found[name] is not None:
            found[name] = read(found[name])
    return found


def understood_columns(
    table: Table, values_of: Mapping[str, Sequence[Any]]
) -> dict[str, Sequence[Any]]:
    """Return the same of many rows, column by column.

    Raises:
        ArithmeticError, TypeError, ValueError: a value is none that its column can have.
    """
    found = dict(values_of)
    for name, read in _readers(table):
        if name in found:
            found[name] = read_once(read, found[name])
    return found


def read_once(read: Callable[[Any], object], values: Sequence[Any]) -> Sequence[Any]:
    """Return what each value reads as, None as itself: many rows hold few different ones."""
    different = set(values)
    different.discard(None)
    if len(different) == len(values):
        return list(map(read, values))
    read_as = {value: read(value) for value in different}
    return list(map(read_as.get, values))


@dataclass(frozen=True, slots=True)
class FactTable:
    """A table of facts that stand by themselves, each with a digest of its own.

    `fact` is what a row is called, `named_by` the columns that tell it from others, `numbered_by`
    the one of them by which the rows have an order, if any.
    """

    table: Table
    fact: str
    named_by: tuple[str, ...]
    numbered_by: str = ""

    def new_row(self, values: Mapping[str, object]) -> dict[str, object]:
        """Return a new row with its digest."""
        return {**values, ROW_HASH: fact_digest.digest(encoded(self.table, values))}

    def select(self, connection: Connection) -> Select[Any]:
        """Return what selects rows as `read` takes them."""
        return self.select_on(connection.dialect.name)

    def select_on(self, dialect: str) -> Select[Any]:
        """Return the same, for a statement that is made once."""
        return select(*as_kept_on(dialect, self.table.c))

    def read(
        self, row: Row[Any, *tuple[Any, ...]], make: Callable[[dict[str, Any]], _Made]
    ) -> _Made:
        """Return what is made of a row, once it is known to be what was written.

        Raises:
            DamagedFactError: it is not.
        """
        return self.read_values(kept_values(row), make)

    def read_values(
        self, values: Mapping[str, Any], make: Callable[[dict[str, Any]], _Made]
    ) -> _Made:
        """Return the same of the row's values, as they are kept."""
        try:
            if _is_as_written(self.table, values):
                return make(understood(self.table, values))
        except UNREADABLE as error:
            raise self._damaged(values) from error
        raise self._damaged(values)

    def unreadable(self, **where: str | int) -> DamagedFactError:
        """Return the error of a row that the database cannot read."""
        return DamagedFactError(self.fact, where, Difference.CONTENT)

    def _damaged(self, values: Mapping[str, Any]) -> DamagedFactError:
        where = shown(values, self.named_by)
        if _PLACE in values:
            # Its place says which it is, where the row itself may say otherwise.
            where[self.numbered_by] = values[_PLACE]
        return DamagedFactError(self.fact, where, Difference.CONTENT)


def _is_as_written(table: Table, values: Mapping[str, Any]) -> bool:
    return bool(values[ROW_HASH] == fact_digest.digest(encoded(table, values)))


def by_place(connection: Connection, table: Table) -> tuple[FromClause, FromClause]:
    """Return where a table's rows are found in order of its key, and that joined with the rows.

    SQLite would read the columns of the key from its index, and miss that the row says otherwise.
    """
    if connection.dialect.name != "sqlite":
        return table, table
    place = table.alias("place")
    same_row = literal_column("place.rowid") == literal_column(f"{table.name}.rowid")
    return place, place.join(table, same_row)


def shown(values: Mapping[str, Any], names: Iterable[str]) -> dict[str, str | int | None]:
    """Return some of a row's values so that they can be printed, whatever they are."""
    return {name: _shown(values[name]) for name in names}


def _shown(value: object) -> str | int | None:
    if value is None or isinstance(value, int):
        return value
    text = f"{value}".encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text[:_SHOWN_CHARACTERS]


@cache
def _digested_columns(table: Table) -> tuple[str, ...]:
    # By name, for the order in which columns are declared may change.
    return tuple(sorted(column.name for column in table.c if column.name not in _NOT_DIGESTED))


@cache
def _readers(table: Table) -> tuple[tuple[str, Callable[[Any], object]], ...]:
    """Return how the columns are read whose values are kept as something else."""
    reader_of = {Instant: from_microseconds, ExactAmount: _amount}
    return tuple(
        (column.name, reader_of[type(column.type)])
        for column in table.c
        if type(column.type) in reader_of
    )


def _amount(kept: int | Decimal) -> Decimal:
    return kept if isinstance(kept, Decimal) else from_units(kept)
