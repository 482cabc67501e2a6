"""Flapping: an instance that is started and stopped so often that its reports are to be doubted."""

from collections.abc import Sequence
from datetime import datetime, timedelta

# A person or a scheduler starts a machine a few times an hour. More often it is a crash loop, or a
# reporter that takes each missed answer for a stop; and each run is billed its own minimum.
MAX_STARTS = 20
WITHIN = timedelta(hours=1)


def is_flapping(starts: Sequence[datetime]) -> bool:
    """Say whether more than 20 of the starts, in order of time, lie in any one hour."""
    return len(starts) > MAX_STARTS and any(
        last - first < WITHIN for first, last in zip(starts, starts[MAX_STARTS:], strict=False)
    )
