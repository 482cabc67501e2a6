"""A made-up fleet at real rental prices: 90 days of history, then events as one watches.

Deterministic: the same seed and start instant give the same events. What is made up is when the
machines ran; what they cost is taken from `data/rental_prices.csv`, each row with its source.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from dumont_economy.data.shipped_rows import shipped_rows
from dumont_economy.instant import instant_text
from dumont_economy.money import exact_text

HISTORY_DAYS = 90
SOURCE = "demo"

Event = dict[str, object]

_FIRST_LIVE_SECONDS = 6
_LIVE_SECONDS = (7, 21)
_MOST_ACTIVE = 7
_LEAST_ACTIVE = 3


@dataclass(frozen=True, slots=True)
class _Machine:
    """One machine of the fleet: what it is, and how it is used.

    `busy_share` is the share of days with use, `hours` how long a run lasts.
    """

    name: str
    provider: str
    gpu: str
    count: int
    busy_share: float
    hours: tuple[float, float]
    runs_at_start: bool = False
    changes_price: bool = False
    grows_to: int | None = None


_MACHINES = (
    _Machine("llm-finetune", "runpod", "H100-80GB-SXM", 8, 0.55, (5, 19), runs_at_start=True),
    _Machine("embeddings", "runpod", "RTX 4090", 1, 0.9, (3, 12)),
    _Machine("render-a", "vast", "RTX 4090", 2, 0.8, (2, 9), changes_price=True, grows_to=4),
    _Machine("render-b", "vast", "RTX 3080", 4, 0.5, (2, 8), changes_price=True),
    _Machine("batch-inference", "runpod", "RTX 3090", 2, 0.7, (4, 14), runs_at_start=True),
    _Machine("notebooks", "runpod", "RTX A5000", 1, 0.75, (2, 7)),
    _Machine("diffusion", "runpod", "RTX 5090", 1, 0.6, (2, 10)),
    _Machine("vision-train", "runpod", "A100-80GB", 4, 0.45, (6, 20), grows_to=8),
    _Machine("ablation", "lambda", "A100-40GB", 1, 0.5, (3, 11)),
    _Machine("serving", "runpod", "L40S", 1, 0.97, (14, 19), runs_at_start=True),
    _Machine("speech", "runpod", "L4", 2, 0.65, (2, 8)),
    _Machine("evaluation", "hyperstack", "H100-80GB-PCIe", 1, 0.4, (1, 6)),
    _Machine("long-context", "runpod", "H200", 1, 0.3, (2, 9)),
    _Machine("blackwell-trial", "lambda", "B200", 1, 0.12, (1, 4)),
    _Machine("amd-port", "digitalocean", "MI300X", 1, 0.2, (1, 5)),
    _Machine("legacy-t4", "modal", "T4", 1, 0.5, (1, 6)),
    _Machine("staging-a10", "lambda", "A10", 1, 0.4, (1, 5)),
)


@dataclass
class _State:
    """Where a machine stands while its events are being made."""

    machine: _Machine
    rate_per_gpu: Decimal
    count: int
    is_on: bool = False
    is_idle: bool = False
    is_hibernated: bool = False
    since: datetime | None = None
    made: int = field(default=0)

    def event(self, kind: str, at: datetime, **more: object) -> Event:
        """Return the machine's next event."""
        self.made += 1
        self.since = at
        return {
            "id": f"{self.machine.name}-{self.made}",
            "source": SOURCE,
            "type": kind,
            "instance": self.machine.name,
            "time": instant_text(at),
            **more,
        }

    def start(self, at: datetime) -> Event:
        self.is_on, self.is_idle, self.is_hibernated = True, False, False
        return self.event(
            "start",
            at,
            name=self.machine.name,
            provider=self.machine.provider,
            gpu=self.machine.gpu,
            gpu_count=self.count,
            rate=self.rate(),
        )

    def resume(self, at: datetime) -> Event:
        self.is_on, self.is_idle, self.is_hibernated = True, False, False
        return self.event("resume", at)

    def stop(self, at: datetime, kind: str = "stop") -> Event:
        self.is_on, self.is_hibernated = False, kind == "hibernate"
        return self.event(kind, at)

    def resize(self, at: datetime, count: int) -> Event:
        self.count = count
        return self.event("resize", at, gpu_count=count, rate=self.rate())

    def rate(self) -> str:
        """Return the price of the whole machine per hour, as decimal text."""
        return exact_text(self.rate_per_gpu * self.count)


