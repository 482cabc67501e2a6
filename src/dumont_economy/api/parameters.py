"""Types of query parameters and fields that more than one operation takes."""

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from dumont_economy.errors import (
    InvalidAmountError,
    InvalidInstantError,
    UnknownTimeZoneError,
)
from dumont_economy.instant import parse_instant
from dumont_economy.metering.event_input import MAX_GPU_COUNT, MAX_SIZE
from dumont_economy.money import parse_amount
from dumont_economy.pricing.policy import Basis, RateCardName
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider, parse_provider
from dumont_economy.savings.local_day import parse_zone
from dumont_economy.savings.period import FIRST_YEAR, LAST_YEAR

MAX_PAGE = 500
MAX_FEW = 31
MAX_POLICY_VERSION = 2**31 - 1
_MAX_DIGITS = 18
_DATE = r"\d{4}-\d{2}-\d{2}"
_DAILY_HOURS = (
    r"^(24(\.0{1,4})?|(1[0-9]|2[0-3]|[1-9])(\.[0-9]{1,4})?"
    r"|0\.[1-9][0-9]{0,3}|0\.0[1-9][0-9]{0,2}|0\.00[1-9][0-9]?|0\.000[1-9])$"
)


def _whole_number(text: object) -> int:
    """Read ASCII digits only: `int` would also take signs, spaces, underscores, other digits."""
    if isinstance(text, str) and text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS:
        return int(text)
    raise PydanticCustomError("not_a_whole_number", "Write a whole number in digits.")


def _daily_hours(text: object) -> Decimal:
    if isinstance(text, str) and re.fullmatch(_DAILY_HOURS, text, re.ASCII):
        return Decimal(text)
    raise PydanticCustomError(
        "not_daily_hours", "Write hours a day, over 0 and at most 24, for example 8 or 7.5."
    )


def is_plain_text(text: str) -> bool:
    """Say whether a text holds no control characters: no two databases treat them alike."""
    return all(unicodedata.category(character) not in ("Cc", "Cs") for character in text)


def _without_controls(text: str) -> str:
    if not is_plain_text(text):
        raise PydanticCustomError("invalid_text", "Must not hold control characters.")
    return text


def _flag(text: object) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise PydanticCustomError("not_a_flag", "Write true or false.")


def _zone(text: object) -> ZoneInfo:
    try:
        return parse_zone(str(text))
    except UnknownTimeZoneError as error:
        raise PydanticCustomError(
            "unknown_timezone", "Use an IANA time zone such as America/Sao_Paulo."
        ) from error


def _memory_gib(text: object) -> Decimal:
    try:
        size = parse_amount(str(text))
    except InvalidAmountError as error:
        raise PydanticCustomError(
            "not_a_decimal", "Write GiB as plain decimal digits, for example 24 or 22.5."
        ) from error
    if not 0 < size <= MAX_SIZE:
        raise PydanticCustomError("out_of_range", "No GPU has that much memory.")
    return size


def _instant_of_use(text: object) -> datetime:
    """Read an instant whose local days and months can be counted on either side of it."""
    instant = _instant(text)
    _refuse_year(instant.year)
    return instant


def _border(text: object) -> datetime | date:
    """Read an instant, or a date that stands for the first instant of a local day."""
    if not isinstance(text, str) or not re.fullmatch(_DATE, text, re.ASCII):
        return _instant_of_use(text)
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise PydanticCustomError("invalid_date", "There is no such date.") from error
    _refuse_year(day.year)
    return day


def _refuse_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise PydanticCustomError(
            "out_of_range",
            "Use the years {first} to {last}.",
            {"first": FIRST_YEAR, "last": LAST_YEAR},
        )


def _instant(text: object) -> datetime:
    try:
        return parse_instant(str(text))
    except InvalidInstantError as error:
        raise PydanticCustomError(error.code, str(error)) from error


