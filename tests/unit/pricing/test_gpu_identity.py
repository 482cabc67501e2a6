"""GPU identity: a spelling means exactly one model, or none; a near match is none."""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest
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

CANONICAL_NAMES = sorted(shipped_gpu_models())


def identify(spelling: str, memory_gib: str | None = None) -> GpuIdentity | None:
    """Identify with the shipped models and aliases."""
    memory = None if memory_gib is None else Decimal(memory_gib)
    return shipped_identifier().identify(spelling, memory)


@pytest.mark.parametrize(
    ("spelling", "gpu_model"),
    [
        # Drivers and Kubernetes labels
        ("NVIDIA GeForce RTX 4090", "RTX 4090"),
        ("NVIDIA-GeForce-RTX-4090", "RTX 4090"),
        ("NVIDIA GeForce RTX 4070 Ti SUPER", "RTX 4070 Ti Super"),
        ("NVIDIA H100 80GB HBM3", "H100-80GB-SXM"),
        ("NVIDIA-H100-80GB-HBM3", "H100-80GB-SXM"),
        ("NVIDIA H100 PCIe", "H100-80GB-PCIe"),
        ("NVIDIA H100 NVL", "H100-94GB-NVL"),
        ("NVIDIA-A100-SXM4-80GB", "A100-80GB"),
        ("NVIDIA A100-SXM4-40GB", "A100-40GB"),
        ("NVIDIA A100 80GB PCIe", "A100-80GB-PCIe"),
        ("NVIDIA A100-PCIE-40GB", "A100-40GB-PCIe"),
        ("Tesla V100-SXM2-16GB", "V100-16GB"),
        ("Tesla V100-SXM2-32GB", "V100-32GB"),
        ("Tesla T4", "T4"),
        ("Tesla P100-PCIE-16GB", "P100"),
        ("NVIDIA GH200 480GB", "GH200"),
        ("NVIDIA B300 SXM6 AC", "B300"),
        ("NVIDIA RTX 6000 Ada Generation", "RTX 6000 Ada"),
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", "RTX PRO 6000"),
        ("AMD Instinct MI300X OAM", "MI300X"),
        # Vast.ai
        ("RTX 4090", "RTX 4090"),
        ("RTX_4090", "RTX 4090"),
        ("H100 SXM", "H100-80GB-SXM"),
        ("H100 NVL", "H100-94GB-NVL"),
        ("RTX 6000Ada", "RTX 6000 Ada"),
        ("RTX 4070S Ti", "RTX 4070 Ti Super"),
        ("RTX PRO 6000 S", "RTX PRO 6000"),
        # Lambda
        ("A10 (24 GB PCIe)", "A10"),
        ("H100 (80 GB SXM5)", "H100-80GB-SXM"),
        ("8x A100 (80 GB SXM4)", "A100-80GB"),
        # gpuhunt and dstack
        ("RTX4090", "RTX 4090"),
        ("RTX4070TiSuper", "RTX 4070 Ti Super"),
        ("RTX6000Ada", "RTX 6000 Ada"),
        ("A6000", "RTX A6000"),
        ("H100NVL", "H100-94GB-NVL"),
        ("L40S", "L40S"),
        ("MI300X", "MI300X"),
        # Google Cloud, AWS, Azure
        ("nvidia-l4", "L4"),
        ("nvidia-tesla-t4", "T4"),
        ("nvidia-h200-141gb", "H200"),
        ("nvidia-h100-mega-80gb", "H100-80GB-SXM"),
        ("T4g", "T4G"),
        ("NVIDIA A10G Tensor Core GPU", "A10G"),
        ("AMD Radeon Pro V520", "Radeon Pro V520"),
        # Marketplaces
        ("1x H100 SXM", "H100-80GB-SXM"),
        ("NVIDIA HGX H200", "H200"),
        ("  rtx   a6000 (48 GB) ", "RTX A6000"),
    ],
)
def test_a_known_spelling_means_one_model(spelling: str, gpu_model: str) -> None:
    """What drivers, clouds and marketplaces call a GPU is that GPU, nothing assumed."""
    assert identify(spelling) == GpuIdentity(gpu_model, variant_assumed=False)


