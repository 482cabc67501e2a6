"""Types of query parameters and fields that more than one operation takes."""

import re
import unicodedata
from decimal import Decimal
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from dumont_economy.errors import UnknownTimeZoneError
from dumont_economy.pricing.policy import Basis, RateCardName
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import ComparisonProvider, parse_provider
from dumont_economy.savings.local_day import parse_zone

MAX_PAGE = 500
_MAX_DIGITS = 18
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


def _without_controls(text: str) -> str:
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
        raise PydanticCustomError("invalid_text", "Must not hold control characters.")
    return text


def _zone(text: object) -> ZoneInfo:
    try:
        return parse_zone(str(text))
    except UnknownTimeZoneError as error:
        raise PydanticCustomError(
            "unknown_timezone", "Use an IANA time zone such as America/Sao_Paulo."
        ) from error


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


# A name that people give: no control characters, which no database and no page shows alike.
NameField = Annotated[
    str,
    Field(strict=True, min_length=1, max_length=255),
    AfterValidator(_without_controls),
]


class ComparisonQuery(BaseModel):
    """With whom usage is compared; what is left out is the account's policy."""

    provider: ProviderParameter = ComparisonProvider.AWS
    rate_card: RateCardName = RateCardName.LIST
    basis: Basis | None = None
    pricing_model: PricingModel | None = None
