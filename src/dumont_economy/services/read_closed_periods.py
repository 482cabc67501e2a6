"""Reads closed periods: what each came to when it was closed, and what it comes to now."""

from dataclasses import dataclass

from dumont_economy.ledger.line_item import Window
from dumont_economy.savings.ledger_figures import Amounts, LedgerFigures, difference
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.read_ledger import LedgerScope, read_figures
from dumont_economy.storage import closed_periods
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.closed_periods import ClosedPeriod
from dumont_economy.storage.database import Database


@dataclass(frozen=True, slots=True)
class ClosedFigures:
    """What a closed period came to, what it comes to now, and what the latter has more."""

    as_closed: LedgerFigures
    now: LedgerFigures
    adjustment: Amounts


def read_closed_periods(
    database: Database, account: Account, *, start: int, limit: int
) -> tuple[list[ClosedPeriod], bool]:
    """Return a page of an account's closed periods, the latest first, and whether more follow."""
    with database.read(account_id=account.id) as connection:
        found = closed_periods.closed_periods(connection, account.id, start=start, limit=limit + 1)
    return found[:limit], len(found) > limit


def closed_figures(
    closed: ClosedPeriod, as_closed: AccountView, present: AccountView
) -> ClosedFigures:
    """Return the figures of a closed period in two views of its account."""
    scope = LedgerScope(Window(closed.starts_at, closed.ends_at))
    then, now = read_figures(as_closed, scope), read_figures(present, scope)
    return ClosedFigures(then, now, difference(then, now))
