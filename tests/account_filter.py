"""Watches that every statement on rows of accounts names one account, as its filter.

SQLite has no row level security: there the filter is all that keeps accounts apart.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import (
    BinaryExpression,
    BindParameter,
    Column,
    ColumnElement,
    Delete,
    Engine,
    Executable,
    FromClause,
    Join,
    Select,
    Table,
    TextClause,
    Update,
    event,
)
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.cache_key import HasCacheKey
from sqlalchemy.sql.elements import BooleanClauseList
from sqlalchemy.sql.selectable import Alias

from dumont_economy.storage.tables import metadata
from tests.sent_statements import questions_noted

# By what else a row may be asked for, before the account is known: by who signs in with what.
_ALSO = {
    "membership": {"user_id"},
    "login_session": {"user_id", "token_hash"},
    "api_token": {"token_hash"},
}
_OF_THE_SCHEMA = ("CREATE ", "ALTER ", "DROP ")
GUARDED = {
    table.name: {"account_id"} | _ALSO.get(table.name, set())
    for table in metadata.sorted_tables
    if "account_id" in table.c
}
"""The columns of each table with rows of accounts, one of which has to equal a value."""


@dataclass
class Watch:
    """What was seen: on which tables there were statements, and which of those had no filter."""

    tables: set[str] = field(default_factory=set)
    unfiltered: list[str] = field(default_factory=list)


@contextmanager
def watched_statements() -> Iterator[Watch]:
    """Watch the statements of all engines."""
    watch = Watch()

    def look(_connection: object, statement: Executable, *_: object) -> None:
        parts = _known_parts(statement)
        watch.tables |= {name for name, _ in parts}
        watch.unfiltered += [
            f"{name}: {statement}" for name, is_filtered in parts if not is_filtered
        ]

    event.listen(Engine, "before_execute", look)
    with questions_noted(lambda question, _values: look(None, question.statement)):
        yield watch
    event.remove(Engine, "before_execute", look)


def unfiltered(statement: Executable) -> list[str]:
    """Return the tables whose rows a statement asks for, or changes, without saying whose."""
    return [name for name, is_filtered in _guarded_parts(statement) if not is_filtered]


_known: dict[object, list[tuple[str, bool]]] = {}


def _known_parts(statement: Executable) -> list[tuple[str, bool]]:
    """Return the same as `_guarded_parts`, looked for once: what is sent is much alike.

    Statements that differ in their values alone have one cache key, as SQLAlchemy compiles them
    once; what has none is looked at each time.
    """
    assert isinstance(statement, HasCacheKey)
    key = statement._generate_cache_key()  # noqa: SLF001  as in its examples of caching
    if key is None:
        return list(_guarded_parts(statement))
    if key.key not in _known:
        _known[key.key] = list(_guarded_parts(statement))
    return _known[key.key]


def _guarded_parts(statement: Executable) -> Iterator[tuple[str, bool]]:
    """Return every use of a guarded table in a statement, and whether it is filtered there."""
    assert isinstance(statement, visitors.ExternallyTraversible)
    for part in visitors.iterate(statement):
        if isinstance(part, TextClause):
            yield from _named_in_text(part.text)
        elif isinstance(part, Select):
            yield from _guarded_sources(*_sources(part.get_final_froms()), part.whereclause)
        elif isinstance(part, (Update, Delete)):
            yield from _guarded_sources([part.table], [], part.whereclause)


def _named_in_text(statement: str) -> Iterator[tuple[str, bool]]:
    """Return the tables that a text names: it is not looked into, so it counts as unfiltered."""
    if not statement.startswith(_OF_THE_SCHEMA):
        for name in GUARDED:
            if re.search(rf"\b{name}\b", statement):
                yield name, False


def _guarded_sources(
    sources: Sequence[FromClause],
    conditions: Sequence[ColumnElement[bool]],
    where: ColumnElement[bool] | None,
) -> Iterator[tuple[str, bool]]:
    given = [*conditions, *([] if where is None else [where])]
    held = [one for condition in given for one in _conjuncts(condition)]
    guarded = [
        (source, table)
        for source, table in (
            (one, one.element if isinstance(one, Alias) else one) for one in sources
        )
        if isinstance(table, Table) and table.name in GUARDED
    ]
    filtered = [
        (source, table)
        for source, table in guarded
        if any(_names_one(one, source, GUARDED[table.name]) for one in held)
    ]
    for source, table in guarded:
        yield (
            table.name,
            (source, table) in filtered
            or any(
                other_table is table and _are_one_row(held, source, other)
                for other, other_table in filtered
            ),
        )


def _are_one_row(
    held: Sequence[ColumnElement[bool]], source: FromClause, other: FromClause
) -> bool:
    """Say whether two sources of a table are read side by side, as one row of SQLite's."""
    row, other_row = f"{_name(source)}.rowid", f"{_name(other)}.rowid"
    same = (f"{row} = {other_row}", f"{other_row} = {row}")
    return any(str(condition) in same for condition in held)


def _name(source: FromClause) -> str:
    assert isinstance(source, (Table, Alias))
    return source.name


def _sources(
    froms: Sequence[FromClause],
) -> tuple[list[FromClause], list[ColumnElement[bool]]]:
    """Return what is selected from, joins taken apart, and the conditions of the joins."""
    sources: list[FromClause] = []
    conditions: list[ColumnElement[bool]] = []
    for one in froms:
        if isinstance(one, Join):
            inner, held = _sources([one.left, one.right])
            sources += inner
            conditions += held
            if one.onclause is not None and not one.isouter:
                conditions.append(one.onclause)
        else:
            sources.append(one)
    return sources, conditions


def _conjuncts(condition: ColumnElement[bool]) -> Iterator[ColumnElement[bool]]:
    """Return what has to hold, each by itself; alternatives are one condition, and no filter."""
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for clause in condition.clauses:
            yield from _conjuncts(clause)
    else:
        yield condition


def _names_one(condition: ColumnElement[bool], source: FromClause, columns: set[str]) -> bool:
    if not isinstance(condition, BinaryExpression) or condition.operator is not operators.eq:
        return False
    column, value = condition.left, condition.right
    return (
        isinstance(column, Column)
        and column.table is source
        and column.name in columns
        and isinstance(value, BindParameter)
    )
