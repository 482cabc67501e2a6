"""Reads a usage event as it was sent: every field checked, every problem named.

One table of fields says what each may hold; the API's schema is written from the same table.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from dumont_economy.errors import (
    FieldProblem,
    InvalidAmountError,
    InvalidEventError,
    InvalidInstantError,
)
from dumont_economy.instant import parse_instant
from dumont_economy.metering.usage_event import CpuArchitecture, EventType, UsageEvent
from dumont_economy.money import parse_amount
from dumont_economy.pricing.currency import CURRENCIES

MAX_TEXT = 255
MAX_RATE = Decimal(100_000)
MAX_GPU_COUNT = 4_096
MAX_SIZE = Decimal(1_000_000)
MAX_HOURS_PER_MONTH = 744
# GPUs have been rented by the hour since 2010; an event of before 2000 is a broken clock.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)

# A report of all instances names one instant for each of them.
_MOST_TEXTS = 256
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_DECIMAL_SCHEMA = {"type": "string", "pattern": r"^[0-9]{1,18}(\.[0-9]{1,12})?$"}

Schema = dict[str, Any]


class _ProblemError(Exception):
    """A value is not what its field holds."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class EventField:
    """One field: which event types carry it, how it is read, and its JSON schema."""

    name: str
    read: Callable[[object], object]
    schema: Schema
    required_on: frozenset[EventType]
    allowed_on: frozenset[EventType]


def _text(value: object, *, may_be_empty: bool = False) -> str:
    if not isinstance(value, str):
        raise _ProblemError("must_be_string", "Send a string.")
    if value.isascii() and value.isprintable() and 0 < len(value) <= MAX_TEXT:
        return value  # As nearly all is.
    if not value and not may_be_empty:
        raise _ProblemError("empty", "Must not be empty.")
    if not value.isprintable() and _CONTROL.search(value):
        raise _ProblemError("invalid_text", "Must not hold control characters or lone surrogates.")
    if len(value.encode()) > MAX_TEXT:
        raise _ProblemError("too_long", f"Must not be longer than {MAX_TEXT} bytes.")
    return value


def _optional_text(value: object) -> str:
    return _text(value, may_be_empty=True)


def _one_of(kind: type[EventType] | type[CpuArchitecture]) -> Callable[[object], object]:
    members = {member.value: member for member in kind}

    def read(value: object) -> object:
        member = members.get(value) if isinstance(value, str) else None
        if member is None:
            raise _ProblemError("unknown_value", f"Use one of {', '.join(members)}.")
        return member

    return read


def _instant(value: object) -> datetime:
    return _instant_of(_text(value))


@lru_cache(_MOST_TEXTS)
def _instant_of(text: str) -> datetime:
    try:
        instant = parse_instant(text)
    except InvalidInstantError as error:
        raise _ProblemError(error.code, str(error)) from error
    if not EARLIEST <= instant < LATEST:
        raise _ProblemError("time_out_of_range", "Lies before the year 2000 or after 9000.")
    return instant


def _decimal(value: object) -> Decimal:
    if not isinstance(value, str):
        message = 'Send an amount as a string of decimal digits, for example "0.74".'
        raise _ProblemError("must_be_string", message)
    try:
        amount = parse_amount(value)
    except InvalidAmountError as error:
        raise _ProblemError(error.code, str(error)) from error
    if amount < 0:
        raise _ProblemError("negative", "Must not be negative.")
    return abs(amount)


def _rate(value: object) -> Decimal:
    rate = _decimal(value)
    if rate > MAX_RATE:
        raise _ProblemError(
            "absurd_rate", f"More than {MAX_RATE:,} an hour is taken for a mistake."
        )
    return rate


def _size(value: object) -> Decimal:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    size = _decimal(str(value) if is_whole else value)
    if not 0 < size <= MAX_SIZE:
        raise _ProblemError("out_of_range", f"Must be over 0 and at most {MAX_SIZE:,}.")
    return size


