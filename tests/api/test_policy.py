"""How an account compares: asked in any version, changed by a new one, tried out before that."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from threading import Barrier

import pytest
from werkzeug.test import TestResponse

from dumont_economy.api.auth import limiter
from dumont_economy.services import people
from dumont_economy.services.people import Scope
from tests.api.harness import (
    CSRF,
    NOON,
    Application,
    Caller,
    Json,
    Person,
    SettableClock,
    hours_ago,
    start,
    stop,
)

PATH = "/api/v1/policy"
PREVIEW = "/api/v1/policy/preview"
DEFAULT: Json = {"pricing_model": "on_demand", "basis": "per_gpu", "substitutes": "count"}
# Everything is different: the whole machine, elsewhere, with a discount.
OTHER: Json = {
    "pricing_model": "on_demand",
    "basis": "smallest_instance",
    "substitutes": "exclude",
    "regions": {"AWS": "us-west-2", "GCP": "europe-west4", "Azure": "westus2"},
    "discounts": {"AWS": "0.15", "GCP": "0.2", "Azure": "0.0001"},
}
COMPARED = (
    "/economy/savings",
    "/economy/savings/history",
    "/economy/savings/realtime",
    "/economy/active-session",
    "/economy/pricing",
    "/instances",
)
PROVIDERS = ("AWS", "GCP", "Azure")
CONNECTIONS = 8

_numbers = count()


@dataclass(frozen=True)
class Owner:
    """A person signed in to an account, and a machine of it with every scope."""

    person: Person
    machine: Caller

    @property
    def bearer(self) -> dict[str, str]:
        """Return the session as a header, which needs no CSRF token."""
        return {"Authorization": f"Bearer {self.person.token}"}

    def put(self, body: Json) -> TestResponse:
        """Try to change the policy."""
        return self.machine.client.put(PATH, json=body, headers=self.bearer)

    def change(self, body: Json) -> Json:
        """Change the policy, which has to be taken, and return what it is then."""
        return _success(self.put(body))

    def preview(self, body: Json) -> Json:
        """Try a change out, which has to be possible."""
        return _success(self.machine.client.post(PREVIEW, json=body, headers=self.bearer))


def _success(answer: TestResponse) -> Json:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: Json = answer.get_json()
    return found


@pytest.fixture
def owner(application: Application) -> Owner:
    """Return the owner of an account with use of an A100, a GPU not sold at AWS, and an unknown."""
    return new_owner(application)


@pytest.fixture(scope="module")
def lasting_owner(shared_application: Application) -> Owner:
    """Return such an owner for tests that leave everything as it was."""
    shared_application.clock.set(NOON)
    limiter.reset()
    return new_owner(shared_application)


def new_owner(application: Application) -> Owner:
    """Return the owner of a new account with some use; it is noon."""
    name = f"policy-{next(_numbers)}"
    person = application.person(name)
    machine = application.machine(people.account_named(application.database, name))
    machine.push(
        start("closed", hours_ago(9), gpu="A100", rate="2.50"),
        stop("closed", hours_ago(8)),
        start("a100", hours_ago(3), gpu="A100", rate="2.50"),
        start("4090", hours_ago(2)),
        start("unknown", hours_ago(1), gpu="Foo 9000"),
    )
    return Owner(person, machine)


def bodies_of(caller: Caller, **query: str | int) -> list[bytes]:
    """Return every answer that compares, byte for byte."""
    answers = [caller.get(path, **query) for path in COMPARED]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.get_data() for answer in answers]


@pytest.mark.usefixtures("application")
class TestReading:
    """The version in force, or an old one."""

    def test_an_account_begins_with_the_default(self, owner: Owner) -> None:
        """On demand, per GPU, in the baseline's regions, without a discount; nobody chose it."""
        assert owner.machine.read("/policy") == {
            "version": 1,
            "versions": 1,
            "created_at": NOON,
            "author": None,
            **DEFAULT,
            "regions": {"AWS": "us-east-1", "GCP": "us-central1", "Azure": "eastus"},
            "discounts": {"AWS": "0", "GCP": "0", "Azure": "0"},
            "timezone": "UTC",
        }

    def test_a_change_is_a_version_with_a_date_and_an_author(
        self, owner: Owner, clock: SettableClock
    ) -> None:
        """And the one before it can still be read."""
        before = owner.machine.read("/policy")
        clock.advance(minutes=5)

        changed = owner.change(OTHER)

        assert changed == {
            "version": 2,
            "versions": 2,
            "created_at": "2026-08-03T12:05:00Z",
            "author": f"user {owner.person.email}",
            **OTHER,
            "timezone": "UTC",
        }
        assert owner.machine.read("/policy") == changed
        assert owner.machine.read("/policy", version=2) == changed
        assert owner.machine.read("/policy", version=1) == {**before, "versions": 2}

    @pytest.mark.parametrize("version", [2, 2**31 - 1])
    def test_a_version_that_does_not_exist_is_not_found(
        self, lasting_owner: Owner, version: int
    ) -> None:
        """404."""
        answer = lasting_owner.machine.get("/policy", version=version)

        assert answer.status_code == 404
        assert answer.get_json()["code"] == "not_found"

    @pytest.mark.parametrize("version", ["0", "-1", "1.0", "x", "", "99999999999"])
    @pytest.mark.parametrize(
        ("path", "name"), [("/policy", "version"), ("/economy/savings", "policy_version")]
    )
    def test_a_version_that_cannot_be_is_refused(
        self, lasting_owner: Owner, path: str, name: str, version: str
    ) -> None:
        """422, as any other parameter."""
        answer = lasting_owner.machine.get(path, **{name: version})

        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["pointer"] == name


