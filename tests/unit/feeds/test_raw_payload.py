"""Raw payloads: the bytes that were read are kept, packed, and can be proven."""

import hashlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumont_economy.feeds.raw_payload import PayloadRecorder, RawPayload
from tests.builders import instant
from tests.integration.feeds.harness import open_temporary_files


def recorded(*pieces: bytes) -> RawPayload:
    """Return the payload that was read in these pieces."""
    with PayloadRecorder("https://prices.example/1", instant("2026-08-20")) as recorder:
        for piece in pieces:
            recorder.write(piece)
        return recorder.finish()


@given(st.lists(st.binary(max_size=200_000), max_size=5))
def test_what_was_read_comes_out_again_byte_for_byte(pieces: list[bytes]) -> None:
    """As often as it is opened, and from the packed chunks that are stored."""
    whole = b"".join(pieces)

    with recorded(*pieces) as payload:
        assert payload.open().read() == whole
        assert payload.open().read() == whole
        packed = b"".join(payload.compressed_chunks(1_000))

    assert zlib.decompress(packed) == whole
    assert payload.sha256 == hashlib.sha256(whole).hexdigest()
    assert (payload.raw_bytes, payload.compressed_bytes) == (len(whole), len(packed))


def test_packed_chunks_are_of_the_size_asked_for() -> None:
    """So that each fits a row, and all but the last are full."""
    with recorded(bytes(number * 7 % 251 for number in range(100_000))) as payload:
        sizes = [len(chunk) for chunk in payload.compressed_chunks(100)]

    assert set(sizes[:-1]) <= {100}
    assert sum(sizes) == payload.compressed_bytes


def test_a_payload_lies_in_a_file_without_a_name_that_ends_with_it() -> None:
    """Nothing is left behind on the disk, also not when the process is killed."""
    before = open_temporary_files()

    payload = recorded(b"x")

    assert open_temporary_files() == before + 1
    payload.close()
    assert open_temporary_files() == before
    with pytest.raises(ValueError, match="closed file"):
        payload.open().read()
