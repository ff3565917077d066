"""Where webhooks may not go: private addresses under every disguise, and names that change their mind."""

import datetime
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from shop.webhooks import addresses, deliveries, posting
from shop.webhooks.exceptions import AddressRefused, NoAnswer
from tests.support.webhook_receiver import Receiver, open_receiver

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 (refused, not bound)
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.0.2.1",
    "[::1]",
    "[::]",
    "[fc00::1]",
    "[fe80::1]",
    "[fec0::1]",
    "[feff::1]",
    "[::10.0.0.1]",
    "[ff02::1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[64:ff9b::a00:1]",
    "[64:ff9b::5db8:d70e]",
    "[64:ff9b:1::a00:1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[4000::1]",
    "[2002:a00:1::1]",
    "[2001:0:a00:1::1]",
]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Stand in for the name server: each name has a list of answers, given one after the other, the last for ever."""
    known: dict[str, list[list[str]]] = {}
    ask = socket.getaddrinfo

    def answer(host: Any, port: Any, *arguments: Any, **options: Any) -> Any:
        if host not in known:
            return ask(host, port, *arguments, **options)
        answers = known[host]
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return known


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_NETWORKS = [ip_network("127.0.0.1/32")]
    with open_receiver() as receiver:
        yield receiver


@pytest.mark.parametrize("host", PRIVATE)
def test_private_addresses_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        addresses.parse(f"https://{host}/hook")


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1", "127.0.0.1."])
def test_other_ways_to_write_them_are_refused_once_they_are_read(host: str) -> None:
    with pytest.raises((AddressRefused, NoAnswer)):
        addresses.resolve(addresses.parse(f"https://{host}/hook"))


@pytest.mark.parametrize(
    "url",
    [
        "ftp://shop.example/hook",
        "hook",
        "https://",
        "https:///hook",
        "https://user:secret@shop.example/",
        "https://shop.example/#part",
        "https://shop.example/a b",
        "https://shop.example/\r\nX-Header: 1",
        "https://shop.example:99999/",
        "https://localhost/",
        "https://hooks.localhost/",
        "https://" + "a" * 70 + ".example/",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused):
        addresses.resolve(addresses.parse(url))


def test_a_public_name_goes_by_https_only(names: dict[str, list[list[str]]]) -> None:
    names["shop.example"] = [["93.184.215.14"]]

    assert addresses.resolve(addresses.parse("https://shop.example/hook?a=b")) == [IPv4Address("93.184.215.14")]
    with pytest.raises(AddressRefused, match="https"):
        addresses.resolve(addresses.parse("http://shop.example/hook"))


def test_a_name_for_a_private_address_is_refused(names: dict[str, list[list[str]]]) -> None:
    names["shop.example"] = [["10.0.0.1"]]

    with pytest.raises(AddressRefused, match=r"10\.0\.0\.1 is not a public address"):
        addresses.resolve(addresses.parse("https://shop.example/"))


def test_a_name_with_two_faces_is_refused(names: dict[str, list[list[str]]]) -> None:
    names["shop.example"] = [["93.184.215.14", "10.0.0.1"]]

    with pytest.raises(AddressRefused):
        addresses.resolve(addresses.parse("https://shop.example/"))


def test_what_the_operator_named_is_let_through_and_nothing_beside_it(settings: Settings) -> None:
    settings.WEBHOOK_PRIVATE_NETWORKS = [ip_network("10.1.0.0/16"), ip_network("fd00::/8")]

    for host in ("10.1.2.3", "[fd00::1]", "[::ffff:10.1.2.3]"):
        addresses.parse(f"http://{host}/hook")
    for host in ("10.2.0.1", "127.0.0.1", "[fc00::1]"):
        with pytest.raises(AddressRefused):
            addresses.parse(f"https://{host}/hook")


def test_nothing_private_is_let_through_unless_it_is_named() -> None:
    from django.conf import settings

    assert settings.WEBHOOK_PRIVATE_NETWORKS == []


@pytest.mark.parametrize("host", ["93.184.215.14", "[2606:4700::1111]", "[::ffff:93.184.215.14]"])
def test_public_addresses_are_let_through(host: str) -> None:
    assert addresses.parse(f"https://{host}/hook").host == host.strip("[]")


def test_a_name_server_that_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: is_over.wait(30) and [])
    monkeypatch.setattr(addresses, "LOOKUP_S", 0.1)

    try:
        with pytest.raises(NoAnswer, match=r"shop\.example is not known"):
            addresses.resolve(addresses.parse("https://shop.example/hook"))
        assert not is_over.is_set()
    finally:
        is_over.set()


def test_a_batch_is_over_before_its_lease() -> None:
    longest_s = addresses.LOOKUP_S + posting.TRIED_MAX * posting.CONNECT_S + posting.ALL_S

    assert 2 * longest_s < deliveries.LEASE.total_seconds()


# --- names that change their mind (DNS rebinding) ---


@pytest.fixture
def rebinding(receiver: Receiver, names: dict[str, list[list[str]]]) -> Iterator[tuple[str, Receiver, Receiver]]:
    """A name that leads to a permitted receiver when it is checked, and to a forbidden one ever after."""
    with open_receiver(host="127.0.0.2", port=receiver.port) as forbidden:
        names["shop.example"] = [["127.0.0.1"], ["127.0.0.2"]]
        yield f"http://shop.example:{receiver.port}/hook", receiver, forbidden


def test_the_connection_goes_to_the_address_that_was_checked(rebinding: tuple[str, Receiver, Receiver]) -> None:
    url, permitted, forbidden = rebinding

    assert posting.post(url, body=b"{}", headers={}) == 204

    assert (len(permitted.got), len(forbidden.got)) == (1, 0)
    assert permitted.got[0].headers["host"] == f"shop.example:{permitted.port}"


def test_control_connecting_by_name_after_the_check_lands_elsewhere(
    rebinding: tuple[str, Receiver, Receiver],
) -> None:
    url, permitted, forbidden = rebinding
    target = addresses.parse(url)
    addresses.resolve(target)

    connection = http.client.HTTPConnection(target.host, target.port, timeout=5)
    connection.request("POST", target.path, body=b"{}")
    connection.getresponse().read()
    connection.close()

    assert (len(permitted.got), len(forbidden.got)) == (0, 1)


# --- TLS ---


def write_certificate(folder: Path, name: str) -> Path:
    """Write a key and a certificate for a name, signed by itself, into one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{name}.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return file


