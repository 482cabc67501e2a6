"""Catalogues of gpuhunt, over HTTP and from a folder: exact prices of GPU machines, or nothing."""

import hashlib
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from gpuhunt import Catalog, CatalogItem
from gpuhunt._internal.catalog import CATALOG_URL, OFFLINE_PROVIDERS
from gpuhunt._internal.storage import CATALOG_V2_FIELDS

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.errors import FeedError
from dumont_economy.feeds import gpuhunt, gpuhunt_table
from dumont_economy.feeds.gpuhunt import read_catalogue, read_catalogue_folder
from dumont_economy.pricing.price_claim import FeedReading, PriceClaim
from dumont_economy.pricing.rate import PricingModel, SourceKind
from tests.fakes.gpuhunt_catalogue import (
    COLUMNS,
    CatalogueRow,
    FakeGpuhuntCatalogue,
    archive_of,
    table_of,
    traps_beside,
)
from tests.integration.feeds.harness import (
    TODAY,
    codes_of,
    fetcher_of,
    open_temporary_files,
    prices_of,
)

T4 = CatalogueRow("n1-standard-4", "0.540", gpu_name="T4", gpu_memory="16.0")
TRUTH = [
    CatalogueRow("a2-highgpu-1g", "3.673477"),
    CatalogueRow("a2-highgpu-1g", "1.805", spot="True"),
    CatalogueRow("a3-highgpu-8g", "88.25", gpu_name="H100", gpu_count="8", gpu_memory="80.0"),
    T4,
]
SPOKEN = {
    ("a2-highgpu-1g", "on_demand"): "3.673477",
    ("a2-highgpu-1g", "spot"): "1.805",
    ("a3-highgpu-8g", "on_demand"): "88.25",
    ("n1-standard-4+1xnvidia-tesla-t4", "on_demand"): "0.54",
}


@pytest.fixture
def fake() -> Iterator[FakeGpuhuntCatalogue]:
    """Publish four prices with all their traps."""
    with FakeGpuhuntCatalogue() as fake:
        fake.plant(TRUTH)
        yield fake


def reading(fake: FakeGpuhuntCatalogue, provider: str = "gcp") -> FeedReading:
    """Return what is read of a provider."""
    with read_catalogue(fetcher_of(fake), provider) as download:
        return download.reading


def reading_of(
    fake: FakeGpuhuntCatalogue, *rows: CatalogueRow, provider: str = "gcp"
) -> FeedReading:
    """Return what is read where these rows are published, without traps."""
    fake.has_traps = False
    fake.plant(rows)
    return reading(fake, provider)


def refusal(fake: FakeGpuhuntCatalogue, provider: str = "gcp") -> str:
    """Return the code of the refusal; nothing is left open behind it."""
    before = open_temporary_files()
    with pytest.raises(FeedError) as refused:
        reading(fake, provider)
    assert open_temporary_files() == before
    return refused.value.code


def test_a_catalogue_says_the_price_of_every_machine_with_gpus(fake: FakeGpuhuntCatalogue) -> None:
    """Exactly as its text has it, among rows of other kinds."""
    found = reading(fake)

    assert prices_of(found) == SPOKEN
    assert len(found.claims) == len(SPOKEN)
    assert found.unreadable == []
    assert (found.scope.source, found.scope.provider) == ("gpuhunt catalogue", "gcp")
    assert found.scope.source_kind is SourceKind.OTHER
    assert found.scope.region is None


def test_what_is_passed_over_is_counted_by_its_reason(fake: FakeGpuhuntCatalogue) -> None:
    """Each of the rows beside the four that are ours."""
    found = reading(fake)

    assert found.skipped == {
        "no_gpu": 4,
        "tpu": 4 * 2,
        "other_accelerator": 4,
        "calendar_mode": 4,
        "unknown_flag": 4,
    }
    assert found.skipped.total() == sum(len(traps_beside(row)) for row in TRUTH)


@pytest.mark.parametrize(
    ("name", "unfiltered"),
    [
        ("_OTHER_VENDORS", {}),
        ("_OTHER_FLAGS", {"gcp-dws-calendar-mode": None}),
        ("_PLAIN_FLAGS", frozenset({"of-a-later-day"})),
    ],
)
def test_each_filter_is_needed(
    fake: FakeGpuhuntCatalogue, monkeypatch: pytest.MonkeyPatch, name: str, unfiltered: object
) -> None:
    """Without any one of them something else gets in, or in the way: the traps are there."""
    monkeypatch.setattr(gpuhunt_table, name, unfiltered)

    found = reading(fake)

    assert len(found.claims) + len(found.unreadable) > len(SPOKEN)


