"""The price book over HTTP: what was on offer, the past of a SKU, and why a GPU is compared so."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner

from dumont_economy.cli.main import main
from dumont_economy.instant import instant_text, parse_instant
from dumont_economy.pricing.price_claim import FeedScope, PriceClaim
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.services.claim_text import claim_text
from dumont_economy.storage import price_imports, price_quarantine, prices
from dumont_economy.storage.price_imports import ImportCounts, ImportOutcome, ImportRecord
from dumont_economy.storage.price_quarantine import Decision, NewQuarantine
from tests.api.harness import (
    NOON,
    Application,
    Caller,
    Json,
    before,
    start_application,
    start_application_on,
)

LIST = "/prices"
EXPLAIN = "/prices/explain"
P5 = "/prices/p5.48xlarge/history"
BEFORE_THE_BOOK = before(NOON, seconds=1)
BEFORE_THE_CUT = "2025-04-29T23:59:59Z"
AFTER_THE_CUT = "2025-04-30T00:00:00Z"
LATER = "2026-08-04T12:00:00Z"


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Return an application whose prices no other test sees; it is noon."""
    application = start_application(tmp_path_factory.mktemp("own"))
    yield application
    application.close()


@pytest.fixture
def reader(own: Application) -> Caller:
    """Return a machine that may read there."""
    return own.machine(own.account("reader"))


def learn(application: Application, *facts: PriceFact) -> None:
    """Learn prices, known from now on."""
    with application.database.write() as connection:
        published_at = prices.next_publication(connection, application.clock.now())
        prices.append_prices(connection, facts, published_at=published_at, payload_sha256="0" * 64)


def rented(
    instance_type: str, region: str = "eu-1", gpu: str = "T4", provider: str = "Rental"
) -> PriceFact:
    """Return the price of one GPU at a cloud that nothing is compared with."""
    return PriceFact(
        sku=Sku(provider, region, instance_type, gpu, Fraction(1), "x86_64"),
        pricing_model=PricingModel.ON_DEMAND,
        usd_per_instance_hour=Decimal("0.2"),
        effective_from=parse_instant("2026-01-01T00:00:00Z"),
        source_kind=SourceKind.OTHER,
        source="a catalogue",
        source_url=None,
        retrieved_at=date(2026, 8, 1),
        first_seen=None,
        previous_last_seen=None,
    )


def doubt(
    application: Application,
    price: str,
    *,
    seen_on: date = date(2026, 8, 3),
    since: str | None = None,
) -> int:
    """Let another price of p5.48xlarge wait for a person; return its number."""
    claim = PriceClaim(
        provider="aws",
        region="us-east-1",
        instance_type="p5.48xlarge",
        pricing_model=PricingModel.ON_DEMAND,
        price_per_instance_hour=Decimal(price),
        currency="USD",
        effective_from=None if since is None else parse_instant(since),
        seen_on=seen_on,
        source_url="http://127.0.0.1/catalogue",
        place="line 7",
    )
    now = application.clock.now()
    record = ImportRecord(
        scope=FeedScope(SourceKind.OTHER, "a catalogue", "aws", None),
        url="http://127.0.0.1/catalogue",
        retrieved_at=now,
        outcome=ImportOutcome.TAKEN,
        code="",
        detail="",
        counts=ImportCounts(quarantined=1),
        payload_sha256=None,
    )
    waiting = NewQuarantine(
        provider=claim.provider,
        region=claim.region,
        instance_type=claim.instance_type,
        pricing_model=claim.pricing_model,
        price_per_instance_hour=claim.price_per_instance_hour,
        last_price=Decimal("55.04"),
        code="conflict",
        detail="more than 2 % apart.",
        claim=claim_text(claim),
    )
    with application.database.write() as connection:
        number = price_imports.add_import(connection, record, published_at=now)
        price_quarantine.add_quarantine(connection, number, [waiting])
        return max(one.number for one in price_quarantine.waiting_prices(connection))


def eight_h100(reader: Caller, **query: str | int) -> Json:
    """Return the explanation of what p5.48xlarge is the answer to."""
    return reader.read(EXPLAIN, gpu="H100 SXM", count=8, **query)


def skus(answer: Json) -> list[tuple[str, str]]:
    """Return the provider and instance type of each price listed."""
    return [(one["provider"], one["instance_type"]) for one in answer["prices"]]


