"""The five economy endpoints (API.md, section 1), and the stream that says when to ask again."""

from dumont_economy.api.economy import active_session, history, pricing, realtime, savings, stream
from dumont_economy.api.economy.shared import blueprint

__all__ = ["active_session", "blueprint", "history", "pricing", "realtime", "savings", "stream"]