def test_a_claim_holds_what_the_row_says_and_where(fake: FakeGpuhuntCatalogue) -> None:
    """A snapshot of the day on which the catalogue was made, in dollars."""
    (claim,) = reading_of(fake, CatalogueRow("a2-highgpu-1g", "3.673477")).claims

    assert claim == PriceClaim(
        provider="gcp",
        region="us-central1",
        instance_type="a2-highgpu-1g",
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=Decimal("3.673477"),
        currency="USD",
        effective_from=None,
        seen_on=date(2026, 8, 19),
        source_url=f"{fake.url}/gcp/20260819-4711/catalog.zip",
        place="line 2",
        gpu_spelling="A100",
        gpu_count=Fraction(1),
        gpu_memory_gib=Decimal("40.0"),
        cpu_architecture="x86_64",
        vcpus=Fraction(12),
        memory_gib=Fraction(85),
    )


def test_the_payload_is_the_archive_as_published(fake: FakeGpuhuntCatalogue) -> None:
    """Its hash is that of the published object."""
    with read_catalogue(fetcher_of(fake), "gcp") as download:
        kept = download.payload.open().read()

    assert kept == archive_of({"gcp.csv": fake.table("gcp") or b""})
    assert download.payload.sha256 == hashlib.sha256(kept).hexdigest()
    assert download.payload.url == download.reading.url


def test_providers_are_those_that_gpuhunt_publishes() -> None:
    """Under our names; where it publishes them is where it looks itself."""
    there = [{"lambda": "lambdalabs"}.get(name, name) for name in gpuhunt.PROVIDERS]

    assert sorted(there) == sorted(OFFLINE_PROVIDERS)
    assert gpuhunt.OFFICIAL_URL == CATALOG_URL
    assert list(COLUMNS) == CATALOG_V2_FIELDS


def test_a_provider_has_our_name_in_the_claim_and_theirs_in_the_address(
    fake: FakeGpuhuntCatalogue,
) -> None:
    """Lambda is `lambdalabs` there."""
    row = CatalogueRow("gpu_1x_a10", "1.29", "lambdalabs", "us-west-1", "A10", gpu_memory="24.0")

    (claim,) = reading_of(fake, row, provider="lambda").claims

    assert (claim.provider, claim.instance_type) == ("lambda", "gpu_1x_a10")
    assert [request.path for request in fake.requests] == [
        "/lambdalabs/version",
        "/lambdalabs/20260819-4711/catalog.zip",
    ]


@pytest.mark.parametrize("provider", ["lambdalabs", "vast", "", "../gcp"])
def test_another_provider_has_no_catalogue(fake: FakeGpuhuntCatalogue, provider: str) -> None:
    """Nothing is asked for."""
    assert refusal(fake, provider) == "unknown_provider"
    assert fake.requests == []


# Instance types and regions.


def test_zones_with_one_price_are_one_claim_for_their_region(fake: FakeGpuhuntCatalogue) -> None:
    """Another region with the same price is another claim."""
    zones = ("us-central1-a", "us-central1-f", "us-central1-ai1a", "europe-west4-b")

    found = reading_of(fake, *(replace(T4, location=zone) for zone in zones))

    assert [claim.region for claim in found.claims] == ["us-central1", "europe-west4"]
    assert found.skipped == {"repeated": 2}


def test_zones_that_differ_stay_apart(fake: FakeGpuhuntCatalogue) -> None:
    """Which of them is right is for the guard to say."""
    found = reading_of(fake, T4, replace(T4, location="us-central1-b", price="0.55"))

    prices = [str(claim.price_per_instance_hour) for claim in found.claims]
    assert prices == ["0.54", "0.55"]
    assert {claim.region for claim in found.claims} == {"us-central1"}


@pytest.mark.parametrize(
    "location", ["us-central1", "", "us-central1-", "US-CENTRAL1-A", "a-b1-c\n"]
)
def test_a_location_of_gcp_that_is_no_zone_is_unreadable(
    fake: FakeGpuhuntCatalogue, location: str
) -> None:
    """A region is not guessed at."""
    found = reading_of(fake, replace(T4, location=location))

    assert codes_of(found) == ["unreadable_region"]


@pytest.mark.parametrize(
    ("row", "provider", "instance_type"),
    [
        (T4, "gcp", "n1-standard-4+1xnvidia-tesla-t4"),
        (
            replace(T4, instance_name="n1-standard-64", gpu_name="V100", gpu_count="8"),
            "gcp",
            "n1-standard-64+8xnvidia-tesla-v100",
        ),
        (CatalogueRow("p5.48xlarge", "55.04", "aws", "us-east-1", "H100"), "aws", "p5.48xlarge"),
        (
            CatalogueRow("Standard_NC4as_T4_v3", "0.526", "azure", "eastus", "T4"),
            "azure",
            "Standard_NC4as_T4_v3",
        ),
        (
            CatalogueRow("NVIDIA A100 80GB PCIe", "6.76", "runpod", "EU-RO-1", gpu_count="4"),
            "runpod",
            "4x NVIDIA A100 80GB PCIe",
        ),
        (
            CatalogueRow("gpu-h100-sxm 8gpu-128vcpu-1600gb", "23.6", "nebius", "eu-north1", "H100"),
            "nebius",
            "gpu-h100-sxm 8gpu-128vcpu-1600gb",
        ),
        (CatalogueRow("1A100.22V", "1.29", "verda", "FIN-01"), "verda", "1A100.22V"),
        (
            CatalogueRow("BM.GPU.H100.8", "80", "oci", "us-ashburn-1", "H100", "8"),
            "oci",
            "BM.GPU.H100.8",
        ),
    ],
)
def test_instance_types_are_spelled_as_in_the_book(
    fake: FakeGpuhuntCatalogue, row: CatalogueRow, provider: str, instance_type: str
) -> None:
    """What is attached is part of the name, and so is the number of GPUs of a pod."""
    (claim,) = reading_of(fake, row, provider=provider).claims

    assert claim.instance_type == instance_type
    if "+" in instance_type:
        assert instance_type in {sku["instance_type"] for sku in shipped_rows("skus.csv")}