@pytest.mark.parametrize(
    ("spelling", "memory_gib", "gpu_model"),
    [
        ("A100", None, "A100-40GB"),
        ("H100", None, "H100-80GB-PCIe"),
        ("V100", None, "V100-16GB"),
        ("Tesla V100", "31.7", "V100-32GB"),
        ("nvidia-tesla-a100", None, "A100-40GB"),
        ("A100", "40", "A100-40GB"),
        ("A100", "79.6", "A100-80GB-PCIe"),
        ("A100 SXM4", None, "A100-40GB"),
        ("A100 PCIE", None, "A100-40GB-PCIe"),
        ("A100 80GB NVLink", None, "A100-80GB-PCIe"),
        ("H100", "80", "H100-80GB-PCIe"),
        ("H100 80GB", None, "H100-80GB-PCIe"),
        ("nvidia-h100-80gb", None, "H100-80GB-PCIe"),
        ("Tesla V100-PCIE-16GB", None, "V100-16GB"),
    ],
)
def test_a_family_means_its_least_capable_variant_left(
    spelling: str, memory_gib: str | None, gpu_model: str
) -> None:
    """In doubt the comparison is the cheaper one, except where memory alone decides."""
    identity = identify(spelling, memory_gib)

    assert identity is not None
    assert identity.gpu_model == gpu_model
    assert identity.variant_assumed == (spelling != "Tesla V100" or memory_gib is None)


@pytest.mark.parametrize(
    ("spelling", "memory_gib", "gpu_model"),
    [
        ("A100 SXM4", "80", "A100-80GB"),
        ("A100 PCIE", "79.3", "A100-80GB-PCIe"),
        ("H100", "93.6", "H100-94GB-NVL"),
        ("V100", "16", "V100-16GB"),
        ("V100", "32", "V100-32GB"),
    ],
)
def test_memory_narrows_a_family_to_its_variant(
    spelling: str, memory_gib: str, gpu_model: str
) -> None:
    """Where form and memory leave one variant, nothing is assumed."""
    assert identify(spelling, memory_gib) == GpuIdentity(gpu_model, variant_assumed=False)


@pytest.mark.parametrize(
    "spelling",
    [
        "",
        " ",
        "GPU",
        "N/A",
        "NVIDIA",
        "NVIDIA GPU",
        "4090",
        "gpu_1x_a10",
        # Other cards whose name holds the name of a known one
        "A10 v2",
        "A1000",
        "XA100",
        "A100X",
        "L40SX",
        "RTX 4090 D",
        "RTX 4090D",
        "RTX 4090 Super",
        "RTX 4090 Laptop GPU",
        "RTX 3080 Mobile",
        "RTX 2080 Max-Q",
        "RTX 2080",
        "RTX 3060 8GB",
        "RTX 6000",
        "Quadro RTX 6000",
        "RTX 4000 SFF Ada Generation",
        "RTX PRO 6000 Blackwell Max-Q Workstation Edition",
        "H200 NVL",
        "H100 96GB",
        "A100 SXM5",
        "Tesla V100-FHHL-16GB",
        # Parts of a GPU: no such slice, no GPU, a share of unknown size
        "A100-SXM4-80GB MIG 1g.5gb",
        "L4 MIG 1g.6gb",
        "MIG 1g.10gb",
        "NVIDIA-A100-SXM4-80GB-SHARED",
        "NVIDIA-A100-SXM4-40GB-MIG-1g.5gb-SHARED",
        "GRID T4-8C",
        # The wrong vendor or product line
        "AMD RTX 4090",
        "NVIDIA MI300X",
        "GeForce T4",
        "Tesla RTX 4090",
        # Characters that only look like the name
        "RTX ４０９０",  # noqa: RUF001 - fullwidth digits are the point
        "Т4",  # noqa: RUF001 - a Cyrillic letter is the point
    ],
)
def test_a_near_match_is_no_match(spelling: str) -> None:
    """A word that is not understood makes the GPU unknown: it stays unpriced."""
    assert identify(spelling) is None


@pytest.mark.parametrize(
    ("spelling", "memory_gib"),
    [
        ("RTX 4090", "48"),
        ("RTX 3080", "20"),
        ("A100-80GB", "40"),
        ("A100", "64"),
        ("L40S", "24"),
        ("T4", "0"),
    ],
)
def test_memory_that_contradicts_the_name_means_another_card(
    spelling: str, memory_gib: str
) -> None:
    """A modified card is not the card."""
    assert identify(spelling, memory_gib) is None


@pytest.mark.parametrize(
    ("spelling", "memory_gib"),
    [("RTX 4090", "23.6"), ("L4", "22.5"), ("T4", "15"), ("B200", "192"), ("H100 NVL", "93.6")],
)
def test_memory_may_be_off_by_what_a_driver_keeps(spelling: str, memory_gib: str) -> None:
    """ECC takes a sixteenth, and GB are not GiB: the card is still the card."""
    assert identify(spelling, memory_gib) is not None


@pytest.mark.parametrize(
    ("spelling", "gpu_model", "fraction"),
    [
        ("NVIDIA A100-SXM4-40GB MIG 1g.5gb", "A100-40GB", Fraction(1, 7)),
        ("NVIDIA-H100-80GB-HBM3-MIG-3g.40gb", "H100-80GB-SXM", Fraction(3, 7)),
        # More memory than its share, and engines beside the processors
        ("NVIDIA-A100-SXM4-80GB-MIG-1g.20gb", "A100-80GB", Fraction(1, 7)),
        ("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb.me", "A100-40GB", Fraction(1, 7)),
        ("NVIDIA-A30-MIG-2g.12gb", "A30", Fraction(1, 2)),
        ("NVIDIA-H200-MIG-7g.141gb", "H200", Fraction(1)),
    ],
)
def test_a_slice_is_a_fraction_of_its_gpu(
    spelling: str, gpu_model: str, fraction: Fraction
) -> None:
    """By compute slices; a slice of all of them is the whole GPU."""
    assert identify(spelling) == GpuIdentity(gpu_model, variant_assumed=False, fraction=fraction)


