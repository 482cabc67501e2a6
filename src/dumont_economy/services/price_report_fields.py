"""The price report as fields, for programs; amounts are decimal text in USD per hour."""

from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.pricing.card_check import CardFinding
from dumont_economy.pricing.equivalence import Equivalent, Grade
from dumont_economy.services.look_up_rates import provider_label
from dumont_economy.services.price_health import FeedHealth
from dumont_economy.services.price_report import (
    GpuCoverage,
    PricedConflict,
    PriceReport,
    UnknownInSource,
)
from dumont_economy.services.rate_fields import CURRENCY, Fields
from dumont_economy.services.region_coverage import RegionCoverage
from dumont_economy.storage.price_quarantine import QuarantinedPrice


def report_fields(report: PriceReport) -> Fields:
    """Return everything that the report says."""
    return {
        "at": instant_text(report.at),
        "currency": CURRENCY,
        "regions": [_region(one, report) for one in report.regions],
        "gpus": [_gpu(one) for one in report.gpus],
        "feeds": [_feed(one) for one in report.health.feeds],
        "waiting": [_waiting(one) for one in report.health.waiting],
        "conflicts": [_conflict(one) for one in report.conflicts],
        "unknown_in_sources": [_unknown(one) for one in report.unknown_in_sources],
        "unknown_in_usage": [
            {
                "gpu": one.spelling,
                "gpu_memory_gib": None if one.memory_gib is None else exact_text(one.memory_gib),
                "events": one.events,
                "instances": one.instances,
            }
            for one in report.unknown_in_usage
        ],
        "reference_card": [_finding(one) for one in report.findings],
        "own_prices": [
            {"gpu": one.gpu, "usd_per_gpu_hour": exact_text(one.usd_per_gpu_hour)}
            for one in report.own_prices
        ],
        "left_out_of_shipped_book": [
            {
                "provider": one.provider,
                "region": one.region,
                "instance_type": one.instance_type,
                "price_per_instance_hour": exact_text(one.usd_per_instance_hour),
                "as_of": one.as_of.isoformat(),
                "reason": one.reason,
            }
            for one in report.shipped_refusals
        ],
    }


def _region(one: RegionCoverage, report: PriceReport) -> Fields:
    return {
        "provider": one.provider,
        "region": one.region,
        "pricing_model": one.pricing_model.value,
        "skus": one.skus,
        "oldest_retrieved_at": one.oldest.isoformat(),
        "oldest_age_days": report.age_days(one.oldest),
        "newest_retrieved_at": one.newest.isoformat(),
        "newest_age_days": report.age_days(one.newest),
        "stale": one.stale,
    }


def _gpu(one: GpuCoverage) -> Fields:
    return {
        "provider": one.provider,
        "gpu_type": one.gpu_model,
        "regions": one.regions,
        "in_baseline_region": None if one.match is None else _match(one.match),
    }


def _match(match: Equivalent) -> Fields:
    rate, smallest = match.rate, match.smallest_instance_usd_per_hour
    return {
        "grade": match.grade.value,
        "gpu_type": match.gpu_model,
        "price_per_gpu_hour": exact_text(match.usd_per_gpu_hour),
        "sku": None if rate is None else rate.sku.instance_type,
        "region": None if rate is None else rate.sku.region,
        "price_smallest_instance": None if smallest is None else exact_text(smallest),
        "smallest_instance_sku": match.smallest_instance_type,
        "effective_from": None if rate is None else instant_text(rate.effective_from),
        "retrieved_at": None if rate is None else rate.retrieved_at.isoformat(),
        "source": match.source,
    }


def _feed(one: FeedHealth) -> Fields:
    return {
        "source": one.scope.source,
        "provider": one.scope.provider,
        "region": one.scope.region,
        "outcome": one.outcome.value,
        "code": one.code or None,
        "detail": one.detail or None,
        "tried_at": instant_text(one.tried_at),
        "last_good_at": None if one.last_good_at is None else instant_text(one.last_good_at),
        "rows_refused": sum(rows.rows for rows in one.refused),
    }


def _waiting(one: QuarantinedPrice) -> Fields:
    price = one.price
    return {
        "number": one.number,
        "provider": price.provider,
        "region": price.region,
        "instance_type": price.instance_type,
        "pricing_model": price.pricing_model.value,
        "price_per_instance_hour": exact_text(price.price_per_instance_hour),
        "last_price": None if price.last_price is None else exact_text(price.last_price),
        "source": one.scope.source,
        "since": instant_text(one.since),
        "code": price.code,
        "message": price.detail,
    }


def _conflict(one: PricedConflict) -> Fields:
    rate = one.in_force
    return {
        **_waiting(one.waiting),
        "in_force": None if rate is None else exact_text(rate.usd_per_instance_hour),
        "in_force_source": None if rate is None else rate.source,
    }


def _unknown(one: UnknownInSource) -> Fields:
    return {
        "name": one.rows.subject,
        "code": one.rows.code,
        "rows": one.rows.rows,
        "place": one.rows.place,
        "source": one.scope.source,
        "provider": one.scope.provider or None,
        "region": one.scope.region,
    }


def _finding(one: CardFinding) -> Fields:
    match = one.match if isinstance(one.match, Equivalent) else None
    return {
        "gpu": one.row.gpu,
        "provider": provider_label(one.question.provider),
        "card_usd_per_gpu_hour": exact_text(one.row.usd_per_gpu_hour),
        "grade": Grade.N.value if match is None else match.grade.value,
        "list_price": None if match is None else _match(match),
        "ratio": None if one.ratio is None else exact_text(one.ratio),
        "verdict": one.verdict.value,
        "finding": one.sentence,
    }
