"""What was known at an instant: the same question has the same answer for ever."""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from dumont_economy.instant import instant_text
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import ComparisonProvider, Sku
from dumont_economy.services.policies import PolicyChange, change_policy
from dumont_economy.storage import prices, usage_events
from tests.api.harness import Application, Caller, SettableClock, at, hours_ago, report, start, stop
from tests.builders import instant

QUESTIONS = (
    "/economy/savings",
    "/economy/savings/history",
    "/economy/savings/realtime",
    "/economy/active-session",
    "/instances",
    "/instances?group_by=gpu",
)
OF_TIME = {"as_of", "valid_until", "timestamp", "prices", "notices"}


def ask(caller: Caller, question: str, as_of: str | None = None) -> bytes:
    """Return the bytes of an answer, as known at an instant or now."""
    path, _, query = question.partition("?")
    asked = dict(part.split("=") for part in query.split("&") if part)
    answer = caller.get(path, **asked, **({} if as_of is None else {"as_of": as_of}))
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data()


def learn_price(application: Application, usd_per_hour: str) -> None:
    """Learn that a p5.48xlarge, eight H100s, has cost so much since the beginning of July."""
    fact = PriceFact(
        sku=Sku("aws", "us-east-1", "p5.48xlarge", "H100", Fraction(8), "x86_64"),
        pricing_model=PricingModel.ON_DEMAND,
        usd_per_instance_hour=Decimal(usd_per_hour),
        effective_from=instant("2026-07-01"),
        source_kind=SourceKind.PROVIDER_FEED,
        source="a correction",
        source_url=None,
        retrieved_at=instant("2026-08-03").date(),
        first_seen=None,
        previous_last_seen=None,
    )
    with application.database.write() as connection:
        published_at = prices.next_publication(connection, application.clock.now())
        prices.append_prices(connection, [fact], published_at=published_at, payload_sha256="0" * 64)


def learn_billing_rule(application: Application) -> None:
    """Learn that AWS has billed by the hour for ever."""
    fact = prices.BillingRuleFact(
        "aws", 3600, 3600, Rounding.CEIL, instant("2015-01-01"), "a correction", "sure"
    )
    with application.database.write() as connection:
        published_at = prices.next_publication(connection, application.clock.now())
        prices.append_billing_rules(connection, [fact], published_at=published_at)


def change_discount(application: Application, caller: Caller) -> None:
    """Change the account's policy: an eighth off at AWS."""
    change = PolicyChange(
        PricingModel.ON_DEMAND,
        Basis.PER_GPU,
        Substitutes.COUNT,
        {},
        {ComparisonProvider.AWS: Fraction(1, 8)},
    )
    book = application.flask.extensions["economy"].views.market().matcher.book
    change_policy(
        application.database, application.clock, book, caller.account, change, author="test"
    )


@pytest.fixture
def meter(application_on: Application) -> Caller:
    """Return a caller of an application over either database, with a closed and an open run."""
    caller = application_on.machine(application_on.account("ours"))
    caller.push(
        start("i-1", hours_ago(30), gpu="H100", rate="2.10"),
        stop("i-1", hours_ago(6)),
        start("i-2", hours_ago(5), gpu="A100", rate="1.10"),
    )
    application_on.clock.advance(minutes=10)
    return caller


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_later_fact_changes_an_answer_as_known_earlier(
    application_on: Application, meter: Caller, question: str
) -> None:
    """Events, voids, prices, billing rules and policies are learned later; not a byte changes."""
    clock = application_on.clock
    as_of = instant_text(clock.now())
    earlier, before = ask(meter, question, as_of), ask(meter, question)

    clock.advance(minutes=10)
    meter.push(start("late", hours_ago(20), rate="0.50"), stop("late", hours_ago(10)))
    meter.push(report("void", "i-1", hours_ago(1), void_of=f"stop i-1 {hours_ago(6)}"))
    learn_price(application_on, "3.21")
    learn_billing_rule(application_on)
    change_discount(application_on, meter)
    clock.advance(days=2)

    assert ask(meter, question, as_of) == earlier
    assert ask(meter, question) != before


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_present_is_answered_alike_when_it_has_passed(
    application_on: Application, meter: Caller, question: str
) -> None:
    """An answer names its `as_of`; asked for by that, its figures come again."""
    path, _, query = question.partition("?")
    asked = dict(part.split("=") for part in query.split("&") if part)
    present = meter.read(path, **asked)
    application_on.clock.advance(days=1)

    again = meter.read(path, **asked, as_of=present["as_of"])

    assert again["as_of"] == present["as_of"]
    assert {name: of for name, of in again.items() if name not in OF_TIME} == {
        name: of for name, of in present.items() if name not in OF_TIME
    }


