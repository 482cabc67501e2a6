"""`economy prices refresh`, `import`, `review` and `economy worker`, as a person calls them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dumont_economy.cli.main import main
from dumont_economy.clock import SystemClock
from dumont_economy.services.refresh_prices import RefreshLease
from dumont_economy.storage import price_imports
from dumont_economy.storage.database import Database
from tests.api.harness import Json
from tests.fakes.provider_feeds import FakeFeeds
from tests.integration.prices.harness import AWS, fake_feeds

DONE, NO, WRONG_USE, COULD_NOT = 0, 1, 2, 3
HEADER = (
    "provider,region,instance_type,gpu_model,gpu_count,gpu_memory_gib,vcpus,memory_gib,"
    "on_demand_usd_per_hour,spot_usd_per_hour,as_of,source,note"
)
P5 = ("--provider", "aws", "--region", "us-east-1", "--instance-type", "p5.48xlarge")

Economy = Callable[..., Result]


@pytest.fixture
def feeds() -> Iterator[FakeFeeds]:
    """Return feeds with what the shipped book says in them."""
    with fake_feeds() as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path, feeds: FakeFeeds) -> dict[str, str]:
    """Return the variables by which a command finds this test's database and feeds."""
    return {
        "DUMONT_ECONOMY_DATABASE_URL": f"sqlite:///{tmp_path / 'economy.db'}",
        "DUMONT_ECONOMY_AWS_PRICES_URL": feeds.aws.url,
        "DUMONT_ECONOMY_AZURE_PRICES_URL": feeds.azure.url,
        "GPUHUNT_CATALOG_URL": feeds.gpuhunt.url,
    }


@pytest.fixture
def economy(environment: dict[str, str]) -> Economy:
    """Return what runs a command there."""

    def run(*arguments: object, **variables: str) -> Result:
        return CliRunner().invoke(
            main, [str(one) for one in arguments], env=environment | variables
        )

    return run


def answer(result: Result, exit_code: int = DONE) -> Json:
    """Return the JSON of a command that ended so."""
    assert result.exit_code == exit_code, result.output
    said: Json = json.loads(result.stdout)
    return said


class TestRefresh:
    """Reads feeds; the exit code says whether all of it could be taken."""

    def test_it_says_what_each_feed_came_to(self, economy: Economy, feeds: FakeFeeds) -> None:
        """With counts, the address, and the hash of the bytes."""
        feeds.aws.plant({**AWS, "p5.48xlarge": "50.0000000000"})

        said = answer(economy("prices", "refresh", "aws", "azure", "--json"))

        aws, azure = said["imports"]
        assert (aws["outcome"], aws["added"], aws["confirmed"]) == ("taken", 1, 3)
        assert (azure["outcome"], azure["source"]) == ("taken", "Azure Retail Prices")
        assert len(aws["payload_sha256"]) == 64
        assert sum(aws["skipped_by_reason"].values()) == aws["skipped"]
        assert {"capacity_block", "dedicated", "licensed"} <= aws["skipped_by_reason"].keys()
        assert {"windows", "low_priority"} <= azure["skipped_by_reason"].keys()
        assert answer(economy("prices", "rate", *P5, "--json"))["price_per_instance_hour"] == "50"

    def test_what_failed_is_said_and_the_rest_is_taken(
        self, economy: Economy, feeds: FakeFeeds
    ) -> None:
        """1 where a part was taken, 3 where nothing was."""
        feeds.aws.drop_region("us-east-1")

        partly = economy("prices", "refresh", "aws", "azure")
        nothing = economy("prices", "refresh", "aws")

        assert partly.exit_code == NO
        assert "region_missing" in partly.stderr
        assert "Every price stays as it was" in partly.stderr
        assert nothing.exit_code == COULD_NOT

    @pytest.mark.parametrize(
        ("arguments", "named"),
        [
            (("aws", "azure", "--region", "eastus"), "--region"),
            (("gcp", "--region", "us-central1"), "--region"),
            (("azure", "--since", "2026-01-01"), "--since"),
            (("oracle",), "oracle"),
            (("aws", "--since", "last week"), "--since"),
            (("aws", "--since", "2999-01-01"), "--since"),
        ],
    )
    def test_options_that_would_do_nothing_are_refused(
        self, economy: Economy, arguments: tuple[str, ...], named: str
    ) -> None:
        """By name, and with what to do instead."""
        refused = economy("prices", "refresh", *arguments)

        assert refused.exit_code == WRONG_USE
        assert named in refused.stderr

    def test_an_address_that_is_none_is_refused(self, economy: Economy) -> None:
        """Before anything is read."""
        refused = economy("prices", "refresh", "aws", DUMONT_ECONOMY_AWS_PRICES_URL="ftp://x/")

        assert refused.exit_code == WRONG_USE
        assert "ftp://x/" in refused.stderr

    def test_two_never_run_at_once(
        self, economy: Economy, feeds: FakeFeeds, environment: dict[str, str]
    ) -> None:
        """The second says so and reads nothing."""
        assert economy("prices", "list", "--json").exit_code == DONE
        lease = RefreshLease(Database(environment["DUMONT_ECONOMY_DATABASE_URL"]), SystemClock())

        with lease.held():
            refused = economy("prices", "refresh", "aws")

        assert refused.exit_code == COULD_NOT
        assert "Another process is refreshing" in refused.stderr
        assert feeds.aws.requests == []
        assert economy("prices", "refresh", "aws").exit_code == DONE

    def test_a_folder_of_catalogues_goes_before_the_mirror(
        self, economy: Economy, feeds: FakeFeeds, tmp_path: Path
    ) -> None:
        """By gpuhunt's own variable."""
        feeds.gpuhunt.plant({"a2-highgpu-1g": "3.70"})
        feeds.gpuhunt.write_folder(tmp_path)

        said = answer(
            economy("prices", "refresh", "gcp", "--json", GPUHUNT_CATALOG_DIR=str(tmp_path))
        )

        assert said["imports"][0]["outcome"] == "taken"
        assert feeds.gpuhunt.requests == []


