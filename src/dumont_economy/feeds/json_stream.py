"""JSON files of any size, walked member by member: never more than one member is held.

The standard decoder does the work, a member at a time: it is fast, and exact about what is wrong.
"""

import codecs
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from json import JSONDecodeError
from typing import IO, Any, NoReturn

from dumont_economy.errors import FeedError

Path = tuple[str, ...]

_CHUNK_BYTES = 1 << 18
# Far above any product or term; a member beyond it would only fill the memory.
_MOST_MEMBER_CHARACTERS = 1 << 22
_NEXT = re.compile(r"[ \t\n\r]*([^ \t\n\r])")


def walk(source: IO[bytes], is_entered: Callable[[Path], bool]) -> Iterator[tuple[Path, Any]]:
    """Yield path and value of the members of a JSON object, in the order of the file, to its end.

    A member whose path is entered must be an object; its own members are yielded instead of it.

    Raises:
        FeedError: the file breaks off, is not JSON, or has a member larger than is read.
    """
    text = _Text(source)
    yield from _members(text, (), is_entered)
    text.end()


def _members(
    text: "_Text", path: Path, is_entered: Callable[[Path], bool]
) -> Iterator[tuple[Path, Any]]:
    text.take("{")
    if text.look() == "}":
        text.take("}")
        return
    while True:
        name = text.value(":")
        if not isinstance(name, str):
            raise _malformed("The name of a member is no text.")
        text.take(":")
        member = (*path, name)
        if is_entered(member):
            yield from _members(text, member, is_entered)
        else:
            yield member, text.value(",}")
        if text.take(",}") == "}":
            return


class _Text:
    """The text of a file from where the walk is, as much of it as has been read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source = source
        self._utf8 = codecs.getincrementaldecoder("utf-8")()
        self._held = ""
        self._at = 0
        self._is_complete = False
        decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_constant)
        self._decode = decoder.raw_decode

    def look(self) -> str:
        """Return the next character that is not blank, which the walk is at then."""
        while not (match := _NEXT.match(self._held, self._at)):
            self._read_more()
        self._at = match.start(1)
        return match[1]

    def take(self, allowed: str) -> str:
        """Take the next character that is not blank; it must be one of those allowed."""
        character = self.look()
        if character not in allowed:
            raise _malformed(f"{character!r} stands where one of {allowed!r} must.")
        self._at += 1
        return character

    def value(self, followers: str) -> Any:  # noqa: ANN401  JSON
        """Take a value that one of the followers comes after.

        What is held may end within it, so that it seems broken, or seems to be 1 where it is 1.5.
        """
        self.look()
        while True:
            try:
                value, end = self._decode(self._held, self._at)
            except JSONDecodeError as error:
                problem = str(error)
            # Not JSON errors to the decoder: numbers out of all range, nesting without end.
            except (ArithmeticError, ValueError, RecursionError) as error:
                raise _malformed(str(error)) from error
            else:
                follower = _NEXT.match(self._held, end)
                if follower and follower[1] in followers:
                    self._at = end
                    return value
                problem = "Something else stands where a member must end."
            if len(self._held) - self._at > _MOST_MEMBER_CHARACTERS:
                raise _malformed(f"A member is larger than is read, or broken: {problem}")
            self._read_more(f"It ends within a member, or one is broken: {problem}")

    def end(self) -> None:
        """Make sure that nothing follows."""
        while not _NEXT.match(self._held, self._at):
            if self._is_complete:
                return
            self._read_more()
        raise _malformed("Something follows the end of the object.")

    def _read_more(self, otherwise: str = "It ends between two members.") -> None:
        if self._is_complete:
            raise FeedError("truncated_json", f"The file ends before its JSON does. {otherwise}")
        chunk = self._source.read(_CHUNK_BYTES)
        self._is_complete = not chunk
        try:
            more = self._utf8.decode(chunk, final=self._is_complete)
        except UnicodeDecodeError as error:
            raise _malformed("The file is not UTF-8.") from error
        self._held = self._held[self._at :] + more
        self._at = 0


def _constant(text: str) -> NoReturn:
    raise _malformed(f"{text} is no number.")


def _malformed(reason: str) -> FeedError:
    return FeedError("malformed_json", f"The file is not the JSON it should be: {reason}")