class TestChanging:
    """Nothing is overwritten, and what is left out stays."""

    def test_regions_and_discounts_that_are_left_out_stay(self, owner: Owner) -> None:
        """Each of them by itself."""
        owner.change(OTHER)

        changed = owner.change(
            {**DEFAULT, "regions": {"GCP": "us-central1"}, "discounts": {"AWS": "0.05"}}
        )

        assert changed["version"] == 3
        assert changed["regions"] == {**OTHER["regions"], "GCP": "us-central1"}
        assert changed["discounts"] == {**OTHER["discounts"], "AWS": "0.05"}

    @pytest.mark.parametrize(
        "again",
        [
            pytest.param({}, id="as it was sent"),
            pytest.param({"expected_version": 2}, id="with the version that it is at"),
            pytest.param({"discounts": {"AWS": "0.1500"}}, id="with zeros at the end"),
            pytest.param({"regions": {}, "discounts": {}}, id="with what stays left out"),
        ],
    )
    def test_the_same_content_makes_no_version(
        self, owner: Owner, clock: SettableClock, again: Json
    ) -> None:
        """The answer is the version in force, with its date."""
        changed = owner.change(OTHER)
        clock.advance(minutes=5)

        assert owner.change({**OTHER, **again}) == changed

    def test_a_policy_that_was_changed_meanwhile_is_not_changed_blindly(self, owner: Owner) -> None:
        """409 names the version that it is at."""
        changed = owner.change({**OTHER, "expected_version": 1})

        answer = owner.put({**DEFAULT, "expected_version": 1})

        assert answer.status_code == 409
        assert answer.get_json()["code"] == "version_conflict"
        assert "version 2" in answer.get_json()["detail"]
        assert owner.machine.read("/policy") == changed

    @pytest.mark.parametrize(
        ("expected", "became"),
        [
            pytest.param(1, {200: 1, 409: CONNECTIONS - 1}, id="expecting version 1"),
            pytest.param(None, {200: CONNECTIONS}, id="expecting nothing"),
        ],
    )
    def test_of_changes_at_once_that_expect_the_same_version_one_is_taken(
        self,
        application: Application,
        owner: Owner,
        expected: int | None,
        became: dict[int, int],
    ) -> None:
        """The others are told; those that expect nothing are all taken, one after the other."""
        barrier = Barrier(CONNECTIONS)

        def change(number: int) -> int:
            client = application.flask.test_client()
            body = {**DEFAULT, "discounts": {"AWS": f"0.{number + 1}"}}
            if expected is not None:
                body["expected_version"] = expected
            barrier.wait()
            return client.put(PATH, json=body, headers=owner.bearer).status_code

        with ThreadPoolExecutor(CONNECTIONS) as pool:
            statuses = Counter(pool.map(change, range(CONNECTIONS)))

        assert statuses == became
        assert owner.machine.read("/policy")["version"] == 1 + became[200]


