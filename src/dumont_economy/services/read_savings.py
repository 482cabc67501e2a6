"""Reads the figures of an account's savings that are more than a sum."""

from datetime import datetime
from fractions import Fraction
from heapq import nlargest

from dumont_economy.metering.gpu_session import InstanceTimeline
from dumont_economy.savings.projection import Projection, project
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_view import AccountView

_SUMMARISED = 5


def project_savings(view: AccountView, daily_hours: Fraction | None) -> Projection:
    """Return the account's saving carried forward."""
    return project(
        daily_hours=daily_hours,
        saving_per_hour=view.saving_per_hour,
        measured=None if daily_hours is not None else view.measured_saving(),
    )


def summarise_instances(view: AccountView) -> list[tuple[InstanceTimeline, Totals]]:
    """Return up to five instances with their totals: active ones first, then the latest used."""
    started = [timeline for timeline in view.ledger.timelines.values() if timeline.sessions]
    newest = nlargest(_SUMMARISED, started, key=_newest_use)
    return [(timeline, view.totals_of(timeline)) for timeline in newest]


def _newest_use(timeline: InstanceTimeline) -> tuple[bool, datetime, str]:
    last = timeline.sessions[-1]
    return (last.is_open, last.ends_at or last.starts_at, timeline.instance)
