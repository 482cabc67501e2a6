"""The two instants of a question on prices: when they were in force, and when they were known."""

from dataclasses import dataclass
from datetime import datetime

from dumont_economy.errors import InvalidInstantError


@dataclass(frozen=True, slots=True)
class Asked:
    """The instant of use, and the instant whose knowledge answers."""

    at: datetime
    as_of: datetime


def asked_instants(at: datetime | None, as_of: datetime | None, now: datetime) -> Asked:
    """Return the instants that are asked for, now where they are left open.

    Raises:
        InvalidInstantError: what will be known at an instant ahead was asked for.
    """
    if as_of is not None and as_of > now:
        message = "as_of lies ahead; what will be known then cannot be told."
        raise InvalidInstantError(message, "as_of_in_future")
    return Asked(now if at is None else at, now if as_of is None else as_of)
