"""What is in a LoRA file: its pairs of matrices and the layers of a model that they go beside, or why it cannot be used.

All of it is told from the header, before a weight is read; no torch is imported. Files of all common trainers are read: diffusers
and PEFT, kohya's sd-scripts and musubi-tuner, diffusion-pipe, ComfyUI. diffusers' own conversion takes HunyuanVideo's names alone,
at one width, without the trainers' alpha, and splits the text refiner's narrow matrices, so it is what tests compare with.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from studio.catalogue.loras import LoraError
from studio.catalogue.loras.header import FLOATING, Entry, Header, named, read_header
from studio.catalogue.loras.kinds import TEXT, other_adapter, other_network, whole
from studio.catalogue.loras.layers import LoraLayers, Named

_ROLES = (
    ("down", re.compile(r"[._]lora[._](A|down)(\.\w+)?\.weight$|\.lora_A$")),
    ("up", re.compile(r"[._]lora[._](B|up)(\.\w+)?\.weight$|\.lora_B$")),
    ("alpha", re.compile(r"\.(lora_)?alpha$")),
)
_NOTES = "lora_adapter_metadata"
"""Where diffusers writes PEFT's configuration."""


@dataclass(frozen=True)
class Pair:
    """Two matrices of a file, `up` times `down`, and the layer they go beside."""

    layer: Named
    down: str                      # names in the file
    up: str
    rank: int
    alpha: str | None              # the tensor that holds alpha: then the product counts alpha / rank times
    scale: float                   # where there is none


@dataclass(frozen=True)
class Contents:
    """A LoRA file as a model can use it. `unused` names tensors that it has no place for."""

    pairs: tuple[Pair, ...]
    unused: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The largest one."""
        return max(pair.rank for pair in self.pairs)

    @property
    def told(self) -> str:
        """In a few words, and what of it is left aside."""
        layers = sum(len(pair.layer.stretches) for pair in self.pairs)
        words = f"rank {self.rank}, {layers} layer{'' if layers == 1 else 's'}"
        return f"{words}; {self.aside}" if self.unused else words

    @property
    def aside(self) -> str:
        """How many tensors are not used, and of what; nothing when all of them are."""
        if not self.unused:
            return ""
        text = all(TEXT.match(name) for name in self.unused)
        whose = " (they are a text encoder's)" if text else f", such as {named(self.unused[0])}"
        return f"{len(self.unused)} of its tensors are not used{whose}"


@dataclass
class _Found:
    """What the names in a file stand for, gathered by the layers they name."""

    down: dict[str, str] = field(default_factory=dict)
    up: dict[str, str] = field(default_factory=dict)
    alpha: dict[str, str] = field(default_factory=dict)
    rest: list[str] = field(default_factory=list)


def inspect(path: Path, layers: LoraLayers, model: str, name: str = "") -> Contents:
    """What is in the LoRA at `path` for the model with these layers and this title. Reads the header alone. Raises LoraError."""
    return contents(read_header(path, name), layers, model, name or path.name)


def content_of(path: Path) -> str:
    """SHA-256 of a file. Raises LoraError: it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LoraError(f"{path} cannot be read ({error.strerror or error}).") from None


def contents(header: Header, layers: LoraLayers, model: str, name: str) -> Contents:
    """What a file holds for the transformer with these layers.

    Args:
        header: of the file.
        layers: of the transformer.
        model: how an artist calls it.
        name: how an artist calls the file.

    Raises:
        LoraError: it is no LoRA, another kind of adapter, another network's, or does not fit this one.
    """
    name, found = named(name), _gathered(header)
    if what := other_adapter(header.tensors):
        raise LoraError(f"{name} is {what}, and this studio reads plain LoRAs only. {layers.hint}")
    if not found.down and not found.up:
        what = whole(header.tensors) or f"a safetensors file of something else (its first tensor is {_first(header)})"
        raise LoraError(f"{name} is no LoRA: it is {what}. {layers.hint}")
    stems = [stem for stem in {**found.down, **found.up} if not TEXT.match(stem)]
    if not stems:
        raise LoraError(f"{name} changes a text encoder alone, and nothing of the film model. {layers.hint}")
    downs = {stem: header.tensors[key] for stem, key in found.down.items()}
    if title := other_network(stems, downs, header.notes):
        raise LoraError(f"{name} is a LoRA of {title}, and does not fit {model}. {layers.hint}")
    return _fitted(header, found, stems, layers, _configured(header.notes), (model, name))


