"""The price report as a document in Markdown, for people; the same facts give the same text."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from dumont_economy.instant import instant_text
from dumont_economy.money import amount_text, exact_text, round_amount
from dumont_economy.pricing.card_check import CardFinding, Verdict
from dumont_economy.pricing.equivalence import Equivalent, Reach
from dumont_economy.pricing.policy import BASELINE_REGIONS
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services.look_up_rates import provider_label
from dumont_economy.services.price_health import FeedHealth
from dumont_economy.services.price_report import GpuCoverage, PriceReport
from dumont_economy.services.region_coverage import RegionCoverage
from dumont_economy.storage.price_quarantine import QuarantinedPrice

_USD_PLACES = 4
_CENT_PLACES = 2
_RATIO_PLACES = 2
_LONGEST_TEXT = 120
_MOST_ROWS = 100
# Names come from outside: none may end a cell of a table, or be read as markup.
_MARKUP = re.compile(r"([\\|<>`*\[\]])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_NONE = "-"

_VERDICTS = {
    Verdict.AGREES: "the list price of one GPU",
    Verdict.WHOLE_MACHINE: "the price of a whole machine with several GPUs",
    Verdict.PAST_PRICE: "the price of one GPU at an earlier time",
    Verdict.PAST_WHOLE_MACHINE: "the price of a whole machine with several GPUs at an earlier time",
    Verdict.TOO_HIGH: "too high for one GPU",
    Verdict.TOO_LOW: "too low for one GPU",
    Verdict.NOT_SOLD: "for a GPU that the provider does not sell",
    Verdict.UNPRICED: "without a list price to be held against",
}


def report_text(report: PriceReport) -> str:
    """Return the report as a Markdown document."""
    sections = (
        _head(report),
        _in_short(report),
        _card(report),
        _coverage(report),
        _age(report),
        _conflicts(report),
        _waiting(report),
        _feeds(report),
        _unknown_names(report),
        _shipped_refusals(report),
    )
    return "\n".join(line for section in sections for line in section)


def _head(report: PriceReport) -> Iterator[str]:
    at = instant_text(report.at)
    yield "# Price report"
    yield ""
    yield "What the price book covers, how old its prices are, and where it may be wrong."
    yield ""
    yield f"Prices in force at {at}, as `economy prices report --at {at}` finds them."
    yield "List prices in US dollars per hour, Linux, on demand unless said otherwise, before any"
    yield "discount. A price is as old as the last day on which its source was seen to state it."
    yield ""


def _in_short(report: PriceReport) -> Iterator[str]:
    yield "## In short"
    yield ""
    for provider, regions in _by_provider(report.regions).items():
        gpus = sum(1 for one in report.gpus if one.provider == provider)
        days = [day for one in regions for day in (one.oldest, one.newest)]
        prices = ", ".join(
            f"{_number(sum(one.skus for one in held))} {_words(model.value)}"
            for model, held in _by_model(regions).items()
        )
        yield (
            f"- **{provider_label(provider)}**: {gpus} GPUs in "
            f"{len({one.region for one in regions})} regions; prices: {prices}; last seen "
            f"{report.age_days(max(days))} to {report.age_days(min(days))} days ago, "
            f"{_number_or_none(sum(one.stale for one in regions))} of them over 180."
        )
    yield f"- **Feeds**: {_feeds_in_short(report.health.feeds)}"
    yield (
        f"- **Waiting for a person**: {_number_or_none(len(report.health.waiting))}, of which "
        f"conflicts between sources: {_number_or_none(len(report.conflicts))}."
    )
    unknown = len(report.unknown_in_sources) + len(report.unknown_in_usage)
    yield f"- **Names that are not known**: {_number_or_none(unknown)}."
    counts = Counter(finding.verdict for finding in report.findings)
    said = "; ".join(f"{words}: {counts[one]}" for one, words in _VERDICTS.items() if counts[one])
    yield f"- **The reference rate card**, {len(report.findings)} figures: {said}."
    yield ""


def _feeds_in_short(feeds: Sequence[FeedHealth]) -> str:
    if not feeds:
        return "none has been read here; all prices came with the package or from files."
    bad = sum(1 for feed in feeds if not feed.is_good)
    return f"{len(feeds)} read; the newest reading of {_number_or_none(bad)} went wrong."


def _coverage(report: PriceReport) -> Iterator[str]:
    compared = [one for one in report.gpus if one.provider in list(ComparisonProvider)]
    others = [one for one in report.gpus if one.provider not in list(ComparisonProvider)]
    yield "## Coverage"
    yield ""
    yield "In how many regions each GPU is sold, and what one costs an hour in the baseline region"
    yield f"({_baseline()}). Grade A: a machine with exactly"
    yield "one. B: a share of a bigger machine, for one alone is not sold there."
    yield ""
    labels = [provider.label for provider in ComparisonProvider]
    found = {(one.provider, one.gpu_model): one for one in compared}
    yield from _table(
        ["GPU", *labels],
        (
            [gpu, *(_covered(found.get((provider, gpu))) for provider in ComparisonProvider)]
            for gpu in sorted({one.gpu_model for one in compared}, key=str.lower)
        ),
    )
    yield "### The machines behind these prices"
    yield ""
    for provider in ComparisonProvider:
        yield f"**{provider.label}**, {BASELINE_REGIONS[provider]}:"
        yield ""
        yield from _table(
            ["GPU", "per GPU-hour", "grade", "machine", "per machine-hour", "since", "last seen"],
            (
                [one.gpu_model, *_machine_cells(one.match, one.match.rate, report)]
                for one in compared
                if one.provider == provider and one.match is not None and one.match.rate
            ),
        )
    if others:
        yield "### Other providers"
        yield ""
        yield from _table(
            ["provider", "GPU", "regions"],
            ([_text(one.provider), one.gpu_model, str(one.regions)] for one in others),
        )
    yield from _regions(report)


def _covered(one: GpuCoverage | None) -> str:
    if one is None:
        return _NONE
    regions = f"{one.regions} region{'' if one.regions == 1 else 's'}"
    if one.match is None:
        return f"{regions}; not in the baseline"
    return f"{regions}; {_usd(one.match.usd_per_gpu_hour)} {one.match.grade}"


def _machine_cells(match: Equivalent, rate: Rate, report: PriceReport) -> list[str]:
    share = f"1/{1 / match.machines} of " if match.reach is Reach.SHARE else ""
    return [
        _usd(match.usd_per_gpu_hour),
        match.grade,
        f"{share}{_text(rate.sku.instance_type)}",
        _usd(rate.usd_per_instance_hour),
        rate.effective_from.date().isoformat(),
        _seen(rate.retrieved_at, report),
    ]


def _regions(report: PriceReport) -> Iterator[str]:
    yield "### Regions"
    yield ""
    yield "SKUs with a price, on demand (and spot, where there is any)."
    yield ""
    for provider, regions in _by_provider(report.regions).items():
        skus: dict[str, dict[PricingModel, int]] = {}
        for one in regions:
            skus.setdefault(one.region, {})[one.pricing_model] = one.skus
        said = ", ".join(f"{_text(region)} {_skus(of)}" for region, of in sorted(skus.items()))
        yield f"- **{_text(provider_label(provider))}** ({len(skus)}): {said}."
    yield ""


def _skus(of: dict[PricingModel, int]) -> str:
    more = [
        f"{skus} {_words(model)}"
        for model, skus in of.items()
        if model is not PricingModel.ON_DEMAND
    ]
    return f"{of.get(PricingModel.ON_DEMAND, 0)}" + (f" ({', '.join(more)})" if more else "")


def _age(report: PriceReport) -> Iterator[str]:
    yield "## Age"
    yield ""
    rows = []
    for provider, regions in _by_provider(report.regions).items():
        for model, held in _by_model(regions).items():
            rows.append(
                [
                    _text(provider_label(provider)),
                    _words(model),
                    _number(sum(one.skus for one in held)),
                    _seen(min(one.oldest for one in held), report),
                    _seen(max(one.newest for one in held), report),
                    _number(sum(one.stale for one in held)),
                ]
            )
    yield from _table(
        ["provider", "pricing model", "prices", "oldest seen", "newest seen", "over 180 days"],
        rows,
    )


def _conflicts(report: PriceReport) -> Iterator[str]:
    yield "## Conflicts between sources"
    yield ""
    if not report.conflicts:
        yield "None: no two sources state prices more than 2 % apart for the same time."
        yield ""
        return
    yield "Two sources state prices more than 2 % apart. What is in force stays until a person"
    yield "decides."
    yield ""
    yield from _table(
        ["number", "machine", "in force", "its source", "stated", "by", "what differs"],
        (
            [
                str(one.waiting.number),
                _waiting_name(one.waiting),
                _NONE if one.in_force is None else _usd(one.in_force.usd_per_instance_hour),
                _NONE if one.in_force is None else _text(one.in_force.source),
                _usd(one.waiting.price.price_per_instance_hour),
                _text(one.waiting.scope.source),
                _text(one.waiting.price.detail),
            ]
            for one in report.conflicts
        ),
    )


def _waiting(report: PriceReport) -> Iterator[str]:
    yield "## What waits for a person"
    yield ""
    waiting = report.health.waiting
    if not waiting:
        yield "Nothing. `economy prices review` decides of what does."
        yield ""
        return
    yield "None of these is in any figure. `economy prices review` decides of them."
    yield ""
    yield from _table(
        ["number", "machine", "last price", "stated", "by", "since", "why it waits"],
        (
            [
                str(one.number),
                _waiting_name(one),
                _NONE if one.price.last_price is None else _usd(one.price.last_price),
                _usd(one.price.price_per_instance_hour),
                _text(one.scope.source),
                one.since.date().isoformat(),
                f"{_words(one.price.code)}: {_text(one.price.detail)}",
            ]
            for one in waiting
        ),
    )


def _feeds(report: PriceReport) -> Iterator[str]:
    yield "## Feeds"
    yield ""
    feeds = report.health.feeds
    if not feeds:
        yield "None has been read by this installation. `economy prices refresh` reads them."
        yield ""
        return
    yield from _table(
        [
            "feed",
            "provider",
            "region",
            "newest attempt",
            "outcome",
            "last read well",
            "rows refused",
        ],
        (
            [
                _text(feed.scope.source),
                _text(provider_label(feed.scope.provider)),
                _text(feed.scope.region or "all"),
                instant_text(feed.tried_at),
                f"{feed.outcome}: {_words(feed.code)}" if feed.code else str(feed.outcome),
                "never" if feed.last_good_at is None else instant_text(feed.last_good_at),
                _number(sum(one.rows for one in feed.refused)),
            ]
            for feed in feeds
        ),
    )


def _unknown_names(report: PriceReport) -> Iterator[str]:
    yield "## Names that are not known"
    yield ""
    if not report.unknown_in_sources and not report.unknown_in_usage:
        yield "None, neither in the newest reading of any source nor in usage."
        yield ""
        return
    if report.unknown_in_sources:
        yield "In the newest reading of a source; their rows were not taken:"
        yield ""
        yield from _table(
            ["name", "rows", "source", "provider", "region", "one of the places", "why"],
            (
                [
                    _text(one.rows.subject or "(empty)"),
                    _number(one.rows.rows),
                    _text(one.scope.source),
                    _text(provider_label(one.scope.provider) or _NONE),
                    _text(one.scope.region or _NONE),
                    _text(one.rows.place),
                    _words(one.rows.code),
                ]
                for one in report.unknown_in_sources
            ),
        )
    if report.unknown_in_usage:
        yield "In usage, over all accounts; it is metered, and compared with nothing:"
        yield ""
        yield from _table(
            ["name", "memory, GiB", "events", "instances"],
            (
                [
                    _text(one.spelling.strip() or "(empty)"),
                    _NONE if one.memory_gib is None else exact_text(one.memory_gib),
                    _number(one.events),
                    _number(one.instances),
                ]
                for one in report.unknown_in_usage
            ),
        )


def _card(report: PriceReport) -> Iterator[str]:
    yield "## The reference rate card, row by row"
    yield ""
    yield "Each figure of the card beside the list price of the same GPU, per GPU-hour, in the"
    yield f"baseline region ({_baseline()})."
    yield "Grade C is the same chip in another form, D a substitute. The smallest machine is what"
    yield "must at least be rented to have one."
    yield ""
    yield from _table(
        [
            "GPU",
            "provider",
            "card",
            "list price",
            "grade",
            "machine",
            "last seen",
            "smallest machine",
            "card ÷ list",
            "finding",
        ],
        (_card_cells(finding, report) for finding in report.findings),
    )
    if report.own_prices:
        said = ", ".join(
            f"{_text(one.gpu)} {_usd(one.usd_per_gpu_hour)}" for one in report.own_prices
        )
        yield f"The card's other rows are its operator's own prices, which no list states: {said}."
        yield ""


def _card_cells(finding: CardFinding, report: PriceReport) -> list[str]:
    row, match = finding.row, finding.match
    cells = [row.gpu, finding.question.provider.label, _usd(row.usd_per_gpu_hour)]
    if not isinstance(match, Equivalent) or match.rate is None:
        return [*cells, _NONE, "N", _NONE, _NONE, _NONE, _NONE, finding.sentence]
    smallest = match.smallest_instance_usd_per_hour
    return [
        *cells,
        _usd(match.usd_per_gpu_hour),
        match.grade,
        f"{_text(match.rate.sku.instance_type)} ({match.gpu_model})",
        _seen(match.rate.retrieved_at, report),
        _NONE if smallest is None else f"{match.smallest_instance_type}, {_usd(smallest)}",
        _NONE if finding.ratio is None else amount_text(finding.ratio, _RATIO_PLACES),
        finding.sentence,
    ]


def _shipped_refusals(report: PriceReport) -> Iterator[str]:
    yield "## Rows that the shipped book leaves out"
    yield ""
    if not report.shipped_refusals:
        yield "None."
        yield ""
        return
    yield from _table(
        ["machine", "per machine-hour", "stated on", "why it was left out"],
        (
            [
                f"{provider_label(one.provider)} {one.region} {one.instance_type}",
                _usd(one.usd_per_instance_hour),
                one.as_of.isoformat(),
                one.reason,
            ]
            for one in report.shipped_refusals
        ),
    )


def _by_provider(regions: Iterable[RegionCoverage]) -> dict[str, list[RegionCoverage]]:
    found: dict[str, list[RegionCoverage]] = {}
    for one in regions:
        found.setdefault(one.provider, []).append(one)
    return found


def _by_model(regions: Iterable[RegionCoverage]) -> dict[PricingModel, list[RegionCoverage]]:
    found: dict[PricingModel, list[RegionCoverage]] = {}
    for model in PricingModel:
        held = [one for one in regions if one.pricing_model is model]
        if held:
            found[model] = held
    return found


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Return a table; of a very long one the beginning, and how much is left out."""
    held = list(rows)
    yield f"| {' | '.join(header)} |"
    yield f"|{' --- |' * len(header)}"
    for row in held[:_MOST_ROWS]:
        yield f"| {' | '.join(row)} |"
    if len(held) > _MOST_ROWS:
        yield ""
        yield f"... and {_number(len(held) - _MOST_ROWS)} more; `--json` lists them all."
    yield ""


