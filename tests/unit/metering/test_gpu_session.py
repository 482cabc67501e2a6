"""Replay: from events in any order to what ran, when, and at which rate (R-SET, R-STATE, R-TIE)."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import islice, permutations

import pytest

from dumont_economy.metering.gpu_session import InstanceStatus, InstanceTimeline, replay
from dumont_economy.metering.usage_event import CpuArchitecture, UsageEvent
from tests.builders import EventFields, after, event, start

FAR_LATER = after(1_000_000)


def replayed(*events: UsageEvent, now: datetime = FAR_LATER) -> InstanceTimeline:
    """Replay events, in every order that they can arrive in, to one and the same timeline."""
    orders = [replay("i-1", order, now) for order in islice(permutations(events), 720)]
    assert all(timeline == orders[0] for timeline in orders)
    return orders[0]


def seconds(instant: datetime | None) -> int | None:
    """Return how long after nine o'clock an instant is."""
    return None if instant is None else int((instant - after(0)).total_seconds())


def sessions_of(timeline: InstanceTimeline) -> list[tuple[int | None, int | None]]:
    """Return start and end of each session, in seconds."""
    return [(seconds(one.starts_at), seconds(one.ends_at)) for one in timeline.sessions]


def runs_of(timeline: InstanceTimeline) -> list[tuple[int | None, int | None, int, str]]:
    """Return start, end, GPU count and last rate of each run."""
    return [
        (seconds(run.starts_at), seconds(run.ends_at), run.shape.gpu_count, str(decimal(run.rate)))
        for session in timeline.sessions
        for run in session.runs
    ]


def rates_of(timeline: InstanceTimeline) -> list[tuple[int | None, Fraction | int]]:
    """Return since when which rate holds in the only run."""
    [session] = timeline.sessions
    [run] = session.runs
    return [(seconds(change.since), change.rate) for change in run.rates]


DISK: EventFields = {
    "disk_gb": Decimal(90),
    "disk_rate_running": Decimal("0.1"),
    "disk_rate_stopped": Decimal("0.2"),
    "disk_hours_per_month": 720,
}


def disk_of(
    timeline: InstanceTimeline,
) -> list[tuple[int | None, int | None, int, bool, Fraction | None]]:
    """Return start, end, GB, whether the instance was on, and the price of each disk span."""
    return [
        (
            seconds(one.starts_at),
            seconds(one.ends_at),
            int(one.gb),
            one.is_running,
            one.per_gb_month,
        )
        for one in timeline.disk_spans
    ]


def decimal(rate: Fraction) -> Decimal:
    """Return a rate of few decimals exactly."""
    return Decimal(rate.numerator) / rate.denominator


def test_a_start_and_a_stop_are_a_session() -> None:
    """Half-open: the start is in, the end is out."""
    timeline = replayed(start(after(0)), event("stop", after(9000)))

    assert sessions_of(timeline) == [(0, 9000)]
    assert timeline.state.status is InstanceStatus.STOPPED
    assert timeline.state.since == after(9000)
    assert timeline.state.open_session is None


def test_the_first_start_stays_the_first() -> None:
    """In whatever order it is told; what never started has none."""
    again = replayed(start(after(60)), event("stop", after(90)), start(after(300)))

    assert again.state.first_started_at == after(60)
    assert replayed(event("stop", after(90))).state.first_started_at is None


def test_without_a_stop_the_session_is_open() -> None:
    """It runs until something says otherwise."""
    timeline = replayed(start(after(0)))

    assert sessions_of(timeline) == [(0, None)]
    assert timeline.state.open_session is timeline.sessions[0]
    assert timeline.state.status is InstanceStatus.RUNNING


def test_reporting_the_state_already_held_changes_nothing() -> None:
    """A poller that repeats itself makes no second session, and moves no border (R-STATE)."""
    timeline = replayed(
        start(after(0)),
        start(after(10), id="again"),
        event("resume", after(20)),
        event("stop", after(60)),
        event("stop", after(70), id="again"),
        event("hibernate", after(80)),
    )

    assert sessions_of(timeline) == [(0, 60)]
    assert timeline.state.starts_while_running == 2
    assert timeline.state.status is InstanceStatus.STOPPED


def test_a_second_start_while_running_does_not_change_the_rate() -> None:
    """The state is held already, whatever else the report says; a price_change would say it."""
    timeline = replayed(start(after(0), rate="1"), start(after(10), rate="9", id="again"))

    assert runs_of(timeline) == [(0, None, 1, "1")]


