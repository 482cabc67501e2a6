"""Which reporters' clocks run ahead of this server's, as their newest reports tell."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import BigInteger, Connection, bindparam, func, select, type_coerce

from dumont_economy.storage.tables import usage_event

# A report in time is that of a clock in order; what is late may have had to wait.
_TOLERATED = timedelta(seconds=60)
# Looked at by every answer: the same few, however long the history is.
_NEWEST = 100
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """How far ahead of the server's clock a source dated its newest report."""

    source: str
    ahead: timedelta


_newest = (
    select(
        usage_event.c.source,
        usage_event.c.seq,
        (
            type_coerce(usage_event.c.time, BigInteger)
            - type_coerce(usage_event.c.received_at, BigInteger)
        ).label("ahead"),
    )
    .where(
        usage_event.c.account_id == bindparam("account_id"),
        usage_event.c.seq <= bindparam("up_to"),
    )
    .order_by(usage_event.c.seq.desc())
    .limit(_NEWEST)
    .subquery()
)
_by_source = select(
    _newest.c.source,
    _newest.c.ahead,
    func.row_number()
    .over(partition_by=_newest.c.source, order_by=_newest.c.seq.desc())
    .label("age"),
).subquery()
_AHEAD = (
    select(_by_source.c.source, _by_source.c.ahead)
    .where(_by_source.c.age == 1, _by_source.c.ahead > _TOLERATED // _MICROSECOND)
    .order_by(_by_source.c.source)
)


def clocks_ahead(connection: Connection, account_id: str, up_to: int) -> tuple[ClockSkew, ...]:
    """Return the sources, by name, whose newest report was dated over a minute ahead.

    Those of an account's newest 100 events up to a sequence number are looked at, each by its last:
    where a clock was corrected, the next report says so. Whether an event is what was written is
    asked elsewhere.
    """
    found = connection.execute(_AHEAD, {"account_id": account_id, "up_to": up_to})
    return tuple(ClockSkew(row.source, row.ahead * _MICROSECOND) for row in found)
