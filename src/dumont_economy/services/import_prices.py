"""Imports prices: a whole reading is judged, and learned in one transaction or not at all."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import FeedError
from dumont_economy.feeds.raw_payload import FeedDownload, RawPayload
from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.open_doubts import FRESH
from dumont_economy.pricing.price_claim import FeedReading, FeedScope, StatedKey
from dumont_economy.pricing.price_intake import judge
from dumont_economy.pricing.price_judgement import (
    Before,
    DoubtedClaim,
    Judgement,
    Known,
    OpenDoubt,
    Outcome,
    RefusedRow,
)
from dumont_economy.pricing.rate import Rate
from dumont_economy.pricing.sku_catalogue import SkuCatalogue, shipped_skus
from dumont_economy.services.claim_text import claim_text, parse_claim
from dumont_economy.storage import price_imports, price_quarantine, prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.price_imports import (
    ImportCounts,
    ImportOutcome,
    ImportRecord,
    RefusedRows,
)
from dumont_economy.storage.price_quarantine import Decision, NewQuarantine, UnacceptedPrice

# What is kept of raw payloads, compressed; the oldest go first, their hashes stay.
KEPT_PAYLOAD_BYTES = 512 << 20
# Reasons are kept one by one up to this many; what is beyond is counted together.
_MOST_REASONS = 500
_GUARD = "price guard"
# How often a reading is judged outside a transaction before it is judged inside one.
_ATTEMPTS = 3
# Changes with everything that a judgement rests on.
_KnowledgeVersion = tuple[int, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Leniency:
    """What a person may allow one import that no feed may do by itself.

    `believes_old_dates` lets prices be dated back by more than a month, `accepts_gone` lets a
    source leave out prices that it stated before.
    """

    believes_old_dates: bool = False
    accepts_gone: bool = False


STRICT = Leniency()


@dataclass(frozen=True, slots=True)
class PriceImport:
    """An attempt to learn prices that is on record, with what it did not take.

    `skipped` counts the rows of other kinds (Windows, dedicated, reserved, ...) by reason.
    """

    number: int
    record: ImportRecord
    refusals: list[RefusedRows] = field(default_factory=list)
    waiting: list[NewQuarantine] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)


def import_prices(
    database: Database,
    clock: Clock,
    download: FeedDownload,
    *,
    leniency: Leniency = STRICT,
    is_of_the_past: bool = False,
) -> PriceImport:
    """Judge a reading and learn what it says; the raw bytes are kept beside it.

    Args:
        database: Where prices are kept.
        clock: Says when they become known.
        download: The reading, and the bytes that it was made from; it stays open.
        leniency: What a person allows.
        is_of_the_past: The reading is an old edition, in which nothing newer can be missing.

    Raises:
        DatabaseUnavailableError: the database cannot be written now; nothing was learned.
    """
    # Apart from the rest, so that others wait for one write at a time; without an import that
    # names them, the bytes are evidence of nothing, and are pruned like all others.
    database.transact(partial(_keep_payload, payload=download.payload))
    reading = download.reading
    # Judging takes as long as reading the whole book does, so it keeps no writer waiting. What
    # was learned or decided meanwhile would not be in it: then it is judged anew.
    for _ in range(_ATTEMPTS):
        with database.read() as connection:
            version = _version(connection)
            judgement = judge(reading, _known(connection, reading, leniency, is_of_the_past))
        store = partial(
            _record_if_still,
            version=version,
            clock=clock,
            reading=reading,
            judgement=judgement,
            payload_sha256=download.payload.sha256,
        )
        stored = database.transact(store)
        if stored is not None:
            return stored

    def judge_and_store(connection: Connection) -> PriceImport:
        judgement = judge(reading, _known(connection, reading, leniency, is_of_the_past))
        return _record(connection, clock, reading, judgement, download.payload.sha256)

    return database.transact(judge_and_store)


def _record_if_still(
    connection: Connection,
    version: _KnowledgeVersion,
    clock: Clock,
    reading: FeedReading,
    judgement: Judgement,
    payload_sha256: str,
) -> PriceImport | None:
    """Store what a reading comes to, unless something was learned since it was judged."""
    if _version(connection) != version:
        return None
    return _record(connection, clock, reading, judgement, payload_sha256)


def _version(connection: Connection) -> _KnowledgeVersion:
    """Return what changes with everything that a judgement rests on."""
    return prices.price_facts_version(connection), price_imports.imports_version(connection)


def _known(
    connection: Connection,
    reading: FeedReading,
    leniency: Leniency,
    is_of_the_past: bool,  # noqa: FBT001  a fact about the reading, passed on
) -> Known:
    rates = prices.rates_known(connection)
    return Known(
        rates=rates,
        catalogue=sku_catalogue(rates),
        before=_before(connection, reading.scope),
        doubts=_open_doubts(connection, reading.scope),
        heard=price_imports.scopes_heard(connection, reading.retrieved_at - FRESH),
        is_of_the_past=is_of_the_past,
        believes_old_dates=leniency.believes_old_dates,
        accepts_gone=leniency.accepts_gone,
    )


def _before(connection: Connection, scope: FeedScope) -> Before:
    """Return what the newest good reading of a scope was; of a file there is nothing to miss."""
    if not scope.provider:
        return Before()
    newest = price_imports.newest_import(connection, scope, ImportOutcome.TAKEN)
    if newest is None:
        return Before()
    stated = price_imports.last_stated(connection, scope)
    last_day = max(stated.values(), default=None)
    return Before(
        stated=[key for key, day in stated.items() if day == last_day],
        prices=newest.record.stated or 0,
        edition=newest.record.edition,
    )


def record_failure(
    database: Database, clock: Clock, scope: FeedScope, url: str, error: FeedError
) -> PriceImport:
    """Put on record that a feed could not be read, and why; every price stays as it is."""
    now = clock.now()
    record = ImportRecord(
        scope=scope,
        url=url,
        retrieved_at=now,
        outcome=ImportOutcome.FAILED,
        code=error.code,
        detail=str(error),
        counts=ImportCounts(),
        payload_sha256=None,
        retry_at=error.retry_at,
    )

    def add(connection: Connection) -> int:
        published_at = prices.next_publication(connection, now)
        return price_imports.add_import(connection, record, published_at=published_at)

    return PriceImport(database.transact(add), record)


def sku_catalogue(rates: Iterable[Rate]) -> SkuCatalogue:
    """Return the catalogue of the types that are shipped, and of those that rates are known of."""
    types = {(rate.sku.provider, rate.sku.instance_type): rate.sku for rate in rates}
    types |= {(sku.provider, sku.instance_type): sku for sku in shipped_skus()}
    return SkuCatalogue(types.values(), shipped_gpu_models(), shipped_identifier())


def _record(
    connection: Connection,
    clock: Clock,
    reading: FeedReading,
    judgement: Judgement,
    payload_sha256: str,
) -> PriceImport:
    """Store what a reading comes to."""
    now = clock.now()
    published_at = prices.next_publication(connection, now)
    refusals = _refusals(judgement.refused)
    is_refused = judgement.refused_whole is not None
    code, detail = judgement.refused_whole or ("", "")
    waiting = [] if is_refused else [_quarantine(one) for one in judgement.doubted]
    record = ImportRecord(
        scope=reading.scope,
        url=reading.url,
        retrieved_at=reading.retrieved_at,
        outcome=ImportOutcome.REFUSED if is_refused else ImportOutcome.TAKEN,
        code=code,
        detail=detail,
        counts=_counts(reading, judgement),
        payload_sha256=payload_sha256,
        edition=reading.edition,
        stated=judgement.stated,
    )
    number = price_imports.add_import(connection, record, published_at=published_at)
    price_imports.add_refusals(connection, number, refusals)
    if not is_refused:
        prices.append_prices(
            connection,
            judgement.facts,
            published_at=published_at,
            payload_sha256=payload_sha256,
        )
        price_quarantine.add_quarantine(connection, number, waiting)
        _close_doubts(connection, judgement, now)
    return PriceImport(number, record, refusals, waiting, _skipped(reading, judgement))


def _counts(reading: FeedReading, judgement: Judgement) -> ImportCounts:
    counts = ImportCounts(
        refused=judgement.counts[Outcome.REFUSED],
        skipped=_skipped(reading, judgement).total(),
        missing=len(judgement.missing),
    )
    if judgement.refused_whole is not None:
        return counts
    return replace(
        counts,
        added=judgement.counts[Outcome.ADDED],
        confirmed=judgement.counts[Outcome.CONFIRMED],
        agreeing=judgement.counts[Outcome.AGREEING],
        quarantined=judgement.counts[Outcome.WAITING],
    )


def _skipped(reading: FeedReading, judgement: Judgement) -> Counter[str]:
    return Counter(reading.skipped) + Counter(judgement.skipped)


def _close_doubts(connection: Connection, judgement: Judgement, now: datetime) -> None:
    """Record what the reading itself decides of earlier doubts, each once."""
    decided = dict.fromkeys(judgement.superseded, Decision.SUPERSEDED)
    decided |= dict.fromkeys(judgement.released, Decision.RELEASED)
    reasons = {
        Decision.SUPERSEDED: "The source states another price now.",
        Decision.RELEASED: "A second source states the price within 1 %.",
    }
    for number, decision in decided.items():
        price_quarantine.decide(
            connection, number, decision, actor=_GUARD, reason=reasons[decision], now=now
        )


def _refusals(rows: Sequence[RefusedRow]) -> list[RefusedRows]:
    """Return the reasons with how often each occurred, and where first."""
    grouped: dict[tuple[str, str], list[RefusedRow]] = {}
    for row in rows:
        key = (row.code, row.subject)
        if key not in grouped and len(grouped) >= _MOST_REASONS:
            key = (row.code, "others")
        grouped.setdefault(key, []).append(row)
    return [
        RefusedRows(code, subject, len(same), same[0].place, same[0].message)
        for (code, subject), same in grouped.items()
    ]


def _quarantine(doubted: DoubtedClaim) -> NewQuarantine:
    claim, doubt = doubted.claim, doubted.doubt
    return NewQuarantine(
        provider=claim.provider,
        region=claim.region,
        instance_type=claim.instance_type,
        pricing_model=claim.pricing_model,
        price_per_instance_hour=claim.price_per_instance_hour,
        last_price=doubt.last_price,
        code=doubt.code,
        detail=doubt.message,
        claim=claim_text(claim),
    )


def _open_doubts(connection: Connection, scope: FeedScope) -> list[OpenDoubt]:
    unaccepted = price_quarantine.unaccepted_prices(connection, scope.provider or None)
    return [_open_doubt(one) for one in unaccepted]


def _open_doubt(unaccepted: UnacceptedPrice) -> OpenDoubt:
    held = unaccepted.quarantined
    price = held.price
    seen_on = parse_claim(price.claim).seen_on
    return OpenDoubt(
        number=held.number,
        source_kind=held.scope.source_kind,
        source=held.scope.source,
        provider=price.provider,
        key=StatedKey(price.region, price.instance_type, price.pricing_model),
        price=price.price_per_instance_hour,
        seen_on=seen_on,
        was_of_the_present=held.since.date() - seen_on <= timedelta(days=1),
        is_rejected=unaccepted.is_rejected,
    )


def _keep_payload(connection: Connection, payload: RawPayload) -> None:
    if price_imports.has_payload(connection, payload.sha256):
        return
    price_imports.add_payload(
        connection,
        sha256=payload.sha256,
        url=payload.url,
        retrieved_at=payload.retrieved_at,
        raw_bytes=payload.raw_bytes,
        chunks=payload.compressed_chunks(),
    )
    price_imports.prune_payloads(connection, KEPT_PAYLOAD_BYTES)
