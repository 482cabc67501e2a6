"""What a program sends to its database meanwhile, in whichever way it goes there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, PoolProxiedConnection, event

from dumont_economy.storage.prepared_question import PreparedQuestion

Parameters = Sequence[Any] | Mapping[str, Any]


@contextmanager
def sent_to(engine: Engine) -> Iterator[list[tuple[str, Parameters]]]:
    """Yield the statements, each with its parameters, as they are sent."""
    sent: list[tuple[str, Parameters]] = []

    def look(
        _connection: object, _cursor: object, statement: str, parameters: Parameters, *_: object
    ) -> None:
        sent.append((statement, parameters))

    def note(question: PreparedQuestion, values: Mapping[str, str]) -> None:
        compiled: Any = question.statement.compile(dialect=engine.dialect)
        given = {**compiled.params, **values}
        in_order = compiled.positiontup and tuple(given[name] for name in compiled.positiontup)
        sent.append((compiled.string, in_order or given))

    event.listen(engine, "before_cursor_execute", look)
    with questions_noted(note):
        yield sent
    event.remove(engine, "before_cursor_execute", look)


@contextmanager
def questions_noted(
    note: Callable[[PreparedQuestion, Mapping[str, str]], None],
) -> Iterator[None]:
    """Tell of every question that goes the shortest way, of which no engine tells, with values."""

    def noting(way: Callable[..., object]) -> Callable[..., object]:
        def ask(question: PreparedQuestion, pooled: PoolProxiedConnection, *told: Any) -> object:  # noqa: ANN401
            note(question, told[-1])
            return way(question, pooled, *told)

        return ask

    with pytest.MonkeyPatch.context() as patch:
        for way in ("ask_postgresql", "ask_sqlite"):
            patch.setattr(PreparedQuestion, way, noting(getattr(PreparedQuestion, way)))
        yield
