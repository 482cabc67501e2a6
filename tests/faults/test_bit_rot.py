"""Bit rot: a byte that changed anywhere in the file never makes another number (D12)."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from random import Random

import pytest

from dumont_economy.errors import EconomyError
from dumont_economy.pricing.policy import Basis, Substitutes
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.services.learn_operator_tables import learn_disk_prices, learn_exchange_rates
from dumont_economy.services.policies import PolicyChange, change_policy
from dumont_economy.storage import event_chain, stored_facts
from tests.api.harness import Application, Caller, hours_ago, start, start_application, stop
from tests.builders import disk_price, exchange
from tests.faults.harness import say, seeded, size
from tests.sqlite_file import flip, rows_in_file

_FLIPS = size(20, 200)
_CONTROL_FLIPS = 16
_FACTS = (
    "usage_event",
    "provider_pricing",
    "billing_rule",
    "exchange_rate",
    "disk_price",
    "policy",
)
_QUESTIONS = (
    "/economy/savings",
    "/economy/savings/history",
    "/economy/savings/realtime",
    "/economy/active-session",
    "/economy/pricing",
    "/instances",
    "/instances?group_by=gpu",
    "/ledger/totals?group_by=day",
    "/ledger/lines",
    f"/economy/savings?as_of={hours_ago(2)}",
    "/policy",
)
_DISK = {
    "disk_gb": "90",
    "disk_rate_running": "0.10",
    "disk_rate_stopped": "0.20",
    "disk_hours_per_month": 720,
}
_VOID = {"id": "void", "source": "push", "type": "void", "time": hours_ago(1)}
# How else a question may end than with its answer: damage is said, or who asks is not known.
_REFUSALS = {(503, "integrity"), (503, "database_unavailable"), (401, "unauthorized")}
_REFUSED, _WRONG = "refused", "neither answered nor refused"

Answers = dict[str, str]


@dataclass(frozen=True)
class _Site:
    """A database that was written in peace, a token for it, and the right answers."""

    database: Path
    token: str
    right: Answers


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> _Site:
    """Return a database with usage of each kind, and facts of each kind that figures rest on."""
    folder = tmp_path_factory.mktemp("right")
    application = start_application(folder)
    caller = application.machine(application.account("ours"))
    application.clock.advance(hours=-5)
    _learn(application, caller)
    caller.push(
        {**start("i-1", hours_ago(9), rate="0.5"), **_DISK},
        stop("i-1", hours_ago(8)),
        start("i-2", hours_ago(7), gpu="T4", rate="0.25", currency="EUR"),
        start("i-3", hours_ago(6), gpu="A100", gpu_count=8, rate="3"),
    )
    application.clock.advance(hours=5)
    wrong_stop = stop("i-3", hours_ago(1))
    caller.push(start("i-1", hours_ago(4), rate="0.5"), wrong_stop)
    caller.push({**_VOID, "void_of": wrong_stop["id"]})
    application.close()
    right = _asked(folder, caller.token)
    assert not any(map(_is_refusal, right.values())), right
    return _Site(folder / "economy.db", caller.token, right)


def _learn(application: Application, caller: Caller) -> None:
    """Learn a price of each other kind, and let the account compare in a way of its own."""
    since = application.clock.now() - timedelta(days=1)
    database, clock = application.database, application.clock
    learn_exchange_rates(database, clock, [exchange("EUR", "1.1", since)], believes_jumps=False)
    learn_disk_prices(database, clock, [disk_price("0.08")], believes_jumps=False)
    change = PolicyChange(PricingModel.ON_DEMAND, Basis.PER_GPU, Substitutes.APART, {}, {})
    change_policy(database, clock, PriceBook([], [], 1), caller.account, change, author="test")


def _asked(folder: Path, token: str) -> Answers:
    """Return what an application over the database in a folder answers to each question.

    Where it does not even start, it says why, as it would on a terminal.
    """
    try:
        application = start_application(folder)
    except EconomyError as error:
        return dict.fromkeys(_QUESTIONS, f"{_REFUSED}: {error.code} at the start")
    client = application.flask.test_client()
    found = {}
    for question in _QUESTIONS:
        got = client.get(f"/api/v1{question}", headers={"Authorization": f"Bearer {token}"})
        found[question] = got.get_data(as_text=True)
        if got.status_code != HTTPStatus.OK:
            refusal = (got.status_code, got.get_json()["code"])
            said = _REFUSED if refusal in _REFUSALS else _WRONG
            found[question] = f"{said}: {refusal}"
    application.close()
    return found


def _is_refusal(answer: str) -> bool:
    return answer.startswith(_REFUSED)


def _flip_and_ask(
    site: _Site, folder: Path, random: Random, flips: int, facts: Sequence[str] = _FACTS
) -> tuple[Counter[str], list[tuple[int, int, Answers]]]:
    """Flip a byte of a copy, ask all questions, and do so again and again.

    One flip in two is anywhere in the file, the others are in facts of each kind in turn. Returns
    what became of them, and the flips after which something else than the right answer was given.
    """
    rows = {table: rows_in_file(site.database, table) for table in facts}
    path = folder / site.database.name
    became: Counter[str] = Counter()
    wrong = []
    for turn in range(flips):
        if turn % 2:
            place = random.choice(random.choice(rows[facts[turn // 2 % len(facts)]]))
        else:
            place = random.randrange(site.database.stat().st_size)
        mask = random.randrange(1, 256)
        for file in folder.glob(f"{path.name}*"):
            file.unlink()
        shutil.copy(site.database, path)
        flip(path, place, mask)
        answers = _asked(folder, site.token)
        others = {
            question: answer
            for question, answer in answers.items()
            if answer != site.right[question] and not _is_refusal(answer)
        }
        if others:
            wrong.append((place, mask, others))
        refusals = {answer for answer in answers.values() if _is_refusal(answer)}
        became["wrong" if others else min(refusals, default="answered as before")] += 1
    return became, wrong


def test_a_byte_that_changed_is_never_another_number(site: _Site, tmp_path: Path) -> None:
    """Wherever it lies: each question is answered as before, or refused."""
    random = seeded("tests/faults/test_bit_rot.py -k never_another_number")

    became, wrong = _flip_and_ask(site, tmp_path, random, _FLIPS)

    say(flips=_FLIPS, became=dict(became))
    assert wrong == []
    assert sum(count for what, count in became.items() if "integrity" in what)
    assert became["answered as before"]


def test_damage_that_is_not_looked_for_would_be_noticed(
    site: _Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control: where digests are not compared, wrong numbers are served."""
    random = seeded("tests/faults/test_bit_rot.py -k not_looked_for")
    monkeypatch.setattr(event_chain, "_follows", lambda *_: True)
    monkeypatch.setattr(stored_facts, "_is_as_written", lambda *_: True)

    became, wrong = _flip_and_ask(
        site, tmp_path, random, _CONTROL_FLIPS, ("usage_event", "exchange_rate", "disk_price")
    )

    served = [
        answer
        for _, _, answers in wrong
        for answer in answers.values()
        if not answer.startswith(_WRONG)
    ]
    say(flips=_CONTROL_FLIPS, became=dict(became), wrong_answers=len(served))
    assert served
