"""`economy prices`: what the price book says, and why a GPU is compared as it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import click

from dumont_economy.cli.console import EXIT_NO, as_json, command, open_database, print_json
from dumont_economy.clock import Clock
from dumont_economy.errors import InvalidInstantError, PriceNotFoundError
from dumont_economy.instant import instant_text, parse_instant
from dumont_economy.metering.event_input import MAX_GPU_COUNT
from dumont_economy.metering.usage_event import CpuArchitecture
from dumont_economy.money import amount_text, exact_text, parse_amount
from dumont_economy.pricing.equivalence import MATCHING_RULES_VERSION, Equivalent, Grade, Ratios
from dumont_economy.pricing.match_timeline import ComparisonQuestion, RequestedGpu, Unpriced, ask
from dumont_economy.pricing.policy import BASELINE_REGIONS, Basis, Policy
from dumont_economy.pricing.rate import PricingModel, Rate
from dumont_economy.pricing.sku import ComparisonProvider, parse_provider
from dumont_economy.services.explain_prices import Candidate, Explanation, explain_match
from dumont_economy.services.look_up_rates import market_at, rate_in_force, rates_on_offer

_RATIO_PLACES = 2
_SHOWN_CANDIDATES = 12

_pricing_model = click.option(
    "--pricing-model",
    type=click.Choice([model.value for model in PricingModel]),
    default=PricingModel.ON_DEMAND.value,
    show_default=True,
)
_at = click.option("--at", "at_text", help="Instant of use, RFC 3339; now unless told.")
_as_of = click.option(
    "--as-of", "as_of_text", help="What was known at this instant; now unless told."
)


@click.group()
def prices() -> None:
    """The price book."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """The instant of use, and the instant whose knowledge answers."""

    at: datetime
    as_of: datetime


def _instants(at_text: str | None, as_of_text: str | None, clock: Clock) -> _Asked:
    now = clock.now()
    as_of = now if as_of_text is None else parse_instant(as_of_text)
    if as_of > now:
        message = "--as-of lies ahead; what will be known then cannot be told."
        raise InvalidInstantError(message, "as_of_in_future")
    return _Asked(now if at_text is None else parse_instant(at_text), as_of)


def _rate_fields(rate: Rate) -> dict[str, object]:
    return {
        "provider": rate.sku.provider,
        "region": rate.sku.region,
        "instance_type": rate.sku.instance_type,
        "gpu_type": rate.sku.gpu_model,
        "gpu_count": rate.sku.whole_gpus or exact_text(rate.sku.gpu_count),
        "pricing_model": rate.pricing_model.value,
        "price_per_instance_hour": exact_text(rate.usd_per_instance_hour),
        "price_per_gpu_hour": exact_text(rate.usd_per_gpu_hour),
        "currency": "USD",
        **_dates(rate),
    }


def _dates(rate: Rate) -> dict[str, object]:
    return {
        "effective_from": instant_text(rate.effective_from),
        "published_at": instant_text(rate.published_at),
        "retrieved_at": rate.retrieved_at.isoformat(),
        "first_seen": None if rate.first_seen is None else rate.first_seen.isoformat(),
        "previous_last_seen": None
        if rate.previous_last_seen is None
        else rate.previous_last_seen.isoformat(),
        "source": rate.source,
        "source_url": rate.source_url,
    }


@prices.command("rate")
@click.option("--provider", required=True, help="aws, gcp or azure.")
@click.option("--region", required=True)
@click.option("--instance-type", required=True)
@_pricing_model
@_at
@_as_of
@as_json
@click.pass_context
@command
def rate(  # noqa: PLR0917  one parameter an option
    context: click.Context,
    provider: str,
    region: str,
    instance_type: str,
    pricing_model: str,
    at_text: str | None,
    as_of_text: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Say which rate of a SKU is in force."""
    compared = parse_provider(provider)
    database, clock = open_database()
    asked = _instants(at_text, as_of_text, clock)
    try:
        found = rate_in_force(
            database,
            compared,
            region,
            instance_type,
            pricing_model=PricingModel(pricing_model),
            at=asked.at,
            as_of=asked.as_of,
        )
    except PriceNotFoundError as error:
        if as_json:
            print_json({"error": error.code, "message": str(error)})
        else:
            click.echo(str(error), err=True)
        context.exit(EXIT_NO)
    fields = _rate_fields(found)
    if as_json:
        print_json(fields)
    else:
        _print_fields(fields)


