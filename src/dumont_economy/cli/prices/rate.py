"""`economy prices rate`: which rate of a SKU is in force."""

import click

from dumont_economy.cli.console import EXIT_NO, as_json, command, open_database, print_json
from dumont_economy.cli.prices.shared import (
    as_of_option,
    at_option,
    instants,
    pricing_model_option,
    print_fields,
)
from dumont_economy.errors import PriceNotFoundError
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.services.look_up_rates import provider_named, rate_in_force
from dumont_economy.services.rate_fields import rate_fields


@click.command("rate")
@click.option("--provider", required=True, help="Any that the book knows.")
@click.option("--region", required=True)
@click.option("--instance-type", required=True)
@pricing_model_option
@at_option
@as_of_option
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
    database, clock = open_database()
    asked = instants(at_text, as_of_text, clock)
    try:
        found = rate_in_force(
            database,
            provider_named(database, provider),
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
    fields = rate_fields(found)
    if as_json:
        print_json(fields)
    else:
        print_fields(fields)
