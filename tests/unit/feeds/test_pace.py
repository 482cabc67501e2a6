"""The pace of a response, with a clock that tests set: when it is abandoned, and when not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dumont_economy.errors import FeedError
from dumont_economy.feeds.limits import DEFAULT_LIMITS
from dumont_economy.feeds.pace import Pace

KIB = 1 << 10


class Stopwatch:
    """A monotonic clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        """Return what it shows."""
        return self.seconds


def started() -> tuple[Pace, Stopwatch]:
    """Return the pace of a response asked for now, under the limits of a real refresh."""
    watch = Stopwatch()
    return Pace(DEFAULT_LIMITS, watch), watch


def drip(pace: Pace, watch: Stopwatch, count: int, every: int) -> None:
    """Let `count` bytes arrive every so many seconds, until they are refused."""
    while True:
        watch.seconds += every
        pace.arrived(count)


def test_the_limits_are_those_that_were_promised() -> None:
    """RELIABILITY.md, row 45: 64 KiB in 30 s; 8 MiB a page; 2 GiB and 20 minutes a file."""
    assert (DEFAULT_LIMITS.window_bytes, DEFAULT_LIMITS.window_seconds) == (64 * KIB, 30)
    assert DEFAULT_LIMITS.page_bytes == 8 * KIB**2
    assert (DEFAULT_LIMITS.file_bytes, DEFAULT_LIMITS.response_seconds) == (2 * KIB**3, 20 * 60)
    # Row 46: pauses from one second to five minutes.
    assert DEFAULT_LIMITS.first_pause_seconds == 1
    assert DEFAULT_LIMITS.longest_pause_seconds == 5 * 60


def test_a_byte_a_second_is_abandoned_after_thirty_seconds() -> None:
    """No single wait is long, so only their sum can tell."""
    pace, watch = started()

    with pytest.raises(FeedError, match="65536 bytes of the answer arrived in 30 seconds") as slow:
        drip(pace, watch, 1, every=1)

    assert slow.value.code == "too_slow"
    assert watch.seconds == 1_030


def test_enough_in_every_window_goes_on_to_the_end_of_the_time() -> None:
    """64 KiB every 29 seconds is slow, and allowed for twenty minutes."""
    pace, watch = started()

    with pytest.raises(FeedError, match="not complete after 1200 seconds") as ended:
        drip(pace, watch, 64 * KIB, every=29)

    assert ended.value.code == "too_slow"
    assert watch.seconds - 1_000 == 1_218


def test_a_fast_beginning_does_not_pay_for_a_slow_end() -> None:
    """The window rolls: what came before it does not count."""
    pace, watch = started()
    watch.seconds += 1
    pace.arrived(500 * KIB**2)

    with pytest.raises(FeedError):
        drip(pace, watch, 1, every=1)

    assert watch.seconds == 1_031


def test_a_small_answer_within_the_window_is_fine() -> None:
    """Few bytes are slow only when they take long."""
    pace, watch = started()

    watch.seconds += 29
    pace.arrived(100)

    assert pace.seconds_left() == 1


def test_a_server_that_says_nothing_is_a_matter_of_time() -> None:
    """Not of pace: it may be about to answer, so it is worth another attempt."""
    pace, watch = started()
    watch.seconds += 30

    with pytest.raises(FeedError) as silent:
        pace.seconds_left()

    assert silent.value.code == "timed_out"


@given(
    st.lists(st.tuples(st.floats(0.001, 20), st.integers(1, 100 * KIB)), min_size=1, max_size=60)
)
def test_the_pace_is_that_of_the_last_thirty_seconds(arrivals: list[tuple[float, int]]) -> None:
    """Against the plain definition: the sum over every window that has passed is enough."""
    pace, watch = started()
    begun, so_far = watch.seconds, list[tuple[float, int]]()
    for pause, count in arrivals:
        watch.seconds += pause
        now, is_refused = watch.seconds, False
        # As it was just before these bytes came: nothing newer can have filled the window.
        in_window = sum(size for at, size in so_far if at > now - 30)
        try:
            pace.arrived(count)
        except FeedError:
            is_refused = True

        in_time = now - begun < 1_200
        assert is_refused == (not in_time or (now - begun >= 30 and in_window < 64 * KIB))
        if is_refused:
            return
        so_far.append((now, count))