def _gathered(header: Header) -> _Found:
    found = _Found()
    for key in header.tensors:
        for role, pattern in _ROLES:
            if match := pattern.search(key):
                getattr(found, role)[key[: match.start()]] = key
                break
        else:
            found.rest.append(key)
    return found


def _fitted(
    header: Header, found: _Found, stems: list[str], layers: LoraLayers, configured: _Configured, said: tuple[str, str]
) -> Contents:
    (model, name), pairs, used, strange = said, [], set[str](), []
    for stem in stems:
        layer = layers.find(stem)
        if layer is None:
            strange.append(stem)
            continue
        if stem not in found.down or stem not in found.up:
            raise LoraError(f"{name} is damaged: one of the two matrices of {named(stem)} is missing. Get the file again.")
        down, up = (header.tensors[keys[stem]] for keys in (found.down, found.up))
        rank = _rank(down, up, layer, (model, name, layers.hint))
        pairs.append(Pair(layer, found.down[stem], found.up[stem], rank, found.alpha.get(stem), configured.scale(stem, rank)))
        used |= {found.down[stem], found.up[stem], found.alpha.get(stem, "")}
    if deep := next((stem for stem in strange if layers.beyond(stem)), None):
        raise LoraError(
            f"{name} does not fit {model}: it names the layer {named(deep)}, and {model} has {layers.beyond(deep)}. {layers.hint}"
        )
    if not pairs:
        first = named(stems[0])
        raise LoraError(f"{name} is a LoRA of a network that this studio does not know: its first layer is {first}. {layers.hint}")
    twice = [pair.layer.name for pair in pairs]
    if len(set(twice)) < len(twice):
        raise LoraError(f"{name} is damaged: it changes {next(n for n in twice if twice.count(n) > 1)} twice. Get the file again.")
    return Contents(tuple(pairs), tuple(key for key in header.tensors if key not in used))


def _rank(down: Entry, up: Entry, layer: Named, names: tuple[str, str, str]) -> int:
    """The rank of a pair. Raises LoraError: its matrices do not fit the layer, or are no numbers to multiply."""
    model, name, hint = names
    for entry in (down, up):
        if entry.dtype not in FLOATING:
            raise LoraError(f"{name} keeps weights as whole numbers ({entry.dtype}). Get a file that is not quantized.")
    (rank, ins), (outs, again) = _flat(down), _flat(up)
    if (ins, outs) != (layer.inputs, layer.outputs):
        raise LoraError(
            f"{name} does not fit {model}: {layer.name} is {layer.inputs} to {layer.outputs} wide there, and {ins} to {outs} in "
            f"the LoRA. {hint if (ins, outs) != (0, 0) else 'Get the file again.'}"
        )
    if rank != again or not rank:
        raise LoraError(f"{name} is damaged: the matrices of {layer.name} have ranks {rank} and {again}. Get the file again.")
    return rank


def _flat(entry: Entry) -> tuple[int, int]:
    """[a, b], or [a, b, 1, 1] as some trainers write linear layers; (0, 0) is neither."""
    shape = entry.shape
    return (shape[0], shape[1]) if len(shape) >= 2 and all(side == 1 for side in shape[2:]) else (0, 0)


@dataclass(frozen=True)
class _Configured:
    """PEFT's own notes: alpha of all layers and of some, and how it scales."""

    alpha: float | None = None
    some: Mapping[str, float] = field(default_factory=dict)
    rooted: bool = False

    def scale(self, stem: str, rank: int) -> float:
        """How often a product counts. Without notes once: alpha is the rank then."""
        alpha = next((value for ending, value in self.some.items() if stem.endswith(ending)), self.alpha)
        if alpha is None:
            return 1.0
        return alpha / (rank**0.5 if self.rooted else rank)


def _configured(notes: Mapping[str, str]) -> _Configured:
    try:
        table = json.loads(notes.get(_NOTES, "{}"))
    except (ValueError, RecursionError):
        return _Configured()
    if not isinstance(table, dict):
        return _Configured()
    table = {str(key).removeprefix("transformer."): value for key, value in table.items()}
    alpha, some = table.get("lora_alpha"), table.get("alpha_pattern")
    known = {str(k): float(v) for k, v in some.items() if _number(v)} if isinstance(some, dict) else {}
    whole = float(alpha) if isinstance(alpha, int | float) and _number(alpha) else None
    return _Configured(whole, known, table.get("use_rslora") is True)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6


def _first(header: Header) -> str:
    return named(next(iter(header.tensors), "nothing at all"))
