"""The command `economy`: each thing that goes wrong is one clear line and a fixed exit code."""

import csv
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dumont_economy.cli.main import main
from tests.api.harness import Json, report, start, start_application, stop

DONE, NO, WRONG_USE, COULD_NOT = 0, 1, 2, 3
PASSWORD = "correct horse battery staple\n"
OLD = "2025-05-04T09:00:00Z"

Economy = Callable[..., Result]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return where the database of this test lies."""
    return tmp_path / "economy.db"


@pytest.fixture
def economy(path: Path) -> Economy:
    """Return what runs a command on that database, with its standard input."""

    def run(*arguments: object, given: str = "", database: str = f"sqlite:///{path}") -> Result:
        environment = {"DUMONT_ECONOMY_DATABASE_URL": database}
        return CliRunner().invoke(
            main, [str(one) for one in arguments], input=given, env=environment
        )

    return run


@pytest.fixture
def owned(economy: Economy) -> Economy:
    """Return the same for an installation with an account named `ours`."""
    added = economy("user", "add", "owner@example.org", "--account", "ours", given=PASSWORD)
    assert added.exit_code == DONE, added.output
    return economy


def is_one_clear_line(result: Result) -> bool:
    """Say whether nothing but one line of ours was printed on standard error."""
    return (
        result.stdout == ""
        and result.stderr.startswith("economy: ")
        and result.stderr.count("\n") == 1
        and "Traceback" not in result.stderr
    )


def json_lines(path: Path, events: Iterable[object]) -> Path:
    """Write a file of JSON lines."""
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    return path


def csv_file(path: Path, rows: Iterable[Iterable[object]]) -> Path:
    """Write a CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


def counts(result: Result) -> Json:
    """Return what an import with --json says."""
    found: Json = json.loads(result.stdout)
    return found


def an_hour() -> list[Json]:
    """Return the reports of one hour of use, long ago."""
    return [start("i-1", OLD), stop("i-1", "2025-05-04T10:00:00Z")]


class TestPeople:
    """`economy user`."""

    def test_a_person_is_added_with_a_password_from_standard_input(self, economy: Economy) -> None:
        """The account is made where it does not exist."""
        result = economy("user", "add", "Owner@Example.org", "--account", "ours", given=PASSWORD)

        assert result.exit_code == DONE
        assert result.stderr == "Added owner@example.org to account ours.\n"

    def test_a_second_person_of_one_address_cannot_be(self, owned: Economy) -> None:
        """The first stays."""
        again = owned("user", "add", "owner@example.org", "--account", "x", given=PASSWORD)

        assert again.exit_code == COULD_NOT
        assert is_one_clear_line(again)

    @pytest.mark.parametrize(
        ("email", "password"),
        [("owner", PASSWORD), ("a@example.org", "short\n"), ("a@example.org", "password1\n")],
    )
    def test_a_person_that_cannot_be_is_refused(
        self, economy: Economy, email: str, password: str
    ) -> None:
        """Wrong use, one clear line."""
        result = economy("user", "add", email, "--account", "ours", given=password)

        assert result.exit_code == WRONG_USE
        assert is_one_clear_line(result)

    def test_a_password_of_nobody_is_not_changed(self, owned: Economy) -> None:
        """There is no such user."""
        result = owned("user", "passwd", "nobody@example.org", given=PASSWORD)

        assert result.exit_code == COULD_NOT
        assert is_one_clear_line(result)


