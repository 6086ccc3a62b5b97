"""A psi of every section that an artist chooses from: pinned sections are always read, forgotten ones never."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from studio.memory.pins import SelectedMemory
from studio.memory.protocol import SectionRows, SelectsSections, appends, read_psi
from studio.memory.semantic_pack import SemanticPack
from tests.memory.test_readable_snapshots import EACH, FIRST, SECTION, last, latents, pack
from tests.memory.test_readable_snapshots import psi as psi_of


def rows(memory: SemanticPack, *seeds: int, count: int = 1) -> SectionRows:
    """What the newest sections of a film with these sections wrote."""
    return memory.newest_sections(psi_of(last(*seeds, memory=memory)), SECTION, count)


def changed(psi: Tensor, number: int) -> Tensor:
    """psi with other rows of one section."""
    other = psi.clone()
    part = other[:, FIRST + number * EACH : FIRST + (number + 1) * EACH]
    part += 0.01 * torch.randn(part.shape, generator=torch.Generator().manual_seed(number))
    return other


def alike(psi: Tensor) -> Tensor:
    """psi of five sections whose second is most like the newest."""
    psi[:, FIRST:].unflatten(1, (5, EACH))[:, 1] = psi[:, FIRST:].unflatten(1, (5, EACH))[:, 4] + 0.01
    return psi


def read(memory: SemanticPack, psi: Tensor, pinned: list[SectionRows], forgotten: list[SectionRows]) -> Tensor:
    return read_psi(SelectedMemory(memory, pinned, forgotten), psi, SECTION)


@torch.no_grad()
def test_a_pinned_section_is_read_where_the_most_alike_would_leave_it_out() -> None:
    memory = pack(most=3)
    psi = alike(psi_of(last(1, 2, 3, 4, 5, memory=memory)))
    third = memory.newest_sections(psi[:, : FIRST + 3 * EACH], SECTION, 1)
    pinned = read(memory, psi, [third], [])
    assert not torch.equal(pinned, memory.read(psi, SECTION))
    for number, matters in ((0, False), (1, False), (3, False), (4, True)):
        assert torch.equal(read(memory, changed(psi, number), [third], []), pinned) != matters, number
    all_but_one = memory.newest_sections(psi[:, : FIRST + 4 * EACH], SECTION, 4)
    many = read(memory, psi, [all_but_one], [])
    assert torch.equal(many, SemanticPack.read(_asks_all(memory), psi, SECTION)), "what is pinned counts more than `most`"


def _asks_all(memory: SemanticPack) -> SemanticPack:
    whole = pack()
    whole.load_state_dict(memory.state_dict())
    return whole


@torch.no_grad()
@pytest.mark.parametrize("most", [0, 3])
def test_a_forgotten_section_has_no_influence(most: int) -> None:
    memory = pack(most=most)
    psi = alike(psi_of(last(1, 2, 3, 4, 5, memory=memory)))
    for number in range(5):
        gone = memory.newest_sections(psi[:, : FIRST + (number + 1) * EACH], SECTION, 1)
        without = read(memory, psi, [], [gone])
        other = changed(psi, number)
        gone = memory.newest_sections(other[:, : FIRST + (number + 1) * EACH], SECTION, 1)
        assert torch.equal(read(memory, other, [], [gone]), without), number
        assert torch.equal(read(memory, psi, [gone], []), read(memory, psi, [gone], [])), "the same, bit for bit"
    assert not torch.equal(without, memory.read(psi, SECTION)), "the newest is always read, unless it is forgotten"


@torch.no_grad()
def test_without_its_last_section_a_film_is_read_as_the_section_before_it_was_but_for_its_number() -> None:
    memory = pack()
    memory.reader.asked.weight.zero_()                          # nor do the queries know how long the film is
    psi = psi_of(last(1, 2, 3, memory=memory))
    before = psi[:, : FIRST + 2 * EACH]
    without = read(memory, psi, [], [memory.newest_sections(psi, SECTION, 1)])
    # Closely, not bit by bit: of more numbers of sections each is rounded otherwise by some processors' kernels.
    torch.testing.assert_close(without, memory.read(before, SECTION), rtol=1e-5, atol=1e-6)
    assert (without - memory.read(psi, SECTION)).abs().max() > 1e-3
    everything = memory.newest_sections(psi, SECTION, 9)
    assert everything.before == 0 and len(everything.rows) == 3
    alone = read(memory, psi, [], [everything])
    torch.testing.assert_close(alone, memory.read(psi[:, :FIRST], SECTION), msg="psi_0 is always read")     # its number is rounded
    assert torch.equal(read(memory, psi, [everything], [everything]), alone)


@torch.no_grad()
def test_a_section_of_another_branch_is_read_beside_the_films_own() -> None:
    memory = pack()
    psi, other = psi_of(last(1, 2, 3, memory=memory)), rows(memory, 1, 9)
    assert other.before == 1
    beside = read(memory, psi, [other], [])
    assert beside.shape == (1, 5, 24) and not torch.equal(beside, memory.read(psi, SECTION))
    assert torch.equal(read(memory, psi, [other, other], []), beside), "once, though two pinned takes are copies of each other"
    assert torch.equal(read(memory, psi, [rows(memory, 1, 2)], []), memory.read(psi, SECTION)), "it is of the film itself"
    assert torch.equal(read(memory, psi, [other], [other]), memory.read(psi, SECTION)), "what is forgotten is not read"
    memory.reader.most = 2
    assert not torch.equal(read(memory, psi, [other], []), memory.read(psi, SECTION))


@torch.no_grad()
def test_what_is_chosen_changes_nothing_of_psi() -> None:
    memory = pack()
    snapshot = last(1, 2, memory=memory)
    chosen = SelectedMemory(memory, [rows(memory, 1, 9)], [rows(memory, 1)])
    assert isinstance(memory, SelectsSections) and memory.selects and appends(chosen) and not chosen.holds_places
    assert torch.equal(chosen.update(psi_of(snapshot), latents(3)), memory.update(psi_of(snapshot), latents(3)))
    assert chosen.view(psi_of(snapshot), snapshot.recent) is None
    assert not pack(readable=0).selects


def test_what_cannot_be_selected_is_said() -> None:
    memory = pack()
    psi = psi_of(last(1, memory=memory))
    with pytest.raises(ValueError, match="one film at a time"):
        memory.read_selected(psi.expand(2, -1, -1), SECTION, [], [])
    with pytest.raises(ValueError, match="are not a psi_0 of 7"):
        memory.newest_sections(psi[:, :-1], SECTION, 1)
