"""Closes a period: its figures as known now are final, and what is learned later adjusts them."""

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import PeriodAlreadyClosedError, PeriodNotOverError
from dumont_economy.instant import instant_text
from dumont_economy.savings.local_day import parse_zone
from dumont_economy.savings.period import parse_period
from dumont_economy.services.policies import current_policy, in_its_zone
from dumont_economy.storage import closed_periods, prices, usage_events
from dumont_economy.storage.accounts import Account
from dumont_economy.storage.closed_periods import ClosedPeriod
from dumont_economy.storage.database import Database


def close_period(
    database: Database, clock: Clock, account: Account, text: str, *, closed_by: str
) -> ClosedPeriod:
    """Close a year, month or day of an account's time zone, written as `2026-05-04` or its parts.

    Its `as_of` is now, or when the newest fact became known where the clock was set back since:
    no writer is at work meanwhile, and what is received or learned later is known later.

    Raises:
        DatabaseUnavailableError: nothing was closed.
        InvalidInputError: the text writes no period.
        PeriodAlreadyClosedError: it was closed before.
        PeriodNotOverError: it goes on.
    """

    def close(connection: Connection) -> ClosedPeriod:
        usage_events.lock_ledger(connection, account.id)
        stored = current_policy(connection, account.id)
        timezone = in_its_zone(account, stored.policy).timezone
        period = parse_period(text, parse_zone(timezone))
        now = clock.now()
        held = closed_periods.closed_period_named(connection, account.id, period.name)
        if held is not None:
            raise PeriodAlreadyClosedError(held.period, instant_text(held.closed_at))
        if period.ends_at > now:
            raise PeriodNotOverError(period.name, instant_text(period.ends_at))
        newest_facts = (
            usage_events.newest_received_at(connection, account.id),
            prices.newest_publication(connection),
            stored.created_at,
        )
        closed = ClosedPeriod(
            period=period.name,
            timezone=timezone,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            as_of=max([now, *(instant for instant in newest_facts if instant is not None)]),
            closed_at=now,
            closed_by=closed_by,
        )
        closed_periods.append_closed_period(connection, account.id, closed)
        return closed

    return database.transact(close, account_id=account.id)