def test_a_gpu_that_cannot_be_named_as_attached_is_passed_over(fake: FakeGpuhuntCatalogue) -> None:
    """A name would be a guess."""
    found = reading_of(fake, replace(T4, gpu_name="T1000"))

    assert (found.claims, found.skipped) == ([], {"unknown_accelerator": 1})


@pytest.mark.parametrize(
    ("location", "is_region"),
    [
        ("us-east-1", True),
        ("us-gov-west-1", True),
        ("ap-southeast-5", True),
        ("us-west-2-lax-1", False),
        ("us-east-1-wl1", False),
    ],
)
def test_local_zones_of_aws_are_passed_over(
    fake: FakeGpuhuntCatalogue,
    location: str,
    is_region: bool,  # noqa: FBT001
) -> None:
    """They have prices of their own, and are no regions."""
    row = CatalogueRow("g4dn.xlarge", "0.526", "aws", location, "T4", gpu_memory="16.0")

    found = reading_of(fake, row, provider="aws")

    assert [claim.region for claim in found.claims] == ([location] if is_region else [])
    assert found.skipped == ({} if is_region else {"local_zone": 1})


@pytest.mark.parametrize(
    ("name", "gpu_name", "memory", "count", "whole"),
    [
        ("g4-standard-6", "RTXPRO6000", "12.0", "0.125", "96"),
        ("g4-standard-24", "RTXPRO6000", "48.0", "0.5", "96"),
        ("g4-standard-48", "RTXPRO6000", "96.0", "1", "96.0"),
        ("Standard_NV6ads_A10_v5", "A10", "4.0", "0.1667", "24"),
        ("Standard_NV36ads_A10_v5", "A10", "24.0", "1", "24.0"),
    ],
)
def test_a_slice_is_counted_as_the_part_that_it_is(
    fake: FakeGpuhuntCatalogue,
    name: str,
    gpu_name: str,
    memory: str,
    count: str,
    whole: str,
) -> None:
    """One GPU with less memory is written there; the shipped book writes a part of one."""
    provider, location = (
        ("azure", "eastus") if name.startswith("Standard") else ("gcp", "us-central1-a")
    )
    row = CatalogueRow(name, "0.5", provider, location, gpu_name, gpu_memory=memory)

    (claim,) = reading_of(fake, row, provider=provider).claims

    (sku,) = (one for one in shipped_rows("skus.csv") if one["instance_type"] == name)
    assert claim.gpu_count == Fraction(count) == Fraction(sku["gpu_count"])
    assert claim.gpu_memory_gib == Decimal(whole)


@pytest.mark.parametrize(
    ("provider", "name", "gpu_name", "spelling"),
    [
        ("runpod", "NVIDIA H100 80GB HBM3", "H100", "NVIDIA H100 80GB HBM3"),
        ("lambda", "gpu_8x_h100_sxm5", "H100", "H100 sxm5"),
        ("lambda", "gpu_1x_h100_pcie", "H100", "H100 pcie"),
        ("lambda", "gpu_1x_a10", "A10", "A10"),
        ("nebius", "gpu-h100-sxm 8gpu-128vcpu-1600gb", "H100", "H100 sxm"),
        ("nebius", "gpu-b200-sxm-a 8gpu-160vcpu-1792gb", "B200", "B200 sxm"),
        ("verda", "1H100.80S.30V", "H100", "H100"),
    ],
)
def test_the_form_of_a_gpu_is_taken_from_where_it_is_said(
    fake: FakeGpuhuntCatalogue, provider: str, name: str, gpu_name: str, spelling: str
) -> None:
    """An H100 alone may be the card or the module, which cost differently."""
    there = "lambdalabs" if provider == "lambda" else provider
    row = CatalogueRow(name, "2.5", there, "us-west-1", gpu_name, gpu_memory="80.0")

    (claim,) = reading_of(fake, row, provider=provider).claims

    assert claim.gpu_spelling == spelling