def test_a_report_that_was_being_stored_meanwhile_is_not_known_then(
    caller: Caller, clock: SettableClock
) -> None:
    """Who writes takes the time first and commits after the answer: it knows no such event."""
    clock.advance(seconds=0.1)
    caller.push(start("i-1", hours_ago(2)), stop("i-1", hours_ago(1)))
    clock.advance(seconds=0.4)
    answer = caller.read("/economy/savings")
    clock.advance(seconds=-0.2)
    caller.push(start("i-2", hours_ago(9)), stop("i-2", hours_ago(1)))
    clock.advance(seconds=5)

    again = caller.read("/economy/savings", as_of=answer["as_of"])

    assert (again["lifetime_hours"], answer["lifetime_hours"]) == (1, 1)
    assert caller.read("/economy/savings")["lifetime_hours"] == 9


def test_an_open_run_is_rated_as_if_it_had_ended_then(meter: Caller) -> None:
    """R-OPEN, at an instant of the past: one hour after its start."""
    answer = meter.read("/economy/savings", as_of="2026-08-03T12:05:00Z")

    assert answer["current_session_hours"] == round(5 + 5 / 60, 4)


def test_what_was_not_known_is_not_there(meter: Caller) -> None:
    """An hour before the first report the account had no use, and the book no price."""
    answer = meter.read("/economy/savings", as_of=hours_ago(1))

    assert answer["first_use"] is True
    assert answer["lifetime_hours"] == 0
    assert answer["notices"] == []


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_will_be_known_is_refused(
    application_on: Application, meter: Caller, question: str
) -> None:
    """`as_of` is knowledge: nobody has any of what lies ahead."""
    ahead = application_on.clock.now() + timedelta(seconds=1)
    answer = meter.get(question.partition("?")[0], as_of=instant_text(ahead))

    assert answer.status_code == 422
    assert answer.get_json()["errors"][0] == {
        "pointer": "as_of",
        "code": "as_of_in_future",
        "message": "as_of lies ahead; what will be known then cannot be told.",
        "parameters": {},
    }


def test_a_policy_that_was_made_later_was_not_there_to_answer_with(
    application_on: Application, meter: Caller
) -> None:
    """It is refused as it would have been then."""
    as_of = instant_text(application_on.clock.now())
    application_on.clock.advance(minutes=1)
    change_discount(application_on, meter)

    answer = meter.get("/economy/savings", as_of=as_of, policy_version=2)

    assert answer.get_json()["code"] == "unknown_policy_version"
    assert meter.read("/economy/savings", policy_version=2)["comparison"]["policy_version"] == 2
    assert meter.read("/economy/savings", as_of=as_of)["comparison"]["policy_version"] == 1


class TestAClockThatIsSetBack:
    """Received order is the sequence, not the clock."""

    def set_back_and_push(self, application: Application, meter: Caller) -> tuple[bytes, bytes]:
        """Return an answer before and after an event came with the clock 20 minutes behind."""
        as_of = instant_text(application.clock.now())
        meter.push(start("i-3", hours_ago(4)))
        earlier = ask(meter, "/economy/savings", as_of)
        application.clock.advance(minutes=-20)
        meter.push(start("i-4", hours_ago(3)))
        application.clock.advance(minutes=60)
        return earlier, ask(meter, "/economy/savings", as_of)

    def test_lets_nothing_slip_into_an_older_answer(
        self, application_on: Application, meter: Caller
    ) -> None:
        """What comes later is known later."""
        earlier, again = self.set_back_and_push(application_on, meter)

        assert again == earlier
        received = [at(one["received_at"]) for one in meter.read("/usage/events")["events"]]
        assert received == sorted(received, reverse=True)

    def test_would_do_so_without_the_guard(
        self, application_on: Application, meter: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: it is the receipt that keeps the order."""
        monkeypatch.setattr(usage_events, "next_receipt", lambda _ledger, now: now)

        earlier, again = self.set_back_and_push(application_on, meter)

        assert again != earlier

    def test_rows_of_an_older_version_that_went_back_keep_their_sequence(
        self, application_on: Application, meter: Caller, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A ledger that was written without the guard is read in the order of its sequence."""
        monkeypatch.setattr(usage_events, "next_receipt", lambda _ledger, now: now)
        clock = application_on.clock
        clock.advance(minutes=10)
        between = instant_text(clock.now() - timedelta(minutes=5))
        meter.push(start("i-3", hours_ago(4)))
        earlier = ask(meter, "/economy/savings", between)
        clock.advance(minutes=-8)
        meter.push(start("i-4", hours_ago(3)))
        clock.advance(minutes=60)

        assert ask(meter, "/economy/savings", between) == earlier
