"""Rows that are written many at once hold what was said, on both databases."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    MetaData,
    Table,
    Text,
    select,
    text,
)

from dumont_economy.storage.array_text import array_text
from dumont_economy.storage.column_types import ExactAmount
from dumont_economy.storage.database import Database
from dumont_economy.storage.inserted_rows import bound, insert_bound, update_bound
from dumont_economy.storage.sought_values import SOUGHT, as_parameter, is_sought
from tests.postgresql import PostgreSql

written = Table(
    "written",
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("note", Text),
    Column("count", BigInteger),
    Column("amount", ExactAmount),
    Column("is_odd", Boolean, nullable=False),
)
# What means something in the text of an array, or in JSON.
TEXTS = (
    "plain",
    "",
    "NULL",
    "a,b",
    "{}",
    '"quoted"',
    "back\\slash",
    "ends with \\",
    '\\"',
    "line\nbreak\ttab",
    "%s",
    "é 🎛",
)
ROWS = [
    (
        name,
        None if number % 3 else f"{name}{name}",
        None if number % 4 else -(10**17) - number,
        Decimal("1E+3") if number == 1 else Decimal(number) / 8,
        bool(number % 2),
    )
    for number, name in enumerate(TEXTS)
]


READ_ARRAY = text("SELECT CAST(CAST(:told AS text) AS text[])")


def write(connection: Connection) -> None:
    """Write all rows."""
    columns = dict(zip(written.c.keys(), zip(*ROWS, strict=True), strict=True))
    insert_bound(connection, written, bound(connection, written, columns))


def read(connection: Connection) -> list[tuple[object, ...]]:
    """Return all rows, in the order written."""
    held = {row.name: tuple(row) for row in connection.execute(select(written))}
    return [held[name] for name in TEXTS if name in held]


@pytest.fixture
def connection(database: Database) -> Iterator[Connection]:
    """Return a connection to a database with such a table."""
    with database.write() as connection:
        written.create(connection)
        yield connection


def test_texts_and_numbers_come_back_as_they_were(connection: Connection) -> None:
    """Whatever they hold."""
    write(connection)

    assert read(connection) == ROWS


def test_so_do_those_that_rows_are_changed_to(connection: Connection) -> None:
    """Rows are told by their key; columns that are not given stay."""
    write(connection)
    turned = [*TEXTS[1:], TEXTS[0]]
    update_bound(connection, written, {"name": TEXTS, "note": turned, "count": range(len(TEXTS))})

    assert read(connection) == [
        (name, note, number, *row[3:])
        for number, (name, note, row) in enumerate(zip(TEXTS, turned, ROWS, strict=True))
    ]


def test_rows_are_found_by_any_of_them(connection: Connection) -> None:
    """Each, and no other."""
    write(connection)
    dialect = connection.dialect.name
    statement = select(written.c.name).where(is_sought(written.c.name, dialect))
    for name in (*TEXTS, "another"):
        found = connection.execute(statement, {SOUGHT: as_parameter([name, "nobody"], dialect)})

        assert list(found.scalars()) == [one for one in TEXTS if one == name]


def test_what_no_text_can_hold_is_refused_and_taken_for_no_border() -> None:
    """One text is never read as two."""
    with pytest.raises(ValueError, match="NUL"):
        array_text(["a\x00b", "c"])


def test_without_quoting_they_would_be_others(postgresql: PostgreSql) -> None:
    """The control: PostgreSQL reads what stands between the braces."""
    database = Database(postgresql.new_database())
    with database.read() as connection:
        quoted = connection.execute(READ_ARRAY, {"told": array_text(TEXTS)}).scalar_one()
        bare = connection.execute(READ_ARRAY, {"told": "{NULL,a,b}"}).scalar_one()
    database.close()

    assert quoted == list(TEXTS)
    assert bare == [None, "a", "b"]
