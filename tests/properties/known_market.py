"""A market whose facts become known one by one, told once to the product and once to the model."""

from collections.abc import Iterable, Sized
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Connection

from dumont_economy.clock import Clock
from dumont_economy.pricing.billing_rule import Rounding
from dumont_economy.pricing.disk_price import DiskPrice
from dumont_economy.pricing.exchange_rate import ExchangeRate
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, SourceKind
from dumont_economy.storage import disk_prices, exchange_rates, prices
from dumont_economy.storage.database import Database
from dumont_economy.storage.prices import BillingRuleFact
from tests.builders import sku
from tests.properties.worlds import MICROSECOND, SECOND_MICROSECONDS, posix
from tests.reference_model import Price, Rule, World

TYPE_OF = {"T4": "one-t4", "L4": "one-l4"}
# R-PRICE: the provider's own feed, the operator's file, the shipped book, others by name.
SOURCES = (
    (SourceKind.PROVIDER_FEED, "feed"),
    (SourceKind.OPERATOR_FILE, "file"),
    (SourceKind.SHIPPED_BOOK, "book"),
    (SourceKind.OTHER, "another"),
    (SourceKind.OTHER, "some other"),
)
# Of exchange rates and disk prices, which have no kinds, the first by name is believed.
NAMES = ("another", "some other")

_REGION = ("aws", "us-east-1")


class KnownMarket:
    """What the product has learned, and the world as the model reads it."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.prices: dict[str, list[Price]] = {gpu: [] for gpu in TYPE_OF}
        self._rules: dict[str, list[Rule]] = {}
        self._exchange: dict[str, list[Price]] = {"EUR": []}
        self._disks: list[Price] = []

    @property
    def facts(self) -> int:
        """Return how many facts are known."""
        dated: list[Sized] = [*self.prices.values(), *self._rules.values()]
        dated += self._exchange.values()
        return sum(len(listed) for listed in dated) + len(self._disks)

    @property
    def world(self) -> World:
        """Return what is known."""
        return World(self._rules, "aws", self.prices, exchange=self._exchange, disks=self._disks)

    def learn_prices(
        self, gpu: str, since: datetime, told: Iterable[tuple[tuple[SourceKind, str], str]]
    ) -> None:
        """Learn from some sources what a GPU costs from an instant on."""
        told = list(told)
        facts = [
            PriceFact(
                sku=sku(TYPE_OF[gpu], gpu),
                pricing_model=PricingModel.ON_DEMAND,
                usd_per_instance_hour=Decimal(amount),
                effective_from=since,
                source_kind=kind,
                source=source,
                source_url=None,
                retrieved_at=since.date(),
                first_seen=None,
                previous_last_seen=None,
            )
            for (kind, source), amount in told
        ]
        with self._database.write() as connection:
            known = self._next_publication(connection)
            prices.append_prices(connection, facts, published_at=known, payload_sha256="0" * 64)
        self.prices[gpu] += [
            Price(posix(since), Fraction(amount), posix(known), (SOURCES.index(source), ""))
            for source, amount in told
        ]

    def learn_rule(
        self, party: str, minimum: int, increment: int, rounding: Rounding, since: datetime
    ) -> None:
        """Learn how a party bills from an instant on."""
        fact = BillingRuleFact(party, minimum, increment, rounding, since, "test rule", "certain")
        with self._database.write() as connection:
            known = self._next_publication(connection)
            prices.append_billing_rules(connection, [fact], published_at=known)
        rule = Rule(posix(since), minimum, increment, rounding is Rounding.CEIL, posix(known))
        self._rules.setdefault(party, []).append(rule)

    def learn_exchange(self, rate: str, since: datetime, source: str) -> None:
        """Learn what a euro is worth in dollars from an instant on."""
        with self._database.write() as connection:
            known = self._next_publication(connection)
            fact = ExchangeRate(
                "EUR", "USD", Decimal(rate), since, known, source, None, since.date()
            )
            exchange_rates.append_exchange_rates(connection, [fact])
        self._exchange["EUR"].append(Price(posix(since), Fraction(rate), posix(known), (0, source)))

    def learn_disk_price(self, amount: str, hours: int, since: datetime, source: str) -> None:
        """Learn what a GB of disk costs a month of so many hours from an instant on."""
        with self._database.write() as connection:
            known = self._next_publication(connection)
            fact = DiskPrice(
                *_REGION, Decimal(amount), hours, since, known, source, None, since.date()
            )
            disk_prices.append_disk_prices(connection, [fact])
        self._disks.append(Price(posix(since), Fraction(amount), posix(known), (0, source), hours))

    def _next_publication(self, connection: Connection) -> datetime:
        return prices.next_publication(connection, self._clock.now())


def instant_of(seconds: Fraction) -> datetime:
    """Return an instant that the model counts."""
    return datetime.fromtimestamp(0, UTC) + int(seconds * SECOND_MICROSECONDS) * MICROSECOND


def near(now: datetime, hours: int) -> datetime:
    """Return a whole second so many hours from now."""
    return now.replace(microsecond=0) + timedelta(hours=hours)