class TestList:
    """What was on offer at an instant, as it was known at another."""

    def test_a_price_comes_with_its_source_its_dates_and_its_age(self, caller: Caller) -> None:
        """Amounts are text beside a currency; the bracket says how sure the date is."""
        answer = caller.read(LIST, provider="aws", gpu="NVIDIA-H100-80GB-HBM3")

        (found,) = [one for one in answer["prices"] if one["instance_type"] == "p5.48xlarge"]
        assert (answer["at"], answer["as_of"]) == (NOON, NOON)
        assert answer["gpu_type"] == "H100-80GB-SXM"
        assert found["price_per_instance_hour"] == "55.04"
        assert found["price_per_gpu_hour"] == "6.88"
        assert (found["currency"], found["gpu_count"]) == ("USD", 8)
        assert found["effective_from"] == AFTER_THE_CUT
        assert found["previous_last_seen"] == "2025-04-29"
        assert found["published_at"] == NOON
        age = date(2026, 8, 3) - date.fromisoformat(found["retrieved_at"])
        assert found["age_days"] == age.days
        assert found["source"]
        assert found["source_url"].startswith("https://")

    def test_each_provider_is_looked_at_in_the_policys_region(self, caller: Caller) -> None:
        """In a stable order: provider, region, GPU, instance type."""
        answer = caller.read(LIST, limit=500)

        places = {(one["provider"], one["region"]) for one in answer["prices"]}
        order = [
            (one["provider"].lower(), one["region"], one["gpu_type"], one["instance_type"])
            for one in answer["prices"]
        ]
        assert places == {("AWS", "us-east-1"), ("GCP", "us-central1"), ("Azure", "eastus")}
        assert order == sorted(order)

    @pytest.mark.parametrize(("at", "price"), [(BEFORE_THE_CUT, "98.32"), (AFTER_THE_CUT, "55.04")])
    def test_the_price_is_that_of_the_instant(self, caller: Caller, at: str, price: str) -> None:
        """The cut of p5.48xlarge is dated."""
        answer = caller.read(LIST, provider="AWS", gpu="H100 SXM", at=at)

        assert ("AWS", "p5.48xlarge") in skus(answer)
        assert price in {one["price_per_instance_hour"] for one in answer["prices"]}

    def test_nothing_was_known_before_the_book_was_loaded(self, caller: Caller) -> None:
        """No price, and no default."""
        assert caller.read(LIST, as_of=BEFORE_THE_BOOK)["prices"] == []

    def test_what_is_not_sold_any_more_is_not_listed(self, caller: Caller) -> None:
        """An Azure series that was retired."""
        listed = {
            at: {sku for _, sku in skus(caller.read(LIST, provider="azure", at=at, limit=500))}
            for at in ("2025-09-29T00:00:00Z", "2025-09-30T00:00:00Z")
        }

        assert "Standard_NC6s_v3" in listed["2025-09-29T00:00:00Z"]
        assert "Standard_NC6s_v3" not in listed["2025-09-30T00:00:00Z"]

    def test_a_slice_of_a_gpu_is_counted_as_an_exact_text(self, caller: Caller) -> None:
        """Whole GPUs are numbers."""
        answer = caller.read(LIST, provider="azure", gpu="A10", limit=500)

        counts = {one["instance_type"]: one["gpu_count"] for one in answer["prices"]}
        assert counts["Standard_NV36ads_A10_v5"] == 1
        assert all(isinstance(count, int) or 0 < Fraction(count) < 1 for count in counts.values())
        assert any(isinstance(count, str) for count in counts.values())

    def test_pages_tile_the_list(self, caller: Caller) -> None:
        """Page after page, nothing twice and nothing left out."""
        whole = caller.read(LIST, limit=500)["prices"]
        pages: list[list[Json]] = []
        cursor = ""

        while not pages or cursor:
            page = caller.read(LIST, limit=40, **({"cursor": cursor} if cursor else {}))
            pages.append(page["prices"])
            cursor = page["next_cursor"]

        assert len(pages) > 2
        assert [one for page in pages for one in page] == whole

    def test_all_pages_are_of_the_instant_of_the_first(self, own: Application) -> None:
        """A price that comes in meanwhile shifts nothing."""
        reader = own.machine(own.account("walker"))
        whole = reader.read(LIST, limit=500)["prices"]
        first = reader.read(LIST, limit=40)

        own.clock.advance(hours=1)
        learn(own, rented("first-of-all", provider="aaa"))
        rest = reader.read(LIST, limit=500, cursor=first["next_cursor"])

        assert first["prices"] + rest["prices"] == whole
        assert rest["as_of"] == NOON
        assert reader.read(LIST, limit=1)["prices"][0]["instance_type"] == "first-of-all"

    def test_a_cloud_that_nothing_is_compared_with_is_listed_too(
        self, own: Application, reader: Caller
    ) -> None:
        """In all its regions, and by its name in any case."""
        learn(own, rented("a"), rented("b", region="us-1"), rented("c", gpu="L4"))
        own.clock.advance(seconds=1)

        assert skus(reader.read(LIST, provider="rental")) == [
            ("Rental", "c"),
            ("Rental", "a"),
            ("Rental", "b"),
        ]
        assert skus(reader.read(LIST, provider="Rental", region="us-1")) == [("Rental", "b")]
        assert skus(reader.read(LIST, provider="RENTAL", gpu="Tesla T4")) == [
            ("Rental", "a"),
            ("Rental", "b"),
        ]

    def test_an_unknown_provider_is_told_which_there_are(
        self, own: Application, reader: Caller
    ) -> None:
        """400, as everywhere."""
        learn(own, rented("a"))

        answer = reader.get(LIST, provider="oracle")

        assert answer.status_code == 400
        assert answer.get_json()["code"] == "unknown_provider"
        assert answer.get_json()["detail"].endswith("Use Rental, AWS, Azure or GCP.")


