"""The table of known graphics cards (`gpus.toml`): a card's memory and speed by its name, as a person or PyTorch writes it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from studio.tables import parse, read_toml, table

TABLE = Path(__file__).with_name("gpus.toml")
ACHIEVED = 0.7
"""Share of a card's published throughput that a large model is expected to reach. With the operations that `sizes.py` counts, the
published speeds of FramePack are 0.97 of it on an RTX 4090, 0.73 on an RTX 3090, 0.66 on an RTX 3060, and 0.7 to 1.1 on laptops;
docs/cards.md compares them. Server cards may reach less. None of it was measured with this studio."""
LINK_ACHIEVED = 0.76
"""Share of the slot's rate that copies of pinned memory reach: 12 of 15.75 GB/s for 8 lanes of PCIe 4.0. An estimate."""
LANE_RATE = {3: 0.985e9, 4: 1.969e9, 5: 3.938e9}
"""Bytes a second of one lane, by the generation of PCIe."""
ECC_SHARE = 1 / 16
"""Share of GDDR6 memory that error correction takes."""
USUAL, USUAL_OLD, USUAL_SERVER = "RTX 3060", "RTX 2060", "H100 PCIe"
"""The cards that a card outside the table counts as: one with bfloat16 units, one without, and a server's of `SERVER_SERIES`."""
SERVER_SERIES = (9, 10)
"""Compute capabilities, before the point, that only server cards have: Hopper and the first Blackwell. All are as fast at least."""
_SLICE = re.compile(r"\bMIG\b")

_IGNORED = {
    "nvidia", "geforce", "rtx", "gtx", "gpu", "tesla", "quadro", "graphics", "card", "generation", "workstation", "server",
    "edition",
}
_ALIASES = {"mobile": "laptop", "notebook": "laptop", "maxq": "laptop"}
_Amount = Annotated[float, Field(gt=0, lt=1e6, description="a number above 0")]
_Count = Annotated[int, Field(gt=0, lt=10**6, description="a whole number above 0")]
_Text = Annotated[str, Field(pattern=r"\S", description="a text")]


class GpuTableError(Exception):
    """The table of cards cannot be used, or has no card of a name. The message says what is wrong or which names are near."""


@table
class KnownGpu:
    """A graphics card and its published figures. `gpus.toml` says what they are."""

    name: _Text
    memory: Annotated[tuple[_Count, ...], Field(min_length=1, description="a list of numbers of GB")]
    gb_s: _Amount
    tflops: _Amount
    int8: _Amount
    cores: _Count
    mhz: _Count
    capability: tuple[int, int]
    pcie: Annotated[int, Field(ge=3, le=5, description="3, 4 or 5")]
    lanes: _Count
    source: _Text
    ecc: bool = False

    @property
    def has_bfloat16(self) -> bool:
        """Whether it multiplies bfloat16 by units of its own. Without them products run at the rate of float32."""
        return self.capability >= (8, 0)

    @property
    def float32_tflops(self) -> float:
        """Published throughput in float32: two operations a core and cycle."""
        return 2 * self.cores * self.mhz / 1e6

    @property
    def published_tflops(self) -> float:
        """The published throughput that counts for bfloat16 products."""
        return self.tflops if self.has_bfloat16 else self.float32_tflops

    @property
    def reached_tflops(self) -> float:
        """Estimate of the TFLOPS that a large model reaches."""
        return ACHIEVED * self.published_tflops

    @property
    def link_rate(self) -> float:
        """Estimate of the bytes a second that are copied to it from memory, in a slot of its own generation."""
        return LINK_ACHIEVED * self.lanes * LANE_RATE[self.pcie]

    @property
    def is_laptop(self) -> bool:
        """Whether it is a laptop's."""
        return self.name.endswith("Laptop")

    def usable(self, memory: int) -> float:
        """GB that programs can have of a variant with `memory` GB."""
        return memory * (1 - ECC_SHARE) if self.ecc else memory


@dataclass(frozen=True)
class Choice:
    """A card that a person named, and the variant."""

    gpu: KnownGpu
    memory: int
    """GB of the variant, as it is sold."""

    @property
    def other_sizes(self) -> tuple[int, ...]:
        """GB of the card's other variants."""
        return tuple(size for size in self.gpu.memory if size != self.memory)


