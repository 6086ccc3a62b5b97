"""Whether a worker makes the same bytes as this studio: the same program, the same torch, the same weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from studio.catalogue.cards import ModelCard
from studio.catalogue.fingerprint import fingerprint
from studio.language import sentence


@dataclass(frozen=True)
class Hello:
    """What a worker says of itself."""

    host: str
    pid: int
    device: str                    # 'CPU', 'CUDA'
    program: str                   # checksum of the studio's modules
    torch: str                     # version
    models: Mapping[str, str]      # fingerprints by name
    problem: str = ""              # why it cannot render; "": it can


@cache
def program() -> str:
    """16 hexadecimal digits for the text of the studio's modules."""
    root, digest = Path(__file__).parents[1], hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()[:16]


def fingerprints(cards: Sequence[ModelCard]) -> dict[str, str]:
    """The fingerprints of models by name."""
    return {card.name: fingerprint(card) for card in cards}


def torch_version() -> str:
    """The version of torch, without importing it and without what it was built for."""
    return version("torch").partition("+")[0]


def refusal(worker: Hello, models: Mapping[str, str]) -> str:
    """Why takes of a worker would differ from this studio's, which has `models` (fingerprints by name); "": they would not."""
    if worker.problem:
        return worker.problem
    if worker.program != program():
        return sentence(
            "It runs another version of the studio, so its takes would differ. Bring both to the same one, and start it again.")
    if worker.torch != torch_version():
        return sentence(
            "It has torch {theirs} and this studio has {ours}, so its takes would differ. Install the same version there.",
            theirs=worker.torch, ours=torch_version())
    for name, theirs in worker.models.items():
        if models.get(name, theirs) != theirs:
            return sentence(
                "Its weights of the model “{model}” are not those of this studio, so its takes would differ. Copy the model's "
                "folder there, and start it again.", model=name)
    return ""
