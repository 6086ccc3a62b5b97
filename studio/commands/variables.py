"""Environment variables that libraries of the studio read and cannot use, each with a sentence that says what to do about it.

A variable is a misfit if a library would fail on it, or if the studio does not follow it although its name promises so. Only the
standard library is imported, because the others are what would fail.
"""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from studio.folders import write_problem

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
SCHEMES = ("http", "https", "socks5", "socks5h")
TEMPORARY = ("TMPDIR", "TEMP", "TMP")
GRADIO_OURS = {"GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_TEMP_DIR", "GRADIO_ROOT_PATH", "GRADIO_SHARE_SERVER_ADDRESS",
               "GRADIO_ANALYTICS_ENABLED"}
"""Gradio's variables that the studio follows. Others belong to other programs, and some of them end the start."""
HUB_NUMBERS = ("HF_HUB_ETAG_TIMEOUT", "HF_HUB_DOWNLOAD_TIMEOUT")


@dataclass(frozen=True)
class Misfit:
    """An environment variable that cannot be used, and a sentence about it."""

    variable: str
    sentence: str


def set_aside(misfits: Iterable[Misfit]) -> list[str]:
    """Remove misfits from the environment of this process. Returns their sentences."""
    gone = list(misfits)
    for misfit in gone:
        for name in (misfit.variable, misfit.variable.lower()):
            os.environ.pop(name, None)
    return [misfit.sentence for misfit in gone]


def program_misfits() -> Iterator[Misfit]:
    """The variable that names an FFmpeg which is not there. The studio brings its own, but libraries beside it may look for it."""
    program = os.environ.get("FFMPEG_BINARY", "")
    if program not in ("", "ffmpeg-imageio", "auto-detect") and not shutil.which(program):
        yield Misfit("FFMPEG_BINARY", f"FFMPEG_BINARY names “{program}”, which cannot be run; the studio uses its own FFmpeg. "
                                      "Unset it, or let it name the program.")


def temporary_misfits() -> Iterator[Misfit]:
    """Variables that name a folder for temporary files which cannot be written: Python takes another one."""
    for variable in TEMPORARY:
        value = os.environ.get(variable)
        if value and (problem := write_problem(Path(value).absolute())):
            yield Misfit(variable, f"Temporary files cannot be written to {value}, which {variable} names: {problem}. "
                                   f"Another folder is used; set {variable} to one that can be written.")


def gradio_misfits() -> Iterator[Misfit]:
    """Variables of Gradio that the studio does not follow, or cannot. A Space sets its own, which stay."""
    if "SPACE_ID" in os.environ:
        return
    for variable in sorted(name for name in os.environ if name.upper().startswith("GRADIO_")):
        if variable.upper() not in GRADIO_OURS:
            yield Misfit(variable, f"{variable} is not followed by the studio. See python app.py --help for its own options.")
    port = os.environ.get("GRADIO_SERVER_PORT")
    if port is not None and not (port.isascii() and port.isdigit() and 1 <= int(port[:9]) <= 65435):
        yield Misfit("GRADIO_SERVER_PORT", f"GRADIO_SERVER_PORT is “{port}”, which is no port; one from 7860 is taken. "
                                           "Unset it, or choose one with --port.")


def certificate_misfits() -> Iterator[Misfit]:
    """Variables that name certificates which cannot be read: every program that could use the network would fail."""
    path = os.environ.get("SSL_CERT_FILE")
    if path:
        try:
            ssl.create_default_context(cafile=path)
        except (OSError, ValueError):
            yield Misfit("SSL_CERT_FILE", f"SSL_CERT_FILE names {path}, which holds no certificates; the usual ones are used. "
                                          "Unset it, or let it name a file of certificates.")


def proxy_misfits() -> Iterator[Misfit]:
    """Variables that name a proxy which the libraries of this studio cannot use."""
    for variable in PROXIES:
        for name in (variable, variable.lower()):
            address = os.environ.get(name, "").strip()
            if address and (reason := _proxy_problem(address)):
                yield Misfit(variable, f"{name} is “{address}”, a proxy that cannot be used: {reason}. Nothing can be downloaded, "
                                       "but the page opens. Set it to an address such as http://proxy:8080, or unset it.")
                break


def _proxy_problem(address: str) -> str:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"it is no address ({error})"
    if parts.scheme.lower() not in SCHEMES:
        return f"it must begin with one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
    if not host or port == 0:
        return "it names no machine"
    if parts.scheme.lower().startswith("socks"):
        try:
            import socksio  # noqa: F401
        except ImportError:
            return "the package socksio is missing (pip install socksio)"
    return ""


def hub_misfits() -> Iterator[Misfit]:
    """Variables of the hub's library that it cannot use."""
    endpoint = os.environ.get("HF_ENDPOINT", "").strip()
    if endpoint:
        try:
            parts = urlsplit(endpoint)
            sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            sound = False
        if not sound:
            yield Misfit("HF_ENDPOINT", f"HF_ENDPOINT is “{endpoint}”, which is no address of a hub. "
                                        "Set it to an address that begins with https://, or unset it to use huggingface.co.")
    for variable in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        if not os.environ.get(variable, "").isascii():
            yield Misfit(variable, f"{variable} holds letters that no token has. Copy the token again, or unset it.")
    for variable in HUB_NUMBERS:
        value = os.environ.get(variable)
        if value and not value.strip().isdigit():
            yield Misfit(variable, f"{variable} is “{value}”, which is no number of seconds. Correct it, or unset it.")
