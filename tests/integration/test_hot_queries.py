"""What is asked all the time is planned on one account's rows, on both databases."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from dumont_economy.storage.database import Database
from tests.account_filter import GUARDED
from tests.api.harness import (
    Application,
    Caller,
    hours_ago,
    report,
    start,
    start_application_on,
    stop,
)
from tests.postgresql import PostgreSql
from tests.sent_statements import Parameters, sent_to

ACCOUNTS = 8
QUESTIONS = (
    "/economy/savings",
    "/economy/savings/history",
    "/economy/savings/realtime",
    "/economy/active-session",
    "/economy/pricing",
    "/instances",
    "/ledger/lines",
    "/usage/events",
)
# As SQLite tells it: the table, and the first column of the index that its rows are found by.
_SEARCH = re.compile(r"SEARCH (\w+) USING (?:COVERING )?INDEX \w+ \((\w+)=\?")
# The one row that goes with a row found before, by its number.
_SAME_ROW = "USING INTEGER PRIMARY KEY (rowid=?)"
_FIRST_COLUMNS = text(
    "SELECT one.relname, attname FROM pg_index JOIN pg_class one ON one.oid = indexrelid "
    "JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]"
)


@pytest.fixture
def application(database: Database) -> Iterator[Application]:
    """Return an application over a database of either kind, in which many accounts have usage."""
    application = start_application_on(database.url.render_as_string(hide_password=False))
    for number in range(ACCOUNTS):
        account = application.account(f"account {number}")
        application.machine(account).push(
            *(start(f"i-{instance}", hours_ago(9)) for instance in range(40)),
            *(stop(f"i-{instance}", hours_ago(8)) for instance in range(20)),
        )
    with application.database.write() as connection:
        connection.execute(text("ANALYZE"))
    yield application
    application.close()


@pytest.fixture
def planners(application: Application, request: pytest.FixtureRequest) -> Iterator[list[Database]]:
    """Return who is asked for plans: the application, and on a server also its superuser.

    To that one no rule applies, and it is the rule that gives the application's every statement
    an account.
    """
    if application.database.url.get_backend_name() == "sqlite":
        yield [application.database]
        return
    cluster: PostgreSql = request.getfixturevalue("postgresql")
    superuser = Database(cluster.superuser_url(str(application.database.url)))
    yield [application.database, superuser]
    superuser.close()


def report_and_ask(machine: Caller) -> None:
    """Report usage of every outcome, and ask everything; at last with a void among the events."""
    asked_again = ("new", "newer", "voided")
    for turn in asked_again:
        machine.push(start(turn, hours_ago(2)))
        machine.send([start(turn, hours_ago(2), rate="1.00"), {"id": "no event"}])
        if turn == "voided":
            machine.push(report("void", "i-1", hours_ago(1), void_of=f"start i-1 {hours_ago(9)}"))
        for question in QUESTIONS:
            machine.read(question)
        held = {**machine.headers, "If-None-Match": 'W/"held"'}
        machine.client.get("/api/v1/economy/savings", headers=held)
        machine.read("/instances", group_by="gpu")
        page = machine.read("/usage/events", limit=2)
        machine.read("/usage/events", limit=2, cursor=page["next_cursor"])


@contextmanager
def asked_on(engine: Engine) -> Iterator[dict[str, Parameters]]:
    """Yield the statements, with parameters, that look rows of accounts up meanwhile."""
    asked: dict[str, Parameters] = {}
    with sent_to(engine) as sent:
        yield asked
    asked |= {
        statement: parameters
        for statement, parameters in sent
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and tables_in(statement)
    }


def tables_in(statement: str) -> set[str]:
    """Return the tables with rows of accounts that a statement looks rows up in."""
    return {name for name in GUARDED if re.search(rf"(FROM|JOIN|UPDATE) {name}\b", statement)}


def planned_by(
    connection: Connection, statement: str, parameters: Parameters
) -> set[tuple[str, str | None]]:
    """Return the tables of accounts in a plan, each with the column by which rows are found.

    That is the first of an index, and it has to equal a value; None where all rows are gone
    through.
    """
    if connection.dialect.name == "sqlite":
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        steps = [str(row.detail) for row in plan]
        found: set[tuple[str, str | None]] = set()
        for name in tables_in(statement):
            named = "|".join((name, *re.findall(rf"(?:FROM|JOIN) {name} AS (\w+)", statement)))
            for step in steps:
                if re.match(rf"(SCAN|SEARCH) ({named})\b", step) and _SAME_ROW not in step:
                    searched = _SEARCH.match(step)
                    found.add((name, searched and searched[2]))
        return found
    connection.exec_driver_sql("SET LOCAL enable_seqscan TO off")
    first_columns = {row.relname: row.attname for row in connection.execute(_FIRST_COLUMNS)}
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
    return set(_found_by(plan.scalar_one()[0]["Plan"], first_columns))


def _found_by(
    node: dict[str, Any], first_columns: Mapping[str, str], table: str | None = None
) -> Iterator[tuple[str, str | None]]:
    """Return what `planned_by` does, of a node of PostgreSQL's plan and those below it."""
    table = node.get("Relation Name", table)
    below = node.get("Plans", [])
    if table in GUARDED and "Scan" in node["Node Type"] and all(map(_is_apart, below)):
        column = first_columns.get(node.get("Index Name", ""))
        is_used = re.search(rf"\b{column}\)?(::text)? = ", node.get("Index Cond", ""))
        yield table, column if is_used else None
    for one in below:
        yield from _found_by(one, first_columns, None if _is_apart(one) else table)


