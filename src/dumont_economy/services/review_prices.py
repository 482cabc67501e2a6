"""Reviews what waits: a person accepts or rejects a price, and the reason stays on record."""

from datetime import datetime

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import FieldProblem, InvalidInputError, NotFoundError
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_intake import accepted_facts
from dumont_economy.pricing.sku_catalogue import Misfit
from dumont_economy.services.claim_text import parse_claim
from dumont_economy.services.import_prices import sku_catalogue
from dumont_economy.storage import price_quarantine, prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.price_quarantine import AuditEntry, Decision, QuarantinedPrice

_LONGEST_REASON = 1_000


def prices_to_review(database: Database) -> list[QuarantinedPrice]:
    """Return the prices that wait for a person, oldest first."""
    with database.read() as connection:
        return price_quarantine.waiting_prices(connection)


def past_decisions(database: Database) -> list[AuditEntry]:
    """Return everything that was decided of prices that waited, oldest first."""
    with database.read() as connection:
        return price_quarantine.decisions(connection)


def review_price(
    database: Database, clock: Clock, number: int, *, accept: bool, actor: str, reason: str
) -> QuarantinedPrice:
    """Decide what becomes of a price that waits; an accepted one is a rate from now on known.

    Raises:
        InvalidInputError: there is no reason, or it is too long.
        NotFoundError: no price of that number waits.
    """
    if not reason.strip() or len(reason) > _LONGEST_REASON:
        message = f"Say why, in 1 to {_LONGEST_REASON} characters: it stays in the audit log."
        raise InvalidInputError([FieldProblem("reason", "reason_required", message)])
    now = clock.now()

    def decide(connection: Connection) -> QuarantinedPrice:
        waiting = price_quarantine.waiting_price(connection, number)
        if waiting is None:
            raise NotFoundError(f"No price with the number {number} waits for a decision.")
        if accept:
            _learn(connection, waiting, now)
        decision = Decision.ACCEPTED if accept else Decision.REJECTED
        price_quarantine.decide(
            connection, number, decision, actor=actor, reason=reason.strip(), now=now
        )
        return waiting

    return database.transact(decide)


def _learn(connection: Connection, waiting: QuarantinedPrice, now: datetime) -> None:
    claim, known = parse_claim(waiting.price.claim), prices.rates_known(connection)
    sku = sku_catalogue(known).sku_of(claim)
    if isinstance(sku, Misfit):
        raise NotFoundError(f"The price cannot be taken any more: {sku.message}")
    offer = PriceBook(known, (), 0).offer(
        claim.provider, claim.region, claim.instance_type, claim.pricing_model
    )
    rates = () if offer is None else offer.rates
    prices.append_prices(
        connection,
        accepted_facts(claim, sku, waiting.scope, rates),
        published_at=prices.next_publication(connection, now),
        payload_sha256=waiting.payload_sha256,
    )