def _whole_number(highest: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _ProblemError("must_be_integer", "Send a whole number.")
        if not 1 <= value <= highest:
            raise _ProblemError("out_of_range", f"Must be from 1 to {highest:,}.")
        return value

    return read


def _currency(value: object) -> str:
    if not isinstance(value, str) or value not in CURRENCIES:
        message = "Use an ISO 4217 code in upper case, such as USD."
        raise _ProblemError("unknown_currency", message)
    return value


_ALL = frozenset(EventType)
_STATE = _ALL - {EventType.VOID}
_STARTED = EventType.START
_START = frozenset({_STARTED})
_NONE: frozenset[EventType] = frozenset()
_TEXT_SCHEMA = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}


def _whole_schema(highest: int) -> Schema:
    return {"type": "integer", "minimum": 1, "maximum": highest}


EVENT_FIELDS = {
    field.name: field
    for field in (
        EventField("id", _text, _TEXT_SCHEMA, _ALL, _ALL),
        EventField("source", _text, _TEXT_SCHEMA, _ALL, _ALL),
        EventField(
            "type",
            _one_of(EventType),
            {"type": "string", "enum": [member.value for member in EventType]},
            _ALL,
            _ALL,
        ),
        EventField("instance", _text, _TEXT_SCHEMA, _STATE, _ALL),
        EventField("time", _instant, {"type": "string", "format": "date-time"}, _ALL, _ALL),
        EventField("provider", _text, _TEXT_SCHEMA, _START, _START),
        EventField(
            "gpu", _optional_text, {"type": "string", "maxLength": MAX_TEXT}, _START, _START
        ),
        EventField(
            "gpu_count",
            _whole_number(MAX_GPU_COUNT),
            _whole_schema(MAX_GPU_COUNT),
            _START | {EventType.RESIZE},
            _START | {EventType.RESIZE},
        ),
        EventField(
            "rate",
            _rate,
            {**_DECIMAL_SCHEMA, "description": "Per instance-hour, at most 100,000."},
            _START | {EventType.RESIZE, EventType.PRICE_CHANGE},
            _START | {EventType.RESIZE, EventType.PRICE_CHANGE},
        ),
        EventField(
            "currency", _currency, {"type": "string", "pattern": "^[A-Z]{3}$"}, _NONE, _START
        ),
        EventField(
            "name", _optional_text, {"type": "string", "maxLength": MAX_TEXT}, _NONE, _STATE
        ),
        EventField(
            "gpu_memory_gib",
            _size,
            {"anyOf": [_DECIMAL_SCHEMA, _whole_schema(int(MAX_SIZE))]},
            _NONE,
            _START,
        ),
        EventField(
            "arch",
            _one_of(CpuArchitecture),
            {"type": "string", "enum": [member.value for member in CpuArchitecture]},
            _NONE,
            _START,
        ),
        EventField(
            "void_of", _text, _TEXT_SCHEMA, frozenset({EventType.VOID}), frozenset({EventType.VOID})
        ),
        EventField(
            "disk_gb",
            _size,
            {"anyOf": [_DECIMAL_SCHEMA, _whole_schema(int(MAX_SIZE))]},
            _NONE,
            _STATE,
        ),
        EventField("disk_rate_running", _rate, _DECIMAL_SCHEMA, _NONE, _STATE),
        EventField("disk_rate_stopped", _rate, _DECIMAL_SCHEMA, _NONE, _STATE),
        EventField(
            "disk_hours_per_month",
            _whole_number(MAX_HOURS_PER_MONTH),
            _whole_schema(MAX_HOURS_PER_MONTH),
            _NONE,
            _STATE,
        ),
    )
}
_WHOLE_NUMBER_FIELDS = frozenset({"gpu_count", "disk_hours_per_month"})


