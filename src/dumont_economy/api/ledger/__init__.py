"""The ledger: the lines behind every figure, their totals, and what closed periods came to."""

from dumont_economy.api.ledger import closed, lines, totals
from dumont_economy.api.ledger.shared import blueprint

__all__ = ["blueprint", "closed", "lines", "totals"]
