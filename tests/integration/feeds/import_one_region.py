"""Imports a region of the AWS Price List from a base URL; prints what it came to, and its memory.

A process of its own, so that nothing else is measured: its memory is that of the whole import, from
the first byte to the last commit. The second figure is that of the same process when it holds the
file, which shows that the first is one.
"""

import json
import sys
from pathlib import Path

from dumont_economy.clock import SystemClock
from dumont_economy.feeds import aws
from dumont_economy.feeds.address import FeedAddress
from dumont_economy.feeds.fetch import Fetcher
from dumont_economy.services.import_prices import import_prices
from dumont_economy.services.prepare_database import prepare_database


def peak_memory_mb() -> int:
    """Return the most memory that this process ever had, in MB.

    From the kernel's account of this program: getrusage would count the program before it, from
    which it was started, too.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kibibytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
    return int(kibibytes) * 1024 // 1_000_000


def main(base_url: str, region: str, database_url: str) -> None:
    """Import, and print JSON."""
    clock = SystemClock()
    database = prepare_database(database_url, clock)
    fetcher = Fetcher(FeedAddress(base_url, aws.OFFICIAL_URL), clock)
    with aws.read_region(fetcher, region) as download:
        reading, done = download.reading, import_prices(database, clock, download)
        peak = peak_memory_mb()
        held = download.payload.open().read()
        answer = {
            "prices": [
                [claim.instance_type, str(claim.price_per_instance_hour), str(claim.gpu_count)]
                for claim in reading.claims
            ],
            "outcome": done.record.outcome.value,
            "added": done.record.counts.added,
            "refused": done.record.counts.refused,
            "quarantined": done.record.counts.quarantined,
            "skipped": reading.skipped,
            "sha256": download.payload.sha256,
            "file_mb": len(held) // 1_000_000,
            "peak_mb": peak,
            "peak_mb_holding_the_file": peak_memory_mb(),
        }
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
