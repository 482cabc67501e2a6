"""What a feed may cost us: bytes, time, attempts and waiting, all in one value."""

from dataclasses import dataclass

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """The bounds of reading one document; sizes are those of the unpacked document.

    A response is abandoned when fewer than `window_bytes` of it arrive in `window_seconds`, when
    it takes longer than `response_seconds`, or when it grows beyond its size. A failure that may
    pass is met with at most `attempts` attempts, between which the pause doubles from
    `first_pause_seconds` to `longest_pause_seconds`. All pauses together last no longer than
    `patience_seconds`: a provider that asks for more is left alone until then.
    """

    page_bytes: int = 8 * _MIB
    file_bytes: int = 2 * _GIB
    response_seconds: float = 20 * _MINUTE
    window_seconds: float = 30
    window_bytes: int = 64 * _KIB
    connect_seconds: float = 10
    attempts: int = 6
    first_pause_seconds: float = 1
    longest_pause_seconds: float = 5 * _MINUTE
    patience_seconds: float = 15 * _MINUTE


DEFAULT_LIMITS = FetchLimits()