def test_rows_under_a_second_flag_are_not_twice_there(fake: FakeGpuhuntCatalogue) -> None:
    """The family G4 is written once for each generation of readers."""
    row = CatalogueRow("g4-standard-48", "4.5", gpu_name="RTXPRO6000", gpu_memory="96.0")

    found = reading_of(fake, replace(row, flags="gcp-g4"), replace(row, flags="gcp-g4-preview"))

    assert (len(found.claims), found.skipped) == (1, {"repeated": 1})


def test_time_that_is_booked_ahead_is_known_without_its_flag(fake: FakeGpuhuntCatalogue) -> None:
    """Its own member says so too."""
    booked = {"provider_data": '{"is_dws_calendar_mode": true}'}
    plain = {"provider_data": '{"is_dws_calendar_mode": false}'}

    found = reading_of(fake, replace(T4, cells=booked), replace(T4, cells=plain, price="0.6"))

    assert [str(claim.price_per_instance_hour) for claim in found.claims] == ["0.6"]
    assert found.skipped == {"calendar_mode": 1}


def test_a_cluster_is_not_a_machine(fake: FakeGpuhuntCatalogue) -> None:
    """It is only rented with others."""
    row = CatalogueRow("NVIDIA B200", "50", "runpod", "US-CA-2", "B200", "8", "180", "False")

    found = reading_of(fake, replace(row, flags="runpod-cluster"), provider="runpod")

    assert (found.claims, found.skipped) == ([], {"cluster": 1})


@pytest.mark.parametrize(
    ("cells", "field", "value"),
    [
        ({"cpu_arch": "arm"}, "cpu_architecture", "arm64"),
        ({"cpu_arch": ""}, "cpu_architecture", None),
        ({"cpu": "NA"}, "vcpus", None),
        ({"memory": "22.35"}, "memory_gib", Fraction("22.35")),
        ({"gpu_memory": ""}, "gpu_memory_gib", None),
        ({"gpu_memory": "22.3515625"}, "gpu_memory_gib", Decimal("22.3515625")),
        ({"gpu_vendor": "amd"}, "gpu_spelling", "T4"),
        ({"gpu_vendor": ""}, "gpu_spelling", "T4"),
        ({"spot": "TRUE"}, "pricing_model", PricingModel.SPOT),
        ({"provider_data": ""}, "gpu_count", Fraction(1)),
        ({"flags": "gcp-a4"}, "gpu_count", Fraction(1)),
    ],
)
def test_what_describes_a_machine_comes_along(
    fake: FakeGpuhuntCatalogue, cells: dict[str, str], field: str, value: object
) -> None:
    """As far as the row says it."""
    (claim,) = reading_of(fake, replace(T4, cells=cells)).claims

    assert getattr(claim, field) == value


def test_memory_in_gb_is_not_taken_for_gib(fake: FakeGpuhuntCatalogue) -> None:
    """That of Lambda is written in GB, that of GCP in GiB."""
    row = CatalogueRow("gpu_1x_a10", "1.29", "lambdalabs", "us-west-1", "A10", gpu_memory="24.0")

    (claim,) = reading_of(fake, row, provider="lambda").claims

    assert claim.memory_gib is None


# Prices.


@pytest.mark.parametrize(
    ("said", "price"),
    [
        ("0.30000000000000004", "0.3"),
        ("2.0699999999999998", "2.07"),
        ("98.32000000000001", "98.32"),
        ("1e-05", "0.00001"),
        ("12", "12"),
        ("0.1234567890120000", "0.123456789012"),
    ],
)
def test_the_noise_of_binary_floats_is_taken_off_a_price(
    fake: FakeGpuhuntCatalogue, said: str, price: str
) -> None:
    """It stands beyond the decimals that rates have, and in no shorter number."""
    (claim,) = reading_of(fake, replace(T4, price=said)).claims

    assert claim.price_per_instance_hour == Decimal(price)


