"""Local files: read whole, once and within a bound, and kept as evidence like what is fetched."""

from datetime import datetime
from pathlib import Path

from dumont_economy.errors import FeedError
from dumont_economy.feeds.raw_payload import PayloadRecorder, RawPayload

_CHUNK_BYTES = 1 << 18


def record_file(path: Path, now: datetime, most_bytes: int) -> RawPayload:
    """Return the bytes of a file; what becomes of the file afterwards changes nothing.

    Raises:
        FeedError: `not_found`, `unreadable_file`, `empty_body` or `too_large`.
    """
    size = 0
    with PayloadRecorder(path.absolute().as_uri(), now) as recorder:
        if path.exists() and not path.is_file():
            # A pipe or a device may never end, or never begin.
            raise FeedError("unreadable_file", f"{path} is no plain file.")
        try:
            with path.open("rb") as file:
                while chunk := file.read(_CHUNK_BYTES):
                    size += len(chunk)
                    if size > most_bytes:
                        reason = f"{path} has more than the {most_bytes} bytes that are read."
                        raise FeedError("too_large", reason)
                    recorder.write(chunk)
        except FileNotFoundError as error:
            raise FeedError("not_found", f"There is no file {path}.") from error
        except OSError as error:
            reason = f"{path} cannot be read: {error.strerror}."
            raise FeedError("unreadable_file", reason) from error
        if size == 0:
            raise FeedError("empty_body", f"{path} is empty.")
        return recorder.finish()