class TestImport:
    """An operator's table: rows that can be believed are learned, all others are named."""

    def table(self, folder: Path, *rows: str) -> Path:
        """Write a table."""
        path = folder / "prices.csv"
        path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
        return path

    def test_a_newer_price_is_learned(self, economy: Economy, tmp_path: Path) -> None:
        """From the operator's file, by name; once, however often it is imported."""
        row = "aws,us-east-1,p5.48xlarge,H100-80GB-SXM,8,80,192,2048,50,,2026-08-20,our contract,"
        path = self.table(tmp_path, row)

        first = answer(economy("prices", "import", path, "--json"))
        second = answer(economy("prices", "import", path, "--json"))

        assert (first["added"], second["added"], second["confirmed"]) == (1, 0, 1)
        rate = answer(economy("prices", "rate", *P5, "--json"))
        assert (rate["price_per_instance_hour"], rate["source"]) == ("50", "our contract")

    def test_each_row_that_is_not_taken_is_named(self, economy: Economy, tmp_path: Path) -> None:
        """With its line; what is good is learned all the same, and the exit code says no."""
        path = self.table(
            tmp_path,
            "aws,us-east-1,p5.48xlarge,H100-80GB-SXM,8,80,192,2048,0,,2026-08-20,x,",
            "aws,us-east-1,g6.xlarge,L4,1,24,4,16,0.82,,2026-08-20,x,",
            "aws,us-east-1,p4d.24xlarge,A100-40GB,8,40,96,1152,2.745,,2026-08-20,x,",
            "moon,global,m1,Z9000,1,1,1,1,1.0,,2026-08-20,x,",
        )

        said = answer(economy("prices", "import", path, "--json"), NO)

        assert said["added"] == 1
        assert [one["code"] for one in said["refusals"]] == ["zero_price", "unknown_gpu"]
        assert "line 2" in said["refusals"][0]["place"]
        assert said["refusals"][1]["subject"] == "Z9000"
        assert [one["code"] for one in said["waiting"]] == ["per_gpu_confusion"]

    def test_a_file_that_is_no_table_changes_nothing(
        self, economy: Economy, tmp_path: Path
    ) -> None:
        """Every problem at once."""
        path = tmp_path / "prices.csv"
        path.write_text("provider,price\naws,1\n", encoding="utf-8")

        refused = economy("prices", "import", path)

        assert refused.exit_code == COULD_NOT
        assert "price" in refused.stderr
        assert refused.stderr.startswith("economy: ")

    def test_a_pipe_is_no_file(self, economy: Economy, tmp_path: Path) -> None:
        """It might never end."""
        os.mkfifo(tmp_path / "prices.csv")

        refused = economy("prices", "import", tmp_path / "prices.csv")

        assert refused.exit_code == COULD_NOT
        assert "no plain file" in refused.stderr


