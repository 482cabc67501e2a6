"""The sample fleet: made up, but the same for everyone, and always a possible one."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice

from dumont_economy.demo.fleet import HISTORY_DAYS, Fleet
from dumont_economy.instant import parse_instant
from dumont_economy.metering.event_input import read_event
from dumont_economy.metering.gpu_session import replay

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def test_the_same_seed_and_start_give_the_same_fleet() -> None:
    """Deterministic by seed and start instant."""
    one, other = Fleet(7, START), Fleet(7, START)

    assert one.history() == other.history()
    assert list(islice(one.live(), 200)) == list(islice(other.live(), 200))
    assert Fleet(8, START).history() != Fleet(7, START).history()


def test_the_history_lasts_ninety_days_over_a_dozen_gpu_models() -> None:
    """90 days of history over a dozen GPU models, none of it in the future."""
    events = [read_event(raw, default_currency="USD") for raw in Fleet(7, START).history()]

    times = [event.time for event in events]
    assert times == sorted(times)
    assert times[0] < START - timedelta(days=HISTORY_DAYS - 2)
    assert times[-1] < START
    assert len({event.gpu for event in events if event.gpu}) >= 12


def test_every_event_of_the_fleet_is_a_legal_transition() -> None:
    """No stop without its start and no start while running, in history and live alike."""
    fleet = Fleet(7, START)
    raw = fleet.history() + [event for _, event in islice(fleet.live(), 500)]
    events = [read_event(one, default_currency="USD") for one in raw]
    far_on = START + timedelta(days=1)

    for instance in {event.instance for event in events}:
        assert instance is not None
        own = [event for event in events if event.instance == instance]
        timeline = replay(instance, own, far_on)
        assert (timeline.state.orphan_stops, timeline.state.starts_while_running) == (0, 0), (
            instance
        )


def test_the_live_fleet_shows_every_kind_of_change_within_minutes() -> None:
    """A fleet that starts, idles, hibernates, resizes and stops while one watches."""
    fleet = Fleet(7, START)
    fleet.history()

    seen = Counter(
        event["type"] for at, event in islice(fleet.live(), 200) if at < START + timedelta(hours=1)
    )

    assert {"start", "idle", "busy", "hibernate", "resume", "resize", "stop"} <= set(seen)


def test_live_events_carry_the_time_at_which_they_happen() -> None:
    """What is pushed is dated now, so nothing has to be taken ahead of time."""
    fleet = Fleet(7, START)
    fleet.history()

    for at, event in islice(fleet.live(), 50):
        assert parse_instant(str(event["time"])) == at
