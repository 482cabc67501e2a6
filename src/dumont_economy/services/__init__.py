"""Use cases, one module each; the only place that opens and commits transactions."""
