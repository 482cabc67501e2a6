"""GPU identity: maps a spelling to exactly one GPU model, or to none.

Invariant: every word of a spelling is accounted for. One word that no rule and no alias knows
(`Laptop`, `D`, `SHARED`, `v2`) makes the spelling a GPU that is not known here, never a near match.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.gpu_model import GpuModel, shipped_gpu_models
from dumont_economy.pricing.gpu_slice import (
    SliceProfile,
    Slicing,
    shipped_slicings,
    split_slice,
)

_VENDORS = {"nvidia": "NVIDIA", "amd": "AMD"}

# Product lines that may stand before the name of these chips; GeForce goes by form factor.
_CHIPS_OF_LINE = {
    "tesla": frozenset({"K80", "M60", "P4", "P40", "P100", "V100", "T4", "A100"}),
    "instinct": frozenset({"MI25", "MI300X", "MI325X", "MI350X"}),
}
_LINES = frozenset({"geforce", *_CHIPS_OF_LINE})

_FORMS = frozenset({"pcie", "sxm", "sxm2", "sxm3", "sxm4", "sxm5", "sxm6", "hgx", "nvl", "oam"})

# Some clouds bridge PCIe cards of these chips with NVLink, others mean SXM by it: the word
# settles no form. Beside another name it is not understood.
_NVLINK = "nvlink"
_NVLINK_CHIPS = frozenset({"A100", "H100", "V100"})

_CLOSING_WORDS = (("tensor", "core", "gpu"), ("gpu",))

# A line of `nvidia-smi -L`.
_LISTED = re.compile(r"\s*GPU [0-9]{1,3}: (?P<gpu>.+?)(?: \(UUID: [^()]*\))?\s*", re.ASCII)
_PARENTHESIS = re.compile(r"\(([^()]*)\)")
_SEPARATORS = re.compile(r"[\s_-]+")
_COUNT = re.compile(r"[1-9][0-9]{0,2}x")
_SPLIT_SIZE = re.compile(r"\b([0-9]{1,4}) (g|gb|gib)\b")
_SIZE = re.compile(r"([0-9]{1,4})(?:g|gb|gib)")
# Some write `RTX4090`, `RTX6000Ada` or `3090Ti` where the card's name has spaces.
_JOINED = re.compile(r"(rtx)?(pro)?(a?[0-9]{4})(ti)?(super)?(ada)?")

# What a driver reports is up to a fourteenth off the stated size: ECC takes a sixteenth of GDDR
# memory (an L4 of 24 GiB reports 22.5), and some sources count in 10^9 bytes. The variants of a
# chip lie further apart than that.
_MEMORY_TOLERANCE = Decimal("0.08")
# A slice's name rounds up its share of a memory of which some is kept: `1g.12gb` of an H100 NVL
# reports 10.62 GiB, `1g.18gb` of an H200 reports 16. Twice that is another profile.
_SLICE_TOLERANCE = Decimal("0.125")


@dataclass(frozen=True, slots=True)
class GpuIdentity:
    """The model that a spelling means; `variant_assumed` where it leaves the variant open.

    `fraction` is how much of the GPU is meant: 1, or less for a slice of one.
    """

    gpu_model: str
    variant_assumed: bool
    fraction: Fraction = Fraction(1)

    @property
    def name(self) -> str:
        """Return the model's name, with the share where a slice is meant: `A100-80GB (1/7)`."""
        return self.gpu_model if self.fraction == 1 else f"{self.gpu_model} ({self.fraction})"


@dataclass(frozen=True, slots=True)
class GpuAlias:
    """A spelling that no rule reads, and what it stands for."""

    spelling: str
    identity: GpuIdentity


