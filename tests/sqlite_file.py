"""Where the rows of a table lie in an SQLite file, so that a test can damage one outside SQL.

Follows https://www.sqlite.org/fileformat2.html, as far as rows that fit into their page need it.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

_INTERIOR, _LEAF = 0x05, 0x0D


def rows_in_file(path: Path, table: str) -> list[range]:
    """Return the bytes of each row of a table, in the order in which the rows were added."""
    connection = sqlite3.connect(path)
    [root] = connection.execute(
        "SELECT rootpage FROM sqlite_master WHERE type = 'table' AND name = ?", (table,)
    ).fetchone()
    [page_size] = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    return list(_rows(path.read_bytes(), page_size, root))


def flip(path: Path, offset: int, mask: int) -> None:
    """Change one byte of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        [byte] = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


def _rows(content: bytes, page_size: int, page: int) -> Iterator[range]:
    start = (page - 1) * page_size
    header = start + (100 if page == 1 else 0)
    kind = content[header]
    count = int.from_bytes(content[header + 3 : header + 5])
    pointers = header + (12 if kind == _INTERIOR else 8)
    cells = [
        start + int.from_bytes(content[place : place + 2])
        for place in range(pointers, pointers + 2 * count, 2)
    ]
    if kind == _INTERIOR:
        children = [int.from_bytes(content[cell : cell + 4]) for cell in cells]
        rightmost = int.from_bytes(content[header + 8 : header + 12])
        for child in (*children, rightmost):
            yield from _rows(content, page_size, child)
        return
    assert kind == _LEAF
    for cell in cells:
        size, after_size = _varint(content, cell)
        _, after_rowid = _varint(content, after_size)
        yield range(after_rowid, after_rowid + size)


def _varint(content: bytes, place: int) -> tuple[int, int]:
    """Return a number of one to nine bytes, of which we meet no ninth, and what is after it."""
    value = 0
    while True:
        byte = content[place]
        value = value << 7 | byte & 0x7F
        place += 1
        if byte < 0x80:
            return value, place
