"""A notice: something that a person has to know to read a figure rightly.

As with reasons, a reader's own language is made of the code and of what its sentence names; the
words here are English. `{named}` is the list of what a notice is on, each by the code's own words.
"""

import re
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

NoticeCode = Literal[
    "billing_rule_assumed",
    "clock_skew",
    "contradicting_starts",
    "currency_not_converted",
    "disk_price_unknown",
    "disks_not_compared",
    "flapping_instances",
    "orphan_stops",
    "price_conflict",
    "price_feed_failed",
    "price_feed_stale",
    "price_rows_refused",
    "prices_quarantined",
    "silent_instances",
    "stale_prices",
    "unknown_gpu",
    "variant_assumed",
]

# A part in brackets is said where everything that it names is told; otherwise what follows its bar.
NOTICE_SENTENCES: Mapping[NoticeCode, str] = {
    "billing_rule_assumed": (
        "No billing rule is known of {named}[ and {more} more]: use there is billed per second, "
        "without a minimum."
    ),
    "clock_skew": (
        "The newest report is dated ahead of this server's clock: {named}[ and {more} more]. "
        "Correct the clock of whoever reports; use begins and ends when the reports say."
    ),
    "contradicting_starts": (
        "Reported to start twice at one instant, at different terms: {named}[ and {more} more]. At "
        "most the first by source and id counts; void the ones that are wrong."
    ),
    "currency_not_converted": (
        "Some or all usage paid in {named} is in no cost and no saving: no exchange rate into "
        "{currency} is known for its time. `economy prices import-exchange` takes one."
    ),
    "disk_price_unknown": (
        "For some time the price of a disk is not known, so it is in no cost. Report "
        "disk_rate_running, disk_rate_stopped and disk_hours_per_month with its size."
    ),
    "disks_not_compared": (
        "Disks are in your cost, but [no disk price of {provider} in {region} is known for all of "
        "their time|the reference rate card lists none]: there they are in no saving."
    ),
    "flapping_instances": (
        "Started more than {most} times within an hour: {named}[ and {more} more]. Every run "
        "counts, with its own minimum; check whether the reporter takes a missed answer for a stop."
    ),
    "orphan_stops": (
        "Stopped, but never reported to start: {named}[ and {more} more]. Their use counts for "
        "nothing until the start is reported."
    ),
    "price_conflict": ("Sources of {provider} prices are in conflict. {named}[ And {more} more.]"),
    "price_feed_failed": (
        "{source}[ {region}][ {provider}] could not be taken at {tried_at} ({failure}); [last read "
        "well at {last_good_at}|it was never read]. The last good prices stay in effect."
    ),
    "price_feed_stale": (
        "Stale: nothing new of {source}[ {region}][ {provider}] since {last_good_at}.[ Check "
        "`{command}`.]"
    ),
    "price_rows_refused": (
        "{source}[ {region}][ {provider}] stated prices that were refused at {tried_at}: {named}. "
        "The last good ones stay in effect."
    ),
    "prices_quarantined": (
        "Prices of {provider} that wait for a person: {prices} (`economy prices review`). Until "
        "then the last good ones stay in effect."
    ),
    "silent_instances": (
        "Active, but without a report for 24 hours or more: {named}[ and {more} more]. If they "
        "have stopped, report it: until then they count as running."
    ),
    "stale_prices": (
        "Prices that no source was seen to state for over {days} days: {named}[ and {more} more]. "
        "They stay in effect until a newer one is known."
    ),
    "unknown_gpu": (
        "GPU names that are not known, so without a comparison: {named}[ and {more} more]."
    ),
    "variant_assumed": (
        "Variant assumed, the least capable one: {named}[ and {more} more]. Report the exact name "
        "or the GPU's memory to be sure."
    ),
}

# What `{named}` has of each thing in the list.
NAMED_SENTENCES: Mapping[NoticeCode, str] = {
    "billing_rule_assumed": "{provider}",
    "clock_skew": "{source} by {seconds} s",
    "contradicting_starts": "{instance}",
    "currency_not_converted": "{currency}",
    "flapping_instances": "{instance}",
    "orphan_stops": "{instance}",
    # The detail is the text that the price was kept with: it alone has the other source's name.
    "price_conflict": "{instance_type}, {source}: [{detail}|{price} against {other_price}]",
    "price_rows_refused": "{rows} {refusal}",
    "silent_instances": "{instance}",
    "stale_prices": "{instance_type} ({seen_on})",
    "unknown_gpu": "[{gpu}|(empty)][ with {memory} GiB]",
    "variant_assumed": "[{gpu}|(empty)][ with {memory} GiB] as {gpu_model}",
}

_BETWEEN = ", "
# There, each is told in a sentence of its own.
_BETWEEN_OF: Mapping[NoticeCode, str] = {"price_conflict": " "}
_BRACKETED = re.compile(r"\[([^]|]*)(?:\|([^]]*))?\]")


@dataclass(frozen=True, slots=True)
class Notice:
    """One such thing, in words; `code` is stable, in snake case.

    `parameters` are what the code's sentence names, by name, and `named` what is told of each thing
    in its list.
    """

    code: NoticeCode
    message: str
    parameters: Mapping[str, str] = field(default_factory=dict, hash=False)
    named: Sequence[Mapping[str, str]] = field(default=(), hash=False)


def notice(
    code: NoticeCode, named: Sequence[Mapping[str, str]] = (), /, **parameters: str | None
) -> Notice:
    """Return the notice of a code, with what its sentence names; None is not told."""
    told = {name: value for name, value in parameters.items() if value is not None}
    listed = _BETWEEN_OF.get(code, _BETWEEN).join(named_words(code, one) for one in named)
    words = {**told, "named": listed}
    return Notice(code, _worded(NOTICE_SENTENCES[code], words), told, tuple(named))


def named_words(code: NoticeCode, told: Mapping[str, str]) -> str:
    """Return what `{named}` says of one thing in the list."""
    return _worded(NAMED_SENTENCES[code], told)


def names_in(sentence: str) -> list[str]:
    """Return what a sentence names, also where it does so only sometimes."""
    return [name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None]


def _worded(sentence: str, told: Mapping[str, str]) -> str:
    def chosen(part: re.Match[str]) -> str:
        is_told = told.keys() >= set(names_in(part[1]))
        return part[1] if is_told else part[2] or ""

    return _BRACKETED.sub(chosen, sentence).format_map(told)