NO_ZONES = ["../../etc/passwd", "", "America", "A" * 10_000, "Sao Paulo", "utc", "+03:00"]
# A body, and the field and code of the first thing that is wrong with it.
BAD_BODIES = [
    *(
        pytest.param(
            {**DEFAULT, "timezone": zone}, "/timezone", "unknown_timezone", id=f"zone {zone[:16]}"
        )
        for zone in NO_ZONES
    ),
    pytest.param(
        {**DEFAULT, "timezone": 3}, "/timezone", "unknown_timezone", id="a number for a zone"
    ),
    pytest.param({}, "/pricing_model", "missing", id="nothing"),
    pytest.param({**DEFAULT, "basis": None}, "/basis", "unknown_value", id="a member that is null"),
    pytest.param({**DEFAULT, "basis": "per_gram"}, "/basis", "unknown_value", id="another basis"),
    pytest.param(
        {**DEFAULT, "pricing_model": "free"}, "/pricing_model", "unknown_value", id="another model"
    ),
    pytest.param(
        {**DEFAULT, "substitutes": 1}, "/substitutes", "unknown_value", id="a number for a word"
    ),
    pytest.param({**DEFAULT, "version": 7}, "/version", "unknown_field", id="what the server sets"),
    pytest.param({**DEFAULT, "author": "x"}, "/author", "unknown_field", id="another author"),
    pytest.param(
        {**DEFAULT, "regions": {"aws": "us-east-1"}},
        "/regions/aws",
        "unknown_field",
        id="a provider in small letters",
    ),
    pytest.param(
        {**DEFAULT, "regions": {"AWS": "us-east1"}},
        "/regions/AWS",
        "unknown_region",
        id="a region that is not one",
    ),
    pytest.param(
        {**DEFAULT, "regions": {"Azure": "us-east-1"}},
        "/regions/Azure",
        "unknown_region",
        id="a region of another provider",
    ),
    pytest.param(
        {**DEFAULT, "regions": {"AWS": "US-EAST-1"}},
        "/regions/AWS",
        "unknown_region",
        id="a region in capitals",
    ),
    pytest.param({**DEFAULT, "regions": {"AWS": ""}}, "/regions/AWS", "empty", id="no region"),
    pytest.param(
        {**DEFAULT, "regions": {"AWS": "x" * 65}}, "/regions/AWS", "too_long", id="a long region"
    ),
    pytest.param(
        {**DEFAULT, "regions": {"AWS": 1}}, "/regions/AWS", "must_be_string", id="a region number"
    ),
    pytest.param(
        {**DEFAULT, "regions": "us-east-1"}, "/regions", "must_be_object", id="one for all"
    ),
    *(
        pytest.param(
            {**DEFAULT, "discounts": {"GCP": sent}},
            "/discounts/GCP",
            "invalid_discount",
            id=f"a discount of {sent!r}",
        )
        for sent in (
            "1",
            "1.0",
            "-0.1",
            "0.12345",
            ".5",
            "15%",
            "",
            "0,5",
            "\u0660.\u0665",
            "1e-1",
            0,
            True,
        )
    ),
    pytest.param(
        {**DEFAULT, "expected_version": 0}, "/expected_version", "out_of_range", id="version 0"
    ),
    pytest.param(
        {**DEFAULT, "expected_version": "1"}, "/expected_version", "must_be_integer", id="a text"
    ),
    pytest.param(
        {**DEFAULT, "expected_version": 10**40},
        "/expected_version",
        "must_be_integer",
        id="41 digits",
    ),
]