class TestHistory:
    """Which rate held from when to when, and what every source has stated."""

    def test_the_cut_of_p5_is_in_its_past(self, caller: Caller) -> None:
        """98.32 up to 29 April 2025, 55.04 from 30 April on."""
        answer = caller.read(P5)

        held = [
            (one["price_per_instance_hour"], one["effective_from"], one["until"])
            for one in answer["timeline"]
        ]
        assert (answer["provider"], answer["region"]) == ("AWS", "us-east-1")
        assert (answer["gpu_type"], answer["gpu_count"]) == ("H100-80GB-SXM", 8)
        assert held == [
            ("98.32", "2025-04-04T00:00:00Z", AFTER_THE_CUT),
            ("55.04", AFTER_THE_CUT, None),
        ]
        assert {one["source_kind"] for one in answer["statements"]} == {"shipped_book"}

    def test_what_is_learned_later_changes_no_older_answer(
        self, own: Application, reader: Caller
    ) -> None:
        """The statement is added; the timeline as it was known stays."""
        then = reader.read(P5)
        own.clock.set(LATER)
        stated = reader.read(P5)["statements"][0]
        sku = Sku("aws", "us-east-1", "p5.48xlarge", "H100-80GB-SXM", Fraction(8), "x86_64")
        learn(
            own,
            PriceFact(
                sku=sku,
                pricing_model=PricingModel.ON_DEMAND,
                usd_per_instance_hour=Decimal(50),
                effective_from=parse_instant("2026-08-01T00:00:00Z"),
                source_kind=SourceKind.PROVIDER_FEED,
                source="AWS Price List",
                source_url=None,
                retrieved_at=date(2026, 8, 4),
                first_seen=None,
                previous_last_seen=None,
            ),
        )

        now = reader.read(P5)

        assert reader.read(P5, as_of=NOON) == then
        assert now["statements"][0] == stated
        assert now["statements"][-1]["source_kind"] == "provider_feed"
        assert now["timeline"][-1]["price_per_instance_hour"] == "50"
        assert now["timeline"][-2]["until"] == "2026-08-01T00:00:00Z"

    @pytest.mark.parametrize(
        ("sku", "query"),
        [
            pytest.param("n1-standard-64+8xnvidia-tesla-v100", {}, id="of GCP, with a plus"),
            pytest.param("Standard_NV36ads_A10_v5", {}, id="of Azure, with underscores"),
            pytest.param("a2-highgpu-1g", {"pricing_model": "spot"}, id="spot"),
            pytest.param("g6e.xlarge", {"region": "us-west-2"}, id="another region"),
        ],
    )
    def test_a_sku_is_found_as_answers_spell_it(
        self, caller: Caller, sku: str, query: dict[str, str]
    ) -> None:
        """Whatever its provider."""
        answer = caller.read(f"/prices/{sku}/history", **query)

        assert answer["sku"] == sku
        assert answer["timeline"]
        for one in (*answer["timeline"], *answer["statements"]):
            assert one["pricing_model"] == query.get("pricing_model", "on_demand")
        for name, value in query.items():
            assert answer[name] == value

    def test_when_its_sale_ends_is_said(self, caller: Caller) -> None:
        """The price stays in force for what ran on."""
        answer = caller.read("/prices/Standard_NC6s_v3/history")

        assert answer["not_offered_from"] == "2025-09-30T00:00:00Z"
        assert answer["timeline"][-1]["until"] is None

    @pytest.mark.parametrize(
        ("sku", "query"),
        [
            pytest.param("p9.huge", {}, id="no such type"),
            pytest.param("p5.48xlarge", {"provider": "gcp"}, id="another provider"),
            pytest.param("p5.48xlarge", {"region": "mars"}, id="another region"),
            pytest.param("p5.48xlarge", {"pricing_model": "reserved_1y"}, id="another model"),
            pytest.param("p5.48xlarge", {"as_of": BEFORE_THE_BOOK}, id="before the book"),
            pytest.param("P5.48XLARGE", {}, id="capitals"),
            pytest.param("p%2548xlarge", {}, id="a wildcard"),
            pytest.param("p5.48xlarge%00", {}, id="a NUL"),
            pytest.param("x" * 129, {}, id="129 characters"),
        ],
    )
    def test_what_nothing_is_known_of_is_not_found(
        self, caller: Caller, sku: str, query: dict[str, str]
    ) -> None:
        """404, and never a default."""
        answer = caller.get(f"/prices/{sku}/history", **query)

        assert answer.status_code == 404
        assert answer.get_json()["code"] == "not_found"

    @pytest.mark.parametrize(
        ("facts", "field"),
        [
            pytest.param([rented("p5.48xlarge")], "provider", id="of two providers"),
            pytest.param([rented("x"), rented("x", "us-1")], "region", id="in two regions"),
        ],
    )
    def test_a_name_that_means_several_is_not_guessed_at(
        self, own: Application, reader: Caller, facts: list[PriceFact], field: str
    ) -> None:
        """422 names what to add; with it the answer is one."""
        learn(own, *facts)
        own.clock.advance(seconds=1)
        sku = facts[0].sku
        path = f"/prices/{sku.instance_type}/history"

        answer = reader.get(path)

        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["pointer"] == field
        named = {"provider": sku.provider, "region": sku.region}[field]
        assert reader.read(path, **{field: named})["provider"] == "Rental"