def test_a_stop_whose_start_is_unknown_counts_for_nothing() -> None:
    """It is listed as an orphan until its start arrives."""
    orphan = replayed(event("stop", after(60)))
    complete = replayed(event("stop", after(60)), start(after(0)))

    assert (orphan.sessions, orphan.state.orphan_stops, orphan.state.status) == ((), 1, None)
    assert (sessions_of(complete), complete.state.orphan_stops) == ([(0, 60)], 0)


def test_a_resume_whose_start_is_unknown_counts_for_nothing() -> None:
    """A resume says neither GPU nor rate, so there is nothing to rate yet."""
    timeline = replayed(event("resume", after(0)), event("stop", after(60)))

    assert timeline.sessions == ()


def test_a_price_that_changes_while_it_is_off_holds_from_the_next_resume() -> None:
    """And not from the change: nothing was running then."""
    timeline = replayed(
        start(after(0), rate="1"),
        event("stop", after(60)),
        event("price_change", after(70), rate="2"),
        event("resume", after(80)),
        event("stop", after(90)),
    )

    [before, later] = timeline.sessions
    assert [change.rate for change in before.runs[0].rates] == [1]
    [change] = later.runs[0].rates
    assert seconds(change.since) == 80
    assert change.rate == 2


def test_a_resume_keeps_gpu_count_and_rate() -> None:
    """Those of its start, as changed since."""
    timeline = replayed(
        start(after(0), rate="1"),
        event("resize", after(10), gpu_count=4, rate="4"),
        event("hibernate", after(60)),
        event("resume", after(100)),
        event("stop", after(200)),
    )

    assert runs_of(timeline) == [(0, 10, 1, "1"), (10, 60, 4, "4"), (100, 200, 4, "4")]


def test_a_start_after_a_stop_may_rent_something_else() -> None:
    """Each start says its own shape and rate."""
    timeline = replayed(
        start(after(0), rate="1"),
        event("stop", after(60)),
        start(after(100), gpu="H100", gpu_count=8, rate="20"),
    )

    assert runs_of(timeline) == [(0, 60, 1, "1"), (100, None, 8, "20")]
    assert timeline.state.shape is not None
    assert timeline.state.shape.gpu == "H100"


def test_a_resize_ends_one_run_and_begins_another() -> None:
    """Inside the same session (R-BILLED)."""
    timeline = replayed(
        start(after(0), rate="2"),
        event("resize", after(900), gpu_count=8, rate="8"),
        event("stop", after(930)),
    )

    assert sessions_of(timeline) == [(0, 930)]
    assert runs_of(timeline) == [(0, 900, 1, "2"), (900, 930, 8, "8")]


def test_a_price_change_does_not_begin_a_run() -> None:
    """The run goes on at another rate; its minimum is not due again (R-BILLED)."""
    timeline = replayed(
        start(after(0), rate="2"),
        event("price_change", after(30), rate="1"),
        event("stop", after(90)),
    )

    assert rates_of(timeline) == [(0, 2), (30, 1)]


def test_a_resize_to_size_and_rate_already_held_changes_nothing() -> None:
    """Reporting the state already held changes nothing; with another rate it begins a run."""
    timeline = replayed(
        start(after(0), rate="2"),
        event("resize", after(30), gpu_count=1, rate="2"),
        event("resize", after(60), gpu_count=1, rate="3"),
    )

    assert runs_of(timeline) == [(0, 60, 1, "2"), (60, None, 1, "3")]


def test_a_price_change_to_the_rate_already_held_leaves_no_trace() -> None:
    """Otherwise every poll would cut the line."""
    timeline = replayed(start(after(0), rate="2"), event("price_change", after(30), rate="2.00"))

    assert len(timeline.sessions[0].runs[0].rates) == 1


def test_of_two_rates_for_one_instant_the_last_in_order_holds() -> None:
    """Sources, then ids, decide; not the order of arrival (R-TIE)."""
    timeline = replayed(
        start(after(0), rate="2"),
        event("price_change", after(30), rate="5", source="b", id="x"),
        event("price_change", after(30), rate="3", source="b", id="y"),
        event("price_change", after(30), rate="4", source="a", id="z"),
    )

    assert rates_of(timeline) == [(0, 2), (30, 3)]


