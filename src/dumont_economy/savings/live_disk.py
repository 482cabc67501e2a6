"""The slope of a disk that is there: how both costs move until a price is known to change."""

from datetime import datetime, timedelta
from fractions import Fraction

from dumont_economy.ledger.rating import RatingTerms, rate_disk
from dumont_economy.metering.gpu_session import DiskSpan, Shape

_INSTANT = timedelta(microseconds=1)


def disk_saving_per_hour(span: DiskSpan, terms: RatingTerms, now: datetime) -> Fraction:
    """Return what a disk saves an hour at `now`; 0 where nothing stands beside it."""
    # The rate that holds from now on is that of the shortest stretch that begins now.
    (line, *_) = rate_disk("", [_from(span, now)], terms, now + _INSTANT)
    if line.rate is None or line.comparison_rate is None:
        return Fraction(0)
    return line.comparison_rate - line.rate


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
