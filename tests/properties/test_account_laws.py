"""Laws of an account's figures, over generated fleets, a real database and the real answers."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dumont_economy.api.app import create_app
from dumont_economy.api.services import Services
from dumont_economy.config import Settings
from dumont_economy.instant import EPOCH
from dumont_economy.metering.usage_event import UsageEvent
from dumont_economy.money import amount_text
from dumont_economy.pricing.match_timeline import ComparisonQuestion, ask
from dumont_economy.pricing.policy import Policy, RateCardName
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.savings.local_day import parse_zone
from dumont_economy.savings.totals import Totals
from dumont_economy.services.account_ledger import AccountLedger, AccountLedgers
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.people import create_token, make_account
from dumont_economy.services.price_health import PriceHealth
from dumont_economy.services.read_history import read_history
from dumont_economy.services.read_instances import read_gpu_groups
from dumont_economy.services.record_usage import EventStatus, record_usage
from dumont_economy.services.usage_records import UsageRecords
from dumont_economy.storage.accounts import Account
from tests.builders import SetClock, after, event, start
from tests.properties.worlds import STORY_SECONDS, posix, raw, reports_of, stories
from tests.reference_model import Figures, Price, Rule, World, figures

SECOND = timedelta(seconds=1)
# Read through the whole application, an example costs as much as dozens of a pure law.
Read = Callable[..., tuple[AccountLedger, UsageRecords]]
FEW = settings(max_examples=200 if settings.get_current_profile_name() == "torture" else 40)
HEALTHY = PriceHealth((0, 0), (), ())
PROVIDERS = st.sampled_from(ComparisonProvider)
CARDS = st.sampled_from(RateCardName)
# Midnight in Gambier falls on the beginning of every story.
ZONES = ["UTC", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Gambier"]

# The reference card as published (API.md, section 4), USD per GPU-hour.
CARD = {
    ComparisonProvider.AWS: {"RTX 4090": "4.10", "A100": "32.77", "T4": "0.53"},
    ComparisonProvider.GCP: {"RTX 4090": "3.80", "A100": "29.39", "T4": "0.35"},
    ComparisonProvider.AZURE: {"RTX 4090": "4.50", "A100": "32.77", "T4": "0.53"},
}
GPUS = ("RTX 4090", "A100", "T4", "home-made")
fleets = stories(
    instances=("i-1", "i-2", "i-3"), gpus=GPUS, parties=("vast", "lambda", "aws", "nobody-knows")
)


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[datetime, list[UsageEvent]]]:
    """Generate a fleet's events in the batches in which they arrive.

    Some arrive twice, some a second time with other content.
    """
    story = draw(fleets)
    arriving = draw(st.permutations(story))
    cuts = sorted(draw(st.lists(st.integers(0, len(story)), max_size=3)))
    received = draw(st.integers(0, STORY_SECONDS))
    batches = []
    for begins, ends in pairwise([0, *cuts, len(story)]):
        known = arriving[:ends]
        picked = draw(st.lists(st.sampled_from(known), max_size=3)) if known else []
        again, other = picked[1:], [one._replace(time=one.time + SECOND) for one in picked[:1]]
        batches.append((after(received), [*arriving[begins:ends], *again, *other]))
        received += draw(st.integers(0, 200))
    return batches


class Installation:
    """An application over its own database, at a time that the test sets."""

    def __init__(self, folder: Path) -> None:
        self.clock = SetClock(after(0))
        self.app = create_app(
            Settings(database_url=f"sqlite:///{folder / 'economy.db'}"), self.clock
        )
        services = self.app.extensions["economy"]
        assert isinstance(services, Services)
        self.database = services.database
        self.views = services.views
        self._numbers = count()
        self.at_hand = ExitStack()

    def new_account(self) -> Account:
        """Return an account without any use."""
        self.at_hand.close()
        self.clock.present = after(0)
        return make_account(self.database, self.clock, f"account {next(self._numbers)}")

    def view(self, account: Account, question: ComparisonQuestion) -> AccountView:
        """Return what the server says, which remembers what it read before."""
        return self.at_hand.enter_context(self.views.read(account)).view(question)

    def fresh_view(self, account: Account, question: ComparisonQuestion) -> AccountView:
        """Return what a server would say that has read nothing yet."""
        return self.of_the_facts(account, question, AccountLedgers().read)

    def derived_view(self, account: Account, question: ComparisonQuestion) -> AccountView:
        """Return what a server would say that knows no caches."""
        return self.of_the_facts(account, question, AccountLedgers().read_derived)

    def of_the_facts(
        self, account: Account, question: ComparisonQuestion, read: Read
    ) -> AccountView:
        """Return what a server would say that reads the ledger so."""
        as_of = self.view(account, question).as_of
        market = self.views.market()
        connection = self.at_hand.enter_context(self.database.read(account_id=account.id))
        ledger, records = read(connection, account.id, self.clock.now(), market.cache_terms)
        return AccountView(account, as_of, ledger, records, market, HEALTHY, question)

    def push(self, account: Account, batch: Sequence[UsageEvent]) -> set[EventStatus]:
        """Store a batch and return what became of its events."""
        self.at_hand.close()
        results = record_usage(
            self.database,
            self.clock,
            account,
            [raw(one) for one in batch],
            reporter="test",
            may_backfill=False,
        )
        return {result.status for result in results}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Share one installation: every example has an account of its own."""
    shared = Installation(tmp_path_factory.mktemp("installation"))
    yield shared
    shared.database.close()


