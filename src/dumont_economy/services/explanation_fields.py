"""Explanations as the fields of an answer, the same on every surface; amounts are decimal text."""

from datetime import datetime
from fractions import Fraction

from dumont_economy.instant import instant_text
from dumont_economy.money import amount_text, exact_text
from dumont_economy.pricing.equivalence import Equivalent, Grade, Ratios
from dumont_economy.pricing.match_timeline import Unpriced
from dumont_economy.pricing.price_range import PriceRange
from dumont_economy.pricing.reason import Reason
from dumont_economy.services.explain_prices import Conflict, Explanation
from dumont_economy.services.look_up_rates import provider_label
from dumont_economy.services.rate_fields import CURRENCY, Fields, age_days, date_fields

_RATIO_PLACES = 2

_WAY_FIELDS = (
    "grade",
    "how",
    "counted",
    "sku",
    "compared_gpu_type",
    "region",
    "machines",
    "price_per_gpu_hour",
    "price_per_hour",
    "price_smallest_instance",
    "smallest_instance_sku",
    "ratios",
    "effective_from",
    "published_at",
    "retrieved_at",
    "first_seen",
    "previous_last_seen",
    "source",
    "source_url",
    "age_days",
)


def explanation_fields(explained: Explanation) -> Fields:
    """Return an explanation; prices in USD per hour for all the GPUs unless their name says more.

    They are what the policy's discount leaves of list prices, but for the conflicts and the range,
    which are of list prices per instance-hour.
    """
    inquiry, match = explained.inquiry, explained.match
    question, as_of, identity = inquiry.question, inquiry.as_of, explained.identity
    chosen = (
        {**dict.fromkeys(_WAY_FIELDS), "grade": Grade.N.value, "region": question.region}
        if isinstance(match, Unpriced)
        else _way_fields(match, as_of)
    )
    return {
        "gpu": inquiry.gpu.spelling,
        "gpu_count": inquiry.gpu.count,
        "gpu_type": None if identity is None else identity.gpu_model,
        "gpu_fraction": None if identity is None else str(identity.fraction),
        "variant_assumed": identity is not None and identity.variant_assumed,
        "provider": provider_label(question.provider),
        "pricing_model": question.pricing_model.value,
        "basis": question.basis.value,
        "substitutes": question.substitutes.value,
        "discount": exact_text(question.discount),
        "policy_version": question.policy_version,
        "matching_rules_version": explained.matching_rules_version,
        "at": instant_text(inquiry.at),
        "as_of": instant_text(as_of),
        "currency": CURRENCY,
        **chosen,
        "reason": match.message if isinstance(match, Unpriced) else None,
        "reason_code": match.reason if isinstance(match, Unpriced) else None,
        "reason_parameters": match.parameters if isinstance(match, Unpriced) else None,
        "price_range": None
        if explained.price_range is None
        else _range_fields(explained.price_range),
        "conflicts": [_conflict_fields(one) for one in explained.conflicts],
        "candidates": [
            {**_way_fields(one.equivalent, as_of), **_why_not_fields(one.why_not)}
            for one in explained.candidates
        ],
        "rejected": [
            {
                "gpu_type": one.gpu_model,
                "reason": one.reason.text,
                "code": one.reason.code,
                "parameters": one.reason.parameters,
            }
            for one in explained.rejected
        ],
    }


def _why_not_fields(why_not: Reason | None) -> Fields:
    return {
        "why_not": None if why_not is None else why_not.text,
        "why_not_code": None if why_not is None else why_not.code,
        "why_not_parameters": None if why_not is None else why_not.parameters,
    }


def _way_fields(way: Equivalent, as_of: datetime) -> Fields:
    """Return one way to get the GPUs, all of `_WAY_FIELDS`."""
    rate, smallest = way.rate, way.smallest_instance_usd_per_hour
    found: Fields = {
        "grade": way.grade.value,
        "how": way.reach.value,
        "counted": way.is_counted,
        "compared_gpu_type": way.gpu_model,
        "machines": exact_text(way.machines),
        "price_per_gpu_hour": exact_text(way.usd_per_gpu_hour),
        "price_per_hour": exact_text(way.usd_per_hour),
        "price_smallest_instance": None if smallest is None else exact_text(smallest),
        "smallest_instance_sku": way.smallest_instance_type,
        "ratios": None if way.ratios is None else _ratio_fields(way.ratios),
    }
    if rate is not None:
        found |= {"sku": rate.sku.instance_type, "region": rate.sku.region}
        found |= {**date_fields(rate), "age_days": age_days(rate, as_of)}
    return {name: found.get(name) for name in _WAY_FIELDS}


def _ratio_fields(ratios: Ratios) -> Fields:
    return {
        "memory": _ratio(ratios.memory),
        "fp16": _ratio(ratios.fp16),
        "bandwidth": _ratio(ratios.bandwidth),
    }


def _ratio(ratio: Fraction | None) -> str | None:
    return None if ratio is None else amount_text(ratio, _RATIO_PLACES)


def _range_fields(found: PriceRange) -> Fields:
    return {
        "low": exact_text(found.low),
        "expected": exact_text(found.expected),
        "high": exact_text(found.high),
    }


def _conflict_fields(conflict: Conflict) -> Fields:
    waiting, claim = conflict.waiting, conflict.claim
    return {
        "number": waiting.number,
        "price_per_instance_hour": exact_text(waiting.price.price_per_instance_hour),
        "source": waiting.scope.source,
        "source_url": claim.source_url,
        "code": waiting.price.code,
        "detail": waiting.price.detail,
        "parameters": conflict.parameters,
        "seen_on": claim.seen_on.isoformat(),
        "since": instant_text(waiting.since),
    }
