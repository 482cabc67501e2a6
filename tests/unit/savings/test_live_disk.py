"""What a disk saves at present, and until when that holds."""

from dumont_economy.pricing.disk_price import DiskPrices
from dumont_economy.savings.live_disk import next_price_changes
from tests.builders import after, disk_price, exchange, shape, terms


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
