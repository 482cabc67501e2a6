"""Events as sent: every field checked, every problem named, nothing guessed."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

import pytest

from dumont_economy.errors import InvalidEventError
from dumont_economy.metering.event_input import EVENT_FIELDS, decode_csv_row, read_event
from dumont_economy.metering.usage_event import CpuArchitecture, EventType, UsageEvent
from tests.builders import NINE

START: Mapping[str, object] = {
    "id": "e-1",
    "source": "push",
    "type": "start",
    "instance": "i-1",
    "time": "2026-05-04T09:00:00Z",
    "provider": "vast",
    "gpu": "RTX_4090",
    "gpu_count": 1,
    "rate": "0.74",
}
STOP: Mapping[str, object] = {
    "id": "e-2",
    "source": "push",
    "type": "stop",
    "instance": "i-1",
    "time": "2026-05-04T10:00:00Z",
}


def problems_of(raw: object) -> list[tuple[str, str]]:
    """Return field and code of every problem with an event."""
    with pytest.raises(InvalidEventError) as raised:
        read_event(raw, default_currency="USD")
    return [(problem.field, problem.code) for problem in raised.value.problems]


def test_a_start_is_read_with_the_accounts_currency_and_x86() -> None:
    """What a start leaves out means the account's currency and the usual CPU."""
    read = read_event(START, default_currency="EUR")

    assert read == UsageEvent(
        source="push",
        id="e-1",
        type=EventType.START,
        time=NINE,
        instance="i-1",
        provider="vast",
        gpu="RTX_4090",
        gpu_count=1,
        rate=Decimal("0.74"),
        currency="EUR",
        arch=CpuArchitecture.X86_64,
    )


def test_two_spellings_of_one_content_are_equal() -> None:
    """Content is equal when the parsed values are: offset, zeros and nulls do not matter."""
    other = {
        **START,
        "time": "2026-05-04T06:00:00.000-03:00",
        "rate": "0.7400",
        "currency": "USD",
        "name": None,
    }

    assert read_event(other, default_currency="USD") == read_event(START, default_currency="USD")


@pytest.mark.parametrize(
    ("rate", "code"),
    [
        ("-0.5", "negative"),
        ("1e3", "not_a_decimal"),
        ("0.12345678901234567890", "too_precise"),
        (0.5, "must_be_string"),
        (1, "must_be_string"),
        (True, "must_be_string"),
        ("1,5", "not_a_decimal"),
        ("$1", "not_a_decimal"),
        ("", "not_a_decimal"),
        ("100000.01", "absurd_rate"),
    ],
)
def test_a_wrong_rate_is_refused(rate: object, code: str) -> None:
    """An amount is a string of decimal digits; a JSON number would have been a float."""
    assert problems_of({**START, "rate": rate}) == [("rate", code)]


@pytest.mark.parametrize("rate", ["0", "0.00", "-0", "100000", "0.123456789012"])
def test_a_rate_from_free_to_the_highest_is_taken(rate: str) -> None:
    """A free machine is one that costs nothing, not an error."""
    read = read_event({**START, "rate": rate}, default_currency="USD")

    assert read.rate == Decimal(rate)
    assert not str(read.rate).startswith("-")


@pytest.mark.parametrize(
    ("gpu_count", "code"),
    [
        (0, "out_of_range"),
        (-1, "out_of_range"),
        (10**6, "out_of_range"),
        (1.5, "must_be_integer"),
        (2.0, "must_be_integer"),
        ("1", "must_be_integer"),
        (True, "must_be_integer"),
    ],
)
def test_a_wrong_gpu_count_is_refused(gpu_count: object, code: str) -> None:
    """GPUs are counted in whole ones, from one up."""
    assert problems_of({**START, "gpu_count": gpu_count}) == [("gpu_count", code)]


@pytest.mark.parametrize("currency", ["usd", "XXX", "BTC", "US$", "", 840, "XAU"])
def test_a_currency_is_an_iso_code_in_upper_case(currency: object) -> None:
    """No near match, no metal and no coin; left out, it is the account's."""
    assert problems_of({**START, "currency": currency}) == [("currency", "unknown_currency")]


@pytest.mark.parametrize("field", ["account", "tenant_id", "role", "received_at", "amount"])
def test_an_unknown_field_is_refused(field: str) -> None:
    """A field that only the server sets cannot be sent either."""
    assert problems_of({**START, field: "x"}) == [(field, "unknown_field")]


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({**STOP, "rate": "1"}, "rate"),
        ({**STOP, "gpu_count": 1}, "gpu_count"),
        ({**STOP, "gpu": "T4"}, "gpu"),
        ({**STOP, "void_of": "e-1"}, "void_of"),
        ({**STOP, "type": "resume", "rate": "1"}, "rate"),
        ({**STOP, "type": "price_change", "rate": "1", "gpu_count": 2}, "gpu_count"),
        ({**STOP, "type": "void", "void_of": "e-1", "name": "x"}, "name"),
    ],
)
def test_a_field_of_another_type_is_refused(raw: Mapping[str, object], field: str) -> None:
    """A rate on a stop means nothing; taking it silently would hide a mistake."""
    assert problems_of(raw) == [(field, "field_not_for_type")]


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("start", ["provider", "gpu", "gpu_count", "rate"]),
        ("resize", ["gpu_count", "rate"]),
        ("price_change", ["rate"]),
        ("void", ["void_of"]),
    ],
)
def test_every_missing_field_is_named(kind: str, missing: list[str]) -> None:
    """One answer tells everything that has to be added."""
    assert problems_of({**STOP, "type": kind}) == [(field, "missing") for field in missing]


