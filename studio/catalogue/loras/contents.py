"""What a LoRA file holds: its pairs of matrices and the layers of a model that they are for, or why it cannot be used.

All of it is found from the header, before a weight is read; no torch is imported. Files of all common trainers are read: diffusers
and PEFT, kohya's sd-scripts and musubi-tuner, diffusion-pipe, OneTrainer, ComfyUI. diffusers' own conversion takes HunyuanVideo's
names alone, at one width, without the trainers' alpha, and splits the text refiner's narrow matrices, so tests compare with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from studio.catalogue.loras import LoraError
from studio.catalogue.loras.header import FLOATING, Header, TensorEntry, printable, read_header
from studio.catalogue.loras.kinds import TEXT, describe_file, other_adapter, other_network
from studio.catalogue.loras.layers import FileLayer, LoraLayers
from studio.catalogue.loras.names import TensorNames, sort_names
from studio.catalogue.loras.values import check_values
from studio.language import join, sentence, sentences

_NOTES = "lora_adapter_metadata"
"""The note in which diffusers writes PEFT's configuration."""


@dataclass(frozen=True)
class LoraPair:
    """Two matrices of a file, whose product is added to a layer's weight. All names are those of tensors in the file."""

    layer: FileLayer
    down: str
    up: str
    rank: int
    alpha: str | None
    """The tensor of alpha; the product is multiplied by alpha / rank. None: there is none."""
    scale: float
    """The factor of the product if there is no such tensor."""


@dataclass(frozen=True)
class Contents:
    """A LoRA file as a model can use it. `unused` names tensors that the model has no layer for."""

    pairs: tuple[LoraPair, ...]
    unused: tuple[str, ...]

    @property
    def rank(self) -> int:
        """The largest one."""
        return max(pair.rank for pair in self.pairs)

    @property
    def summary(self) -> str:
        """Rank, number of layers, and how many tensors are not used, in a few words."""
        layers = sum(len(pair.layer.parts) for pair in self.pairs)
        words = sentences("rank {rank}, {number} layer", "rank {rank}, {number} layers", layers, rank=self.rank)
        return join(words, self.unused_summary, separator="; ")

    @property
    def unused_summary(self) -> str:
        """How many tensors are not used, with an example; empty if all are used."""
        if not self.unused:
            return ""
        if all(TEXT.match(name) for name in self.unused):
            return sentence("{number} of its tensors are not used (they are a text encoder's)", number=len(self.unused))
        return sentence(
            "{number} of its tensors are not used, such as {example}", number=len(self.unused), example=printable(self.unused[0]))


def inspect(path: Path, layers: LoraLayers, model: str, name: str = "") -> Contents:
    """What the LoRA at `path` holds for the model with these layers and this title. Reads the header alone.

    Raises:
        LoraError: as `parse_contents`, or the file cannot be read.
    """
    return parse_contents(read_header(path, name), layers, model, name or path.name)


def inspect_whole(path: Path, layers: LoraLayers, model: str, name: str = "") -> Contents:
    """As `inspect`, and every weight that is used is read once, so that what is accepted can be rendered with.

    Raises:
        LoraError: as `inspect`, or a weight is not a number.
    """
    name = name or path.name
    header = read_header(path, name)
    contents = parse_contents(header, layers, model, name)
    for pair in contents.pairs:
        entries = {key: header.tensors[key] for key in (pair.down, pair.up)}
        check_values(path, header.begin, entries, header.tensors[pair.alpha] if pair.alpha else None, (name, pair.layer.name))
    return contents


