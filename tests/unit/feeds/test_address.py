"""Feed addresses: a link is followed at the address that was set, or not at all."""

import pytest

from dumont_economy.errors import FeedError, InvalidSettingError
from dumont_economy.feeds.address import FeedAddress

OFFICIAL = "https://prices.azure.com"
ADDRESS = FeedAddress("http://127.0.0.1:8000", OFFICIAL)
MIRROR = FeedAddress("https://mirror.example/azure/", OFFICIAL)


@pytest.mark.parametrize(
    ("link", "path_and_query"),
    [
        ("/offers/v1.0/aws/index.json", "/offers/v1.0/aws/index.json"),
        (f"{OFFICIAL}/api/retail/prices?$skip=100", "/api/retail/prices?$skip=100"),
        (f"{OFFICIAL}:443/api/retail/prices?$skip=100", "/api/retail/prices?$skip=100"),
        ("HTTPS://Prices.Azure.COM/a", "/a"),
        ("/a?$filter=name eq 'x'&b=c%20d", "/a?$filter=name%20eq%20'x'&b=c%20d"),
        ("/a#part", "/a"),
        ("/é", "/%C3%A9"),
        ("/\\evil.example", "/%5Cevil.example"),
        ("///evil.example/a", "/evil.example/a"),
    ],
)
def test_only_path_and_query_of_a_link_are_used(link: str, path_and_query: str) -> None:
    """On the address that was set; a mirror that lies in a folder keeps it before the path."""
    assert ADDRESS.url(link) == f"http://127.0.0.1:8000{path_and_query}"
    assert MIRROR.url(link) == f"https://mirror.example/azure{path_and_query}"


def test_a_link_to_the_address_that_was_set_is_whole_already() -> None:
    """A mirror that writes its links anew names its own folder in them."""
    assert MIRROR.url("https://mirror.example/azure/a?b") == "https://mirror.example/azure/a?b"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/retail/prices",
        "//evil.example/api/retail/prices",
        "https://prices.azure.com.evil.example/a",
        "https://evil.example@prices.azure.com/a",
        "https://prices.azure.com@evil.example/a",
        "http://prices.azure.com/a",
        "https://prices.azure.com:8443/a",
        "https://prices.azure.com:99999/a",
        "https://[::1/a",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:8001/a",
        "file:///etc/passwd",
        "ftp://prices.azure.com/a",
        "https:\\\\evil.example\\a",
        "javascript:alert(1)",
        "api/retail/prices",
        "",
        "?$skip=100",
        "/a\r\nHost: evil.example",
        "/a\x00b",
    ],
)
def test_a_link_to_anywhere_else_is_refused(link: str) -> None:
    """Whatever stands in a feed decides what is read next, never who is called."""
    for address in (ADDRESS, MIRROR):
        with pytest.raises(FeedError) as refused:
            address.url(link)
        assert refused.value.code == "foreign_link"


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "prices.azure.com",
        "ftp://prices.azure.com",
        "file:///etc",
        "https://",
        "https://user:secret@prices.azure.com",
        "https://prices.azure.com?a=b",
        "https://prices.azure.com#a",
        "https://prices.azure.com:port",
        "https://[::1",
    ],
)
def test_an_address_is_that_of_a_web_server(base_url: str) -> None:
    """A mistake in a setting is named where it is read, not when the first price is missing."""
    with pytest.raises(InvalidSettingError):
        FeedAddress(base_url, OFFICIAL)
