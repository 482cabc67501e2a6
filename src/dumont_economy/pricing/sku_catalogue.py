"""The SKU catalogue: which machine an instance type is, so that a price claim names one SKU.

Invariant: a claim becomes a SKU whose GPU is known for certain, or none. What a source says of a
known type must agree with what is known of it; of an unknown type it must say everything.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.money import exact_text
from dumont_economy.pricing.gpu_identity import GpuIdentifier, GpuIdentity
from dumont_economy.pricing.gpu_model import GpuModel
from dumont_economy.pricing.price_claim import PriceClaim
from dumont_economy.pricing.sku import Sku, is_compared

_X86_64 = "x86_64"
_ARM64 = "arm64"
# They only sit in machines with Arm processors: Graviton hosts and Grace superchips.
_ARM_GPU_MODELS = frozenset({"GB200", "GB300", "GH200", "T4G"})


@dataclass(frozen=True, slots=True)
class Misfit:
    """Why a claim names no SKU; `subject` is the name that is not known, or does not fit."""

    code: str
    subject: str
    message: str


class SkuCatalogue:
    """The instance types that are known, of all providers."""

    def __init__(
        self, skus: Iterable[Sku], models: Mapping[str, GpuModel], identifier: GpuIdentifier
    ) -> None:
        self._types = {(sku.provider, sku.instance_type): sku for sku in skus}
        self._models = models
        self._identifier = identifier

    def sku_of(self, claim: PriceClaim) -> Sku | Misfit:
        """Return the SKU that a claim prices, or why there is none."""
        known = self._types.get((claim.provider, claim.instance_type))
        identity = None
        if claim.gpu_spelling is not None:
            identity = self._identifier.identify(claim.gpu_spelling, claim.gpu_memory_gib)
            if identity is None:
                return _unknown_gpu(claim.gpu_spelling, claim.gpu_memory_gib)
        if known is not None:
            return self._agreed(known, claim, identity)
        if identity is None:
            message = f"{claim.instance_type} is not known, and the source does not say its GPU."
            return Misfit("unknown_instance_type", claim.instance_type, message)
        return self._described(claim, identity)

    def _agreed(self, known: Sku, claim: PriceClaim, identity: GpuIdentity | None) -> Sku | Misfit:
        if identity is not None and not self._may_be(known.gpu_model, identity):
            message = (
                f"{claim.instance_type} has {known.gpu_model}, not {identity.gpu_model} "
                f"({claim.gpu_spelling!r})."
            )
            return Misfit("gpu_mismatch", claim.instance_type, message)
        if claim.gpu_count is not None and not _is_count_of(known, claim.gpu_count):
            message = (
                f"{claim.instance_type} has {known.gpu_count} GPUs, where the source says "
                f"{claim.gpu_count}."
            )
            return Misfit("gpu_count_mismatch", claim.instance_type, message)
        return replace(known, region=claim.region)

    def _may_be(self, gpu_model: str, identity: GpuIdentity) -> bool:
        """Say whether a GPU may be the one that is known; sources leave the form factor open."""
        if not identity.variant_assumed:
            return gpu_model == identity.gpu_model
        known, said = self._models.get(gpu_model), self._models[identity.gpu_model]
        return known is not None and known.chip == said.chip

    def _described(self, claim: PriceClaim, identity: GpuIdentity) -> Sku | Misfit:
        if not claim.gpu_count:
            message = f"The source does not say how many GPUs {claim.instance_type} has."
            return Misfit("unknown_gpu_count", claim.instance_type, message)
        if identity.variant_assumed and is_compared(claim.provider):
            # Rented machines would be set beside it, so its GPU must not be an assumption.
            message = (
                f"{claim.gpu_spelling!r} does not say which variant {claim.instance_type} has."
            )
            return Misfit("gpu_variant_unknown", claim.instance_type, message)
        return Sku(
            provider=claim.provider,
            region=claim.region,
            instance_type=claim.instance_type,
            gpu_model=identity.gpu_model,
            gpu_count=claim.gpu_count * identity.fraction,
            cpu_architecture=claim.cpu_architecture or _architecture_beside(identity.gpu_model),
            vcpus=claim.vcpus,
            memory_gib=claim.memory_gib,
        )


def shipped_skus() -> list[Sku]:
    """Return the instance types that the package ships; `region` is empty, for they have none."""
    return [shipped_sku(row, region="") for row in shipped_rows("skus.csv")]


def shipped_sku(row: Mapping[str, str], region: str) -> Sku:
    """Return the SKU that a row of the shipped instance types is in a region."""
    return Sku(
        provider=row["provider"],
        region=region,
        instance_type=row["instance_type"],
        gpu_model=row["gpu_model"],
        gpu_count=Fraction(row["gpu_count"]),
        cpu_architecture=row["cpu_architecture"],
        vcpus=Fraction(row["vcpus"]) if row["vcpus"] else None,
        memory_gib=Fraction(row["memory_gib"]) if row["memory_gib"] else None,
    )


def _unknown_gpu(spelling: str, memory_gib: Decimal | None) -> Misfit:
    with_memory = "" if memory_gib is None else f" with {exact_text(memory_gib)} GiB"
    message = f"The GPU {spelling!r}{with_memory} is not one that we know."
    return Misfit("unknown_gpu", spelling, message)


def _is_count_of(known: Sku, said: Fraction) -> bool:
    """Say whether a count is the known one; some sources call any slice of a GPU one GPU."""
    return said == known.gpu_count or (said == 1 and known.gpu_count < 1)


def _architecture_beside(gpu_model: str) -> str:
    return _ARM64 if gpu_model in _ARM_GPU_MODELS else _X86_64
