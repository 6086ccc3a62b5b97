"""The weight store: keeps quantized weights in safetensors files, which are built once and mapped afterwards.

The header of each file says what the weights were made from (source, quantization, LoRAs) and holds a checksum of every tensor. The
files are written tensor by tensor, so a model larger than the memory can be stored, and they count only when all are complete.

By hand: safetensors' own `save_file` needs all tensors in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from safetensors import SafetensorError
from torch import Tensor, nn

from studio.catalogue.cards import ModelError
from studio.disk import remove_unfinished
from studio.language import sentence
from studio.mapped_tensors import MappedTensors
from studio.media.disk import atomic_write
from studio.placement.device.weight_file import (
    DamagedWeightsError,
    FileWriter,
    StaleWeightsError,
    StoreKey,
    WeightStoreError,
    bytes_of,
    checksum,
    mapping_error,
    read_file,
    type_and_shape,
)
from studio.placement.device.weight_shards import finish, shard_paths, split, stored_files

ABANDONED = 3600.0
"""Seconds without a write after which an incomplete file is removed."""


def read_checkpoint(folder: Path) -> Iterator[tuple[str, Tensor]]:
    """(name, tensor) of all safetensors files in a folder, one after another. Tensors are mapped: they take memory when used.

    Raises:
        ModelError: there is no file, or one is damaged.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelError(sentence("{folder} has no .safetensors file. Get the model folder again.", folder=folder))
    for path in files:
        try:
            file = MappedTensors(path)
            for name in file.names:
                yield name, file[name]
        except (OSError, SafetensorError) as error:
            raise mapping_error(path, error) or ModelError(
                sentence(
            "{path} is missing or damaged ({error}). Get the model folder again.", path=path, error=str(error))) from error


def write(path: Path, key: StoreKey, layout: Mapping[str, Tensor], tensors: Iterable[tuple[str, Tensor]]) -> None:
    """Stores weights, in one file or in shards. An older store at `path` is replaced when the new one is complete.

    Args:
        path: of the store; its folder is created. See `weight_shards` for the names of its files.
        key: what the weights were made from.
        layout: the state dict of the skeleton, also on meta: names, shapes and types of all tensors.
        tensors: (name, value) of each tensor once, in any order. One at a time is in memory.

    Raises:
        MediaError: the disk is full or the folder cannot be written.
        ValueError: the tensors are not those of the layout.
    """
    shards = split(layout)
    files, size = shard_paths(path, len(shards)), sum(tensor.nbytes for tensor in layout.values())
    remove_unfinished(path.parent, ABANDONED)        # of killed processes: they are as large as the model
    with ExitStack() as opened:
        writers: dict[str, FileWriter] = {}
        for file, names in zip(files, shards, strict=True):
            partial = opened.enter_context(atomic_write(file, need=size))
            writer = opened.enter_context(FileWriter(partial, key, {name: layout[name] for name in names}))
            writers |= dict.fromkeys(names, writer)
        missing = set(layout)
        for name, tensor in tensors:
            if name not in missing:
                raise ValueError(f"{name} is not in the layout, or came twice")
            if tensor.shape != layout[name].shape or tensor.dtype != layout[name].dtype:
                raise ValueError(f"{name} is {type_and_shape(tensor)}, and {type_and_shape(layout[name])} in the layout")
            missing.remove(name)
            writers[name].add(name, tensor)
        if missing:
            raise ValueError(f"{len(missing)} tensors of the layout did not come, {min(missing)} among them")
    finish(path, files, shards, size)


def read(path: Path, key: StoreKey, layout: Mapping[str, Tensor], verify: bool = True) -> dict[str, Tensor]:
    """The stored tensors, mapped from their files: they take memory when they are used, and the system may free it again.

    Args:
        path: of the store.
        key: what the weights must have been made from.
        layout: as for `write`.
        verify: read everything once and compare the checksums.

    Raises:
        FileNotFoundError: nothing is stored there.
        StaleWeightsError: it was made from something else, or by another version of the studio.
        DamagedWeightsError: a file is missing, cut short or changed.
        ModelError: the system does not let the files be mapped.
    """
    try:
        files = stored_files(path)
    except ValueError as error:
        raise DamagedWeightsError(sentence("{name} is damaged: {error}", name=path.name, error=str(error))) from None
    if not files:
        raise FileNotFoundError(path)
    stored: dict[str, Tensor] = {}
    sums: dict[str, str] = {}
    for file in files:
        tensors, theirs = read_file(file, key)
        stored |= tensors
        sums |= theirs
    if set(stored) != set(layout):
        raise StaleWeightsError(sentence("{name} has other tensors than the model", name=path.name))
    for name, like in layout.items():
        tensor = stored[name]
        if tensor.shape != like.shape or tensor.dtype != like.dtype:
            raise StaleWeightsError(sentence(
                "{name} has {tensor} as {found}, and the model as {wanted}",
                name=path.name, tensor=name, found=type_and_shape(tensor), wanted=type_and_shape(like)))
        if verify and sums.get(name) != checksum(bytes_of(tensor)):
            raise DamagedWeightsError(sentence("{name} is damaged: {tensor} is not what was written", name=path.name, tensor=name))
    return {name: stored[name] for name in layout}


def load_or_build(
    path: Path,
    key: StoreKey,
    layout: Mapping[str, Tensor],
    build: Callable[[], Iterable[tuple[str, Tensor]]],
    report: Callable[[str], None],
    verify: bool = True,
) -> dict[str, Tensor]:
    """The stored tensors; if there is no usable file, builds and writes it first.

    Args:
        path, key, layout, verify: as for `read`.
        build: returns the tensors to write; called only if they are needed.
        report: called with a sentence for the artist that says why the file is written.

    Raises:
        MediaError, ValueError: as `write`.
        ModelError: by `build`, or because the file cannot be read although it has just been written.
    """
    try:
        return read(path, key, layout, verify)
    except FileNotFoundError:
        report(sentence("The model is being prepared for this machine: {name} is written, once.", name=path.name))
    except WeightStoreError as error:
        report(sentence("{error}. It is written again, once.", error=str(error)))
    write(path, key, layout, build())
    return read(path, key, layout, verify)


def fill_skeleton(skeleton: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Gives a module on the meta device its weights, without copying them.

    Raises:
        ValueError: a parameter or buffer has no value and would stay on meta.
        RuntimeError: names or shapes do not fit.
    """
    skeleton.load_state_dict(tensors, strict=True, assign=True)
    empty = [name for name, tensor in [*skeleton.named_parameters(), *skeleton.named_buffers()] if tensor.is_meta]
    if empty:
        raise ValueError(f"{empty[0]} is in no file: it stays without values")
