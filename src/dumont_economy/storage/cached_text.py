"""Sessions, disks and states of instances as text, for the caches: exact, and readable by eye.

Instants are whole microseconds of POSIX time, rates whole numbers of 10^-12.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from dumont_economy.instant import from_microseconds, to_microseconds
from dumont_economy.ledger.usage_step import (
    RATE_UNITS,
    shape_of_parts,
    shape_parts,
    shape_text,
    units_of,
)
from dumont_economy.metering.gpu_session import (
    Disk,
    DiskSpan,
    GpuRun,
    GpuSession,
    InstanceState,
    InstanceStatus,
    RateChange,
)
from dumont_economy.money import exact_text


def session_text(session: GpuSession) -> str:
    """Return the runs of a session; its instance, beginning and end stand beside it."""
    return _runs(session)


def session_of_text(
    instance: str, starts_at: datetime, ends_at: datetime | None, text: str
) -> GpuSession:
    """Return the session with such runs."""
    return _session(instance, starts_at, ends_at, json.loads(text))


def disk_span_text(span: DiskSpan) -> str:
    """Return what the disk of a span is; its beginning and end stand beside it."""
    return _text([list(shape_parts(span.shape)), _disk(span.disk), span.is_running])


def disk_span_of_text(
    _instance: str, starts_at: datetime, ends_at: datetime | None, text: str
) -> DiskSpan:
    """Return the span of such a disk."""
    return _disk_span(json.loads(text), starts_at, ends_at)


def state_text(state: InstanceState) -> str:
    """Return what holds of an instance; its id and its last report stand beside it.

    What is not there is left out.
    """
    session, disk = state.open_session, state.disk_now
    fields = {
        "name": None if state.name is None else _text(state.name),
        "status": None if state.status is None else _text(state.status),
        "since": _instant(state.since),
        "shape": None if state.shape is None else shape_text(state.shape),
        "rate": units_of(state.rate) or None,
        "disk": None if state.disk == Disk() else _text(_disk(state.disk)),
        "next_event": _instant(state.next_event_at),
        "session": None
        if session is None
        else f"[{to_microseconds(session.starts_at)},{_runs(session)}]",
        "disk_now": None if disk is None else _text(_disk_now(disk)),
        "ended": state.ended_sessions or None,
        "disks": state.ended_disk_spans or None,
        "first": _instant(state.first_started_at),
        "last": _instant(state.last_used_at),
        "starts": _text([to_microseconds(at) for at in state.recent_starts])
        if state.recent_starts
        else None,
        "flapping": "true" if state.is_flapping else None,
        "orphans": state.orphan_stops or None,
        "again": state.starts_while_running or None,
        "contradicting": state.contradicting_starts or None,
    }
    told = (f'"{name}":{value}' for name, value in fields.items() if value is not None)
    return f"{{{','.join(told)}}}"


def state_of_text(instance: str, text: str, last_report_at: datetime | None) -> InstanceState:
    """Return the state that a text tells."""
    held = json.loads(text)
    shape = held.get("shape")
    session, disk = held.get("session"), held.get("disk_now")
    return InstanceState(
        instance=instance,
        name=held.get("name"),
        status=InstanceStatus(held["status"]) if "status" in held else None,
        since=_instant_of(held.get("since")),
        shape=None if shape is None else shape_of_parts(shape),
        rate=Fraction(held.get("rate", 0), RATE_UNITS),
        disk=_disk_of(held["disk"]) if "disk" in held else Disk(),
        last_report_at=last_report_at,
        next_event_at=_instant_of(held.get("next_event")),
        open_session=None
        if session is None
        else _session(instance, from_microseconds(session[0]), None, session[1]),
        disk_now=None if disk is None else _disk_span(disk[:-1], from_microseconds(disk[-1]), None),
        ended_sessions=held.get("ended", 0),
        ended_disk_spans=held.get("disks", 0),
        first_started_at=_instant_of(held.get("first")),
        last_used_at=_instant_of(held.get("last")),
        recent_starts=tuple(from_microseconds(at) for at in held.get("starts", ())),
        is_flapping=held.get("flapping", False),
        orphan_stops=held.get("orphans", 0),
        starts_while_running=held.get("again", 0),
        contradicting_starts=held.get("contradicting", 0),
    )


def _runs(session: GpuSession) -> str:
    return _list([_run(run) for run in session.runs])


def _run(run: GpuRun) -> str:
    ends_at = "null" if run.ends_at is None else to_microseconds(run.ends_at)
    rates = _list([f"[{to_microseconds(one.since)},{units_of(one.rate)}]" for one in run.rates])
    return f"[{shape_text(run.shape)},{to_microseconds(run.starts_at)},{ends_at},{rates}]"


def _session(
    instance: str, starts_at: datetime, ends_at: datetime | None, runs: list[Any]
) -> GpuSession:
    return GpuSession(
        instance,
        starts_at,
        ends_at,
        tuple(
            GpuRun(
                shape_of_parts(shape),
                from_microseconds(begins),
                _instant_of(ends),
                tuple(
                    RateChange(from_microseconds(since), Fraction(rate, RATE_UNITS))
                    for since, rate in rates
                ),
            )
            for shape, begins, ends, rates in runs
        ),
    )


def _disk_now(span: DiskSpan) -> list[object]:
    return [
        list(shape_parts(span.shape)),
        _disk(span.disk),
        span.is_running,
        _instant(span.starts_at),
    ]


def _disk(disk: Disk) -> list[object]:
    amounts = (disk.gb, disk.rate_running, disk.rate_stopped)
    # Equal amounts are one text: a database may have added zeros.
    texts = (None if one is None else exact_text(one) for one in amounts)
    return [*texts, disk.hours_per_month]


def _disk_of(parts: list[Any]) -> Disk:
    *amounts, hours_per_month = parts
    gb, running, stopped = (None if one is None else Decimal(one) for one in amounts)
    return Disk(gb, running, stopped, hours_per_month)


def _disk_span(parts: list[Any], starts_at: datetime, ends_at: datetime | None) -> DiskSpan:
    shape, disk_parts, is_running = parts
    disk = _disk_of(disk_parts)
    size = Fraction(disk.gb or 0)
    return DiskSpan(shape_of_parts(shape), disk, size, is_running, starts_at, ends_at)


def _instant(at: datetime | None) -> int | None:
    return None if at is None else to_microseconds(at)


def _instant_of(at: int | None) -> datetime | None:
    return None if at is None else from_microseconds(at)


def _list(texts: Iterable[str]) -> str:
    return f"[{','.join(texts)}]"


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