@pytest.mark.parametrize("kind", ["idle", "busy", "seen"])
def test_activity_changes_no_session_run_or_rate(kind: str) -> None:
    """It changes what is shown, never money."""
    quiet = replayed(start(after(0)), event("stop", after(60)))
    reported = replayed(start(after(0)), event(kind, after(30)), event("stop", after(60)))

    assert reported.sessions == quiet.sessions


def test_idle_and_busy_change_the_status_of_what_is_on() -> None:
    """An idle instance is active: on, and paid for."""
    idle = replayed(start(after(0)), event("idle", after(30)))
    busy = replayed(start(after(0)), event("idle", after(30)), event("busy", after(40)))

    assert (idle.state.status, idle.state.since) == (InstanceStatus.IDLE, after(30))
    assert (busy.state.status, busy.state.since) == (InstanceStatus.RUNNING, after(40))
    assert idle.state.open_session is not None


def test_activity_of_what_is_off_does_not_turn_it_on() -> None:
    """Only a start or a resume opens a session."""
    timeline = replayed(start(after(0)), event("stop", after(30)), event("busy", after(40)))

    assert timeline.state.status is InstanceStatus.STOPPED
    assert timeline.state.last_report_at == after(40)


def test_a_resumed_instance_runs_even_if_it_was_idle() -> None:
    """What it did before it slept is no news of it."""
    timeline = replayed(
        start(after(0)),
        event("idle", after(10)),
        event("hibernate", after(20)),
        event("resume", after(30)),
    )

    assert timeline.state.status is InstanceStatus.RUNNING


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("stop", InstanceStatus.STOPPED),
        ("hibernate", InstanceStatus.HIBERNATED),
        ("terminate", InstanceStatus.TERMINATED),
    ],
)
def test_a_session_ends_by_stop_hibernate_or_terminate(kind: str, status: InstanceStatus) -> None:
    """All three turn the GPU off; they differ in what is left."""
    timeline = replayed(start(after(0)), event(kind, after(60)))

    assert (sessions_of(timeline), timeline.state.status) == ([(0, 60)], status)


def test_terminate_after_hibernate_ends_the_instance_and_no_session() -> None:
    """The session ended when it went to sleep."""
    timeline = replayed(
        start(after(0)), event("hibernate", after(60)), event("terminate", after(100))
    )

    assert sessions_of(timeline) == [(0, 60)]
    assert (timeline.state.status, timeline.state.since) == (InstanceStatus.TERMINATED, after(100))
    assert timeline.state.orphan_stops == 0


def test_stop_and_start_at_one_instant_are_two_sessions() -> None:
    """A restart: the legal stop goes before the start (R-TIE)."""
    timeline = replayed(
        start(after(0), rate="1"),
        event("stop", after(60)),
        start(after(60), rate="2"),
        event("stop", after(90)),
    )

    assert sessions_of(timeline) == [(0, 60), (60, 90)]
    assert runs_of(timeline) == [(0, 60, 1, "1"), (60, 90, 1, "2")]


def test_start_and_stop_at_one_instant_are_a_session_of_no_length() -> None:
    """While it is off the stop is not legal, so the start goes first, and nothing is billed."""
    timeline = replayed(start(after(0)), event("stop", after(0)))

    assert sessions_of(timeline) == [(0, 0)]
    assert runs_of(timeline) == []
    assert timeline.state.status is InstanceStatus.STOPPED
    assert timeline.state.orphan_stops == 0


def test_a_resize_at_the_instant_of_the_start_rents_the_new_size() -> None:
    """Before the start it would not be legal; the run of no length leaves no trace."""
    timeline = replayed(start(after(0), rate="1"), event("resize", after(0), gpu_count=8, rate="8"))

    assert runs_of(timeline) == [(0, None, 8, "8")]


def test_a_price_change_at_the_instant_of_the_stop_costs_nothing() -> None:
    """It goes before the stop, and holds for no time."""
    timeline = replayed(
        start(after(0), rate="1"),
        event("price_change", after(60), rate="100"),
        event("stop", after(60)),
    )

    [run] = timeline.sessions[0].runs
    paid = [change.rate for change in run.rates if run.ends_at and change.since < run.ends_at]
    assert paid == [Fraction(1)]


