"""Disk images as a power cut would leave them, made of what a traced server wrote.

The server runs under strace. Everything up to a file's last sync is on disk; of what was written
after it, nothing, a beginning, a random part, or a random part with one write cut in half. An
event counts as acknowledged once the last byte of its answer has left.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

_CALLS = "pwrite64,sendto,fdatasync,fsync,ftruncate"
# Lines of strace. It pads before "="; with -y it names each file, with -xx it writes bytes as hex.
_UNFINISHED = re.compile(r"(\d+) +(.*?) <unfinished \.\.\.>")
_RESUMED = re.compile(r"(\d+) +<\.\.\. \w+ resumed>(.*)")
_WHOLE = re.compile(r"(\d+) +(.*)")
_WRITE = re.compile(r'pwrite64\(\d+<([^>]*)>, "([^"]*)", \d+, (\d+)\) += (\d+)')
_SYNC = re.compile(r"(?:fdatasync|fsync)\(\d+<([^>]*)>\) += 0")
_TRUNCATE = re.compile(r"ftruncate\(\d+<([^>]*)>, (\d+)\) += 0")
_SEND = re.compile(r'sendto\((\d+)<[^>]*>, "([^"]*)", .*\) += (\d+)')
_OK = b"HTTP/1.1 200 "
_RESULTS = b'{"results":'
_HOW = ("none", "beginning", "part", "torn")


def traced(log: Path) -> tuple[str, ...]:
    """Return the command that runs a server and traces what it writes."""
    return ("strace", "-f", "-y", "-xx", "-s", "2000000", "-o", str(log), "-e", f"trace={_CALLS}")


@dataclass(frozen=True)
class Write:
    """Bytes that were written at an offset."""

    path: str
    offset: int
    content: bytes


@dataclass(frozen=True)
class Truncate:
    """A file that was cut, or made longer with zeros."""

    path: str
    length: int


@dataclass(frozen=True)
class Sync:
    """A file of which everything written is now on disk."""

    path: str


@dataclass(frozen=True)
class Acknowledge:
    """Events whose answer has left."""

    ids: tuple[str, ...]


Step = Write | Truncate | Sync | Acknowledge


def steps_of(log: Path) -> Iterator[Step]:
    """Yield what a traced server did, in its order."""
    # What was sent over a connection since its last request: by process and descriptor.
    answers: dict[tuple[str, str], bytes] = {}
    for process, call in _calls(log):
        if found := _WRITE.match(call):
            path, content, offset, written = found.groups()
            yield Write(_text(path), int(offset), _bytes(content)[: int(written)])
        elif found := _SYNC.match(call):
            yield Sync(_text(found[1]))
        elif found := _TRUNCATE.match(call):
            yield Truncate(_text(found[1]), int(found[2]))
        elif found := _SEND.match(call):
            key = (process, found[1])
            content = _bytes(found[2])[: int(found[3])]
            before = b"" if content.startswith(b"HTTP/1.1 ") else answers.get(key, b"")
            answers[key] = before + content
            if ids := _stored_in(answers[key]):
                yield Acknowledge(ids)


def _calls(log: Path) -> Iterator[tuple[str, str]]:
    """Yield finished calls with the process that made them."""
    begun: dict[str, str] = {}
    with log.open() as lines:
        for line in lines:
            if found := _UNFINISHED.match(line):
                begun[found[1]] = found[2]
            elif found := _RESUMED.match(line):
                yield found[1], begun.pop(found[1]) + found[2]
            elif found := _WHOLE.match(line):
                yield found[1], found[2]


def _stored_in(answer: bytes) -> tuple[str, ...]:
    """Return the ids that an answer, sent so far, says to be stored; none of half an answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not (head.startswith(_OK) and body.startswith(_RESULTS)):
        return ()
    try:
        results = json.loads(body)["results"]
    except json.JSONDecodeError:
        return ()
    return tuple(one["id"] for one in results if one["status"] in ("accepted", "duplicate"))


def _bytes(hexadecimal: str) -> bytes:
    return bytes.fromhex(hexadecimal.replace("\\x", ""))


def _text(hexadecimal: str) -> str:
    return _bytes(hexadecimal).decode()


@dataclass
class Disk:
    """The files of a database as they lie on disk, and what is still in memory."""

    on_disk: dict[str, bytearray]
    pending: dict[str, list[Write | Truncate]] = field(init=False)
    acknowledged: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.pending = {path: [] for path in self.on_disk}

    def take(self, step: Step) -> None:
        """Let the server do something; other files than the database's are left alone."""
        if isinstance(step, Acknowledge):
            self.acknowledged.update(step.ids)
        elif step.path not in self.on_disk:
            return
        elif isinstance(step, Sync):
            _apply(self.on_disk[step.path], self.pending[step.path])
            self.pending[step.path].clear()
        else:
            self.pending[step.path].append(step)

    def cut(self, random: Random, folder: Path) -> None:
        """Leave in a folder what a power cut might now."""
        how = random.choice(_HOW)
        for path, content in self.on_disk.items():
            image = bytearray(content)
            _apply(image, _survivors(self.pending[path], how, random))
            if image:
                (folder / Path(path).name).write_bytes(image)


def _survivors(pending: list[Write | Truncate], how: str, random: Random) -> list[Write | Truncate]:
    if how == "none":
        return []
    if how == "beginning":
        return pending[: random.randrange(len(pending) + 1)]
    part = [step for step in pending if random.random() < 0.5]
    if how == "torn" and part:
        torn = random.randrange(len(part))
        step = part[torn]
        if isinstance(step, Write):
            half = step.content[: random.randrange(len(step.content) + 1)]
            part[torn] = Write(step.path, step.offset, half)
    return part


def _apply(image: bytearray, steps: Iterable[Write | Truncate]) -> None:
    for step in steps:
        if isinstance(step, Write):
            end = step.offset + len(step.content)
            image.extend(bytes(max(0, end - len(image))))
            image[step.offset : end] = step.content
        else:
            del image[step.length :]
            image.extend(bytes(step.length - len(image)))


@dataclass
class CutResult:
    """What power cuts came to: how many lost an acknowledged event, or left a broken database."""

    lost: int = 0
    corrupt: int = 0


def cut_at_random(
    before: Path, steps: list[Step], cuts: int, random: Random, folder: Path
) -> CutResult:
    """Cut the power at random steps; open each database that is left.

    Args:
        before: A copy of the database file as it was before the first step, named alike.
        steps: What the server did to the database in `folder`.
        cuts: How many times.
        random: Where to cut, and what survives.
        folder: Where the database lay; images are put in a folder of it.
    """
    database = str(folder / before.name)
    disk = Disk({database: bytearray(before.read_bytes()), f"{database}-wal": bytearray()})
    images = folder / "images"
    images.mkdir()
    result = CutResult()
    cuts_at = sorted(random.randrange(len(steps)) for _ in range(cuts))
    done = 0
    for number in cuts_at:
        for step in steps[done:number]:
            disk.take(step)
        done = number
        disk.cut(random, images)
        try:
            stored = _checked_ids(images / before.name)
        except sqlite3.DatabaseError:
            result.corrupt += 1
        else:
            result.lost += not disk.acknowledged <= stored
        for image in images.iterdir():
            image.unlink()
    return result


def _checked_ids(image: Path) -> set[str]:
    """Return the ids of the events in a database.

    Raises:
        sqlite3.DatabaseError: it is not whole.
    """
    with closing(sqlite3.connect(image)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        return {name for (name,) in connection.execute("SELECT id FROM usage_event")}
