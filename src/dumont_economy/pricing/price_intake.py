"""The intake: judges a whole reading of a feed, and says which rates are to be added.

Invariants: every row is added, confirmed, agreed with, refused, or left waiting, and counted as one
of these; a reading that lacks too much of what its source stated before adds nothing at all.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction

from dumont_economy.money import exact_text
from dumont_economy.pricing import price_guard
from dumont_economy.pricing.bracket import MAX_CORRECTION, Contradiction, Sighting, dated
from dumont_economy.pricing.claimed_fact import (
    asserted_fact,
    fact_of,
    restated_fact,
    source_of,
)
from dumont_economy.pricing.open_doubts import FRESH, OpenDoubts
from dumont_economy.pricing.peers import Peerage
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_claim import FeedReading, FeedScope, PriceClaim, StatedKey
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.price_guard import Doubt, DoubtCode
from dumont_economy.pricing.price_judgement import (
    Before,
    DoubtedClaim,
    Judgement,
    Known,
    Outcome,
    RefusedRow,
)
from dumont_economy.pricing.rate import Rate
from dumont_economy.pricing.sku import Sku
from dumont_economy.pricing.sku_catalogue import Misfit

# Providers announce prices some months ahead; what lies further off is a mistake.
MAX_ANNOUNCEMENT = timedelta(days=366)
# Of what a source stated before, this share may be gone from its next reading, not more.
MAX_GONE = Fraction(30, 100)

_DAY = timedelta(days=1)
_NO_SUBJECT = ""


def judge(reading: FeedReading, known: Known) -> Judgement:
    """Return what a reading adds to the price book, and what became of each of its rows."""
    intake = _Intake(reading, known)
    judgement = intake.judgement
    for row in reading.unreadable:
        judgement.refused.append(RefusedRow(row.code, _NO_SUBJECT, row.place, row.message))
    stated = _by_key(reading.claims)
    for claims in stated.values():
        intake.take(claims)
    judgement.counts[Outcome.REFUSED] = len(judgement.refused)
    stated_keys = {key for _, key in stated}
    judgement.missing = [key for key in known.before.stated if key not in stated_keys]
    if not known.is_of_the_past:
        judgement.refused_whole = _why_refused_whole(reading, known, stated_keys, judgement)
    if judgement.refused_whole is None:
        judgement.facts = intake.facts()
    return judgement


def believed_date(claim: PriceClaim, *, believes_old_dates: bool = False) -> datetime | None:
    """Return since when a claim's price is taken to hold; None where it was seen, no more.

    A date far back would change what is known of the past, so a person has to ask for it.
    """
    since = claim.effective_from
    if since is None or believes_old_dates or claim.seen_on - since.date() <= MAX_CORRECTION:
        return since
    return None


def accepted_facts(
    claim: PriceClaim, sku: Sku, scope: FeedScope, rates: Sequence[Rate]
) -> list[PriceFact]:
    """Return the rates to add where a person accepts a doubted price.

    What was seen after the day of the claim holds from the next day on, as it was seen.

    Args:
        claim: The price.
        sku: What it is for.
        scope: Whose it is.
        rates: The rates of the SKU in force, in order.
    """
    since = believed_date(claim)
    additions = dated(rates, Sighting(claim.seen_on, claim.price_per_instance_hour, since))
    if not isinstance(additions, Contradiction):
        return [fact_of(one, sku, claim, scope) for one in additions]
    facts = [asserted_fact(claim, sku, scope, since)]
    seen_after = _rate_in_force(rates, _end_of(claim.seen_on))
    if seen_after is not None and seen_after.retrieved_at > claim.seen_on:
        facts.append(restated_fact(seen_after, _midnight(claim.seen_on + _DAY)))
    return facts


class _Intake:
    """Judges one key's claims after another, each beside what those before it have added."""

    def __init__(self, reading: FeedReading, known: Known) -> None:
        self.judgement = Judgement()
        self._scope = reading.scope
        self._today = reading.retrieved_at.date()
        self._known = known
        self._book = PriceBook(known.rates, (), 0)
        self._peers = Peerage(known.rates)
        self._doubts = OpenDoubts(known.doubts, reading.scope, is_of_the_past=known.is_of_the_past)
        self._facts: dict[tuple[object, ...], PriceFact] = {}

    def facts(self) -> list[PriceFact]:
        """Return the rates to add, each once."""
        return list(self._facts.values())

    def take(self, claims: Sequence[PriceClaim]) -> None:
        """Judge all claims on one SKU under one pricing model, day by day."""
        usable = [(claim, sku) for claim in claims if (sku := self._usable(claim)) is not None]
        usable = self._unambiguous(usable)
        if not usable:
            return
        first, sku = usable[0]
        offer = self._book.offer(
            first.provider, first.region, first.instance_type, first.pricing_model
        )
        rates: Sequence[Rate] = () if offer is None else offer.rates
        for day in sorted({claim.seen_on for claim, _ in usable}):
            of_day = [claim for claim, _ in usable if claim.seen_on == day]
            rates = self._seen_on_one_day(of_day, sku, rates)

    def _seen_on_one_day(
        self, claims: Sequence[PriceClaim], sku: Sku, rates: Sequence[Rate]
    ) -> Sequence[Rate]:
        """Judge what was seen on a day: the present price, then what is announced.

        All are held against what was known before that day, not against each other.
        """
        before = rates
        present = [claim for claim in claims if _has_begun(claim)]
        to_come = sorted((one for one in claims if not _has_begun(one)), key=_starts_at)
        for claim in present:
            rates = self._judged(claim, sku, rates, before)
            if not self._known.is_of_the_past:
                rates = self._without_withdrawn(claim, to_come, rates)
        for claim in to_come:
            rates = self._judged(claim, sku, rates, before)
        return rates

    def _usable(self, claim: PriceClaim) -> Sku | None:
        """Return the SKU of a claim that may be judged; note why where it may not."""
        refusal = price_guard.why_refused(claim)
        if refusal is not None:
            self._refuse(claim, refusal.code, claim.instance_type, refusal.message)
            return None
        sku = self._known.catalogue.sku_of(claim)
        if isinstance(sku, Misfit):
            self._refuse(claim, sku.code, sku.subject, sku.message)
            return None
        if claim.seen_on > self._today:
            message = f"The price is said to be seen on {claim.seen_on}, which is to come."
            self._refuse(claim, "seen_ahead", claim.instance_type, message)
            return None
        if _starts_at(claim) > _end_of(claim.seen_on + MAX_ANNOUNCEMENT):
            message = f"The price is to hold from {_starts_at(claim).date()}: too far off."
            self._refuse(claim, "effective_date_ahead", claim.instance_type, message)
            return None
        return sku

    def _unambiguous(
        self, usable: Sequence[tuple[PriceClaim, Sku]]
    ) -> list[tuple[PriceClaim, Sku]]:
        """Refuse claims that differ where only one can be true; drop those that say the same.

        Of a day there is one present price, whatever dates its rows bear, and one price for each
        day to come.
        """
        by_date: dict[object, list[tuple[PriceClaim, Sku]]] = defaultdict(list)
        for claim, sku in usable:
            to_come = None if _has_begun(claim) else claim.effective_from
            by_date[claim.seen_on, to_come].append((claim, sku))
        unambiguous = []
        for same_date in by_date.values():
            prices = {claim.price_per_instance_hour for claim, _ in same_date}
            if len(prices) == 1:
                unambiguous.append(max(same_date, key=lambda one: _starts_at(one[0])))
                self._skip("repeated", len(same_date) - 1)
                continue
            said = ", ".join(exact_text(price) for price in sorted(prices))
            for claim, _ in same_date:
                message = f"The source states several prices of the same SKU: {said}."
                self._refuse(claim, "ambiguous_price", claim.instance_type, message)
        return unambiguous

    def _judged(
        self, claim: PriceClaim, sku: Sku, rates: Sequence[Rate], before: Sequence[Rate]
    ) -> Sequence[Rate]:
        """Judge one claim; return the rates of its SKU after it."""
        since = believed_date(claim, believes_old_dates=self._known.believes_old_dates)
        at = max(_end_of(claim.seen_on), since or _end_of(claim.seen_on))
        last = _rate_in_force(before, at)
        is_same = last is not None and last.usd_per_instance_hour == claim.price_per_instance_hour
        if not is_same and self._doubts.is_rejected(claim):
            message = "A person has rejected this price before."
            self._refuse(claim, "rejected_before", claim.instance_type, message)
            return rates
        if last is not None and self._stands_against(last, claim):
            if price_guard.agree(last.usd_per_instance_hour, claim.price_per_instance_hour):
                self._settle(claim, Outcome.AGREEING)
            else:
                self._wait(claim, _conflict(claim, last.usd_per_instance_hour, last.source))
            return rates
        doubt = self._doubt(claim, sku, last)
        if doubt is not None and not self._is_confirmed(claim):
            self._wait(claim, doubt)
            return rates
        since = _not_over_sightings(rates, claim, since)
        additions = dated(rates, Sighting(claim.seen_on, claim.price_per_instance_hour, since))
        if isinstance(additions, Contradiction):
            self._contradicted(claim, additions)
            return rates
        self._settle(claim, Outcome.CONFIRMED if is_same else Outcome.ADDED)
        return self._learned(rates, [fact_of(one, sku, claim, self._scope) for one in additions])

    def _without_withdrawn(
        self, present: PriceClaim, to_come: Sequence[PriceClaim], rates: Sequence[Rate]
    ) -> Sequence[Rate]:
        """Return the rates without what the source announced once and announces no more.

        Nothing is removed: from its day on the present price holds, as the source says today.
        """
        now = _rate_in_force(rates, _end_of(present.seen_on))
        if now is None or now.usd_per_instance_hour != present.price_per_instance_hour:
            return rates
        announced = {claim.effective_from for claim in to_come}
        withdrawn = [
            rate
            for rate in rates
            if rate.effective_from > _end_of(present.seen_on)
            and (rate.source_kind, rate.source)
            == (self._scope.source_kind, source_of(present, self._scope))
            and rate.usd_per_instance_hour != present.price_per_instance_hour
            and rate.effective_from not in announced
        ]
        return self._learned(
            rates,
            [
                replace(
                    asserted_fact(present, now.sku, self._scope, rate.effective_from),
                    first_seen=present.seen_on,
                )
                for rate in withdrawn
            ],
        )

    def _learned(self, rates: Sequence[Rate], facts: Sequence[PriceFact]) -> Sequence[Rate]:
        for fact in facts:
            self._facts[_fact_key(fact)] = fact
        return _merged(rates, facts) if facts else rates

    def _stands_against(self, last: Rate, claim: PriceClaim) -> bool:
        """Say whether a better source has spoken lately, so that its price stays as it is.

        It has also where it states another price that waits.
        """
        if last.source_kind.rank >= self._scope.source_kind.rank:
            return False
        return claim.seen_on - last.retrieved_at <= FRESH or any(
            scope.source == last.source
            and scope.provider == claim.provider
            and scope.region in (None, claim.region)
            for scope in self._known.heard
        )

    def _doubt(self, claim: PriceClaim, sku: Sku, last: Rate | None) -> Doubt | None:
        if last is not None:
            return price_guard.doubt_beside_last(claim, sku, last.usd_per_instance_hour)
        peers = self._peers.of(sku, claim.pricing_model)
        return None if peers is None else price_guard.doubt_beside_peers(claim, sku, peers)

    def _is_confirmed(self, claim: PriceClaim) -> bool:
        """Say whether another source waits with the same price; then neither waits any more."""
        confirmed = self._doubts.confirmed_by(claim)
        self.judgement.released += confirmed
        return bool(confirmed)

    def _contradicted(self, claim: PriceClaim, found: Contradiction) -> None:
        if price_guard.agree(found.price, claim.price_per_instance_hour):
            self._settle(claim, Outcome.AGREEING)
            return
        seen = f"the price seen from {found.first_seen} to {found.last_seen}"
        self._wait(claim, _conflict(claim, found.price, seen))

    def _settle(self, claim: PriceClaim, outcome: Outcome) -> None:
        """Note that a claim is taken; what its source was doubted for before is past."""
        self.judgement.counts[outcome] += 1
        self.judgement.superseded += self._doubts.replaced_by(claim)

    def _wait(self, claim: PriceClaim, doubt: Doubt) -> None:
        """Let a claim wait for a person, once."""
        self.judgement.counts[Outcome.WAITING] += 1
        if not self._doubts.already_waits(claim):
            self.judgement.superseded += self._doubts.replaced_by(claim)
            self.judgement.doubted.append(DoubtedClaim(claim, doubt))

    def _refuse(self, claim: PriceClaim, code: str, subject: str, message: str) -> None:
        self.judgement.refused.append(RefusedRow(code, subject, claim.place, message))

    def _skip(self, reason: str, rows: int) -> None:
        if rows > 0:
            self.judgement.skipped[reason] += rows