def test_of_two_starts_at_one_instant_the_first_in_order_counts() -> None:
    """By source, then by id; the other one is flagged (R-TIE)."""
    timeline = replayed(
        start(after(0), rate="2", source="b", id="1"), start(after(0), rate="1", source="a", id="2")
    )

    assert runs_of(timeline) == [(0, None, 1, "1")]
    assert timeline.state.starts_while_running == 1


def test_what_resumes_and_stops_at_one_instant_is_off() -> None:
    """Off, it can resume and cannot stop, so it resumes first (R-TIE)."""
    timeline = replayed(
        start(), event("stop", after(10)), event("stop", after(20)), event("resume", after(20))
    )

    assert timeline.state.open_session is None
    assert (timeline.state.status, timeline.state.orphan_stops) == (InstanceStatus.STOPPED, 0)


def test_what_is_kept_for_the_next_resume_is_told_in_order() -> None:
    """Neither is a transition while it is off: a price change comes before a resize (R-TIE)."""
    timeline = replayed(
        start(),
        event("stop", after(10)),
        event("price_change", after(20), rate="3"),
        event("resize", after(20), rate="5", gpu_count=2),
        event("resume", after(30)),
    )

    assert runs_of(timeline)[-1] == (30, None, 2, "5")


@pytest.mark.parametrize(
    ("reported", "rented"),
    [
        (None, CpuArchitecture.X86_64),
        (CpuArchitecture.X86_64, CpuArchitecture.X86_64),
        (CpuArchitecture.ARM64, CpuArchitecture.ARM64),
    ],
)
def test_a_start_that_names_no_architecture_is_of_the_usual_one(
    reported: CpuArchitecture | None, rented: CpuArchitecture
) -> None:
    """What is compared has to run the same programs."""
    timeline = replayed(start()._replace(arch=reported))

    assert timeline.state.shape is not None
    assert timeline.state.shape.arch is rented


def test_starts_at_one_instant_at_different_terms_contradict_each_other() -> None:
    """Which of them counts is certain (R-TIE), which of them is true is not."""
    rates = replayed(start(after(0), rate="1", id="a"), start(after(0), rate="2", id="b"))
    shapes = replayed(start(after(0), id="a"), start(after(0), gpu="H100", id="b"))

    assert (rates.state.contradicting_starts, shapes.state.contradicting_starts) == (1, 1)
    assert runs_of(rates) == [(0, None, 1, "1")]


def test_starts_at_one_instant_at_the_same_terms_do_not() -> None:
    """Two reporters saw the same; nor do starts of two instants, of which a price may be new."""
    twice = replayed(start(after(0), id="a"), start(after(0), id="b"), event("seen", after(0)))
    later = replayed(start(after(0), rate="1"), start(after(1), rate="2", id="again"))

    assert (twice.state.contradicting_starts, later.state.contradicting_starts) == (0, 0)


def test_an_instance_that_is_started_21_times_in_an_hour_is_flapping() -> None:
    """Runs of no length are starts too."""
    events = [start(after(10 * turn), id=str(turn)) for turn in range(21)]
    events += [event("stop", after(10 * turn), id=f"stop {turn}") for turn in range(1, 21)]

    assert replay("i-1", events, FAR_LATER).state.is_flapping
    assert not replay("i-1", events[:20], FAR_LATER).state.is_flapping


def test_of_a_start_and_a_resume_at_one_instant_the_start_goes_first() -> None:
    """Both are legal while it is off; the start says what is rented (R-TIE)."""
    timeline = replayed(
        start(after(0), rate="1"),
        event("hibernate", after(60)),
        event("resume", after(90), source="a"),
        start(after(90), rate="2", source="b"),
    )

    assert runs_of(timeline) == [(0, 60, 1, "1"), (90, None, 1, "2")]


def test_of_several_ends_at_one_instant_the_first_in_order_is_the_end() -> None:
    """Stop, hibernate, terminate; the instance is terminated all the same (R-TIE)."""
    asleep = replayed(start(after(0)), event("hibernate", after(60)), event("stop", after(60)))
    gone = replayed(start(after(0)), event("terminate", after(60)), event("stop", after(60)))

    assert (sessions_of(asleep), asleep.state.status) == ([(0, 60)], InstanceStatus.STOPPED)
    assert (sessions_of(gone), gone.state.status) == ([(0, 60)], InstanceStatus.TERMINATED)


