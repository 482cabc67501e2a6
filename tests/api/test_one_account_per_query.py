"""Every statement names one account: watched in all tests of the API, and shown here to bite."""

from typing import Any

import pytest
from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    delete,
    func,
    literal_column,
    or_,
    select,
    text,
    update,
)

from dumont_economy.storage import usage_events
from dumont_economy.storage.event_chain import StoredEvent
from dumont_economy.storage.tables import (
    account,
    api_token,
    login_session,
    membership,
    policy,
    refused_event,
    usage_event,
    user,
)
from tests.account_filter import GUARDED, Watch, unfiltered
from tests.api.harness import Application, Caller, hours_ago, start

OURS = usage_event.c.account_id == "ours"
OTHER = usage_event.alias("other")
ROW: ColumnElement[int] = literal_column("usage_event.rowid")
OTHER_ROW: ColumnElement[int] = literal_column("other.rowid")
BY_ROW = OTHER.join(usage_event, OTHER_ROW == ROW)


@pytest.mark.parametrize(
    "statement",
    [
        select(usage_event),
        select(func.count()).select_from(usage_event),
        select(usage_event).where(usage_event.c.seq == 1),
        select(usage_event).where(or_(OURS, usage_event.c.seq == 1)),
        select(usage_event).where(~OURS),
        select(usage_event).where(usage_event.c.account_id.in_(["ours", "theirs"])),
        select(usage_event).where(usage_event.c.account_id > "ours"),
        select(usage_event).where(usage_event.c.account_id == usage_event.c.source),
        select(usage_event).join(account, account.c.id == usage_event.c.account_id),
        select(usage_event, OTHER).where(OURS),
        select(usage_event, policy).where(OURS, usage_event.c.account_id == policy.c.account_id),
        select(usage_event).select_from(BY_ROW),
        select(usage_event).select_from(BY_ROW).where(or_(OTHER.c.account_id == "ours", OURS)),
        select(usage_event, OTHER).where(OTHER.c.account_id == "ours", ROW > OTHER_ROW),
        select(user).outerjoin(usage_event, OURS),
        select(select(usage_event).subquery()),
        select(account).where(account.c.id.in_(select(usage_event.c.account_id))),
        select(usage_event).where(OURS).union(select(usage_event)),
        update(api_token).values(revoked_at=None).where(api_token.c.id == "one"),
        delete(refused_event),
        text("SELECT * FROM usage_event WHERE account_id = 'ours'"),
    ],
    ids=str,
)
def test_a_statement_on_everybodys_rows_is_noticed(statement: Executable) -> None:
    """Whatever it looks like; an alternative is no filter, and text is not looked into."""
    assert unfiltered(statement)


@pytest.mark.parametrize(
    "statement",
    [
        select(usage_event).where(OURS),
        select(usage_event).where(OURS, usage_event.c.seq > 1).order_by(usage_event.c.seq),
        select(usage_event, OTHER).where(OURS, OTHER.c.account_id == "ours"),
        select(usage_event).select_from(BY_ROW).where(OTHER.c.account_id == "ours"),
        select(select(usage_event).where(OURS).subquery()),
        select(account).join(membership).where(membership.c.user_id == "somebody"),
        select(account).join(api_token).where(api_token.c.token_hash == "hash"),
        update(login_session).values(ended_at=None).where(login_session.c.token_hash == "hash"),
        select(account),
    ],
    ids=str,
)
def test_a_statement_on_ones_own_is_not(statement: Executable) -> None:
    """An account's, or those of who signs in."""
    assert unfiltered(statement) == []


def test_the_watch_sees_what_the_api_does(
    application: Application, caller: Caller, watched: Watch
) -> None:
    """There were statements on every table with rows of accounts; each named its account."""
    watched.tables.clear()

    application.person("watched")
    events = [start("i-1", hours_ago(1))]
    keyed = {**caller.headers, "Idempotency-Key": "watched"}
    caller.client.post("/api/v1/usage/events", headers=keyed, json={"events": events})
    caller.read("/usage/events")
    caller.read("/economy/savings")

    assert watched.tables == set(GUARDED)
    assert watched.unfiltered == []


def test_a_filter_that_is_forgotten_fails_the_test(
    caller: Caller, watched: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the answer is a success, and only the watch tells."""

    def forgetful(connection: Connection, *_: object, **__: Any) -> list[StoredEvent]:  # noqa: ANN401
        connection.execute(select(usage_event))
        return []

    monkeypatch.setattr(usage_events, "newest_events", forgetful)

    caller.read("/usage/events")

    [said], watched.unfiltered = watched.unfiltered, []
    assert said.startswith("usage_event: SELECT")
