# SPDX-License-Identifier: Apache-2.0
"""Addresses that messages may go to, and those that lead into the operator's own network."""

from ipaddress import ip_network

import pytest

from api.webhooks.addresses import ForbiddenAddressError, Target, parse_target, resolve
from notary.errors import InvalidInputError


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://example.com", Target("https", "example.com", 443, "/")),
        ("https://Example.com:8443/a/b?c=d", Target("https", "example.com", 8443, "/a/b?c=d")),
        ("https://93.184.216.34/x", Target("https", "93.184.216.34", 443, "/x")),
        ("https://[2606:4700::1111]/x", Target("https", "2606:4700::1111", 443, "/x")),
    ],
)
def test_public_addresses(url: str, target: Target) -> None:
    assert parse_target(url, []) == target


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "[::]", "[::1]", "[fe80::1]",
        "[fc00::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]",
        "[2002:7f00:1::]", "[2001:db8::1]", "[fe80::1%25eth0]",
    ],
)  # fmt: skip
def test_addresses_inside(host: str) -> None:
    with pytest.raises(ForbiddenAddressError, match="is not an address that messages may be sent to"):
        parse_target(f"https://{host}/hook", [])


@pytest.mark.parametrize(
    "url",
    [
        "", "example.com", "http://example.com", "ftp://example.com", "https://", "https:///path",
        "https://user@example.com", "https://user:pass@example.com", "https://example.com/#part",
        "https://example.com:0x50/", "https://example.com:99999/", "https://[::1", "https://exa mple.com",
        "https://example.com/\r\nHost: other", "https://example.com\\@127.0.0.1/", "https://例子.com/",
        "https://example.com/" + "a" * 2048, "https://a..b/", "https://.example.com/", f"https://{'a' * 64}.com/",
    ],
)  # fmt: skip
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_target(url, [])


def test_the_operator_s_own_networks() -> None:
    own = [ip_network("10.1.0.0/16")]
    assert parse_target("http://10.1.2.3:8080/x", own) == Target("http", "10.1.2.3", 8080, "/x")
    with pytest.raises(ForbiddenAddressError):
        parse_target("http://10.2.0.1/", own)


def test_a_name_that_leads_inside() -> None:
    target = parse_target("https://localhost:1/", [])
    with pytest.raises(ForbiddenAddressError):
        resolve(target, [])
    assert resolve(target, [ip_network("127.0.0.0/8"), ip_network("::1")]) in ("127.0.0.1", "::1")


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "017700000001", "127.1"])
def test_other_spellings_of_an_address(host: str) -> None:
    """What the system's resolver makes of them counts, not what they look like."""
    with pytest.raises((ForbiddenAddressError, OSError)):
        resolve(parse_target(f"https://{host}/", []), [])