@dataclass(frozen=True, slots=True)
class _FieldsOfType:
    """The names of the fields that events of one type must have, and of all that they may have."""

    required: frozenset[str]
    allowed: frozenset[str]


_FIELDS_OF_TYPE = {
    kind: _FieldsOfType(
        frozenset(name for name, field in EVENT_FIELDS.items() if kind in field.required_on),
        frozenset(name for name, field in EVENT_FIELDS.items() if kind in field.allowed_on),
    )
    for kind in EventType
}


def read_event(raw: object, *, default_currency: str) -> UsageEvent:
    """Return the usage event that a decoded JSON object says.

    A field that is null is as good as left out. `default_currency` is the account's.

    Raises:
        InvalidEventError: with every problem of every field.
    """
    if not isinstance(raw, dict):
        problem = FieldProblem("", "must_be_object", "Send an object with the event's fields.")
        raise InvalidEventError([problem])
    values: dict[str, Any] = {}
    is_right = True
    for name, sent in raw.items():
        field = EVENT_FIELDS.get(name)
        if field is None:
            is_right = False
        elif sent is not None:
            try:
                values[name] = field.read(sent)
            except _ProblemError:
                is_right = False
    kind = values.get("type")
    if not is_right or not _fits(kind, tuple(values)):
        raise InvalidEventError(_problems_of(raw))
    if kind is _STARTED:
        values.setdefault("currency", default_currency)
        values.setdefault("arch", CpuArchitecture.X86_64)
    return UsageEvent(**values)


@lru_cache(_MOST_TEXTS)
def _fits(kind: EventType | None, names: tuple[str, ...]) -> bool:
    """Say whether events of a type have fields of these names."""
    if kind is None:
        return False
    fields = _FIELDS_OF_TYPE[kind]
    return fields.allowed.issuperset(names) and fields.required.issubset(names)


def _problems_of(raw: Mapping[Any, object]) -> list[FieldProblem]:
    """Return every problem of every field, in the order of the fields."""
    problems = [
        FieldProblem(str(name)[:MAX_TEXT], "unknown_field", "A usage event has no such field.")
        for name in raw
        if name not in EVENT_FIELDS
    ]
    values: dict[str, Any] = {}
    for name, field in EVENT_FIELDS.items():
        if raw.get(name) is not None:
            try:
                values[name] = field.read(raw[name])
            except _ProblemError as error:
                problems.append(FieldProblem(name, error.code, error.message))
    return problems + _wrong_for_type(values.get("type"), raw)


def _wrong_for_type(kind: EventType | None, raw: Mapping[Any, object]) -> list[FieldProblem]:
    problems = []
    for name, field in EVENT_FIELDS.items():
        is_sent = raw.get(name) is not None
        is_required = kind in field.required_on if kind else field.required_on == _ALL
        if is_required and not is_sent:
            on_type = f" on {kind}" if kind and field.required_on != _ALL else ""
            message = f"Is required{on_type}."
            problems.append(FieldProblem(name, "missing", message))
        if is_sent and kind and kind not in field.allowed_on:
            message = f"Has no meaning on {kind}; leave it out."
            problems.append(FieldProblem(name, "field_not_for_type", message))
    return problems


def decode_csv_row(row: Mapping[str, str]) -> dict[str, object]:
    """Return a CSV row as the JSON object that it stands for; an empty cell is a field left out."""
    decoded: dict[str, object] = {}
    for name, text in row.items():
        if text != "":
            is_number = name in _WHOLE_NUMBER_FIELDS and _WHOLE_NUMBER.fullmatch(text)
            decoded[name] = int(text) if is_number else text
    return decoded


def event_schema() -> Schema:
    """Return the JSON schema of a usage event as it is sent."""
    return {
        "type": "object",
        "title": "UsageEvent",
        "required": [name for name, field in EVENT_FIELDS.items() if field.required_on == _ALL],
        "properties": {name: field.schema for name, field in EVENT_FIELDS.items()},
        "additionalProperties": False,
    }
