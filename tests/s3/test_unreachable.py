"""What answers where the bucket's server should be, or nothing: told, with what helps."""

import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from socket import create_server, socket

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from archiver.config.s3_options import Options, Style, place
from archiver.domain.layout import ARCHIVE_KEY
from archiver.errors import DestinationError, UsageError
from archiver.store.s3.bucket_store import BucketStore
from archiver.store.s3.connecting import s3_client as connect
from tests.conftest import Figure
from tests.s3.guard import Guard

HOST = "127.0.0.1"
DAY = timedelta(days=1)
NO_S3 = b"HTTP/1.1 %s\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"


def certificate(folder: Path, host: str = HOST, days: int = 2) -> Path:
    """Write a certificate that its own key has signed, and that key, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    end = datetime.now(UTC) + days * DAY
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(end - 3 * DAY)
        .not_valid_after(end)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(made.public_bytes(Encoding.PEM) + pem)
    return path


@contextmanager
def serving(answer: bytes, pem: Path | None = None) -> Iterator[str]:
    """Answer every request the same, over TLS if there is a certificate; yield host and port."""
    tls = None
    if pem is not None:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(pem)
    with create_server((HOST, 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, answer, tls))
        thread.start()
        try:
            yield f"{HOST}:{server.getsockname()[1]}"
        finally:
            server.shutdown(2)
            thread.join(10)


def _serve(server: socket, answer: bytes, tls: ssl.SSLContext | None) -> None:
    with suppress(OSError):
        while True:
            caller, _ = server.accept()
            with suppress(OSError), caller:
                caller.settimeout(5)
                with tls.wrap_socket(caller, server_side=True) if tls else caller as line:
                    _hear(line)
                    line.sendall(answer)


def _hear(line: socket) -> None:
    """Take in a whole request with its body: what is left unread lets the answer be lost.

    What begins as TLS does (RFC 8446, 5.1: a handshake is 22) is no request, and has no such end.
    A body that waits to be asked for (RFC 9110, 10.1.1) is not sent.
    """
    heard, wanted = b"", None
    while not heard.startswith(b"\x16") and (wanted is None or len(heard) < wanted):
        some = line.recv(65_536)
        if not some:
            return
        heard += some
        head, end, _ = heard.partition(b"\r\n\r\n")
        if end:
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            is_sent = length is not None and b"100-continue" not in head
            wanted = len(head) + len(end) + (int(length[1]) if length and is_sent else 0)


@pytest.fixture(autouse=True)
def _once(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask once, as the account of the stand-in."""
    guard.reset()
    monkeypatch.setattr(connect, "_ATTEMPTS", 1)


def refused(endpoint: str, tmp_path: Path, ca_bundle: Path | None = None) -> str:
    """Return what is said of a server that can't be used, and what is advised."""
    options = Options(endpoint=endpoint, style=Style.PATH, ca_bundle=ca_bundle)
    client = connect.connect(options)
    store = BucketStore(client, place("s3://calls/portal"), options, tmp_path / "room")
    with pytest.raises(DestinationError) as error:
        next(store.items(""), None)
    return f"{error.value.message} {error.value.advice}"