@pytest.mark.parametrize(
    ("spelling", "gpu_model"),
    [
        ("A100 MIG 1g.5gb", "A100-40GB"),
        ("A100 MIG 3g.40gb", "A100-80GB-PCIe"),
        ("H100 MIG 1g.12gb", "H100-94GB-NVL"),
    ],
)
def test_a_profile_narrows_a_family_to_the_variants_that_have_it(
    spelling: str, gpu_model: str
) -> None:
    """Its memory tells the variant's, and of those left it is the least capable one."""
    identity = identify(spelling)

    assert identity is not None
    assert identity.gpu_model == gpu_model
    assert identity.variant_assumed == spelling.startswith("A100")


@given(st.sampled_from(CANONICAL_NAMES))
def test_a_canonical_name_means_itself(name: str) -> None:
    """So does it with the memory that the model has."""
    itself = GpuIdentity(name, variant_assumed=False)

    assert identify(name) == itself
    assert identify(name, str(shipped_gpu_models()[name].memory_gib)) == itself


@given(
    st.sampled_from(CANONICAL_NAMES),
    st.sampled_from([" ", "_", "-", "  ", " - ", "\t"]),
    st.sampled_from([str.upper, str.lower, str.title]),
)
def test_case_and_separators_do_not_matter(
    name: str, separator: str, recase: Callable[[str], str]
) -> None:
    """Space, underscore and hyphen are one separator, and letters have no case.

    But a name of size without form means its SXM model for certain only as it stands in the list.
    """
    spelling = recase(separator.join(name.replace("-", " ").split()))
    assume(name not in ("A100-40GB", "A100-80GB"))

    assert identify(f" {spelling}{separator}") == identify(name)


@pytest.mark.parametrize("spelling", ["A100 80GB", "A100 80G", "A100_80gb", "nvidia-a100-80gb"])
def test_a_size_without_a_form_is_the_cheaper_card(spelling: str) -> None:
    """In doubt the comparison is the cheaper one, and says that it is assumed."""
    assert identify(spelling) == GpuIdentity("A100-80GB-PCIe", variant_assumed=True)
    assert identify("A100-80GB") == GpuIdentity("A100-80GB", variant_assumed=False)


@given(
    st.sampled_from(CANONICAL_NAMES),
    st.sampled_from(["Laptop", "Mobile", "Max-Q", "D", "v2", "MIG", "Lite", "x2", "vGPU"]),
)
def test_one_word_more_is_another_gpu(name: str, word: str) -> None:
    """No spelling means a model only because it contains its name."""
    assert identify(f"{name} {word}") is None
    assert identify(f"{word} {name}") is None
    assert identify(f"{name}{word}") is None


def test_every_alias_says_what_no_rule_says() -> None:
    """Two ways to one answer would be one too many, and an alias never overrides a rule."""
    by_rules_alone = GpuIdentifier(shipped_gpu_models().values(), aliases=())

    for alias in shipped_rows("gpu_aliases.csv"):
        meant = GpuIdentity(alias["gpu_model"], alias["variant_assumed"] == "yes")
        assert identify(alias["spelling"]) == meant
        assert by_rules_alone.identify(alias["spelling"]) is None
        assert alias["source"]


@pytest.mark.parametrize(
    "spellings",
    [
        pytest.param(("RTX 6000 Pro", "rtx-6000-pro"), id="of two models"),
        pytest.param(("NVIDIA L40S",), id="of a model's own name"),
    ],
)
def test_no_two_aliases_contradict(spellings: tuple[str, ...]) -> None:
    """A spelling that could mean two models is refused before it can mean either."""
    aliases = [
        GpuAlias(spelling, GpuIdentity(gpu_model, variant_assumed=False))
        for spelling, gpu_model in zip(spellings, ("RTX PRO 6000", "RTX 6000 Ada"), strict=False)
    ]

    with pytest.raises(ValueError, match=re.escape(spellings[-1])):
        GpuIdentifier(shipped_gpu_models().values(), aliases)


@pytest.mark.parametrize("spelling", ["A10 NVLink", "L4 NVLink", "RTX 4090 NVLink"])
def test_nvlink_is_understood_where_it_can_be_meant(spelling: str) -> None:
    """It stands beside the chips that come in more forms; elsewhere it tells another card."""
    assert identify(spelling) is None
