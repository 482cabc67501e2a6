"""Queries on how usage spells GPUs, over all accounts: for the operator, never in an answer."""

from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, Select, func, select

from dumont_economy.storage.row_security import each_account
from dumont_economy.storage.tables import usage_event

_Gpu = tuple[str, Decimal | None]


@dataclass(frozen=True, slots=True)
class UsedSpelling:
    """A GPU as usage events name it: in how many events, of how many instances.

    `memory_gib` is that of one GPU, None where it was not reported.
    """

    spelling: str
    memory_gib: Decimal | None
    events: int
    instances: int


def used_spellings(connection: Connection) -> list[UsedSpelling]:
    """Return every spelling of a GPU in usage, by name; who used it stays out."""
    events: Counter[_Gpu] = Counter()
    instances: Counter[_Gpu] = Counter()
    for account_id in each_account(connection):
        for row in connection.execute(_used_by(account_id)):
            gpu = (row.gpu, row.gpu_memory_gib)
            events[gpu] += row.events
            instances[gpu] += row.instances
    found = [UsedSpelling(*gpu, events[gpu], instances[gpu]) for gpu in events]
    # Sorted here, for databases order letters each in their own way.
    return sorted(found, key=lambda one: (one.spelling, one.memory_gib or Decimal(0)))


def _used_by(account_id: str) -> Select[tuple[str | None, Decimal | None, int, int]]:
    column = usage_event.c
    return (
        select(
            column.gpu,
            column.gpu_memory_gib,
            func.count().label("events"),
            func.count(column.instance.distinct()).label("instances"),
        )
        .where(column.account_id == account_id, column.gpu.is_not(None))
        .group_by(column.gpu, column.gpu_memory_gib)
    )
