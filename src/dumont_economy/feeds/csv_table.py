"""CSV tables: a header that names the columns, rows under it, nothing longer than it may be.

A reader says what becomes of a problem by the `report` it passes: to raise, or to note it and see
what else is wrong.
"""

import csv
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

Report = Callable[[int, str], None]

_LONGEST_LINE_BYTES = 1 << 16
_MOST_LINES = 2_000_000


@dataclass(frozen=True, slots=True)
class TableRow:
    """The cells of a row by their columns, and the line on which it begins."""

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that a table must have; whether it may have others too."""

    wanted: Sequence[str]
    may_be_more: bool

    def problems(self, header: Collection[str]) -> list[str]:
        """Return what is wrong with a header."""
        times = Counter(header)
        found = [f"lacks the column {name}" for name in self.wanted if name not in times]
        found += [f"names the column {name!a} twice" for name, n in times.items() if n > 1]
        if not self.may_be_more:
            unknown = (name for name in times if name not in self.wanted)
            found += [f"names a column {name!a:.80} that is not known" for name in unknown]
        return found


def read_rows(file: IO[bytes], columns: Columns, report: Report) -> Iterator[TableRow]:
    """Yield the rows under the header; of a header that is none, nothing."""
    rows = _cells(_lines(file, report), report)
    line, header = next(rows, (1, []))
    problems = columns.problems(header)
    for problem in problems:
        report(line, problem)
    if problems:
        return
    for line, cells in rows:
        if len(cells) == len(header):
            yield TableRow(line, dict(zip(header, cells, strict=True)))
        else:
            report(line, f"has {len(cells)} cells where the header has {len(header)}")


def _lines(file: IO[bytes], report: Report) -> Iterator[str]:
    """Yield the lines as text; a byte order mark before the first is none of it."""
    number = 0
    while line := file.readline(_LONGEST_LINE_BYTES):
        number += 1
        if number > _MOST_LINES:
            report(number, f"is one more than the {_MOST_LINES} lines that are read")
            return
        if len(line) == _LONGEST_LINE_BYTES and not line.endswith(b"\n"):
            report(number, f"is longer than {_LONGEST_LINE_BYTES} bytes")
            return
        try:
            yield line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            report(number, "is not UTF-8 text")
            yield line.decode("utf-8", "replace")


def _cells(lines: Iterator[str], report: Report) -> Iterator[tuple[int, list[str]]]:
    """Yield every row's first line and cells; blank lines are no rows."""
    reader = csv.reader(lines, strict=True)
    begins_at = 1
    try:
        for cells in reader:
            if cells:
                yield begins_at, cells
            begins_at = reader.line_num + 1
    except csv.Error as error:
        report(reader.line_num, f"is not CSV: {error}")
