"""Watches the accounts that somebody listens to, for all listeners of a process at once.

What changes comes from the database, so it does not matter which process made the change.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock, Thread

import structlog
from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.errors import (
    EconomyError,
    ServerStoppingError,
    StreamsFullError,
    TooManyStreamsError,
)
from dumont_economy.services import people
from dumont_economy.services.listener import End, Line, Listener
from dumont_economy.services.people import Principal
from dumont_economy.storage.account_versions import (
    AccountVersions,
    read_again,
    read_policy_version,
    read_versions,
)
from dumont_economy.storage.database import Database
from dumont_economy.storage.row_security import RowScope, restrict_rows

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WatchLimits:
    """How often is looked, and what a listener may take; times in seconds.

    `check_seconds`: an account's credentials and policy are looked at this far apart, the rest at
    every look. `blind_seconds`: without a look for so long, nothing is known and all are let go.
    """

    of_one: int = 5
    of_all: int = 500
    look_seconds: float = 0.5
    check_seconds: float = 2
    blind_seconds: float = 5
    behind_seconds: float = 30
    heartbeat_seconds: float = 10
    lasts_seconds: float = 3600


class ChangeWatch:
    """The listeners of a process, and the one thread that looks for them while there are any."""

    def __init__(self, database: Database, clock: Clock, limits: WatchLimits | None = None) -> None:
        self.limits = limits or WatchLimits()
        self._database = database
        self._clock = clock
        self._lock = Lock()
        self._listeners: set[Listener] = set()
        self._known: dict[str, AccountVersions] = {}
        self._checked_at: dict[str, float] = {}
        self._looked_at = time.monotonic()
        self._is_looking = False
        self._is_stopping = False

    def admit(self, who: Principal, line: Line) -> Listener:
        """Let somebody listen, from their account's present state on; `dismiss` them in the end.

        Raises:
            DatabaseUnavailableError: the present state cannot be read.
            ServerStoppingError: all are let go.
            StreamsFullError: as many listen as may.
            TooManyStreamsError: this user or token does as often as one may.
        """
        listener = Listener(who, line, self._present(who.account.id))
        with self._lock:
            self._make_room(listener.whose)
            self._listeners.add(listener)
        self._begin_to_look()
        return listener

    def dismiss(self, listener: Listener) -> None:
        """Forget a listener."""
        with self._lock:
            self._listeners.discard(listener)

    def stop(self) -> None:
        """Let all go at the next look, and take no more; a signal's handler may call it."""
        self._is_stopping = True

    def is_blind(self) -> bool:
        """Say whether nobody has looked for so long that no news is no good news."""
        return time.monotonic() - self._looked_at > self.limits.blind_seconds

    def look(self) -> None:
        """Look once: let go of who may not listen any more, and tell the others what is new."""
        listeners = self._those_who_listen()
        if self._is_stopping:
            _end(listeners, End.STOPPING)
            return
        try:
            self._read_and_tell(listeners)
        except EconomyError as error:
            if self.is_blind():
                _log.warning("watch_is_blind", reason=str(error))
                _end(listeners, End.BLIND)
            return
        self._looked_at = time.monotonic()

    def _make_room(self, whose: str) -> None:
        """Make sure that one more may listen; who has hung up since the last look is let go."""
        if self._refusal(whose) is not None:
            self._let_go()
        refusal = self._refusal(whose)
        if refusal is not None:
            raise refusal

    def _refusal(self, whose: str) -> EconomyError | None:
        limits = self.limits
        if self._is_stopping:
            return ServerStoppingError()
        if sum(one.whose == whose for one in self._listeners) >= limits.of_one:
            return TooManyStreamsError(limits.of_one)
        if len(self._listeners) >= limits.of_all:
            return StreamsFullError(limits.of_all)
        return None

    def _let_go(self) -> None:
        """Forget who has hung up, and who does not read what they are told."""
        for one in list(self._listeners):
            is_behind = one.busy_seconds() > self.limits.behind_seconds
            if is_behind or not one.line.is_open():
                one.line.cut()
                one.end(End.HUNG_UP)
                self._listeners.discard(one)

    def _present(self, account_id: str) -> AccountVersions:
        known = self._known.get(account_id)
        if known is not None:
            return known
        with self._database.read(account_id=account_id) as connection:
            return read_versions(connection, account_id)

    def _those_who_listen(self) -> list[Listener]:
        with self._lock:
            self._let_go()
            return list(self._listeners)

    def _read_and_tell(self, listeners: Iterable[Listener]) -> None:
        by_account: dict[str, list[Listener]] = {}
        for one in listeners:
            by_account.setdefault(one.account_id, []).append(one)
        with self._database.read() as connection:
            self._known = self._read(connection, by_account)
        for account_id, told in by_account.items():
            for one in told:
                one.tell(self._known[account_id])

    def _read(
        self, connection: Connection, by_account: Mapping[str, Sequence[Listener]]
    ) -> dict[str, AccountVersions]:
        """Return the versions of the accounts; end who may not listen to those that are due."""
        known = {
            account_id: self._known.get(account_id) or listeners[0].versions
            for account_id, listeners in by_account.items()
        }
        seen = read_again(connection, known)
        for account_id in self._due(by_account):
            restrict_rows(connection, RowScope(account_id=account_id))
            policy = read_policy_version(connection, account_id)
            seen[account_id] = replace(seen[account_id], policy=policy)
            self._end_who_may_not(connection, account_id, by_account[account_id])
        return seen

    def _due(self, account_ids: Iterable[str]) -> list[str]:
        """Return the accounts that are to be checked, each of them at its own time."""
        now = time.monotonic()
        checked_at = {one: self._checked_at.get(one, now) for one in account_ids}
        due = [one for one, at in checked_at.items() if now - at >= self.limits.check_seconds]
        self._checked_at = checked_at | dict.fromkeys(due, now)
        return due

    def _end_who_may_not(
        self, connection: Connection, account_id: str, listeners: Sequence[Listener]
    ) -> None:
        asked = [one.who for one in listeners]
        in_force = people.still_in_force(connection, account_id, asked, self._clock.now())
        _end((one for one in listeners if one.credential not in in_force), End.NOT_ALLOWED)

    def _begin_to_look(self) -> None:
        with self._lock:
            if self._is_looking:
                return
            self._is_looking = True
        self._looked_at = time.monotonic()
        Thread(target=self._look_while_needed, name="change-watch", daemon=True).start()

    def _look_while_needed(self) -> None:
        try:
            while self._is_needed():
                self.look()
                time.sleep(self.limits.look_seconds)
        except BaseException:
            # Whoever listens is not left to believe that nothing changes.
            with self._lock:
                self._is_looking = False
                _end(self._listeners, End.BLIND)
            raise

    def _is_needed(self) -> bool:
        with self._lock:
            self._is_looking = bool(self._listeners)
            if not self._is_looking:
                self._known, self._checked_at = {}, {}
            return self._is_looking


def _end(listeners: Iterable[Listener], why: End) -> None:
    for one in listeners:
        one.end(why)
