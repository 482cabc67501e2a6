"""What figures leave out or assume, in words: absence is said, not guessed."""

from dataclasses import dataclass

from dumont_economy.metering.gpu_session import Shape
from dumont_economy.services.account_view import AccountView

_NAMED = 5


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that a person has to know to read a figure rightly."""

    code: str
    message: str


def notices_on(view: AccountView) -> list[Notice]:
    """Return the notices on all usage of an account."""
    notices = [
        *_on_billing_rules(view),
        *_on_identity(view),
        *_on_currencies(view),
    ]
    timelines = view.ledger.timelines.values()
    if any(timeline.disk_reported for timeline in timelines):
        message = "Disks are reported and kept, but their cost is not in the figures yet."
        notices.append(Notice("disks_not_counted", message))
    orphans = [t.instance for t in timelines if t.orphan_stops and not t.sessions]
    if orphans:
        message = (
            f"Stopped, but never reported to start: {_named(orphans)}. Their use counts for "
            "nothing until the start is reported."
        )
        notices.append(Notice("orphan_stops", message))
    silent = [t.instance for t in view.ledger.active if view.is_silent(t)]
    if silent:
        message = (
            f"Active, but without a report for 24 hours or more: {_named(silent)}. If they have "
            "stopped, report it: until then they count as running."
        )
        notices.append(Notice("silent_instances", message))
    return notices


def _named(instances: list[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    more = len(instances) - _NAMED
    return ", ".join(instances[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _on_billing_rules(view: AccountView) -> list[Notice]:
    providers = sorted({shape.provider for shape in view.ledger.shapes})
    assumed = [name for name in providers if not view.market.has_billing_rule(name)]
    if not assumed:
        return []
    message = (
        f"No billing rule is known of {_named(assumed)}: use there is billed per second, "
        "without a minimum."
    )
    return [Notice("billing_rule_assumed", message)]


def _on_identity(view: AccountView) -> list[Notice]:
    assumed_of, unknown_of = set(), set()
    for shape in view.ledger.shapes:
        identity = view.identity(shape)
        if identity is None:
            unknown_of.add(_with_memory(shape))
        elif identity.variant_assumed:
            assumed_of.add(f"{_with_memory(shape)} as {identity.gpu_model}")
    assumed, unknown = sorted(assumed_of), sorted(unknown_of)
    notices = []
    if assumed:
        message = (
            f"Variant assumed, the least capable one: {_named(assumed)}. Report the exact "
            "name or the GPU's memory to be sure."
        )
        notices.append(Notice("variant_assumed", message))
    if unknown:
        message = f"GPU names that are not known, so without a comparison: {_named(unknown)}."
        notices.append(Notice("unknown_gpu", message))
    return notices


def _with_memory(shape: Shape) -> str:
    named = shape.gpu.strip() or "(empty)"
    return named if shape.gpu_memory_gib is None else f"{named} with {shape.gpu_memory_gib} GiB"


def _on_currencies(view: AccountView) -> list[Notice]:
    currencies = {shape.currency for shape in view.ledger.shapes}
    foreign = sorted(c for c in currencies if c and c != view.account.currency)
    if not foreign:
        return []
    message = (
        f"Usage paid in {', '.join(foreign)} is kept, but not converted to "
        f"{view.account.currency} yet: it is in no cost and no saving."
    )
    return [Notice("currency_not_converted", message)]