class TestExplanation:
    """What a GPU is compared with, and everything that was weighed."""

    @pytest.mark.parametrize(("at", "price"), [(BEFORE_THE_CUT, "98.32"), (AFTER_THE_CUT, "55.04")])
    def test_the_price_is_that_of_the_instant(self, caller: Caller, at: str, price: str) -> None:
        """Eight H100 are a p5.48xlarge on both sides of its cut."""
        answer = eight_h100(caller, at=at)

        assert (answer["grade"], answer["sku"]) == ("A", "p5.48xlarge")
        assert answer["price_per_hour"] == price
        assert answer["price_range"] == {"low": price, "expected": price, "high": price}
        assert answer["at"] == at

    def test_one_a100_on_aws_is_a_share_with_both_figures(self, caller: Caller) -> None:
        """AWS sells them by eights: grade B, the share, and what would have to be rented."""
        answer = caller.read(EXPLAIN, gpu="A100", provider="aws")

        assert (answer["grade"], answer["how"], answer["machines"]) == ("B", "share", "0.125")
        assert answer["variant_assumed"] is True
        assert answer["price_per_gpu_hour"] == "2.74470525"
        assert answer["price_smallest_instance"] == "21.957642"
        assert answer["smallest_instance_sku"] == answer["sku"] == "p4d.24xlarge"
        assert answer["source"]
        assert answer["age_days"] == 14

    @pytest.mark.parametrize(
        ("provider", "sku", "gpu", "bandwidth"),
        [
            ("AWS", "g6e.xlarge", "L40S", "0.86"),
            ("gcp", "a2-highgpu-1g", "A100-40GB", "1.54"),
            ("azure", "Standard_NV36ads_A10_v5", "A10", "0.60"),
        ],
    )
    def test_an_rtx_4090_has_a_substitute_with_ratios(
        self, caller: Caller, provider: str, sku: str, gpu: str, bandwidth: str
    ) -> None:
        """Grade D; the chosen candidate comes first, each of the others with why it lost."""
        answer = caller.read(EXPLAIN, gpu="RTX 4090", provider=provider)

        assert (answer["grade"], answer["sku"]) == ("D", sku)
        assert answer["compared_gpu_type"] == gpu
        assert answer["ratios"]["bandwidth"] == bandwidth
        first, *others = answer["candidates"]
        assert (first["sku"], first["why_not"]) == (sku, None)
        assert others
        assert all(one["why_not"] for one in others)
        assert "L4" not in {one["compared_gpu_type"] for one in answer["candidates"]}

    @pytest.mark.parametrize("provider", ["aws", "gcp"])
    def test_an_l4_is_no_candidate_for_it_and_why_is_said(
        self, caller: Caller, provider: str
    ) -> None:
        """It has the memory, but 0.30 of the bandwidth."""
        rejected = caller.read(EXPLAIN, gpu="RTX 4090", provider=provider)["rejected"]

        reasons = {one["gpu_type"]: one["reason"] for one in rejected}
        assert reasons["L4"].startswith("memory bandwidth: 300 GB/s, 0.30 of the original's")

    def test_on_demand_and_spot_can_be_asked_for_the_same_gpu(self, caller: Caller) -> None:
        """The same machine, at two prices."""
        asked = {
            model: caller.read(EXPLAIN, gpu="A100", provider="gcp", pricing_model=model)
            for model in ("on_demand", "spot")
        }

        assert {one["sku"] for one in asked.values()} == {"a2-highgpu-1g"}
        assert asked["on_demand"]["price_per_hour"] == "3.673385"
        assert Decimal(asked["spot"]["price_per_hour"]) < Decimal("3.673385")
        assert {model: one["pricing_model"] for model, one in asked.items()} == {
            "on_demand": "on_demand",
            "spot": "spot",
        }

    @pytest.mark.parametrize("gpu", ["", "GPU", "RTX 4090 D", "A10 v2", "100%_'; --"])
    def test_an_unknown_gpu_is_an_answer(self, caller: Caller, gpu: str) -> None:
        """Null and grade N with the reason, and no near match."""
        answer = caller.read(EXPLAIN, gpu=gpu)

        assert (answer["gpu_type"], answer["grade"], answer["sku"]) == (None, "N", None)
        assert answer["price_per_hour"] is None
        assert answer["price_range"] is None
        assert answer["candidates"] == answer["rejected"] == answer["conflicts"] == []
        assert "not one that we know" in answer["reason"]

    @pytest.mark.parametrize(
        "query",
        [
            pytest.param({"as_of": BEFORE_THE_BOOK}, id="as known before the book was loaded"),
            pytest.param({"at": "2020-01-01T00:00:00Z"}, id="before the first dated fact"),
            pytest.param({"region": "mars"}, id="in a region without prices"),
            pytest.param({"pricing_model": "reserved_3y"}, id="under a model without prices"),
        ],
    )
    def test_without_a_price_there_is_none(self, caller: Caller, query: dict[str, str]) -> None:
        """Never a default."""
        answer = caller.read(EXPLAIN, gpu="H100", **query)

        assert answer["grade"] == "N"
        assert answer["gpu_type"] == "H100-80GB-PCIe"
        assert answer["price_per_gpu_hour"] is answer["price_smallest_instance"] is None
        assert "are known" in answer["reason"]

    def test_what_is_left_out_is_the_policy(self, own: Application) -> None:
        """Its region, discount, basis and substitutes; the discount is taken off both figures."""
        person = own.person("owner")
        bearer = {"Authorization": f"Bearer {person.token}"}
        policy = {
            "pricing_model": "on_demand",
            "basis": "smallest_instance",
            "substitutes": "exclude",
            "regions": {"AWS": "us-west-2"},
            "discounts": {"AWS": "0.25"},
        }
        assert person.client.put("/api/v1/policy", json=policy, headers=bearer).status_code == 200
        path = "/api/v1/prices/explain"

        def read(**query: str | int) -> Json:
            answer = person.client.get(path, query_string=query, headers=bearer)
            assert answer.status_code == 200
            found: Json = answer.get_json()
            return found

        mine, first = read(gpu="A100"), read(gpu="A100", policy_version=1)
        assert (mine["region"], mine["discount"], mine["policy_version"]) == (
            "us-west-2",
            "0.25",
            2,
        )
        assert (mine["basis"], mine["substitutes"]) == ("smallest_instance", "exclude")
        listed = Decimal(mine["price_range"]["expected"])
        assert Decimal(mine["price_per_hour"]) == listed * Decimal("0.75")
        assert mine["price_smallest_instance"] == mine["price_per_hour"]
        assert (first["region"], first["discount"], first["basis"]) == ("us-east-1", "0", "per_gpu")
        rejected = {one["gpu_type"]: one["reason"] for one in read(gpu="RTX 4090")["rejected"]}
        assert rejected["L40S"] == "a substitute, and the policy takes none"

    @pytest.mark.parametrize(
        "asked",
        [
            pytest.param({"gpu": "RTX 4090", "provider": "azure"}, id="a substitute"),
            pytest.param({"gpu": "Foo 9000", "provider": "aws"}, id="an unknown GPU"),
            pytest.param(
                {
                    "gpu": "A100",
                    "count": "3",
                    "provider": "gcp",
                    "memory_gib": "80",
                    "arch": "x86_64",
                    "region": "europe-west4",
                    "basis": "smallest_instance",
                    "pricing_model": "spot",
                    "at": "2026-08-01T00:00:00Z",
                },
                id="everything told",
            ),
        ],
    )
    def test_the_command_answers_the_same(self, tmp_path: Path, asked: dict[str, str]) -> None:
        """Field by field, on the same database."""
        url = f"sqlite:///{tmp_path / 'economy.db'}"
        run_command(url, "list")
        now = datetime.now(UTC)
        options = [
            word
            for name, value in {**asked, "as_of": instant_text(now)}.items()
            for word in (f"--{name.replace('_', '-')}", value)
        ]
        if "at" not in asked:
            asked = {**asked, "at": instant_text(now)}
            options += ["--at", asked["at"]]

        by_command = run_command(url, "explain", *options)

        application = start_application_on(url)
        application.clock.present = now
        by_api = application.machine(application.account("reader")).read(EXPLAIN, **asked)
        application.close()
        assert by_command == by_api