def checksum(path: Path) -> str:
    """SHA-256 of a file. Raises LoraError: it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise LoraError(sentence(
            "{path} cannot be read ({reason}).", path=printable(str(path), 200), reason=error.strerror or str(error))) from None


def parse_contents(header: Header, layers: LoraLayers, model: str, name: str) -> Contents:
    """What a file holds for the transformer with these layers.

    Args:
        header: of the file.
        layers: of the transformer.
        model: how an artist calls it.
        name: how an artist calls the file.

    Raises:
        LoraError: it is no LoRA, another kind of adapter, another network's, or does not fit this one.
    """
    name, found = printable(name), sort_names(header.tensors)
    if what := other_adapter(header.tensors):
        raise LoraError(sentence(
            "{name} is {what}, and this studio reads plain LoRAs only. {hint}", name=name, what=what, hint=layers.hint))
    if not found.down and not found.up:
        what = describe_file(header.tensors) or sentence(
            "a safetensors file of something else (its first tensor is {name})", name=_first(header))
        raise LoraError(sentence("{name} is no LoRA: it is {what}. {hint}", name=name, what=what, hint=layers.hint))
    stems = [stem for stem in found.layers if not TEXT.match(stem)]
    if not stems:
        raise LoraError(sentence(
            "{name} changes a text encoder alone, and nothing of the film model. {hint}", name=name, hint=layers.hint))
    downs = {stem: header.tensors[key] for stem, key in found.down.items()}
    if (title := other_network(stems, downs, header.notes)) and title not in layers.networks:
        raise LoraError(sentence(
            "{name} is a LoRA of {title}, and does not fit {model}. {hint}", name=name, title=title, model=model, hint=layers.hint))
    if found.repeated:
        layer, *endings = map(printable, found.repeated[0])
        raise LoraError(sentence(
            "{name} holds more than one LoRA: {layer} has {first} and {second}. Get a file with one LoRA.",
            name=name, layer=layer, first=endings[0], second=endings[1]))
    return _match_layers(header, found, stems, layers, _peft_config(header.notes), (model, name))


def _match_layers(
    header: Header, found: TensorNames, stems: list[str], layers: LoraLayers, configured: _PeftConfig, names: tuple[str, str]
) -> Contents:
    (model, name), pairs, used, unknown = names, [], set[str](), []
    for stem in stems:
        layer = layers.find(stem)
        if layer is None:
            unknown.append(stem)
            continue
        if stem not in found.down or stem not in found.up:
            raise LoraError(sentence(
                "{name} is damaged: one of the two matrices of {stem} is missing. Get the file again.",
                name=name, stem=printable(stem)))
        down, up = (header.tensors[keys[stem]] for keys in (found.down, found.up))
        rank = _rank(down, up, layer, (model, name, layers.hint))
        pairs.append(LoraPair(layer, found.down[stem], found.up[stem], rank, found.alpha.get(stem), configured.scale(stem, rank)))
        used |= {found.down[stem], found.up[stem], found.alpha.get(stem, "")}
    if deep := next((stem for stem in unknown if layers.missing_block(stem)), None):
        raise LoraError(sentence(
            "{name} does not fit {model}: it names the layer {deep}, and {model} has {blocks}. {hint}",
            name=name, model=model, deep=printable(deep), blocks=layers.missing_block(deep), hint=layers.hint))
    if not pairs:
        first = printable(stems[0])
        raise LoraError(sentence(
            "{name} is a LoRA of a network that this studio does not know: its first layer is {first}. {hint}",
            name=name, first=first, hint=layers.hint))
    twice = [pair.layer.name for pair in pairs]
    if len(set(twice)) < len(twice):
        raise LoraError(sentence(
            "{name} is damaged: it changes {layer} twice. Get the file again.",
            name=name, layer=next(n for n in twice if twice.count(n) > 1)))
    return Contents(tuple(pairs), tuple(key for key in header.tensors if key not in used))


def _rank(down: TensorEntry, up: TensorEntry, layer: FileLayer, names: tuple[str, str, str]) -> int:
    """The rank of a pair. Raises LoraError: its matrices do not fit the layer, or are no numbers to multiply."""
    model, name, hint = names
    for entry in (down, up):
        if entry.dtype not in FLOATING:
            raise LoraError(sentence(
                "{name} keeps weights as whole numbers ({dtype}). Get a file that is not quantized.", name=name, dtype=entry.dtype))
    (rank, ins), (outs, again) = _flat(down), _flat(up)
    if (ins, outs) != (layer.inputs, layer.outputs):
        raise LoraError(sentence(
            "{name} does not fit {model}: {layer} is {inputs} to {outputs} wide there, and {ins} to {outs} in the LoRA. {hint}",
            name=name, model=model, layer=layer.name, inputs=layer.inputs, outputs=layer.outputs, ins=ins, outs=outs,
            hint=hint if (ins, outs) != (0, 0) else sentence("Get the file again.")))
    if rank != again or not rank:
        raise LoraError(sentence(
            "{name} is damaged: the matrices of {layer} have ranks {rank} and {again}. Get the file again.",
            name=name, layer=layer.name, rank=rank, again=again))
    return rank


def _flat(entry: TensorEntry) -> tuple[int, int]:
    """[a, b], or [a, b, 1, 1] as some trainers write linear layers; (0, 0) is neither."""
    shape = entry.shape
    return (shape[0], shape[1]) if len(shape) >= 2 and all(side == 1 for side in shape[2:]) else (0, 0)


@dataclass(frozen=True)
class _PeftConfig:
    """PEFT's configuration: alpha of all layers, of single layers, and whether it is divided by the root of the rank."""

    alpha: float | None = None
    per_layer: Mapping[str, float] = field(default_factory=dict)
    rank_stabilized: bool = False

    def scale(self, stem: str, rank: int) -> float:
        """The factor of a pair's product. Without a configuration it is 1: alpha is the rank then."""
        alpha = next((value for ending, value in self.per_layer.items() if stem.endswith(ending)), self.alpha)
        if alpha is None:
            return 1.0
        return alpha / (rank**0.5 if self.rank_stabilized else rank)


def _peft_config(notes: Mapping[str, str]) -> _PeftConfig:
    try:
        table = json.loads(notes.get(_NOTES, "{}"))
    except (ValueError, RecursionError):
        return _PeftConfig()
    if not isinstance(table, dict):
        return _PeftConfig()
    table = {str(key).removeprefix("transformer."): value for key, value in table.items()}
    alpha, per_layer = table.get("lora_alpha"), table.get("alpha_pattern")
    known = {str(k): float(v) for k, v in per_layer.items() if _number(v)} if isinstance(per_layer, dict) else {}
    whole = float(alpha) if isinstance(alpha, int | float) and _number(alpha) else None
    return _PeftConfig(whole, known, table.get("use_rslora") is True)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e6


def _first(header: Header) -> str:
    return printable(next(iter(header.tensors), sentence("nothing at all")))
