"""SemanticPack whose psi of all sections can be read: what it keeps, in snapshot files that share rows, and in adapter files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from studio.engine import take_folder
from studio.engine.bridge import copy_files
from studio.media import MediaError
from studio.memory.adapter import load_adapter, save_adapter
from studio.memory.protocol import appends, read_psi
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import FRAMEPACK_F1, SemanticPackConfig
from studio.memory.snapshot import Snapshot, SnapshotError, read_snapshot
from studio.memory.snapshot_blocks import copy_snapshot

CONFIG = SemanticPackConfig(
    width=24, channels=4, text=16, image=32, heads=2, window=(3, 2, 2), keep=(1, 1, 2), text_tokens=3, image_side=2, readable=5,
)
SECTION = (1, 4, 3, 8, 12)
FIRST, EACH = 7, 12             # tokens of psi_0 and of a section's psi


@dataclass(frozen=True)
class Features:
    text: Tensor
    mask: Tensor
    image: Tensor


def pack(**changes: object) -> SemanticPack:
    torch.manual_seed(0)
    return SemanticPack(replace(CONFIG, **changes)).eval()  # type: ignore[arg-type]


def latents(seed: int) -> Tensor:
    return torch.randn(SECTION, generator=torch.Generator().manual_seed(seed))


@torch.no_grad()
def film(memory: SemanticPack, *seeds: int) -> Iterator[Snapshot]:
    """The snapshots of a film with these sections."""
    generator = torch.Generator().manual_seed(100)
    text, image = torch.randn(1, 9, 16, generator=generator), torch.randn(1, 25, 32, generator=generator)
    psi = memory.begin(Features(text, torch.ones(1, 9), image))
    snapshot = Snapshot.initial(torch.randn(1, 4, 1, 8, 12, generator=generator))
    for seed in seeds:
        psi = memory.update(psi, latents(seed))
        snapshot = snapshot.advance(latents(seed), psi, appends(memory))
        yield snapshot


def last(*seeds: int, memory: SemanticPack | None = None) -> Snapshot:
    return list(film(memory or pack(), *seeds))[-1]


def psi(snapshot: Snapshot) -> Tensor:
    assert snapshot.psi is not None
    return snapshot.psi


def write(snapshot: Snapshot, folder: Path) -> Path:
    """Write a take's snapshot."""
    folder.mkdir(exist_ok=True, parents=True)
    snapshot.write(folder / take_folder.SNAPSHOT)
    return folder / take_folder.SNAPSHOT


def blocks_in(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("psi-*")}


# The memory

@torch.no_grad()
def test_psi_keeps_what_the_papers_psi_was_after_every_section() -> None:
    plain = SemanticPack(replace(CONFIG, readable=0)).eval()
    memory = pack()
    plain.load_state_dict({name: value for name, value in memory.state_dict().items() if not name.startswith("reader.")})
    *_, paper = film(plain, 1, 2, 3)
    kept = psi(last(1, 2, 3, memory=memory))
    assert kept.shape[1] == FIRST + 3 * EACH
    torch.testing.assert_close(kept[:, -EACH:], psi(paper))


@torch.no_grad()
def test_a_section_reads_the_same_number_of_tokens_of_every_film() -> None:
    memory = pack()
    for seeds in ((1,), (1, 2), tuple(range(30))):
        assert memory.read(psi(last(*seeds, memory=memory)), SECTION).shape == (1, 5, 24)


@torch.no_grad()
def test_the_first_section_is_still_read_after_many_and_the_papers_psi_has_forgotten_its_share() -> None:
    memory = pack()
    long = tuple(range(2, 12))
    kept, changed = (psi(last(first, *long, memory=memory)) for first in (0, 99))
    difference = (memory.read(kept, SECTION) - memory.read(changed, SECTION)).norm()
    no_first = kept.clone()
    no_first[:, : FIRST + EACH] = changed[:, : FIRST + EACH]
    rest = (memory.read(kept, SECTION) - memory.read(no_first, SECTION)).norm()
    assert difference > 0 and rest > 0.2 * difference          # much of it is read from the first section's own psi


