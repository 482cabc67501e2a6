"""Feed addresses: links inside a feed lead to the address that was set, and nowhere else."""

from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from dumont_economy.errors import FeedError, InvalidSettingError

_DEFAULT_PORTS = {"http": 80, "https": 443}
# What a path and a query may hold; the rest is percent-encoded. A percent sign stays one.
_UNRESERVED_TARGET = "/?&=%:,;@!*'()+$~"
_SHOWN_LINK_LENGTH = 200


@dataclass(frozen=True, slots=True)
class FeedAddress:
    """Where a feed is read: the base URL that was set, and the one its provider publishes it at.

    The links inside a feed name the provider's own address, also on a mirror.
    """

    base_url: str
    official_url: str

    def __post_init__(self) -> None:
        """Refuse what is no address of a web server.

        Raises:
            InvalidSettingError: the base URL is none.
        """
        parts = _split(self.base_url)
        if parts is None or _origin(parts) is None or parts.query or parts.fragment:
            message = f"A feed's address must be an http or https URL, not {self.base_url!r}."
            raise InvalidSettingError(message)

    def url(self, link: str) -> str:
        """Return the URL at which a link is followed: its path and query, on the base URL.

        Raises:
            FeedError: `foreign_link`: it leads to neither of the two addresses.
        """
        parts, base = _split(link), urlsplit(self.base_url)
        if parts is None:
            raise _foreign(link)
        target = quote(parts.path, safe=_UNRESERVED_TARGET)
        if parts.query:
            target += f"?{quote(parts.query, safe=_UNRESERVED_TARGET)}"
        base_path = base.path.rstrip("/")
        if not target.startswith("/"):
            raise _foreign(link)
        if parts.scheme or parts.netloc:
            origin = _origin(parts)
            if origin == _origin(base):
                base_path = ""
            elif origin is None or origin != _origin(urlsplit(self.official_url)):
                raise _foreign(link)
        return f"{base.scheme}://{base.netloc}{base_path}{target}"


def _split(url: str) -> SplitResult | None:
    # urlsplit drops control characters silently, so they are refused before.
    if any(character < " " or character == "\x7f" for character in url):
        return None
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _origin(parts: SplitResult) -> tuple[str, str, int] | None:
    """Return scheme, host and port; None where it is no plain web address."""
    try:
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme]


def _foreign(link: str) -> FeedError:
    shown = link[:_SHOWN_LINK_LENGTH]
    return FeedError("foreign_link", f"The feed links to an address that is not its own: {shown!r}")