def read_table(path: Path = TABLE) -> tuple[KnownGpu, ...]:
    """The cards of a table.

    Raises:
        GpuTableError: the file cannot be read, or a value is missing or wrong.
    """
    values = read_toml(path, GpuTableError)
    gpus = []
    try:
        for series in values["series"]:
            shared = {key: value for key, value in series.items() if key not in ("title", "cards")}
            for card in series["cards"]:
                row: dict[str, Any] = {**shared, **card}
                row["source"] = values["sources"][row["source"]]
                numbers = {key: float(row[key]) for key in ("gb_s", "tflops", "int8")}
                gpus.append(parse({**row, **numbers}, KnownGpu, f"{path}, {row['name']}", GpuTableError))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise GpuTableError(f"{path} cannot be read: it is not a table of graphics cards ({error!r}).") from None
    return tuple(gpus)


@cache
def known_gpus() -> dict[str, KnownGpu]:
    """The cards of the studio's table by their key, see `_key`. Raises GpuTableError."""
    return {_key(gpu.name): gpu for gpu in read_table()}


@lru_cache(maxsize=256)
def find(name: str) -> KnownGpu | None:
    """The card with this name, as PyTorch reports it or a person writes it; None: it is not in the table."""
    key = _key(_split_memory(name)[0])
    # Of most server cards the module and the plug-in card compute alike; those that do not have rows of their own.
    return known_gpus().get(key) or known_gpus().get(key.replace("pcie", ""))


def usual(name: str, capability: tuple[int, int]) -> KnownGpu:
    """The card that one outside the table counts as. A slice of a server card, as PyTorch names it, is no whole one."""
    if capability[0] in SERVER_SERIES and not _SLICE.search(name):
        return known_gpus()[_key(USUAL_SERVER)]
    return known_gpus()[_key(USUAL if capability >= (8, 0) else USUAL_OLD)]


def choose(text: str) -> Choice:
    """The card that a person means, of the variant that is named in GB or else of the smallest.

    Raises:
        GpuTableError: there is none, or not with so much memory; with the names that are near, or the memory that there is.
    """
    name, memory = _split_memory(text)
    gpu = find(name)
    if gpu is None:
        raise GpuTableError(_unknown(text))
    if memory is not None and memory not in gpu.memory:
        sizes = " or ".join(map(str, gpu.memory))
        raise GpuTableError(
            f"In the studio's table the {gpu.name} comes with {sizes} GB, not with {memory}. For another one, say --vram {memory}.")
    return Choice(gpu, memory or min(gpu.memory))


def _unknown(text: str) -> str:
    """That a card is not in the table, and what to write instead."""
    known = known_gpus()
    near = difflib.get_close_matches(_key(_split_memory(text)[0]), known, n=6, cutoff=0.6)
    what = f"Near are: {', '.join(known[key].name for key in near)}." if near else (
        f"It has {len(known)} cards of NVIDIA, such as {', '.join(gpu.name for gpu in list(known.values())[::12])}.")
    return f"There is no graphics card '{text}' in the studio's table. {what} For any other card, say its memory: --vram GB."


def _split_memory(text: str) -> tuple[str, int | None]:
    """A name without its memory, and the memory in GB if it is named: ("RTX 4060 Ti", 16) of "RTX 4060 Ti 16GB"."""
    found = re.search(r"(?<![a-z0-9])(\d{1,3}) ?gi?b\b", text, re.IGNORECASE)
    return (text[: found.start()] + " " + text[found.end() :], int(found[1])) if found else (text, None)


def _key(name: str) -> str:
    """A name as it is compared: "4070superlaptop". Makers' words, module types, blanks and the case of letters do not count."""
    text = re.sub(r"\((r|tm|c)\)|\b(sxm|hbm)\d*e?\b|\bwith\b|\bdesign\b", " ", name.lower().replace("max-q", "maxq"))
    tokens: list[str] = []
    for token in re.findall(r"[a-z]+|\d+", text):
        token = _ALIASES.get(token, token)
        if tokens and tokens[-1].isdigit() and len(tokens[-1]) == 4 and token in ("s", "tis"):     # people's "4070S", "4070TiS"
            token = token.removesuffix("s") + "super"
        if token not in _IGNORED:
            tokens.append(token)
    return "".join(sorted(tokens, key=lambda token: token == "laptop"))
