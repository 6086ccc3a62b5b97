"""The studio on a network: its options, who may be served without a password, the path behind a proxy, and files for TLS.

Only the standard library is imported: all of it is looked at before Gradio is.
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from studio.commands.surroundings import SurroundingsError

LOCAL = "127.0.0.1"


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Put the options that are about the network on the command line."""
    host = os.environ.get("GRADIO_SERVER_NAME", "").strip() or LOCAL
    parser.add_argument("--host", default=host, help=f"address to serve on (default: {LOCAL}, this machine only)")
    parser.add_argument("--port", type=int, default=None, help="port (default: the first free one from 7860)")
    parser.add_argument("--disk-limit", type=float, default=100.0, metavar="GB",
                        help="that each user of --users may keep (default: 100; 0: as much as there is)")
    parser.add_argument("--no-password", action="store_true",
                        help="serve other machines too although no password is set: whoever reaches the address sees all films")
    parser.add_argument("--root-path", default=os.environ.get("GRADIO_ROOT_PATH", ""), metavar="PATH",
                        help="where a proxy shows the studio: a path as /studio, or a whole address as https://example.org/studio")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve https with this certificate (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="and its private key (PEM), without a password")


def is_local(host: str) -> bool:
    """Whether an address to serve on is reached from this machine alone."""
    try:
        found = socket.getaddrinfo(host.strip().strip("[]"), 0, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return all(ipaddress.ip_address(str(place[4][0]).partition("%")[0]).is_loopback for place in found)
    except (OSError, ValueError):
        return False


def check_open(host: str, protected: bool, accepted: bool) -> None:
    """Check that other machines are served only behind a password, or if that was said.

    Args:
        host: the address to serve on.
        protected: a password is asked for.
        accepted: `--no-password` was given.

    Raises:
        SurroundingsError: everyone on the network would reach all films.
    """
    if not (protected or accepted or is_local(host)):
        raise SurroundingsError(
            f"On {host} the studio is reached from other machines, and without a password whoever reaches it sees, changes and "
            "deletes all films. Leave --host away for this machine only, or say --no-password if that is what you want."
        )


def proxy_options(root_path: str) -> dict[str, Any]:
    """What `Blocks.launch` is told of a proxy. `root_path`: a path, or an address with a path; "": there is no proxy.

    Raises:
        SurroundingsError: it is neither.
    """
    path = root_path.strip()
    if not path:
        return {}
    try:
        parts = urlsplit(path)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, whole = urlsplit(""), False
    if not (whole or (path.startswith("/") and not path.startswith("//"))) or parts.query or parts.fragment or " " in path:
        raise SurroundingsError(
            f"--root-path is “{root_path}”, which is neither a path that begins with / nor an address that begins with https://. "
            "Write it as the proxy shows it, such as /studio."
        )
    return {"root_path": path.rstrip("/")}


def tls_options(certificate: Path | None, key: Path | None) -> dict[str, Any]:
    """What `Blocks.launch` is told of TLS files; nothing without them.

    Raises:
        SurroundingsError: one is missing, cannot be read, or they do not belong together.
    """
    if certificate is None and key is None:
        return {}
    if certificate is None or key is None:
        raise SurroundingsError("https needs two files: --tls-cert (the certificate) and --tls-key (its private key). Name both.")
    for file in (certificate, key):
        try:
            file.read_bytes()
        except OSError as error:
            why = error.strerror or error
            raise SurroundingsError(f"{file} cannot be read ({why}). Name a file in PEM format that the studio may read.") from None
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError, ValueError) as error:
        raise SurroundingsError(
            f"{certificate} and {key} cannot be used for https ({error}). The first must be a certificate in PEM format, the other "
            "the private key that belongs to it, without a password."
        ) from None
    # The studio asks its own page whether it is there, by an address that the certificate need not name.
    return {"ssl_certfile": str(certificate), "ssl_keyfile": str(key), "ssl_verify": False}
