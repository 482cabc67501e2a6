"""What a program sends to its database meanwhile, in whichever way it goes there."""

from collections.abc import Iterator, Mapping, Sequence
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
    ask = PreparedQuestion.ask

    def look(
        _connection: object, _cursor: object, statement: str, parameters: Parameters, *_: object
    ) -> None:
        sent.append((statement, parameters))

    def note(
        question: PreparedQuestion,
        pooled: PoolProxiedConnection,
        begin: str,
        values: Mapping[str, str],
    ) -> object:
        compiled = question.statement.compile(dialect=engine.dialect)
        sent.append((compiled.string, {**compiled.params, **values}))
        return ask(question, pooled, begin, values)

    event.listen(engine, "before_cursor_execute", look)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PreparedQuestion, "ask", note)
        yield sent
    event.remove(engine, "before_cursor_execute", look)
