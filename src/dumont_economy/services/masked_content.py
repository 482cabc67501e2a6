"""Shows what was sent without the secrets in it: what was refused is kept, and read by people."""

import json
import re
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

MASK = "***"

_LONGEST_SECRET = 1_024
_LONGEST_NAME = 1_024

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase)|secret|token|api.?key|access.?key|private.?key|authorization|credential"
    r"|cookie|signature",
    re.IGNORECASE,
)
# Each as its issuer writes it; ours first. What is not recognised by its look is by its name.
_SECRET_TEXT = re.compile(
    r"dme_[\w-]{16,}"
    r"|bearer\s+[\w.~+/=-]{8,}"
    r"|basic\s+[\w+/=-]{12,}"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}"
    r"|gh[pousr]_\w{20,}"
    r"|(?:sk|hf|rpa)[-_][\w-]{20,}"
    r"|(?<![\w-])eyJ[\w-]{8,}\.[\w.-]*"
    r"|(?<=://)[^\s/@]{1,255}(?=@)"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*",
    re.IGNORECASE | re.ASCII | re.DOTALL,
)


def masked_json(raw: Any, length: int) -> str:  # noqa: ANN401  whatever was sent
    """Return the beginning of decoded JSON, as ASCII text that every database can keep, masked.

    Only twice as much as is kept is looked at, however much was sent.
    """
    shown = _Masker(2 * length).masked(raw)
    return json.dumps(shown, ensure_ascii=True, default=str)[:length]


def masked_text(text: str) -> str:
    """Return a text without what looks like a secret in it."""
    return _SECRET_TEXT.sub(MASK, text)


@dataclass
class _Masker:
    """Masks values one after the other, until `left` characters were looked at."""

    left: int

    def masked(self, raw: Any) -> Any:  # noqa: ANN401  whatever was sent
        if isinstance(raw, str):
            return self._text(raw)
        if isinstance(raw, dict):
            members = takewhile(self._goes_on, raw.items())
            return {self._text(name): self._member(name, value) for name, value in members}
        if isinstance(raw, list):
            return [self.masked(element) for element in takewhile(self._goes_on, raw)]
        self.left -= 1
        return raw

    def _text(self, text: str) -> str:
        looked_at, is_cut = text[: self.left], len(text) > self.left
        self.left -= len(looked_at) + 1
        # Half a secret is not recognised, and is half a secret all the same.
        return masked_text(looked_at[:-_LONGEST_SECRET] if is_cut else looked_at)

    def _member(self, name: str, value: Any) -> Any:  # noqa: ANN401  whatever was sent
        return MASK if _SECRET_NAME.search(name[:_LONGEST_NAME]) else self.masked(value)

    def _goes_on(self, _next: object) -> bool:
        return self.left > 0