def _not_over_sightings(
    rates: Sequence[Rate], claim: PriceClaim, since: datetime | None
) -> datetime | None:
    """Return from when a price is taken to hold: a rise not from before the last sighting of less.

    Sources date rows back; a price that was seen to be lower is not given up for that.
    """
    if since is None:
        return None
    before = _rate_in_force(rates, since)
    if before is None or claim.price_per_instance_hour <= before.usd_per_instance_hour:
        return since
    return max(since, _midnight(before.retrieved_at + _DAY))


def _why_refused_whole(
    reading: FeedReading, known: Known, stated: Collection[StatedKey], judgement: Judgement
) -> tuple[str, str] | None:
    where, before = f"{reading.scope.source} {reading.scope.region or ''}".rstrip(), known.before
    if reading.edition and before.edition and reading.edition < before.edition:
        reason = f"{where} is of {reading.edition}; that of {before.edition} is known already."
        return "older_edition", reason
    if not stated and not judgement.refused:
        return "empty_reading", f"{where} states no price at all."
    return None if known.accepts_gone else _why_too_much_is_gone(where, before, stated, judgement)


def _why_too_much_is_gone(
    where: str, before: Before, stated: Collection[StatedKey], judgement: Judgement
) -> tuple[str, str] | None:
    regions = {key.region for key in before.stated} - {key.region for key in stated}
    if regions:
        named = ", ".join(sorted(regions))
        return "region_missing", f"{where} does not speak of {named} any more."
    rates = (len(judgement.missing), len(before.stated))
    for gone, of in (rates, (before.prices - judgement.stated, before.prices)):
        if of and gone >= of * MAX_GONE:
            reason = f"{where} leaves out {gone} of the {of} prices that it stated before."
            return "prices_missing", reason
    return None


