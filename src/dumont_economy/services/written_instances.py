"""Keeps the states of instances that were written last, so that the next report reads them less.

Whoever polls a cloud reports the same instances again and again, and reading them took a tenth of
the time of a report.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import NamedTuple

from dumont_economy.storage.event_chain import LedgerHead
from dumont_economy.storage.usage_cache import CachedInstance

_MOST_KEPT = 4_000
_MOST_OF_ACCOUNT = 1_000
# What an instance is told with: longer ones are few, and are read each time.
_LONGEST_TEXT = 4_096


class _OfLedger(NamedTuple):
    """Instances of an account, as its caches have them at a head of its ledger."""

    head: LedgerHead
    made_with: str
    instances: Mapping[str, CachedInstance]


class WrittenInstances:
    """The instances of the accounts that reported last, in one process: at most so many.

    What a cache holds follows from the ledger's head, whose digest tells all facts before it, from
    the rules, and from the time where something lies in the future. So, of an account for which
    nothing does, nothing here can be of another state: where another process has written since, or
    where a transaction was undone, the head is another one.
    """

    def __init__(
        self, most_kept: int = _MOST_KEPT, most_of_account: int = _MOST_OF_ACCOUNT
    ) -> None:
        self._most_kept = most_kept
        self._most_of_account = most_of_account
        self._of_account: OrderedDict[str, _OfLedger] = OrderedDict()
        self._kept = 0
        self._lock = Lock()

    def at(self, account_id: str, head: LedgerHead, made_with: str) -> Mapping[str, CachedInstance]:
        """Return the instances that are kept of an account at this head, none at any other."""
        with self._lock:
            held = self._of_account.get(account_id)
        if held is None or (held.head, held.made_with) != (head, made_with):
            return {}
        return held.instances

    def keep(
        self,
        account_id: str,
        head: LedgerHead,
        made_with: str,
        before: Mapping[str, CachedInstance],
        written: Iterable[CachedInstance],
    ) -> None:
        """Keep what was written with a head, beside what was kept before it.

        Of an account with too many, what was kept before makes room, and where too many were
        written at once, all; else the accounts that have not reported for longest do.
        """
        # As text alone: what was made of it would take the memory.
        new = {one.instance: CachedInstance(*one) for one in written}
        together = {**before, **new}
        lasting = {
            name: one
            for name, one in (together if len(together) <= self._most_of_account else new).items()
            if _may_be_kept(one)
        }
        with self._lock:
            gone = self._of_account.pop(account_id, None)
            self._kept -= 0 if gone is None else len(gone.instances)
            if 0 < len(lasting) <= self._most_of_account:
                self._of_account[account_id] = _OfLedger(head, made_with, lasting)
                self._kept += len(lasting)
            while self._kept > self._most_kept:
                _, oldest = self._of_account.popitem(last=False)
                self._kept -= len(oldest.instances)


def _may_be_kept(one: CachedInstance) -> bool:
    """Say whether an instance is short, and waits for nothing."""
    length = len(one.instance) + len(one.content) + len(one.key_texts)
    return one.waiting_from_seq is None and length <= _LONGEST_TEXT
