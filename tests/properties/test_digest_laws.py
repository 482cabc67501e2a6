"""Laws of digests: no two rows are encoded alike, so what was written cannot be mistaken."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dumont_economy.fact_digest import CHAIN_START, chained, encoded, encoded_rows
from dumont_economy.instant import to_microseconds
from dumont_economy.money import to_units

# A row is made of eight values, each of its own kind.
FEW = settings(max_examples=300)
COLUMNS = ("gpu", "gpu_count", "name", "rate", "reporter", "seq", "source", "time")
TEXT = ("gpu", "name", "reporter", "source")
NUMBERS = ("gpu_count", "seq")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Short, of few letters, and of those that the encoding itself is made of: easily mistaken.
texts = st.text(alphabet='ab01:;=-"\0é\udc80', max_size=6) | st.sampled_from(
    ["None", ";name:1:a", "1:a;name:", ";seq=1"]
)
numbers = st.integers(-3, 11) | st.integers(-(2**63), 2**63 - 1)
amounts = st.decimals("0", "999999", places=12) | st.sampled_from([Decimal(0), Decimal(1)])
instants = st.integers(-(10**12), 10**15).map(lambda one: EPOCH + timedelta(microseconds=one))


def rows() -> st.SearchStrategy[dict[str, object]]:
    """Return rows in which any column may hold nothing."""
    kinds: dict[str, st.SearchStrategy[object]] = {
        **dict.fromkeys(TEXT, texts),
        **dict.fromkeys(NUMBERS, numbers),
        "rate": amounts,
        "time": instants,
    }
    return st.fixed_dictionaries({name: st.none() | kind for name, kind in kinds.items()})


def meaning(row: dict[str, object]) -> tuple[object, ...]:
    """Return what a row says; 0.10 says what 0.1 does."""
    return tuple(row[name] for name in COLUMNS)


@FEW
@given(rows(), rows())
def test_two_rows_that_differ_are_encoded_differently(
    one: dict[str, object], other: dict[str, object]
) -> None:
    """Whatever they hold."""
    alike = encoded("t", COLUMNS, one) == encoded("t", COLUMNS, other)

    assert alike == (meaning(one) == meaning(other))


@FEW
@given(rows(), st.sampled_from(COLUMNS), st.data())
def test_a_change_of_one_column_is_seen(
    row: dict[str, object], name: str, data: st.DataObject
) -> None:
    """Also from nothing to an empty text or to zero, and back."""
    changed = {**row, name: data.draw(rows())[name]}
    assume(changed[name] != row[name])

    assert encoded("t", COLUMNS, changed) != encoded("t", COLUMNS, row)


@FEW
@given(rows(), st.permutations(TEXT), texts.filter(bool), st.data())
def test_text_that_moves_to_a_neighbour_is_seen(
    others: dict[str, object], names: list[str], text: str, data: st.DataObject
) -> None:
    """The columns put together read the same, yet the row is another."""
    from_name, to_name, *_ = names
    cut = data.draw(st.integers(0, len(text) - 1))
    row = {**others, from_name: text}
    moved = {**row, from_name: text[:cut], to_name: text[cut:] + str(row[to_name] or "")}

    assert encoded("t", COLUMNS, moved) != encoded("t", COLUMNS, row)


@FEW
@given(rows())
def test_a_row_reads_the_same_as_it_is_written_and_as_it_is_kept(row: dict[str, object]) -> None:
    """SQLite keeps instants and amounts as whole numbers."""
    kept = {
        name: to_microseconds(value)
        if isinstance(value, datetime)
        else to_units(value)
        if isinstance(value, Decimal)
        else value
        for name, value in row.items()
    }

    assert encoded("t", COLUMNS, kept) == encoded("t", COLUMNS, row)


@FEW
@given(st.lists(rows(), min_size=2, max_size=5), st.data())
def test_no_other_events_lead_to_the_same_head(
    events: list[dict[str, object]], data: st.DataObject
) -> None:
    """Neither in another order, nor with one left out."""
    others = data.draw(st.permutations(events)) if data.draw(st.booleans()) else events[:-1]
    assume([meaning(one) for one in others] != [meaning(one) for one in events])

    assert head_of(list(others)) != head_of(events)


def head_of(events: list[dict[str, object]]) -> str:
    """Return the digest of the last event of a chain."""
    last = CHAIN_START
    for event in events:
        last = chained(last, encoded("t", COLUMNS, event))
    return last


@FEW
@given(st.lists(rows(), max_size=4))
def test_rows_are_encoded_together_as_each_by_itself(many: list[dict[str, object]]) -> None:
    """Column by column, whatever kinds of values a column holds."""
    values_of = {name: [row[name] for row in many] for name in COLUMNS}

    found = encoded_rows("t", COLUMNS, values_of)

    assert found == [encoded("t", COLUMNS, row) for row in many]


def test_what_no_fact_holds_is_refused_in_many_rows_too() -> None:
    """A float is no amount."""
    with pytest.raises(ValueError, match="rate holds a float"):
        encoded_rows("t", ("rate",), {"rate": [Decimal(1), 0.5]})
