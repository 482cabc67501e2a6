"""`economy prices report`: what the price book covers, how old it is, and where it may be wrong."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dumont_economy.cli.main import main
from dumont_economy.services.price_feeds import FeedName
from dumont_economy.services.price_report import PriceReport, read_price_report
from dumont_economy.services.price_report_fields import report_fields
from dumont_economy.services.price_report_text import report_text
from tests.api.harness import Json, hours_ago, start
from tests.integration.prices.harness import AWS, Installation, plant_catalogue

DOCUMENT = Path(__file__).parents[3] / "docs" / "price-report.md"
# After the newest price of the shipped book.
AT = "2026-08-03T00:00:00Z"
DONE, WRONG_USE = 0, 2

Report = Callable[..., Result]


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    """Return what runs the command in an empty folder, over the shipped facts alone."""
    monkeypatch.chdir(tmp_path)
    environment = {"DUMONT_ECONOMY_DATABASE_URL": f"sqlite:///{tmp_path / 'economy.db'}"}

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["prices", "report", *arguments], env=environment)

    return run


def now(installation: Installation) -> PriceReport:
    """Return the report on an installation, now."""
    return read_price_report(installation.database, installation.clock.now())


def fields_of(found: PriceReport) -> Json:
    """Return the report as a program reads it."""
    read: Json = json.loads(json.dumps(report_fields(found)))
    return read


def section(text: str, title: str) -> str:
    """Return what stands under a heading."""
    _, _, rest = text.partition(f"## {title}\n")
    assert rest, f"There is no section {title!r}."
    return rest.partition("\n## ")[0]


def test_the_document_is_what_the_command_writes_for_the_shipped_book(
    report: Report, request: pytest.FixtureRequest
) -> None:
    """`make snapshots` writes it anew where the book or the report has changed."""
    written = report("--at", AT, "--output", "-")

    assert written.exit_code == DONE
    if request.config.getoption("--update-snapshots"):
        DOCUMENT.write_text(written.stdout, encoding="utf-8")
    assert written.stdout == DOCUMENT.read_text(encoding="utf-8")


def test_it_is_of_an_instant(report: Report) -> None:
    """Before the price cut of April 2025 another report was true."""
    cut, before = (
        report("--at", AT, "--output", "-"),
        report("--at", "2025-04-20T00:00:00Z", "--output", "-"),
    )

    assert "| A100-40GB | 2.7447 | B | 1/8 of p4d.24xlarge | 21.9576 |" in cut.stdout
    assert "| A100-40GB | 4.0966 | B | 1/8 of p4d.24xlarge | 32.7726 |" in before.stdout
    assert before.stdout.startswith("# Price report\n")


class TestWhereItGoes:
    """To the document of the repository one is in, or where one says."""

    def test_into_the_folder_of_documents(self, report: Report, tmp_path: Path) -> None:
        """Where there is one."""
        (tmp_path / "docs").mkdir()

        written = report("--at", AT)

        assert written.exit_code == DONE
        assert written.stdout == "Wrote docs/price-report.md.\n"
        text = (tmp_path / "docs" / "price-report.md").read_text(encoding="utf-8")
        assert text == DOCUMENT.read_text(encoding="utf-8")

    def test_nowhere_unasked(self, report: Report, tmp_path: Path) -> None:
        """Without such a folder one has to say where; nothing is written."""
        refused = report("--at", AT)

        assert refused.exit_code == WRONG_USE
        assert "--output" in refused.stderr
        assert list(tmp_path.iterdir()) == []

    def test_where_one_says(self, report: Report, tmp_path: Path) -> None:
        """Another name, another place."""
        assert report("--at", AT, "--output", "prices.md").exit_code == DONE

        assert (tmp_path / "prices.md").read_text(encoding="utf-8").startswith("# Price report")

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--output", "no/such/folder.md"),
            ("--output", "prices.json", "--json"),
            ("--at", "yesterday", "--output", "-"),
        ],
    )
    def test_what_cannot_be_is_refused(self, report: Report, arguments: tuple[str, ...]) -> None:
        """With the option that is wrong."""
        refused = report(*arguments)

        assert refused.exit_code == WRONG_USE
        assert refused.stdout == ""

    def test_as_json_to_standard_output(self, report: Report) -> None:
        """The same facts; amounts are decimal text."""
        said: Json = json.loads(report("--at", AT, "--json").stdout)

        a100 = next(
            one
            for one in said["reference_card"]
            if (one["gpu"], one["provider"]) == ("A100", "AWS")
        )
        assert (said["at"], said["currency"]) == (AT, "USD")
        assert (a100["card_usd_per_gpu_hour"], a100["verdict"]) == ("32.77", "past_whole_machine")
        assert a100["list_price"]["price_per_gpu_hour"] == "2.74470525"
        assert len(said["reference_card"]) == 15
        assert len(said["own_prices"]) == 5
        assert said["feeds"] == said["waiting"] == said["conflicts"] == []
        assert {one["provider"] for one in said["gpus"]} == {"aws", "gcp", "azure"}


class TestOfAnInstallation:
    """What was read, what waits, who disagrees, and which names nobody knows."""

    def test_a_fresh_one_has_nothing_to_tell_of(self, installation: Installation) -> None:
        """The control: each section says so in words."""
        text = report_text(now(installation))

        assert "None has been read" in section(text, "Feeds")
        assert "Nothing." in section(text, "What waits for a person")
        assert "None" in section(text, "Conflicts between sources")
        assert "None" in section(text, "Names that are not known")

    def test_feeds_are_told_with_their_last_good_reading(self, installation: Installation) -> None:
        """Also when the newest one went wrong."""
        installation.refresh(FeedName.AWS)
        installation.feeds.aws.break_with("html")
        installation.clock.set("2026-08-04T12:00:00Z")
        installation.refresh(FeedName.AWS)

        text = report_text(now(installation))

        feeds = section(text, "Feeds")
        assert "| failed: wrong content type | 2026-08-03T12:00:00Z |" in feeds
        assert "the newest reading of 1 went wrong" in section(text, "In short")

    def test_what_waits_is_told_with_the_price_before(self, installation: Installation) -> None:
        """And why."""
        installation.feeds.aws.plant({**AWS, "p5.48xlarge": "440.32"})
        installation.refresh(FeedName.AWS)

        found = now(installation)

        waiting = section(report_text(found), "What waits for a person")
        assert "| AWS us-east-1 p5.48xlarge | 55.04 | 440.32 | AWS Price List |" in waiting
        assert "per gpu confusion" in waiting
        assert found.conflicts == []

    def test_both_sides_of_a_conflict_are_told(self, installation: Installation) -> None:
        """Each price with its source; the better source's is in force."""
        installation.refresh(FeedName.AWS)
        plant_catalogue(installation, "50.0")
        installation.refresh(FeedName.GPUHUNT)

        found = now(installation)

        conflicts = section(report_text(found), "Conflicts between sources")
        assert "| 55.04 | AWS Price List | 50.00 | gpuhunt catalogue |" in conflicts
        [fields] = fields_of(found)["conflicts"]
        assert (fields["in_force"], fields["in_force_source"]) == ("55.04", "AWS Price List")
        assert (fields["price_per_instance_hour"], fields["source"]) == ("50", "gpuhunt catalogue")

    def test_unknown_names_are_told_with_how_often_and_where(
        self, installation: Installation
    ) -> None:
        """In feeds and in usage, of all accounts; whose usage it is stays out."""
        for name in ("ours", "theirs"):
            caller = installation.application.machine(installation.application.account(name))
            caller.push(
                start("i-1", hours_ago(3), gpu="Foo 9000"),
                start("i-2", hours_ago(2), gpu="Foo 9000"),
                start("i-3", hours_ago(1), gpu="RTX 4090"),
            )
        installation.feeds.azure.plant({"Standard_NZ9_v9": "9", "Standard_NC4as_T4_v3": "0.526"})
        installation.refresh(FeedName.AZURE)

        found = now(installation)

        [used] = found.unknown_in_usage
        assert (used.spelling, used.events, used.instances) == ("Foo 9000", 4, 4)
        assert "Standard_NZ9_v9" in {one.rows.subject for one in found.unknown_in_sources}
        names = section(report_text(found), "Names that are not known")
        assert "| Foo 9000 | - | 4 | 4 |" in names
        assert "Azure Retail Prices | Azure | eastus |" in names
        assert "theirs" not in names

    def test_a_name_cannot_break_the_document(self, installation: Installation) -> None:
        """It comes from outside: no cell, no markup, no line of its own."""
        caller = installation.application.machine(installation.application.account("ours"))
        caller.push(start("i-1", hours_ago(1), gpu="x | <script>`*[a](b)\\"))

        text = report_text(now(installation))

        assert r"| x \| \<script\>\`\*\[a\](b)\\ | - | 1 | 1 |" in text
        assert "<script>" not in text

    def test_a_long_list_is_cut_and_counted(self, installation: Installation) -> None:
        """A person reads the beginning, a program everything."""
        caller = installation.application.machine(installation.application.account("ours"))
        caller.push(*(start(f"i-{n}", hours_ago(1), gpu=f"Foo {n:03}") for n in range(103)))

        found = now(installation)

        text = report_text(found)
        assert "| Foo 099 |" in text
        assert "| Foo 100 |" not in text
        assert "... and 3 more" in text
        assert len(fields_of(found)["unknown_in_usage"]) == 103
