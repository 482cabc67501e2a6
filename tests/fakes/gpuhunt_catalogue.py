"""gpuhunt's published catalogues on loopback: a version for each provider, and a table in a zip.

    with FakeGpuhuntCatalogue() as fake:
        fake.plant({"a2-highgpu-1g": "3.673477"}, provider="gcp", location="us-central1-a")
        fetcher = Fetcher(FeedAddress(fake.url, gpuhunt.OFFICIAL_URL), clock)

`plant` says what the rows are, those with traps beside them: the machine without GPUs, the TPU,
another vendor's accelerator, time that is booked ahead. Then the story goes on:

    fake.alter(lambda row: replace(row, price="..."))       # or None: the row is gone
    fake.scale("100"); fake.drop_share("0.3"); fake.drop_provider("gcp")
    fake.versions["gcp"] = "20260821-7"
    fake.tables["gcp"] = b"..."; fake.archives["gcp"] = b"..."   # these bytes instead
    fake.break_with("server_error", where="catalog.zip"); fake.heal()   # see `feed_server`

Providers have gpuhunt's names here. `write_folder` writes the same tables to a folder.
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

from tests.fakes.feed_server import Answer, FeedServer, Request

VERSION = "20260819-4711"
COLUMNS = (
    "instance_name",
    "location",
    "price",
    "cpu",
    "memory",
    "gpu_count",
    "gpu_name",
    "gpu_memory",
    "spot",
    "disk_size",
    "gpu_vendor",
    "flags",
    "cpu_arch",
    "provider_data",
)
_TARGET = re.compile(r"/(\w+)/(version|([^/]+)/catalog\.zip)")


@dataclass(frozen=True)
class CatalogueRow:
    """One row of a provider's table, each cell as it stands there; `cells` replaces others."""

    instance_name: str
    price: str
    provider: str = "gcp"
    location: str = "us-central1-a"
    gpu_name: str = "A100"
    gpu_count: str = "1"
    gpu_memory: str = "40.0"
    spot: str = "False"
    flags: str = ""
    cells: Mapping[str, str] = field(default_factory=dict)


def cells_of(row: CatalogueRow) -> list[str]:
    """Return the cells of a row."""
    said = {
        "instance_name": row.instance_name,
        "location": row.location,
        "price": row.price,
        "cpu": "12",
        "memory": "85.0",
        "gpu_count": row.gpu_count,
        "gpu_name": row.gpu_name,
        "gpu_memory": row.gpu_memory,
        "spot": row.spot,
        "disk_size": "",
        "gpu_vendor": "nvidia" if row.gpu_name else "",
        "flags": row.flags,
        "cpu_arch": "x86",
        "provider_data": "{}",
        **row.cells,
    }
    return [said[column] for column in COLUMNS]


def table_of(rows: Iterable[CatalogueRow], columns: Sequence[str] = COLUMNS) -> bytes:
    """Return a table as gpuhunt writes it, without a column that is not among these."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(columns)
    for row in rows:
        cells = dict(zip(COLUMNS, cells_of(row), strict=True))
        writer.writerow(cells[column] for column in columns)
    return out.getvalue().encode("utf-8", "surrogatepass")


def archive_of(members: Mapping[str, bytes]) -> bytes:
    """Return a zip of files by name."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packing:
        for name, content in members.items():
            packing.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def traps_beside(row: CatalogueRow) -> list[CatalogueRow]:
    """Return the rows that true tables have beside a machine with GPUs."""
    booked = {"provider_data": '{"is_dws_calendar_mode": true}'}
    return [
        replace(row, gpu_name="", gpu_count="0", gpu_memory="", price="0.04"),
        replace(row, gpu_name="v5litepod-1", cells={"gpu_vendor": "google"}, price="1.2"),
        replace(row, gpu_name="tpu-v3-8", price="8"),
        replace(row, gpu_name="Gaudi3", cells={"gpu_vendor": "intel"}, price="2.1"),
        replace(row, flags="gcp-dws-calendar-mode", price="2.2", cells=booked),
        replace(row, flags="of-a-later-day", price="0.3"),
    ]


@dataclass
class FakeGpuhuntCatalogue(FeedServer):
    """The catalogues of all providers."""

    rows: list[CatalogueRow] = field(default_factory=list)
    has_traps: bool = True
    versions: dict[str, str] = field(default_factory=dict)
    tables: dict[str, bytes] = field(default_factory=dict)
    archives: dict[str, bytes] = field(default_factory=dict)

    def plant(
        self,
        rows: Iterable[CatalogueRow] | Mapping[str, str],
        *,
        provider: str = "gcp",
        location: str = "us-central1-a",
    ) -> None:
        """Let the tables hold these rows and no others; or these machines of one provider."""
        if isinstance(rows, Mapping):
            rows = [CatalogueRow(name, price, provider, location) for name, price in rows.items()]
        self.rows = list(rows)

    def alter(self, change: Callable[[CatalogueRow], CatalogueRow | None]) -> None:
        """Put what `change` makes of it in the place of every row."""
        self.rows = [new for row in self.rows if (new := change(row)) is not None]

    def scale(self, times: str) -> None:
        """Multiply every price."""
        self.alter(lambda row: replace(row, price=f"{Decimal(row.price) * Decimal(times):f}"))

    def drop_share(self, share: str) -> None:
        """Let the last part of the rows be gone."""
        del self.rows[len(self.rows) - int(len(self.rows) * Decimal(share)) :]

    def drop_provider(self, provider: str) -> None:
        """Let a provider be gone."""
        self.alter(lambda row: None if row.provider == provider else row)

    def table(self, provider: str) -> bytes | None:
        """Return a provider's table; None where it has none."""
        if provider in self.tables:
            return self.tables[provider]
        ours = [row for row in self.rows if row.provider == provider]
        if not ours:
            return None
        traps = [trap for row in ours for trap in traps_beside(row)] if self.has_traps else []
        return table_of([*ours, *traps])

    def write_folder(self, folder: Path) -> None:
        """Write every table to a folder."""
        for provider in {row.provider for row in self.rows} | self.tables.keys():
            (folder / f"{provider}.csv").write_bytes(self.table(provider) or b"")

    def publish(self, request: Request) -> Answer:
        """Return a version or an archive, under the types that the store has for them."""
        found = _TARGET.fullmatch(request.path)
        table = self.table(found[1]) if found else None
        if found is None or table is None:
            return Answer(b"<Error><Code>AccessDenied</Code></Error>", 403, "application/xml")
        version = self.versions.get(found[1], VERSION)
        if found[2] == "version":
            return Answer(f"{version}\n".encode(), media_type="binary/octet-stream")
        if found[3] != version:
            return Answer(b"<Error><Code>NoSuchKey</Code></Error>", 404, "application/xml")
        archive = self.archives.get(found[1], archive_of({f"{found[1]}.csv": table}))
        return Answer(archive, media_type="application/zip")
