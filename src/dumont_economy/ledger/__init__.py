"""Sessions laid on rates: line items and totals, from facts that are only ever added to."""