@torch.no_grad()
def test_of_a_long_film_the_first_the_newest_and_the_most_alike_are_asked() -> None:
    memory = pack(most=3)
    kept = psi(last(1, 2, 3, 4, 5, memory=memory))
    sections = kept[:, FIRST:].unflatten(1, (5, EACH))
    sections[:, 1] = sections[:, 4] + 0.01                     # the second is like the newest
    read = memory.read(kept, SECTION)
    for index, matters in ((0, False), (1, True), (2, False), (3, False), (4, True)):
        changed = kept.clone()
        part = changed[:, FIRST + index * EACH : FIRST + (index + 1) * EACH]
        part += 0.001 * torch.randn(part.shape, generator=torch.Generator().manual_seed(index))
        assert torch.equal(memory.read(changed, SECTION), read) != matters, index
    changed = kept.clone()
    changed[:, 0] += 0.1
    assert not torch.equal(memory.read(changed, SECTION), read)          # psi_0


def test_a_psi_of_another_film_size_is_refused() -> None:
    memory = pack()
    with pytest.raises(ValueError, match="are not a psi_0 of 7"):
        memory.read(psi(last(1, memory=memory))[:, :-1], SECTION)


def test_what_cannot_be_read_is_no_config() -> None:
    with pytest.raises(ValueError, match="structure A"):
        replace(CONFIG, structure="B")
    with pytest.raises(ValueError, match="structure A"):
        replace(CONFIG, text_tokens=0)
    with pytest.raises(ValueError, match="`most`"):
        replace(CONFIG, most=1)
    with pytest.raises(ValueError, match="`most`"):
        replace(CONFIG, readable=0, most=4)


def test_the_papers_memory_is_read_as_it_is() -> None:
    memory = pack(readable=0)
    tokens = torch.randn(1, 12, 24)
    assert read_psi(memory, tokens, SECTION) is tokens and not appends(memory)


def test_framepack_f1s_shape_reads_as_many_tokens_of_a_long_film_as_its_window_writes() -> None:
    with torch.device("meta"):
        memory = SemanticPack(replace(FRAMEPACK_F1, readable=112, most=16))
        section = torch.empty(1, 16, 9, 60, 104)
        tokens = memory.memorize.tokens(section.shape)
        assert tokens == memory.memorize(section).shape[1]
        kept = torch.empty(1, 24 + 16 * tokens, 3072)
        assert memory.read(kept[:, : 24 + 10 * tokens], section.shape).shape == (1, 112, 3072)
    assert tokens == 112


def test_an_adapter_file_holds_the_reader(tmp_path: Path) -> None:
    memory = pack(most=3)
    save_adapter(memory, tmp_path / "memory.safetensors")
    loaded = load_adapter(tmp_path / "memory.safetensors")
    assert loaded.config == memory.config
    kept = psi(last(1, 2, memory=memory))
    assert torch.equal(loaded.read(kept, SECTION), memory.read(kept, SECTION))


# Snapshot files

def test_a_long_film_reads_back_exactly_and_each_section_is_stored_once(tmp_path: Path) -> None:
    takes = []
    for number, snapshot in enumerate(film(pack(), 1, 2, 3, 4)):
        takes.append(write(snapshot, tmp_path / f"take{number}"))
        assert len(blocks_in(takes[-1].parent)) == 1
    for number, snapshot in enumerate(film(pack(), 1, 2, 3, 4)):
        back = read_snapshot(takes[number])
        assert torch.equal(psi(back), psi(snapshot)) and back.blocks == snapshot.blocks
    sizes = [take.stat().st_size + sum(path.stat().st_size for path in take.parent.glob("psi-*")) for take in takes]
    assert max(sizes[1:]) - min(sizes[1:]) < 1000


def test_a_film_goes_on_from_a_file_as_from_memory(tmp_path: Path) -> None:
    memory = pack()
    *_, second, third = film(memory, 1, 2, 3)
    back = read_snapshot(write(second, tmp_path / "take"))
    with torch.no_grad():
        again = back.advance(latents(3), memory.update(psi(back), latents(3)), True)
    assert torch.equal(psi(again), psi(third)) and again.blocks == third.blocks


