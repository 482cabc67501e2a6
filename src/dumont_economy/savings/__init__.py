"""What the same usage would have cost elsewhere, and the difference, with its sign."""
