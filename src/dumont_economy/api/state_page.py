"""Pages that are all of the state that the first one was of, however much is learned meanwhile."""

from collections.abc import Sequence
from datetime import UTC, datetime

from dumont_economy.api.cursor import CursorParameter, bad_cursor, decode_cursor, encode_cursor
from dumont_economy.api.economy.shared import open_state
from dumont_economy.api.operation import at_hand, principal, services
from dumont_economy.api.parameters import ComparisonQuery, LimitParameter
from dumont_economy.instant import from_microseconds, to_microseconds
from dumont_economy.services.account_view import AccountState, AccountView

_PAGE = 100
_LAST_INSTANT = to_microseconds(datetime.max.replace(tzinfo=UTC))


class PageQuery(ComparisonQuery):
    """Parameters of a list whose pages are of one state."""

    limit: LimitParameter = _PAGE
    cursor: CursorParameter | None = None


def open_page(query: PageQuery, positions: int = 1) -> tuple[list[int], AccountState]:
    """Return where a page begins, in so many numbers, and the state of the first page.

    Raises:
        ApiError: 422 for an `as_of` that lies ahead, or that is not the cursor's own.
    """
    if query.cursor is None:
        return [0] * positions, open_state(query)
    *begins, at, known = decode_cursor(query.cursor, positions + 2)
    if max(at, known) > _LAST_INSTANT:
        raise bad_cursor()
    as_of, known_at = from_microseconds(at), from_microseconds(known)
    if as_of > services().clock.now() or query.as_of not in (None, as_of):
        raise bad_cursor()
    past = services().views.read_past(
        principal().account, query.policy_version, as_of=as_of, known_at=known_at
    )
    return begins, at_hand(past)


def cursor_at(begins: Sequence[int], state: AccountState, view: AccountView) -> str:
    """Return the cursor of the page of a view's state that begins there."""
    # After `as_of` while a clock that was set back catches up: those facts are on the first page.
    known_at = max(view.as_of, state.newest_fact_at)
    return encode_cursor(*begins, to_microseconds(view.as_of), to_microseconds(known_at))
