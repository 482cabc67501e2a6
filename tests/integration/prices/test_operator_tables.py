"""`economy prices import-exchange` and `import-disks`: all of a file, once, or nothing."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dumont_economy.cli.main import main
from dumont_economy.errors import InvalidFileError
from dumont_economy.feeds.operator_table import read_disk_prices, read_exchange_rates
from dumont_economy.instant import parse_instant
from tests.api.harness import NOON, Json

EXCHANGE = "from,to,rate,effective_from,source"
DISKS = "provider,region,usd_per_gb_month,hours_per_month,effective_from,source"
EURO = "EUR,USD,1.0837,2026-05-01,ECB reference rates"
GP3 = "aws,us-east-1,0.08,730,2026-05-01,aws.amazon.com/ebs/pricing"
DONE, COULD_NOT = 0, 3

Import = Callable[..., Result]
Read = Callable[..., object]


@pytest.fixture
def import_table(tmp_path: Path) -> Import:
    """Return what imports a table of these lines into this test's database."""

    def run(command: str, *lines: str, options: tuple[str, ...] = ()) -> Result:
        file = tmp_path / "table.csv"
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return CliRunner().invoke(
            main,
            ["prices", command, str(file), "--json", *options],
            env={"DUMONT_ECONOMY_DATABASE_URL": f"sqlite:///{tmp_path / 'economy.db'}"},
        )

    return run


def counts(result: Result) -> tuple[int, int]:
    """Return how many rows were added, and how many were known, by a command that went well."""
    assert result.exit_code == DONE, result.output
    said: Json = json.loads(result.stdout)
    return said["added"], said["known"]


@pytest.mark.parametrize(
    ("command", "header", "row", "corrected"),
    [
        ("import-exchange", EXCHANGE, EURO, EURO.replace("1.0837", "1.09")),
        ("import-disks", DISKS, GP3, GP3.replace("0.08", "0.09")),
    ],
)
def test_a_row_is_learned_once(
    import_table: Import, command: str, header: str, row: str, corrected: str
) -> None:
    """Again it is known; what it says otherwise later is learned beside it."""
    assert counts(import_table(command, header, row, row)) == (1, 0)
    assert counts(import_table(command, header, row)) == (0, 1)
    assert counts(import_table(command, header, corrected)) == (1, 0)
    assert counts(import_table(command, header, row)) == (1, 0)


@pytest.mark.parametrize(
    ("command", "header", "row", "wrong"),
    [
        ("import-exchange", EXCHANGE, EURO, EURO.replace("1.0837", "2.2")),
        ("import-exchange", EXCHANGE, EURO, "EUR,USD,0.5,2026-06-01,ECB"),
        ("import-disks", DISKS, GP3, GP3.replace("0.08", "0.8")),
        ("import-disks", DISKS, GP3, GP3.replace("730", "24")),
    ],
)
def test_a_jump_is_a_mistake_until_somebody_says_otherwise(
    import_table: Import, command: str, header: str, row: str, wrong: str
) -> None:
    """Over twice, or under half, of what holds just before it."""
    counts(import_table(command, header, row))

    refused = import_table(command, header, wrong)
    believed = import_table(command, header, wrong, options=("--correction",))

    assert refused.exit_code == COULD_NOT
    assert "--correction" in refused.stderr
    assert counts(believed) == (1, 0)


def test_a_file_full_of_jumps_names_a_page_of_them(import_table: Import) -> None:
    """And says how many more there are."""
    rows = [
        f"EUR,USD,{1 + 9 * (day % 2)},2026-0{day // 28 + 1}-{day % 28 + 1:02},ECB"
        for day in range(61)
    ]

    refused = import_table("import-exchange", EXCHANGE, *rows)

    assert refused.exit_code == COULD_NOT
    assert refused.stderr.count("times what holds before it") == 50
    assert "10 more rows are like that." in refused.stderr


@pytest.mark.parametrize(
    ("read", "header", "good", "bad", "named"),
    [
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("EUR", "eur"), "from: 'eur'"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("USD", "XXX"), "to: 'XXX'"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("USD", "EUR"), "to: EUR"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("1.0837", "0"), "rate: 0"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("1.0837", "-1"), "rate: -1"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("1.0837", "1e3"), "rate: '1e3'"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("1.0837", "1.0000000000001"), "rate"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("2026-05-01", "soon"), "effective_from"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("2026-05-01", "1999-12-31"), "2000"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("2026-05-01", "2999-01-01"), "ahead"),
        (read_exchange_rates, EXCHANGE, EURO, EURO.replace("ECB reference rates", ""), "source"),
        (
            read_exchange_rates,
            EXCHANGE,
            EURO,
            EURO.replace("1.0837", "1.09"),
            "otherwise than line",
        ),
        (read_disk_prices, DISKS, GP3, GP3.replace("730", "0"), "hours_per_month"),
        (read_disk_prices, DISKS, GP3, GP3.replace("730", "745"), "hours_per_month"),
        (read_disk_prices, DISKS, GP3, GP3.replace("aws,", "AWS,"), "provider"),
        (read_disk_prices, DISKS, GP3, GP3.replace("us-east-1", ""), "region"),
    ],
)
def test_a_wrong_line_is_named_with_its_remedy(
    tmp_path: Path, read: Read, header: str, good: str, bad: str, named: str
) -> None:
    """Nothing of its file is taken."""
    file = tmp_path / "table.csv"
    file.write_text(f"{header}\n{good}\n{bad}\n", encoding="utf-8")

    with pytest.raises(InvalidFileError, match="line 3") as refused:
        read(file, parse_instant(NOON))

    assert named in str(refused.value)


def test_one_wrong_line_keeps_the_file_out(import_table: Import) -> None:
    """The good line beside it is not known afterwards."""
    refused = import_table("import-exchange", EXCHANGE, EURO, "EUR,USD,0,2026-05-02,ECB")

    assert refused.exit_code == COULD_NOT
    assert "line 3 rate: 0" in refused.stderr
    assert counts(import_table("import-exchange", EXCHANGE, EURO)) == (1, 0)