def run_command(url: str, *arguments: str) -> Json:
    """Return the JSON that `economy prices` prints on a database; it has to be done."""
    result = CliRunner().invoke(
        main, ["prices", *arguments, "--json"], env={"DUMONT_ECONOMY_DATABASE_URL": url}
    )
    assert result.exit_code == 0, result.output
    found: Json = json.loads(result.stdout)
    return found


class TestConflicts:
    """Another price of the chosen SKU waits for a person: both are shown, one is used."""

    def test_both_prices_are_shown_and_the_one_in_force_stays(
        self, own: Application, reader: Caller
    ) -> None:
        """The range goes from the one to the other."""
        alone = eight_h100(reader)
        number = doubt(own, "60.5")

        answer = eight_h100(reader)

        assert answer["conflicts"] == [
            {
                "number": number,
                "price_per_instance_hour": "60.5",
                "source": "a catalogue",
                "source_url": "http://127.0.0.1/catalogue",
                "code": "conflict",
                "detail": "more than 2 % apart.",
                "parameters": {"price": "60.5", "other_price": "55.04"},
                "seen_on": "2026-08-03",
                "since": NOON,
            }
        ]
        assert answer["price_range"] == {"low": "55.04", "expected": "55.04", "high": "60.5"}
        untouched = alone.keys() - {"conflicts", "price_range"}
        assert {name: answer[name] for name in untouched} == {
            name: alone[name] for name in untouched
        }

    def test_prices_on_both_sides_widen_the_range_both_ways(
        self, own: Application, reader: Caller
    ) -> None:
        """However absurd they are; none of them is expected."""
        for price in ("0.01", "5504", "54"):
            doubt(own, price)

        assert eight_h100(reader)["price_range"] == {
            "low": "0.01",
            "expected": "55.04",
            "high": "5504",
        }

    @pytest.mark.parametrize(
        ("at", "seen_on", "since", "is_shown"),
        [
            pytest.param(NOON, date(2026, 8, 3), None, True, id="seen today"),
            pytest.param(BEFORE_THE_CUT, date(2026, 8, 3), None, False, id="seen much later"),
            pytest.param(BEFORE_THE_CUT, date(2025, 4, 20), None, True, id="seen then"),
            pytest.param(NOON, date(2025, 4, 20), None, False, id="seen of the price before"),
            pytest.param(NOON, date(2026, 8, 3), LATER, False, id="announced"),
            pytest.param(LATER, date(2026, 8, 3), LATER, True, id="announced, and begun"),
            pytest.param(NOON, date(2026, 8, 3), "2025-04-10T00:00:00Z", True, id="dated back"),
        ],
    )
    def test_a_price_is_shown_where_it_contradicts_the_one_in_force(
        self,
        own: Application,
        reader: Caller,
        at: str,
        seen_on: date,
        since: str | None,
        is_shown: bool,  # noqa: FBT001
    ) -> None:
        """Not beside what held before, nor before it holds itself."""
        doubt(own, "60.5", seen_on=seen_on, since=since)

        assert bool(eight_h100(reader, at=at)["conflicts"]) is is_shown

    def test_a_decision_ends_it_from_then_on(self, own: Application, reader: Caller) -> None:
        """As it was known before, the price still waits; before it came in, it does not yet."""
        own.clock.set(LATER)
        number = doubt(own, "60.5")
        waiting = eight_h100(reader, at=NOON, as_of=LATER)
        own.clock.advance(hours=1)

        with own.database.write() as connection:
            price_quarantine.decide(
                connection,
                number,
                Decision.REJECTED,
                actor="somebody",
                reason="an old page",
                now=own.clock.now(),
            )

        assert waiting["conflicts"]
        assert eight_h100(reader, at=NOON, as_of=LATER) == waiting
        assert eight_h100(reader, at=NOON)["conflicts"] == []
        assert eight_h100(reader, at=NOON, as_of=NOON)["conflicts"] == []

    def test_prices_of_other_skus_are_not_shown(self, own: Application, reader: Caller) -> None:
        """Region and pricing model count too."""
        doubt(own, "60.5")

        for query in (
            {"gpu": "A100"},
            {"gpu": "H100 SXM", "count": 8, "region": "us-west-2"},
            {"gpu": "A100", "provider": "gcp", "pricing_model": "spot"},
        ):
            assert reader.read(EXPLAIN, **query)["conflicts"] == []


