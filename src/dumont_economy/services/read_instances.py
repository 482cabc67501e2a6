"""Reads an account's instances: what each is, what it costs, and what it compares with."""

from dataclasses import dataclass

from dumont_economy.errors import NotFoundError
from dumont_economy.ledger.line_item import ALL_TIME, Line, Window
from dumont_economy.ledger.rating import in_effect, rate_session
from dumont_economy.metering.gpu_session import GpuSession, InstanceTimeline, Shape
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


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """One session of an instance and what it comes to, to now where it is open."""

    session: GpuSession
    totals: Totals


def read_instances(
    view: AccountView, *, start: int, limit: int, used_in: Window = ALL_TIME
) -> tuple[list[InstanceRow], bool]:
    """Return a page of the instances that were on in a window, and whether more follow.

    Active ones come first, then the latest used.
    """
    ordered = [one for one in _ordered(view) if _was_on(view, one, used_in)]
    rows = [
        _row(view, timeline, timeline.shape)
        for timeline in ordered[start : start + limit]
        if timeline.shape is not None
    ]
    return rows, len(ordered) > start + limit


def read_gpu_groups(view: AccountView, used_in: Window = ALL_TIME) -> list[GpuGroup]:
    """Return the account's use by GPU type, by name, of the types that were used in a window."""
    active = [(one, view.gpu_type(one.session.runs[-1].shape)) for one in view.active]
    lines = [*view.closed.lines, *(line for one, _ in active for line in one.lines), *view.disks]
    lines_of: dict[str, list[Line]] = {gpu_type: [] for _, gpu_type in active}
    type_of = {shape: view.gpu_type(shape) for shape in {line.shape for line in lines}}
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
        if used_in == ALL_TIME or any(used_in.touches(one.starts_at, one.ends_at) for one in held)
    ]


def read_instance(
    view: AccountView, instance: str, *, start: int, limit: int
) -> tuple[InstanceRow, list[SessionFigures], bool]:
    """Return one instance, a page of its sessions, the latest first, and whether more follow.

    Raises:
        NotFoundError: the account has none of that id, or knows no start of it.
    """
    timeline = view.ledger.timelines.get(instance)
    if timeline is None or timeline.shape is None or not timeline.sessions:
        message = "This account knows no start of an instance of that id."
        raise NotFoundError(message)
    latest_first = timeline.sessions[::-1]
    page = [
        SessionFigures(one, total_of(rate_session(one, view.terms, view.as_of)))
        for one in latest_first[start : start + limit]
    ]
    return _row(view, timeline, timeline.shape), page, len(latest_first) > start + limit


def _was_on(view: AccountView, timeline: InstanceTimeline, window: Window) -> bool:
    return any(
        window.touches(one.starts_at, one.ends_at or view.as_of) for one in timeline.sessions
    )


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