def test_a_price_with_more_decimals_than_are_kept_is_unreadable(fake: FakeGpuhuntCatalogue) -> None:
    """Thirteen decimals without noise are meant."""
    assert codes_of(reading_of(fake, replace(T4, price="0.1234567890123"))) == ["too_precise"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"price": "=1+1"}, "not_a_price"),
        ({"price": "1\0"}, "not_a_price"),
        ({"price": "\u0660.\u0665"}, "not_a_price"),
        ({"price": "9" * 400}, "not_a_price"),
        ({"price": "0." + "3" * 400}, "not_a_price"),
        ({"price": "NaN"}, "not_a_price"),
        ({"price": "1,5"}, "not_a_price"),
        ({"price": ""}, "not_a_price"),
        ({"price": "1e999"}, "not_a_price"),
        ({"instance_name": "=cmd|' /C calc'!A0"}, "unreadable_instance_type"),
        ({"instance_name": "n1\0"}, "unreadable_instance_type"),
        ({"instance_name": ""}, "unreadable_instance_type"),
        ({"instance_name": "a" * 100}, "unreadable_instance_type"),
        ({"location": "@SUM(A1)"}, "unreadable_region"),
        ({"gpu_name": "<script>"}, "unreadable_gpu_name"),
        ({"gpu_name": ""}, "unreadable_gpu_name"),
        ({"gpu_count": "8.0"}, "unreadable_gpu_count"),
        ({"gpu_count": "-1"}, "unreadable_gpu_count"),
        ({"gpu_count": "\u0668"}, "unreadable_gpu_count"),
        ({"gpu_count": "9" * 400}, "unreadable_gpu_count"),
        ({"gpu_count": ""}, "unreadable_gpu_count"),
        ({"gpu_memory": "much"}, "unreadable_gpu_memory"),
        ({"gpu_memory": "1e9"}, "unreadable_gpu_memory"),
        ({"gpu_vendor": "acme"}, "unreadable_gpu_vendor"),
        ({"spot": "maybe"}, "unreadable_spot"),
        ({"spot": ""}, "unreadable_spot"),
        ({"cpu_arch": "z80"}, "unreadable_cpu_arch"),
        ({"provider_data": "{"}, "unreadable_provider_data"),
        ({"provider_data": "[]"}, "unreadable_provider_data"),
        ({"provider_data": '{"a":' * 40 + "1" + "}" * 40}, "unreadable_provider_data"),
    ],
)
def test_a_row_that_cannot_be_read_is_noted_with_its_line(
    fake: FakeGpuhuntCatalogue, cells: dict[str, str], code: str
) -> None:
    """It costs no other row anything, and says so in plain characters."""
    row = CatalogueRow("a2-highgpu-1g", "3.67")

    found = reading_of(fake, row, replace(row, cells=cells))

    (unreadable,) = found.unreadable
    assert (unreadable.place, unreadable.code) == ("line 3", code)
    assert unreadable.message.isascii()
    assert unreadable.message.isprintable()
    assert len(found.claims) == 1


def test_a_zero_or_negative_price_is_passed_on(fake: FakeGpuhuntCatalogue) -> None:
    """A feed judges nothing: the guard refuses it, and says so."""
    found = reading_of(fake, replace(T4, price="0.0"), replace(T4, price="-1"))

    assert [str(claim.price_per_instance_hour) for claim in found.claims] == ["0", "-1"]


def test_a_cell_with_a_line_break_does_not_shift_the_lines(fake: FakeGpuhuntCatalogue) -> None:
    """A row is found at the line on which it begins."""
    broken = CatalogueRow("a2-highgpu-1g", "3.67", gpu_name="A\nB")

    found = reading_of(fake, T4, broken, replace(T4, location="us-east1-b"))

    assert [claim.place for claim in found.claims] == ["line 2", "line 5"]
    assert [row.place for row in found.unreadable] == ["line 3"]


# Bad mirrors.


@pytest.mark.parametrize(
    "version",
    [
        "../../x",
        "20260819/../../aws/20260819",
        "20260819-1\n20260819-2",
        "\n20260819-1",
        "20260819-1 ",
        "20260230-1",
        "20260821-1",
        "latest",
        "2026-08-19",
        "\u0662\u0660\u0662\u0666\u0660\u0668\u0661\u0669",
        "20260819-" + "1" * 40,
        "x" * (1 << 17),
        "https://evil.example/20260819-1",
        "20260819-1\0",
    ],
)
def test_a_version_that_is_none_is_not_followed(fake: FakeGpuhuntCatalogue, version: str) -> None:
    """A day that has been, and the number of a run; no address is made of anything else."""
    fake.versions["gcp"] = version

    assert refusal(fake) == "unexpected_shape"
    assert [request.path for request in fake.requests] == ["/gcp/version"]


@pytest.mark.parametrize(
    ("version", "day"),
    [
        ("20260820-1", TODAY.date()),
        ("20260820", TODAY.date()),
        ("20240508", date(2024, 5, 8)),
        ("20260819-9\r", date(2026, 8, 19)),
    ],
)
def test_a_version_says_when_the_prices_were_seen(
    fake: FakeGpuhuntCatalogue, version: str, day: date
) -> None:
    """Today is allowed, tomorrow is not; a mirror may be old."""
    fake.versions["gcp"] = version
    if version.endswith("\r"):
        fake.break_with("body", where="version", body=f"{version}\n".encode())
        fake.versions["gcp"] = version.strip()

    assert {claim.seen_on for claim in reading(fake).claims} == {day}


def test_a_version_of_a_megabyte_is_too_large(fake: FakeGpuhuntCatalogue) -> None:
    """It is abandoned as any page of that size."""
    fake.versions["gcp"] = "1" * (1 << 20)

    assert refusal(fake) == "too_large"


