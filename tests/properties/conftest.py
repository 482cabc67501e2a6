"""How many examples a law is held against, and without a deadline for each.

`make test` tries the same ones every time. DUMONT_ECONOMY_TORTURE=1 asks for many more, new ones
each time, and a failure prints what repeats it. `make mutants` tries few, many times over.
"""

import os

from hypothesis import Phase, settings

settings.register_profile(
    "suite", derandomize=True, deadline=None, max_examples=150, stateful_step_count=40
)
settings.register_profile(
    "torture",
    derandomize=False,
    deadline=None,
    max_examples=5_000,
    stateful_step_count=60,
    print_blob=True,
)
# That a mutant is noticed is enough: nobody reads its smallest example.
settings.register_profile(
    "mutants",
    settings.get_profile("suite"),
    max_examples=60,
    phases=[Phase.explicit, Phase.generate],
    report_multiple_bugs=False,
)
if os.environ.get("DUMONT_ECONOMY_TORTURE") == "1":
    settings.load_profile("torture")
else:
    settings.load_profile(os.environ.get("DUMONT_ECONOMY_EXAMPLES", "suite"))