def _conflict(claim: PriceClaim, price: Decimal, whose: str) -> Doubt:
    message = (
        f"{exact_text(claim.price_per_instance_hour)} against {exact_text(price)} ({whose}): "
        "more than 2 % apart."
    )
    return Doubt(DoubtCode.CONFLICT, message, price)


def _by_key(
    claims: Iterable[PriceClaim],
) -> dict[tuple[str, StatedKey], list[PriceClaim]]:
    by_key: dict[tuple[str, StatedKey], list[PriceClaim]] = {}
    for claim in claims:
        by_key.setdefault((claim.provider, _key_of(claim)), []).append(claim)
    return by_key


def _key_of(claim: PriceClaim) -> StatedKey:
    return StatedKey(claim.region, claim.instance_type, claim.pricing_model)


def _fact_key(fact: PriceFact) -> tuple[object, ...]:
    return (fact.sku, fact.pricing_model, fact.effective_from, fact.source_kind, fact.source)


def _rate_in_force(rates: Sequence[Rate], at: datetime) -> Rate | None:
    """Return the rate in force at an instant; the first one where that is before all of them."""
    begun = [rate for rate in rates if rate.effective_from <= at]
    return begun[-1] if begun else next(iter(rates), None)


def _merged(rates: Sequence[Rate], facts: Sequence[PriceFact]) -> list[Rate]:
    """Return rates in force once facts are known too: at equal dates they win (R-PRICE)."""
    by_start = {rate.effective_from: rate for rate in rates}
    for fact in facts:
        by_start[fact.effective_from] = _rate(fact)
    return [rate for _, rate in sorted(by_start.items())]


def _rate(fact: PriceFact) -> Rate:
    """Return a fact as a rate; when it becomes known plays no part within one reading."""
    return Rate(
        sku=fact.sku,
        pricing_model=fact.pricing_model,
        usd_per_instance_hour=fact.usd_per_instance_hour,
        effective_from=fact.effective_from,
        published_at=fact.effective_from,
        source_kind=fact.source_kind,
        source=fact.source,
        source_url=fact.source_url,
        retrieved_at=fact.retrieved_at,
        first_seen=fact.first_seen,
        previous_last_seen=fact.previous_last_seen,
    )


def _starts_at(claim: PriceClaim) -> datetime:
    return claim.effective_from or datetime.combine(claim.seen_on, time.min, UTC)


def _has_begun(claim: PriceClaim) -> bool:
    return _starts_at(claim) <= _end_of(claim.seen_on)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time.max, UTC)