def cut(archive: bytes) -> bytes:
    """Return the first half."""
    return archive[: len(archive) // 2]


def damaged(archive: bytes) -> bytes:
    """Return it with one byte of the packed table changed."""
    return archive[:60] + bytes([archive[60] ^ 0xFF]) + archive[61:]


def encrypted(archive: bytes) -> bytes:
    """Return it with its member said to be encrypted."""
    at = archive.rindex(b"PK\x01\x02") + 8
    return b"\x01".join((archive[:6], archive[7:at], archive[at + 1 :]))


def another_file(_: bytes) -> bytes:
    """Return what is no archive at all."""
    return b"instance_name,location,price"


def another_packing(_: bytes) -> bytes:
    """Return an archive whose member is packed as bzip2."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as packing:
        packing.writestr("gcp.csv", table_of(TRUTH))
    return out.getvalue()


@pytest.mark.parametrize(
    "spoil",
    [cut, damaged, encrypted, another_packing, another_file],
)
def test_an_archive_that_is_broken_is_refused(
    fake: FakeGpuhuntCatalogue, spoil: Callable[[bytes], bytes]
) -> None:
    """Also where some of its rows could still be read."""
    fake.archives["gcp"] = spoil(archive_of({"gcp.csv": table_of(TRUTH)}))

    assert refusal(fake) == "bad_archive"


@pytest.mark.parametrize(
    "members", [{}, {"aws.csv": table_of(TRUTH)}, {"../gcp.csv": b""}, {"GCP.CSV": b""}]
)
def test_an_archive_without_the_table_is_refused(
    fake: FakeGpuhuntCatalogue, members: dict[str, bytes]
) -> None:
    """The name is the whole name."""
    fake.archives["gcp"] = archive_of(members)

    assert refusal(fake) == "unexpected_shape"


def test_an_archive_with_two_tables_of_one_name_is_refused(fake: FakeGpuhuntCatalogue) -> None:
    """Which of them is meant is not said."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packing:
        packing.writestr("gcp.csv", table_of(TRUTH))
        with pytest.warns(UserWarning, match="Duplicate"):
            packing.writestr("gcp.csv", table_of([T4]))
    fake.archives["gcp"] = out.getvalue()

    assert refusal(fake) == "unexpected_shape"


def test_other_files_in_an_archive_do_no_harm(fake: FakeGpuhuntCatalogue) -> None:
    """Nothing is written to where they say."""
    members = {"../../etc/passwd": b"x", "version": b"20260819\n", "gcp.csv": table_of(TRUTH)}
    fake.archives["gcp"] = archive_of(members)

    assert prices_of(reading(fake)) == SPOKEN


def test_a_bomb_is_refused_before_it_is_unpacked_whole(fake: FakeGpuhuntCatalogue) -> None:
    """A hundred kilobytes that unpack to a hundred megabytes."""
    fake.archives["gcp"] = archive_of({"gcp.csv": table_of(TRUTH) + b"\n" * (100 << 20)})

    assert len(fake.archives["gcp"]) < 200_000
    assert refusal(fake) == "too_large"


def test_an_archive_that_says_less_of_its_size_than_is_true_is_refused(
    fake: FakeGpuhuntCatalogue,
) -> None:
    """Its checksum is that of the whole."""
    table = table_of(TRUTH)
    archive = archive_of({"gcp.csv": table})
    fake.archives["gcp"] = archive.replace(
        len(table).to_bytes(4, "little"), (100).to_bytes(4, "little")
    )

    assert fake.archives["gcp"] != archive
    assert refusal(fake) == "bad_archive"


@pytest.mark.parametrize(
    ("kind", "options", "code"),
    [
        ("html", {}, "wrong_content_type"),
        ("html_as_json", {}, "wrong_content_type"),
        ("redirect", {"to": "https://evil.example/"}, "redirected"),
        ("empty", {}, "empty_body"),
        ("short_body", {}, "truncated"),
        ("server_error", {}, "server_error"),
        ("status", {"status": 404}, "not_found"),
        ("status", {"status": 403}, "unexpected_status"),
        ("rate_limited", {"retry_after": "60"}, "rate_limited"),
        ("too_large", {}, "too_large"),
        ("connection_lost", {}, "bad_answer"),
    ],
)
@pytest.mark.parametrize("where", ["/version", "catalog.zip"])
def test_an_answer_that_is_none_is_refused(
    fake: FakeGpuhuntCatalogue, kind: str, options: dict[str, Any], code: str, where: str
) -> None:
    """Of the version, or of the catalogue that it names."""
    fake.break_with(kind, where=where, **options)

    assert refusal(fake) == code


def test_a_mirror_that_heals_is_read_again(fake: FakeGpuhuntCatalogue) -> None:
    """The next refresh finds it as it is."""
    fake.break_with("short_body")
    refusal(fake)

    fake.heal()

    assert prices_of(reading(fake)) == SPOKEN


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (table_of(TRUTH, [name for name in COLUMNS if name != "price"]), "lacks the column price"),
        (table_of(TRUTH, [name for name in COLUMNS if name != "flags"]), "lacks the column flags"),
        (b"price" + table_of(TRUTH), "lacks the column instance_name"),
        (table_of(TRUTH, [*COLUMNS, "price"]), "names the column 'price' twice"),
        (b"\n", "lacks the column instance_name"),
        (table_of(TRUTH) + b"\xff\n", "line 6 is not UTF-8 text"),
        (table_of(TRUTH) + b'"', "is not CSV"),
        (table_of(TRUTH) + b'a"b,"c"d\n', "is not CSV"),
        (table_of(TRUTH) + b"a,b\n", "line 6 has 2 cells where the header has 14"),
        (table_of(TRUTH) + b"x" * 70_000, "is longer than 65536 bytes"),
        (table_of(TRUTH).decode().encode("utf-16"), "is not UTF-8 text"),
    ],
)
def test_a_table_of_another_shape_is_refused(
    fake: FakeGpuhuntCatalogue, table: bytes, reason: str
) -> None:
    """As a whole: what its other rows mean is not known."""
    fake.tables["gcp"] = table

    with pytest.raises(FeedError, match=reason) as refused:
        reading(fake)

    assert refused.value.code == "unexpected_shape"