def _is_apart(node: dict[str, Any]) -> bool:
    """Say whether a node is found out once beforehand, for rules or as a part of the answer."""
    return node.get("Parent Relationship") == "InitPlan"


def test_every_hot_query_finds_one_accounts_rows_by_index(
    application: Application, planners: list[Database]
) -> None:
    """The five endpoints, instances, events, reporting, and who is asking."""
    account = application.account("account 1")
    machine = application.machine(account)
    person = application.person("somebody")

    with asked_on(application.database.engine) as asked:
        report_and_ask(machine)
        person.client.get("/api/v1/auth/me")

    for planner in planners:
        found = set()
        for statement, parameters in asked.items():
            with planner.read(account_id=account.id) as connection:
                plan = planned_by(connection, statement, parameters)
            assert {name for name, _ in plan} == tables_in(statement), statement
            assert all(column in GUARDED[name] for name, column in plan), (statement, plan)
            found |= plan
        assert found == {
            ("usage_event", "account_id"),
            ("refused_event", "account_id"),
            ("policy", "account_id"),
            ("closed_period", "account_id"),
            ("ledger_cache", "account_id"),
            ("instance_state", "account_id"),
            ("ended_use", "account_id"),
            ("usage_sum", "account_id"),
            ("api_token", "token_hash"),
            ("login_session", "token_hash"),
        }
    # What follows a ledger, what replays it, voids, duplicates, both pages, and the newest event.
    assert sum(tables_in(statement) == {"usage_event"} for statement in asked) >= 8


def test_who_signs_in_is_found_by_index(application: Application) -> None:
    """The account of a person; and that it takes the index."""
    with asked_on(application.database.engine) as asked:
        application.person("somebody")
    statement, parameters = next(
        one for one in asked.items() if tables_in(one[0]) == {"membership"}
    )

    with application.database.read() as connection:
        by_index = planned_by(connection, statement, parameters)
    with application.database.write() as connection:
        connection.execute(text("DROP INDEX ix_membership_user_id"))
    # Connections keep statements that they have planned before.
    application.database.engine.dispose()
    with application.database.read() as connection:
        without = planned_by(connection, statement, parameters)

    assert by_index == {("membership", "user_id")}
    assert ("membership", "user_id") not in without


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM usage_event",
        "SELECT * FROM usage_event WHERE instance = 'i-1'",
        "SELECT * FROM usage_event WHERE seq > 3",
        "DELETE FROM refused_event WHERE number = 1",
    ],
)
def test_a_plan_on_everybodys_rows_is_noticed(planners: list[Database], statement: str) -> None:
    """The control: without an account there is no index that leads to its rows."""
    with planners[-1].read() as connection:
        plan = planned_by(connection, statement, ())

    assert plan == {(tables_in(statement).pop(), None)}
