"""Reads an account's instances: what each is, what it costs, and what it compares with."""

from dataclasses import dataclass

from dumont_economy.errors import NotFoundError
from dumont_economy.instant import to_microseconds
from dumont_economy.ledger.line_item import ALL_TIME, Window
from dumont_economy.ledger.rating import in_effect, rate_session
from dumont_economy.metering.gpu_session import GpuSession, InstanceState, Shape
from dumont_economy.pricing.match_timeline import Match
from dumont_economy.savings.totals import Totals, total_of
from dumont_economy.services.account_view import AccountView, ActiveInstance


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """One instance: its state now, and its totals; `active` while it is on.

    `match` is the one in effect now, for an instance that is off what it would compare with.
    `per_second` is what each second adds to `lifetime`: its disk costs also while it is off.
    """

    state: InstanceState
    shape: Shape
    active: ActiveInstance | None
    match: Match
    lifetime: Totals
    per_second: Totals


@dataclass(frozen=True, slots=True)
class GpuGroup:
    """All instances of one GPU type together."""

    gpu_type: str
    instances_count: int
    active_count: int
    lifetime: Totals


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """One session of an instance and what it comes to, to now where it is open.

    `per_second` is what each second adds to it: nothing once it has ended.
    """

    session: GpuSession
    totals: Totals
    per_second: Totals


def read_instances(
    view: AccountView, *, start: int, limit: int, used_in: Window = ALL_TIME
) -> tuple[list[InstanceRow], bool]:
    """Return a page of the instances that were on in a window, and whether more follow.

    Active ones come first, then the latest used.
    """
    if used_in == ALL_TIME:
        found = view.records.used_last(start=start, limit=limit + 1)
    else:
        found = _used_in(view, used_in)[start : start + limit + 1]
    rows = [_row(view, state, state.shape) for state in found[:limit] if state.shape is not None]
    return rows, len(found) > limit


def _used_in(view: AccountView, window: Window) -> list[InstanceState]:
    """Return the instances that were on in a window, active ones first, then the latest used."""
    active = {one.state.instance: one.state for one in view.active}
    names = {
        one.instance for one in view.records.ended_in(window) if isinstance(one.use, GpuSession)
    }
    found = {name: one.state for name, one in view.records.instances(names - set(active)).items()}
    found |= {
        name: state
        for name, state in active.items()
        if name in names
        or (
            state.open_session is not None
            and window.touches(state.open_session.starts_at, view.as_of)
        )
    }
    return sorted(found.values(), key=_order)


def read_gpu_groups(view: AccountView, used_in: Window = ALL_TIME) -> list[GpuGroup]:
    """Return the account's use by GPU type, by name, of the types that were used in a window."""
    # By the GPU that ran: an instance may have changed it since.
    totals_of: dict[str, Totals] = {}
    names_of: dict[str, set[str]] = {}
    used: set[str] = set()
    for key, totals in view.ended.by_key(ALL_TIME).items():
        totals_of.setdefault(view.gpu_type(key.shape), Totals()).merge(totals)
    for line in view.open_lines:
        gpu_type = view.gpu_type(line.shape)
        totals_of.setdefault(gpu_type, Totals()).add_line(line)
        names_of.setdefault(gpu_type, set()).add(line.instance)
        if used_in.touches(line.starts_at, line.ends_at):
            used.add(gpu_type)
    active_types = [view.gpu_type(one.session.runs[-1].shape) for one in view.active]
    for one, gpu_type in zip(view.active, active_types, strict=True):
        totals_of.setdefault(gpu_type, Totals())
        names_of.setdefault(gpu_type, set()).add(one.state.instance)
    if used_in == ALL_TIME:
        used |= set(totals_of)
    else:
        used |= {view.gpu_type(key.shape) for key in view.ended.by_key(used_in)}
    for instance in view.records.every_instance():
        for key in instance.keys:
            names_of.setdefault(view.gpu_type(key.shape), set()).add(instance.state.instance)
    return [
        GpuGroup(
            gpu_type=gpu_type,
            instances_count=len(names_of[gpu_type]),
            active_count=active_types.count(gpu_type),
            lifetime=totals,
        )
        for gpu_type, totals in sorted(totals_of.items())
        if gpu_type in used
    ]


def read_instance(
    view: AccountView, instance: str, *, start: int, limit: int
) -> tuple[InstanceRow, list[SessionFigures], bool]:
    """Return one instance, a page of its sessions, the latest first, and whether more follow.

    Raises:
        NotFoundError: the account has none of that id, or knows no start of it.
    """
    state = view.records.instance(instance)
    if state is None or state.shape is None or not state.sessions:
        message = "This account knows no start of an instance of that id."
        raise NotFoundError(message)
    ended = [one.use for one in view.records.ended_of(instance)]
    sessions = [use for use in ended if isinstance(use, GpuSession)]
    if state.open_session is not None:
        sessions.append(state.open_session)
    latest_first = sessions[::-1]
    row = _row(view, state, state.shape)
    page = [_figures_of(view, row, one) for one in latest_first[start : start + limit]]
    return row, page, len(latest_first) > start + limit


def _figures_of(view: AccountView, row: InstanceRow, session: GpuSession) -> SessionFigures:
    is_open = session.ends_at is None
    per_second = row.active.per_second if is_open and row.active is not None else Totals()
    return SessionFigures(
        session, total_of(rate_session(session, view.terms, view.as_of)), per_second
    )


def _order(state: InstanceState) -> tuple[bool, int, str]:
    latest = 0 if state.last_used_at is None else to_microseconds(state.last_used_at)
    return (state.open_session is None, -latest, state.instance)


def _row(view: AccountView, state: InstanceState, shape: Shape) -> InstanceRow:
    active = next((one for one in view.active if one.state.instance == state.instance), None)
    if active is not None:
        match = active.live.match
    else:
        match = in_effect(view.terms.matches_for(shape), view.as_of).match
    lifetime, per_second = view.totals_of(state), view.per_second_of(state)
    return InstanceRow(state, shape, active, match, lifetime, per_second)
