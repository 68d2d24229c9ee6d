"""The servers: many clients at once, and nothing left behind."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from archiver.sandbox import Sandbox, World
from tests.sandbox.clocks import FIRST, LAST


def test_closing_leaves_no_thread_and_no_port(world: World) -> None:
    before = set(threading.enumerate())
    with Sandbox(world) as sandbox, httpx.Client() as client:
        client.get(f"{sandbox.endpoint}voice/recordings")
        address = httpx.URL(sandbox.endpoint)
        assert set(threading.enumerate()) - before
    assert set(threading.enumerate()) == before
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection((address.host, address.port or 0)),
    ):
        pass


def test_a_connection_serves_many_requests_and_nonsense_ends_it(sandbox: Sandbox) -> None:
    host, port = sandbox.media_host.split(":")
    with socket.create_connection((host, int(port))) as sock:
        sock.sendall(b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.sendall(b"nonsense\r\n\r\n")
        text = b"".join(iter(lambda: sock.recv(65_536), b""))
    assert text.count(b"HTTP/1.1 403 Forbidden") == 2


def test_a_body_is_no_request(sandbox: Sandbox) -> None:
    host, port = sandbox.media_host.split(":")
    inside = b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"PUT /a HTTP/1.1\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(inside)
    with socket.create_connection((host, int(port))) as sock:
        sock.sendall(head)
        assert sock.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sock.sendall(inside + b"nonsense\r\n\r\n")
        text = b"".join(iter(lambda: sock.recv(65_536), b""))
    assert text.count(b"HTTP/1.1 403 Forbidden") == 1


def test_many_clients_lose_nothing(sandbox: Sandbox, portal: httpx.Client) -> None:
    links = [row["audio"] for row in portal.get("voice/recordings").json()["data"]["data"]]
    with httpx.Client() as client, ThreadPoolExecutor(8) as pool:
        codes = [each.status_code for each in pool.map(client.get, links * 20)]
    assert codes == [200] * 300
    assert sandbox.counts["media"] == 300


def test_a_big_world_pages_to_its_end() -> None:
    world = World()
    world.add(count=20_000, first=FIRST, last=LAST)
    with Sandbox(world) as sandbox:
        params = {"page": "1334", "access_token": sandbox.token}
        page = httpx.get(f"{sandbox.endpoint}voice/recordings", params=params).json()["data"]
    assert (page["total"], len(page["data"])) == (20_000, 5)
    assert page["data"][-1]["id"] == next(iter(world.recordings)).id
