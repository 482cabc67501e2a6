"""The price book at a glance: the same comparisons as everywhere, for every GPU that is known."""

from tests.api.harness import Caller, Json

_SHARED = (
    "grade",
    "counted",
    "how",
    "sku",
    "compared_gpu_type",
    "region",
    "price_per_gpu_hour",
    "price_per_hour",
    "effective_from",
    "retrieved_at",
    "age_days",
    "reason",
)


def by_name(answer: Json) -> dict[tuple[str, str], Json]:
    """Return the comparisons by GPU and provider."""
    return {
        (gpu["gpu_type"], one["provider"]): one for gpu in answer["gpus"] for one in gpu["compared"]
    }


def test_it_says_what_an_explanation_says(caller: Caller) -> None:
    """Grade, price, SKU, dates: of one GPU and of several, sold or substituted or neither."""
    grades = set()
    for count in (1, 3, 8):
        found = by_name(caller.read("/prices/compared", count=count))
        for gpu in ("T4", "H100-80GB-SXM", "RTX 4090", "MI300X", "A100-40GB-PCIe"):
            for provider in ("AWS", "GCP", "Azure"):
                told = caller.read("/prices/explain", gpu=gpu, count=count, provider=provider)
                one = found[gpu, provider]
                expected = {name: told[name] for name in _SHARED}
                if one["grade"] == "N":
                    expected["region"] = None
                assert {name: one[name] for name in _SHARED} == expected
                grades.add(one["grade"])

    assert grades >= {"A", "B", "D", "N"}


def test_every_known_gpu_is_in_it_once(caller: Caller) -> None:
    """With its memory, in order of its name, beside all three providers."""
    gpus = caller.read("/prices/compared")["gpus"]
    names = [gpu["gpu_type"] for gpu in gpus]

    assert len(names) > 50
    assert names == sorted(set(names))
    assert all(
        [one["provider"] for one in gpu["compared"]] == ["AWS", "GCP", "Azure"] for gpu in gpus
    )
    assert next(gpu for gpu in gpus if gpu["gpu_type"] == "RTX 4090")["memory_gib"] == "24"


def test_it_is_under_the_policy_that_is_asked_for(caller: Caller) -> None:
    """An unknown version is refused as everywhere."""
    assert caller.read("/prices/compared", policy_version=1)["policy_version"] == 1

    answer = caller.get("/prices/compared", policy_version=9)

    assert (answer.status_code, answer.get_json()["code"]) == (422, "unknown_policy_version")