def receive(
    installation: Installation, arriving: list[tuple[datetime, list[UsageEvent]]]
) -> Account:
    """Return a new account that has received the deliveries."""
    account = installation.new_account()
    for received_at, batch in arriving:
        installation.clock.present = received_at
        installation.push(account, batch)
    return account


def card_world(provider: ComparisonProvider) -> World:
    """Return what the model has to know to compare with the reference card."""
    always = posix(EPOCH)
    rules = {
        "lambda": [Rule(always, 0, 60, rounds_up=True)],
        "aws": [Rule(always, 60, 1, rounds_up=True)],
    }
    prices = {gpu: [Price(always, Fraction(usd))] for gpu, usd in CARD[provider].items()}
    return World(rules, "the card, which has no minimum", prices)


def money(totals: Totals) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Return used hours and the three sums of money."""
    return (
        Fraction(totals.used),
        totals.actual.total(),
        totals.comparable.total(),
        totals.counterfactual.total(),
    )


def modelled(expected: Figures) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """Return the model's figures in the same order."""
    return expected.used * 1_000_000, expected.actual, expected.comparable, expected.comparison


def added(parts: list[Totals]) -> Totals:
    """Return the sum of totals."""
    total = Totals()
    for part in parts:
        total.merge(part)
    return total


def everything(view: AccountView) -> tuple[object, ...]:
    """Return all that a view says, to set it beside another."""
    return (
        view.as_of,
        view.valid_until,
        money(view.lifetime),
        money(view.current_session),
        money(view.ended.totals),
        view.lifetime.gpu_by_grade,
        view.lifetime.gpu_unpriced,
        view.saving_per_second,
        view.hourly_rates,
        view.measured_saving(),
        [one.state for one in view.records.every_instance()],
        [money(view.totals_of(one.state)) for one in view.records.every_instance()],
        view.ledger.first_use_at,
        view.ledger.newest_event_at,
        view.ledger.newest_received_at,
        view.ledger.next_event_at,
    )


