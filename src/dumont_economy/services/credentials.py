"""Tells whom credentials stand for, from the database each time: one may have been revoked."""

from collections import OrderedDict

from dumont_economy.clock import Clock
from dumont_economy.services import people
from dumont_economy.services.people import Principal
from dumont_economy.storage.database import Database

_MAX_KNOWN = 10_000


class Credentials:
    """The credentials of an installation.

    Which account each is of is kept, for that never changes: who is known to ask for an account is
    told about together with its versions. Whether it is in force, and for what, is never kept.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._account_ids: OrderedDict[str, str] = OrderedDict()

    def principal_of(self, token: str, *, with_versions: bool = False) -> Principal | None:
        """Return whom a token stands for, None where it is not in force.

        Args:
            token: A session's or a machine's.
            with_versions: Whether the versions of the account are wanted; they are not told of a
                credential that is seen for the first time.
        """
        token_hash = people.hash_of(token)
        account_id = self._account_ids.get(token_hash, "") if with_versions else ""
        found = people.authenticate(self._database, self._clock, token, account_id=account_id)
        if found is not None:
            self._account_ids[token_hash] = found.account.id
            while len(self._account_ids) > _MAX_KNOWN:
                self._account_ids.popitem(last=False)
        return found
