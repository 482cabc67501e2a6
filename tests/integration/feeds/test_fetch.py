"""The bounded reader against servers that behave badly; every wait is noted instead of waited."""

import gzip
import hashlib
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from importlib.metadata import version
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any

import pytest

from dumont_economy.errors import FeedError
from dumont_economy.feeds.fetch import TRANSIENT
from tests.integration.feeds.harness import (
    HASTY,
    JSON,
    SMALL,
    TODAY,
    Bulletin,
    Waiting,
    open_temporary_files,
    read_whole,
)

# Every way to answer badly: how the fake is told, and what the reader says.
BAD_ANSWERS: list[tuple[str, dict[str, Any], str]] = [
    ("html", {}, "wrong_content_type"),
    ("html_as_json", {}, "wrong_content_type"),
    ("wrong_content_type", {}, "wrong_content_type"),
    ("empty", {}, "empty_body"),
    ("redirect", {"to": "http://169.254.169.254/latest/meta-data/"}, "redirected"),
    ("rate_limited", {}, "rate_limited"),
    ("server_error", {"status": 500}, "server_error"),
    ("server_error", {"status": 503}, "server_error"),
    ("status", {"status": 404}, "not_found"),
    ("status", {"status": 403}, "unexpected_status"),
    ("status", {"status": 204}, "unexpected_status"),
    ("status", {"status": 206}, "unexpected_status"),
    ("connection_lost", {}, "bad_answer"),
    ("no_http", {}, "bad_answer"),
    ("reset", {}, "connection_failed"),
    ("silent", {}, "timed_out"),
    ("slow_loris", {}, "too_slow"),
    ("slow_loris", {"head": True}, "too_slow"),
    ("slow_chunks", {}, "too_slow"),
    ("never_ending", {}, "too_large"),
    ("too_large", {}, "too_large"),
    ("gzip_bomb", {}, "too_large"),
    ("short_body", {}, "truncated"),
    ("short_chunks", {}, "truncated"),
    ("deflate", {}, "unknown_encoding"),
    ("packed", {"body": b'{"Items":[]}'}, "bad_encoding"),
    ("packed", {"body": gzip.compress(b'{"Items":[]}') + b"x"}, "bad_encoding"),
]


@pytest.mark.parametrize(("kind", "options", "code"), BAD_ANSWERS)
@pytest.mark.parametrize("read", ["page", "file"])
def test_a_bad_answer_is_refused_by_its_name_and_tried_again_if_that_may_help(
    kind: str, options: dict[str, Any], code: str, read: str
) -> None:
    """Nothing is taken from it; what may pass is asked for again, what cost too much is not."""
    waiting = Waiting()
    limits = HASTY if code in {"timed_out", "too_slow"} else SMALL
    with Bulletin() as feed:
        feed.break_with(kind, **options)

        with pytest.raises(FeedError) as refused:
            read_whole(waiting.fetcher(feed.url, limits), read)

        assert refused.value.code == code
        assert len(feed.requests) == (SMALL.attempts if code in TRANSIENT else 1)
        assert len(waiting.pauses) == len(feed.requests) - 1


def test_a_good_answer_is_taken_byte_for_byte() -> None:
    """The control of all refusals: the same server, in order, is read at the first attempt."""
    waiting = Waiting()
    with Bulletin() as feed:
        page = waiting.fetcher(feed.url).page("/prices.json", JSON)
        with waiting.fetcher(feed.url).file("/prices.json", JSON) as payload:
            kept = payload.open().read()

        assert page == kept == feed.body
        assert payload.sha256 == hashlib.sha256(feed.body).hexdigest()
        assert payload.url == f"{feed.url}/prices.json"
        assert payload.retrieved_at == TODAY
        assert waiting.pauses == []


def test_a_request_says_who_asks_and_wants_nothing_packed() -> None:
    """A provider can tell us from others, and an answer is as long as it says."""
    with Bulletin() as feed:
        Waiting().fetcher(feed.url).page("/prices.json", JSON)

        assert (
            feed.requests[0].headers["User-Agent"] == f"dumont-economy/{version('dumont-economy')}"
        )
        assert feed.requests[0].headers["Accept-Encoding"] == "identity"


def test_an_answer_that_is_packed_all_the_same_is_unpacked() -> None:
    """Some servers pack whatever they are asked."""
    with Bulletin() as feed:
        feed.break_with("gzip")

        assert Waiting().fetcher(feed.url).page("/prices.json", JSON) == feed.body


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_packed_answer_that_breaks_off_is_truncated(cut: int) -> None:
    """Its length can be right and its end missing."""
    with Bulletin() as feed:
        feed.break_with("packed", body=gzip.compress(feed.body)[:-cut])

        with pytest.raises(FeedError) as refused:
            Waiting().fetcher(feed.url).page("/prices.json", JSON)

        assert refused.value.code == "truncated"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("read", ["page", "file"])
