"""Reads an account's instances: what each is, what it costs, and what it compares with."""

from dataclasses import dataclass

from dumont_economy.ledger.line_item import LineItem
from dumont_economy.ledger.rating import in_effect
from dumont_economy.metering.gpu_session import InstanceTimeline, Shape
from dumont_economy.pricing.match_timeline import Match
from dumont_economy.savings.totals import Totals, total_of
from dumont_economy.services.account_view import AccountView, ActiveInstance


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """One instance: its state now, and its totals; `active` while it is on.

    `match` is the one in effect now, for an instance that is off what it would compare with.
    """

    timeline: InstanceTimeline
    shape: Shape
    active: ActiveInstance | None
    match: Match
    lifetime: Totals


@dataclass(frozen=True, slots=True)
class GpuGroup:
    """All instances of one GPU type together."""

    gpu_type: str
    instances_count: int
    active_count: int
    lifetime: Totals


def read_instances(view: AccountView, *, start: int, limit: int) -> tuple[list[InstanceRow], bool]:
    """Return a page of instances, active ones first, then the latest used; and if more follow."""
    ordered = _ordered(view)
    rows = [
        _row(view, timeline, timeline.shape)
        for timeline in ordered[start : start + limit]
        if timeline.shape is not None
    ]
    return rows, len(ordered) > start + limit


def read_gpu_groups(view: AccountView) -> list[GpuGroup]:
    """Return the account's use by GPU type, by name."""
    active = [(one, view.gpu_type(one.session.runs[-1].shape)) for one in view.active]
    lines = [*view.closed.lines, *(line for one, _ in active for line in one.lines)]
    lines_of: dict[str, list[LineItem]] = {gpu_type: [] for _, gpu_type in active}
    type_of = {shape: view.gpu_type(shape) for shape in view.ledger.shapes}
    for line in lines:  # By the GPU that ran: an instance may have changed it since.
        lines_of.setdefault(type_of[line.shape], []).append(line)
    return [
        GpuGroup(
            gpu_type=gpu_type,
            instances_count=len(
                {line.instance for line in held}
                | {one.timeline.instance for one, active_type in active if active_type == gpu_type}
            ),
            active_count=sum(active_type == gpu_type for _, active_type in active),
            lifetime=total_of(held),
        )
        for gpu_type, held in sorted(lines_of.items())
    ]


def _ordered(view: AccountView) -> list[InstanceTimeline]:
    started = [t for t in view.ledger.timelines.values() if t.sessions]
    return sorted(started, key=_order)


def _order(timeline: InstanceTimeline) -> tuple[bool, float, str]:
    last = timeline.sessions[-1]
    latest = last.ends_at or last.starts_at
    return (not last.is_open, -latest.timestamp(), timeline.instance)


def _row(view: AccountView, timeline: InstanceTimeline, shape: Shape) -> InstanceRow:
    active = next((one for one in view.active if one.timeline is timeline), None)
    if active is not None:
        match = active.live.match
    else:
        match = in_effect(view.terms.matches_for(shape), view.as_of).match
    return InstanceRow(timeline, shape, active, match, view.totals_of(timeline))
