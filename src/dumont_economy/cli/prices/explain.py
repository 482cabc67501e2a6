"""`economy prices explain`: what a GPU is compared with, and why."""

from dataclasses import replace

import click

from dumont_economy.cli.console import as_json, command, open_database, print_json
from dumont_economy.cli.prices.shared import (
    as_of_option,
    at_option,
    instants,
    pricing_model_option,
    print_fields,
)
from dumont_economy.metering.event_input import MAX_GPU_COUNT
from dumont_economy.metering.usage_event import CpuArchitecture
from dumont_economy.money import exact_text, parse_amount
from dumont_economy.pricing.match_timeline import RequestedGpu, ask
from dumont_economy.pricing.policy import Basis, Policy
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.pricing.sku import parse_provider
from dumont_economy.services.explain_prices import (
    Candidate,
    Conflict,
    Inquiry,
    explain_prices,
)
from dumont_economy.services.explanation_fields import explanation_fields

_NOT_FOR_PEOPLE = {"conflicts", "candidates", "rejected", "reason_code", "reason_parameters"}
_SHOWN_CANDIDATES = 12


@click.command("explain")
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
@pricing_model_option
@at_option
@as_of_option
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
    asked = instants(at_text, as_of_text, clock)
    question = ask(
        Policy(), compared, pricing_model=PricingModel(pricing_model), basis=Basis(basis)
    )
    if region is not None:
        question = replace(question, region=region)
    inquiry = Inquiry(RequestedGpu(gpu, memory, count, arch), question, asked.at, asked.as_of)
    explanation = explain_prices(database, inquiry)
    fields = explanation_fields(explanation)
    if as_json:
        print_json(fields)
        return
    print_fields({name: value for name, value in fields.items() if name not in _NOT_FOR_PEOPLE})
    for conflict in explanation.conflicts:
        _print_conflict(conflict)
    for candidate in explanation.candidates[:_SHOWN_CANDIDATES]:
        _print_candidate(candidate)
    for rejected in explanation.rejected:
        click.echo(f"  no candidate: {rejected.gpu_model:16} {rejected.reason.text}")


def _print_conflict(conflict: Conflict) -> None:
    waiting = conflict.waiting
    price = exact_text(waiting.price.price_per_instance_hour)
    click.echo(f"  waits for a decision: {price} by {waiting.scope.source} ({waiting.price.code})")


def _print_candidate(candidate: Candidate) -> None:
    one = candidate.equivalent
    sku = one.rate.sku.instance_type if one.rate else "-"
    verdict = "chosen" if candidate.why_not is None else candidate.why_not.text
    click.echo(
        f"  {one.grade} {one.reach.value:16} {sku:28} {exact_text(one.usd_per_hour):>12}  {verdict}"
    )
