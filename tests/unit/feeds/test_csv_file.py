"""Price files of the operator: every row is read, or it is said where and why it is not."""

import csv
import io
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dumont_economy.errors import InvalidFileError
from dumont_economy.feeds import csv_file, csv_table
from dumont_economy.feeds.csv_file import read_price_file
from dumont_economy.pricing.price_claim import FeedReading, PriceClaim
from dumont_economy.pricing.rate import PricingModel, SourceKind
from tests.builders import instant

NOW = instant("2026-08-20 06:00")
COLUMNS = (
    "provider",
    "region",
    "instance_type",
    "gpu_model",
    "gpu_count",
    "gpu_memory_gib",
    "vcpus",
    "memory_gib",
    "on_demand_usd_per_hour",
    "spot_usd_per_hour",
    "as_of",
    "source",
    "note",
)
A100 = {
    "provider": "gcp",
    "region": "us-central1",
    "instance_type": "a2-highgpu-1g",
    "gpu_model": "A100-40GB",
    "gpu_count": "1",
    "gpu_memory_gib": "40",
    "vcpus": "12",
    "memory_gib": "85",
    "on_demand_usd_per_hour": "3.673385",
    "spot_usd_per_hour": "1.469",
    "as_of": "2026-07-30",
    "source": "github Cyclenerd/google-cloud-pricing-cost-calculator pricing.yml @fd66b26ff84f",
    "note": "",
}


def text_of(rows: Iterable[dict[str, str]], columns: Iterable[str] = COLUMNS) -> str:
    """Return a file with these rows."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(columns), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read(folder: Path, content: str | bytes) -> FeedReading:
    """Return what is read of a file."""
    file = folder / "prices.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with read_price_file(file, NOW) as download:
        return download.reading


def reading_of(folder: Path, *rows: dict[str, str]) -> FeedReading:
    """Return what is read of rows, each an A100 but for what it says itself."""
    return read(folder, text_of({**A100, **row} for row in rows))


def problems_of(folder: Path, content: str | bytes) -> list[str]:
    """Return why a file is refused."""
    with pytest.raises(InvalidFileError) as refused:
        read(folder, content)
    return refused.value.problems


def test_a_row_gives_a_claim_for_each_of_its_prices(tmp_path: Path) -> None:
    """A snapshot of the row's own day, with everything that it says."""
    on_demand, spot = reading_of(tmp_path, {}).claims

    assert on_demand == PriceClaim(
        provider="gcp",
        region="us-central1",
        instance_type="a2-highgpu-1g",
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=Decimal("3.673385"),
        currency="USD",
        effective_from=None,
        seen_on=date(2026, 7, 30),
        source_url=(
            "https://github.com/Cyclenerd/google-cloud-pricing-cost-calculator/blob/"
            "fd66b26ff84f/pricing.yml"
        ),
        place="line 2",
        gpu_spelling="A100-40GB",
        gpu_count=Fraction(1),
        gpu_memory_gib=Decimal(40),
        vcpus=Fraction(12),
        memory_gib=Fraction(85),
        stated_source=A100["source"],
    )
    assert (spot.pricing_model, str(spot.price_per_instance_hour)) == (PricingModel.SPOT, "1.469")


def test_a_file_is_a_source_of_its_own(tmp_path: Path) -> None:
    """Of no one provider or region; its bytes are kept."""
    file = tmp_path / "prices.csv"
    file.write_text(text_of([A100]))

    with read_price_file(file, NOW) as download:
        scope, kept = download.reading.scope, download.payload.open().read()

    assert (scope.source_kind, scope.source) == (
        SourceKind.OPERATOR_FILE,
        "operator file prices.csv",
    )
    assert (scope.provider, scope.region) == ("", None)
    assert kept == file.read_bytes()
    assert download.payload.sha256 == sha256(kept).hexdigest()
    assert download.reading.url == download.payload.url == file.as_uri()
    assert download.reading.retrieved_at == NOW


@pytest.mark.parametrize(
    ("on_demand", "spot", "prices"),
    [("3.67", "", ["3.67"]), ("", "1.2", ["1.2"]), ("3.67", "1.2", ["3.67", "1.2"])],
)
def test_an_empty_price_is_not_known(
    tmp_path: Path, on_demand: str, spot: str, prices: list[str]
) -> None:
    """Never 0."""
    row = {"on_demand_usd_per_hour": on_demand, "spot_usd_per_hour": spot}

    found = reading_of(tmp_path, row)

    assert [str(claim.price_per_instance_hour) for claim in found.claims] == prices