class Fleet:
    """The sample fleet from one seed and start instant on."""

    def __init__(self, seed: int, start: datetime) -> None:
        self._random = Random(seed)  # noqa: S311  not for secrets, but to be repeatable
        self._start = start.replace(microsecond=0)
        rates = {
            (row["provider"], row["gpu_model"]): Decimal(row["usd_per_instance_hour"])
            / int(row["gpu_count"])
            for row in shipped_rows("rental_prices.csv")
        }
        self._states = [
            _State(machine, rates[machine.provider, machine.gpu], machine.count)
            for machine in _MACHINES
        ]

    def history(self) -> list[Event]:
        """Return the events of the 90 days before the start, in order; call it once, first."""
        events = [event for state in self._states for event in self._history_of(state)]
        return sorted(events, key=lambda event: str(event["time"]))

    def _history_of(self, state: _State) -> Iterator[Event]:
        machine, random = state.machine, self._random
        day = self._start - timedelta(days=HISTORY_DAYS)
        end = self._start - timedelta(minutes=20)
        while day < end - timedelta(hours=48):
            if random.random() < machine.busy_share:
                yield from self._run(state, day, random)
            day += timedelta(days=1)
        if not machine.runs_at_start and random.random() < machine.busy_share:
            yield from self._run(state, end - timedelta(hours=24), random)
        if machine.runs_at_start:
            yield state.start(end - timedelta(seconds=random.randrange(3 * 3600, 9 * 3600)))

    def _run(self, state: _State, day: datetime, random: Random) -> Iterator[Event]:
        """Make one day's run: at times with a pause, a new price or more GPUs inside it."""
        machine = state.machine
        at = day + timedelta(seconds=random.randrange(0, 2 * 3600))
        length = timedelta(seconds=round(random.uniform(*machine.hours) * 3600))
        is_paused = random.random() < 0.2  # noqa: PLR2004  one run in five
        state.count = machine.count
        yield state.start(at)
        if machine.changes_price and random.random() < 0.3:  # noqa: PLR2004  three in ten
            factor = Decimal(random.randrange(88, 116)) / 100
            changed = exact_text(state.rate_per_gpu * state.count * factor)
            yield state.event("price_change", at + length / 4, rate=changed)
        if machine.grows_to is not None and random.random() < 0.25:  # noqa: PLR2004  one in four
            yield state.resize(at + length / 3, machine.grows_to)
        if is_paused:
            yield state.stop(at + length / 2, "hibernate")
            yield state.resume(at + length / 2 + timedelta(minutes=random.randrange(10, 80)))
            length += timedelta(minutes=80)
        yield state.stop(at + length)

    def live(self) -> Iterator[tuple[datetime, Event]]:
        """Yield for ever what happens after the start, and when."""
        at = self._start + timedelta(seconds=_FIRST_LIVE_SECONDS)
        yield at, self._named("embeddings").start(at)
        while True:
            at += timedelta(seconds=self._random.randrange(*_LIVE_SECONDS))
            yield at, self._something(at)

    def _named(self, name: str) -> _State:
        return next(state for state in self._states if state.machine.name == name)

    def _something(self, at: datetime) -> Event:
        """Make the fleet's next event, keeping between three and seven machines on."""
        active = [state for state in self._states if state.is_on]
        waiting = [state for state in self._states if not state.is_on]
        may_stop = len(active) > _LEAST_ACTIVE
        wants_start = len(active) < _LEAST_ACTIVE or (
            len(active) < _MOST_ACTIVE and self._random.random() < 0.4  # noqa: PLR2004
        )
        if wants_start:
            state = self._random.choice(waiting)
            if state.is_hibernated:
                return state.resume(at)
            state.count = state.machine.count
            return state.start(at)
        state = self._random.choice(active)
        growth = state.machine.grows_to
        if growth is not None and self._random.random() < 0.4:  # noqa: PLR2004
            return state.resize(at, growth if state.count != growth else state.machine.count)
        if may_stop and self._random.random() < 0.45:  # noqa: PLR2004
            kind = "hibernate" if self._random.random() < 0.4 else "stop"  # noqa: PLR2004
            return state.stop(at, kind)
        state.is_idle = not state.is_idle
        return state.event("idle" if state.is_idle else "busy", at)
