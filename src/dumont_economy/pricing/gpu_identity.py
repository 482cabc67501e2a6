"""GPU identity: maps a spelling to exactly one GPU model, or to none.

Invariant: every word of a spelling is accounted for. One word that no rule and no alias knows
(`Laptop`, `D`, `MIG`, `v2`) makes the spelling a GPU that is not known here, never a near match.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.gpu_model import GpuModel, shipped_gpu_models

_VENDORS = {"nvidia": "NVIDIA", "amd": "AMD"}

# Product lines that may stand before the name of these chips; GeForce goes by form factor.
_CHIPS_OF_LINE = {
    "tesla": frozenset({"K80", "M60", "P4", "P40", "P100", "V100", "T4", "A100"}),
    "instinct": frozenset({"MI25", "MI300X", "MI325X", "MI350X"}),
}
_LINES = frozenset({"geforce", *_CHIPS_OF_LINE})

_FORMS = frozenset({"pcie", "sxm", "sxm2", "sxm3", "sxm4", "sxm5", "sxm6", "hgx", "nvl", "oam"})

# Some clouds bridge PCIe cards with NVLink, others mean SXM by it: the word settles no form.
_NVLINK = "nvlink"

_CLOSING_WORDS = (("tensor", "core", "gpu"), ("gpu",))

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


@dataclass(frozen=True, slots=True)
class GpuIdentity:
    """The model that a spelling means; `variant_assumed` where it leaves the variant open."""

    gpu_model: str
    variant_assumed: bool


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
        return all(_is_size_of(model, size) for size in self.sizes) and all(
            _is_form_of(model, form) for form in self.forms
        )


class GpuIdentifier:
    """Identifies GPUs among the models, and by the aliases, that it is given."""

    def __init__(self, models: Iterable[GpuModel], aliases: Iterable[GpuAlias]) -> None:
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
            self._identities[_read(alias.spelling).name] = alias.identity

    def identify(self, spelling: str, memory_gib: Decimal | None = None) -> GpuIdentity | None:
        """Return the one model that a spelling means, or None where there is no such model.

        A family without its variant means the least capable variant left: in doubt the
        comparison is the cheaper one.

        Args:
            spelling: The GPU's name as a driver, a cloud or a person writes it.
            memory_gib: The memory of one GPU where the source states it. It narrows a family;
                where it contradicts the name, the GPU is none that is known.
        """
        if not spelling.isascii():
            return None
        name = self._canonical.get(spelling.strip().lower())
        if name is not None and _may_have(self._models[name], memory_gib):
            return GpuIdentity(name, variant_assumed=False)
        reading = _read(spelling)
        candidates, is_assumed = self._candidates(reading)
        candidates = [model for model in candidates if reading.allows(model)]
        candidates = [model for model in candidates if _may_have(model, memory_gib)]
        if not candidates:
            return None
        least = min(candidates, key=_capability)
        return GpuIdentity(least.name, variant_assumed=is_assumed or len(candidates) > 1)

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
    return GpuIdentifier(shipped_gpu_models().values(), aliases)


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
    if memory_gib is None:
        return True
    return abs(memory_gib - model.memory_gib) <= model.memory_gib * _MEMORY_TOLERANCE


def _capability(model: GpuModel) -> tuple[Decimal, Decimal, Decimal, str]:
    unknown = Decimal(0)
    return (
        model.memory_gib,
        model.fp16_dense_tflops or unknown,
        model.memory_bandwidth_gbps or unknown,
        model.name,
    )
