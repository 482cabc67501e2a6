"""What figures leave out or assume, in words: absence is said, not guessed."""

from datetime import timedelta

from dumont_economy.metering.flapping import MAX_STARTS
from dumont_economy.metering.gpu_session import Shape
from dumont_economy.pricing.equivalence import Equivalent
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.market import requested_gpu
from dumont_economy.services.notice import Notice, NoticeCode
from dumont_economy.services.price_notices import notices_on_prices
from dumont_economy.services.read_price_list import STALE_AFTER

_NAMED = 5
_SECOND = timedelta(seconds=1)


def notices_on(view: AccountView) -> list[Notice]:
    """Return the notices on all usage of an account."""
    notices = [
        *_on_billing_rules(view),
        *_on_identity(view),
        *_on_currencies(view),
    ]
    notices += _on_disks(view)
    notices += _on_reports(view)
    notices += _on_clocks(view)
    notices += _on_stale_prices(view)
    return [*notices, *notices_on_prices(view.health, view.question, view.as_of)]


def _on_reports(view: AccountView) -> list[Notice]:
    """Name the instances whose reports leave something open, or contradict each other."""
    ledger = view.ledger
    found: list[tuple[NoticeCode, list[str], str]] = [
        (
            "orphan_stops",
            ledger.orphans,
            (
                "Stopped, but never reported to start: {}. Their use counts for nothing until the "
                "start is reported."
            ),
        ),
        (
            "contradicting_starts",
            ledger.contradicting,
            (
                "Reported to start twice at one instant, at different terms: {}. At most the "
                "first by source and id counts; void the ones that are wrong."
            ),
        ),
        (
            "flapping_instances",
            ledger.flapping,
            (
                f"Started more than {MAX_STARTS} times within an hour: {{}}. Every run counts, "
                "with its own minimum; check whether the reporter takes a missed answer for a stop."
            ),
        ),
        (
            "silent_instances",
            [one.instance for one in ledger.active if view.is_silent(one)],
            (
                "Active, but without a report for 24 hours or more: {}. If they have stopped, "
                "report it: until then they count as running."
            ),
        ),
    ]
    return [
        Notice(code, message.format(_named(instances)))
        for code, instances, message in found
        if instances
    ]


def _on_clocks(view: AccountView) -> list[Notice]:
    """Name the sources whose clocks run ahead: use is counted by what they say."""
    if not view.skews:
        return []
    named = [f"{one.source} by {one.ahead // _SECOND} s" for one in view.skews]
    message = (
        f"The newest report is dated ahead of this server's clock: {_named(named)}. Correct the "
        "clock of whoever reports; use begins and ends when the reports say."
    )
    return [Notice("clock_skew", message)]


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


def _on_stale_prices(view: AccountView) -> list[Notice]:
    """Name the prices that were old already when use was last compared with them."""
    stale = set()
    for shape, used_at in view.ledger.last_used_at.items():
        at = used_at or view.as_of
        match = view.market.matcher.match_at(requested_gpu(shape), view.question, at)
        rate = match.rate if isinstance(match, Equivalent) else None
        if rate is not None and at.date() - rate.retrieved_at > STALE_AFTER:
            stale.add(f"{rate.sku.instance_type} ({rate.retrieved_at.isoformat()})")
    if not stale:
        return []
    message = (
        f"Prices that no source was seen to state for over {STALE_AFTER.days} days: "
        f"{_named(sorted(stale))}. They stay in effect until a newer one is known."
    )
    return [Notice("stale_prices", message)]


def _on_disks(view: AccountView) -> list[Notice]:
    """Say that there are disks whose cost is not known, or that nothing stands beside."""
    notices = []
    if view.lifetime.disk_not_priced:
        message = (
            "For some time the price of a disk is not known, so it is in no cost. Report "
            "disk_rate_running, disk_rate_stopped and disk_hours_per_month with its size."
        )
        notices.append(Notice("disk_price_unknown", message))
    if view.lifetime.disk_not_compared:
        provider, region = view.question.provider.label, view.question.region
        if view.question.rate_card is RateCardName.REFERENCE:
            missing = "the reference rate card lists none"
        else:
            missing = f"no disk price of {provider} in {region} is known for all of their time"
        message = f"Disks are in your cost, but {missing}: there they are in no saving."
        notices.append(Notice("disks_not_compared", message))
    return notices


def _on_currencies(view: AccountView) -> list[Notice]:
    if not view.lifetime.gpu_not_converted:
        return []
    currencies = {shape.currency for shape in view.ledger.shapes}
    foreign = sorted(c for c in currencies if c and c != view.account.currency)
    message = (
        f"Some or all usage paid in {', '.join(foreign)} is in no cost and no saving: no exchange "
        f"rate into {view.account.currency} is known for its time. `economy prices "
        "import-exchange` takes one."
    )
    return [Notice("currency_not_converted", message)]