@pytest.fixture
def tls_port(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A receiver for shop.example over TLS; its certificate is trusted."""
    settings.WEBHOOK_PRIVATE_NETWORKS = [ip_network("127.0.0.1/32")]
    file = write_certificate(tmp_path, "shop.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    monkeypatch.setattr(posting, "DEFAULT_CA_BUNDLE_PATH", str(file))
    posting._trust.cache_clear()

    def serve() -> None:
        while True:
            try:
                plain, _address = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(plain, server_side=True) as line:
                    request = b""
                    while not request.endswith(b"\r\n\r\n{}"):  # its head and its body may come apart
                        request += line.recv(65536) or b"\r\n\r\n{}"
                    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    posting._trust.cache_clear()


def test_the_certificate_must_be_for_the_name_though_we_connect_by_address(
    tls_port: int, names: dict[str, list[list[str]]]
) -> None:
    names["shop.example"] = names["other.example"] = [["127.0.0.1"]]

    assert posting.post(f"https://shop.example:{tls_port}/", body=b"{}", headers={}) == 200
    with pytest.raises(NoAnswer, match=r"other\.example"):
        posting.post(f"https://other.example:{tls_port}/", body=b"{}", headers={})


def test_a_certificate_of_nobody_is_refused(
    tls_port: int, names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names["shop.example"] = [["127.0.0.1"]]
    monkeypatch.setattr(posting, "DEFAULT_CA_BUNDLE_PATH", DEFAULT_CA_BUNDLE_PATH)
    posting._trust.cache_clear()

    with pytest.raises(NoAnswer, match="certificate verify failed"):
        posting.post(f"https://shop.example:{tls_port}/", body=b"{}", headers={})


def test_every_family_of_addresses_is_judged() -> None:
    target = addresses.parse("https://93.184.215.14/")

    for text in ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", "93.184.215.14"):
        addresses._check(target, ip_address(text))
