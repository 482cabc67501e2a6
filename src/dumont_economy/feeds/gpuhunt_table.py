"""A gpuhunt catalogue's table, taken apart: which rows are machines with GPUs, and what they cost.

It is what gpuhunt's own collectors wrote: their names and units are known from its source.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import IO, TypeVar

from dumont_economy import strict_json
from dumont_economy.errors import FeedError
from dumont_economy.feeds.csv_table import Columns, read_rows
from dumont_economy.feeds.rows import (
    RowError,
    drop_repeats,
    parse_instance_type,
    parse_offer_name,
    parse_price,
    parse_quantity,
    parse_region,
    shown,
)
from dumont_economy.pricing.price_claim import FeedReading, PriceClaim, UnreadableRow
from dumont_economy.pricing.rate import PricingModel

T = TypeVar("T")

# Without the last four, what is reserved ahead could not be told from what is on demand.
_COLUMNS = Columns(
    wanted=(
        "instance_name",
        "location",
        "price",
        "cpu",
        "memory",
        "gpu_count",
        "gpu_name",
        "gpu_memory",
        "spot",
        "gpu_vendor",
        "flags",
        "cpu_arch",
        "provider_data",
    ),
    may_be_more=True,
)
_CURRENCY = "USD"
_COUNT = re.compile(r"[0-9]{1,3}", re.ASCII)
_GPU_MEMORY = re.compile(r"[0-9]{1,5}(?:\.[0-9]{1,20})?", re.ASCII)
_PRICING_MODELS = {"false": PricingModel.ON_DEMAND, "true": PricingModel.SPOT}
_CPU_ARCHITECTURES = {"x86": "x86_64", "arm": "arm64", "": None}
_GPU_VENDORS = frozenset({"nvidia", "amd", ""})
_OTHER_VENDORS = {"google": "tpu", "intel": "other_accelerator", "tenstorrent": "other_accelerator"}
# Flags hide offers from old versions of dstack. A flag that is not known here may mean another kind
# of price, as that of the calendar mode does: time that is booked ahead.
_PLAIN_FLAGS = frozenset({"gcp-a4", "gcp-g4", "gcp-g4-preview", "lambda-arm", "oci-spot"})
_OTHER_FLAGS = {"gcp-dws-calendar-mode": "calendar_mode", "runpod-cluster": "cluster"}

_GCP_ZONE = re.compile(r"([a-z]+-[a-z]+[0-9]{1,2})-(?:ai[0-9]{1,2})?[a-z]", re.ASCII)
_AWS_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}", re.ASCII)
# What is attached to a host of the family N1, as Google Cloud and the shipped book name it.
_GCP_ATTACHED = {
    name: f"nvidia-tesla-{name.lower()}" for name in ("K80", "P100", "P4", "T4", "V100")
}
# Only these write the memory of a machine in GiB; the others write GB, or leave it open.
_WRITE_GIB = frozenset({"aws", "azure", "cloudrift", "gcp", "nebius"})
# These write the form of a GPU into the machine's name: gpu_8x_h100_sxm5, gpu-h100-sxm.
_STATE_FORMS = frozenset({"lambda", "nebius"})
_FORM = re.compile(r"[_-]((?:sxm|pcie)[0-9]?)\b", re.ASCII)
# A slice is written as one GPU with a part of the memory; in GiB, that of the whole.
_WHOLE_GPU_GIB = {"A10": Decimal(24), "RTXPRO6000": Decimal(96)}
_LARGEST_SLICE = Fraction(3, 4)
_SLICE_DECIMALS = 4  # as the shipped instance types write slices

# gpuhunt multiplies and adds prices as binary floats: 3 x 0.1 is written 0.30000000000000004. No
# number of fewer digits shows such noise, and no price on a list has as many.
_FLOAT_PRICE = re.compile(r"[0-9]{1,6}\.[0-9]{13,20}", re.ASCII)
_FLOAT_DIGITS = 16
_RATE_STEP = Decimal("1e-12")


def read_table(table: IO[bytes], reading: FeedReading, made_on: date) -> None:
    """Note every row of a table in the reading: as a claim, as of another kind, or as unreadable.

    Zones of a region that agree become one claim.

    Raises:
        FeedError: it is no table of a catalogue, or not all of it.
    """

    def refuse(line: int, problem: str) -> None:
        raise FeedError("unexpected_shape", f"{reading.url}: line {line} {problem}.")

    for row in read_rows(table, _COLUMNS, refuse):
        place = f"line {row.line}"
        try:
            reason = _why_other(row.cells, reading.scope.provider)
            if reason is None:
                reading.claims.append(_claim(row.cells, place, reading, made_on))
            else:
                reading.skipped[reason] += 1
        except RowError as error:
            reading.unreadable.append(UnreadableRow(place, error.code, error.message))
    drop_repeats(reading)


def _why_other(row: Mapping[str, str], provider: str) -> str | None:
    """Return why a row is no machine with GPUs at a plain price, None where it is."""
    if _gpu_count(row) == 0:
        return "no_gpu"
    vendor = row["gpu_vendor"].lower()
    if row["gpu_name"].startswith("tpu-"):
        return "tpu"
    if vendor in _OTHER_VENDORS:
        return _OTHER_VENDORS[vendor]
    if vendor not in _GPU_VENDORS:
        raise RowError("unreadable_gpu_vendor", f"{shown(vendor)} is no vendor of GPUs.")
    if provider == "aws" and not _AWS_REGION.fullmatch(parse_region(row["location"])):
        return "local_zone"
    if _is_attached(row, provider) and row["gpu_name"] not in _GCP_ATTACHED:
        return "unknown_accelerator"
    return _why_other_price(row)


def _why_other_price(row: Mapping[str, str]) -> str | None:
    flags = row["flags"].split()
    for flag in flags:
        if flag in _OTHER_FLAGS:
            return _OTHER_FLAGS[flag]
    if not _PLAIN_FLAGS.issuperset(flags):
        return "unknown_flag"
    # Catalogues made between the member and the flag have only the member.
    return "calendar_mode" if _provider_data(row).get("is_dws_calendar_mode") else None


def _provider_data(row: Mapping[str, str]) -> Mapping[str, object]:
    try:
        said = strict_json.decode((row["provider_data"] or "{}").encode())
    except strict_json.StrictJsonError as error:
        raise RowError("unreadable_provider_data", error.message) from error
    if not isinstance(said, dict):
        raise RowError("unreadable_provider_data", f"{shown(said)} stands where an object must.")
    return said


def _claim(row: Mapping[str, str], place: str, reading: FeedReading, made_on: date) -> PriceClaim:
    provider = reading.scope.provider
    gpu_count, gpu_memory_gib = _gpus(row)
    return PriceClaim(
        provider=provider,
        region=_region(row["location"], provider),
        instance_type=_instance_type(row, provider),
        pricing_model=_one_of(row, "spot", _PRICING_MODELS),
        price_per_instance_hour=_price(row["price"]),
        currency=_CURRENCY,
        effective_from=None,
        seen_on=made_on,
        source_url=reading.url if reading.url.startswith("http") else None,
        place=place,
        gpu_spelling=_gpu_spelling(row, provider),
        gpu_count=gpu_count,
        gpu_memory_gib=gpu_memory_gib,
        cpu_architecture=_one_of(row, "cpu_arch", _CPU_ARCHITECTURES),
        vcpus=parse_quantity(row["cpu"]),
        memory_gib=parse_quantity(row["memory"]) if provider in _WRITE_GIB else None,
    )


def _region(location: str, provider: str) -> str:
    if provider != "gcp":
        return parse_region(location)
    zone = _GCP_ZONE.fullmatch(location)
    if zone is None:
        raise RowError("unreadable_region", f"{shown(location)} is no zone of a region.")
    return zone[1]


def _instance_type(row: Mapping[str, str], provider: str) -> str:
    """Return the name of the machine, with what is attached to it where the name leaves it out."""
    said = row["instance_name"]
    if provider == "runpod":
        # Pods are named by their GPU alone, however many they have.
        return parse_offer_name(f"{_gpu_count(row)}x {parse_offer_name(said)}")
    if provider not in ("aws", "azure", "gcp"):
        return parse_offer_name(said)
    name = parse_instance_type(said)
    if not _is_attached(row, provider):
        return name
    return f"{name}+{_gpu_count(row)}x{_GCP_ATTACHED[row['gpu_name']]}"


def _is_attached(row: Mapping[str, str], provider: str) -> bool:
    return provider == "gcp" and row["instance_name"].startswith("n1-")


def _gpu_count(row: Mapping[str, str]) -> int:
    said = row["gpu_count"]
    if not _COUNT.fullmatch(said):
        raise RowError("unreadable_gpu_count", f"{shown(said)} is no number of GPUs.")
    return int(said)


def _gpu_spelling(row: Mapping[str, str], provider: str) -> str:
    """Return the GPU's name, with the form that the machine's name states and it leaves out."""
    name = parse_offer_name(row["gpu_name"], "unreadable_gpu_name")
    if provider == "runpod":
        # Its pods bear the name that the driver reports, which is the fuller one.
        return row["instance_name"]
    form = _FORM.search(row["instance_name"]) if provider in _STATE_FORMS else None
    return f"{name} {form[1]}" if form else name


def _gpus(row: Mapping[str, str]) -> tuple[Fraction, Decimal | None]:
    """Return how many GPUs there are, and the memory of a whole one in GiB."""
    count, said = Fraction(_gpu_count(row)), row["gpu_memory"]
    if said and not _GPU_MEMORY.fullmatch(said):
        raise RowError("unreadable_gpu_memory", f"{shown(said)} is no size in GiB.")
    memory = Decimal(said) if said else None
    whole = _WHOLE_GPU_GIB.get(row["gpu_name"])
    if count != 1 or not memory or whole is None:
        return count, memory
    share = Fraction(memory) / Fraction(whole)
    return (round(share, _SLICE_DECIMALS), whole) if share <= _LARGEST_SLICE else (count, memory)


def _price(said: str) -> Decimal:
    """Return the price that is written, without the noise of adding binary floats."""
    is_noisy = _FLOAT_PRICE.fullmatch(said) and len(said.replace(".", "").lstrip("0")) >= (
        _FLOAT_DIGITS
    )
    return parse_price(f"{Decimal(said).quantize(_RATE_STEP):f}" if is_noisy else said)


def _one_of(row: Mapping[str, str], column: str, meanings: Mapping[str, T]) -> T:
    said = row[column]
    if said.lower() not in meanings:
        raise RowError(f"unreadable_{column}", f"{shown(said)} is no {column}.")
    return meanings[said.lower()]