@dataclass(frozen=True, slots=True)
class _Reading:
    """A spelling taken apart: vendor and product line where given, then the words of the name."""

    vendor: str | None
    line: str | None
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        return " ".join(self.words)

    @property
    def sizes(self) -> list[str]:
        return [word for word in self.words if _SIZE.fullmatch(word)]

    @property
    def forms(self) -> list[str]:
        return [word for word in self.words if word in _FORMS]

    @property
    def bare_name(self) -> str:
        apart = {*self.sizes, *self.forms, _NVLINK}
        return " ".join(word for word in self.words if word not in apart)

    def allows(self, model: GpuModel) -> bool:
        """Say whether nothing that was read speaks against the model."""
        if self.vendor is not None and _VENDORS[self.vendor] != model.vendor:
            return False
        return self.line is None or _is_line_of(model, self.line)

    def allows_variant(self, model: GpuModel) -> bool:
        """Say whether the sizes and forms that were read are the model's."""
        if _NVLINK in self.words and model.chip not in _NVLINK_CHIPS:
            return False
        return all(_is_size_of(model, size) for size in self.sizes) and all(
            _is_form_of(model, form) for form in self.forms
        )


class GpuIdentifier:
    """Identifies GPUs among the models, and by the aliases, that it is given.

    Raises:
        ValueError: an alias is read as a model's name, or as another alias: it could mean two.
    """

    def __init__(
        self,
        models: Iterable[GpuModel],
        aliases: Iterable[GpuAlias],
        slicings: Mapping[str, Slicing] = MappingProxyType({}),
    ) -> None:
        self._slicings = slicings
        self._models = {model.name: model for model in models}
        self._identities: dict[str, GpuIdentity] = {}
        self._families: dict[str, list[GpuModel]] = {}
        self._canonical = {name.lower(): name for name in self._models}
        for model in self._models.values():
            self._families.setdefault(_read(model.chip).name, []).append(model)
        for model in self._models.values():
            reading = _read(model.name)
            # A size alone does not tell the card from its SXM form: only the canonical name of
            # such a model means it for certain.
            if reading.forms or not self._has_other_forms(model):
                identity = GpuIdentity(model.name, variant_assumed=False)
                self._identities[reading.name] = identity
        for alias in aliases:
            name = _read(alias.spelling).name
            if name in self._identities:
                raise ValueError(alias.spelling)
            self._identities[name] = alias.identity

    def identify(self, spelling: str, memory_gib: Decimal | None = None) -> GpuIdentity | None:
        """Return the one model that a spelling means, or None where there is no such model.

        A family without its variant means the least capable variant left: in doubt the
        comparison is the cheaper one.

        Args:
            spelling: The GPU's name as a driver, a cloud or a person writes it.
            memory_gib: The memory of one GPU, or of one slice, where the source states it. It
                narrows a family; where it contradicts the name, the GPU is none that is known.
        """
        if not spelling.isascii():
            return None
        listed = _LISTED.fullmatch(spelling)
        gpu, profile = split_slice(listed["gpu"] if listed else spelling)
        models, is_assumed = self._meant(gpu)
        candidates = [
            (model, fraction)
            for model in models
            if (fraction := self._fraction(model, profile)) is not None
            and (_may_have(model, memory_gib) or _is_slice_of(profile, memory_gib))
        ]
        if not candidates:
            return None
        least, fraction = min(candidates, key=lambda candidate: _capability(candidate[0]))
        return GpuIdentity(least.name, is_assumed or len(candidates) > 1, fraction)

    def _meant(self, gpu: str) -> tuple[list[GpuModel], bool]:
        """Return the models that a name alone may mean, and whether that is an assumption."""
        name = self._canonical.get(gpu.strip().lower())
        if name is not None:
            return [self._models[name]], False
        reading = _read(gpu)
        models, is_assumed = self._candidates(reading)
        return [model for model in models if reading.allows(model)], is_assumed

    def _fraction(self, model: GpuModel, profile: SliceProfile | None) -> Fraction | None:
        """Return how much of the model is meant, None where it has no such slices."""
        if profile is None:
            return Fraction(1)
        slicing = self._slicings.get(model.name)
        return None if slicing is None else slicing.fraction(profile)

    def _has_other_forms(self, model: GpuModel) -> bool:
        """Say whether the same chip with the same memory comes in another form."""
        family = self._families[_read(model.chip).name]
        return any(one != model and one.memory_gib == model.memory_gib for one in family)

    def _candidates(self, reading: _Reading) -> tuple[list[GpuModel], bool]:
        """Return the models that the name may mean, and whether that is an assumption already."""
        identity = self._identities.get(reading.name)
        if identity is not None:
            return [self._models[identity.gpu_model]], identity.variant_assumed
        identity = self._identities.get(reading.bare_name)
        if identity is not None:
            models, is_assumed = [self._models[identity.gpu_model]], identity.variant_assumed
        else:
            models, is_assumed = self._families.get(reading.bare_name, []), False
        return [model for model in models if reading.allows_variant(model)], is_assumed


