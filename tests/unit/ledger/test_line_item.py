"""Windows: half-open stretches of time that take their part of a line item, and no more."""

import pytest

from dumont_economy.ledger.line_item import ALL_TIME, Window
from tests.builders import after

SECOND = 1_000_000
# From the third to the seventh second, set beside stretches around it.
WINDOW = Window(after(3), after(7))


@pytest.mark.parametrize(
    ("begins", "ends", "seconds", "touches", "holds_last"),
    [
        pytest.param(1, 3, 0, False, False, id="ends where it begins"),
        pytest.param(1, 4, 1, True, True, id="begins before it"),
        pytest.param(3, 7, 4, True, True, id="is all of it"),
        pytest.param(4, 6, 2, True, True, id="lies inside"),
        pytest.param(6, 9, 1, True, False, id="ends after it"),
        pytest.param(1, 9, 4, True, False, id="lies around it"),
        pytest.param(7, 9, 0, False, False, id="begins where it ends"),
    ],
)
def test_a_window_takes_what_is_inside(
    begins: int, ends: int, seconds: int, *, touches: bool, holds_last: bool
) -> None:
    """Its start is in and its end is out, so windows that touch share nothing."""
    stretch = after(begins), after(ends)

    assert WINDOW.overlap(*stretch) == seconds * SECOND
    assert WINDOW.touches(*stretch) is touches
    assert WINDOW.holds_last_instant_before(stretch[1]) is holds_last


def test_a_side_that_is_open_has_no_border() -> None:
    """What lies before, or after, belongs to it as far as it goes."""
    before, later = Window(None, after(5)), Window(after(5), None)

    assert (before.overlap(after(1), after(9)), later.overlap(after(1), after(9))) == (
        4 * SECOND,
        4 * SECOND,
    )
    assert before.touches(after(1), after(2))
    assert not before.touches(after(5), after(6))
    assert later.touches(after(8), after(9))
    assert not later.touches(after(4), after(5))
    assert before.holds_last_instant_before(after(5))
    assert not later.holds_last_instant_before(after(5))
    assert ALL_TIME.touches(after(1), after(2))
    assert ALL_TIME.overlap(after(1), after(2)) == SECOND