def test_events_that_lie_ahead_have_not_happened() -> None:
    """Reporters' clocks may run ahead; the timeline says when it will change."""
    timeline = replayed(start(after(0)), event("stop", after(60)), now=after(59))

    assert sessions_of(timeline) == [(0, None)]
    assert timeline.state.next_event_at == after(60)


def test_an_event_of_this_very_instant_has_happened() -> None:
    """Now is the last instant that is replayed."""
    timeline = replayed(start(after(0)), event("stop", after(60)), now=after(60))

    assert sessions_of(timeline) == [(0, 60)]
    assert timeline.state.next_event_at is None


def test_before_its_first_event_an_instance_is_nothing() -> None:
    """Neither on nor off, and without a shape."""
    timeline = replayed(start(after(60)), now=after(0))

    assert (timeline.state.status, timeline.state.shape, timeline.sessions) == (None, None, ())
    assert timeline.state.last_report_at is None


def test_the_latest_name_is_shown() -> None:
    """An event without a name does not take it away."""
    timeline = replayed(
        start(after(0), name="old"),
        event("seen", after(10), name="new"),
        event("stop", after(20)),
    )

    assert timeline.state.name == "new"


class TestDisks:
    """A disk is there from the first start until the instance is terminated, on or off (R-DISK)."""

    def test_it_is_paid_for_while_its_instance_is_off(self) -> None:
        """At another price, until the end."""
        timeline = replayed(
            start(after(0), **DISK),
            event("hibernate", after(10)),
            event("resume", after(30)),
            event("stop", after(40)),
            event("terminate", after(90)),
        )

        assert disk_of(timeline) == [
            (0, 10, 90, True, Fraction("0.1")),
            (10, 30, 90, False, Fraction("0.2")),
            (30, 40, 90, True, Fraction("0.1")),
            (40, 90, 90, False, Fraction("0.2")),
        ]
        assert timeline.state.disk_now is None

    def test_it_lasts_until_the_end_is_reported(self) -> None:
        """A stop is none."""
        timeline = replayed(start(after(0), **DISK), event("stop", after(10)))

        assert timeline.state.disk_now is not None
        assert disk_of(timeline)[-1] == (10, None, 90, False, Fraction("0.2"))

    def test_a_report_changes_what_it_names(self) -> None:
        """The rest stays as it was; the same said again changes nothing."""
        timeline = replayed(
            start(after(0), **DISK),
            event("seen", after(10), disk_gb=Decimal(200)),
            event("seen", after(20), disk_gb=Decimal(200)),
            event("seen", after(30), disk_rate_running=Decimal("0.3")),
        )

        assert disk_of(timeline) == [
            (0, 10, 90, True, Fraction("0.1")),
            (10, 30, 200, True, Fraction("0.1")),
            (30, None, 200, True, Fraction("0.3")),
        ]

    def test_it_begins_with_the_first_start(self) -> None:
        """What was reported before that counts from then on."""
        timeline = replayed(event("seen", after(0), **DISK), start(after(10)))

        assert disk_of(timeline) == [(10, None, 90, True, Fraction("0.1"))]

    def test_another_life_has_another_disk(self) -> None:
        """What was terminated does not come back with the next start."""
        timeline = replayed(
            start(after(0), **DISK),
            event("terminate", after(10)),
            event("seen", after(15), disk_gb=Decimal(5)),
            start(after(20)),
        )

        assert disk_of(timeline) == [(0, 10, 90, True, Fraction("0.1"))]

    @pytest.mark.parametrize(
        "missing", ["disk_rate_running", "disk_rate_stopped", "disk_hours_per_month"]
    )
    def test_a_part_that_was_not_reported_is_not_made_up(self, missing: str) -> None:
        """Neither a price nor how long a month is."""
        known: EventFields = {**DISK}
        del known[missing]  # type: ignore[misc]
        timeline = replayed(start(after(0), **known), event("stop", after(10)))

        prices = [span.per_gb_month for span in timeline.disk_spans]

        assert (
            prices
            == {
                "disk_rate_running": [None, Fraction("0.2")],
                "disk_rate_stopped": [Fraction("0.1"), None],
                "disk_hours_per_month": [None, None],
            }[missing]
        )


def test_a_start_without_a_shape_is_a_programming_error() -> None:
    """Input is checked at the door; past it, a start always says what it rents."""
    with pytest.raises(ValueError, match="lacks its provider"):
        replay("i-1", [event("start", after(0), rate="1")], FAR_LATER)