class TestTokens:
    """`economy token`."""

    def test_a_token_stands_alone_on_standard_output(self, owned: Economy) -> None:
        """So that a script can keep it."""
        result = owned("token", "create", "--account", "ours", "--scope", "ingest")

        assert result.exit_code == DONE
        assert result.stdout.startswith("dme_")
        assert result.stdout.count("\n") == 1

    def test_it_works_until_it_is_revoked(self, owned: Economy, tmp_path: Path) -> None:
        """Create, use, list, revoke, use."""
        scopes = ("--scope", "ingest", "--scope", "read")
        created = json.loads(
            owned("token", "create", "--account", "ours", *scopes, "--json").stdout
        )
        application = start_application(tmp_path)
        headers = {"Authorization": f"Bearer {created['token']}"}

        def ask() -> int:
            client = application.flask.test_client()
            return client.get("/api/v1/economy/savings", headers=headers).status_code

        in_force = ask()
        listed = json.loads(owned("token", "list", "--account", "ours", "--json").stdout)
        revoked = owned("token", "revoke", created["id"], "--account", "ours")

        assert in_force == 200
        assert listed["tokens"][0]["scopes"] == ["ingest", "read"]
        assert "token" not in listed["tokens"][0]
        assert revoked.exit_code == DONE
        assert ask() == 401
        application.close()

    def test_a_name_of_blanks_is_refused_with_the_remedy(self, owned: Economy) -> None:
        """No token is made that nobody could tell from another."""
        result = owned("token", "create", "--account", "ours", "--scope", "read", "--name", "  ")

        assert result.exit_code == WRONG_USE
        assert "name: Give the token a name" in result.stderr
        listed = json.loads(owned("token", "list", "--account", "ours", "--json").stdout)
        assert listed["tokens"] == []

    @pytest.mark.parametrize(
        ("arguments", "exit_code"),
        [
            (("create", "--account", "nobody", "--scope", "read"), COULD_NOT),
            (("create", "--account", "ours", "--scope", "owner"), WRONG_USE),
            (("create", "--account", "ours"), WRONG_USE),
            (("list", "--account", "nobody"), COULD_NOT),
            (("revoke", "unknown", "--account", "ours"), COULD_NOT),
        ],
    )
    def test_what_cannot_be_done_says_so(
        self, owned: Economy, arguments: tuple[str, ...], exit_code: int
    ) -> None:
        """An unknown account, scope or token."""
        result = owned("token", *arguments)

        assert result.exit_code == exit_code
        assert result.stderr


