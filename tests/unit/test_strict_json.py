"""Strict JSON: what is taken quickly is what the slow way takes too."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dumont_economy import strict_json
from dumont_economy.strict_json import MAX_DEPTH, StrictJsonError, decode

structure = st.text('[]{}"\\a', max_size=60)
wraps = st.integers(0, MAX_DEPTH + 2)


def refusal_of(body: bytes) -> str | None:
    """Return the code of a body's refusal, None where it is taken."""
    try:
        decode(body)
    except StrictJsonError as error:
        return error.code
    return None


@settings(max_examples=500)
@given(structure, wraps, wraps)
def test_the_quick_look_changes_no_refusal(text: str, opened: int, closed: int) -> None:
    """Brackets, texts with brackets in them and escapes, whole and cut short."""
    body = ("[" * opened + text + "]" * closed).encode()
    found = refusal_of(body)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(strict_json, "_is_shallow", lambda _body: False)

        assert refusal_of(body) == found


@pytest.mark.parametrize("inner", ["1", '"]]]]"', '"{[\\""', '{"a": [{}, []]}'])
def test_so_deep_and_no_deeper(inner: str) -> None:
    """Brackets inside of a text are none."""
    deepest = 2 if inner.startswith("{") else 0
    allowed = MAX_DEPTH - deepest - bool(deepest)
    body = "[" * allowed + inner + "]" * allowed

    assert decode(body.encode()) == json.loads(body)
    assert refusal_of(f"[{body}]".encode()) == "too_deep"


@pytest.mark.parametrize("text", [r"\ud800", r"\uDFFF", r"a\udc00\ud800"])
def test_half_a_pair_is_no_character(text: str) -> None:
    """It is only ever made by an escape; as a value or as a name."""
    assert refusal_of(f'["{text}"]'.encode()) == "invalid_unicode"
    assert refusal_of(f'{{"a": {{"{text}": 1}}}}'.encode()) == "invalid_unicode"


def test_a_whole_pair_is_one() -> None:
    """Written as two escapes, or as itself."""
    assert decode(rb'["\ud83d\ude00"]') == decode('["😀"]'.encode()) == ["😀"]
