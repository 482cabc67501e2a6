"""Laws of the ledger over HTTP: whatever the fleet, its lines add up to every figure, exactly."""

from datetime import datetime, timedelta
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from dumont_economy.instant import instant_text
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.money import amount_text
from dumont_economy.services.people import Scope, create_token
from tests.api.harness import Caller, Json
from tests.api.opened import all_lines, saving_of, sum_of
from tests.builders import after
from tests.properties.test_account_laws import (
    ZONES,
    Installation,
    deliveries,
    installation,
    receive,
)
from tests.properties.worlds import STORY_SECONDS

__all__ = ["installation"]  # A fixture, which pytest finds by its name here.

# Each example asks a dozen questions over HTTP.
FEW = settings(max_examples=200 if settings.get_current_profile_name() == "torture" else 40)
PLACES = 4
questions = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(["AWS", "GCP", "Azure"]),
        "rate_card": st.sampled_from(["list", "reference"]),
    }
)
moments = st.integers(STORY_SECONDS, STORY_SECONDS + 400).map(after)


def caller_of(
    installation: Installation, arriving: list[tuple[datetime, list[UsageEvent]]]
) -> Caller:
    """Return a reader of a new account that has received the deliveries."""
    account = receive(installation, arriving)
    _, token = create_token(
        installation.database, installation.clock, account, name="test", scopes=[Scope.READ]
    )
    return Caller(account, installation.app.test_client(), token)


def published(value: Fraction) -> float:
    """Return a sum as the published contract rounds it."""
    return float(amount_text(value, PLACES))


def assert_adds_up(lines: list[Json], paid: float, compared: float, saved: str | float) -> None:
    """Hold the lines of a figure against it; a saving is told to 4 or to 10 decimals."""
    assert published(sum_of(lines, "actual")) == paid
    assert published(sum_of(lines, "comparison")) == compared
    saving = saving_of(lines)
    assert (amount_text(saving) if isinstance(saved, str) else published(saving)) == saved


@FEW
@given(deliveries(), questions, moments, st.integers(1, 9))
def test_lines_add_up_to_the_lifetime_and_the_current_session(
    installation: Installation,
    arriving: list[tuple[datetime, list[UsageEvent]]],
    question: dict[str, str],
    now: datetime,
    limit: int,
) -> None:
    """Of any fleet, read in pages of any size."""
    caller = caller_of(installation, arriving)
    installation.clock.present = max(now, installation.clock.present)
    lines = all_lines(caller, limit=limit, **question)

    lifetime = caller.read("/economy/savings", **question)
    assert_adds_up(
        lines,
        lifetime["lifetime_cost"],
        lifetime["lifetime_provider_cost"],
        lifetime["live"]["lifetime"]["value"],
    )
    session = caller.read("/economy/active-session", **question)
    begun = {
        row["instance_id"]: row["session"]["started_at"]
        for row in caller.read("/instances", **question)["instances"]
        if row["session"] is not None
    }
    open_lines = [
        line
        for line in lines
        if line["component"] == "compute"
        and line["instance"] in begun
        and instant_key(line["from"]) >= instant_key(begun[line["instance"]])
    ]
    assert_adds_up(
        open_lines,
        session["current_cost_dumont"],
        session["current_cost_provider"],
        session["live"]["value"],
    )


def instant_key(text: str) -> datetime:
    """Return an instant of an answer, to be compared."""
    return datetime.fromisoformat(text)


@FEW
@given(deliveries(), questions, moments, st.sampled_from(ZONES))
def test_lines_add_up_to_each_day_and_to_each_group(
    installation: Installation,
    arriving: list[tuple[datetime, list[UsageEvent]]],
    question: dict[str, str],
    now: datetime,
    zone: str,
) -> None:
    """A day of the history opens by its date, a group by its key."""
    caller = caller_of(installation, arriving)
    installation.clock.present = max(now, installation.clock.present)

    for day in caller.read("/economy/savings/history", timezone=zone, **question)["history"]:
        following = datetime.fromisoformat(day["date"]) + timedelta(days=1)
        period = {"from": day["date"], "to": following.date().isoformat(), "timezone": zone}
        lines = all_lines(caller, **period, **question)
        assert_adds_up(lines, day["dumont_cost"], day["provider_cost"], day["savings"])
    for group_by, name in (("gpu", "gpu"), ("instance", "instance")):
        totals = caller.read("/ledger/totals", group_by=group_by, **question)
        for group in totals["groups"]:
            lines = all_lines(caller, **{name: group["key"]}, **question)
            assert amount_text(sum_of(lines, "actual")) == group["actual"]
            assert amount_text(sum_of(lines, "comparison")) == group["comparison"]
            assert amount_text(saving_of(lines)) == group["saving"]


@FEW
@given(deliveries(), deliveries(), questions)
def test_an_answer_as_known_earlier_is_the_same_to_the_byte(
    installation: Installation,
    known: list[tuple[datetime, list[UsageEvent]]],
    late: list[tuple[datetime, list[UsageEvent]]],
    question: dict[str, str],
) -> None:
    """Whatever is received later, on other instances and on these."""
    caller = caller_of(installation, known)
    as_of = instant_text(installation.clock.present)
    paths = ("/ledger/totals", "/ledger/lines", "/economy/savings", "/instances")
    earlier = [caller.get(path, as_of=as_of, **question).get_data() for path in paths]

    installation.clock.present += timedelta(seconds=1)
    for _, batch in late:
        installation.push(caller.account, batch)
        installation.clock.present += timedelta(seconds=30)

    assert [caller.get(path, as_of=as_of, **question).get_data() for path in paths] == earlier