class TestImport:
    """`economy events import`: JSON lines or CSV, old events included, each counted once."""

    def test_json_lines_are_taken(self, owned: Economy, tmp_path: Path) -> None:
        """And again, they are duplicates."""
        file = json_lines(tmp_path / "usage.jsonl", an_hour())

        first = owned("events", "import", file, "--account", "ours")
        second = owned("events", "import", file, "--account", "ours")

        assert first.exit_code == DONE
        assert first.stdout == "2 accepted, 0 duplicate, 0 conflict, 0 rejected\n"
        assert second.exit_code == DONE
        assert second.stdout == "0 accepted, 2 duplicate, 0 conflict, 0 rejected\n"

    def test_csv_is_taken(self, owned: Economy, tmp_path: Path) -> None:
        """The header has the event's field names; an empty cell is a field left out."""
        header = [
            "id",
            "source",
            "type",
            "instance",
            "time",
            "provider",
            "gpu",
            "gpu_count",
            "rate",
        ]
        rows = [
            ["a", "csv", "start", "i-1", OLD, "vast", "RTX 4090", "1", "0.74"],
            ["b", "csv", "stop", "i-1", "2025-05-04T10:00:00Z", "", "", "", ""],
        ]
        file = csv_file(tmp_path / "usage.csv", [header, *rows])

        result = owned("events", "import", file, "--account", "ours", "--json")

        assert result.exit_code == DONE
        assert counts(result)["accepted"] == 2

    def test_a_byte_order_mark_is_no_part_of_the_header(
        self, owned: Economy, tmp_path: Path
    ) -> None:
        """Spreadsheets write one."""
        file = tmp_path / "usage.csv"
        file.write_bytes(
            b"\xef\xbb\xbfid,source,type,instance,time\r\na,csv,seen,i-1,2025-05-04T10:00:00Z\r\n"
        )

        result = owned("events", "import", file, "--account", "ours", "--json")

        assert counts(result)["accepted"] == 1

    def test_a_wrong_row_in_the_middle_loses_only_itself(
        self, owned: Economy, tmp_path: Path
    ) -> None:
        """The rows around it are stored, and its line is named."""
        rows: list[list[object]] = [["id", "source", "type", "instance", "time"]]
        rows += [[n, "csv", "seen", "i-1", OLD] for n in range(9)]
        rows[4][4] = "yesterday"
        rows[6] = ["too", "short"]
        file = csv_file(tmp_path / "usage.csv", rows)

        result = owned("events", "import", file, "--account", "ours")

        assert result.exit_code == NO
        assert result.stdout == "7 accepted, 0 duplicate, 0 conflict, 2 rejected\n"
        assert "line 5: time: Write an instant in RFC 3339" in result.stderr
        assert "line 7: has 2 cells, but the header has 5" in result.stderr

    def test_a_wrong_line_in_the_middle_loses_only_itself(
        self, owned: Economy, tmp_path: Path
    ) -> None:
        """Of JSON lines likewise."""
        file = tmp_path / "usage.jsonl"
        good = [json.dumps(event) for event in an_hour()]
        lines = [good[0], "{", "[]", '{"a":1,"a":2}', "", "x" * 70_000, "\ufffd", good[1]]
        file.write_text("\n".join(lines), encoding="utf-8")

        result = owned("events", "import", file, "--account", "ours", "--json")

        found = counts(result)
        assert result.exit_code == NO
        assert (found["accepted"], found["rejected"]) == (2, 5)
        assert [line.partition(":")[0] for line in sorted(found["problems"])] == [
            "line 2",
            "line 3",
            "line 4",
            "line 6",
            "line 7",
        ]

    def test_text_that_is_no_utf_8_is_refused_with_its_line(
        self, owned: Economy, tmp_path: Path
    ) -> None:
        """A file from another machine."""
        file = tmp_path / "usage.csv"
        file.write_bytes(b"id,source,type,instance,time\na,csv,seen,caf\xe9,2025-05-04T10:00:00Z\n")

        result = owned("events", "import", file, "--account", "ours", "--json")

        assert result.exit_code == NO
        assert counts(result)["problems"][0].startswith("line 2: instance: ")

    def test_conflicts_are_named_with_their_lines(self, owned: Economy, tmp_path: Path) -> None:
        """What was received first stays."""
        owned("events", "import", json_lines(tmp_path / "a.jsonl", an_hour()), "--account", "ours")
        other = [an_hour()[0], {**an_hour()[0], "rate": "9"}]

        result = owned(
            "events", "import", json_lines(tmp_path / "b.jsonl", other), "--account", "ours"
        )

        assert result.exit_code == NO
        assert result.stdout == "0 accepted, 1 duplicate, 1 conflict, 0 rejected\n"
        assert "line 2: conflict" in result.stderr

    @pytest.mark.parametrize(
        ("header", "said"),
        [
            (["id", "source", "type", "instance"], "the columns time are missing"),
            (["id", "source", "type", "instance", "time", "colour"], "unknown columns 'colour'"),
            (["id", "source", "type", "instance", "time", "id"], "columns named twice: id"),
            ([], "is empty"),
        ],
    )
    def test_a_csv_of_something_else_is_refused_as_a_whole(
        self, owned: Economy, tmp_path: Path, header: list[str], said: str
    ) -> None:
        """A missing or unknown column is named, and nothing is taken."""
        file = csv_file(tmp_path / "usage.csv", [header, ["x"] * len(header)] if header else [])

        result = owned("events", "import", file, "--account", "ours")

        (message,) = (line for line in result.stderr.splitlines() if said in line)
        assert result.exit_code == COULD_NOT
        assert message.startswith("economy: ")
        assert result.stdout == ""

    @pytest.mark.parametrize("content", [b"", b"\n\n"])
    def test_an_empty_file_of_json_lines_holds_no_event(
        self, owned: Economy, tmp_path: Path, content: bytes
    ) -> None:
        """That is no error."""
        file = tmp_path / "usage.jsonl"
        file.write_bytes(content)

        result = owned("events", "import", file, "--account", "ours")

        assert result.exit_code == DONE
        assert result.stdout.startswith("0 accepted")

    def test_an_unknown_account_is_told(self, owned: Economy, tmp_path: Path) -> None:
        """An import makes no account by a slip of the pen."""
        file = json_lines(tmp_path / "usage.jsonl", an_hour())

        result = owned("events", "import", file, "--account", "our")

        assert result.exit_code == COULD_NOT
        assert is_one_clear_line(result)

    def test_killed_in_the_middle_and_again_each_event_counts_once(
        self, owned: Economy, path: Path, tmp_path: Path
    ) -> None:
        """What was stored is a duplicate, the rest is taken; the figure is that of one import."""
        events = [
            report("seen", f"i-{n % 50}", f"2025-05-0{1 + n % 9}T{n % 24:02}:00:00Z", id=f"e{n}")
            for n in range(20_000)
        ]
        file = json_lines(tmp_path / "usage.jsonl", [*an_hour(), *events])

        stored = kill_while_it_imports(file, path)
        again = counts(owned("events", "import", file, "--account", "ours", "--json"))

        assert 0 < stored < 20_002, "it was killed in the middle"
        assert again["duplicate"] == stored
        assert again["accepted"] == 20_002 - stored
        application = start_application(tmp_path)
        caller = application.machine(application.account("ours"))
        assert caller.read("/economy/savings")["lifetime_cost"] == 0.74
        application.close()


