"""A notice: something that a person has to know to read a figure rightly."""

from dataclasses import dataclass
from typing import Literal

NoticeCode = Literal[
    "billing_rule_assumed",
    "clock_skew",
    "contradicting_starts",
    "currency_not_converted",
    "disk_price_unknown",
    "disks_not_compared",
    "flapping_instances",
    "orphan_stops",
    "price_conflict",
    "price_feed_failed",
    "price_feed_stale",
    "price_rows_refused",
    "prices_quarantined",
    "silent_instances",
    "stale_prices",
    "unknown_gpu",
    "variant_assumed",
]


@dataclass(frozen=True, slots=True)
class Notice:
    """One such thing, in words; `code` is stable, in snake case."""

    code: NoticeCode
    message: str