ProviderParameter = Annotated[
    ComparisonProvider,
    BeforeValidator(lambda text: parse_provider(str(text))),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^([aA][wW][sS]|[gG][cC][pP]|[aA][zZ][uU][rR][eE])$",
            "description": "AWS, GCP or Azure, in any case.",
        }
    ),
]


def _provider_or_all(text: object) -> object:
    return None if isinstance(text, str) and text.lower() == "all" else text


PricingProviderParameter = Annotated[
    ProviderParameter | None,
    BeforeValidator(_provider_or_all),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^([aA][wW][sS]|[gG][cC][pP]|[aA][zZ][uU][rR][eE]|[aA][lL][lL])$",
            "description": "AWS, GCP, Azure or all, in any case.",
        }
    ),
]
DaysParameter = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(ge=1, le=3660),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 3660}),
]
LimitParameter = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(ge=1, le=MAX_PAGE),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_PAGE}),
]
# Where each of a page costs as much as a whole answer.
FewParameter = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(ge=1, le=MAX_FEW),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_FEW}),
]
PolicyVersionParameter = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(ge=1, le=MAX_POLICY_VERSION),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_POLICY_VERSION}),
]
GpuCountParameter = Annotated[
    int,
    BeforeValidator(_whole_number),
    Field(ge=1, le=MAX_GPU_COUNT),
    WithJsonSchema({"type": "integer", "minimum": 1, "maximum": MAX_GPU_COUNT}),
]
MemoryParameter = Annotated[
    Decimal,
    BeforeValidator(_memory_gib),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,6}(\.[0-9]{1,12})?$"}),
]
InstantParameter = Annotated[
    datetime,
    BeforeValidator(_instant),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "description": "RFC 3339, with an offset."}
    ),
]
InstantOfUseParameter = Annotated[
    datetime,
    BeforeValidator(_instant_of_use),
    WithJsonSchema(
        {
            "type": "string",
            "format": "date-time",
            "description": "RFC 3339, with an offset, in the years 1970 to 9998.",
        }
    ),
]
BorderParameter = Annotated[
    datetime | date,
    PlainValidator(_border),
    WithJsonSchema(
        {
            "type": "string",
            "description": "RFC 3339 with an offset, or a date: the first instant of that local "
            "day. In the years 1970 to 9998.",
        }
    ),
]
FlagParameter = Annotated[
    bool, BeforeValidator(_flag), WithJsonSchema({"type": "string", "enum": ["true", "false"]})
]
ZoneParameter = Annotated[
    ZoneInfo,
    BeforeValidator(_zone),
    WithJsonSchema({"type": "string", "description": "IANA name.", "maxLength": 64}),
]
DailyHoursParameter = Annotated[
    Decimal,
    BeforeValidator(_daily_hours),
    WithJsonSchema({"type": "string", "pattern": _DAILY_HOURS}),
]


# Any text, an empty one too: what nothing is called is answered, not refused.
TextParameter = Annotated[str, Field(max_length=255), AfterValidator(_without_controls)]
RegionParameter = Annotated[
    str, Field(min_length=1, max_length=64), AfterValidator(_without_controls)
]


# A name that people give: no control characters, which no database and no page shows alike.
NameField = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=255),
    AfterValidator(_without_controls),
]


class ProviderQuery(BaseModel):
    """With whom usage is compared; what is left out is the account's policy."""

    provider: ProviderParameter = ComparisonProvider.AWS
    rate_card: RateCardName = RateCardName.LIST
    basis: Basis | None = None
    pricing_model: PricingModel | None = None


class ComparisonQuery(ProviderQuery):
    """With whom usage is compared; what is left out is the account's policy, as it is now.

    With `as_of` the answer is the one of that instant, of what was known then: open runs are
    rated up to it, and the policy is the one in force at it.
    """

    policy_version: PolicyVersionParameter | None = None
    as_of: InstantOfUseParameter | None = None