def test_an_empty_object_misses_what_every_event_has() -> None:
    """`instance` is not among it: a void needs none."""
    assert problems_of({}) == [(field, "missing") for field in ("id", "source", "type", "time")]


@pytest.mark.parametrize("raw", [None, [], "start", 1, True])
def test_what_is_no_object_is_no_event(raw: object) -> None:
    """Each element of a batch is judged by itself."""
    assert problems_of(raw) == [("", "must_be_object")]


@pytest.mark.parametrize("kind", ["Start", "started", "", 1, None, ["start"], {"a": 1}])
def test_an_unknown_type_is_refused(kind: object) -> None:
    """A new word of a reporter is a mistake until it is known."""
    [(field, _)] = problems_of({**STOP, "type": kind})

    assert field == "type"


@pytest.mark.parametrize("field", ["id", "source", "instance", "provider", "gpu", "name"])
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "invalid_text"),
        ("\ud800", "invalid_text"),
        ("line\nbreak", "invalid_text"),
        ("\x7f", "invalid_text"),
        ("\x85", "invalid_text"),
        ("x" * 256, "too_long"),
        ("é" * 128, "too_long"),
        (5, "must_be_string"),
        (["x"], "must_be_string"),
    ],
)
def test_text_that_a_database_cannot_keep_is_refused(field: str, text: object, code: str) -> None:
    """NUL, control characters and lone surrogates never reach the storage; 255 bytes do."""
    assert problems_of({**START, field: text}) == [(field, code)]


@pytest.mark.parametrize("field", ["id", "source", "instance", "provider"])
def test_a_key_is_never_empty(field: str) -> None:
    """An empty id would make all events of a careless reporter one."""
    assert problems_of({**START, field: ""}) == [(field, "empty")]


def test_an_empty_gpu_is_taken_as_a_gpu_that_is_not_known() -> None:
    """The usage counts; what it would compare with is unknown (R-UNPRICED)."""
    assert read_event({**START, "gpu": ""}, default_currency="USD").gpu == ""


@pytest.mark.parametrize("text", ["İstanbul", "e\u0301", "\u00e9", "\u202eevil", "a" * 255, "日本"])
def test_text_is_kept_byte_by_byte(text: str) -> None:
    """Never folded, trimmed or normalised: two spellings are two instances."""
    assert read_event({**STOP, "instance": text}, default_currency="USD").instance == text


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("2026-05-04T09:00:00", "offset_required"),
        ("1970-01-01T00:00:00Z", "time_out_of_range"),
        ("9999-12-31T23:59:59Z", "time_out_of_range"),
        (1777885200, "must_be_string"),
        ("2026-05-04T09:00:00.1234567Z", "too_precise"),
        ("yesterday", "invalid_instant"),
    ],
)
def test_a_wrong_time_is_refused(time: object, code: str) -> None:
    """A number could be seconds or milliseconds; a time without offset could be anywhere."""
    assert problems_of({**START, "time": time}) == [("time", code)]


@pytest.mark.parametrize(
    ("size", "read"),
    [("80", "80"), (48, "48"), ("22.5", "22.5"), ("0.5", "0.5"), (1_000_000, "1000000")],
)
def test_a_memory_size_is_a_decimal_string_or_a_whole_number(size: object, read: str) -> None:
    """Both are exact; a JSON number with a point is not."""
    event = read_event({**START, "gpu_memory_gib": size}, default_currency="USD")

    assert event.gpu_memory_gib == Decimal(read)


@pytest.mark.parametrize(
    ("size", "code"),
    [
        (0, "out_of_range"),
        ("0.0", "out_of_range"),
        (-80, "negative"),
        (1_000_001, "out_of_range"),
        (22.5, "must_be_string"),
        (True, "must_be_string"),
    ],
)
def test_a_wrong_memory_size_is_refused(size: object, code: str) -> None:
    """A size is over nothing and within reason."""
    assert problems_of({**START, "gpu_memory_gib": size}) == [("gpu_memory_gib", code)]


def test_all_problems_of_an_event_are_told_at_once() -> None:
    """A reporter mends its events in one go."""
    raw = {**START, "rate": "-1", "gpu_count": 0, "time": "soon", "colour": "red"}

    assert {field for field, _ in problems_of(raw)} == {"rate", "gpu_count", "time", "colour"}


def test_a_csv_row_stands_for_the_object_with_its_filled_cells() -> None:
    """An empty cell is a field left out; counts become numbers, amounts stay text."""
    row = {**dict.fromkeys(EVENT_FIELDS, ""), **START, "gpu_count": "1"}

    decoded = decode_csv_row({name: str(text) for name, text in row.items()})

    assert decoded == START


@pytest.mark.parametrize("text", ["\u0967", "1.0", "+1", " 1", "1e1"])
def test_a_csv_count_in_other_than_ascii_digits_stays_text(text: str) -> None:
    """And is then refused like any other text in its place."""
    decoded = decode_csv_row(
        {**{name: str(value) for name, value in START.items()}} | {"gpu_count": text}
    )

    assert problems_of(decoded) == [("gpu_count", "must_be_integer")]


def test_a_time_is_kept_to_the_microsecond() -> None:
    """Nothing is cut from what was sent."""
    read = read_event({**STOP, "time": "2026-05-04T09:00:00.000001Z"}, default_currency="USD")

    assert read.time - NINE == timedelta(microseconds=1)