@pytest.mark.usefixtures("application")
class TestBadBodies:
    """What cannot be a policy is neither saved nor tried out."""

    @pytest.mark.parametrize(("body", "pointer", "code"), BAD_BODIES)
    @pytest.mark.parametrize(("method", "path"), [("PUT", PATH), ("POST", PREVIEW)])
    def test_is_refused(
        self, lasting_owner: Owner, method: str, path: str, body: Json, pointer: str, code: str
    ) -> None:
        """422 names the field, and nothing changes."""
        answer = lasting_owner.machine.client.open(
            path, method=method, json=body, headers=lasting_owner.bearer
        )

        assert answer.status_code == 422
        first = answer.get_json()["errors"][0]
        assert (first["pointer"], first["code"]) == (pointer, code)
        assert lasting_owner.machine.read("/policy")["version"] == 1

    @pytest.mark.parametrize("sent", ["0.15", "0.5"])
    def test_a_discount_as_a_json_number_is_refused(self, lasting_owner: Owner, sent: str) -> None:
        """A number may be read as a float on its way; a text is what it says."""
        answer = lasting_owner.machine.client.put(
            PATH,
            data=f'{{"pricing_model": "on_demand", "basis": "per_gpu", "substitutes": "count", '
            f'"discounts": {{"AWS": {sent}}}}}',
            content_type="application/json",
            headers=lasting_owner.bearer,
        )

        assert answer.status_code == 422
        assert answer.get_json()["code"] == "invalid_discount"

    def test_an_unknown_region_is_answered_with_some_that_are_known(
        self, lasting_owner: Owner
    ) -> None:
        """The most alike first; some at all where none is alike."""
        nearly = lasting_owner.put({**DEFAULT, "regions": {"AWS": "us-east1"}}).get_json()["detail"]
        nowhere = lasting_owner.put({**DEFAULT, "regions": {"AWS": "@@@"}}).get_json()["detail"]

        assert "There are some in: us-east-1, " in nearly
        assert "There are some in: af-south-1, " in nowhere


class TestRights:
    """A person changes the policy; a machine may ask what a change would do."""

    def test_no_machine_changes_it(self, owner: Owner) -> None:
        """403, whatever its scopes are."""
        answer = owner.machine.client.put(PATH, json=OTHER, headers=owner.machine.headers)

        assert answer.status_code == 403
        assert answer.get_json()["code"] == "insufficient_scope"
        assert owner.machine.read("/policy")["version"] == 1

    def test_a_machine_that_may_read_may_try_it_out(
        self, application: Application, owner: Owner
    ) -> None:
        """Nothing is saved by it."""
        reader = application.machine(owner.machine.account, Scope.READ)

        answer = reader.client.post(PREVIEW, json=OTHER, headers=reader.headers)

        assert answer.status_code == 200

    @pytest.mark.parametrize(("method", "path"), [("PUT", PATH), ("POST", PREVIEW)])
    @pytest.mark.parametrize("token", ["", "forged"])
    def test_another_site_cannot_make_a_browser_do_it(
        self, owner: Owner, method: str, path: str, token: str
    ) -> None:
        """A cookie is no consent: without the CSRF token 403, with it 200."""
        client = owner.person.client
        sent = {CSRF: token} if token else {}

        refused = client.open(path, method=method, json=OTHER, headers=sent)
        version = owner.machine.read("/policy")["version"]
        taken = client.open(
            path, method=method, json=OTHER, headers={CSRF: owner.person.csrf_token}
        )

        assert (refused.status_code, refused.get_json()["code"]) == (403, "csrf_failed")
        assert version == 1
        assert taken.status_code == 200

    def test_another_account_is_untouched(self, owner: Owner, neighbour: Caller) -> None:
        """It compares as before, and knows of no second version."""
        neighbour.push(start("theirs", hours_ago(4), gpu="A100", rate="2.50"))
        before = bodies_of(neighbour)

        owner.change(OTHER)

        assert bodies_of(neighbour) == before
        assert neighbour.read("/policy")["version"] == 1
        assert neighbour.get("/policy", version=2).status_code == 404
        assert neighbour.get("/economy/savings", policy_version=2).status_code == 422