@cache
def shipped_identifier() -> GpuIdentifier:
    """Return the identifier over the models and aliases that the package ships."""
    aliases = [
        GpuAlias(row["spelling"], GpuIdentity(row["gpu_model"], row["variant_assumed"] == "yes"))
        for row in shipped_rows("gpu_aliases.csv")
    ]
    return GpuIdentifier(shipped_gpu_models().values(), aliases, shipped_slicings())


def _read(spelling: str) -> _Reading:
    words = _words(spelling)
    if len(words) > 1 and _COUNT.fullmatch(words[0]):
        words = words[1:]
    for closing in _CLOSING_WORDS:
        if tuple(words[-len(closing) :]) == closing:
            words = words[: -len(closing)]
            break
    vendor = words.pop(0) if words and words[0] in _VENDORS else None
    line = words.pop(0) if words and words[0] in _LINES else None
    return _Reading(vendor, line, tuple(words))


def _words(spelling: str) -> list[str]:
    flat = _PARENTHESIS.sub(r" \1 ", spelling.lower())
    spaced = _SPLIT_SIZE.sub(r"\1\2", _SEPARATORS.sub(" ", flat).strip())
    return [part for word in spaced.split() for part in _parts(word)]


def _parts(word: str) -> list[str]:
    size = _SIZE.fullmatch(word)
    if size:
        return [f"{size[1]}gb"]
    joined = _JOINED.fullmatch(word)
    return [part for part in joined.groups() if part] if joined else [word]


def _is_line_of(model: GpuModel, line: str) -> bool:
    if line == "geforce":
        return model.form_factor == "consumer"
    return model.chip in _CHIPS_OF_LINE[line]


def _is_form_of(model: GpuModel, form: str) -> bool:
    form_factor = model.form_factor
    if form == "nvl":
        return form_factor == "PCIe NVL"
    if form == "pcie":
        return form_factor == "consumer" or (
            form_factor.startswith("PCIe") and form_factor != "PCIe NVL"
        )
    if form in ("sxm", "hgx"):
        return form_factor.startswith("SXM")
    return form.upper() in form_factor.split("/")


def _is_size_of(model: GpuModel, size: str) -> bool:
    return Decimal(size.removesuffix("gb")) == model.memory_gib


def _may_have(model: GpuModel, memory_gib: Decimal | None) -> bool:
    """Say whether a reported memory is the model's, or none was reported."""
    return memory_gib is None or _is_about(memory_gib, model.memory_gib, _MEMORY_TOLERANCE)


def _is_slice_of(profile: SliceProfile | None, memory_gib: Decimal | None) -> bool:
    """Say whether a reported memory is that of the slice."""
    return (
        profile is not None
        and memory_gib is not None
        and _is_about(memory_gib, profile.memory_gb, _SLICE_TOLERANCE)
    )


def _is_about(reported: Decimal, stated: Decimal, tolerance: Decimal) -> bool:
    return abs(reported - stated) <= stated * tolerance


def _capability(model: GpuModel) -> tuple[Decimal, Decimal, Decimal, str]:
    unknown = Decimal(0)
    return (
        model.memory_gib,
        model.fp16_dense_tflops or unknown,
        model.memory_bandwidth_gbps or unknown,
        model.name,
    )
