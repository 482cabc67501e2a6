"""Somebody who is told when an account's answers may have changed, and never has to catch up."""

import time
from enum import StrEnum
from hashlib import sha256
from threading import Condition
from typing import Protocol

from dumont_economy.services.people import Principal
from dumont_economy.storage.account_versions import AccountVersions

_ID_LENGTH = 24


class Change(StrEnum):
    """What an answer depends on."""

    LEDGER = "ledger"
    POLICY = "policy"
    PRICES = "prices"


class End(StrEnum):
    """Why somebody is told no more."""

    NOT_ALLOWED = "not_allowed"
    HUNG_UP = "hung_up"
    STOPPING = "stopping"
    BLIND = "blind"


class Line(Protocol):
    """What a listener is told through."""

    def is_open(self) -> bool:
        """Say whether anybody is at its other end."""

    def cut(self) -> None:
        """Make whoever still writes to it give up."""


class Listener:
    """One listener. Changes that are not taken in time are told together, so nothing piles up."""

    def __init__(self, who: Principal, line: Line, versions: AccountVersions) -> None:
        self.who = who
        self.line = line
        self.versions = versions
        self._condition = Condition()
        self._untold: set[Change] = set()
        self._end: End | None = None
        self._left_at: float | None = time.monotonic()
        user = who.user
        self.whose = f"token {who.token_hash}" if user is None else f"user {user.id}"
        """A person, wherever signed in, or a machine's token."""

    @property
    def account_id(self) -> str:
        """Return the account that is listened to."""
        return self.who.account.id

    @property
    def credential(self) -> str | None:
        """Return the hash of what lets them listen."""
        return self.who.session_hash or self.who.token_hash

    @property
    def state_id(self) -> str:
        """Return what names the state that was told last; it says nothing about any account."""
        text = repr((self.account_id, self.versions))
        return sha256(text.encode()).hexdigest()[:_ID_LENGTH]

    def tell(self, versions: AccountVersions) -> None:
        """Tell what the account is at now."""
        with self._condition:
            self._untold |= _changes(self.versions, versions)
            self.versions = versions
            if self._untold:
                self._condition.notify()

    def end(self, why: End) -> None:
        """Tell no more; the first reason is the one that counts."""
        with self._condition:
            self._end = self._end or why
            self._condition.notify()

    def next(self, within: float) -> frozenset[Change] | End | None:
        """Wait for what is told next; None where that is nothing within so many seconds."""
        with self._condition:
            self._left_at = None
            self._condition.wait_for(lambda: self._untold or self._end, within)
            told, self._untold = frozenset(self._untold), set()
            self._left_at = time.monotonic()
            return self._end or told or None

    def busy_seconds(self) -> float:
        """Return for how long whatever was told last has been on its way."""
        left_at = self._left_at
        return 0 if left_at is None else time.monotonic() - left_at


def _changes(before: AccountVersions, now: AccountVersions) -> set[Change]:
    prices_before = (before.price_facts, before.price_health)
    found = {
        Change.LEDGER: before.ledger != now.ledger,
        Change.POLICY: before.policy != now.policy,
        Change.PRICES: prices_before != (now.price_facts, now.price_health),
    }
    return {change for change, is_so in found.items() if is_so}
