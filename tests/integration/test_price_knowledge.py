"""Which rate, at this instant, as known then: one query, and no later fact changes its answer."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

from dumont_economy.errors import PriceNotFoundError
from dumont_economy.pricing.price_book import PriceBook
from dumont_economy.pricing.price_fact import PriceFact
from dumont_economy.pricing.rate import PricingModel, Rate, SourceKind
from dumont_economy.pricing.sku import Sku
from dumont_economy.storage import prices
from dumont_economy.storage.database import Database

MODEL = PricingModel.ON_DEMAND
TYPES = ("one", "two", "three")
REGIONS = ("us-east-1", "eu-west-1")
FIRST_DAY = datetime(2025, 1, 1, tzinfo=UTC)
SEED = 20260524


def day(number: int) -> datetime:
    """Return an instant so many days after the first."""
    return FIRST_DAY + timedelta(days=number)


def fact(
    rnd: Random, instance_type: str, region: str, effective_day: int, source: SourceKind
) -> PriceFact:
    """Return a price of one T4, in cents."""
    return PriceFact(
        sku=Sku("aws", region, instance_type, "T4", Fraction(1), "x86_64"),
        pricing_model=MODEL,
        usd_per_instance_hour=Decimal(rnd.randrange(1, 10_000)) / 100,
        effective_from=day(effective_day),
        source_kind=source,
        source=f"source {source}",
        source_url=None,
        retrieved_at=date(2025, 1, 1),
        first_seen=None,
        previous_last_seen=None,
    )


def learn(database: Database, facts: list[PriceFact], at: datetime) -> datetime:
    """Add facts, and return the instant from which they are known."""
    with database.write() as connection:
        published_at = prices.next_publication(connection, at)
        prices.append_prices(connection, facts, published_at=published_at, payload_sha256="0" * 64)
    return published_at


def learn_at_random(database: Database, rnd: Random, days: range) -> None:
    """Learn a few prices on each of these days, dated anywhere, from any source."""
    for number in days:
        keys = {
            (
                rnd.choice(TYPES),
                rnd.choice(REGIONS),
                rnd.randrange(60),
                rnd.choice(list(SourceKind)),
            )
            for _ in range(4)
        }
        learn(database, [fact(rnd, *key) for key in sorted(keys)], day(number))


Question = tuple[str, str, datetime, datetime]


def questions(rnd: Random, count: int, latest_as_of: int) -> list[Question]:
    """Return random questions: SKU, instant of use, instant of knowledge."""
    return [
        (
            rnd.choice(TYPES),
            rnd.choice(REGIONS),
            day(0) + timedelta(hours=rnd.randrange(-48, 24 * 70)),
            day(0) + timedelta(minutes=rnd.randrange(1, 24 * 60 * latest_as_of)),
        )
        for _ in range(count)
    ]


def answers(database: Database, asked: list[Question]) -> list[str]:
    """Return each answer with everything that it says, as text."""
    with database.read() as connection:
        return [
            repr(
                prices.rates_in_force(
                    connection,
                    provider="aws",
                    region=region,
                    pricing_model=MODEL,
                    at=at,
                    as_of=as_of,
                    instance_type=instance_type,
                )
            )
            for instance_type, region, at, as_of in asked
        ]


def test_what_is_learned_later_changes_no_answer_with_an_older_as_of(database: Database) -> None:
    """10,000 random questions, asked before and after more prices came in, byte for byte."""
    rnd = Random(SEED)
    learn_at_random(database, rnd, range(30))
    count = 10_000
    asked = questions(rnd, count, latest_as_of=30)
    before = answers(database, asked)

    learn_at_random(database, rnd, range(30, 60))

    assert answers(database, asked) == before
    assert sum(answer != "[]" for answer in before) > count // 2


def test_the_same_question_of_now_is_answered_anew(database: Database) -> None:
    """The check above bites: without an older `as_of` the later prices do change answers."""
    rnd = Random(SEED)
    learn_at_random(database, rnd, range(30))
    asked = [(*question[:3], day(90)) for question in questions(rnd, 500, latest_as_of=30)]
    before = answers(database, asked)

    learn_at_random(database, rnd, range(30, 60))

    assert answers(database, asked) != before


def test_a_price_learned_while_the_clock_is_set_back_is_known_later(database: Database) -> None:
    """An answer that was given stays, although the clock says that the new price is older."""
    rnd = Random(SEED)
    known = learn(database, [fact(rnd, "one", "us-east-1", 0, SourceKind.OTHER)], day(10))
    asked = [("one", "us-east-1", day(20), known)]
    before = answers(database, asked)

    later = learn(database, [fact(rnd, "one", "us-east-1", 5, SourceKind.OTHER)], day(3))

    assert later > known
    assert answers(database, asked) == before


def test_the_query_and_the_book_in_memory_give_the_same_rate(database: Database) -> None:
    """The same question has the same answer everywhere (R-PRICE)."""
    rnd = Random(SEED)
    learn_at_random(database, rnd, range(40))
    found: list[Rate | None] = []
    expected: list[Rate | None] = []

    with database.read() as connection:
        for as_of in (day(number) for number in range(1, 50, 7)):
            book = PriceBook(prices.rates_known(connection, as_of), [], 1)
            for instance_type, region, at, _ in questions(rnd, 60, latest_as_of=1):
                rows = prices.rates_in_force(
                    connection,
                    provider="aws",
                    region=region,
                    pricing_model=MODEL,
                    at=at,
                    as_of=as_of,
                    instance_type=instance_type,
                )
                expected.append(rows[0] if rows else None)
                found.append(_in_book(book, region, instance_type, at))

    assert found == expected
    assert sum(rate is not None for rate in found) > 200


def _in_book(book: PriceBook, region: str, instance_type: str, at: datetime) -> Rate | None:
    try:
        return book.rate_at("aws", region, instance_type, MODEL, at)
    except PriceNotFoundError:
        return None


def test_a_region_is_one_query_and_agrees_with_its_skus(database: Database) -> None:
    """Asking for all SKUs gives what asking for each of them gives."""
    rnd = Random(SEED)
    learn_at_random(database, rnd, range(40))

    with database.read() as connection:
        region = prices.rates_in_force(
            connection,
            provider="aws",
            region="us-east-1",
            pricing_model=MODEL,
            at=day(30),
            as_of=day(50),
        )
        each = [
            rate
            for instance_type in sorted(TYPES)
            for rate in prices.rates_in_force(
                connection,
                provider="aws",
                region="us-east-1",
                pricing_model=MODEL,
                at=day(30),
                as_of=day(50),
                instance_type=instance_type,
            )
        ]

    assert region == each
    assert len(region) == len(TYPES)
