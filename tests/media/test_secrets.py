"""What must not leave (X5, X6, X8), and TLS that fails closed (N22)."""

import io
import logging
import ssl
import subprocess
import traceback
import warnings
from contextlib import nullcontext
from pathlib import Path

import httpcore
import pytest
from msgspec.structs import replace

from archiver.errors import ArchiverError, Refused, TryAgain
from archiver.http import connections as network
from archiver.media.allow_list import AllowList
from archiver.media.media_client import MediaClient, MediaRoute
from archiver.media.transfer import Transfer
from archiver.secret import Secret
from tests.conftest import Figure
from tests.media.conftest import Bench
from tests.media.scripted import Answer, Asked, End, Scripted, always, whole

CANARY = "c4n4ry"
NUMBER = "12025550143"
TARGET = f"/c-{NUMBER}.mp3?X-Amz-Signature={CANARY}"


def test_no_link_leaves_in_logs_errors_or_tracebacks(
    bench: Bench, caplog: pytest.LogCaptureFixture, figure: Figure
) -> None:
    caplog.set_level(logging.DEBUG)
    leaky = f"https://elsewhere.example{TARGET}"
    body = f"<Error><Code>AccessDenied</Code><Resource>{TARGET}</Resource></Error>".encode()
    answers = [
        whole(b"audio", etag=f'"{CANARY}"'),
        Answer(302, {"location": leaky, "content-length": "0"}),
        replace(whole(body), status=403),
        replace(whole(body), status=404),
        replace(whole(body), status=503),
        Answer(200, {"content-length": "9", "x": CANARY}, [b"cut"], End.RESET),
        Answer(200, {f"bad {CANARY}": "x"}, [], End.CLOSE),
    ]
    bench.attempts, said, failures = 1, "", 0
    for answer in answers:
        with Scripted(always(answer)) as server:
            try:
                said += repr(bench.fetch(server, TARGET).content_type)
            except ArchiverError as error:
                failures += 1
                said += error.advice + "".join(traceback.format_exception(error))
    hosts = AllowList.of("https://portal.example/", [])
    for link in (leaky, f"https://h\n{TARGET}"):
        with pytest.raises(Refused) as caught, MediaClient(hosts, bench.stop) as media:
            media.fetch(bench.transfer, Secret(link), bench.file)
        said += caught.value.advice + "".join(traceback.format_exception(caught.value))
    assert failures == 6
    hits = sum((said + caplog.text).count(canary) for canary in (CANARY, NUMBER))
    assert hits == 0
    figure("X6", f"canary hits {hits} in DEBUG logs, messages and tracebacks of 9 cases")


def test_the_media_host_is_sent_no_credential(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, figure: Figure
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login x password canary\n")
    keylog = tmp_path / "keys"
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSLKEYLOGFILE", str(keylog))
    for name in ("http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    def script(_: Asked) -> Answer:
        return whole(b"audio", set_cookie="session=1; Path=/")

    with Scripted(script) as server:
        bench.fetch(server)
        bench.fetch(server)
    sent = {name for asked in server.asked for name in asked.headers}
    assert sent == {"host", "accept", "accept-encoding"}
    assert not keylog.exists()
    figure("X5", f"headers that the media host saw: {', '.join(sorted(sent))}")
    figure("X8", "proxy variables, .netrc and SSLKEYLOGFILE: of no effect")


def test_a_configured_proxy_is_used_with_its_password(bench: Bench) -> None:
    with Scripted(lambda _: whole(b"audio")) as proxy:
        address = proxy.url.replace("http://", "http://user:p%40ss@")
        bench.route = MediaRoute(proxy_for=lambda _link: Secret(address))
        with Scripted(lambda _: whole(b"direct")) as media_host:
            assert bench.fetch(media_host).bytes == len(b"audio")
    assert proxy.asked[0].target.startswith(media_host.url)
    assert proxy.asked[0].headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"
    assert media_host.connections == 0


def test_each_host_has_its_own_way(bench: Bench, figure: Figure) -> None:
    """Two hosts, one behind a proxy; a rule for the one says nothing of the other."""
    with (
        Scripted(lambda _: whole(b"by the proxy")) as proxy,
        Scripted(lambda _: whole(b"itself")) as host,
    ):
        other = host.url.replace("127.0.0.1", "localhost")
        way = Secret(proxy.url)
        route = MediaRoute(proxy_for=lambda link: way if link.host == "localhost" else None)
        brought = []
        with MediaClient(AllowList.of(f"{host.url}/", [other]), bench.stop, route=route) as media:
            for url in (host.url, other) * 2:
                file = io.BytesIO()
                media.fetch(Transfer(1_000), Secret(f"{url}/a.mp3"), file)
                brought.append(file.getvalue())
    assert brought == [b"itself", b"by the proxy"] * 2
    figure("R8", f"media: {len(proxy.asked)} requests by the proxy, {len(host.asked)} direct")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make self-signed certificates for the right address and for another name."""
    folder = tmp_path_factory.mktemp("tls")
    for name, subject in (("right", "IP:127.0.0.1"), ("wrong", "DNS:other.example")):
        options = f"-keyout {folder}/{name}.key -out {folder}/{name}.pem -days 2 -subj /CN=test"
        kind = "-x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes"
        command = f"openssl req {kind} {options} -addext subjectAltName={subject}"
        subprocess.run(command.split(), check=True, capture_output=True)
    return folder


def serving(folder: Path, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
    return context


def test_what_is_for_http_trusts_nobody(certificates: Path) -> None:
    bundle = certificates / "right.pem"
    with Scripted(lambda _: whole(b"audio"), serving(certificates, "right")) as server:
        for scheme in ("https", "http"):
            refused = pytest.raises(httpcore.ConnectError, match=r"(?i)certificate verify failed")
            with (
                network.pool(
                    network.Backend(bool), scheme=scheme, connections=1, ca_bundle=bundle
                ) as connections,
                nullcontext() if scheme == "https" else refused,
            ):
                assert connections.request("GET", f"{server.url}/a").content == b"audio"


def test_tls_fails_closed(bench: Bench, certificates: Path, figure: Figure) -> None:
    right = serving(certificates, "right")
    ours = MediaRoute(ca_bundle=certificates / "right.pem")
    with Scripted(lambda _: whole(b"audio"), right) as server:
        bench.route = ours
        assert bench.fetch(server).bytes == 5
        bench.route = MediaRoute()
        with pytest.raises(Refused, match="is not trusted"):
            bench.fetch(server)
    with Scripted(lambda _: whole(b"audio"), serving(certificates, "wrong")) as misnamed:
        bench.route = MediaRoute(ca_bundle=certificates / "wrong.pem")
        with pytest.raises(Refused, match="that of another host"):
            bench.fetch(misnamed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        right.minimum_version = ssl.TLSVersion.TLSv1
        right.maximum_version = ssl.TLSVersion.TLSv1
    with Scripted(lambda _: whole(b"audio"), right) as old:
        bench.route = ours
        with pytest.raises(TryAgain):
            bench.fetch(old)
    assert (len(server.asked), len(misnamed.asked), len(old.asked)) == (1, 0, 0)
    figure("N22", "unknown authority, other name, TLS 1.0: 0 requests sent, 0 bytes")


def test_verification_is_never_switched_off(root: Path, figure: Figure) -> None:
    code = "".join(path.read_text() for path in (root / "archiver").rglob("*.py"))
    assert "ssl_context" in code
    off = [word for word in ("verify=False", "CERT_NONE", "check_hostname =") if word in code]
    assert off == []
    figure("N22", "verify=False, CERT_NONE, check_hostname = in the code: 0")
