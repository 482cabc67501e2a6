"""Imports usage events from a file: JSON lines or CSV, in batches, all errors with their lines."""

import csv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from dumont_economy.clock import Clock
from dumont_economy.errors import InvalidFileError
from dumont_economy.metering.event_input import EVENT_FIELDS, decode_csv_row
from dumont_economy.services.record_usage import EventStatus, record_usage
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.database import Database
from dumont_economy.strict_json import StrictJsonError, decode

_BATCH = 1_000
_CSV_REQUIRED = ("id", "source", "type", "instance", "time")
_MAX_LINE = 65_536


@dataclass
class ImportReport:
    """What became of a file's events; `problems` name their lines."""

    accepted: int = 0
    duplicate: int = 0
    conflict: int = 0
    rejected: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Say whether every event was taken, now or before."""
        return not (self.conflict or self.rejected)


@dataclass(frozen=True, slots=True)
class _Line:
    """One event of the file, or why its line holds none."""

    number: int
    raw: object
    problem: str | None = None


def import_usage(
    database: Database,
    clock: Clock,
    account: Account,
    path: Path,
    *,
    on_progress: Callable[[int], None] = lambda _bytes: None,
) -> ImportReport:
    """Record a file's events; each batch is stored before the next is read.

    Args:
        database: Where the ledger lies.
        clock: Says when the events are received.
        account: Whose ledger it is.
        path: A file ending in .csv, or one of JSON lines.
        on_progress: Is called with the number of bytes read so far.

    Raises:
        InvalidFileError: the file cannot be opened, or its CSV header is not one of events.
    """
    report = ImportReport()
    try:
        binary = path.open("rb")
    except OSError as error:
        raise InvalidFileError([f"{path} cannot be read: {error.strerror}."]) from error
    # What is no UTF-8 is kept as it is, so that its line can be named when it is refused.
    with binary, TextIOWrapper(binary, "utf-8-sig", "surrogateescape", newline="") as file:
        lines = _csv_lines(file, path) if path.suffix.lower() == ".csv" else _json_lines(file)
        batch: list[_Line] = []
        for line in lines:
            if line.problem is not None:
                report.rejected += 1
                report.problems.append(f"line {line.number}: {line.problem}")
                continue
            batch.append(line)
            if len(batch) == _BATCH:
                _record(database, clock, account, batch, path.name, report)
                batch = []
                on_progress(binary.tell())
        _record(database, clock, account, batch, path.name, report)
        on_progress(binary.tell())
    report.problems.sort(key=_line_number)
    return report


def _line_number(problem: str) -> int:
    return int(problem.removeprefix("line ").partition(":")[0])


def _record(
    database: Database,
    clock: Clock,
    account: Account,
    batch: list[_Line],
    file_name: str,
    report: ImportReport,
) -> None:
    if not batch:
        return
    results = record_usage(
        database,
        clock,
        account,
        [line.raw for line in batch],
        reporter=f"file {file_name}".encode("utf-8", "replace").decode()[:255],
        may_backfill=True,
    )
    for line, result in zip(batch, results, strict=True):
        match result.status:
            case EventStatus.ACCEPTED:
                report.accepted += 1
            case EventStatus.DUPLICATE:
                report.duplicate += 1
            case EventStatus.CONFLICT:
                report.conflict += 1
                report.problems.append(
                    f"line {line.number}: conflict: {result.id} was received before with other "
                    "content, which stays"
                )
            case EventStatus.REJECTED:
                report.rejected += 1
                reasons = "; ".join(f"{one.field}: {one.message}" for one in result.problems)
                report.problems.append(f"line {line.number}: {reasons}")


def _json_lines(file: IO[str]) -> Iterator[_Line]:
    number = 0
    while text := file.readline(_MAX_LINE + 1):
        number += 1
        if len(text) > _MAX_LINE:
            while text and not text.endswith("\n"):
                text = file.readline(_MAX_LINE)
            yield _Line(number, None, f"is longer than {_MAX_LINE:,} characters")
        elif text.strip():
            try:
                yield _Line(number, decode(text.encode("utf-8", "surrogateescape")))
            except StrictJsonError as error:
                yield _Line(number, None, error.message)


def _csv_lines(file: IO[str], path: Path) -> Iterator[_Line]:
    reader = csv.reader(file, strict=True)
    try:
        header = next(reader, [])
        _check_header(header, path)
        for row in reader:
            number = reader.line_num
            if len(row) == len(header):
                yield _Line(number, decode_csv_row(dict(zip(header, row, strict=True))))
            elif row:
                problem = f"has {len(row)} cells, but the header has {len(header)}"
                yield _Line(number, None, problem)
    except csv.Error as error:
        yield _Line(reader.line_num, None, f"is no CSV: {error}; nothing after it was read")


def _check_header(header: list[str], path: Path) -> None:
    problems = []
    if not header:
        raise InvalidFileError([f"{path} is empty. Its first line must name the columns."])
    missing = [name for name in _CSV_REQUIRED if name not in header]
    if missing:
        problems.append(f"line 1: the columns {', '.join(missing)} are missing")
    unknown = [name for name in header if name not in EVENT_FIELDS]
    if unknown:
        known = ", ".join(EVENT_FIELDS)
        problems.append(f"line 1: unknown columns {', '.join(map(repr, unknown))}. Use {known}")
    doubled = sorted({name for name in header if header.count(name) > 1})
    if doubled:
        problems.append(f"line 1: columns named twice: {', '.join(doubled)}")
    if problems:
        raise InvalidFileError(problems)
