"""A command starts with what it needs: on a database that is up to date, little."""

import gc
import re
import sqlite3
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from dumont_economy.cli.lazy_group import CommandAt, LazyGroup
from dumont_economy.cli.main import main

DONE = 0
# What serves, migrates, draws and checks requests: each takes longer to load than the answer.
HEAVY = {"alembic", "flask", "gevent", "gunicorn", "psycopg", "pydantic", "rich"}
NOTED_HELP = """
import atexit, sys
from dumont_economy.cli.main import main
atexit.register(lambda: print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr))
main(sys.argv[1:])
"""
NOTED = """
import sys
from dumont_economy.cli.main import main
main(sys.argv[1:], standalone_mode=False)
print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where a database lies that is up to date."""
    path = tmp_path / "economy.db"
    assert run(path, "prices", "list").exit_code == DONE
    return path


def run(path: Path, *arguments: str) -> Result:
    """Run a command on a database, in this process."""
    environment = {"DUMONT_ECONOMY_DATABASE_URL": f"sqlite:///{path}"}
    return CliRunner().invoke(main, arguments, env=environment)


@pytest.mark.parametrize("arguments", [(), ("--json",)], ids=["table", "json"])
def test_prices_are_listed_without_loading_what_others_need(
    path: Path, arguments: tuple[str, ...]
) -> None:
    """No server, no migrations, no drawing."""
    listed = subprocess.run(
        [sys.executable, "-c", NOTED, "prices", "list", *arguments],
        env={"DUMONT_ECONOMY_DATABASE_URL": f"sqlite:///{path}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "p5.48xlarge" in listed.stdout
    assert "sqlalchemy" in listed.stderr.split()
    assert HEAVY.isdisjoint(listed.stderr.split())


def test_a_reader_starts_while_another_process_writes(path: Path) -> None:
    """A database that is up to date is found so by reading it."""
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")

    listed = run(path, "prices", "list")

    writer.close()
    assert listed.exit_code == DONE


def test_a_table_that_is_not_read_on_a_terminal_is_not_cut(path: Path) -> None:
    """Names and amounts stand whole, however wide the rows become."""
    listed = run(path, "prices", "list", "--provider", "gcp", "--at", "2026-08-01T00:00:00Z")

    rows = [line.split() for line in listed.stdout.splitlines()]
    assert rows[0][:3] == ["provider", "GPU", "count"]
    assert ["gcp", "A100-40GB", "1", "a2-highgpu-1g", "3.673385", "3.673385"] in [
        row[:6] for row in rows
    ]


def test_garbage_is_collected_again_once_a_command_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also where loading fails: what runs for long must not grow."""
    monkeypatch.delitem(sys.modules, "dumont_economy.cli.prices.rate", raising=False)
    known = {
        "rate": CommandAt("dumont_economy.cli.prices.rate", "rate", "Which rate."),
        "gone": CommandAt("dumont_economy.cli.prices.gone", "gone", "Nothing."),
    }
    group = LazyGroup("prices", commands_at=known)
    runner = CliRunner()

    runner.invoke(group, ["rate", "--help"])
    after_loading = gc.isenabled()
    failed = runner.invoke(group, ["gone"])

    assert after_loading
    assert isinstance(failed.exception, ModuleNotFoundError)
    assert gc.isenabled()


def test_help_lists_every_command_and_loads_none() -> None:
    """What it says is what the commands say of themselves, as far as a line has room."""
    listed = subprocess.run(
        [sys.executable, "-c", NOTED_HELP, "--help"], capture_output=True, text=True, check=True
    )

    assert "worker" in listed.stdout
    assert {"sqlalchemy", *HEAVY}.isdisjoint(listed.stderr.split())


@pytest.mark.parametrize("group", ["", "prices"])
def test_the_listed_line_is_the_commands_own(group: str) -> None:
    """The first words of its help; a line that is copied would grow untrue."""
    context = click.Context(main)
    found = main.get_command(context, group) if group else main
    assert isinstance(found, LazyGroup)

    for name in found.list_commands(context):
        command = found.get_command(context, name)
        assert command is not None
        own = re.sub(r"\(.*?\) |\s+", " ", (command.help or "").replace("\n", " "))
        listed = found.short_help_of(name).removesuffix(".")
        assert re.sub(r"\s+", " ", own).strip().startswith(listed), name
