"""What figures leave out or assume, in words: absence is said, not guessed."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from dumont_economy.metering.flapping import MAX_STARTS
from dumont_economy.metering.gpu_session import Shape
from dumont_economy.pricing.equivalence import Equivalent
from dumont_economy.pricing.policy import RateCardName
from dumont_economy.services.account_view import AccountView
from dumont_economy.services.market import requested_gpu
from dumont_economy.services.notice import Notice, NoticeCode, named_words, notice
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
    silent = [one.instance for one in ledger.active if view.is_silent(one)]
    flapping = {"most": str(MAX_STARTS)}
    return [
        *_on_first("orphan_stops", _instances(ledger.orphans)),
        *_on_first("contradicting_starts", _instances(ledger.contradicting)),
        *_on_first("flapping_instances", _instances(ledger.flapping), **flapping),
        *_on_first("silent_instances", _instances(silent)),
    ]


def _instances(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"instance": name} for name in names]


def _on_clocks(view: AccountView) -> list[Notice]:
    """Name the sources whose clocks run ahead: use is counted by what they say."""
    ahead = [{"source": one.source, "seconds": str(one.ahead // _SECOND)} for one in view.skews]
    return _on_first("clock_skew", ahead)


def _on_first(
    code: NoticeCode, found: Sequence[Mapping[str, str]], **parameters: str
) -> list[Notice]:
    """Return a notice that names the first of a list, and how many more there are; none on none."""
    if not found:
        return []
    more = len(found) - _NAMED
    told = str(more) if more > 0 else None
    return [notice(code, found[:_NAMED], more=told, **parameters)]


def _on_billing_rules(view: AccountView) -> list[Notice]:
    providers = sorted({shape.provider for shape in view.ledger.shapes})
    assumed = [{"provider": one} for one in providers if not view.market.has_billing_rule(one)]
    return _on_first("billing_rule_assumed", assumed)


def _on_identity(view: AccountView) -> list[Notice]:
    assumed, unknown = [], []
    for shape in view.ledger.shapes:
        identity = view.identity(shape)
        if identity is None:
            unknown.append(_with_memory(shape))
        elif identity.variant_assumed:
            assumed.append({**_with_memory(shape), "gpu_model": identity.gpu_model})
    return [
        *_on_first("variant_assumed", _each_once("variant_assumed", assumed)),
        *_on_first("unknown_gpu", _each_once("unknown_gpu", unknown)),
    ]


def _with_memory(shape: Shape) -> dict[str, str]:
    named = shape.gpu.strip()
    told = {"gpu": named} if named else {}
    return told | ({} if shape.gpu_memory_gib is None else {"memory": str(shape.gpu_memory_gib)})


def _each_once(code: NoticeCode, found: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """Return each thing once, in the order of its words."""
    by_words = {named_words(code, one): one for one in found}
    return [by_words[words] for words in sorted(by_words)]


def _on_stale_prices(view: AccountView) -> list[Notice]:
    """Name the prices that were old already when use was last compared with them."""
    stale = []
    for shape, used_at in view.ledger.last_used_at.items():
        at = used_at or view.as_of
        match = view.market.matcher.match_at(requested_gpu(shape), view.question, at)
        rate = match.rate if isinstance(match, Equivalent) else None
        if rate is not None and at.date() - rate.retrieved_at > STALE_AFTER:
            seen_on = rate.retrieved_at.isoformat()
            stale.append({"instance_type": rate.sku.instance_type, "seen_on": seen_on})
    return _on_first("stale_prices", _each_once("stale_prices", stale), days=str(STALE_AFTER.days))


def _on_disks(view: AccountView) -> list[Notice]:
    """Say that there are disks whose cost is not known, or that nothing stands beside."""
    notices = []
    if view.lifetime.disk_not_priced:
        notices.append(notice("disk_price_unknown"))
    if view.lifetime.disk_not_compared:
        is_listed = view.question.rate_card is not RateCardName.REFERENCE
        provider = view.question.provider.label if is_listed else None
        region = view.question.region if is_listed else None
        notices.append(notice("disks_not_compared", provider=provider, region=region))
    return notices


def _on_currencies(view: AccountView) -> list[Notice]:
    if not view.lifetime.gpu_not_converted:
        return []
    currencies = {shape.currency for shape in view.ledger.shapes}
    foreign = sorted(c for c in currencies if c and c != view.account.currency)
    named = [{"currency": one} for one in foreign]
    return [notice("currency_not_converted", named, currency=view.account.currency)]
