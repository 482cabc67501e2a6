"""Flapping: more than 20 starts of one instance within any hour."""

import pytest

from dumont_economy.metering.flapping import is_flapping
from tests.builders import after


@pytest.mark.parametrize(
    ("seconds", "flaps"),
    [
        pytest.param([], False, id="no start"),
        pytest.param([0] * 20, False, id="20 starts at once"),
        pytest.param(range(21), True, id="21 starts in 20 seconds"),
        pytest.param(range(0, 21 * 180, 180), False, id="21 starts, the last an hour on"),
        pytest.param([*range(0, 20 * 180, 180), 3_599], True, id="21 starts just within the hour"),
        pytest.param(range(0, 1_000 * 181, 181), False, id="often, for days"),
        pytest.param(
            [*range(0, 100_000, 10_000), *range(200_000, 200_021)], True, id="only at the end"
        ),
    ],
)
def test_more_than_20_starts_within_any_hour_are_flapping(
    seconds: list[int], *, flaps: bool
) -> None:
    """An hour is half-open, as all periods are."""
    assert is_flapping([after(second) for second in seconds]) is flaps
