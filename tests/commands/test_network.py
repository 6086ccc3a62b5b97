"""What is asked of the network's options before the studio opens: who may be served, the proxy's path, files for TLS."""

from __future__ import annotations

import datetime
import re
import ssl
import urllib.request
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import app
from studio.commands.network import check_open, is_local, proxy_options, tls_options
from studio.commands.surroundings import SurroundingsError
from tests.api.conftest import free_port
from tests.served_pages import close_page
from tests.shelves import make_studio


def tls_files(folder: Path, name: str = "own") -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number(),
                                   now - datetime.timedelta(1), now + datetime.timedelta(1)).sign(key, hashes.SHA256())
    paths = folder / f"{name}.pem", folder / f"{name}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return paths


@pytest.mark.parametrize(("host", "local"), [
    ("127.0.0.1", True), ("127.0.0.2", True), ("localhost", True), ("[::1]", True),
    ("0.0.0.0", False), ("::", False), ("[::]", False), ("192.0.2.1", False),
])  # fmt: skip
def test_without_a_password_other_machines_are_served_only_if_that_was_said(host: str, local: bool) -> None:
    assert is_local(host) is local
    check_open(host, protected=True, accepted=False)
    check_open(host, protected=False, accepted=True)
    if local:
        check_open(host, protected=False, accepted=False)
    else:
        with pytest.raises(SurroundingsError, match="--no-password if that is what you want"):
            check_open(host, protected=False, accepted=False)


def test_the_studio_does_not_open_to_the_network_by_one_option(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STUDIO_HOME", str(tmp_path / "projects"))
    monkeypatch.delenv("SPACE_ID", raising=False)
    assert app.main(["--host", "0.0.0.0", "--no-browser"]) == 1
    assert "without a password" in capsys.readouterr().err
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    assert app.main(["--no-browser"]) == 1


@pytest.mark.parametrize(("given", "used"), [
    ("", {}), (" /studio/ ", {"root_path": "/studio"}), ("https://films.example.org", {"root_path": "https://films.example.org"}),
])  # fmt: skip
def test_a_proxy_is_told_as_a_path_or_an_address(given: str, used: dict[str, str]) -> None:
    assert proxy_options(given) == used


@pytest.mark.parametrize("given", ["studio", "//elsewhere.example", "ftp://a/b", "https://", "/a?b", "/a b", "https://a:b/c"])
def test_what_is_neither_is_refused(given: str) -> None:
    with pytest.raises(SurroundingsError, match="--root-path is"):
        proxy_options(given)


def test_files_for_tls_must_belong_together(tmp_path: Path) -> None:
    certificate, key = tls_files(tmp_path)
    assert tls_options(None, None) == {}
    assert tls_options(certificate, key)["ssl_certfile"] == str(certificate)
    _, other = tls_files(tmp_path, "other")
    for wrong in ((certificate, None), (None, key), (certificate, tmp_path / "none"), (key, certificate), (certificate, other)):
        with pytest.raises(SurroundingsError, match=r"https|cannot be read"):
            tls_options(*wrong)


def test_the_page_is_served_over_tls_and_below_a_proxys_path(tmp_path: Path) -> None:
    from studio.ui.page import build, launch_options

    page = build(make_studio(tmp_path))
    more = proxy_options("/studio") | tls_options(*tls_files(tmp_path))
    page.launch(**launch_options(), **more, server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True)
    try:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(page.local_url, context=trusting) as answer:
            text = answer.read().decode()
        assert page.local_url.startswith("https://") and re.search(r'"root":"https://[\d.:]+/studio"', text)
    finally:
        close_page(page)
