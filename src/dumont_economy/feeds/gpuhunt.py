"""gpuhunt catalogues: what its collectors found in one provider's price list, as a table in a zip.

They are the way to GCP, whose own catalogue has no prices of machines, and to rental clouds. A
catalogue is read from where gpuhunt publishes it, from a mirror of that, or from a folder.
"""

import re
import struct
import zlib
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from dumont_economy.errors import FeedError
from dumont_economy.feeds.fetch import Fetcher
from dumont_economy.feeds.gpuhunt_table import read_table
from dumont_economy.feeds.local_file import record_file
from dumont_economy.feeds.raw_payload import FeedDownload, PayloadRecorder
from dumont_economy.feeds.rows import shown
from dumont_economy.pricing.price_claim import FeedReading, FeedScope
from dumont_economy.pricing.rate import SourceKind

SOURCE = "gpuhunt catalogue"
OFFICIAL_URL = "https://dstack-gpu-pricing.s3.eu-west-1.amazonaws.com/v3"

# Our names of providers, and those of gpuhunt that differ.
PROVIDERS = ("aws", "azure", "cloudrift", "gcp", "lambda", "nebius", "oci", "runpod", "verda")
_NAMES_THERE = {"lambda": "lambdalabs"}

# They are objects in a store, which may not know what it holds; a mirror may say more.
_UNKNOWN_TYPES = frozenset({"application/octet-stream", "binary/octet-stream"})
_VERSION_TYPES = _UNKNOWN_TYPES | {"text/plain"}
_ARCHIVE_TYPES = _UNKNOWN_TYPES | {"application/zip", "application/x-zip-compressed"}

# The day on which it was made, and the number of the run that made it.
_VERSION = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})(?:-[0-9]{1,12})?\r?\n?", re.ASCII)
_MOST_TABLE_BYTES = 256 << 20
_CHUNK_BYTES = 1 << 18
# What the zip module says of archives that are none.
_BROKEN_ARCHIVE = (
    BadZipFile,
    EOFError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)


def read_catalogue(fetcher: Fetcher, provider: str) -> FeedDownload:
    """Return what a provider's newest published catalogue says, seen on the day it was made.

    A provider whose new catalogue cannot be read whole keeps the old one: nothing is mixed.

    Raises:
        FeedError: it could not be read whole, or is none.
    """
    there = _name_there(provider)
    version, made_on = _newest_version(fetcher, f"/{there}/version")
    link = f"/{there}/{version}/catalog.zip"
    archive, now = fetcher.page(link, _ARCHIVE_TYPES), fetcher.clock.now()
    reading = FeedReading(_scope(provider), now, fetcher.address.url(link))
    with (
        PayloadRecorder(reading.url, now) as recorder,
        TemporaryFile(prefix="dumont-economy-") as table,
    ):
        recorder.write(archive)
        most_bytes = min(fetcher.limits.file_bytes, _MOST_TABLE_BYTES)
        _unpack(archive, f"{there}.csv", table, most_bytes)
        table.seek(0)
        read_table(table, reading, made_on)
        return FeedDownload(reading, recorder.finish())


def read_catalogue_folder(folder: Path, provider: str, now: datetime) -> FeedDownload:
    """Return what a provider's catalogue in a folder says, seen on the day it is read.

    When the file was made is not known: its own date is that of a copy.

    Raises:
        FeedError: it could not be read whole, or is none.
    """
    path = folder / f"{_name_there(provider)}.csv"
    payload = record_file(path, now, _MOST_TABLE_BYTES)
    try:
        reading = FeedReading(_scope(provider), now, payload.url)
        read_table(payload.open(), reading, now.date())
    except BaseException:
        payload.close()
        raise
    return FeedDownload(reading, payload)


def _name_there(provider: str) -> str:
    if provider not in PROVIDERS:
        raise FeedError("unknown_provider", f"gpuhunt publishes no catalogue of {provider!r}.")
    return _NAMES_THERE.get(provider, provider)


def _scope(provider: str) -> FeedScope:
    return FeedScope(SourceKind.OTHER, SOURCE, provider, None)


def _newest_version(fetcher: Fetcher, link: str) -> tuple[str, date]:
    """Return the name of the newest catalogue, and the day on which it was made."""
    said = fetcher.page(link, _VERSION_TYPES).decode("ascii", "replace")
    match = _VERSION.fullmatch(said)
    if match is None:
        raise _unexpected(fetcher, link, f"{shown(said)} is no version")
    try:
        made_on = date(*(int(part) for part in match.groups()))
    except ValueError as error:
        raise _unexpected(fetcher, link, f"{shown(said)} has no date") from error
    if made_on > fetcher.clock.now().date():
        raise _unexpected(fetcher, link, f"{shown(said)} lies in the future")
    return said.rstrip("\r\n"), made_on


def _unexpected(fetcher: Fetcher, link: str, what: str) -> FeedError:
    return FeedError("unexpected_shape", f"{fetcher.address.url(link)}: {what}.")


def _unpack(archive: bytes, name: str, table: IO[bytes], most_bytes: int) -> None:
    """Write the one member of that name to a file, in small steps."""
    try:
        with (
            ZipFile(BytesIO(archive)) as unpacking,
            unpacking.open(_member(unpacking, name)) as member,
        ):
            size = 0
            while chunk := member.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > most_bytes:
                    reason = f"{name} unpacks to more than the {most_bytes} bytes that are read."
                    raise FeedError("too_large", reason)
                table.write(chunk)
    except _BROKEN_ARCHIVE as error:
        raise FeedError("bad_archive", f"The archive of {name} is broken: {error}") from error


def _member(unpacking: ZipFile, name: str) -> ZipInfo:
    members = [member for member in unpacking.infolist() if member.filename == name]
    if len(members) != 1:
        raise FeedError("unexpected_shape", f"The archive holds {len(members)} files {name}.")
    if members[0].compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise FeedError("bad_archive", f"{name} is packed in a way that is not read.")
    return members[0]