BAD_INSTANTS = [
    pytest.param("2026-01-01T00:00:00", "offset_required", id="no offset"),
    pytest.param("2026-01-01", "offset_required", id="a date"),
    pytest.param("2026-W01-4", "invalid_instant", id="a week"),
    pytest.param("20260101T000000Z", "invalid_instant", id="no separators"),
    pytest.param("2026-01-01T00:00:00+24:00", "invalid_instant", id="an offset of a day"),
    pytest.param("2026-01-01T00:00:00+00:00:01", "invalid_instant", id="an offset with seconds"),
    pytest.param("2026-01-01T00:00:00\u221203:00", "invalid_instant", id="another minus"),
    pytest.param("2026-01-01T23:59:60Z", "invalid_instant", id="a leap second that was none"),
    pytest.param("2026-01-01T24:00:00Z", "invalid_instant", id="hour 24"),
    pytest.param("2025-02-29T00:00:00Z", "invalid_instant", id="a day that was none"),
    pytest.param("2026-01-01T00:00:00.123456789Z", "too_precise", id="nanoseconds"),
    pytest.param("0001-01-01T00:00:00+14:00", "invalid_instant", id="before the year 1"),
    pytest.param("9999-12-31T23:59:59-12:00", "invalid_instant", id="after the year 9999"),
    pytest.param("\u0662\u0660\u0662\u0666-01-01T00:00:00Z", "invalid_instant", id="other digits"),
    pytest.param("1767225600000", "invalid_instant", id="an epoch"),
    pytest.param("", "invalid_instant", id="nothing"),
]


