"""What is damaged is not served: 503 `integrity` instead of a wrong number (D12)."""

import json
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from dumont_economy.instant import instant_text
from dumont_economy.services.record_usage import record_usage
from dumont_economy.services.verify_facts import verify_facts
from dumont_economy.storage import event_chain, stored_facts
from dumont_economy.storage.database import Database
from tests.api.harness import (
    Application,
    Caller,
    hours_ago,
    start,
    start_application,
    start_application_on,
    stop,
)
from tests.damage import damage
from tests.sqlite_file import flip, rows_in_file

FIVE = (
    "/economy/savings",
    "/economy/savings/history",
    "/economy/savings/realtime",
    "/economy/active-session",
    "/economy/pricing",
)
FIGURES = (*FIVE, "/instances")
PAST_FIGURES = tuple(path for path in FIGURES if path != "/economy/pricing")
"""Those that are answered as of an instant."""
EVENTS = [
    start("i-1", hours_ago(9), rate="0.5"),
    stop("i-1", hours_ago(8)),
    start("i-2", hours_ago(7), gpu="T4", rate="0.25"),
    start("i-3", hours_ago(6), gpu="A100", gpu_count=8, rate="3"),
    start("i-1", hours_ago(5), rate="0.5"),
]
FACTS = ("usage_event", "provider_pricing", "usage_event", "billing_rule")
FLIPS = 16


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the database of an application that has some usage."""
    folder = tmp_path_factory.mktemp("template")
    application = start_application(folder)
    account = application.account("ours")
    record_usage(
        application.database, application.clock, account, EVENTS, reporter="t", may_backfill=False
    )
    application.close()
    return folder


@pytest.fixture
def copy(template: Path, tmp_path: Path) -> Path:
    """Return a copy of that database's file."""
    return Path(shutil.copy(template / "economy.db", tmp_path))


@pytest.fixture
def ours(copy: Path) -> Iterator[tuple[Application, Caller]]:
    """Return an application over the copy, and a machine of the account."""
    application = start_application(copy.parent)
    yield application, machine(application)
    application.close()


def machine(application: Application) -> Caller:
    """Return a caller with a token of the account that has the usage."""
    return application.machine(application.account("ours"))


def statuses(caller: Caller, *paths: str) -> dict[str, int]:
    """Return how an answer to each question goes."""
    return {path: caller.get(path).status_code for path in paths}


def is_refused(caller: Caller, path: str, **query: str) -> bool:
    """Say whether a question is answered with nothing but that facts are damaged."""
    answer = caller.get(path, **query)
    body = answer.get_json()
    text = answer.get_data(as_text=True)
    return (
        answer.status_code == 503
        and int(answer.headers["Retry-After"]) > 0
        and answer.mimetype == "application/problem+json"
        and body["code"] == "integrity"
        and "economy verify" in body["detail"]
        and not any(word in text for word in ("SELECT", "sqlite", "economy.db", "Traceback"))
    )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE usage_event SET rate = 100000000000 WHERE seq = 1",
        "UPDATE usage_event SET type = 'stopped' WHERE seq = 2",
        "UPDATE usage_event SET gpu_count = 'many' WHERE seq = 3",
        "UPDATE usage_event SET rate = x'00' WHERE seq = 3",
        "UPDATE usage_event SET gpu = CAST(x'ff' AS TEXT) WHERE seq = 3",
        "UPDATE usage_event SET time = 9223372036854775807 WHERE seq = 4",
        "UPDATE usage_event SET instance = 'i-3' WHERE seq = 2",
        "DELETE FROM usage_event WHERE seq = 2",
        "DELETE FROM usage_event WHERE seq = 5",
        "UPDATE account SET last_seq = 4 WHERE id = :ours",
        "UPDATE account SET last_seq = 'five' WHERE id = :ours",
        "UPDATE account SET last_hash = CAST(x'ff' AS TEXT) WHERE id = :ours",
    ],
)
def test_no_figure_rests_on_a_damaged_event(
    ours: tuple[Application, Caller], statement: str
) -> None:
    """Also where the event cannot even be read; `verify` says which kind of facts it is."""
    application, caller = ours
    damage(application.database, statement)

    assert [path for path in FIGURES if not is_refused(caller, path)] == []
    [found] = [one for one in verify_facts(application.database) if one.damage is not None]
    assert found.facts == "usage events"


