"""A notice: something that a person has to know to read a figure rightly."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notice:
    """One such thing, in words; `code` is stable, in snake case."""

    code: str
    message: str
