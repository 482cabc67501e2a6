"""Region files in the format of the AWS Price List, small ones and ones of true size.

Each planted price comes with the traps that the true files set beside it: the same instance type
with Windows, with a licence of one's own, with SQL Server, on dedicated hardware, as unused
reservation, as capacity block at 0.0000000000, and its reservations, some to be paid in advance.
`write_true_size` adds as many ordinary machines, with traps of their own, as fill the size.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from dumont_economy.data.shipped_rows import shipped_rows

Json = dict[str, Any]

ON_DEMAND_CODE = "JRTCKXETXF"
_HOUR_CODE = "6YS6EN2CT7"


@dataclass(frozen=True)
class AwsPrice:
    """One product on demand. `price` is the text of the file; `since` None leaves the date out.

    `gpu`, `vcpu` and `memory` are those of the shipped SKU unless given; `attributes` replaces
    attributes of the product (a value of None leaves one out), `row` members of its price row.
    Two products of one type need attributes that differ, for example in `usagetype`.
    """

    instance_type: str
    price: str
    region: str = "us-east-1"
    since: str | None = "2026-08-01T00:00:00Z"
    currency: str = "USD"
    gpu: str | None = None
    vcpu: str | None = None
    memory: str | None = None
    attributes: Mapping[str, object] = field(default_factory=dict)
    row: Mapping[str, object] = field(default_factory=dict)

    @property
    def sku(self) -> str:
        """Return 16 letters and digits that differ from product to product, whatever it costs."""
        said = f"{self.region} {self.instance_type} {sorted(self.attributes.items())} {self.price}"
        return sha256(said.encode()).hexdigest()[:16].upper()


@dataclass(frozen=True)
class _Trap:
    """What a product next to the plain machine is: other attributes, and its price beside that."""

    attributes: Mapping[str, str]
    times: str


TRAPS = (
    _Trap({"operatingSystem": "Windows", "operation": "RunInstances:0002"}, "1.75"),
    _Trap(
        {
            "operatingSystem": "Windows",
            "licenseModel": "Bring your own license",
            "operation": "RunInstances:0800",
        },
        "1.01",
    ),
    _Trap({"licenseModel": "Bring your own license"}, "1.02"),
    _Trap({"operatingSystem": "RHEL", "operation": "RunInstances:0010"}, "1.1"),
    _Trap({"operatingSystem": "RHEL"}, "1.11"),
    _Trap({"preInstalledSw": "SQL Std", "operation": "RunInstances:0004"}, "1.3"),
    _Trap({"preInstalledSw": "SQL Web"}, "1.31"),
    _Trap({"operation": "RunInstances:0001"}, "1.4"),
    _Trap({"tenancy": "Dedicated"}, "1.06"),
    _Trap({"tenancy": "Host"}, "0"),
    _Trap({"capacitystatus": "UnusedCapacityReservation"}, "1.03"),
    _Trap({"capacitystatus": "AllocatedCapacityReservation"}, "0"),
    _Trap({"marketoption": "CapacityBlock", "operation": "RunInstances:CB"}, "0"),
    _Trap({"marketoption": "CapacityBlock"}, "0"),
)


@cache
def _shipped_types() -> dict[str, dict[str, str]]:
    return {
        row["instance_type"]: row for row in shipped_rows("skus.csv") if row["provider"] == "aws"
    }


def product(price: AwsPrice) -> Json:
    """Return a product as the file has it, with the attributes of the true ones."""
    kind = _shipped_types().get(price.instance_type, {})
    family = "Compute Instance (bare metal)" if ".metal" in price.instance_type else ""
    attributes: dict[str, object] = {
        "servicecode": "AmazonEC2",
        "location": "US East (N. Virginia)",
        "locationType": "AWS Region",
        "instanceType": price.instance_type,
        "currentGeneration": "Yes",
        "instanceFamily": "GPU instance",
        "vcpu": price.vcpu or kind.get("vcpus") or "4",
        "physicalProcessor": "AMD EPYC 7R13 Processor",
        "clockSpeed": "3.6 GHz",
        "memory": price.memory or f"{kind.get('memory_gib') or 16} GiB",
        "storage": "EBS only",
        "networkPerformance": "Up to 10 Gigabit",
        "processorArchitecture": "64-bit",
        "tenancy": "Shared",
        "operatingSystem": "Linux",
        "licenseModel": "No License required",
        "usagetype": f"BoxUsage:{price.instance_type}",
        "operation": "RunInstances",
        "availabilityzone": "NA",
        "capacitystatus": "Used",
        "classicnetworkingsupport": "false",
        "dedicatedEbsThroughput": "Up to 10 Gbps",
        "ecu": "NA",
        "enhancedNetworkingSupported": "Yes",
        "gpu": price.gpu or kind.get("gpu_count") or "1",
        "gpuMemory": "NA",
        "intelAvxAvailable": "No",
        "intelAvx2Available": "No",
        "intelTurboAvailable": "No",
        "marketoption": "OnDemand",
        "normalizationSizeFactor": "32",
        "preInstalledSw": "NA",
        "processorFeatures": "AMD Turbo; AVX; AVX2",
        "regionCode": price.region,
        "servicename": "Amazon Elastic Compute Cloud",
        "vpcnetworkingsupport": "true",
        **price.attributes,
    }
    return {
        "sku": price.sku,
        "productFamily": family or "Compute Instance",
        "attributes": {name: value for name, value in attributes.items() if value is not None},
    }


def on_demand_term(price: AwsPrice) -> Json:
    """Return the term of a product on demand."""
    code = f"{price.sku}.{ON_DEMAND_CODE}"
    rate_code = f"{code}.{_HOUR_CODE}"
    row = {
        "rateCode": rate_code,
        "description": f"${price.price} per On Demand Linux {price.instance_type} Instance Hour",
        "beginRange": "0",
        "endRange": "Inf",
        "unit": "Hrs",
        "pricePerUnit": {price.currency: price.price},
        "appliesTo": [],
        **price.row,
    }
    term: Json = {
        "offerTermCode": ON_DEMAND_CODE,
        "sku": price.sku,
        "effectiveDate": price.since,
        "priceDimensions": {rate_code: row},
        "termAttributes": {},
    }
    if price.since is None:
        del term["effectiveDate"]
    return {code: term}


def reserved_terms(price: AwsPrice) -> Json:
    """Return two terms of a reservation: by the hour, and all to be paid in advance."""
    terms: Json = {}
    for code, option, unit, text in (
        ("4NA7Y494T4", "No Upfront", "Hrs", "0.0100000000"),
        ("6QCMYABX3D", "All Upfront", "Quantity", "5150"),
    ):
        rate_code = f"{price.sku}.{code}.{_HOUR_CODE}"
        terms[f"{price.sku}.{code}"] = {
            "offerTermCode": code,
            "sku": price.sku,
            "effectiveDate": "2026-08-01T00:00:00Z",
            "priceDimensions": {
                rate_code: {
                    "rateCode": rate_code,
                    "description": "Upfront Fee" if unit == "Quantity" else "Linux/UNIX",
                    "unit": unit,
                    "pricePerUnit": {"USD": text},
                    "appliesTo": [],
                    **({} if unit == "Quantity" else {"beginRange": "0", "endRange": "Inf"}),
                }
            },
            "termAttributes": {
                "LeaseContractLength": "1yr",
                "OfferingClass": "standard",
                "PurchaseOption": option,
            },
        }
    return terms


def traps_beside(price: AwsPrice) -> list[AwsPrice]:
    """Return the products that the true file has beside a plain machine."""
    try:
        plain = Decimal(price.price)
    except ArithmeticError:
        plain = Decimal(1)
    return [
        AwsPrice(
            instance_type=price.instance_type,
            price=f"{plain * Decimal(trap.times):.10f}",
            region=price.region,
            gpu=price.gpu,
            attributes={
                **price.attributes,
                **trap.attributes,
                "usagetype": f"{name}:{price.instance_type}",
            },
        )
        for name, trap in enumerate(TRAPS)
    ]


def free_trial() -> Json:
    """Return the product that every region file has and that is no machine at all."""
    return {
        "sku": "R3WPVNCD34N9W7UV",
        "productFamily": "Compute Instance",
        "attributes": {
            "servicecode": "AmazonEC2",
            "location": "Any",
            "group": "FreeTrial",
            "usagetype": "Global-BoxUsage:freetrial",
            "operation": "RunInstances",
            "regionCode": "",
        },
    }


def region_file(
    prices: Sequence[AwsPrice], *, version: str, published: str, has_traps: bool = True
) -> Json:
    """Return a region file that says these prices, in the order of the true ones."""
    everything = [
        one for price in prices for one in (price, *(traps_beside(price) if has_traps else ()))
    ]
    products = {one.sku: product(one) for one in everything}
    trial = free_trial()
    return {
        **_head(version, published),
        "products": {trial["sku"]: trial, **products} if has_traps else products,
        "terms": {
            "OnDemand": {one.sku: on_demand_term(one) for one in everything},
            "Reserved": {price.sku: reserved_terms(price) for price in prices},
        },
    }


def _head(version: str, published: str) -> Json:
    return {
        "formatVersion": "v1.0",
        "disclaimer": "This pricing list is for informational purposes only.",
        "offerCode": "AmazonEC2",
        "version": version,
        "publicationDate": published,
    }


# What most of a region file is: machines without a GPU, and GPU machines that are not plain.
_ORDINARY = (
    AwsPrice("m7i.2xlarge", "0.4032000000", attributes={"gpu": None}),
    AwsPrice("c7i.large", "0.0892500000", attributes={"gpu": "NA", "operatingSystem": "Windows"}),
    AwsPrice("r7i.xlarge", "0.2646000000", attributes={"gpu": None, "tenancy": "Dedicated"}),
    AwsPrice("g4dn.xlarge", "0.7100000000", attributes={"operatingSystem": "Windows"}),
    AwsPrice("g5.xlarge", "1.2570000000", attributes={"regionCode": "us-east-1-atl-1"}),
    AwsPrice("g6.xlarge", "2.3000000000", attributes={"preInstalledSw": "SQL Ent"}),
)


def write_true_size(path: Path, truth: Sequence[AwsPrice], *, size: int, seed: int) -> None:
    """Write a region file of at least `size` bytes that says exactly `truth`, and only that.

    The truth, each with its traps, lies scattered among ordinary products. One seed, one file.
    """
    chance = random.Random(seed)
    ours = [one for price in truth for one in (price, *traps_beside(price))]
    chance.shuffle(ours)
    ordinary = [chance.choice(_ORDINARY) for _ in range(_fillers_for(size))]
    skus = [f"{chance.getrandbits(64):016X}" for _ in ordinary]
    with path.open("w", encoding="utf-8") as file:
        head = json.dumps(_head("20260820000000", "2026-08-20T00:00:00Z"))[:-1]
        file.write(f'{head}, "products": {{')
        _write_members(file, ours, _product_member, ordinary, skus)
        file.write('}, "terms": {"OnDemand": {')
        _write_members(file, ours, _on_demand_member, ordinary, skus)
        file.write('}, "Reserved": {')
        _write_members(file, truth, _reserved_member, ordinary, skus)
        file.write("}}}")


def _product_member(price: AwsPrice) -> str:
    return f"\n{json.dumps(price.sku)}: {json.dumps(product(price))}"


def _on_demand_member(price: AwsPrice) -> str:
    return f"\n{json.dumps(price.sku)}: {json.dumps(on_demand_term(price))}"


def _reserved_member(price: AwsPrice) -> str:
    return f"\n{json.dumps(price.sku)}: {json.dumps(reserved_terms(price))}"


def _fillers_for(size: int) -> int:
    """Return how many ordinary products fill the size, by the smallest of them."""
    smallest = min(
        len(_product_member(one)) + len(_on_demand_member(one)) + len(_reserved_member(one))
        for one in _ORDINARY
    )
    return size // smallest + 1


def _write_members(
    file: IO[str],
    ours: Sequence[AwsPrice],
    member: Callable[[AwsPrice], str],
    ordinary: Sequence[AwsPrice],
    skus: Sequence[str],
) -> None:
    """Write one member for each product, ours evenly among the ordinary ones."""
    # The text of an ordinary product differs in its SKU alone, so it is made once.
    texts = {one.sku: member(one) for one in _ORDINARY}
    own_skus = {id(one): one.sku for one in _ORDINARY}
    every = len(ordinary) // (len(ours) + 1) or 1
    waiting = list(ours)
    separator = ""
    for place, (one, sku) in enumerate(zip(ordinary, skus, strict=True), start=1):
        own_sku = own_skus[id(one)]
        file.write(separator + texts[own_sku].replace(own_sku, sku))
        separator = ","
        if waiting and place % every == 0:
            file.write("," + member(waiting.pop()))
    for one in waiting:
        file.write("," + member(one))