def test_a_row_without_a_price_is_unreadable(tmp_path: Path) -> None:
    """It says what would help."""
    found = reading_of(tmp_path, {"on_demand_usd_per_hour": "", "spot_usd_per_hour": ""})

    (row,) = found.unreadable
    assert (row.place, row.code) == ("line 2, column on_demand_usd_per_hour", "no_price")
    assert "Fill in on_demand_usd_per_hour or spot_usd_per_hour" in row.message
    assert found.claims == []


@pytest.mark.parametrize(
    ("column", "said", "code"),
    [
        ("provider", "AWS", "unreadable_provider"),
        ("provider", "", "unreadable_provider"),
        ("provider", "a" * 33, "unreadable_provider"),
        ("provider", "=aws", "unreadable_provider"),
        ("region", "", "unreadable_region"),
        ("region", "us east", "unreadable_region"),
        ("region", "+us", "unreadable_region"),
        ("instance_type", "", "unreadable_instance_type"),
        ("instance_type", "=1+1", "unreadable_instance_type"),
        ("instance_type", "p5 ", "unreadable_instance_type"),
        ("instance_type", "p" * 81, "unreadable_instance_type"),
        ("gpu_model", "<b>A100</b>", "unreadable_gpu_name"),
        ("gpu_count", "0", "unreadable_gpu_count"),
        ("gpu_count", "eight", "not_a_number"),
        ("gpu_count", "1/8", "not_a_number"),
        ("gpu_memory_gib", "40 GB", "not_a_number"),
        ("vcpus", "-1", "not_a_number"),
        ("vcpus", "\u0661\u0662", "not_a_number"),  # 12 in Arabic-Indic digits
        ("memory_gib", "1e3", "not_a_number"),
        ("memory_gib", "9" * 400, "not_a_number"),
        ("on_demand_usd_per_hour", "3,67", "not_a_price"),
        ("on_demand_usd_per_hour", "$3.67", "not_a_price"),
        ("on_demand_usd_per_hour", " 3.67", "not_a_price"),
        ("on_demand_usd_per_hour", "\u0663.\u0666", "not_a_price"),
        ("on_demand_usd_per_hour", "0.12345678901234", "too_precise"),
        ("spot_usd_per_hour", "9" * 400, "not_a_price"),
        ("spot_usd_per_hour", "n/a", "not_a_price"),
        ("as_of", "", "invalid_date"),
        ("as_of", "undated", "invalid_date"),
        ("as_of", "30.07.2026", "invalid_date"),
        ("as_of", "20260730", "invalid_date"),
        ("as_of", "2026-02-30", "invalid_date"),
        ("as_of", "2026-07-30T00:00:00Z", "invalid_date"),
        ("as_of", "\u0662\u0660\u0662\u0666-07-30", "invalid_date"),
        ("as_of", "2026-08-21", "date_in_future"),
        ("source", "=HYPERLINK(1)", "unreadable_source"),
        ("source", "a\x1b[31m", "unreadable_source"),
        ("source", "a" * 501, "unreadable_source"),
    ],
)
def test_a_value_that_cannot_be_read_costs_its_row(
    tmp_path: Path, column: str, said: str, code: str
) -> None:
    """And no other; the place, what stands there, and what would help are said."""
    found = reading_of(tmp_path, {}, {column: said}, {"region": "us-east1"})

    (row,) = found.unreadable
    assert (row.place, row.code) == (f"line 3, column {column}", code)
    assert row.message.isascii()
    assert row.message.isprintable()
    assert len(row.message) < 300
    assert "Write" in row.message
    assert {claim.place for claim in found.claims} == {"line 2", "line 4"}


def test_all_values_of_a_row_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """So that a file needs to be mended once."""
    found = reading_of(tmp_path, {"provider": "AWS", "vcpus": "many", "as_of": "soon"})

    assert [row.code for row in found.unreadable] == [
        "unreadable_provider",
        "not_a_number",
        "invalid_date",
    ]
    assert found.claims == []


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("provider", "genesis-cloud"),
        ("region", "global"),
        ("instance_type", "n1-standard-4+1xnvidia-tesla-t4"),
        ("instance_type", "1x A4000 (16 GB)"),
        ("instance_type", "a:b"),
        ("gpu_model", "RTX 4080 (32 GB mod)"),
        ("as_of", "2026-08-20"),
        ("on_demand_usd_per_hour", "1e-5"),
        ("note", "=anything \u2013 \u0661, that a note may say"),
    ],
)
def test_spellings_of_real_files_are_read(tmp_path: Path, column: str, said: str) -> None:
    """Names in words, attached accelerators, today's date."""
    found = reading_of(tmp_path, {column: said})

    assert found.unreadable == []
    assert len(found.claims) == 2


