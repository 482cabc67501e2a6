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


class _OfLedger(NamedTuple):
    """Instances of an account, as its caches have them at a head of its ledger."""

    head: LedgerHead
    made_with: str
    instances: Mapping[str, CachedInstance]


class WrittenInstances:
    """The instances of the accounts that reported last, in one process.

    What a cache holds follows from the ledger's head, whose digest tells all facts before it, and
    from the rules. So nothing here can be of another state: where another process has written
    since, or where a transaction was undone, the head is another one. An instance of which
    something lies in the future depends on the time too, and is not kept.
    """

    def __init__(self, most_kept: int = _MOST_KEPT) -> None:
        self._most_kept = most_kept
        self._of_account: OrderedDict[str, _OfLedger] = OrderedDict()
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

        The accounts that have not reported for longest make room, and of an account that has more
        than there is room for, what was kept before.
        """
        # As text alone: what was made of it would take the memory.
        new = {one.instance: CachedInstance(*one) for one in written}
        together = {**before, **new}
        lasting = {
            name: one
            for name, one in (together if len(together) <= self._most_kept else new).items()
            if one.waiting_from_seq is None
        }
        with self._lock:
            self._of_account.pop(account_id, None)
            if len(lasting) <= self._most_kept:
                self._of_account[account_id] = _OfLedger(head, made_with, lasting)
            while sum(len(one.instances) for one in self._of_account.values()) > self._most_kept:
                self._of_account.popitem(last=False)