class TestReview:
    """What waits is listed, and decided once, with a reason that stays."""

    @pytest.fixture
    def waiting(self, economy: Economy, feeds: FakeFeeds) -> int:
        """Return the number of a price that waits."""
        feeds.aws.plant({**AWS, "p5.48xlarge": "20.0000000000"})
        economy("prices", "refresh", "aws")
        [one] = answer(economy("prices", "review", "--json"))["waiting"]
        assert (one["code"], one["last_price"]) == ("price_jump", "55.04")
        return int(one["number"])

    def test_an_accepted_price_is_a_rate(self, economy: Economy, waiting: int) -> None:
        """Until then it was none."""
        assert price(economy) == "55.04"

        economy("prices", "review", "--accept", waiting, "--reason", "announced by AWS")

        assert price(economy) == "20"
        assert answer(economy("prices", "review", "--json"))["waiting"] == []
        [entry] = answer(economy("prices", "review", "--log", "--json"))["decisions"]
        assert (entry["number"], entry["action"]) == (waiting, "price_accepted")
        assert entry["reason"] == "announced by AWS"
        assert entry["actor"].startswith("operating system user ")

    def test_a_rejected_price_is_not_asked_again(self, economy: Economy, waiting: int) -> None:
        """Also when the feed states it the next time."""
        economy("prices", "review", "--reject", waiting, "--reason", "a slip of the source")

        again = answer(economy("prices", "refresh", "aws", "--json"), NO)

        assert price(economy) == "55.04"
        assert [one["code"] for one in again["imports"][0]["refusals"]] == ["rejected_before"]
        assert answer(economy("prices", "review", "--json"))["waiting"] == []

    @pytest.mark.parametrize(
        ("arguments", "exit_code", "named"),
        [
            (("--accept", "1"), WRONG_USE, "--reason"),
            (("--accept", "1", "--reason", ""), WRONG_USE, "--reason"),
            (("--accept", "1", "--reason", "   "), WRONG_USE, "reason"),
            (("--accept", "1", "--reject", "1", "--reason", "x"), WRONG_USE, "--accept"),
            (("--reason", "x"), WRONG_USE, "--reason"),
            (("--accept", "one", "--reason", "x"), WRONG_USE, "one"),
            (("--accept", "99", "--reason", "x"), COULD_NOT, "99"),
            (("--accept", "9" * 30, "--reason", "x"), WRONG_USE, "--accept"),
            (("--accept", "1", "--reason", "\udcff"), WRONG_USE, "UTF-8"),
        ],
    )
    def test_a_decision_that_is_none_is_refused(
        self,
        economy: Economy,
        waiting: int,
        arguments: tuple[str, ...],
        exit_code: int,
        named: str,
    ) -> None:
        """And the price waits on."""
        refused = economy("prices", "review", *arguments)

        assert refused.exit_code == exit_code
        assert named in refused.stderr
        [still] = answer(economy("prices", "review", "--json"))["waiting"]
        assert still["number"] == waiting


@pytest.mark.parametrize("wanted", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_refresh_that_is_told_to_end_holds_nothing(
    environment: dict[str, str], feeds: FakeFeeds, wanted: signal.Signals
) -> None:
    """In the middle of a feed: nothing of it is learned, and the next refresh may begin at once."""
    feeds.azure.break_with("silent")
    with subprocess.Popen(
        [Path(sys.executable).with_name("economy"), "prices", "refresh", "azure"],
        env=os.environ | environment,
        stderr=subprocess.DEVNULL,
    ) as running:
        while not feeds.azure.requests:
            assert running.poll() is None

        running.send_signal(wanted)

        assert running.wait(timeout=20) != DONE
    database = Database(environment["DUMONT_ECONOMY_DATABASE_URL"])
    with RefreshLease(database, SystemClock()).held(), database.read() as connection:
        assert price_imports.newest_imports(connection) == []
    database.close()


class TestWorker:
    """Refreshes what is due, and nothing more often."""

    def test_what_was_read_today_is_not_due(self, economy: Economy, feeds: FakeFeeds) -> None:
        """The second time nothing is asked of anybody."""
        feeds.gpuhunt.plant({"a2-highgpu-1g": "3.70"})

        first = economy("worker", "--once")
        asked = len(feeds.aws.requests), len(feeds.azure.requests)
        second = economy("worker", "--once")

        assert first.exit_code == second.exit_code == DONE
        assert min(asked) > 0
        assert (len(feeds.aws.requests), len(feeds.azure.requests)) == asked
        assert "AWS Price List us-east-1: " in first.stdout

    def test_it_ends_when_it_is_told_to(self, environment: dict[str, str]) -> None:
        """In good order, with nothing held."""
        with subprocess.Popen(
            [Path(sys.executable).with_name("economy"), "worker", "--feed", "azure"],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as running:
            assert running.stdout is not None
            assert "Looks every" in running.stdout.readline()
            assert "Azure Retail Prices eastus: " in running.stdout.readline()

            running.send_signal(signal.SIGTERM)

            assert running.wait(timeout=20) == DONE
        database = Database(environment["DUMONT_ECONOMY_DATABASE_URL"])
        with RefreshLease(database, SystemClock()).held():
            database.close()


def price(economy: Economy) -> str:
    """Return the price of eight H100 on AWS, now."""
    rate = answer(economy("prices", "rate", *P5, "--json"))
    return str(rate["price_per_instance_hour"])
