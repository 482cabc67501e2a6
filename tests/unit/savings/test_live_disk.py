"""What a disk saves at present, and until when that holds."""

from fractions import Fraction

from dumont_economy.pricing.disk_price import DiskPrices
from dumont_economy.savings.live_disk import live_disk, next_price_changes
from tests.builders import after, disk, disk_price, exchange, shape, terms


def test_the_next_change_of_each_kind_of_price_is_told() -> None:
    """Of several that lie ahead the nearest, of none that is past or of now."""
    asked = DiskPrices([disk_price("0.08", after(since)) for since in (10, 20, 30, 40)])
    held = terms(
        disk_prices=asked.timeline("aws", "us-east-1"),
        exchange=[exchange("EUR", "1.1", after(since)) for since in (5, 25, 35)],
    )

    changes = next_price_changes(shape(currency="EUR"), held, after(20))

    assert changes == [after(25), after(30)]
    assert next_price_changes(shape(), held, after(40)) == []


def test_a_disk_stands_beside_the_price_of_now() -> None:
    """90 GB at $0.10 a month of 720 hours are 1.25 cents an hour, at $0.12 a quarter more."""
    dearer = DiskPrices([disk_price("0.12"), disk_price("0.08", after(60))])
    held = terms(disk_prices=dearer.timeline("aws", "us-east-1"))

    live = live_disk(disk(after(0), None), held, after(30))

    later = live_disk(disk(after(0), None), held, after(60))

    assert live.line.rate == later.line.rate == Fraction("0.0125")
    assert live.line.comparison_rate == Fraction("0.015")
    assert live.changes_at == after(60)
    assert later.line.comparison_rate == Fraction("0.01")


def test_a_disk_without_a_price_has_nothing_beside_it() -> None:
    """It is in the cost, and in no saving."""
    live = live_disk(disk(after(0), None), terms(), after(30))

    assert live.line.rate == Fraction("0.0125")
    assert live.line.comparison_rate is None
    assert live.changes_at is None
