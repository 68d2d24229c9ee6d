"""Where names really lead (X1, X3): judged before anything is connected to."""

from ipaddress import IPv4Address, IPv6Address

import httpcore
import pytest

from archiver.errors import Refused
from archiver.media.addresses import is_private, is_public
from archiver.media.allow_list import AllowList
from archiver.media.connect import Wire
from tests.conftest import Figure

BLOCKED = [
    *("0.0.0.0", "0.255.255.255", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255"),
    *("127.0.0.1", "127.255.255.254", "169.254.169.254", "169.254.170.2", "169.254.255.255"),
    *("172.16.0.1", "172.31.255.255", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.19.255.255"),
    *("192.0.0.1", "192.0.0.8", "192.0.0.9", "192.0.0.10", "192.0.0.170", "192.0.0.171"),
    *("192.0.0.192", "192.0.0.255", "192.31.196.1", "192.52.193.1", "192.88.99.1", "192.175.48.1"),
    *("168.63.129.16", "100.100.100.200", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:169.254.169.254", "::ffff:10.0.0.1"),
    *("::ffff:192.0.0.192", "::ffff:168.63.129.16", "64:ff9b::a9fe:a9fe", "64:ff9b::c000:c0"),
    *("64:ff9b:1::a00:1", "100::1", "2002:a9fe:a9fe::1", "2001:0:a9fe:a9fe::1", "2001:1::1"),
    *("2001:1ff::1", "2001:db8::1", "2620:4f:8000::1", "3fff::1", "3fff:fff::1", "5f00::1"),
    *("fd00::1", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42", "fe80::1", "fe80::a9fe:a9fe"),
    *("fe80::1%eth0", "fec0::1", "ff02::1", "4000::1", "1fff::1"),
]
PUBLIC = [
    *("8.8.8.8", "52.219.1.1", "1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255"),
    *("100.128.0.0", "126.255.255.255", "128.0.0.0", "168.63.129.15", "168.63.129.17"),
    *("169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "191.255.255.255"),
    *("192.0.1.0", "192.0.3.0", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"),
    *("223.255.255.255", "2001:200::1", "2001:db7:ffff::1", "2600:1f00::1", "2a00::1"),
    *("3ffe::1", "::ffff:8.8.8.8", "64:ff9b::808:808"),
]
PRIVATE = [
    *("10.0.0.0", "10.255.255.255", "127.0.0.1", "172.16.0.0", "172.31.255.255", "192.168.0.1"),
    *("198.18.0.1", "::1", "fc00::1", "fd00::1", "fdff::1", "::ffff:10.0.0.5"),
]
CREDENTIALS = [
    *("169.254.169.254", "169.254.170.2", "192.0.0.192", "168.63.129.16", "100.100.100.200"),
    *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:42::42", "fe80::a9fe:a9fe"),
    *("::ffff:169.254.169.254", "::ffff:192.0.0.192"),
]
"""Where the machines of clouds find their own."""
NAME = "media.example"


@pytest.fixture
def connects(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the addresses that would have been connected to."""
    addresses: list[str] = []

    def connect(_backend: object, host: str, *_: object) -> httpcore.NetworkStream:
        addresses.append(host)
        return httpcore.NetworkStream()

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", connect)
    return addresses


def wire(*addresses: str, listed: tuple[str, ...] = ("*.example",)) -> Wire:
    hosts = AllowList.of("https://portal.example/", listed)
    return Wire(hosts, lambda _host, _port: addresses)


def test_no_blocked_network_is_ever_connected_to(connects: list[str], figure: Figure) -> None:
    for address in BLOCKED:
        assert not is_public(address)
        for around in ((address,), (PUBLIC[0], address), (address, PUBLIC[0])):
            with pytest.raises(Refused):
                wire(*around).connect_tcp(NAME, 443)
    assert connects == []
    for address in PUBLIC:
        wire(address).connect_tcp(NAME, 443)
    assert connects == PUBLIC
    told = f"connections to {len(BLOCKED)} blocked addresses: 0, to public ones: {len(connects)}"
    figure("X1", f"{told} of {len(PUBLIC)}")


def test_one_table_decides_on_every_python(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("is_global", "is_private", "is_reserved", "is_link_local", "is_multicast"):
        for kind in (IPv4Address, IPv6Address):
            monkeypatch.setattr(kind, name, property(lambda _ip: 1 / 0))
    assert [is_public(each) for each in (*BLOCKED, *PUBLIC)] == [
        *[False] * len(BLOCKED),
        *[True] * len(PUBLIC),
    ]
    assert all(map(is_private, PRIVATE))


@pytest.mark.parametrize("address", CREDENTIALS)
def test_no_setting_leads_to_a_clouds_credentials_by_name(
    address: str, connects: list[str]
) -> None:
    assert not is_public(address)
    assert not is_private(address)
    with pytest.raises(Refused):
        wire(address, listed=(NAME,)).connect_tcp(NAME, 443)
    assert connects == []


def test_a_name_is_resolved_once_and_the_judged_address_is_the_one_connected(
    connects: list[str], figure: Figure
) -> None:
    answers = iter([["8.8.8.8"], ["127.0.0.1"]])
    rebinding = Wire(
        AllowList.of("https://portal.example/", ["*.example"]), lambda *_: next(answers)
    )
    rebinding.connect_tcp(NAME, 443)
    with pytest.raises(Refused):
        rebinding.connect_tcp(NAME, 443)
    assert connects == ["8.8.8.8"]
    figure("X3", "rebinding: 2 look-ups, 1 public connection, 0 private ones")


def test_a_host_named_in_full_may_be_private_but_never_link_local(connects: list[str]) -> None:
    wire("10.0.0.5", listed=(NAME,)).connect_tcp(NAME, 443)
    assert connects == ["10.0.0.5"]
    for address in ("169.254.169.254", "fe80::1", "0.0.0.0"):
        assert not is_private(address)
        with pytest.raises(Refused) as caught:
            wire(address, listed=(NAME,)).connect_tcp(NAME, 443)
    assert NAME in caught.value.advice
    wire("169.254.1.1", listed=("169.254.1.1",)).connect_tcp("169.254.1.1", 443)
    assert connects[-1] == "169.254.1.1"


def test_the_next_address_is_tried_when_one_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tried: list[str] = []

    def refuse(_backend: object, host: str, *_: object) -> httpcore.NetworkStream:
        tried.append(host)
        raise httpcore.ConnectTimeout("no answer")

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", refuse)
    with pytest.raises(httpcore.ConnectError):
        wire("8.8.8.8", "2600:1f00::1").connect_tcp(NAME, 443)
    assert tried == ["8.8.8.8", "2600:1f00::1"]


def test_a_name_that_does_not_resolve_is_a_failed_connection() -> None:
    def fail(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    hosts = AllowList.of("https://portal.example/", [])
    with pytest.raises(httpcore.ConnectError):
        Wire(hosts, fail).connect_tcp(NAME, 443)
