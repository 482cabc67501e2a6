"""Times rating: sums of what the ledger is made of, against the same loops in floats."""

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import partial

from dumont_economy.ledger.line_item import LineItem
from dumont_economy.ledger.rating import rate_session
from dumont_economy.metering.gpu_session import replay
from dumont_economy.metering.usage_event import EventType, UsageEvent
from dumont_economy.money import MICROSECONDS_PER_HOUR, Accrual
from dumont_economy.pricing.equivalence import Equivalent, Grade
from dumont_economy.savings.totals import total_of
from scripts.bench_table import milliseconds, say
from tests.builders import after, billing, equivalent, event, matches, start, terms

PRODUCTS = 1_000_000
LINE_ITEMS = 1_000_000
SESSIONS = 50
GPUS = (("RTX 4090", 1), ("A100", 1), ("H100", 8), ("T4", 1))


def time_rating() -> None:
    """Time sums of a million, against the same loops in floats: of line items, and of products."""
    lines = ended_lines()
    # The floats are read once, as the fractions are.
    in_floats = [(line, float(line.rate or 0), float(line.comparison_rate or 0)) for line in lines]
    exact = milliseconds(partial(total_of, lines), 3)
    floating = milliseconds(partial(saving_in_floats, in_floats), 3)
    say(
        f"totals of {len(lines):,} line items, times a loop in floats",
        f"{exact / floating:.2f}",
        "at most 1",
        is_reached=exact <= floating,
    )
    a_line = 1_000_000 / len(lines)  # From milliseconds for all to nanoseconds for one.
    say("  nanoseconds a line: ours, floats", f"{exact * a_line:,.0f}, {floating * a_line:,.0f}")
    time_products()


def ended_lines() -> list[LineItem]:
    """Return a million line items of ended sessions, as the ledger makes them."""
    rnd = random.Random(7)  # noqa: S311  repeatable, not secret
    rates = [f"{Decimal(rnd.randrange(10**6)).scaleb(-4)}" for _ in range(50)]
    grades = (Grade.A, Grade.C, Grade.D)
    of_gpu = {
        gpu: matches(equivalent(f"{number + 2}.37", grades[number % 3]))
        for number, (gpu, _) in enumerate(GPUS)
    }
    rated = replace(terms(comparison=billing(60)), matches_of=lambda one: of_gpu[one.gpu])
    lines: list[LineItem] = []
    for number in range(LINE_ITEMS // SESSIONS):
        gpu, count = GPUS[number % len(GPUS)]
        events: list[UsageEvent] = []
        for place in range(SESSIONS):
            at = 10_000 * place
            rate = rates[rnd.randrange(50)]
            begun = start(after(at), gpu=gpu, gpu_count=count, rate=rate)
            ended = event(EventType.STOP, after(at + rnd.randrange(1, 10_000)))
            events += [begun, ended]
        for session in replay("i-1", events, after(10_000 * SESSIONS)).sessions:
            lines += rate_session(session, rated, after(10_000 * SESSIONS))
    return lines


def saving_in_floats(lines: Sequence[tuple[LineItem, float, float]]) -> float:
    """Return the saving, after the same sums that totals hold, in floats."""
    used = gpu_used = actual = comparable = counterfactual = 0.0
    substitutes_comparable = substitutes_counterfactual = 0.0
    by_grade = dict.fromkeys(Grade, 0.0)
    for line, rate, comparison_rate in lines:
        starts_at, match = line.starts_at, line.match
        seconds = (line.ends_at - starts_at).total_seconds()
        used += seconds
        gpu_seconds = seconds * line.shape.gpu_count
        gpu_used += gpu_seconds
        billed = (line.actual.ends_at - starts_at).total_seconds()
        paid = rate * (billed + line.actual.pad_microseconds / 1e6) / 3_600
        actual += paid
        if not isinstance(match, Equivalent):
            by_grade[Grade.N] += gpu_seconds
            continue
        billed = (line.comparison.ends_at - starts_at).total_seconds()
        compared = comparison_rate * (billed + line.comparison.pad_microseconds / 1e6) / 3_600
        by_grade[match.grade] += gpu_seconds
        comparable += paid
        counterfactual += compared
        if match.grade is Grade.D:
            substitutes_comparable += paid
            substitutes_counterfactual += compared
    return counterfactual - comparable


def time_products() -> None:
    """Time a million products of a rate and a time, added one by one: no lines, and no goal."""
    rnd = random.Random(7)  # noqa: S311  repeatable, not secret
    rates = [Fraction(rnd.randrange(10**6), 10**4) for _ in range(50)]
    products = [(rates[rnd.randrange(50)], rnd.randrange(1, 10**11)) for _ in range(PRODUCTS)]
    in_floats = [(float(rate), float(used)) for rate, used in products]

    def exact() -> Fraction:
        accrued = Accrual()
        for rate, used in products:
            accrued.add(rate, used)
        return accrued.total()

    def floating() -> float:
        total = 0.0
        for rate, used in in_floats:
            total += rate * used / MICROSECONDS_PER_HOUR
        return total

    ratio = milliseconds(exact, 3) / milliseconds(floating, 3)
    say(f"  bare sum of {PRODUCTS:,} rates x times, times a loop in floats", f"{ratio:.2f}")


if __name__ == "__main__":
    time_rating()