class TestFigures:
    """The current policy rates all use; an older one can still be asked."""

    def test_an_old_version_gives_the_old_answers_byte_for_byte(self, owner: Owner) -> None:
        """At the same instant, on every address that compares; the new one gives others."""
        before = bodies_of(owner.machine)

        owner.change(OTHER)

        after = bodies_of(owner.machine)
        assert bodies_of(owner.machine, policy_version=1) == before
        assert bodies_of(owner.machine, policy_version=2) == after
        assert all(new != old for new, old in zip(after, before, strict=True))

    @pytest.mark.parametrize("path", COMPARED)
    def test_every_answer_names_the_version(self, owner: Owner, path: str) -> None:
        """With what it says."""
        owner.change(OTHER)

        comparison = owner.machine.read(path, provider="Azure")["comparison"]

        assert comparison == {
            "rate_card": "list",
            "pricing_model": "on_demand",
            "basis": "smallest_instance",
            "substitutes": "exclude",
            "region": "westus2",
            "discount": "0.0001",
            "policy_version": 2,
        }

    @pytest.mark.parametrize("path", COMPARED)
    def test_a_version_that_does_not_exist_is_no_policy(self, owner: Owner, path: str) -> None:
        """422, instead of the answer of another."""
        answer = owner.machine.get(path, policy_version=2)

        assert answer.status_code == 422
        assert answer.get_json()["code"] == "unknown_policy_version"

    @pytest.mark.parametrize("path", [one for one in COMPARED if one.startswith("/economy")])
    def test_what_a_client_holds_is_not_current_after_a_change(
        self, owner: Owner, path: str
    ) -> None:
        """Its tag is answered with 304 before the change, and with the new figures after it."""
        for instance in ("a100", "4090", "unknown"):  # History is tagged without an open session.
            owner.machine.push(stop(instance, NOON))
        tag = owner.machine.get(path).headers["ETag"]
        held = {**owner.machine.headers, "If-None-Match": tag}

        before = owner.machine.client.get(f"/api/v1{path}", headers=held)
        owner.change(OTHER)
        after = owner.machine.client.get(f"/api/v1{path}", headers=held)

        assert before.status_code == 304
        assert after.status_code == 200
        assert after.get_json()["comparison"]["policy_version"] == 2

    def test_a_discount_comes_off_the_list_price(self, owner: Owner) -> None:
        """An A100 for 4 hours, 10 % off its share of a p4d.24xlarge at $21.957642."""
        owner.change({**DEFAULT, "substitutes": "exclude", "discounts": {"AWS": "0.1"}})

        answer = owner.machine.read("/economy/savings")
        prices = owner.machine.read("/economy/pricing", provider="AWS")
        (listed,) = [one for one in prices["details"] if one["sku"] == "p4d.24xlarge"]

        # 4 x 21.957642 / 8 x 0.9 = 9.8809389, beside 4 x 2.50.
        assert answer["lifetime_provider_cost"] == 9.8809
        assert answer["lifetime_savings"] == -0.1191
        assert listed["price_per_gpu_hour"] == "2.470234725"
        assert listed["price_per_instance_hour"] == "19.7618778"

    def test_the_reference_card_knows_neither_region_nor_discount(self, owner: Owner) -> None:
        """Its figures are its own."""
        before = owner.machine.read("/economy/savings", rate_card="reference")

        owner.change({**DEFAULT, "regions": OTHER["regions"], "discounts": OTHER["discounts"]})

        after = owner.machine.read("/economy/savings", rate_card="reference")
        assert after["comparison"]["discount"] is None
        assert after["lifetime_savings"] == before["lifetime_savings"] != 0

    @pytest.mark.parametrize(
        ("substitutes", "gpu_time"),
        [
            pytest.param("count", round(6 / 7, 4), id="counted"),
            pytest.param("apart", round(4 / 7, 4), id="shown, but in no total"),
            pytest.param("exclude", round(4 / 7, 4), id="not compared"),
        ],
    )
    def test_substitutes_count_as_the_policy_says(
        self, owner: Owner, substitutes: str, gpu_time: float
    ) -> None:
        """AWS sells no RTX 4090, which ran for 2 of 7 hours."""
        owner.change({**DEFAULT, "substitutes": substitutes})

        answer = owner.machine.read("/economy/savings")
        rows = owner.machine.read("/instances")["instances"]

        matched = {row["instance_id"]: row["match"] for row in rows}
        assert answer["coverage"]["gpu_time"] == gpu_time
        assert (matched["4090"] is not None) is (substitutes != "exclude")

    def test_a_question_overrides_the_policy(self, owner: Owner) -> None:
        """For itself alone."""
        before = owner.machine.read("/economy/savings")
        owner.change({**DEFAULT, "pricing_model": "spot", "basis": "smallest_instance"})

        asked = owner.machine.read("/economy/savings", pricing_model="on_demand", basis="per_gpu")

        assert asked["lifetime_savings"] == before["lifetime_savings"]
        assert owner.machine.read("/economy/savings")["lifetime_provider_cost"] == 0

    def test_a_change_of_this_very_second_counts_at_once(
        self, owner: Owner, clock: SettableClock
    ) -> None:
        """No answer is for an instant before the policy that it compares by."""
        clock.set("2026-08-03T12:00:01.500000Z")
        changed = owner.change(OTHER)

        answers = [owner.machine.read(path) for path in COMPARED]

        assert changed["created_at"] == "2026-08-03T12:00:01.500000Z"
        assert {answer["as_of"] for answer in answers} == {changed["created_at"]}