def test_the_neighbours_figures_are_served(ours: tuple[Application, Caller]) -> None:
    """Damage of one account is its own."""
    application, _ = ours
    neighbour = application.machine(application.account("next door"))
    neighbour.push(start("i-1", hours_ago(1)))
    damage(
        application.database,
        "UPDATE usage_event SET rate = 1 WHERE seq = 1 AND account_id = :ours",
    )

    assert set(statuses(neighbour, *FIVE).values()) == {200}


def test_a_damaged_event_is_not_listed(ours: tuple[Application, Caller]) -> None:
    """Events of a page that holds it are not, and neither is a page from which some are gone."""
    application, caller = ours
    damage(application.database, "UPDATE usage_event SET rate = 1 WHERE seq = 3")

    assert is_refused(caller, "/usage/events")
    # The newest alone is as written.
    assert len(caller.read("/usage/events", limit=1)["events"]) == 1

    damage(application.database, "DELETE FROM usage_event WHERE seq > 2")
    assert is_refused(caller, "/usage/events")


def test_a_report_to_a_ledger_whose_newest_event_is_gone_is_asked_for_again(
    ours: tuple[Application, Caller],
) -> None:
    """It is not acknowledged, so its reporter keeps it until a backup is restored."""
    application, caller = ours
    damage(application.database, "DELETE FROM usage_event WHERE seq = 5")

    answer = caller.send([stop("i-3", hours_ago(1))])

    assert (answer.status_code, answer.get_json()["code"]) == (503, "integrity")
    assert int(answer.headers["Retry-After"]) > 0


