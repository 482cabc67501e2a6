"""A usage event: one immutable report of what an instance did (RATING.md, section 3)."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class EventType(StrEnum):
    """What a usage event reports."""

    START = "start"
    RESUME = "resume"
    IDLE = "idle"
    BUSY = "busy"
    SEEN = "seen"
    RESIZE = "resize"
    PRICE_CHANGE = "price_change"
    STOP = "stop"
    HIBERNATE = "hibernate"
    TERMINATE = "terminate"
    VOID = "void"

    # That of the text which it equals; an enumeration's own differs, and takes ten times as long.
    __hash__ = str.__hash__


class CpuArchitecture(StrEnum):
    """The instruction set of a machine's CPU."""

    X86_64 = "x86_64"
    ARM64 = "arm64"

    __hash__ = str.__hash__


# A tuple, because very many are made: each takes a quarter of the time.
class UsageEvent(NamedTuple):
    """One report, as the reporter sent it.

    Identified by (account, source, id); the account is whose ledger it lies in. `rate` is per
    instance-hour in `currency`. `gpu_memory_gib` is per GPU. Disk sizes are GB, disk rates per
    GB-month. Fields that a type does not carry are None.
    """

    source: str
    id: str
    type: EventType
    time: datetime
    instance: str | None = None
    provider: str | None = None
    gpu: str | None = None
    gpu_count: int | None = None
    rate: Decimal | None = None
    currency: str | None = None
    name: str | None = None
    gpu_memory_gib: Decimal | None = None
    arch: CpuArchitecture | None = None
    void_of: str | None = None
    disk_gb: Decimal | None = None
    disk_rate_running: Decimal | None = None
    disk_rate_stopped: Decimal | None = None
    disk_hours_per_month: int | None = None

    @property
    def tells_of_disk(self) -> bool:
        """Say whether it reports anything of a disk."""
        return (
            self.disk_gb is not None
            or self.disk_rate_running is not None
            or self.disk_rate_stopped is not None
            or self.disk_hours_per_month is not None
        )


def voids_in_force(voids: Iterable[UsageEvent]) -> list[UsageEvent]:
    """Return the voids that no void in force names (R-VOID).

    A void names an event of its own source, which may be a void: voiding a void brings the event
    back. Which are in force depends on the set of voids alone and not on their order; voids that
    name each other in a ring are not.
    """
    by_key = {(void.source, void.id): void for void in voids}
    undecided = Counter(_target_of(void) for void in by_key.values())
    ready = [key for key in by_key if undecided[key] == 0]
    removed: set[tuple[str, str]] = set()
    in_force: list[UsageEvent] = []
    while ready:
        key = ready.pop()
        target = _target_of(by_key[key])
        if key not in removed:
            in_force.append(by_key[key])
            removed.add(target)
        undecided[target] -= 1
        if target in by_key and undecided[target] == 0:
            ready.append(target)
    return in_force


def without_voided(events: Iterable[UsageEvent]) -> list[UsageEvent]:
    """Return the events that no void in force names, without the voids themselves (R-VOID)."""
    events = list(events)
    kept = [event for event in events if event.type is not EventType.VOID]
    voids = [event for event in events if event.type is EventType.VOID]
    if not voids:
        return kept
    removed = {_target_of(void) for void in voids_in_force(voids)}
    return [event for event in kept if (event.source, event.id) not in removed]


def _target_of(void: UsageEvent) -> tuple[str, str]:
    return void.source, void.void_of or ""