@pytest.mark.parametrize(
    "column", ["gpu_model", "gpu_count", "gpu_memory_gib", "vcpus", "memory_gib", "source", "note"]
)
def test_what_describes_a_machine_may_be_left_out(tmp_path: Path, column: str) -> None:
    """It is not known, then."""
    fields = {"gpu_model": "gpu_spelling", "source": "stated_source", "note": "effective_from"}

    found = reading_of(tmp_path, {column: ""})

    assert len(found.claims) == 2
    assert getattr(found.claims[0], fields.get(column, column)) is None


def test_the_memory_of_a_slice_is_not_that_of_its_gpu(tmp_path: Path) -> None:
    """It would speak against the GPU's name."""
    row = {"gpu_count": "0.1667", "gpu_memory_gib": "4", "gpu_model": "A10"}

    claim = reading_of(tmp_path, row).claims[0]

    assert (claim.gpu_count, claim.gpu_memory_gib) == (Fraction("0.1667"), None)


def test_a_zero_or_negative_price_is_passed_on(tmp_path: Path) -> None:
    """A reader judges nothing: the guard refuses it, and says so."""
    found = reading_of(tmp_path, {"on_demand_usd_per_hour": "0", "spot_usd_per_hour": "-1"})

    assert [str(claim.price_per_instance_hour) for claim in found.claims] == ["0", "-1"]


def test_a_row_that_is_there_twice_counts_once(tmp_path: Path) -> None:
    """One of another day, region or provider is another one."""
    found = reading_of(
        tmp_path,
        {},
        {},
        {"as_of": "2026-07-29"},
        {"region": "us-east1"},
        {"provider": "other"},
    )

    assert [claim.place for claim in found.claims[::2]] == ["line 2", "line 4", "line 5", "line 6"]
    assert found.skipped == {"repeated": 2}


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ("https://example.com/prices?x=1", "https://example.com/prices?x=1"),
        ("our contract of 2026", None),
        ("see https://example.com/", None),
        ("javascript:alert(1)", None),
        (
            "sum of: github a/b c/d.csv @0123456789ab (host) + github e/f g @0123456789ab",
            "https://github.com/a/b/blob/0123456789ab/c/d.csv",
        ),
        ("github a/b ../x\u200b @0123456789ab", None),
        ("github a/b c @branch", None),
    ],
)
def test_the_address_of_a_source_is_taken_where_it_names_one(
    tmp_path: Path, source: str, url: str | None
) -> None:
    """Its own words go along with the claim as they are."""
    found = reading_of(tmp_path, {"source": source})

    if source.isprintable():
        assert [claim.source_url for claim in found.claims] == [url, url]
        assert {claim.stated_source for claim in found.claims} == {source}
    else:
        assert [row.code for row in found.unreadable] == ["unreadable_source"]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + text_of([A100]),
        text_of([A100]).replace("\n", "\r\n"),
        text_of([A100], COLUMNS[::-1]),
        text_of([A100]).rstrip("\n"),
        text_of([A100]) + "\n\n",
    ],
    ids=["byte order mark", "CRLF", "other order", "no last line feed", "blank lines"],
)
def test_what_spreadsheets_do_to_a_file_does_no_harm(tmp_path: Path, content: str) -> None:
    """The rows are the same."""
    assert read(tmp_path, content).claims == read(tmp_path, text_of([A100])).claims