class TestAsOf:
    """Figures as they were known before the last report was."""

    @pytest.fixture
    def earlier(self, ours: tuple[Application, Caller]) -> str:
        """Return an instant after the five events, before the two newest ones."""
        application, caller = ours
        as_of = instant_text(application.clock.now())
        for stopped in ("i-3", "i-2"):
            application.clock.advance(minutes=10)
            caller.push(stop(stopped, hours_ago(1)))
        return as_of

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE usage_event SET rate = 1 WHERE seq = 1",
            "UPDATE usage_event SET received_at = received_at + 86400000000 WHERE seq = 3",
            "UPDATE usage_event SET received_at = received_at + 86400000000 WHERE seq = 5",
            "UPDATE usage_event SET received_at = 0 WHERE seq = 6",
            "UPDATE usage_event SET received_at = x'00' WHERE seq = 4",
            "DELETE FROM usage_event WHERE seq = 5",
            "DELETE FROM usage_event WHERE seq = 6",
            "DELETE FROM usage_event WHERE seq > 5",
        ],
    )
    def test_none_rests_on_a_damaged_event(
        self, ours: tuple[Application, Caller], earlier: str, statement: str
    ) -> None:
        """Neither on one that is known, nor on one that passes for known later or earlier."""
        application, caller = ours
        damage(application.database, statement)

        refused = [path for path in PAST_FIGURES if is_refused(caller, path, as_of=earlier)]

        assert refused == list(PAST_FIGURES)

    def test_what_came_later_is_no_part_of_it(
        self, ours: tuple[Application, Caller], earlier: str
    ) -> None:
        """The head and the newest event concern the present alone."""
        application, caller = ours
        before = caller.read("/economy/savings", as_of=earlier)
        damage(application.database, "UPDATE usage_event SET rate = 1 WHERE seq = 7")

        later = start_application_on(str(application.database.url))
        later.clock.advance(minutes=30)
        again = machine(later).read("/economy/savings", as_of=earlier)
        is_present_refused = is_refused(machine(later), "/economy/savings")
        later.close()

        assert again == before
        assert is_present_refused

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE provider_pricing SET published_at = published_at + 1 WHERE number = 9",
            "UPDATE billing_rule SET published_at = published_at * 2 WHERE provider = 'gcp'",
        ],
    )
    def test_none_rests_on_a_market_with_damage(self, copy: Path, statement: str) -> None:
        """Also where a fact passes for one that was not known yet."""
        database = Database(f"sqlite:///{copy}")
        damage(database, statement)
        database.close()
        application = start_application(copy.parent)
        caller = machine(application)
        as_of = hours_ago(0)

        refused = [path for path in PAST_FIGURES if is_refused(caller, path, as_of=as_of)]

        application.close()
        assert refused == list(PAST_FIGURES)

    def test_without_the_comparison_a_wrong_number_would_be_served(
        self, ours: tuple[Application, Caller], earlier: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The control: an event is left out, as if it had not been known yet."""
        application, caller = ours
        right = Decimal(str(caller.read("/economy/savings", as_of=earlier)["lifetime_cost"]))
        damage(
            application.database,
            "UPDATE usage_event SET received_at = received_at + 86400000000 WHERE seq = 4",
        )
        monkeypatch.setattr(event_chain, "_follows", lambda *_: True)

        served = Decimal(str(caller.read("/economy/savings", as_of=earlier)["lifetime_cost"]))

        # The instance i-3 has cost 3 an hour for six hours then.
        assert right - served >= 6 * 3


class TestWhileServing:
    """A server keeps what it has read; what it reads again has to be the same."""

    def test_what_was_read_before_is_still_right(self, ours: tuple[Application, Caller]) -> None:
        """An unchanged account is answered from memory, and the figure is that of the facts."""
        application, caller = ours
        before = caller.read("/economy/savings")
        damage(application.database, "UPDATE usage_event SET rate = 1 WHERE seq = 1")

        assert caller.read("/economy/savings") == before

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE usage_event SET rate = 1 WHERE seq = 4",
            "UPDATE usage_event SET instance = 'i-2' WHERE seq = 4",
            "UPDATE usage_event SET instance = 'i-3' WHERE seq = 1",
            "DELETE FROM usage_event WHERE seq = 4",
        ],
    )
    def test_what_is_read_again_is_compared(
        self, ours: tuple[Application, Caller], statement: str
    ) -> None:
        """A late report of the instance i-3 lets its events be replayed; it is stored itself."""
        application, caller = ours
        caller.read("/economy/savings")
        damage(application.database, statement)

        caller.push(stop("i-3", hours_ago(7)))

        assert [path for path in FIGURES if not is_refused(caller, path)] == []

    def test_what_is_new_is_compared(self, ours: tuple[Application, Caller]) -> None:
        """Between its report and the next question."""
        application, caller = ours
        caller.read("/economy/savings")
        caller.push(stop("i-3", hours_ago(1)))
        damage(application.database, "UPDATE usage_event SET time = time - 1000000 WHERE seq = 6")

        assert is_refused(caller, "/economy/savings")

    def test_a_backup_that_is_restored_is_believed(self, ours: tuple[Application, Caller]) -> None:
        """Its history is another than the one in memory, and whole."""
        application, caller = ours
        before = caller.read("/economy/savings")
        with application.database.read() as connection:
            head = event_chain.read_head(connection, caller.account.id)
        caller.push(stop("i-3", hours_ago(1)))
        assert caller.read("/economy/savings") != before

        damage(
            application.database,
            "DELETE FROM usage_event WHERE seq > 5",
            f"UPDATE account SET last_seq = {head.seq}, last_hash = '{head.chain_hash}' "  # noqa: S608
            "WHERE id = :ours",
        )

        assert caller.read("/economy/savings") == before


class TestOfPricesAndPolicies:
    """Everything that depends on them is refused."""

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE provider_pricing SET price_per_instance_hour = 1 WHERE number = 9",
            "UPDATE provider_pricing SET pricing_model = 'free' WHERE number = 9",
            "UPDATE provider_pricing SET published_at = 1 WHERE number = 9",
            "UPDATE provider_pricing SET gpu_count = 0 WHERE number = 9",
            "UPDATE provider_pricing SET provider = CAST(x'ff' AS TEXT) WHERE number = 9",
            "UPDATE billing_rule SET min_seconds = 0 WHERE provider = 'gcp'",
            "UPDATE billing_rule SET rounding = 'none' WHERE provider = 'aws'",
        ],
    )
    def test_no_figure_rests_on_a_damaged_price_or_billing_rule(
        self, copy: Path, statement: str
    ) -> None:
        """From the next start on, and wherever it is read again."""
        database = Database(f"sqlite:///{copy}")
        damage(database, statement)
        database.close()
        application = start_application(copy.parent)
        caller = machine(application)

        refused = [path for path in FIGURES if is_refused(caller, path)]

        application.close()
        assert refused == list(FIGURES)

    def test_no_figure_rests_on_a_damaged_policy(self, ours: tuple[Application, Caller]) -> None:
        """Neither is it shown."""
        application, caller = ours
        damage(
            application.database,
            "INSERT INTO policy SELECT :ours, 2, 0, 'me', 'spot', 'per_gpu', 'count', "
            "'us-east-1', 'us-east1', 'eastus', 0, 0, 0, 'not its digest', 'UTC'",
        )

        assert [path for path in (*FIGURES, "/policy") if not is_refused(caller, path)] == []


class TestWithoutTheComparison:
    """The controls: a wrong number would be served."""

    def test_of_events(
        self, ours: tuple[Application, Caller], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another rate, another cost, once the caches are made anew."""
        application, caller = ours
        right = Decimal(str(caller.read("/economy/savings")["lifetime_cost"]))
        damage(
            application.database,
            "UPDATE usage_event SET rate = rate * 2 WHERE seq = 1",
            "DELETE FROM ledger_cache",
        )
        monkeypatch.setattr(event_chain, "_follows", lambda *_: True)

        later = start_application_on(str(application.database.url))
        served = machine(later).read("/economy/savings")["lifetime_cost"]
        later.close()

        assert Decimal(str(served)) - right == Decimal("0.5")

    def test_of_prices(self, copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another price, another saving."""
        monkeypatch.setattr(stored_facts, "_is_as_written", lambda *_: True)
        costs: list[Decimal] = []
        for factor in (1, 2):
            database = Database(f"sqlite:///{copy}")
            damage(
                database,
                "UPDATE provider_pricing "  # noqa: S608
                f"SET price_per_instance_hour = price_per_instance_hour * {factor}",
            )
            database.close()
            application = start_application(copy.parent)
            served = machine(application).read("/economy/savings")["lifetime_provider_cost"]
            costs.append(Decimal(str(served)))
            application.close()

        # Each is rounded to four decimals.
        assert costs[0] > 0
        assert abs(costs[1] - 2 * costs[0]) <= Decimal("0.0002")

    def test_of_what_a_server_reads_again(
        self, ours: tuple[Application, Caller], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An event whose rate was changed, and that a late report lets be replayed."""
        application, caller = ours
        before = Decimal(str(caller.read("/economy/savings")["lifetime_cost"]))
        damage(application.database, "UPDATE usage_event SET rate = rate * 2 WHERE seq = 4")
        monkeypatch.setattr(event_chain, "_follows", lambda *_: True)
        caller.push(stop("i-3", hours_ago(7)))

        served = Decimal(str(caller.read("/economy/savings")["lifetime_cost"]))

        assert served - before == 6 * 3


def answers(folder: Path) -> dict[str, str]:
    """Return what an application over the database in a folder answers; all that it refuses is ''.

    Raises:
        AssertionError: it answers with an error other than `integrity`.
    """
    application = start_application(folder)
    caller = machine(application)
    found = {
        path: "" if is_refused(caller, path) else json.dumps(caller.read(path)) for path in FIGURES
    }
    application.close()
    return found


def test_one_byte_of_a_fact_never_makes_another_number(template: Path, tmp_path: Path) -> None:
    """Flipped in the file while nothing runs: a question is refused, or answered as before."""
    rows = {table: rows_in_file(template / "economy.db", table) for table in FACTS}
    path = Path(shutil.copy(template / "economy.db", tmp_path))
    right = answers(tmp_path)
    random = Random("D12")
    wrong = []

    for turn in range(FLIPS):
        table = FACTS[turn % len(FACTS)]
        offset, mask = random.choice(random.choice(rows[table])), random.randrange(1, 256)
        for file in tmp_path.glob("economy.db*"):
            file.unlink()
        shutil.copy(template / "economy.db", path)
        flip(path, offset, mask)
        got = answers(tmp_path)
        if set(got.values()) <= set(right.values()) or not all(
            answer in ("", right[question]) for question, answer in got.items()
        ):
            wrong.append((table, offset, mask, got))

    assert wrong == []