@example(
    arriving=[
        (after(0), [start(after(0)), event("stop", after(60), id="mistake")]),
        (after(100), [event("void", after(100), void_of="mistake")]),
        (after(200), [event("seen", after(200))]),
    ],
    provider=ComparisonProvider.AWS,
).via("a void of what was read before, and news of the instance after it")
@example(
    arriving=[
        (after(0), [start(after(0)), event("stop", after(60))]),
        (after(60), []),
        (after(61), []),
    ],
    provider=ComparisonProvider.AWS,
).via("an event that was reported ahead of its time")
@FEW
@given(deliveries(), PROVIDERS)
def test_reading_after_each_push_equals_reading_everything_at_once(
    installation: Installation,
    arriving: list[tuple[datetime, list[UsageEvent]]],
    provider: ComparisonProvider,
) -> None:
    """What is kept in memory between reads is followed, and changes no figure."""
    account, question = installation.new_account(), ask(Policy(), provider)

    for received_at, batch in arriving:
        installation.clock.present = received_at
        installation.push(account, batch)

        followed = installation.view(account, question)
        fresh = installation.fresh_view(account, question)
        derived = installation.derived_view(account, question)

        assert everything(followed) == everything(fresh) == everything(derived)


@FEW
@given(deliveries(), PROVIDERS, st.integers(0, 900))
def test_an_accounts_figures_are_the_models(
    installation: Installation,
    arriving: list[tuple[datetime, list[UsageEvent]]],
    provider: ComparisonProvider,
    asked_after: int,
) -> None:
    """Through ingest, database and cache, to the last digit, with the reference card."""
    account = installation.new_account()
    question = ask(Policy(), provider, rate_card=RateCardName.REFERENCE)
    received: list[UsageEvent] = []
    for received_at, batch in arriving:
        installation.clock.present = received_at
        statuses = installation.push(account, batch)
        assert EventStatus.REJECTED not in statuses
        received += batch
        installation.view(account, question)
    installation.clock.present = max(installation.clock.present, after(asked_after))

    view = installation.view(account, question)

    world, now = card_world(provider), posix(view.as_of)
    lifetime = figures(reports_of(received), world, now)
    session = figures(reports_of(received), world, now, only_open_sessions=True)
    assert money(view.lifetime) == modelled(lifetime)
    assert money(view.current_session) == modelled(session)


@FEW
@given(deliveries(), PROVIDERS, CARDS, st.integers(0, 80), st.sampled_from(ZONES))
def test_lifetime_is_closed_and_open_time_however_it_is_grouped(
    installation: Installation,
    arriving: list[tuple[datetime, list[UsageEvent]]],
    provider: ComparisonProvider,
    card: RateCardName,
    hours: int,
    zone: str,
) -> None:
    """By session, by instance, by GPU and by day, the parts add up to the same exact total."""
    account = receive(installation, arriving)
    installation.clock.present += timedelta(hours=hours)

    view = installation.view(account, ask(Policy(), provider, rate_card=card))

    whole = money(view.lifetime)
    history = read_history(view, 6, parse_zone(zone))
    instances = [view.totals_of(one.state) for one in view.records.every_instance()]
    assert money(added([view.ended.totals, view.current_session])) == whole
    assert money(added(instances)) == whole
    assert money(added([group.lifetime for group in read_gpu_groups(view)])) == whole
    assert money(added([totals for _, totals in history.days])) == whole
    assert money(history.totals) == whole


@FEW
@given(deliveries(), PROVIDERS, st.integers(0, 200))
def test_a_stop_moves_a_saving_into_the_lifetime_and_nothing_jumps(
    installation: Installation,
    arriving: list[tuple[datetime, list[UsageEvent]]],
    provider: ComparisonProvider,
    more: int,
) -> None:
    """At the instant of the stop lifetime is what it would have been without it."""
    account, question = receive(installation, arriving), ask(Policy(), provider)
    at = after(2 * STORY_SECONDS + more + 700)
    installation.clock.present = at
    running = installation.view(account, question)
    on = [one.state.instance for one in running.active]

    stops = [event("stop", at, id=f"stop {instance}", instance=instance) for instance in on]
    installation.push(account, stops)
    stopped = installation.view(account, question)

    assert money(stopped.lifetime) == money(running.lifetime)
    assert money(stopped.current_session) == money(Totals())
    assert stopped.saving_per_second == 0


