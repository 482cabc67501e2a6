"""GET /ledger/lines: the lines behind any figure, one entry a line and side."""

from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BaseModel, Field

from dumont_economy.api.cursor import bad_cursor
from dumont_economy.api.economy.shared import (
    ComparisonInfo,
    comparison_info,
    view_of,
)
from dumont_economy.api.ledger.shared import LedgerQuery, blueprint, scope_of, seconds
from dumont_economy.api.operation import operation
from dumont_economy.api.period import zone_of
from dumont_economy.api.reasons import (
    ReasonParameters,
    UnpricedCode,
    UnpricedCodeField,
    reason_parameters,
)
from dumont_economy.api.state_page import PageQuery, cursor_at, open_page
from dumont_economy.instant import instant_text, microseconds_between, plus_microseconds
from dumont_economy.ledger.ledger_entry import Component, LedgerEntry, Side, component_of
from dumont_economy.ledger.line_item import Line, LineItem
from dumont_economy.money import amount_text, exact_text
from dumont_economy.pricing.dated_fact import ALWAYS
from dumont_economy.pricing.disk_price import DiskPrice
from dumont_economy.pricing.equivalence import Equivalent, Grade
from dumont_economy.pricing.exchange_rate import ExchangeRate
from dumont_economy.pricing.match_timeline import Unpriced, UnpricedReason
from dumont_economy.pricing.sku import ProviderLabel
from dumont_economy.services.account_view import AccountState, AccountView
from dumont_economy.services.read_ledger import Position, read_entries

_LONGEST = microseconds_between(ALWAYS, datetime.max.replace(tzinfo=UTC))


class LinesQuery(LedgerQuery, PageQuery):
    """Parameters of the list of lines."""


class ProofInfo(BaseModel):
    """What a GPU's comparison price rests on.

    The price per hour of all GPUs is `price_per_machine_hour` x `machines` x (1 - `discount`),
    where `machines` is exact: `2`, or a share such as `3/8`. On the reference card, which names no
    machine, one GPU stands for it, and what is a machine's is null.
    """

    grade: Grade
    sku: str | None
    region: str | None
    gpu: str
    price_per_machine_hour: str
    machines: str
    discount: str
    effective_from: str | None
    published_at: str | None
    source: str
    source_url: str | None
    retrieved_at: str | None


class DiskProofInfo(BaseModel):
    """What a disk's comparison price rests on: the list price of a GB, before the `discount`."""

    region: str
    price_per_gb_month: str
    discount: str
    effective_from: str
    published_at: str
    source: str
    source_url: str | None
    retrieved_at: str


class ExchangeInfo(BaseModel):
    """The exchange rate that a paid price was multiplied by."""

    currency: str
    rate: str
    effective_from: str
    published_at: str
    source: str
    source_url: str | None
    retrieved_at: str


class ReasonInfo(BaseModel):
    """Why a line has no comparison; `parameters` are what a sentence about it names."""

    code: UnpricedCodeField
    message: str
    parameters: ReasonParameters


class EntryInfo(BaseModel):
    """One side of a line: `actual`, and `comparison` or `unpriced`.

    `seconds` are billed ones, of which `pad_seconds` were added by a minimum or by rounding up; of
    the unpriced side they are the used ones. `units` are the instance, its GPUs, or the GB of its
    disk, and `unit_price`, rounded to 12 decimals where it has more, is of one of them for
    `price_hours`: 1 for GPUs, a month's for disks. `exchange` is of what was paid in another
    currency, `proof` of a comparison, `reason` of an unpriced side.
    """

    side: Side
    component: Component
    instance: str
    usage_provider: str
    gpu: str
    gpu_spelling: str
    gpu_count: int
    starts_at: Annotated[str, Field(serialization_alias="from")]
    ends_at: Annotated[str, Field(serialization_alias="to")]
    seconds: str
    pad_seconds: str
    units: str
    unit_price: str | None
    price_hours: str | None
    currency: str
    amount: str | None
    exchange: ExchangeInfo | None
    proof: ProofInfo | DiskProofInfo | None
    reason: ReasonInfo | None


class LinesAnswer(BaseModel):
    """A page of the lines of a period, in order of their beginning; all pages are of one `as_of`.

    An amount is rounded once, so the sum of shown amounts may differ from the total's last digit.
    """

    provider: ProviderLabel
    comparison: ComparisonInfo
    as_of: str
    timezone: str
    lines: list[EntryInfo]
    next_cursor: str | None


@operation(
    blueprint,
    "GET",
    "/lines",
    summary="The lines behind any figure, one entry a line and side",
    scope="read",
    query=LinesQuery,
    answer=LinesAnswer,
    errors=(400,),
)
def ledger_lines(query: LinesQuery) -> LinesAnswer:
    """Answer a page of lines, as known at the first page's instant."""
    (since_always, passed), state = open_page(query, 2)
    if since_always > _LONGEST:
        raise bad_cursor()
    view = view_of(state, query)
    zone = zone_of(query, view.account)
    begins = Position(plus_microseconds(ALWAYS, since_always), passed)
    scope = scope_of(query, view.account)
    entries, following = read_entries(view, scope, begins=begins, limit=query.limit)
    return LinesAnswer(
        provider=view.question.provider.label,
        comparison=comparison_info(view.question),
        as_of=instant_text(view.as_of),
        timezone=zone.key,
        lines=[_entry_info(view, entry) for entry in entries],
        next_cursor=None if following is None else _cursor(following, state, view),
    )


