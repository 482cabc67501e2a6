"""Learns exchange rates and disk prices that an operator brings: all of a file or nothing."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import TypeVar

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import InvalidFileError
from dumont_economy.pricing.dated_fact import in_force_from
from dumont_economy.pricing.disk_price import DiskPrice
from dumont_economy.pricing.exchange_rate import ExchangeRate
from dumont_economy.storage import disk_prices, exchange_rates, prices
from dumont_economy.storage.database import Database

# As for list prices on demand: beyond this a change is more likely a mistake.
_LOWEST, _HIGHEST = Decimal("0.5"), Decimal(2)
_MOST_PROBLEMS = 50

_Fact = TypeVar("_Fact", ExchangeRate, DiskPrice)


@dataclass(frozen=True, slots=True)
class Learned:
    """How many rows of a file were new, and how many were known already."""

    added: int
    known: int


def learn_exchange_rates(
    database: Database, clock: Clock, rates: Sequence[ExchangeRate], *, believes_jumps: bool
) -> Learned:
    """Add what is not known yet.

    Raises:
        DatabaseUnavailableError: nothing was stored.
        InvalidFileError: a rate is over twice or under half of the one before it, and jumps are
            not believed; nothing was stored.
    """

    def learn(connection: Connection) -> Learned:
        held = exchange_rates.exchange_rates_known(connection)
        new = _new(connection, clock, rates, held, _exchange_subject)
        if not believes_jumps:
            _refuse_jumps(new, held, _exchange_subject, lambda one: one.rate)
        exchange_rates.append_exchange_rates(connection, new)
        return Learned(len(new), len(rates) - len(new))

    return database.transact(learn)


def learn_disk_prices(
    database: Database, clock: Clock, stated: Sequence[DiskPrice], *, believes_jumps: bool
) -> Learned:
    """Add what is not known yet.

    Raises:
        DatabaseUnavailableError: nothing was stored.
        InvalidFileError: a price is over twice or under half of the one before it, and jumps are
            not believed; nothing was stored.
    """

    def learn(connection: Connection) -> Learned:
        held = disk_prices.disk_prices_known(connection)
        new = _new(connection, clock, stated, held, _disk_subject)
        if not believes_jumps:
            _refuse_jumps(new, held, _disk_subject, _per_gb_hour)
        disk_prices.append_disk_prices(connection, new)
        return Learned(len(new), len(stated) - len(new))

    return database.transact(learn)


def _new(
    connection: Connection,
    clock: Clock,
    stated: Sequence[_Fact],
    held: Sequence[_Fact],
    subject: Callable[[_Fact], tuple[str, str]],
) -> list[_Fact]:
    """Return what is not in force already from its very instant on, known from now on (R-KNOWN)."""
    in_force = _in_force(held, subject)
    published_at = prices.next_publication(connection, clock.now())
    return [
        replace(one, published_at=published_at)
        for one in stated
        if not _says_the_same(one, in_force.get(subject(one), {}).get(one.effective_from))
    ]


def _says_the_same(stated: _Fact, held: _Fact | None) -> bool:
    if held is None:
        return False
    known = replace(
        held,
        published_at=stated.published_at,
        retrieved_at=stated.retrieved_at,
        source=stated.source,
    )
    return known == stated


def _refuse_jumps(
    new: Sequence[_Fact],
    held: Sequence[_Fact],
    subject: Callable[[_Fact], tuple[str, str]],
    amount: Callable[[_Fact], Decimal],
) -> None:
    """Hold each new fact against the one that holds just before it, of the file or known."""
    problems: list[str] = []
    is_new = set(new)
    replaced = _in_force(held, subject)
    for named, facts in _in_force(chain(held, new), subject).items():
        last: _Fact | None = None
        for fact in facts.values():
            before = replaced.get(named, {}).get(fact.effective_from) or last
            last = fact
            if fact not in is_new or before is None:
                continue
            ratio = amount(fact) / amount(before)
            if not _LOWEST <= ratio <= _HIGHEST:
                since = fact.effective_from.date().isoformat()
                problems.append(
                    f"{' '.join(named)} from {since}: {amount(fact):f} is {ratio:.2f} times what "
                    "holds before it. With --correction it is believed."
                )
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        rest: list[str] = [f"{more} more rows are like that."] if more > 0 else []
        raise InvalidFileError([*problems[:_MOST_PROBLEMS], *rest])


def _in_force(
    facts: Iterable[_Fact], subject: Callable[[_Fact], tuple[str, str]]
) -> dict[tuple[str, str], dict[datetime, _Fact]]:
    """Return from when on which fact is in force, in order, for each subject."""
    found: dict[tuple[str, str], list[_Fact]] = {}
    for fact in facts:
        found.setdefault(subject(fact), []).append(fact)
    return {named: in_force_from(of_one) for named, of_one in found.items()}


def _exchange_subject(rate: ExchangeRate) -> tuple[str, str]:
    return (rate.currency, rate.into)


def _disk_subject(price: DiskPrice) -> tuple[str, str]:
    return (price.provider, price.region)


def _per_gb_hour(price: DiskPrice) -> Decimal:
    return price.usd_per_gb_month / price.hours_per_month