@pytest.mark.parametrize(
    ("content", "problems"),
    [
        (
            text_of([A100], [name for name in COLUMNS if name not in ("as_of", "note")]),
            ["line 1 lacks the column as_of", "line 1 lacks the column note"],
        ),
        (
            text_of([], [*COLUMNS, "price", "as_of"]),
            [
                "line 1 names the column 'as_of' twice",
                "line 1 names a column 'price' that is not known",
            ],
        ),
        (
            text_of([A100]) + "a,b\n" + text_of([A100]).splitlines()[1] + ",\n",
            [
                "line 3 has 2 cells where the header has 13",
                "line 4 has 14 cells where the header has 13",
            ],
        ),
        (
            text_of([{**A100, "note": "\0"}, A100, {**A100, "note": "\0"}]),
            ["line 2 has a NUL character in it", "line 4 has a NUL character in it"],
        ),
        (
            text_of([A100, A100]).encode().replace(b"gcp", b"\xff"),
            ["line 2 is not UTF-8 text", "line 3 is not UTF-8 text"],
        ),
        (
            text_of([A100]) + 'a"b,"c"d\n',
            ["line 3 is not CSV: ',' expected after '\"'"],
        ),
        (text_of([A100]) + '"', ["line 3 is not CSV: unexpected end of data"]),
        (text_of([A100]) + "x" * 70_000, ["line 3 is longer than 65536 bytes"]),
    ],
)
def test_a_file_of_another_form_is_refused_with_every_line(
    tmp_path: Path, content: str | bytes, problems: list[str]
) -> None:
    """No row of it is taken: what its cells mean is not known."""
    assert problems_of(tmp_path, content) == problems


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """Spreadsheets write UTF-16 when they are asked for Unicode."""
    problems = problems_of(tmp_path, text_of([A100]).encode("utf-16"))

    assert problems[0] == "line 1 is not UTF-8 text"


def test_problems_are_listed_up_to_a_bound(tmp_path: Path) -> None:
    """Who has made a mistake a million times learns of it fifty times."""
    problems = problems_of(tmp_path, text_of([]) + "a,b\n" * 1_000)

    assert len(problems) == 51
    assert problems[49] == "line 51 has 2 cells where the header has 13"
    assert problems[50] == "There may be more: reading stopped after 50 problems."


@pytest.mark.parametrize("content", ["", "\n", "\ufeff"])
def test_an_empty_file_is_refused(tmp_path: Path, content: str) -> None:
    """It has no header."""
    problems = problems_of(tmp_path, content)

    assert "empty" in problems[0] or "lacks the column provider" in problems[0]


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """It says which one."""
    with pytest.raises(InvalidFileError, match=r"There is no file .*missing\.csv"):
        read_price_file(tmp_path / "missing.csv", NOW)
    with pytest.raises(InvalidFileError, match="no plain file"):
        read_price_file(tmp_path, NOW)


def test_a_file_that_is_too_large_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is read as a table; one byte less is taken."""
    content = text_of([A100]).encode()
    monkeypatch.setattr(csv_file, "MOST_BYTES", len(content))

    assert len(read(tmp_path, content).claims) == 2
    assert "more than the" in problems_of(tmp_path, content + b"\n")[0]
    assert csv_file.MOST_BYTES < 64 << 20


def test_a_file_with_too_many_lines_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where they are empty."""
    monkeypatch.setattr(csv_table, "_MOST_LINES", 4)

    assert len(read(tmp_path, text_of([A100]) + "\n\n").claims) == 2
    assert problems_of(tmp_path, text_of([A100]) + "\n\n\n") == [
        "line 5 is one more than the 4 lines that are read"
    ]


CELLS = st.one_of(
    st.sampled_from(list(A100.values())),
    # A carriage return that nothing quotes breaks the table, not the cell: the test below.
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20),
    st.sampled_from(["=1+1", "\0", '"', "1e-7", "9" * 400, "\u0661", "2026-08-20"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries(dict.fromkeys(COLUMNS, CELLS)), max_size=4))
def test_whatever_stands_in_the_cells_is_read_or_refused(
    tmp_path: Path, rows: list[dict[str, str]]
) -> None:
    """Every row is a claim, a repeated one, or unreadable; nothing else is raised."""
    content = text_of(rows).encode()
    is_refused = any("\0" in cell for row in rows for cell in row.values())
    if is_refused:
        assert all(problem.startswith("line ") for problem in problems_of(tmp_path, content))
        return

    found = read(tmp_path, content)

    places = {claim.place for claim in found.claims}
    places |= {row.place.partition(",")[0] for row in found.unreadable}
    assert len(places) + found.skipped["repeated"] >= len(rows)


def test_a_line_that_is_broken_by_a_lone_carriage_return_is_named(tmp_path: Path) -> None:
    """Nothing of the file is taken: where its cells end is not certain."""
    content = text_of([A100, A100 | {"note": "one\rtwo"}]).encode()

    [problem] = problems_of(tmp_path, content)

    assert problem.startswith("line 3 is not CSV")
