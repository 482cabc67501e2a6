"""The worked scenarios of the rating rules, told to a server and asked of it over HTTP."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from dumont_economy.instant import parse_instant
from dumont_economy.money import amount_text
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.disk_price import DiskPrice
from dumont_economy.pricing.gpu_identity import shipped_identifier
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.services.replay_scenario import differences
from dumont_economy.services.scenario import as_number
from dumont_economy.storage import disk_prices, prices
from dumont_economy.storage.database import Database
from tests.api.harness import Application, Caller, Json, start_application_on
from tests.api.opened import all_lines, saving_of, sum_of

EXAMPLES = Path(__file__).parent.parent / "rating" / "examples.json"
SCENARIOS: dict[str, Json] = {
    one["id"]: one for one in json.loads(EXAMPLES.read_text(encoding="utf-8"))["scenarios"]
}
# The scenarios' own name of a GPU, as a report would spell it.
SPELLINGS = {"A100-80": "A100 80GB"}
_BEFORE_ALL = timedelta(days=1)


class Told:
    """A scenario as a server is told it, in the order of time."""

    def __init__(self, application: Application, scenario: Json) -> None:
        self.application = application
        self.scenario = scenario
        self.callers: dict[str, Caller] = {}
        self.became: dict[str, dict[str, int]] = {}

    def play(self, answer: Callable[[Json], None]) -> None:
        """Let each fact be learned and each query be asked when its time has come."""
        book = self.scenario["price_book"]
        acts: list[tuple[str, int, Callable[[], None]]] = [
            *((one["published_at"], 0, self._learning(one)) for one in book["prices"]),
            *((one["published_at"], 0, self._ruling(one)) for one in book["billing_rules"]),
            *((one["published_at"], 0, self._disks(one)) for one in book.get("disk_prices", ())),
            *((one["received_at"], 1, self._delivery(one)) for one in self.scenario["deliveries"]),
            *((one["as_of"], 2, self._asking(one, answer)) for one in self.scenario["queries"]),
        ]
        acts.sort(key=lambda act: (parse_instant(act[0]), act[1]))
        self.application.clock.present = parse_instant(acts[0][0]) - _BEFORE_ALL
        for tenant in {one.get("tenant", "t1") for one in self.scenario["deliveries"]}:
            account = self.application.account(tenant)
            self.callers[tenant] = self.application.machine(account)
            self.became[tenant] = {"duplicate": 0, "conflict": 0}
        for instant, _, act in acts:
            self.application.clock.set(instant)
            act()

    def _learning(self, price: Json) -> Callable[[], None]:
        identity = shipped_identifier().identify(SPELLINGS[price["gpu"]])
        assert identity is not None
        assert price.get("currency", "USD") == "USD"
        fact = PriceFact(
            sku=Sku(price["cloud"], price["region"], "one", identity.name, Fraction(1), "x86_64"),
            pricing_model=PricingModel.ON_DEMAND,
            usd_per_instance_hour=Decimal(price["price_per_gpu_hour"]),
            effective_from=parse_instant(price["effective_from"]),
            source_kind=SourceKind.PROVIDER_FEED,
            source="the scenario",
            source_url=None,
            retrieved_at=parse_instant(price["published_at"]).date(),
            first_seen=None,
            previous_last_seen=None,
        )

        def learn() -> None:
            with self.application.database.write() as connection:
                prices.append_prices(
                    connection,
                    [fact],
                    published_at=self.application.clock.now(),
                    payload_sha256="0" * 64,
                )

        return learn

    def _ruling(self, rule: Json) -> Callable[[], None]:
        fact = prices.BillingRuleFact(
            provider=rule["party"],
            min_seconds=rule["min_seconds"],
            increment_seconds=rule["increment_seconds"],
            rounding=Rounding(rule["rounding"]),
            effective_from=parse_instant(rule["effective_from"]),
            source="the scenario",
            sureness="sure",
        )

        def learn() -> None:
            with self.application.database.write() as connection:
                prices.append_billing_rules(
                    connection, [fact], published_at=self.application.clock.now()
                )

        return learn

    def _disks(self, price: Json) -> Callable[[], None]:
        def learn() -> None:
            fact = DiskPrice(
                provider=price["cloud"],
                region=price["region"],
                usd_per_gb_month=Decimal(price["price_gb_month"]),
                hours_per_month=price["hours_per_month"],
                effective_from=parse_instant(price["effective_from"]),
                published_at=self.application.clock.now(),
                source="the scenario",
                source_url=None,
                retrieved_at=self.application.clock.now().date(),
            )
            with self.application.database.write() as connection:
                disk_prices.append_disk_prices(connection, [fact])

        return learn

    def _delivery(self, delivery: Json) -> Callable[[], None]:
        tenant = delivery.get("tenant", "t1")
        events = [
            {**one, "gpu": SPELLINGS[one["gpu"]]} if "gpu" in one else one
            for one in delivery["events"]
        ]

        def deliver() -> None:
            answer = self.callers[tenant].send(events)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            for result in answer.get_json()["results"]:
                if result["status"] != "accepted":
                    self.became[tenant][result["status"]] += 1

        return deliver

    def _asking(self, query: Json, answer: Callable[[Json], None]) -> Callable[[], None]:
        return lambda: answer(query)

    def ask(self, query: Json, *, as_of: str | None) -> Json:
        """Return the answer of the server in the spelling of a scenario."""
        assert query["now"] == query["as_of"]
        tenant = query.get("tenant", "t1")
        asked = {
            "from": query["from"],
            "to": query["to"],
            "timezone": query["timezone"],
            "provider": query["compare"]["cloud"],
        }
        if query.get("by_day"):
            asked["group_by"] = "day"
        if "adjustment_since" in query:
            asked["adjustment_since"] = query["adjustment_since"]
        if as_of is not None:
            asked["as_of"] = as_of
        found = self.callers[tenant].read("/ledger/totals", **asked)
        assert found["currency"] == query["currency"]
        assert found["comparison"]["region"] == query["compare"]["region"]
        noticed = {**found["noticed"], **self.became[tenant]}
        told = {**found["totals"], "noticed": noticed, "days": found["days"]}
        return told | {"adjustment": found["adjustment"]}

    def open(self, query: Json) -> list[Json]:
        """Return the lines behind an answer, as known then."""
        return all_lines(
            self.callers[query.get("tenant", "t1")],
            **{name: query[name] for name in ("from", "to", "timezone", "as_of")},
            provider=query["compare"]["cloud"],
        )


def cases() -> list[Any]:
    """Return every scenario."""
    return [pytest.param(one, id=name) for name, one in SCENARIOS.items()]


def spelt(line: Json) -> tuple[object, ...]:
    """Return a line of an answer or of a scenario, its numbers as numbers."""
    numbers = (line[name] for name in ("seconds", "pad_seconds", "units", "unit_price", "amount"))
    texts = (line[name] for name in ("side", "component", "instance", "from", "to", "currency"))
    return (*texts, *map(as_number, numbers))


@pytest.fixture
def bare(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Application]:
    """Start an application that knows no price at all, over either database."""
    monkeypatch.setattr("dumont_economy.services.shipped_facts.load_shipped_facts", lambda *_: None)
    made = start_application_on(database.url.render_as_string(hide_password=False))
    yield made
    made.close()


@pytest.mark.parametrize("scenario", cases())
def test_a_server_answers_as_worked_by_hand(bare: Application, scenario: Json) -> None:
    """Live when its time has come, as known then when it has passed: to the last digit."""
    told = Told(bare, scenario)
    found: list[str] = []
    asked: list[tuple[Json, Json]] = []

    def answer(query: Json) -> None:
        live = told.ask(query, as_of=None)
        asked.append((query, live))
        found.extend(differences(live, query["expected"]))

    told.play(answer)
    bare.clock.advance(days=400)

    assert found == []
    assert len(asked) == len(scenario["queries"])
    for query, live in asked:
        again = told.ask(query, as_of=query["as_of"])
        # What was sent twice, or otherwise, is counted by the sender: that count has grown.
        again["noticed"] |= {name: live["noticed"][name] for name in ("duplicate", "conflict")}
        assert again == live
        lines = told.open(query)
        assert amount_text(sum_of(lines, "actual")) == live["actual"]
        assert amount_text(sum_of(lines, "comparison")) == live["comparison"]
        assert amount_text(saving_of(lines)) == live["saving"]
        # A scenario lists what has an amount.
        priced = [line for line in lines if line["side"] != "unpriced"]
        assert Counter(map(spelt, priced)) == Counter(map(spelt, query["expected"]["lines"]))


def test_a_wrong_figure_is_found(bare: Application) -> None:
    """The control: the comparison with the worked answers is able to fail."""
    scenario = json.loads(json.dumps(SCENARIOS["E01"]))
    scenario["queries"][0]["expected"]["saving"] = "7.0000000001"
    told = Told(bare, scenario)
    found: list[str] = []

    told.play(
        lambda query: found.extend(differences(told.ask(query, as_of=None), query["expected"]))
    )

    assert [one.partition(":")[0] for one in found] == ["saving"]
