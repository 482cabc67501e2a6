"""JSON walked member by member: all of it, exactly, in little memory, or an error."""

import io
import json
import tracemalloc
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumont_economy.errors import FeedError
from dumont_economy.feeds import json_stream
from dumont_economy.feeds.json_stream import Path, walk

GOOD = '{ "a" : {"b": [1, {"x": "é}"}], "c": -1.50e1} , "d":null, "e": {}, "f": 12}\n'


def walked(text: bytes, entered: str = "ae") -> list[tuple[Path, Any]]:
    """Return what a walk yields that enters the members named."""
    return list(walk(io.BytesIO(text), lambda path: path[0] in entered and len(path) == 1))


@pytest.fixture(params=[1, 2, 3, 7, 1 << 18])
def _cut(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read the text in pieces of so many bytes."""
    monkeypatch.setattr(json_stream, "_CHUNK_BYTES", request.param)


@pytest.mark.usefixtures("_cut")
def test_members_come_in_order_wherever_the_file_is_cut() -> None:
    """Numbers are exact, and 12 is not 1, also where only its first digit has been read."""
    assert walked(GOOD.encode()) == [
        (("a", "b"), [1, {"x": "é}"}]),
        (("a", "c"), Decimal("-15.0")),
        (("d",), None),
        (("f",), 12),
    ]


@pytest.mark.usefixtures("_cut")
def test_a_file_that_breaks_off_anywhere_is_refused() -> None:
    """There is no place at which half a price list could be taken for a whole one."""
    text = GOOD.strip().encode()

    for length in range(len(text)):
        with pytest.raises(FeedError) as refused:
            walked(text[:length])
        # The last byte of an é that is cut is no UTF-8, which is said first.
        assert refused.value.code in {"truncated_json", "malformed_json"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "truncated_json"),
        (b"[1]", "malformed_json"),
        (b'"a"', "malformed_json"),
        (b'{"a":[1]}', "malformed_json"),
        (b'{"a":7}', "malformed_json"),
        (b"{1:2}", "malformed_json"),
        (b'{"d":1}x', "malformed_json"),
        (b'{"d":1}{"d":1}', "malformed_json"),
        (b'{"d":NaN}', "malformed_json"),
        (b'{"d":-Infinity}', "malformed_json"),
        (b'{"d":"\xff"}', "malformed_json"),
        (b'\xef\xbb\xbf{"d":1}', "malformed_json"),
        (b'{"d":1e99999999999999999999}', "malformed_json"),
        (b'{"d":' + b"9" * 5_000 + b"}", "malformed_json"),
        (b'{"d":' + b"[" * 200_000 + b"]" * 200_000 + b"}", "malformed_json"),
        (b'{"d" 1}', "truncated_json"),
        (b'{"d":1,}', "truncated_json"),
        (b'{"d":tru}', "truncated_json"),
    ],
)
def test_what_is_no_json_object_is_refused(text: bytes, code: str) -> None:
    """At the end of a file, what is broken cannot be told from what is missing."""
    with pytest.raises(FeedError) as refused:
        walked(text)

    assert refused.value.code == code


def test_what_is_broken_within_a_file_is_not_searched_to_its_end() -> None:
    """A member has a largest size: what does not end within it is not read on."""
    text = io.BytesIO(b'{"d": "' + b"x" * (30 << 20))

    with pytest.raises(FeedError) as refused:
        list(walk(text, lambda _: False))

    assert refused.value.code == "malformed_json"
    assert text.tell() < 5 << 20


def test_a_walk_holds_one_member_and_not_the_file() -> None:
    """30 MB of members pass through less than 4 MB."""
    member = json.dumps({"attributes": {"instanceType": "m7i.large", "note": "x" * 900}})
    text = "{" + ",".join(f'"{number}":{member}' for number in range(32_000)) + "}"
    source = io.BytesIO(text.encode())

    tracemalloc.start()
    count = sum(1 for _ in walk(source, lambda _: False))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 32_000
    assert len(text) > 30_000_000
    assert peak < 4_000_000


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), json_values, max_size=6), st.booleans())
def test_a_walk_says_what_the_whole_decoder_says(
    said: dict[str, Any],
    is_ascii: bool,  # noqa: FBT001
) -> None:
    """Member by member, whatever the names and values are."""
    text = json.dumps(said, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")

    found = {path[0]: value for path, value in walk(io.BytesIO(text), lambda _: False)}

    assert found == said