@FEW
@given(deliveries(), PROVIDERS, CARDS, st.integers(0, 200), st.integers(0, 150))
def test_what_a_screen_has_ticked_to_is_what_the_next_answer_says(
    installation: Installation,
    arriving: list[tuple[datetime, list[UsageEvent]]],
    provider: ComparisonProvider,
    card: RateCardName,
    later: int,
    ahead: int,
) -> None:
    """Until `valid_until` the value is what it was, plus slope times the time since."""
    account = receive(installation, arriving)
    question = ask(Policy(), provider, rate_card=card)
    installation.clock.present += timedelta(seconds=later)
    shown = installation.view(account, question)
    whole_seconds = -((shown.as_of - shown.valid_until) // SECOND) - 1
    ticked = max(0, min(ahead, whole_seconds))

    installation.clock.present += ticked * SECOND
    told = installation.view(account, question)

    moved = ticked * shown.saving_per_second
    assert told.current_session.saving == shown.current_session.saving + moved
    assert told.lifetime.saving == shown.lifetime.saving + moved


def test_a_poll_in_the_second_of_an_event_does_not_run_ahead(installation: Installation) -> None:
    """An answer between two whole seconds is followed by one that lies on its slope, too."""
    account, question = installation.new_account(), ask(Policy(), ComparisonProvider.AWS)
    installation.clock.present = after(0, 500_000)
    installation.push(account, [start(after(0, 200_000))])
    shown = installation.view(account, question)

    installation.clock.present = after(10)
    told = installation.view(account, question)

    since = Fraction((told.as_of - shown.as_of) // timedelta(microseconds=1), 1_000_000)
    assert told.as_of >= shown.valid_until or (
        told.current_session.saving
        == shown.current_session.saving + since * shown.saving_per_second
    )


@FEW
@given(deliveries(), PROVIDERS, CARDS, st.integers(0, 900))
def test_the_three_ways_to_the_current_session_agree(
    installation: Installation,
    arriving: list[tuple[datetime, list[UsageEvent]]],
    provider: ComparisonProvider,
    card: RateCardName,
    asked_after: int,
) -> None:
    """Savings, realtime and active-session give one value and one slope, to the last decimal."""
    account = installation.new_account()
    _, token = create_token(
        installation.database, installation.clock, account, name="t", scopes=["read", "ingest"]
    )
    client = installation.app.test_client()
    headers = {"Authorization": f"Bearer {token}"}
    for received_at, batch in arriving:
        installation.clock.present = received_at
        if batch:
            body = {"events": [raw(one) for one in batch]}
            assert (
                client.post("/api/v1/usage/events", json=body, headers=headers).status_code == 200
            )
    installation.clock.present = max(installation.clock.present, after(asked_after))

    def answer(path: str) -> dict[str, Any]:
        query = {"provider": provider.label, "rate_card": card.value}
        got = client.get(f"/api/v1/economy/{path}", query_string=query, headers=headers)
        assert got.status_code == 200
        told: dict[str, Any] = got.get_json()
        return told

    savings, realtime, active = map(answer, ("savings", "savings/realtime", "active-session"))

    assert savings["as_of"] == realtime["as_of"] == active["as_of"]
    assert savings["live"]["session"] == realtime["totals"]["live"] == active["live"]
    assert (
        savings["current_session_savings"]
        == realtime["totals"]["total_savings"]
        == active["session_savings"]
    )
    assert savings["hourly_comparison"]["savings_per_second"] == active["savings_per_second"]
    view = installation.view(account, ask(Policy(), provider, rate_card=card))
    assert active["live"]["value"] == amount_text(view.current_session.saving)
    priced = [one for one in realtime["active_instances"] if one["live"] is not None]
    whole = sum((Fraction(one["live"]["value"]) for one in priced), Fraction(0))
    assert abs(whole - Fraction(active["live"]["value"])) <= Fraction(len(priced) + 1, 10**10)
