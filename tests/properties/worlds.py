"""Generated usage and prices, said once to the product and once to the reference model."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import strategies as st

from dumont_economy.instant import EPOCH, instant_text
from dumont_economy.ledger.line_item import ALL_TIME, LineItem, Window
from dumont_economy.ledger.rating import RatingTerms, rate_session
from dumont_economy.metering.gpu_session import GpuSession, Shape, replay
from dumont_economy.metering.usage_event import UsageEvent, without_voided
from dumont_economy.money import Accrual, exact_text
from dumont_economy.pricing.billing_rule import (
    BillingRule,
    BillingRules,
    Rounding,
    per_second_rule,
)
from dumont_economy.pricing.disk_price import NOT_COMPARED
from dumont_economy.pricing.exchange_rate import ExchangeRates
from dumont_economy.pricing.match_timeline import MatchSegment
from dumont_economy.savings.totals import Totals, total_of
from tests.builders import after, equivalent, event, matches, start, unpriced
from tests.reference_model import Figures, Price, Report, Rule, World

# A story plays in five minutes, on a grid coarse enough that instants often coincide.
STORY_SECONDS = 300
MICROSECOND = timedelta(microseconds=1)
SECOND_MICROSECONDS = 1_000_000
GPUS = ("alpha", "beta", "unlisted")
PARTIES = ("vast", "lambda", "nobody-knows")
_LATEST = datetime.max.replace(tzinfo=UTC)

grid = st.integers(0, STORY_SECONDS // 20).map(lambda step: after(20 * step))
instants = st.one_of(
    grid,
    st.integers(0, STORY_SECONDS).map(after),
    st.integers(0, STORY_SECONDS * SECOND_MICROSECONDS).map(lambda part: after(0, part)),
)
amounts = st.sampled_from(["0", "0.74", "1", "2.5", "3.6", "21.957642", "0.000000000001"])


def posix(instant: datetime) -> Fraction:
    """Return an instant as the model counts: POSIX seconds."""
    return Fraction((instant - EPOCH) // MICROSECOND, SECOND_MICROSECONDS)


@st.composite
def stories(
    draw: st.DrawFn,
    instances: Sequence[str] = ("i-1", "i-2"),
    currencies: Sequence[str] = ("USD", "USD", "EUR"),
    gpus: Sequence[str] = GPUS,
    parties: Sequence[str] = PARTIES,
) -> list[UsageEvent]:
    """Generate usage events: legal and not, at equal times, voided, of two reporters."""
    kinds = st.sampled_from(
        """
        start start start stop stop resume hibernate terminate
        resize price_change idle busy seen void void
        """.split()
    )
    told: list[UsageEvent] = []
    for number, kind in enumerate(draw(st.lists(kinds, max_size=12))):
        time = draw(instants)
        key = f"e-{number}"
        source = draw(st.sampled_from(["push", "poller"]))
        instance = draw(st.sampled_from(instances))
        count = draw(st.integers(1, 4))
        paid = draw(amounts)
        if kind == "start":
            one = start(
                time,
                id=key,
                source=source,
                instance=instance,
                rate=paid,
                gpu_count=count,
                gpu=draw(st.sampled_from(gpus)),
                provider=draw(st.sampled_from(parties)),
                currency=draw(st.sampled_from(currencies)),
            )
        elif kind == "void":
            of = f"e-{draw(st.integers(0, max(0, number - 1)))}"
            one = event("void", time, id=key, source=source, void_of=of)
        elif kind == "resize":
            one = event(
                kind, time, id=key, source=source, instance=instance, rate=paid, gpu_count=count
            )
        elif kind == "price_change":
            one = event(kind, time, id=key, source=source, instance=instance, rate=paid)
        else:
            one = event(kind, time, id=key, source=source, instance=instance)
        told.append(one)
    return told


billing_rules = st.builds(
    BillingRule,
    provider=st.just("any"),
    min_seconds=st.sampled_from([0, 10, 60, 90]),
    increment_seconds=st.sampled_from([1, 7, 60]),
    rounding=st.sampled_from(Rounding),
    effective_from=st.just(EPOCH),
    published_at=st.just(EPOCH),
    source=st.just("generated"),
)


@st.composite
def _dated_rules(draw: st.DrawFn) -> list[BillingRule]:
    """Generate the rules of all parties but the one without; some change in the story."""
    rules = []
    for party in (*PARTIES[:2], "aws"):
        for since in {EPOCH, draw(st.sampled_from([EPOCH, after(100)]))}:
            held = draw(billing_rules)
            rules.append(
                BillingRule(
                    party,
                    held.min_seconds,
                    held.increment_seconds,
                    held.rounding,
                    since,
                    EPOCH,
                    held.source,
                )
            )
    return rules


@dataclass(frozen=True)
class Market:
    """Billing rules, and since when which price per GPU-hour holds for which GPU."""

    rules: list[BillingRule]
    prices: dict[str, list[tuple[datetime, str | None]]]

    def world(self) -> World:
        """Return the market as the model reads it."""
        rules: dict[str, list[Rule]] = {}
        for one in self.rules:
            rules.setdefault(one.provider, []).append(
                Rule(
                    posix(one.effective_from),
                    one.min_seconds,
                    one.increment_seconds,
                    one.rounding is Rounding.CEIL,
                )
            )
        prices = {
            gpu: [
                Price(posix(since), None if price is None else Fraction(price))
                for since, price in listed
            ]
            for gpu, listed in self.prices.items()
        }
        return World(rules, "aws", prices)

    def terms(self) -> RatingTerms:
        """Return the market as the product reads it."""
        return RatingTerms(
            currency="USD",
            matches_of=self._matches_of,
            actual_rule=self._rule,
            comparison_rule=lambda at: self._rule("aws", at),
            exchange_of=lambda currency: ExchangeRates([]).timeline(currency, "USD"),
            disk_prices=NOT_COMPARED,
        )

    def _matches_of(self, shape: Shape) -> list[MatchSegment]:
        later = [
            (
                since,
                unpriced() if price is None else equivalent(str(Decimal(price) * shape.gpu_count)),
            )
            for since, price in self.prices.get(shape.gpu, [])
        ]
        return matches(unpriced(), *later)

    def _rule(self, party: str, at: datetime) -> BillingRule:
        known = BillingRules(self.rules).in_force(party, at, _LATEST)
        return known or per_second_rule(party, at)


@st.composite
def markets(draw: st.DrawFn) -> Market:
    """Generate a market whose prices begin, change and end inside the story, or before it."""
    prices = {}
    for gpu in GPUS[:2]:
        since = sorted(draw(st.sets(st.one_of(st.just(after(-3600)), grid), max_size=3)))
        prices[gpu] = [(at, draw(st.one_of(st.none(), amounts))) for at in since]
    return Market(draw(_dated_rules()), prices)


def raw(one: UsageEvent) -> dict[str, object]:
    """Return an event as a reporter sends it."""
    said: dict[str, object] = {
        "id": one.id,
        "source": one.source,
        "type": one.type.value,
        "time": instant_text(one.time),
        "instance": one.instance,
        "provider": one.provider,
        "gpu": one.gpu,
        "gpu_count": one.gpu_count,
        "currency": one.currency,
        "void_of": one.void_of,
        "disk_hours_per_month": one.disk_hours_per_month,
    }
    for name in ("rate", "disk_gb", "disk_rate_running", "disk_rate_stopped"):
        amount = getattr(one, name)
        if amount is not None:
            said[name] = exact_text(amount)
    return {name: value for name, value in said.items() if value is not None}


def reports_of(events: Iterable[UsageEvent], *, received: datetime = EPOCH) -> list[Report]:
    """Return events as the model reads them, all received at one instant."""
    return [
        Report(
            source=one.source,
            id=one.id,
            type=one.type.value,
            time=posix(one.time),
            instance=one.instance or "",
            provider=one.provider or "",
            gpu=one.gpu or "",
            gpu_count=one.gpu_count or 0,
            rate=Fraction(one.rate or 0),
            currency=one.currency or "USD",
            void_of=one.void_of or "",
            received=posix(received),
            disk_gb=_exact(one.disk_gb),
            disk_rate_running=_exact(one.disk_rate_running),
            disk_rate_stopped=_exact(one.disk_rate_stopped),
            disk_hours_per_month=one.disk_hours_per_month,
        )
        for one in events
    ]


def _exact(amount: Decimal | None) -> Fraction | None:
    return None if amount is None else Fraction(amount)


def sessions_of(events: Iterable[UsageEvent], now: datetime) -> list[GpuSession]:
    """Return the sessions that the product makes of events."""
    heard: dict[tuple[str, str], UsageEvent] = {}
    for one in events:
        heard.setdefault((one.source, one.id), one)
    of_instance: dict[str, list[UsageEvent]] = {}
    for one in without_voided(heard.values()):
        of_instance.setdefault(one.instance or "", []).append(one)
    return [
        session
        for instance, held in of_instance.items()
        for session in replay(instance, held, now).sessions
    ]


def everything_in(totals: Totals) -> dict[str, object]:
    """Return all that totals hold, money as exact sums, empty counts left out."""
    found: dict[str, object] = {one.name: getattr(totals, one.name) for one in fields(totals)}
    money = {name: held.total() for name, held in found.items() if isinstance(held, Accrual)}
    counts = {name: dict(+held) for name, held in found.items() if isinstance(held, Counter)}
    return found | counts | money


def figures_of(lines: Iterable[LineItem], window: Window = ALL_TIME) -> Figures:
    """Return what line items come to inside a window, in the model's terms."""
    lines = list(lines)
    totals = total_of(lines, window)

    def seconds(microseconds: Callable[[LineItem], int], of: Iterable[LineItem]) -> Fraction:
        return Fraction(sum(map(microseconds, of)), SECOND_MICROSECONDS)

    paid = [line for line in lines if line.rate is not None]
    compared = [line for line in lines if line.comparison_rate is not None]
    alone = [line for line in lines if line.comparison_rate is None]
    return Figures(
        used=seconds(lambda line: line.used_microseconds(window), lines),
        billed_actual=seconds(lambda line: line.billed_microseconds(line.actual, window), paid),
        billed_comparison=seconds(
            lambda line: line.billed_microseconds(line.comparison, window), compared
        ),
        unpriced=seconds(lambda line: line.used_microseconds(window), alone),
        gpu_used=Fraction(totals.gpu_used, SECOND_MICROSECONDS),
        gpu_unpriced=Fraction(totals.gpu_used - totals.gpu_priced, SECOND_MICROSECONDS),
        actual=totals.actual.total(),
        comparable=totals.comparable.total(),
        comparison=totals.counterfactual.total(),
    )


def rated(events: Iterable[UsageEvent], market: Market, now: datetime) -> list[LineItem]:
    """Return the line items that the product makes of events."""
    terms = market.terms()
    return [
        line for session in sessions_of(events, now) for line in rate_session(session, terms, now)
    ]