def stored_events(path: Path) -> int:
    """Return how many events a database holds, read from beside."""
    connection = sqlite3.connect(path, timeout=15)
    (count,) = connection.execute("SELECT count(*) FROM usage_event").fetchone()
    connection.close()
    return int(count)


def kill_while_it_imports(file: Path, path: Path) -> int:
    """Start an import, kill it once some events are stored, and return how many there are."""
    program = "from dumont_economy.cli.main import main; main()"
    environment = {**os.environ, "DUMONT_ECONOMY_DATABASE_URL": f"sqlite:///{path}"}
    process = subprocess.Popen(
        [sys.executable, "-c", program, "events", "import", str(file), "--account", "ours"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while stored_events(path) < 2_000 and time.monotonic() < deadline:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return stored_events(path)


class TestDatabases:
    """A database that cannot be used is one clear line, whatever the command."""

    COMMANDS = (
        ("token", "list", "--account", "ours"),
        ("prices", "list", "--provider", "aws"),
        ("serve", "--port", "1"),
    )

    @pytest.mark.parametrize("arguments", COMMANDS[:2], ids=lambda one: one[0])
    def test_an_unwritable_path(
        self, economy: Economy, tmp_path: Path, arguments: tuple[str, ...]
    ) -> None:
        """Its folder cannot be made."""
        (tmp_path / "file").write_text("")

        result = economy(*arguments, database=f"sqlite:///{tmp_path}/file/economy.db")

        assert result.exit_code == COULD_NOT
        assert is_one_clear_line(result)

    @pytest.mark.parametrize("arguments", COMMANDS[:2], ids=lambda one: one[0])
    def test_a_database_of_a_newer_version(
        self, owned: Economy, path: Path, arguments: tuple[str, ...]
    ) -> None:
        """Upgrade the program, or name another database."""
        with sqlite3.connect(path) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()

        result = owned(*arguments)

        assert result.exit_code == COULD_NOT
        assert is_one_clear_line(result)
        assert "newer" in result.stderr

    def test_a_file_that_is_no_database(self, economy: Economy, path: Path) -> None:
        """It is left as it is."""
        path.write_text("Dear diary, " * 100)

        result = economy("token", "list", "--account", "ours")

        assert result.exit_code == COULD_NOT
        assert is_one_clear_line(result)

    def test_a_setting_that_names_none(self, economy: Economy) -> None:
        """Wrong use, and the setting is named."""
        result = economy("token", "list", "--account", "ours", database="mysql://localhost/x")

        assert result.exit_code == WRONG_USE
        assert is_one_clear_line(result)
        assert "DUMONT_ECONOMY_DATABASE_URL" in result.stderr


class TestServe:
    """`economy serve` refuses clearly before it begins."""

    def test_a_port_in_use(self, economy: Economy) -> None:
        """Stop what listens there, or choose another port."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]

            result = economy("serve", "--port", port)

        assert result.exit_code == COULD_NOT
        assert is_one_clear_line(result)
        assert f"port {port}" in result.stderr

    @pytest.mark.parametrize("port", ["0", "65536", "abc", "-1", "٨٠"])
    def test_a_port_that_is_none(self, economy: Economy, port: str) -> None:
        """From 1 to 65535."""
        result = economy("serve", "--port", port)

        assert result.exit_code == WRONG_USE
        assert is_one_clear_line(result)

    def test_a_database_that_cannot_be_used(self, economy: Economy, tmp_path: Path) -> None:
        """It is said before anything listens."""
        (tmp_path / "file").write_text("")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        result = economy("serve", "--port", port, database=f"sqlite:///{tmp_path}/file/economy.db")

        assert result.exit_code == COULD_NOT
        assert is_one_clear_line(result)


class TestPrices:
    """`economy prices`: what the price book says, and why a GPU is compared as it is."""

    P4D = ("--provider", "aws", "--region", "us-east-1", "--instance-type", "p4d.24xlarge")

    @pytest.mark.parametrize(
        ("at", "price"),
        [
            ("2025-04-10T00:00:00Z", "32.7726"),
            ("2025-04-29T23:59:59Z", "32.7726"),
            ("2025-04-30T00:00:00Z", "21.957642"),
            ("2026-08-03T00:00:00Z", "21.957642"),
        ],
    )
    def test_the_rate_in_force_is_that_of_the_instant(
        self, economy: Economy, at: str, price: str
    ) -> None:
        """Doubt about the day of the cut never flatters: the lower price holds in the bracket."""
        result = economy("prices", "rate", *self.P4D, "--at", at, "--json")

        assert result.exit_code == DONE
        assert json.loads(result.stdout)["price_per_instance_hour"] == price
        assert json.loads(result.stdout)["gpu_count"] == 8

    def test_before_the_first_dated_fact_there_is_no_rate(self, economy: Economy) -> None:
        """The answer is "no"."""
        result = economy("prices", "rate", *self.P4D, "--at", "2025-03-10T00:00:00Z")

        assert result.exit_code == NO
        assert "No rate for aws us-east-1 p4d.24xlarge" in result.stderr

    def test_an_explanation_names_grade_sku_and_both_prices(self, economy: Economy) -> None:
        """Per GPU, and what would really have to be rented."""
        result = economy("prices", "explain", "--gpu", "A100", "--provider", "AWS", "--json")

        found = json.loads(result.stdout)
        assert result.exit_code == DONE
        assert found["gpu_type"] == "A100-40GB"
        assert found["grade"] == "B"
        assert found["sku"] == "p4d.24xlarge"
        assert found["price_per_gpu_hour"] == "2.74470525"
        assert found["price_smallest_instance"] == "21.957642"

    def test_an_unknown_gpu_is_explained_as_unknown(self, economy: Economy) -> None:
        """Null and grade N, and no near match."""
        result = economy("prices", "explain", "--gpu", "A10 v2", "--provider", "aws", "--json")

        found = json.loads(result.stdout)
        assert found["gpu_type"] is None
        assert found["grade"] == "N"
        assert found["sku"] is None

    @pytest.mark.parametrize(
        "arguments",
        [
            ("rate", *P4D, "--at", "yesterday"),
            ("rate", *P4D, "--pricing-model", "free"),
            ("rate", *P4D, "--as-of", "9999-01-01T00:00:00Z"),
            ("explain", "--gpu", "A100", "--provider", "oracle"),
            ("explain", "--gpu", "A100", "--provider", "aws", "--count", "0"),
        ],
    )
    def test_a_question_that_cannot_be_answered_is_wrong_use(
        self, economy: Economy, arguments: tuple[str, ...]
    ) -> None:
        """Exit code 2."""
        assert economy("prices", *arguments).exit_code == WRONG_USE

    def test_an_explanation_is_printed_with_all_that_was_weighed(self, economy: Economy) -> None:
        """Age and range, the candidates with why they lost, and the GPUs that were none."""
        result = economy("prices", "explain", "--gpu", "RTX 4090", "--provider", "aws")

        lines = result.stdout.splitlines()
        assert result.exit_code == DONE
        assert "price_range              low 1.861, expected 1.861, high 1.861" in lines
        assert any(line.startswith("age_days ") and line.split()[1].isdigit() for line in lines)
        assert any("g6e.xlarge" in line and line.endswith("chosen") for line in lines)
        assert any("g6e.2xlarge" in line and line.endswith("costs more") for line in lines)
        assert any("L4 " in line and "memory bandwidth: 300 GB/s" in line for line in lines)

    @pytest.mark.parametrize(
        "arguments", [("list",), ("rate", "--region", "x", "--instance-type", "y")]
    )
    def test_a_provider_that_the_book_does_not_know_is_wrong_use(
        self, economy: Economy, arguments: tuple[str, ...]
    ) -> None:
        """The line names those that it knows."""
        result = economy("prices", *arguments, "--provider", "oracle")

        assert result.exit_code == WRONG_USE
        assert is_one_clear_line(result)
        assert "Use AWS, Azure or GCP." in result.stderr

    def test_any_provider_of_the_book_can_be_asked_for(
        self, economy: Economy, tmp_path: Path
    ) -> None:
        """Not only the three that usage is compared with; a name may be in any case."""
        table = tmp_path / "rental.csv"
        table.write_text(
            "provider,region,instance_type,gpu_model,gpu_count,gpu_memory_gib,vcpus,memory_gib,"
            "on_demand_usd_per_hour,spot_usd_per_hour,as_of,source,note\n"
            "rental,north,a100,A100-40GB,1,40,12,85,1.25,,2026-07-01,their list,\n"
            "rental,south,a100,A100-40GB,1,40,12,85,1.5,,2026-07-01,their list,\n",
            encoding="utf-8",
        )
        assert economy("prices", "import", table).exit_code == DONE

        listed = economy("prices", "list", "--provider", "Rental", "--json")
        rate = ("--region", "south", "--instance-type", "a100", "--json")
        found = economy("prices", "rate", "--provider", "rental", *rate)

        regions = {one["region"] for one in json.loads(listed.stdout)["prices"]}
        assert regions == {"north", "south"}
        assert found.exit_code == DONE
        assert json.loads(found.stdout)["price_per_instance_hour"] == "1.5"


class TestReplay:
    """`economy replay`: a scenario file, without a database."""

    EXAMPLES = Path(__file__).parent.parent / "rating" / "examples.json"

    def test_the_worked_scenarios_check(self, economy: Economy, path: Path) -> None:
        """And no database was touched."""
        result = economy("replay", self.EXAMPLES, "--check")

        assert result.exit_code == DONE
        assert len(json.loads(result.stdout)["answers"]) >= 13
        assert "0 differences" in result.stderr
        assert not path.exists()

    def test_a_difference_is_named_and_the_answer_is_no(
        self, economy: Economy, tmp_path: Path
    ) -> None:
        """Exit code 1."""
        document = json.loads(self.EXAMPLES.read_text(encoding="utf-8"))
        document["scenarios"][0]["queries"][0]["expected"]["saving"] = "1"
        file = tmp_path / "wrong.json"
        file.write_text(json.dumps(document))

        result = economy("replay", file, "--check")

        assert result.exit_code == NO
        assert "E01 the day: saving" in result.stderr

    @pytest.mark.parametrize(
        "content", ["", "{", "[]]", '{"scenarios": 1}', '[{"id": "x"}]', "[7]", '{"a":1,"a":1}']
    )
    def test_a_file_that_is_no_scenario_is_one_clear_line(
        self, economy: Economy, tmp_path: Path, content: str
    ) -> None:
        """Whatever it is."""
        file = tmp_path / "wrong.json"
        file.write_text(content)

        result = economy("replay", file)

        assert result.exit_code == COULD_NOT
        assert is_one_clear_line(result)


def test_an_unknown_command_is_wrong_use(economy: Economy) -> None:
    """Exit code 2, with a hint at help."""
    result = economy("explode")

    assert result.exit_code == WRONG_USE
    assert "--help" in result.stderr


def test_every_command_has_help(economy: Economy) -> None:
    """One line each on the first page."""
    first = economy("--help")

    for name in ("demo", "events", "prices", "replay", "serve", "token", "user"):
        assert name in first.stdout
        assert economy(name, "--help").exit_code == DONE


class TestClose:
    """`economy close`: a period's figures are final from then on."""

    def test_says_as_of_when(self, owned: Economy) -> None:
        """A line for a person, fields for a program."""
        told = owned("close", "2025-05", "--account", "ours")
        fields = json.loads(owned("close", "2025", "--account", "ours", "--json").stdout)

        assert told.exit_code == DONE
        assert told.stdout.startswith("Closed 2025-05 of ours as of 20")
        assert fields["as_of"] == fields["closed_at"]
        assert fields["closed_by"].startswith("operating system user ")
        assert {name: fields[name] for name in ("period", "timezone", "from", "to")} == {
            "period": "2025",
            "timezone": "UTC",
            "from": "2025-01-01T00:00:00Z",
            "to": "2026-01-01T00:00:00Z",
        }

    @pytest.mark.parametrize(
        ("period", "exit_code", "said"),
        [
            ("2025-05", COULD_NOT, "was closed at"),
            ("2999", COULD_NOT, "is not over until 3000-01-01T00:00:00Z"),
            ("May", WRONG_USE, "Write a year, a month or a day"),
        ],
    )
    def test_says_why_it_does_not(
        self, owned: Economy, period: str, exit_code: int, said: str
    ) -> None:
        """One clear line, and nothing is closed."""
        owned("close", "2025-05", "--account", "ours")

        refused = owned("close", period, "--account", "ours")

        assert refused.exit_code == exit_code
        assert is_one_clear_line(refused)
        assert said in refused.stderr

    def test_names_an_account_that_is_not_there(self, owned: Economy) -> None:
        """As every command does."""
        refused = owned("close", "2025-05", "--account", "nobody")

        assert refused.exit_code == COULD_NOT
        assert is_one_clear_line(refused)
