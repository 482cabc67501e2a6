"""GPU spellings: what each name that is in use means was decided once, and stands in a table."""

import csv
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from gpuhunt import KNOWN_ACCELERATORS
from hypothesis import assume, given
from hypothesis import strategies as st

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.pricing.gpu_identity import (
    GpuAlias,
    GpuIdentifier,
    GpuIdentity,
    shipped_identifier,
)
from dumont_economy.pricing.gpu_model import shipped_gpu_models
from dumont_economy.pricing.gpu_slice import shipped_slicings


@dataclass(frozen=True)
class Spelling:
    """A row of the table: a name as somebody writes it, and what it means; None for no model."""

    text: str
    memory_gib: Decimal | None
    meant: GpuIdentity | None
    found_in: str

    def identify(self, identifier: GpuIdentifier) -> GpuIdentity | None:
        """Return what an identifier makes of the name and the memory stated with it."""
        return identifier.identify(self.text, self.memory_gib)

    def respelled(self, text: str) -> GpuIdentity | None:
        """Return what another name means beside the same memory."""
        return shipped_identifier().identify(text, self.memory_gib)


def _spelling(row: dict[str, str]) -> Spelling:
    memory_gib = Decimal(row["memory_gib"]) if row["memory_gib"] else None
    meant = None
    if row["gpu_model"]:
        is_assumed = {"yes": True, "no": False}[row["variant_assumed"]]
        meant = GpuIdentity(row["gpu_model"], is_assumed, Fraction(row["fraction"]))
    return Spelling(row["spelling"], memory_gib, meant, row["found_in"])


def _table() -> list[Spelling]:
    text = Path(__file__).with_name("gpu_spellings.csv").read_text(encoding="utf-8")
    return [_spelling(row) for row in csv.DictReader(text.splitlines(), strict=True)]


TABLE = _table()
TEXTS = frozenset(spelling.text.casefold() for spelling in TABLE)
OF_A_MODEL = [spelling for spelling in TABLE if spelling.meant is not None]
NOT_LISTED = [spelling for spelling in OF_A_MODEL if "UUID" not in spelling.text]
SEPARATOR = re.compile(r"[\s_-]+")
KNOWN_WORDS = frozenset(
    word
    for spelling in OF_A_MODEL
    for word in re.findall(r"[a-z][a-z0-9]*", spelling.text.casefold())
)


def means_another_gpu(spelling: Spelling, found: GpuIdentity | None) -> bool:
    """Say whether what was found is no variant of what the spelling means.

    Another variant of the chip is one only where the answer says that it is assumed.
    """
    if found is None or spelling.meant is None:
        return False
    if found.fraction != spelling.meant.fraction:
        return True
    models = shipped_gpu_models()
    if models[found.gpu_model].chip != models[spelling.meant.gpu_model].chip:
        return True
    return found.gpu_model != spelling.meant.gpu_model and not found.variant_assumed


@pytest.mark.parametrize("spelling", TABLE, ids=lambda one: f"{one.text} {one.memory_gib}")
def test_a_spelling_means_one_model_or_none(spelling: Spelling) -> None:
    """What drivers, clouds, catalogues and people write is that GPU, or nothing is claimed."""
    assert spelling.identify(shipped_identifier()) == spelling.meant


def test_a_spelling_is_decided_once() -> None:
    """Two rows for one name and memory could differ; and each says where it is written so."""
    keys = [(spelling.text, spelling.memory_gib) for spelling in TABLE]

    assert len(set(keys)) == len(keys)
    assert all(spelling.found_in for spelling in TABLE)


def test_every_model_and_every_alias_is_spelled() -> None:
    """A name that we ship is a name that somebody may write."""
    shipped = {row["spelling"] for row in shipped_rows("gpu_aliases.csv")} | {*shipped_gpu_models()}

    assert {name for name in shipped if name.casefold() not in TEXTS} == set()


def test_every_name_of_gpuhunt_is_spelled() -> None:
    """A new release of it may know a GPU that nobody has decided here."""
    assert {one.name for one in KNOWN_ACCELERATORS if one.name.casefold() not in TEXTS} == set()


@given(
    st.sampled_from(NOT_LISTED),
    st.integers(0, 9),
    st.from_regex(r"[a-z][a-z0-9]{0,7}", fullmatch=True),
)
def test_one_unknown_word_more_is_no_model(spelling: Spelling, place: int, word: str) -> None:
    """A word that no spelling has may tell another card, wherever it stands."""
    assume(word not in KNOWN_WORDS)
    words = SEPARATOR.split(spelling.text)
    words.insert(place % (len(words) + 1), word)

    assert spelling.respelled(" ".join(words)) is None


def _one_character_less(text: str) -> Iterator[str]:
    return (text[:place] + text[place + 1 :] for place in range(len(text)))


def test_one_character_less_is_no_other_model() -> None:
    """Unless that spelling is decided in the table: A100 without a 0 is an A10."""
    others = {
        (spelling.text, cut)
        for spelling in OF_A_MODEL
        for cut in _one_character_less(spelling.text)
        if cut.casefold() not in TEXTS and means_another_gpu(spelling, spelling.respelled(cut))
    }

    assert others == set()


@given(
    st.sampled_from(NOT_LISTED),
    st.integers(0, 60),
    st.sampled_from(string.ascii_letters + string.digits),
)
def test_one_character_more_is_no_other_model(
    spelling: Spelling, place: int, character: str
) -> None:
    """Unless that spelling is decided in the table: an A10 with a G is an A10G."""
    place %= len(spelling.text) + 1
    grown = spelling.text[:place] + character + spelling.text[place:]
    assume(grown.casefold() not in TEXTS)

    assert not means_another_gpu(spelling, spelling.respelled(grown))


def _identifier(aliases: list[dict[str, str]]) -> GpuIdentifier:
    meant = [
        GpuAlias(row["spelling"], GpuIdentity(row["gpu_model"], row["variant_assumed"] == "yes"))
        for row in aliases
    ]
    return GpuIdentifier(shipped_gpu_models().values(), meant, shipped_slicings())


@pytest.mark.parametrize(
    "alias", shipped_rows("gpu_aliases.csv"), ids=lambda alias: str(alias["spelling"])
)
def test_no_alias_can_be_left_out(alias: dict[str, str]) -> None:
    """Without it some spelling of the table would mean something else, or nothing."""
    without = _identifier([row for row in shipped_rows("gpu_aliases.csv") if row != alias])

    assert any(spelling.identify(without) != spelling.meant for spelling in OF_A_MODEL)