def test_a_redirect_leads_nowhere(status: int, read: str) -> None:
    """Whoever answers for the provider must not choose whom we call."""
    with Bulletin() as feed, Bulletin() as elsewhere:
        feed.break_with("redirect", to=f"{elsewhere.url}/prices.json", status=status)

        with pytest.raises(FeedError):
            read_whole(Waiting().fetcher(feed.url), read)

        assert elsewhere.requests == []
        # The control: a request to it would have been noted.
        Waiting().fetcher(elsewhere.url).page("/prices.json", JSON)
        assert len(elsewhere.requests) == 1


def test_a_failure_that_passes_is_outlasted() -> None:
    """Two bad answers and a good one are a good one, after pauses of one and two seconds."""
    waiting = Waiting()
    with Bulletin() as feed:
        feed.break_with("html", times=2)

        assert waiting.fetcher(feed.url).page("/prices.json", JSON) == feed.body
        assert waiting.pauses == [1, 2]


def test_pauses_double_up_to_five_minutes() -> None:
    """Never a tight loop, and never out of sight."""
    waiting = Waiting()
    patient = replace(SMALL, attempts=12, patience_seconds=3_600)
    with Bulletin() as feed:
        feed.break_with("server_error", status=503)

        with pytest.raises(FeedError) as refused:
            waiting.fetcher(feed.url, patient).page("/prices.json", JSON)

        assert refused.value.code == "server_error"
        assert waiting.pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_half_of_a_pause_is_left_to_chance() -> None:
    """Installations that failed together do not all come back in the same second."""
    lucky, unlucky = Waiting(chance=0.0), Waiting(chance=0.5)
    with Bulletin() as feed:
        feed.break_with("empty")

        for waiting in (lucky, unlucky):
            with pytest.raises(FeedError):
                waiting.fetcher(feed.url).page("/prices.json", JSON)

    assert lucky.pauses == [0.5, 1]
    assert unlucky.pauses == [0.75, 1.5]


@pytest.mark.parametrize("retry_after", ["999999999", "Fri, 31 Dec 9999 23:59:59 -2359"])
def test_nobody_is_left_alone_for_longer_than_a_year(retry_after: str) -> None:
    """A slip of the provider's must not end the feed for ever."""
    with Bulletin() as feed:
        feed.break_with("rate_limited", retry_after=retry_after)

        with pytest.raises(FeedError) as refused:
            Waiting().fetcher(feed.url).page("/prices.json", JSON)

        assert refused.value.retry_at == TODAY + timedelta(days=366)


@pytest.mark.parametrize("length", ["9" * 5_000, "-1", "many"])
def test_a_length_that_is_none_is_not_believed(length: str) -> None:
    """The answer is read to the end of its connection, within its limits."""
    with Bulletin() as feed:
        feed.break_with("headers", headers={"Content-Length": length})

        assert Waiting().fetcher(feed.url).page("/prices.json", JSON) == feed.body


