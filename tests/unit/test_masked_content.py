"""Masking: what people read of a refused report shows no secret that came with it."""

import json
from typing import Any

import pytest

from dumont_economy.services.masked_content import masked_json, masked_text


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param({"api_key": "hunter2-hunter2"}, id="by the name of the field"),
        pytest.param({"Password": "hunter2"}, id="in upper case"),
        pytest.param({"x-api-key": ["hunter2"]}, id="whatever its value is"),
        pytest.param({"env": [{"AWS_SECRET": "hunter2"}]}, id="further down"),
        pytest.param({"note": "see dme_hunter2-hunter2hunter2"}, id="our own token"),
        pytest.param({"note": "Bearer hunter2-hunter2"}, id="a bearer"),
        pytest.param({"note": "postgresql://me:hunter2@host/x"}, id="in an address"),
        pytest.param({"note": "sk-hunter2hunter2hunter2"}, id="a provider's key"),
        pytest.param({"note": "eyJhbGciOiJ9.hunter2hunter2.hunter2"}, id="a signed token"),
        pytest.param(
            {"note": "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END"}, id="a private key"
        ),
        pytest.param({"dme_hunter2-hunter2hunter2": 1}, id="as a name"),
        pytest.param(["dme_hunter2-hunter2hunter2"], id="in no object"),
        pytest.param("dme_hunter2-hunter2hunter2", id="alone"),
    ],
)
def test_what_looks_like_a_secret_is_masked(sent: Any) -> None:  # noqa: ANN401  JSON
    """By its name or by its look."""
    kept = masked_json(sent, 4_096)

    assert "hunter2" not in kept
    assert "***" in kept


@pytest.mark.parametrize(
    "sent",
    [
        {"id": "start i-1", "source": "push", "rate": "0.74", "gpu_count": 8, "name": None},
        {"name": "basic training", "gpu": "A100", "instance": "sk-lab-1", "note": "https://host/x"},
        ["\u00e9", 7, True, None, {"a": {"b": []}}],
    ],
)
def test_what_is_none_is_kept_as_it_was_sent(sent: Any) -> None:  # noqa: ANN401  JSON
    """What was wrong with a report has to be seen."""
    assert json.loads(masked_json(sent, 4_096)) == sent


def test_of_much_only_the_beginning_is_looked_at_and_kept() -> None:
    """However much was sent, and in whatever parts."""
    long = masked_json({"id": "x" * 100_000, "later": 1}, 4_096)
    many = masked_json([{"a": n} for n in range(100_000)], 4_096)
    members = masked_json({str(n): [n] for n in range(100_000)}, 4_096)

    assert long == '{"id": "' + "x" * 4_088
    assert many.startswith('[{"a": 0}, {"a": 1}, ')
    assert [len(kept) for kept in (many, members)] == [4_096, 4_096]


@pytest.mark.parametrize("before", range(0, 200, 7))
def test_a_secret_is_never_shown_in_part(before: int) -> None:
    """Wherever the limit cuts."""
    kept = masked_json({"note": "y " * before + "dme_" + "hunter" * 20}, 100)

    assert "hunter" not in kept


def test_text_is_masked_inside_a_sentence() -> None:
    """The rest of it stays."""
    masked = masked_text("Bearer abcdefgh0123 is no event")

    assert masked == "*** is no event"


@pytest.mark.parametrize(
    "text",
    ["eyJ" * 1_000_000, "bearer " * 500_000, "-----BEGIN A" * 300_000, "://a" * 1_000_000],
    ids=lambda text: text[:12],
)
def test_a_text_made_to_be_searched_for_long_is_not(text: str) -> None:
    """Each character is looked at a bounded number of times, or this would end at its limit."""
    assert len(masked_text(text)) <= len(text)
