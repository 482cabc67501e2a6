"""Reads what every known GPU is compared with at each provider: the price book at a glance."""

from dataclasses import dataclass
from datetime import datetime

from dumont_economy.metering.usage_event import CpuArchitecture
from dumont_economy.pricing.gpu_model import GpuModel
from dumont_economy.pricing.match_timeline import Match, RequestedGpu, ask
from dumont_economy.pricing.policy import Policy
from dumont_economy.pricing.sku import ComparisonProvider
from dumont_economy.services.market import Market


@dataclass(frozen=True, slots=True)
class ComparedGpu:
    """A GPU model, and what so many of it are compared with at each provider."""

    model: GpuModel
    matches: dict[ComparisonProvider, Match]


def read_compared_prices(
    market: Market, policy: Policy, *, count: int, at: datetime
) -> list[ComparedGpu]:
    """Return every known GPU model in order of its name, compared as a policy says."""
    matcher = market.matcher
    return [
        ComparedGpu(
            model,
            {
                provider: matcher.match_at(
                    RequestedGpu(model.name, None, count, CpuArchitecture.X86_64),
                    ask(policy, provider),
                    at,
                )
                for provider in ComparisonProvider
            },
        )
        for _, model in sorted(matcher.models.items())
    ]