@pytest.mark.parametrize("retry_after", ["120", "Thu, 20 Aug 2026 06:02:00 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_provider_that_says_when_to_come_back_is_obeyed(retry_after: str, status: int) -> None:
    """In seconds or as a date: the next request is not made before."""
    waiting = Waiting()
    with Bulletin() as feed:
        feed.break_with("server_error", times=1, status=status, retry_after=retry_after)

        assert waiting.fetcher(feed.url).page("/prices.json", JSON) == feed.body
        assert waiting.pauses == [120]


def test_a_provider_that_asks_for_an_hour_is_left_alone_for_one() -> None:
    """Longer than our patience: we give up at once, and say from when on to ask again."""
    waiting = Waiting()
    with Bulletin() as feed:
        feed.break_with("rate_limited", retry_after="3600")

        with pytest.raises(FeedError) as refused:
            waiting.fetcher(feed.url).page("/prices.json", JSON)

        assert refused.value.code == "rate_limited"
        assert refused.value.retry_at == TODAY.replace(hour=7)
        assert len(feed.requests) == 1
        assert waiting.pauses == []


def test_patience_is_for_all_pauses_together() -> None:
    """Ten minutes and ten minutes are more than a quarter of an hour."""
    waiting = Waiting()
    with Bulletin() as feed:
        feed.break_with("rate_limited", retry_after="600")

        with pytest.raises(FeedError) as refused:
            waiting.fetcher(feed.url).page("/prices.json", JSON)

        assert refused.value.retry_at == TODAY.replace(minute=20)
        assert waiting.pauses == [600]


def test_patience_ends_also_where_nobody_asks_for_it() -> None:
    """Pauses of 1 and 2 seconds are within 5 seconds of patience, one of 4 more is not."""
    waiting = Waiting()
    with Bulletin() as feed:
        feed.break_with("empty")

        with pytest.raises(FeedError) as refused:
            waiting.fetcher(feed.url, replace(SMALL, attempts=9, patience_seconds=5)).page(
                "/prices.json", JSON
            )

        assert refused.value.code == "empty_body"
        assert waiting.pauses == [1, 2]


@pytest.mark.parametrize(
    "retry_after",
    [
        "soon",
        "-5",
        "1e3",
        "٣",
        "9" * 40,
        "Thu, 20 Aug 2026 06:02:00",
        "Wed, 19 Aug 2026 06:00:00 GMT",
        "Thu, 20 Aug 99999999999 06:02:00 GMT",
        "Thu, 20 Aug 2026 06:02:00 +99999999999999999999",
    ],
)
def test_a_time_to_come_back_that_is_none_changes_nothing(retry_after: str) -> None:
    """It is as if it had not been said; one in the past does not shorten a pause."""
    waiting = Waiting()
    with Bulletin() as feed:
        feed.break_with("rate_limited", times=1, retry_after=retry_after)

        assert waiting.fetcher(feed.url).page("/prices.json", JSON) == feed.body
        assert waiting.pauses == [1]


def test_a_slow_page_comes_through_where_less_is_asked_of_it() -> None:
    """The control of the slow answers: the same drip is read when the window asks for a byte."""
    lenient = replace(HASTY, window_bytes=1)
    with Bulletin() as feed:
        feed.body = b'{"Items":[]}'
        feed.break_with("slow_loris", seconds=0.05)

        with pytest.raises(FeedError):
            Waiting().fetcher(feed.url, HASTY).page("/prices.json", JSON)
        assert Waiting().fetcher(feed.url, lenient).page("/prices.json", JSON) == feed.body


def test_an_answer_has_an_end_in_time_however_steady_it_is() -> None:
    """Enough bytes in every window, and yet not for ever."""
    hurried = replace(SMALL, window_bytes=1, response_seconds=0.4)
    with Bulletin() as feed:
        feed.break_with("slow_loris", seconds=0.01)

        with pytest.raises(FeedError, match=r"not complete after 0\.4 seconds") as refused:
            Waiting().fetcher(feed.url, hurried).page("/prices.json", JSON)

        assert refused.value.code == "too_slow"


@pytest.mark.parametrize(("read", "limit"), [("page", "page_bytes"), ("file", "file_bytes")])
def test_a_document_may_have_its_limit_and_no_byte_more(read: str, limit: str) -> None:
    """The edge of either limit: of an announced length, and of what is unpacked."""
    with Bulletin() as feed:
        just_enough = replace(SMALL, **{limit: len(feed.body)})
        too_few = replace(SMALL, **{limit: len(feed.body) - 1})
        for kind in ("gzip", "chunks"):
            feed.break_with(kind)

            assert read_whole(Waiting().fetcher(feed.url, just_enough), read) == feed.body
            with pytest.raises(FeedError) as refused:
                read_whole(Waiting().fetcher(feed.url, too_few), read)

            assert refused.value.code == "too_large"


def test_what_is_read_is_told_as_it_is_read() -> None:
    """Progress counts the bytes of the document, those of a failed attempt too."""
    heard: list[int] = []
    with Bulletin() as feed:
        feed.break_with("short_body", times=1)
        fetcher = replace(Waiting().fetcher(feed.url), progress=heard.append)

        with fetcher.file("/prices.json", JSON):
            pass

    assert sum(heard) == 2 * len(feed.body)


def test_a_server_that_is_not_there_is_asked_again_and_named() -> None:
    """A refused connection may be a restart."""
    waiting = Waiting()
    with closing(socket(AF_INET, SOCK_STREAM)) as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"

        with pytest.raises(FeedError, match="cannot be reached") as refused:
            waiting.fetcher(url).page("/prices.json", JSON)

    assert refused.value.code == "connection_failed"
    assert len(waiting.pauses) == SMALL.attempts - 1


def test_an_address_with_https_is_never_read_without() -> None:
    """A server that does not speak TLS is not asked in the clear instead."""
    with Bulletin() as feed:
        with pytest.raises(FeedError) as refused:
            Waiting().fetcher(feed.url.replace("http:", "https:")).page("/prices.json", JSON)

        assert refused.value.code == "connection_failed"
        assert feed.requests == []


def test_a_link_to_elsewhere_is_refused_before_anybody_is_called() -> None:
    """Also for a file, and also when it names a way back."""
    with Bulletin() as feed, Bulletin() as elsewhere:
        for link in (f"{elsewhere.url}/prices.json", "//evil.example/prices.json"):
            for read in ("page", "file"):
                with pytest.raises(FeedError) as refused:
                    read_whole(Waiting().fetcher(feed.url), read, link)
                assert refused.value.code == "foreign_link"

        assert feed.requests == elsewhere.requests == []


def test_a_file_that_fails_leaves_nothing_open() -> None:
    """Neither connections nor temporary files pile up in a worker that never ends."""
    with Bulletin() as feed:
        for kind in ("html", "short_body", "never_ending", "slow_loris"):
            feed.break_with(kind)
            before = open_temporary_files()

            with pytest.raises(FeedError):
                Waiting().fetcher(feed.url, HASTY).file("/prices.json", JSON)

            assert open_temporary_files() == before
        # The control: a file that did not fail is open until it is closed.
        feed.heal()
        with Waiting().fetcher(feed.url).file("/prices.json", JSON):
            assert open_temporary_files() == before + 1
        assert open_temporary_files() == before