def test_branches_share_what_they_have_in_common_and_remember_their_own(tmp_path: Path) -> None:
    memory = pack()
    one, other = last(1, 2, 3, memory=memory), last(1, 2, 4, memory=memory)
    assert one.blocks[:2] == other.blocks[:2] and one.blocks[2] != other.blocks[2]
    write(one, tmp_path / "one")
    path = write(other, tmp_path / "other")
    assert len(blocks_in(tmp_path / "other")) == 1
    assert torch.equal(psi(read_snapshot(path)), psi(other))


def test_several_sections_of_one_take_are_all_there(tmp_path: Path) -> None:
    for snapshot in film(pack(), 1, 2, 3):
        path = write(snapshot, tmp_path / "take")
    assert len(blocks_in(tmp_path / "take")) == 3
    assert torch.equal(psi(read_snapshot(path)), psi(snapshot))
    take_folder.tidy(tmp_path / "take")
    assert torch.equal(psi(read_snapshot(path)), psi(snapshot))


def test_a_takes_folder_is_copied_with_all_it_names(tmp_path: Path) -> None:
    for number, snapshot in enumerate(film(pack(), 1, 2, 3)):
        path = write(snapshot, tmp_path / "film" / f"take{number}")
    (tmp_path / "elsewhere" / "copy").mkdir(parents=True)
    copy_snapshot(path, tmp_path / "elsewhere" / "copy" / path.name)
    shutil.rmtree(tmp_path / "film")
    assert torch.equal(psi(read_snapshot(tmp_path / "elsewhere" / "copy" / path.name)), psi(snapshot))


def test_the_studios_copies_of_takes_have_their_memory(tmp_path: Path) -> None:
    for number, snapshot in enumerate(film(pack(), 1, 2)):
        path = write(snapshot, tmp_path / f"take{number}")
    for name in (take_folder.CLIP, take_folder.POSTER):
        (path.parent / name).write_bytes(b"a clip")
    (tmp_path / "copy").mkdir()
    copy_files(path.parent, tmp_path / "copy")
    assert len(blocks_in(tmp_path / "copy")) == 2
    path.unlink()
    with pytest.raises(MediaError, match="cannot be copied"):
        copy_files(path.parent, tmp_path / "copy")


def test_a_missing_or_damaged_block_is_named(tmp_path: Path) -> None:
    *_, snapshot = film(pack(), 1, 2)
    path = write(snapshot, tmp_path / "take")
    block = path.parent / snapshot.blocks[0].file
    save_file({"psi": torch.zeros(1, snapshot.blocks[0].rows, 24)}, block)
    with pytest.raises(SnapshotError, match=r"holds other values than its name says.*Rewind"):
        read_snapshot(path)
    block.write_bytes(b"cut")
    with pytest.raises(SnapshotError, match="cannot be read"):
        read_snapshot(path)
    block.unlink()
    with pytest.raises(SnapshotError, match=r"psi-[0-9a-f]+\.safetensors is missing"):
        read_snapshot(path)
    with pytest.raises(SnapshotError, match="is missing"):
        copy_snapshot(path, tmp_path / "copy.safetensors")


@pytest.mark.parametrize("names", ["", "[]", "[[1, 2]]", '[["../../etc/passwd", 5]]', "{}", "null", '[["' + "0" * 64 + '", -1]]'])
def test_names_that_no_block_has_are_refused(tmp_path: Path, names: str) -> None:
    path = write(last(1), tmp_path / "take")
    with safe_open(path, framework="pt") as file:
        facts = dict(file.metadata())
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a dict
    assert json.loads(facts["psi"])
    save_file(tensors, path, {**facts, "psi": names})
    with pytest.raises(SnapshotError, match="names cannot be read"):
        read_snapshot(path)


def test_a_memory_that_appends_must_append() -> None:
    snapshot = last(1)
    with pytest.raises(ValueError, match="after a section, and had"):
        snapshot.advance(latents(2), psi(snapshot), appended=True)
