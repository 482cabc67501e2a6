"""`economy prices list`: the rates at which a region's SKUs are sold."""

import click

from dumont_economy.cli.console import as_json, command, open_database, print_json, print_table
from dumont_economy.cli.prices.shared import (
    as_of_option,
    at_option,
    instants,
    pricing_model_option,
)
from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text
from dumont_economy.pricing.policy import BASELINE_REGIONS
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.services.look_up_rates import provider_named, rates_on_offer
from dumont_economy.services.rate_fields import rate_fields


@click.command("list")
@click.option("--provider", help="Any that the book knows; all unless told.")
@click.option("--region", help="One region; the baseline's unless told.")
@pricing_model_option
@at_option
@as_of_option
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
    database, clock = open_database()
    asked = instants(at_text, as_of_text, clock)
    rates = rates_on_offer(
        database,
        provider=None if provider is None else provider_named(database, provider),
        region=region,
        regions=BASELINE_REGIONS,
        pricing_model=PricingModel(pricing_model),
        at=asked.at,
        as_of=asked.as_of,
    )
    if as_json:
        print_json({"at": instant_text(asked.at), "prices": [rate_fields(rate) for rate in rates]})
        return
    print_table(
        ("provider", "GPU", "count", "instance type", "USD/h", "USD/GPU-h", "since", "seen"),
        [
            (
                rate.sku.provider,
                rate.sku.gpu_model,
                exact_text(rate.sku.gpu_count),
                rate.sku.instance_type,
                exact_text(rate.usd_per_instance_hour),
                exact_text(rate.usd_per_gpu_hour),
                f"{rate.effective_from:%Y-%m-%d}",
                rate.retrieved_at.isoformat(),
            )
            for rate in rates
        ],
    )
