"""An AWS region file, taken apart: its attributes say what is a plain machine, its terms the price.

A file names all products of a region, then the terms that price them: hundreds of MB, of which a
few hundred rows are ours. It is parsed as it is unpacked, once for either half, and never held.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from dumont_economy.errors import FeedError, InvalidInstantError
from dumont_economy.feeds.json_stream import Path, walk
from dumont_economy.feeds.raw_payload import RawPayload
from dumont_economy.feeds.rows import (
    RowError,
    difference,
    drop_repeats,
    parse_currency,
    parse_effective_date,
    parse_instance_type,
    parse_price,
    parse_quantity,
    place_of,
    shown,
)
from dumont_economy.instant import parse_instant
from dumont_economy.pricing.price_claim import FeedReading, FeedScope, PriceClaim, UnreadableRow
from dumont_economy.pricing.rate import PricingModel

_FAMILIES = ("Compute Instance", "Compute Instance (bare metal)")
_NO_GPU = (None, "", "0", "NA")
# The plain machine: Linux, shared, on demand. A product that differs in one of these attributes is
# another one, often at the same price or at none; the second text says which (WIRE.md, section 6).
_PLAIN_MACHINE = {
    "tenancy": ("Shared", "dedicated"),
    "operatingSystem": ("Linux", "other_operating_system"),
    "licenseModel": ("No License required", "licensed"),
    "capacitystatus": ("Used", "unused_capacity"),
    "preInstalledSw": ("NA", "preinstalled_software"),
    "marketoption": ("OnDemand", "capacity_block"),
    "operation": ("RunInstances", "other_operation"),
}
# A price by the hour, from the first hour on and without end.
_PLAIN_HOURS = {
    "unit": ("Hrs", "other_unit"),
    "beginRange": ("0", "tiered"),
    "endRange": ("Inf", "tiered"),
}
_CURRENCY = "USD"
# Clocks differ; no further ahead can anything have been published.
_MOST_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Machine:
    """A product that is a plain machine with GPUs."""

    instance_type: str
    gpu_count: Fraction
    vcpus: Fraction | None
    memory_gib: Fraction | None


def read_region_file(payload: RawPayload, scope: FeedScope, *, is_current: bool) -> FeedReading:
    """Return what a region file says of the machines with GPUs in its region.

    The current file is seen on the day on which it was read, a past one on that of its publication.

    Raises:
        FeedError: it is no such file, or not all of it.
    """
    reading = FeedReading(scope=scope, retrieved_at=payload.retrieved_at, url=payload.url)
    published_on, machines = _read_products(payload, reading)
    if published_on > (payload.retrieved_at + _MOST_AHEAD).date():
        reason = f"{payload.url} says that it was published on {published_on}, which is to come."
        raise FeedError("edition_ahead", reason)
    reading.edition = published_on
    seen_on = payload.retrieved_at.date() if is_current else published_on
    priced = _read_terms(payload, reading, machines, seen_on)
    if unpriced := len(machines.keys() - priced):
        reading.skipped["no_on_demand_term"] += unpriced
    drop_repeats(reading)
    return reading


def _walk(payload: RawPayload) -> Iterator[tuple[Path, Any]]:
    """Walk a file product by product, and SKU by SKU within each kind of term."""
    depths = {"products": 1, "terms": 2}
    return walk(payload.open(), lambda path: len(path) <= depths.get(path[0], 0))


def _read_products(payload: RawPayload, reading: FeedReading) -> tuple[date, dict[str, _Machine]]:
    """Return the day of publication, and the plain machines with GPUs by SKU."""
    head: dict[str, object] = {}
    machines: dict[str, _Machine] = {}
    for path, said in _walk(payload):
        if path[0] == "products":
            _read_product(path[1], said, reading, machines)
        elif len(path) == 1:
            head[path[0]] = said
    if head.get("offerCode") != "AmazonEC2" or not isinstance(head.get("version"), str):
        raise FeedError("unexpected_shape", f"{payload.url} is no price list of EC2.")
    try:
        return parse_instant(str(head.get("publicationDate"))).date(), machines
    except InvalidInstantError as error:
        reason = f"{payload.url} does not say when it was published."
        raise FeedError("unexpected_shape", reason) from error


def _read_product(
    sku: str, product: object, reading: FeedReading, machines: dict[str, _Machine]
) -> None:
    """Note a product as a machine, as of another kind, or as unreadable."""
    try:
        attributes = _object(product, "attributes")
        reason = _why_no_machine(_object(product), attributes, reading.scope.region)
        if reason is None:
            machines[sku] = _machine(attributes)
        else:
            reading.skipped[reason] += 1
    except RowError as error:
        reading.unreadable.append(UnreadableRow(place_of(sku), error.code, error.message))


def _why_no_machine(
    product: Mapping[str, Any], attributes: Mapping[str, Any], region: str | None
) -> str | None:
    if product.get("productFamily") not in _FAMILIES:
        return "other_product_family"
    if attributes.get("gpu") in _NO_GPU:
        return "no_gpu"
    if attributes.get("regionCode") != region:
        return "other_region"
    return difference(attributes, _PLAIN_MACHINE)


def _machine(attributes: Mapping[str, Any]) -> _Machine:
    gpu_count = parse_quantity(attributes["gpu"])
    if not gpu_count:
        raise RowError("unreadable_gpu_count", f"{shown(attributes['gpu'])} is no number of GPUs.")
    return _Machine(
        instance_type=parse_instance_type(attributes.get("instanceType")),
        gpu_count=gpu_count,
        vcpus=parse_quantity(attributes.get("vcpu")),
        memory_gib=parse_quantity(attributes.get("memory")),
    )


def _read_terms(
    payload: RawPayload, reading: FeedReading, machines: Mapping[str, _Machine], seen_on: date
) -> set[str]:
    """Note what the machines cost on demand; return the SKUs that have such a term."""
    priced: set[str] = set()
    for path, terms in _walk(payload):
        if path[0] != "terms":
            continue
        _, kind, sku = path
        if kind != "OnDemand":
            reading.skipped["committed_term"] += 1
        elif sku in machines:
            priced.add(sku)
            _read_on_demand(sku, terms, machines[sku], reading, seen_on)
    return priced


def _read_on_demand(
    sku: str, terms: object, machine: _Machine, reading: FeedReading, seen_on: date
) -> None:
    """Note each price of a machine as a claim, as of another kind, or as unreadable."""
    try:
        rows = list(_price_rows(terms))
    except RowError as error:
        reading.unreadable.append(UnreadableRow(place_of(sku), error.code, error.message))
        return
    for rate_code, since, row in rows:
        if reason := difference(row, _PLAIN_HOURS):
            reading.skipped[reason] += 1
            continue
        try:
            reading.claims += _claims(rate_code, since, row, machine, reading, seen_on)
        except RowError as error:
            place = place_of(rate_code)
            reading.unreadable.append(UnreadableRow(place, error.code, error.message))


def _price_rows(terms: object) -> Iterator[tuple[str, object, Mapping[str, Any]]]:
    """Yield rate code, effective date and row of every price under a SKU's terms."""
    for term in _object(terms).values():
        for rate_code, row in _object(term, "priceDimensions").items():
            yield rate_code, _object(term).get("effectiveDate"), _object(row)