@prices.command("explain")
@click.option("--gpu", required=True, help="The GPU's name as it would be reported.")
@click.option("--count", type=click.IntRange(1, MAX_GPU_COUNT), default=1, show_default=True)
@click.option("--provider", required=True, help="aws, gcp or azure.")
@click.option("--region", help="The provider's region; the baseline's unless told.")
@click.option("--memory-gib", help="Memory of one GPU, where its name leaves that open.")
@click.option(
    "--arch",
    type=click.Choice([arch.value for arch in CpuArchitecture]),
    default=CpuArchitecture.X86_64.value,
    show_default=True,
)
@click.option(
    "--basis",
    type=click.Choice([basis.value for basis in Basis]),
    default=Basis.PER_GPU.value,
    show_default=True,
)
@_pricing_model
@_at
@_as_of
@as_json
@command
def explain(  # noqa: PLR0913, PLR0917  one parameter an option
    gpu: str,
    count: int,
    provider: str,
    region: str | None,
    memory_gib: str | None,
    arch: str,
    basis: str,
    pricing_model: str,
    at_text: str | None,
    as_of_text: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """Say what a GPU is compared with, and why."""
    compared = parse_provider(provider)
    memory = None if memory_gib is None else parse_amount(memory_gib)
    database, clock = open_database()
    asked = _instants(at_text, as_of_text, clock)
    question = ask(
        Policy(), compared, pricing_model=PricingModel(pricing_model), basis=Basis(basis)
    )
    if region is not None:
        question = replace(question, region=region)
    explanation = explain_match(
        market_at(database, asked.as_of), RequestedGpu(gpu, memory, count, arch), question, asked.at
    )
    fields = _explanation_fields(explanation, question, gpu, count, asked.at)
    if as_json:
        print_json(fields)
    else:
        _print_fields({name: value for name, value in fields.items() if name != "candidates"})
        for candidate in explanation.candidates[:_SHOWN_CANDIDATES]:
            _print_candidate(candidate)


def _explanation_fields(
    explanation: Explanation, question: ComparisonQuestion, gpu: str, count: int, at: datetime
) -> dict[str, object]:
    identity, match = explanation.identity, explanation.match
    fields: dict[str, object] = {
        "gpu": gpu,
        "gpu_count": count,
        "gpu_type": None if identity is None else identity.gpu_model,
        "variant_assumed": identity is not None and identity.variant_assumed,
        "provider": question.provider.value,
        "pricing_model": question.pricing_model.value,
        "basis": question.basis.value,
        "at": instant_text(at),
        "matching_rules_version": MATCHING_RULES_VERSION,
    }
    if isinstance(match, Unpriced):
        unmatched = ("sku", "compared_gpu_type", "price_per_gpu_hour", "price_smallest_instance")
        fields |= {"grade": Grade.N.value, "reason": match.message, "region": question.region}
        fields |= dict.fromkeys((*unmatched, "ratios", "source"))
    else:
        fields |= _match_fields(match)
    fields["candidates"] = [
        {**_match_fields(one.equivalent), "why_not": one.why_not} for one in explanation.candidates
    ]
    return fields


def _match_fields(match: Equivalent) -> dict[str, object]:
    rate, smallest = match.rate, match.smallest_instance_usd_per_hour
    return {
        "grade": match.grade.value,
        "how": match.reach.value,
        "sku": None if rate is None else rate.sku.instance_type,
        "compared_gpu_type": match.gpu_model,
        "region": None if rate is None else rate.sku.region,
        "machines": exact_text(match.machines),
        "price_per_gpu_hour": exact_text(match.usd_per_gpu_hour),
        "price_per_hour": exact_text(match.usd_per_hour),
        "price_smallest_instance": None if smallest is None else exact_text(smallest),
        "ratios": None if match.ratios is None else _ratio_fields(match.ratios),
        **({} if rate is None else _dates(rate)),
    }


def _ratio_fields(ratios: Ratios) -> dict[str, object]:
    return {
        "memory": amount_text(ratios.memory, _RATIO_PLACES),
        "fp16": None if ratios.fp16 is None else amount_text(ratios.fp16, _RATIO_PLACES),
        "bandwidth": None
        if ratios.bandwidth is None
        else amount_text(ratios.bandwidth, _RATIO_PLACES),
    }


@prices.command("list")
@click.option("--provider", help="aws, gcp or azure; all unless told.")
@click.option("--region", help="One region; the baseline's unless told.")
@_pricing_model
@_at
@_as_of
@as_json
@command
def list_prices(
    provider: str | None,
    region: str | None,
    pricing_model: str,
    at_text: str | None,
    as_of_text: str | None,
    as_json: bool,  # noqa: FBT001
) -> None:
    """List the rates at which a region's SKUs are sold."""
    providers = list(ComparisonProvider) if provider is None else [parse_provider(provider)]
    database, clock = open_database()
    asked = _instants(at_text, as_of_text, clock)
    rates = [
        rate
        for one in providers
        for rate in rates_on_offer(
            database,
            one,
            region or BASELINE_REGIONS[one],
            pricing_model=PricingModel(pricing_model),
            at=asked.at,
            as_of=asked.as_of,
        )
    ]
    rates.sort(key=lambda rate: (rate.sku.provider, rate.sku.gpu_model, rate.sku.instance_type))
    if as_json:
        print_json({"at": instant_text(asked.at), "prices": [_rate_fields(rate) for rate in rates]})
        return
    # Loaded for a table alone: a program asks for JSON, and asks often.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=None)
    for title in (
        "provider",
        "GPU",
        "count",
        "instance type",
        "USD/h",
        "USD/GPU-h",
        "since",
        "seen",
    ):
        table.add_column(title)
    for rate in rates:
        table.add_row(
            rate.sku.provider,
            rate.sku.gpu_model,
            exact_text(rate.sku.gpu_count),
            rate.sku.instance_type,
            exact_text(rate.usd_per_instance_hour),
            exact_text(rate.usd_per_gpu_hour),
            f"{rate.effective_from:%Y-%m-%d}",
            rate.retrieved_at.isoformat(),
        )
    Console().print(table)


def _print_fields(fields: Mapping[str, object]) -> None:
    for name, value in fields.items():
        click.echo(f"{name:24} {'-' if value is None else value}")


def _print_candidate(candidate: Candidate) -> None:
    one = candidate.equivalent
    sku = one.rate.sku.instance_type if one.rate else "-"
    chosen = candidate.why_not or "chosen"
    click.echo(
        f"  {one.grade} {one.reach.value:16} {sku:28} {exact_text(one.usd_per_hour):>12}  {chosen}"
    )
