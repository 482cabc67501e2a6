"""Reasons: why a comparison is not another one, as a stable code and in words.

A reader's own language is made of the code and the parameters; the words here are English, and name
exactly those parameters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something was not chosen. `parameters` are what the code's sentence names, by name."""

    code: StrEnum
    text: str
    parameters: Mapping[str, str] = field(hash=False)


class RejectionCode(StrEnum):
    """Why a GPU that had a price was no candidate."""

    FIGURES_UNKNOWN = "figures_unknown"
    OTHER_VENDOR = "other_vendor"
    TOO_LITTLE_MEMORY = "too_little_memory"
    TOO_LITTLE_FP16 = "too_little_fp16"
    TOO_LITTLE_BANDWIDTH = "too_little_bandwidth"
    FP16_UNKNOWN = "fp16_unknown"
    BANDWIDTH_UNKNOWN = "bandwidth_unknown"
    ORIGINAL_FP16_UNKNOWN = "original_fp16_unknown"
    ORIGINAL_BANDWIDTH_UNKNOWN = "original_bandwidth_unknown"
    SUBSTITUTES_EXCLUDED = "substitutes_excluded"
    NO_LONGER_SOLD = "no_longer_sold"
    OTHER_ARCHITECTURE = "other_architecture"
    ONLY_SLICES = "only_slices"
    TAKES_SEVERAL_MACHINES = "takes_several_machines"
    NOT_EXACTLY_THAT_MANY = "not_exactly_that_many"


class WhyNotCode(StrEnum):
    """Why a candidate comes after the chosen one."""

    LATER_GRADE = "later_grade"
    SHARE_AFTER_WHOLE = "share_after_whole"
    SEVERAL_AFTER_ONE = "several_after_one"
    COSTS_MORE = "costs_more"
    MORE_MACHINES = "more_machines"
    LATER_BY_NAME = "later_by_name"


SENTENCES: Mapping[StrEnum, str] = {
    RejectionCode.FIGURES_UNKNOWN: "its figures are not known",
    RejectionCode.OTHER_VENDOR: "made by {offered}, not {wanted}",
    RejectionCode.TOO_LITTLE_MEMORY: (
        "memory: {offered} GiB, {ratio} of the original's {wanted}; at least {least} is needed"
    ),
    RejectionCode.TOO_LITTLE_FP16: (
        "dense FP16 throughput: {offered} TFLOPS, {ratio} of the original's {wanted}; at least "
        "{least} is needed"
    ),
    RejectionCode.TOO_LITTLE_BANDWIDTH: (
        "memory bandwidth: {offered} GB/s, {ratio} of the original's {wanted}; at least {least} is "
        "needed"
    ),
    RejectionCode.FP16_UNKNOWN: "its dense FP16 throughput is not known",
    RejectionCode.BANDWIDTH_UNKNOWN: "its memory bandwidth is not known",
    RejectionCode.ORIGINAL_FP16_UNKNOWN: "the original's dense FP16 throughput is not known",
    RejectionCode.ORIGINAL_BANDWIDTH_UNKNOWN: "the original's memory bandwidth is not known",
    RejectionCode.SUBSTITUTES_EXCLUDED: "a substitute, and the policy takes none",
    RejectionCode.NO_LONGER_SOLD: "not sold since {since}",
    RejectionCode.OTHER_ARCHITECTURE: "only in machines with {architecture} processors",
    RejectionCode.ONLY_SLICES: "only in slices of a GPU",
    RejectionCode.TAKES_SEVERAL_MACHINES: (
        "takes several machines, where one with another GPU is enough"
    ),
    RejectionCode.NOT_EXACTLY_THAT_MANY: "no equal machines come to exactly {gpus}",
    WhyNotCode.LATER_GRADE: "grade {grade} comes after {chosen_grade}",
    WhyNotCode.SHARE_AFTER_WHOLE: "a share of a bigger machine comes after whole machines",
    WhyNotCode.SEVERAL_AFTER_ONE: "several machines come after one",
    WhyNotCode.COSTS_MORE: "costs more",
    WhyNotCode.MORE_MACHINES: "needs more machines at the same price",
    WhyNotCode.LATER_BY_NAME: "comes later by name at the same price",
}


def because(code: StrEnum, **parameters: str) -> Reason:
    """Return the reason of a code, with what its sentence names."""
    return Reason(code, SENTENCES[code].format_map(parameters), parameters)
