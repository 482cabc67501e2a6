"""What the commands on prices share: their options, and how fields are printed."""

from collections.abc import Mapping

import click

from dumont_economy.clock import Clock
from dumont_economy.instant import parse_instant
from dumont_economy.pricing.rate import PricingModel
from dumont_economy.services.asked_instants import Asked, asked_instants

pricing_model_option = click.option(
    "--pricing-model",
    type=click.Choice([model.value for model in PricingModel]),
    default=PricingModel.ON_DEMAND.value,
    show_default=True,
)
at_option = click.option("--at", "at_text", help="Instant of use, RFC 3339; now unless told.")
as_of_option = click.option(
    "--as-of", "as_of_text", help="What was known at this instant; now unless told."
)


def instants(at_text: str | None, as_of_text: str | None, clock: Clock) -> Asked:
    """Return the instants that two options name; what is not known yet cannot be asked for.

    Raises:
        InvalidInstantError: a text is no instant, or `--as-of` lies ahead.
    """
    return asked_instants(
        None if at_text is None else parse_instant(at_text),
        None if as_of_text is None else parse_instant(as_of_text),
        clock.now(),
    )


def print_fields(fields: Mapping[str, object]) -> None:
    """Print fields for a person, a line each."""
    for name, value in fields.items():
        click.echo(f"{name:24} {_shown(value)}")


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_shown(inner)}" for name, inner in value.items())
    return "-" if value is None else str(value)
