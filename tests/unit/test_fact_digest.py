"""Digests of facts, on examples: fixed for ever, whichever way a value is given."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from dumont_economy.fact_digest import CHAIN_START, chained, digest, encoded
from dumont_economy.instant import to_microseconds
from dumont_economy.metering.usage_event import EventType

COLUMNS = ("account_id", "id", "rate", "seq", "time", "type")
TIME = datetime(2026, 5, 4, 9, tzinfo=UTC)
ROW: dict[str, object] = {
    "account_id": "ours",
    "id": "e-1 ü",
    "rate": Decimal("0.740"),
    "seq": 1,
    "time": TIME,
    "type": EventType.START,
}


def test_the_encoding_of_a_row_is_this_one() -> None:
    """Another would make every digest of the past wrong."""
    assert encoded("usage_event", COLUMNS, ROW).decode() == (
        "usage_event;account_id:4:ours;id:5:e-1 ü;rate=740000000000;seq=1"
        ";time=1777885200000000;type:5:start"
    )


def test_the_digests_of_a_row_are_these() -> None:
    """SHA-256 of the encoding; in a chain, of the digest before it and the encoding."""
    encoding = encoded("usage_event", COLUMNS, ROW)

    assert digest(encoding) == ("4596fc657ba9ed4857e975f5a621aa5a5a25612c38c9a8de6065b1312a671bc8")
    assert chained(CHAIN_START, encoding) == (
        "8cf89378fd962afedfd8a8b5801ee0f8eea47d3037a99024a1870797ba4e776e"
    )


def test_a_value_may_be_given_as_it_is_kept() -> None:
    """Instants as microseconds, amounts in units of 10^-12, names of a type as text."""
    kept = {
        **ROW,
        "rate": 740_000_000_000,
        "time": to_microseconds(TIME),
        "type": "start",
    }

    assert encoded("usage_event", COLUMNS, kept) == encoded("usage_event", COLUMNS, ROW)


def test_a_column_that_a_later_version_adds_changes_no_digest_of_the_past() -> None:
    """It holds nothing in the rows that were there."""
    with_more = {**ROW, "colour": None}

    assert encoded("t", ("colour", *COLUMNS), with_more) == encoded("t", COLUMNS, ROW)


@pytest.mark.parametrize("value", [0.74, b"0.75", Decimal("0.1234567890123"), ["0.74"]])
def test_what_no_fact_can_hold_is_not_encoded(value: object) -> None:
    """Such a value comes of damage alone."""
    with pytest.raises(ValueError, match=r"rate holds|more than 12 decimals"):
        encoded("usage_event", COLUMNS, {**ROW, "rate": value})