def test_columns_of_a_later_day_and_another_order_do_no_harm(fake: FakeGpuhuntCatalogue) -> None:
    """Columns are found by their names."""
    lines = table_of(TRUTH, COLUMNS[::-1]).decode().splitlines()
    fake.tables["gcp"] = "\r\n".join(f"{n},{line}" for n, line in enumerate(lines)).encode()

    assert prices_of(reading(fake)) == SPOKEN


# A folder.


def test_a_folder_says_what_the_mirror_says(fake: FakeGpuhuntCatalogue, tmp_path: Path) -> None:
    """Seen on the day on which it is read: nothing tells when it was made."""
    fake.write_folder(tmp_path)

    with read_catalogue_folder(tmp_path, "gcp", TODAY) as download:
        found, kept = download.reading, download.payload.open().read()

    assert prices_of(found) == SPOKEN
    assert {claim.seen_on for claim in found.claims} == {TODAY.date()}
    assert {claim.source_url for claim in found.claims} == {None}
    assert found.url == download.payload.url == (tmp_path / "gcp.csv").as_uri()
    assert found.scope == reading(fake).scope
    assert kept == (tmp_path / "gcp.csv").read_bytes()


@pytest.mark.parametrize(
    ("content", "code"),
    [(None, "not_found"), (b"", "empty_body"), (b"<html>", "unexpected_shape")],
)
def test_a_folder_without_the_table_is_refused(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    """And nothing is left open."""
    if content is not None:
        (tmp_path / "gcp.csv").write_bytes(content)
    before = open_temporary_files()

    with pytest.raises(FeedError) as refused:
        read_catalogue_folder(tmp_path, "gcp", TODAY)

    assert refused.value.code == code
    assert open_temporary_files() == before


def test_a_folder_where_a_file_must_be_is_refused(tmp_path: Path) -> None:
    """It says what is wrong with it."""
    (tmp_path / "gcp.csv").mkdir()

    with pytest.raises(FeedError, match="is no plain file") as refused:
        read_catalogue_folder(tmp_path, "gcp", TODAY)

    assert refused.value.code == "unreadable_file"


# gpuhunt itself.

MACHINES = {
    "aws": ["p5.48xlarge", "g6.xlarge", "g4dn.12xlarge"],
    "azure": ["Standard_NC24ads_A100_v4", "Standard_ND96isr_H100_v5"],
    "gcp": ["a2-highgpu-1g", "a3-highgpu-8g", "n1-standard-8", "g2-standard-4"],
    "lambdalabs": ["gpu_1x_a10", "gpu_8x_h100_sxm5"],
    "nebius": ["gpu-h100-sxm 8gpu-128vcpu-1600gb"],
    "oci": ["BM.GPU.H100.8", "VM.GPU.A10.1"],
    "runpod": ["NVIDIA A100 80GB PCIe", "NVIDIA GeForce RTX 4090"],
    "verda": ["1A100.22V", "8H100.80S.176V"],
    "cloudrift": ["rtx49-8c-nr.1"],
}
LOCATIONS = {
    "gcp": ["us-central1-a", "us-central1-b", "europe-west4-a", "asia-south1-c"],
    "aws": ["us-east-1", "eu-central-1", "us-gov-west-1"],
}


def generated_rows() -> list[CatalogueRow]:
    """Return a few hundred rows of all providers, no two of one machine at one place."""
    chance, rows = random.Random(3), {}
    for _ in range(900):
        provider = chance.choice(list(MACHINES))
        row = CatalogueRow(
            instance_name=chance.choice(MACHINES[provider]),
            price=f"{chance.random() * 10 ** chance.randint(-2, 2):.{chance.randint(1, 10)}f}",
            provider=provider,
            location=chance.choice(LOCATIONS.get(provider, ["eastus", "us-ashburn-1", "EU-RO-1"])),
            gpu_name=chance.choice(["T4", "V100", "P100"]),
            gpu_count=str(chance.choice([1, 2, 4, 8])),
            gpu_memory=chance.choice(["16.0", "15.0", ""]),
            spot=chance.choice(["True", "False"]),
        )
        rows[
            row.provider, row.instance_name, row.location, row.gpu_name, row.gpu_count, row.spot
        ] = row
    return list(rows.values())


def as_ours(item: CatalogItem) -> tuple[object, ...]:
    """Return what gpuhunt read, in our words; its price is a float."""
    provider, name, region = item.provider, item.instance_name, item.location
    if provider == "gcp":
        region = region.rsplit("-", 1)[0]
        if name.startswith("n1-"):
            name = f"{name}+{item.gpu_count}x" + f"nvidia-tesla-{item.gpu_name}".lower()
    gpu_name = item.gpu_name
    if provider == "runpod":
        name, gpu_name = f"{item.gpu_count}x {name}", name
    if "sxm" in name:
        gpu_name = f"{gpu_name} " + ("sxm5" if "sxm5" in name else "sxm")
    return (
        "lambda" if provider == "lambdalabs" else provider,
        region,
        name,
        "spot" if item.spot else "on_demand",
        item.price,
        gpu_name,
        item.gpu_count,
        item.gpu_memory,
        {"x86": "x86_64", "arm": "arm64"}[item.cpu_arch.value],
        item.cpu,
    )


def as_theirs(claim: PriceClaim) -> tuple[object, ...]:
    """Return what we read, as it is compared; only here is a price a float."""
    memory = claim.gpu_memory_gib
    return (
        claim.provider,
        claim.region,
        claim.instance_type,
        claim.pricing_model.value,
        float(str(claim.price_per_instance_hour)),
        claim.gpu_spelling,
        claim.gpu_count,
        None if memory is None else float(memory),
        claim.cpu_architecture,
        claim.vcpus,
    )


@pytest.fixture
def generated(fake: FakeGpuhuntCatalogue, monkeypatch: pytest.MonkeyPatch) -> FakeGpuhuntCatalogue:
    """Publish generated rows, and let gpuhunt look there."""
    fake.has_traps = False
    fake.plant(generated_rows())
    monkeypatch.setenv("GPUHUNT_CATALOG_URL", fake.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    return fake


def ours_of_mirror(fake: FakeGpuhuntCatalogue) -> list[PriceClaim]:
    """Return all claims of all providers."""
    return [claim for provider in gpuhunt.PROVIDERS for claim in reading(fake, provider).claims]


def test_gpuhunt_itself_reads_the_mirror_and_agrees_row_by_row(
    generated: FakeGpuhuntCatalogue,
) -> None:
    """Zones that agree are one of ours; everything else is the same, in the same order."""
    catalogue = Catalog(auto_reload=False)
    catalogue.load()
    items = [item for there in catalogue.catalog.values() for item in there.items]

    claims = ours_of_mirror(generated)

    assert len(items) == len(generated.rows) > 300
    assert {there.version for there in catalogue.catalog.values()} == {"20260819-4711"}
    assert set(map(as_theirs, claims)) == set(map(as_ours, items))
    assert len(claims) == len(set(map(as_ours, items)))


def test_our_prices_are_the_text_of_the_table(generated: FakeGpuhuntCatalogue) -> None:
    """To the last digit, where a float would have others."""
    planted = {(row.provider, index): row for index, row in enumerate(generated.rows)}
    texts = sorted(Decimal(row.price) for row in planted.values())

    prices = sorted(claim.price_per_instance_hour for claim in ours_of_mirror(generated))

    assert prices == texts


# Of the two of us it is gpuhunt that leaves them open.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
def test_gpuhunt_reads_the_folder_too(
    generated: FakeGpuhuntCatalogue, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same rows as ours, and without the mirror."""
    generated.write_folder(tmp_path)
    monkeypatch.setenv("GPUHUNT_CATALOG_DIR", str(tmp_path))
    monkeypatch.delenv("GPUHUNT_CATALOG_URL")

    items = Catalog(auto_reload=False).query(provider=OFFLINE_PROVIDERS)
    claims: list[PriceClaim] = []
    for provider in gpuhunt.PROVIDERS:
        with read_catalogue_folder(tmp_path, provider, TODAY) as download:
            claims += download.reading.claims

    assert len(items) == len(generated.rows)
    assert set(map(as_theirs, claims)) == set(map(as_ours, items))
    assert generated.requests == []


def test_a_single_digit_would_be_noticed(generated: FakeGpuhuntCatalogue) -> None:
    """The comparison can fail: one price is altered between the two readings."""
    catalogue = Catalog(auto_reload=False)
    catalogue.load()
    items = [item for there in catalogue.catalog.values() for item in there.items]
    first = generated.rows[0]
    generated.rows[0] = replace(first, price=f"{first.price}1")

    claims = ours_of_mirror(generated)

    assert len(set(map(as_theirs, claims)) ^ set(map(as_ours, items))) == 2