class TestPreview:
    """What a change would do, before it is made."""

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(OTHER, id="everything"),
            pytest.param({**DEFAULT, "discounts": {"GCP": "0.3333"}}, id="a discount"),
            pytest.param({**DEFAULT, "pricing_model": "spot"}, id="spot"),
            pytest.param(DEFAULT, id="nothing"),
        ],
    )
    def test_is_what_the_change_then_gives(self, owner: Owner, body: Json) -> None:
        """Before and after, beside each provider, to the last of ten decimals."""
        before = {one: lifetime(owner.machine, one) for one in PROVIDERS}

        previewed = owner.preview(body)

        version = owner.change(body)["version"]
        after = {one: lifetime(owner.machine, one) for one in PROVIDERS}
        assert previewed["version"] == version
        assert (previewed["currency"], previewed["as_of"]) == ("USD", NOON)
        effects = previewed["effects"]
        assert {one: summary(effects[one]["before"]) for one in PROVIDERS} == before
        assert {one: summary(effects[one]["after"]) for one in PROVIDERS} == after
        for one in effects.values():
            difference = Decimal(one["after"]["lifetime_savings"]) - Decimal(
                one["before"]["lifetime_savings"]
            )
            # Each of the three is rounded once, by itself.
            assert abs(Decimal(one["change"]) - difference) <= Decimal("0.0000000001")

    def test_shows_a_change_where_there_is_one(self, owner: Owner) -> None:
        """The comparison above is not one of zeros."""
        effects = owner.preview(OTHER)["effects"]

        assert all(Decimal(effects[one]["change"]) != 0 for one in PROVIDERS)
        assert effects["AWS"]["before"]["coverage"] != effects["AWS"]["after"]["coverage"]

    def test_saves_nothing(self, owner: Owner) -> None:
        """Neither a version nor a figure."""
        policy, before = owner.machine.read("/policy"), bodies_of(owner.machine)

        owner.preview(OTHER)

        assert owner.machine.read("/policy") == policy
        assert bodies_of(owner.machine) == before

    def test_of_a_policy_that_was_changed_meanwhile_is_refused(self, owner: Owner) -> None:
        """As the change itself would be."""
        owner.change(OTHER)

        answer = owner.machine.client.post(
            PREVIEW, json={**DEFAULT, "expected_version": 1}, headers=owner.bearer
        )

        assert answer.status_code == 409
        assert answer.get_json()["code"] == "version_conflict"


def lifetime(caller: Caller, provider: str) -> tuple[object, ...]:
    """Return the lifetime figures as /economy/savings answers them."""
    answer = caller.read("/economy/savings", provider=provider)
    return (
        answer["live"]["lifetime"]["value"],
        answer["lifetime_comparable_cost"],
        answer["lifetime_provider_cost"],
        answer["coverage"],
    )


def summary(found: Json) -> tuple[object, ...]:
    """Return the lifetime figures of a preview, costs rounded as in /economy/savings."""
    return (
        found["lifetime_savings"],
        float(round(Decimal(found["lifetime_comparable_cost"]), 4)),
        float(round(Decimal(found["lifetime_provider_cost"]), 4)),
        found["coverage"],
    )
