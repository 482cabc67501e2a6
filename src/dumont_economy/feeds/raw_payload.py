"""Raw payloads: the bytes that a reading was made from, kept as evidence beside it."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from io import BufferedReader, RawIOBase
from tempfile import TemporaryFile
from types import TracebackType
from typing import IO, Self

from dumont_economy.pricing.price_claim import FeedReading

_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class RawPayload:
    """What was read, byte for byte, in a temporary file that ends with it; zlib-compressed.

    `sha256` and `raw_bytes` are those of the bytes as published. Of a paged walk these are the
    pages in order, each followed by a line feed.
    """

    url: str
    retrieved_at: datetime
    sha256: str
    raw_bytes: int
    compressed_bytes: int
    _file: IO[bytes] = field(repr=False)

    def open(self) -> BufferedReader:
        """Return the bytes as published, from the first one; one reader at a time."""
        self._file.seek(0)
        return BufferedReader(_Inflating(self._file), _CHUNK_BYTES)

    def compressed_chunks(self, size: int = _CHUNK_BYTES) -> Iterator[bytes]:
        """Yield the compressed bytes, `size` at a time: one zlib stream, cut."""
        self._file.seek(0)
        while chunk := self._file.read(size):
            yield chunk

    def close(self) -> None:
        """Delete the temporary file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class FeedDownload:
    """One complete reading of a feed, and the bytes that it was made from."""

    reading: FeedReading
    payload: RawPayload

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.payload.close()


class PayloadRecorder:
    """Writes a raw payload while it is read; what was not finished is thrown away."""

    def __init__(self, url: str, retrieved_at: datetime) -> None:
        self._url = url
        self._retrieved_at = retrieved_at
        self._file: IO[bytes] = TemporaryFile(prefix="dumont-economy-")  # noqa: SIM115  outlives it
        self._compressor = zlib.compressobj()
        self._hash = sha256()
        self._raw_bytes = 0
        self._is_finished = False

    def write(self, data: bytes) -> None:
        """Append bytes as they were published."""
        self._hash.update(data)
        self._raw_bytes += len(data)
        self._file.write(self._compressor.compress(data))

    def finish(self) -> RawPayload:
        """Return what was written; it belongs to the caller now."""
        self._file.write(self._compressor.flush())
        self._is_finished = True
        return RawPayload(
            url=self._url,
            retrieved_at=self._retrieved_at,
            sha256=self._hash.hexdigest(),
            raw_bytes=self._raw_bytes,
            compressed_bytes=self._file.tell(),
            _file=self._file,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is not None or not self._is_finished:
            self._file.close()


class _Inflating(RawIOBase):
    """Unpacks a zlib stream as it is read, without holding more than a buffer of it."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._inflater = zlib.decompressobj()

    def readable(self) -> bool:
        """Say that it is there to be read."""
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Fill the buffer as far as one step of unpacking does; 0 is the end."""
        while not self._inflater.eof:
            packed = self._inflater.unconsumed_tail or self._packed.read(_CHUNK_BYTES)
            data = self._inflater.decompress(packed, len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0
