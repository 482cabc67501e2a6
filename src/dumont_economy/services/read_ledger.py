"""Reads an account's ledger: the lines behind a figure, their totals by group, and adjustments."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dumont_economy.errors import FieldProblem, InvalidInputError
from dumont_economy.ledger.ledger_entry import LedgerEntry, entries_of
from dumont_economy.ledger.line_item import Line, Window
from dumont_economy.pricing.match_timeline import RequestedGpu
from dumont_economy.savings.ledger_figures import (
    Adjustment,
    LedgerFigures,
    adjustments_of,
    figures_of,
)
from dumont_economy.savings.local_day import LocalDay, local_days
from dumont_economy.services.account_view import AccountView

MAX_DAYS = 3_660
MAX_GROUPS = 10_000


class GroupBy(StrEnum):
    """What a figure is divided by; a provider is the one that the usage ran on."""

    NONE = "none"
    DAY = "day"
    GPU = "gpu"
    INSTANCE = "instance"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class LedgerScope:
    """Which part of a ledger is meant; None leaves a side of it open.

    `gpu` is a GPU in any spelling, `usage_provider` where the usage ran.
    """

    window: Window
    instance: str | None = None
    gpu: str | None = None
    usage_provider: str | None = None


def lines_in(view: AccountView, scope: LedgerScope) -> list[Line]:
    """Return the lines of a scope in the ledger's order: by beginning, then by instance."""
    is_meant = _test_of(view, scope)
    return [line for line in view.lines_in(scope.window, scope.instance) if is_meant(line)]


def _test_of(view: AccountView, scope: LedgerScope) -> Callable[[Line], bool]:
    provider = scope.usage_provider
    gpus = None if scope.gpu is None else _gpus_meant(view, scope.gpu)

    def is_meant(line: Line) -> bool:
        return provider in (None, line.shape.provider) and (
            gpus is None or view.gpu_type(line.shape) in gpus
        )

    return is_meant


def _gpus_meant(view: AccountView, spelling: str) -> set[str]:
    """Return the names under which a GPU's use is grouped: its own, and one that is not known."""
    identity = view.market.matcher.identify(RequestedGpu(spelling, None, 1, ""))
    return {spelling} if identity is None else {spelling, identity.name}


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a ledger: past so many entries of the lines that begin at an instant."""

    starts_at: datetime
    passed: int


def read_entries(
    view: AccountView, scope: LedgerScope, *, begins: Position, limit: int
) -> tuple[list[LedgerEntry], Position | None]:
    """Return a page of the entries of a scope, and where the next one begins, if any follow.

    What it costs depends on the page, and on what is used at a time, not on what lies before it.
    """
    page: list[LedgerEntry] = []
    at = begins.starts_at
    passed = 0
    for entry in entries_of(_lines_from(view, scope, at), scope.window):
        if entry.line.starts_at != at:
            at, passed = entry.line.starts_at, 0
        if at > begins.starts_at or passed >= begins.passed:
            if len(page) == limit:
                return page, Position(at, passed)
            page.append(entry)
        passed += 1
    return page, None


def _lines_from(view: AccountView, scope: LedgerScope, at: datetime) -> Iterator[Line]:
    """Return the lines of a scope that begin at an instant or later, in the ledger's order."""
    starts_at, ends_at = scope.window.starts_at, scope.window.ends_at
    window = Window(at if starts_at is None else max(starts_at, at), ends_at)
    is_meant = _test_of(view, scope)
    lines = view.lines_in(window, scope.instance)
    return (line for line in lines if line.starts_at >= at and is_meant(line))


def read_groups(
    lines: Iterable[Line], window: Window, key_of: Callable[[Line], str]
) -> list[tuple[str, LedgerFigures]]:
    """Return the figures of each group of lines, by its key.

    Raises:
        InvalidInputError: there are more than 10,000 groups.
    """
    groups: dict[str, LedgerFigures] = {}
    for line in lines:
        groups.setdefault(key_of(line), LedgerFigures()).add_line(line, window)
        if len(groups) > MAX_GROUPS:
            raise _too_many(f"over {MAX_GROUPS:,} groups")
    return sorted(groups.items())


def group_key(view: AccountView, group_by: GroupBy) -> Callable[[Line], str]:
    """Return what tells which group a line is in; days are not told by a key."""
    if group_by is GroupBy.GPU:
        return lambda line: view.gpu_type(line.shape)
    if group_by is GroupBy.PROVIDER:
        return lambda line: line.shape.provider
    return lambda line: line.instance


def days_of(lines: Sequence[Line], window: Window, zone: ZoneInfo) -> list[LocalDay]:
    """Return the local days of a window, in order; an open side ends where the use does.

    Raises:
        InvalidInputError: there are more than 3,660.
    """
    starts_at = window.starts_at or min((line.starts_at for line in lines), default=None)
    ends_at = window.ends_at or max((line.ends_at for line in lines), default=None)
    if starts_at is None or ends_at is None:
        return []
    if ends_at - starts_at > timedelta(days=MAX_DAYS):
        raise _too_many(f"over {MAX_DAYS:,} days")
    return local_days(starts_at, ends_at, zone)


def read_adjustments(
    earlier: AccountView, later: AccountView, scope: LedgerScope, zone: ZoneInfo
) -> list[Adjustment]:
    """Return by day of use what the later figures have more; days without a difference left out.

    Raises:
        InvalidInputError: the use spans more than 3,660 days.
    """
    before, after = lines_in(earlier, scope), lines_in(later, scope)
    days = days_of([*before, *after], scope.window, zone)
    return adjustments_of(before, after, scope.window, days)


def read_figures(view: AccountView, scope: LedgerScope) -> LedgerFigures:
    """Return what a scope comes to."""
    return figures_of(lines_in(view, scope), scope.window)


def _too_many(what: str) -> InvalidInputError:
    message = f"That would be {what}. Narrow it by from and to, or group it otherwise."
    return InvalidInputError([FieldProblem("group_by", "too_many_points", message)])
