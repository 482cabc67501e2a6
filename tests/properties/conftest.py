"""Properties are checked on the same examples every time, and without a deadline per example."""

from hypothesis import settings

settings.register_profile("suite", derandomize=True, deadline=None, max_examples=150)
settings.load_profile("suite")
