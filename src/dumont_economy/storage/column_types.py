"""Column types that keep money and time exact on every database."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, Dialect, Numeric
from sqlalchemy.types import TypeDecorator, TypeEngine

from dumont_economy.instant import from_microseconds, to_microseconds
from dumont_economy.money import RATE_DECIMALS, from_units, to_units


class ExactAmount(TypeDecorator[Decimal]):
    """A decimal with at most 12 decimals and 6 digits before them.

    NUMERIC on PostgreSQL. On SQLite, whose NUMERIC is a float, a whole number of 10^-12 units.
    """

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's own type on a database."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(Numeric(30, RATE_DECIMALS))
        return dialect.type_descriptor(BigInteger())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Turn a decimal into what the database keeps."""
        if value is None or dialect.name == "postgresql":
            return value
        return to_units(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ANN401
        """Turn what the database kept into the decimal."""
        if value is None:
            return None
        return Decimal(value) if dialect.name == "postgresql" else from_units(value)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as whole microseconds of POSIX time."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """Turn an instant into microseconds."""
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn microseconds into an instant."""
        return None if value is None else from_microseconds(value)