def _waiting_name(waiting: QuarantinedPrice) -> str:
    price = waiting.price
    model = "" if price.pricing_model is PricingModel.ON_DEMAND else _words(price.pricing_model)
    named = (provider_label(price.provider), price.region, price.instance_type, model)
    return _text(" ".join(filter(None, named)))


def _baseline() -> str:
    return ", ".join(f"{one.label} {BASELINE_REGIONS[one]}" for one in ComparisonProvider)


def _text(outside: str) -> str:
    """Return a text from outside as it reads, whatever it is made of; a long one is cut."""
    one_line = _CONTROL.sub(" ", outside)
    cut = one_line[:_LONGEST_TEXT] + ("…" if len(one_line) > _LONGEST_TEXT else "")
    return _MARKUP.sub(r"\\\1", cut)


def _words(code: str) -> str:
    return code.replace("_", " ")


def _seen(day: date, report: PriceReport) -> str:
    return f"{day.isoformat()} ({report.age_days(day)} days)"


def _usd(price: Decimal | Fraction) -> str:
    """Return USD with two decimals at least, and four at most."""
    whole, _, decimals = exact_text(round_amount(Fraction(price), _USD_PLACES)).partition(".")
    return f"{whole}.{decimals.ljust(_CENT_PLACES, '0')}"


def _number(count: int) -> str:
    return f"{count:,}"


def _number_or_none(count: int) -> str:
    return _number(count) if count else "none"
