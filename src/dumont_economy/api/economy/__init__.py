"""The five economy endpoints (API.md, section 1): a view in, the published answer out."""

from dumont_economy.api.economy import active_session, history, pricing, realtime, savings
from dumont_economy.api.economy.shared import blueprint

__all__ = ["active_session", "blueprint", "history", "pricing", "realtime", "savings"]