def test_a_certificate_that_is_not_trusted_is_told_with_its_setting(tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with serving(NO_S3 % b"400 No", pem) as host:
        said = refused(f"https://{host}", tmp_path)
        assert "certificate is not trusted" in said
        assert "set ca_bundle" in said
        assert "what answered is no S3 server" in refused(f"https://{host}", tmp_path, pem)


@pytest.mark.parametrize(
    ("host", "days", "told"),
    [("127.0.0.2", 2, "that of another host"), (HOST, -2, "not valid today")],
)
def test_a_certificate_that_does_not_fit_is_told(
    host: str, days: int, told: str, tmp_path: Path
) -> None:
    pem = certificate(tmp_path, host, days)
    with serving(b"", pem) as there:
        assert told in refused(f"https://{there}", tmp_path, pem)


def test_http_and_https_that_are_mixed_up_are_told(tmp_path: Path) -> None:
    with serving(b"", certificate(tmp_path)) as host:
        said = refused(f"http://{host}", tmp_path)
        assert "closed the connection" in said
        assert "https://" in said
    with serving(NO_S3 % b"400 Bad Request") as host:
        assert "http:// or https://" in refused(f"http://{host}", tmp_path)
        said = refused(f"https://{host}", tmp_path)
        assert "does not speak https" in said
        assert "http://" in said


def test_a_page_where_a_bucket_should_be_is_told(tmp_path: Path) -> None:
    with serving(NO_S3 % b"200 OK") as host:
        assert "what answered is no S3 server" in refused(f"http://{host}", tmp_path)


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    assert f"the server {HOST}:{port} can't be reached" in refused(
        f"http://{HOST}:{port}", tmp_path
    )
    assert "name is not known" in refused("http://no-such-server.invalid", tmp_path)


def test_certificates_that_can_not_be_read_are_a_matter_of_settings(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="ca_bundle"):
        refused(f"https://{HOST}", tmp_path, tmp_path / "none.pem")


PAGES = (b"<html>", b"<!DOCTYPE html><HTML><body>Sign in</body></HTML>", b"<html><p>Hi</p></html>")


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_no_object_of_the_archive(tmp_path: Path, page: bytes, figure: Figure) -> None:
    kind = b"Content-Type: text/html\r\nConnection: close\r\n"
    head = b"HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n" % (kind, len(page))
    with serving(head + page) as host:
        options = Options(endpoint=f"http://{host}", style=Style.PATH)
        client = connect.connect(options)
        store = BucketStore(client, place("s3://calls/portal"), options, tmp_path / "room")
        asked: tuple[Callable[[], object], ...] = (
            lambda: store.open(ARCHIVE_KEY),
            lambda: store.stat(ARCHIVE_KEY),
            lambda: [*store.items("")],
            lambda: [*store.versions("manifests/")],
            lambda: store.put("manifests/00000001.json", b"{}"),
            store.bucket.facts,
        )
        for ask in asked:
            with pytest.raises(DestinationError, match="what answered is no S3 server") as told:
                ask()
            assert "500" not in told.value.message, "nobody answered so"
            assert "sign-in" in told.value.advice
    figure("R15", f"a page with status 200 in place of S3: told {len(asked)} of {len(asked)} times")


REDIRECTS = (
    b"300 Multiple Choices", b"301 Moved Permanently", b"302 Found", b"303 See Other",
    b"307 Temporary Redirect", b"308 Permanent Redirect",
)  # fmt: skip
HERE = b"Location: /calls?list-type=2\r\n"


@pytest.mark.parametrize(("more", "page"), [(b"", PAGES[2]), (b"", b""), (HERE, b"Sign in first")])
@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_is_told_as_a_page_is(
    tmp_path: Path, status: bytes, more: bytes, page: bytes, figure: Figure
) -> None:
    """A client of AWS asks for the bucket's region for ever, and takes a 300 for success."""
    head = b"HTTP/1.1 %s\r\n%sConnection: close\r\nContent-Length: %d\r\n\r\n"
    with serving(head % (status, more, len(page)) + page) as host:
        said = refused(f"http://{host}", tmp_path)
    assert "what answered is no S3 server" in said
    assert "sign-in" in said
    figure("R15", f"{status[:3].decode()} where S3 should be: told as a page with 200 is")


@pytest.mark.parametrize("status", [b"301 Moved Permanently", b"307 Temporary Redirect"])
def test_a_redirect_to_another_region_is_told_as_such(tmp_path: Path, status: bytes) -> None:
    region = b"x-amz-bucket-region: eu-west-1\r\n"
    head = b"HTTP/1.1 %s\r\n%sConnection: close\r\nContent-Length: 0\r\n\r\n"
    with serving(head % (status, region)) as host:
        said = refused(f"http://{host}", tmp_path)
    assert "the bucket is in another region. Set s3_region." in said


@pytest.mark.parametrize("text", ["AKIDEXAMPLE\r", "AKIDEXAMPLE\n", '"AKIDEXAMPLE"', " AKID"])
@pytest.mark.parametrize("name", connect.VARIABLES)
def test_a_credential_with_a_line_break_is_named(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(UsageError, match=f"{name} has a line break") as told:
        connect.connect(Options(endpoint="http://127.0.0.1:9"))
    assert "AKID" not in f"{told.value} {told.value.advice}"
    figure("R15", f"{name} with {text.strip('AKIDEXMPL')!r}: named before anything is sent")


def test_certificates_of_awss_own_that_are_not_there_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, figure: Figure
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(UsageError, match="AWS_CA_BUNDLE") as told:
        connect.connect(Options(endpoint="https://127.0.0.1:9"))
    assert "No such file" in told.value.message
    connect.connect(Options(ca_bundle=certificate(tmp_path)))  # which comes first
    figure("R15", "AWS_CA_BUNDLE that is not there: named before anything is sent")