class TestBadQuestions:
    """What cannot be asked is refused, and the field is named."""

    @pytest.mark.parametrize(("text", "code"), BAD_INSTANTS)
    def test_an_instant_that_is_none(self, caller: Caller, text: str, code: str) -> None:
        """422 for use and for knowledge, at every address."""
        for path, name in ((LIST, "at"), (LIST, "as_of"), (P5, "as_of"), (EXPLAIN, "at")):
            query = {"gpu": "A100"} if path == EXPLAIN else {}
            answer = caller.get(path, **query, **{name: text})

            assert answer.status_code == 422
            first = answer.get_json()["errors"][0]
            assert (first["pointer"], first["code"]) == (name, code)

    @pytest.mark.parametrize("text", ["2026-08-03t12:00:00z", "2026-08-03T09:00:00-03:00"])
    def test_an_instant_may_be_written_otherwise(self, caller: Caller, text: str) -> None:
        """Small letters and other offsets are RFC 3339; answers are in UTC."""
        assert caller.read(LIST, at=text, limit=1)["at"] == NOON

    @pytest.mark.parametrize("path", [LIST, P5, EXPLAIN])
    def test_what_will_be_known_cannot_be_asked(self, caller: Caller, path: str) -> None:
        """422, as the command refuses it."""
        query = {"gpu": "A100"} if path == EXPLAIN else {}

        answer = caller.get(path, **query, as_of="2026-08-03T12:00:00.000001Z")

        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["code"] == "as_of_in_future"

    @pytest.mark.parametrize(
        ("path", "query", "pointer", "code"),
        [
            (LIST, {"limit": "0"}, "limit", "out_of_range"),
            (LIST, {"limit": "501"}, "limit", "out_of_range"),
            (LIST, {"limit": " 3_0"}, "limit", "not_a_whole_number"),
            (LIST, {"limit": "\u0969\u0966"}, "limit", "not_a_whole_number"),
            (LIST, {"gpu": "Foo 9000"}, "gpu", "unknown_gpu"),
            (LIST, {"gpu": ""}, "gpu", "unknown_gpu"),
            (LIST, {"region": ""}, "region", "empty"),
            (LIST, {"region": "x\x00"}, "region", "invalid_text"),
            (LIST, {"region": "x" * 65}, "region", "too_long"),
            (LIST, {"pricing_model": "free"}, "pricing_model", "unknown_value"),
            (LIST, {"sort": "id;drop table"}, "sort", "unknown_parameter"),
            (EXPLAIN, {}, "gpu", "missing"),
            (EXPLAIN, {"gpu": "x" * 256}, "gpu", "too_long"),
            (EXPLAIN, {"gpu": "A100", "count": "0"}, "count", "out_of_range"),
            (EXPLAIN, {"gpu": "A100", "count": "4097"}, "count", "out_of_range"),
            (EXPLAIN, {"gpu": "A100", "count": "1.0"}, "count", "not_a_whole_number"),
            (EXPLAIN, {"gpu": "A100", "memory_gib": "1e3"}, "memory_gib", "not_a_decimal"),
            (EXPLAIN, {"gpu": "A100", "memory_gib": "0"}, "memory_gib", "out_of_range"),
            (EXPLAIN, {"gpu": "A100", "arch": "mips"}, "arch", "unknown_value"),
            (EXPLAIN, {"gpu": "A100", "basis": "per_gram"}, "basis", "unknown_value"),
            (EXPLAIN, {"gpu": "A100", "policy_version": "0"}, "policy_version", "out_of_range"),
            (P5, {"at": NOON}, "at", "unknown_parameter"),
        ],
    )
    def test_a_parameter_that_cannot_be_used(
        self, caller: Caller, path: str, query: dict[str, str], pointer: str, code: str
    ) -> None:
        """422."""
        answer = caller.get(path, **query)

        assert answer.status_code == 422
        first = answer.get_json()["errors"][0]
        assert (first["pointer"], first["code"]) == (pointer, code)

    def test_a_parameter_twice(self, caller: Caller) -> None:
        """None of the two is chosen."""
        answer = caller.client.get(
            "/api/v1/prices?provider=AWS&provider=GCP", headers=caller.headers
        )

        assert answer.status_code == 422
        assert answer.get_json()["code"] == "repeated_parameter"

    @pytest.mark.parametrize("path", [LIST, P5, EXPLAIN])
    def test_a_provider_that_is_none(self, caller: Caller, path: str) -> None:
        """400, as everywhere."""
        query = {"gpu": "A100"} if path == EXPLAIN else {}

        answer = caller.get(path, **query, provider="%_\\")

        assert answer.status_code == 400
        assert answer.get_json()["code"] == "unknown_provider"

    def test_a_policy_version_that_does_not_exist(self, caller: Caller) -> None:
        """422, as at the other addresses that compare."""
        answer = caller.get(EXPLAIN, gpu="A100", policy_version=7)

        assert answer.status_code == 422
        assert answer.get_json()["code"] == "unknown_policy_version"

    @pytest.mark.parametrize(
        "edited",
        [
            pytest.param("MQ", id="of another list"),
            pytest.param("nonsense", id="nonsense"),
            pytest.param("NDAuOTk5OTk5OTk5OTk5OTk5OTk5", id="of an instant ahead"),
            pytest.param("NDAuLTE", id="with a negative number"),
            pytest.param("' OR 1=1", id="SQL"),
            pytest.param("\u0661", id="another digit"),
        ],
    )
    def test_a_cursor_that_was_edited_by_hand(self, caller: Caller, edited: str) -> None:
        """422 `bad_cursor`; what was answered is taken."""
        cursor = caller.read(LIST, limit=40)["next_cursor"]

        assert caller.get(LIST, cursor=cursor).status_code == 200
        for wrong in (edited, f"{cursor}="):
            answer = caller.get(LIST, cursor=wrong)
            assert answer.status_code == 422
            assert answer.get_json()["code"] == "bad_cursor"
