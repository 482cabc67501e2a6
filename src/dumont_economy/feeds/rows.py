"""Rows: what all feeds share when they take one apart."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from dumont_economy.errors import InvalidAmountError, InvalidInstantError
from dumont_economy.instant import parse_instant
from dumont_economy.money import exact_text, parse_amount
from dumont_economy.pricing.price_claim import FeedReading, PriceClaim

_PRICE = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,40})?(?:[eE][+-]?[0-9]{1,2})?", re.ASCII)
_QUANTITY = re.compile(r"([0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,9})(\.[0-9]{1,9})?(?: GiB)?", re.ASCII)
_INSTANCE_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_REGION = _INSTANCE_TYPE
# Rental clouds name their offers in words: `1x A4000 (16 GB)`, `NVIDIA H100 80GB HBM3`.
_OFFER_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ()+.:/_-]{0,78}[A-Za-z0-9)+])?", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_SHOWN_LENGTH = 80


class RowError(Exception):
    """A row states no price that could be judged; `code` says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def difference(row: Mapping[str, object], wanted: Mapping[str, tuple[object, str]]) -> str | None:
    """Return the reason beside the first wanted value that is not the row's; None if all are."""
    return next((why for name, (value, why) in wanted.items() if row.get(name) != value), None)


def parse_price(said: object) -> Decimal:
    """Return the exact price that a feed's number writes, in its shortest form.

    Unlike an amount that a person writes, it may have an exponent: 1e-7 is 0.0000001.

    Raises:
        RowError: it is no number in ASCII digits, or has more decimals than are kept.
    """
    if not isinstance(said, str) or not _PRICE.fullmatch(said):
        raise RowError("not_a_price", f"{shown(said)} is no price.")
    try:
        return parse_amount(exact_text(Decimal(said)))
    except InvalidAmountError as error:
        raise RowError(error.code, f"{shown(said)}: {error}") from error


def parse_effective_date(said: object) -> datetime:
    """Return the instant from which a row says that its price holds.

    Raises:
        RowError: it does not say so.
    """
    if said is None or said == "":
        raise RowError("no_effective_date", "The row does not say since when its price holds.")
    try:
        return parse_instant(said if isinstance(said, str) else "")
    except InvalidInstantError as error:
        raise RowError("invalid_effective_date", f"{shown(said)}: {error}") from error


def parse_instance_type(said: object) -> str:
    """Return the name of an instance type.

    Raises:
        RowError: it is none.
    """
    if not isinstance(said, str) or not _INSTANCE_TYPE.fullmatch(said):
        raise RowError("unreadable_instance_type", f"{shown(said)} names no instance type.")
    return said


def parse_region(said: object) -> str:
    """Return the code of a region.

    Raises:
        RowError: it is none.
    """
    if not isinstance(said, str) or not _REGION.fullmatch(said):
        raise RowError("unreadable_region", f"{shown(said)} is no region's code.")
    return said


def parse_offer_name(said: object, code: str = "unreadable_instance_type") -> str:
    """Return a name in words: that of an offer or of a GPU.

    Raises:
        RowError: it is none; `code` says whose.
    """
    if not isinstance(said, str) or not _OFFER_NAME.fullmatch(said):
        raise RowError(code, f"{shown(said)} is no name in plain words.")
    return said


def parse_currency(said: object) -> str:
    """Return the three letters of a currency, whichever it is.

    Raises:
        RowError: it is none.
    """
    if not isinstance(said, str) or not _CURRENCY.fullmatch(said):
        raise RowError("unreadable_currency", f"{shown(said)} is no currency.")
    return said


def parse_quantity(said: object) -> Fraction | None:
    """Return a count or a size in GiB such as `2,048 GiB`; None where it is not to be read."""
    match = _QUANTITY.fullmatch(said) if isinstance(said, str) else None
    return Fraction(match[1].replace(",", "") + (match[2] or "")) if match else None


def shown(said: object) -> str:
    """Return what a row says in printable characters, short enough for a message."""
    text = ascii(said)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}..."


def place_of(name: str) -> str:
    """Return a name in a feed as the place of a row: plain, and short."""
    return shown(name)[1:].rstrip("'\"")


def drop_repeats(reading: FeedReading) -> None:
    """Keep each claim once, wherever it stands; claims that differ in anything else all stay."""
    claims: dict[PriceClaim, PriceClaim] = {}
    for claim in reading.claims:
        claims.setdefault(replace(claim, place=""), claim)
    if repeated := len(reading.claims) - len(claims):
        reading.skipped["repeated"] += repeated
        reading.claims[:] = claims.values()