def _claims(
    rate_code: str,
    since: object,
    row: Mapping[str, Any],
    machine: _Machine,
    reading: FeedReading,
    seen_on: date,
) -> list[PriceClaim]:
    """Return the price in US dollars as a claim; where there is none, all others for the guard."""
    prices = _object(row, "pricePerUnit")
    if not prices:
        raise RowError("no_price", "The row names no price.")
    return [
        PriceClaim(
            provider=reading.scope.provider,
            region=reading.scope.region or "",
            instance_type=machine.instance_type,
            pricing_model=PricingModel.ON_DEMAND,
            price_per_instance_hour=parse_price(prices[currency]),
            currency=parse_currency(currency),
            effective_from=parse_effective_date(since),
            seen_on=seen_on,
            source_url=reading.url,
            place=place_of(rate_code),
            gpu_count=machine.gpu_count,
            vcpus=machine.vcpus,
            memory_gib=machine.memory_gib,
        )
        for currency in ([_CURRENCY] if _CURRENCY in prices else prices)
    ]


def _object(said: object, *names: str) -> Mapping[str, Any]:
    """Return an object, or the one under the name in it."""
    for name in names:
        said = _object(said).get(name)
    if not isinstance(said, dict):
        raise RowError("unexpected_shape", f"{shown(said)} stands where an object must.")
    return said
