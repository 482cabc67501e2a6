"""Usage: events as reported, and the GPU sessions they add up to."""