def _cursor(at: Position, state: AccountState, view: AccountView) -> str:
    since_always = microseconds_between(ALWAYS, at.starts_at)
    return cursor_at([since_always, at.passed], state, view)


def _entry_info(view: AccountView, entry: LedgerEntry) -> EntryInfo:
    line, price, amount = entry.line, entry.price, entry.amount
    is_paid, is_unpriced = entry.side is Side.ACTUAL, entry.side is Side.UNPRICED
    return EntryInfo(
        side=entry.side,
        component=component_of(line),
        instance=line.instance,
        usage_provider=line.shape.provider,
        gpu=view.gpu_type(line.shape),
        gpu_spelling=line.shape.gpu,
        gpu_count=line.shape.gpu_count,
        starts_at=instant_text(entry.starts_at),
        ends_at=instant_text(entry.ends_at),
        seconds=seconds(entry.microseconds),
        pad_seconds=seconds(entry.pad_microseconds),
        units=exact_text(entry.units),
        unit_price=None if price is None else exact_text(price.price),
        price_hours=None if price is None else exact_text(price.hours),
        currency=view.account.currency,
        amount=None if amount is None else amount_text(amount),
        exchange=_exchange_info(line.exchange) if is_paid and line.exchange else None,
        proof=None if is_paid or is_unpriced else _proof(line, view.question.discount),
        reason=_reason(line) if is_unpriced else None,
    )


def _exchange_info(exchange: ExchangeRate) -> ExchangeInfo:
    return ExchangeInfo(
        currency=exchange.currency,
        rate=exact_text(exchange.rate),
        effective_from=instant_text(exchange.effective_from),
        published_at=instant_text(exchange.published_at),
        source=exchange.source,
        source_url=exchange.source_url,
        retrieved_at=exchange.retrieved_at.isoformat(),
    )


def _proof(line: Line, discount: Fraction) -> ProofInfo | DiskProofInfo | None:
    if isinstance(line, LineItem):
        match = line.match
        return _proof_info(match, discount) if isinstance(match, Equivalent) else None
    price = line.comparison.price
    return None if price is None else _disk_proof_info(price, discount)


def _disk_proof_info(price: DiskPrice, discount: Fraction) -> DiskProofInfo:
    return DiskProofInfo(
        region=price.region,
        price_per_gb_month=exact_text(price.usd_per_gb_month),
        discount=exact_text(discount),
        effective_from=instant_text(price.effective_from),
        published_at=instant_text(price.published_at),
        source=price.source,
        source_url=price.source_url,
        retrieved_at=price.retrieved_at.isoformat(),
    )


def _proof_info(match: Equivalent, discount: Fraction) -> ProofInfo:
    rate = match.rate
    if rate is None:
        listed: dict[str, Any] = {
            "price_per_machine_hour": exact_text(match.usd_per_hour / match.machines),
            "discount": "0",
        }
    else:
        listed = {
            "sku": rate.sku.instance_type,
            "region": rate.sku.region,
            "price_per_machine_hour": exact_text(rate.usd_per_instance_hour),
            "discount": exact_text(discount),
            "effective_from": instant_text(rate.effective_from),
            "published_at": instant_text(rate.published_at),
            "source_url": rate.source_url,
            "retrieved_at": rate.retrieved_at.isoformat(),
        }
    unknown = dict.fromkeys(ProofInfo.model_fields)
    return ProofInfo.model_validate(
        {
            **unknown,
            **listed,
            "grade": match.grade,
            "gpu": match.gpu_model,
            "machines": str(match.machines),
            "source": match.source,
        }
    )


def _reason(line: Line) -> ReasonInfo:
    if not isinstance(line, LineItem):
        if line.rate is None:
            message = "What the disk costs is not known in the account's currency."
            return _because("disk_rate_unknown", message)
        message = "No price of a disk is known that this could be set beside."
        return _because("no_disk_price", message)
    match = line.match
    if isinstance(match, Unpriced):
        return _because(match.reason, match.message, **match.parameters)
    if line.rate is None:
        currency = line.shape.currency or ""
        message = f"Paid in {line.shape.currency}, and no exchange rate is known."
        return _because(UnpricedReason.CURRENCY_NOT_CONVERTED, message, currency=currency)
    message = f"{match.gpu_model} is a substitute, which the account's policy keeps out of totals."
    return _because("substitute_not_counted", message, gpu=match.gpu_model)


def _because(code: UnpricedCode, message: str, **named: str) -> ReasonInfo:
    return ReasonInfo(code=code, message=message, parameters=reason_parameters(named))
