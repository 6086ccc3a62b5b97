"""Where the farm is, as STUDIO_FARM says it: `local:2`, or `ray://host:10001`."""

from __future__ import annotations

import importlib.util
import os
import re
from dataclasses import dataclass

from studio.language import sentence

VARIABLE = "STUDIO_FARM"
MOST = 64
"""Workers on this machine."""


class AddressError(Exception):
    """STUDIO_FARM cannot be followed. The message says why, and what to write."""


@dataclass(frozen=True)
class Address:
    """Workers on this machine, or a cluster elsewhere."""

    workers: int = 0               # on this machine; 0: those of the cluster
    cluster: str = ""              # its address, ray://host:port


def farm_address() -> Address | None:
    """What STUDIO_FARM says; None where it is not set: takes are rendered in this process.

    Raises:
        AddressError: it says something else, or Ray is not installed.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return None
    local = re.fullmatch(r"local:(\d{1,3})", text)
    cluster = re.fullmatch(r"ray://([^\s/:@]+|\[[0-9a-fA-F:]+\]):\d{1,5}", text)
    if not cluster and not (local and 1 <= int(local[1]) <= MOST):
        raise AddressError(sentence(
            "{variable} is “{text}”. Write local:2 for two workers on this machine (1 to {most}), or ray://host:10001 for a Ray "
            "cluster.", variable=VARIABLE, text=text, most=MOST))
    if importlib.util.find_spec("ray") is None:
        raise AddressError(sentence(
            "{variable} is set, but Ray is not installed. Run: pip install -e \".[farm]\". Or start without {variable}.",
            variable=VARIABLE))
    return Address(int(local[1])) if local else Address(cluster=text)
