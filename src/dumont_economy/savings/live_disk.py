"""The slope of a disk that is there: how both costs move until a price is known to change."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dumont_economy.ledger.line_item import DiskLine
from dumont_economy.ledger.rating import RatingTerms, rate_disk
from dumont_economy.metering.gpu_session import DiskSpan, Shape

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class LiveDisk:
    """What a disk costs now and would cost, as a line of it; it holds up to `changes_at`."""

    line: DiskLine
    changes_at: datetime | None


def live_disk(span: DiskSpan, terms: RatingTerms, now: datetime) -> LiveDisk:
    """Return the slope of a disk at `now`."""
    # What holds from now on is what the shortest stretch is rated with that begins now.
    (line, *_) = rate_disk("", [_from(span, now)], terms, now + _INSTANT)
    changes = next_price_changes(span.shape, terms, now)
    return LiveDisk(line, min(changes, default=None))


def next_price_changes(shape: Shape, terms: RatingTerms, now: datetime) -> list[datetime]:
    """Return when what a disk is rated with changes next, as far as that is known."""
    timelines = (terms.exchange_for(shape), terms.disk_prices)
    later = (
        min((change.since for change in timeline if change.since > now), default=None)
        for timeline in timelines
    )
    return [at for at in later if at is not None]


def _from(span: DiskSpan, now: datetime) -> DiskSpan:
    return DiskSpan(span.shape, span.disk, span.gb, span.is_running, now, None)
