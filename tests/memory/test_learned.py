"""Memories that are trained with a denoiser: step by step as all at once, pure, and each as its source has it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from studio.memory.dead_reckoning import AXES, DeadReckoning
from studio.memory.delta_rule import DeltaRule
from studio.memory.full_history import FullHistory
from studio.memory.gated_slots import GatedSlots
from studio.memory.learned import LearnedMemory, Question, SectionTokens, Start, before
from studio.memory.retrieval import Retrieval
from studio.memory.squeezed import ReadableSnapshots, SqueezedMemory

FILMS, SECTIONS, TOKENS, WIDTH, PLACES = 2, 5, 6, 16, 3


def reckon() -> DeadReckoning:
    return DeadReckoning(
        WIDTH, 2, torch.randn(2, 2), torch.randn(2, 1), lambda places: DeltaRule(WIDTH, 2, 32, places, key=8, value=8))


MAKERS: dict[str, Callable[[], LearnedMemory]] = {
    "full history": lambda: FullHistory(WIDTH, 2, 32),
    "full history of exact copies": lambda: FullHistory(WIDTH, 2, 32, "exact copies"),
    "retrieval": lambda: Retrieval(WIDTH, 2, 32, PLACES, frame_tokens=3),
    "delta rule": lambda: DeltaRule(WIDTH, 2, 32, PLACES, key=8, value=6),
    "delta rule of exact copies": lambda: DeltaRule(WIDTH, 2, 32, PLACES, 8, 8, "exact copies"),
    "dead reckoning": reckon,
    "gated slots": lambda: GatedSlots(WIDTH, 2, 32, slots=4),
    "structure A": lambda: SqueezedMemory(WIDTH, 2, 32, TOKENS),
    "structure A as printed": lambda: SqueezedMemory(WIDTH, 2, 32, TOKENS, literal=True),
    "structure B": lambda: SqueezedMemory(WIDTH, 2, 32, TOKENS, "B"),
    "structure C": lambda: SqueezedMemory(WIDTH, 2, 32, 24, "C"),
    "readable snapshots": lambda: ReadableSnapshots(WIDTH, 2, 32, TOKENS),
    "readable snapshots of exact copies": lambda: ReadableSnapshots(WIDTH, 2, 32, TOKENS, "exact copies"),
}


@pytest.fixture(params=MAKERS)
def memory(request: pytest.FixtureRequest) -> LearnedMemory:
    torch.manual_seed(0)
    made = MAKERS[request.param]().double().eval()
    for parameter in made.parameters():                     # nothing that begins at zero hides behind it
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def draw(seed: int = 1) -> tuple[SectionTokens, Question]:
    """Sections of two films, film by film, and their questions."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.double)

    n = FILMS * SECTIONS
    tokens, placed = normal(n, TOKENS, WIDTH), normal(n, TOKENS, WIDTH)
    sections = SectionTokens(normal(n, 3, 2, 4, 4), tokens, placed, normal(n, TOKENS, PLACES))
    return sections, Question(normal(FILMS, SECTIONS, TOKENS, WIDTH), normal(FILMS, SECTIONS, TOKENS, PLACES))


def one(sections: SectionTokens, n: int) -> SectionTokens:
    """Section n of both films."""
    def pick(x: Tensor) -> Tensor:
        return x.unflatten(0, (FILMS, SECTIONS))[:, n]
    return SectionTokens(pick(sections.latents), pick(sections.tokens), pick(sections.placed), pick(sections.places))


def walk(memory: LearnedMemory, sections: SectionTokens, questions: Question) -> list[Tensor]:
    """What each section reads, as a film is really made: section after section."""
    psi, read = memory.begin(FILMS), []
    for n in range(SECTIONS):
        read.append(memory.read(psi, Question(questions.tokens[:, n], questions.places[:, n])))
        psi = memory.update(psi, one(sections, n))
    return read


def test_a_film_reads_the_same_section_by_section_as_all_at_once(memory: LearnedMemory) -> None:
    sections, questions = draw()
    together = memory.read_along(sections, questions)
    for n, read in enumerate(walk(memory, sections, questions)):
        if together.seen is None:
            torch.testing.assert_close(together.tokens[:, n], read)
        else:
            tokens = together.tokens.expand(-1, SECTIONS, -1, -1)[:, n][:, together.seen[n]]
            torch.testing.assert_close(tokens, read[:, :tokens.shape[1]])


def test_the_memory_is_pure(memory: LearnedMemory) -> None:
    sections, questions = draw()
    first = walk(memory, sections, questions)
    psi = memory.update(memory.begin(FILMS), one(sections, 0))
    kept = psi.clone()
    memory.update(psi, one(sections, 1))
    assert torch.equal(psi, kept)
    assert all(torch.equal(a, b) for a, b in zip(first, walk(memory, sections, questions), strict=True))


def test_a_section_changes_only_what_later_ones_read(memory: LearnedMemory) -> None:
    sections, questions = draw()
    if isinstance(memory, Retrieval):                       # it reads the changed section only where that is near
        questions.places[:] = sections.places.view(FILMS, SECTIONS, TOKENS, PLACES)[:, 2:3]
    changed = replace(sections, tokens=sections.tokens.clone())
    changed.tokens.view(FILMS, SECTIONS, TOKENS, WIDTH)[:, 2] += 1.0
    pairs = list(zip(walk(memory, sections, questions), walk(memory, changed, questions), strict=True))
    assert all(torch.equal(a, b) for a, b in pairs[:3])
    assert not torch.equal(*pairs[3])


def test_psi_is_of_one_size_or_grows_by_the_same_rows(memory: LearnedMemory) -> None:
    sections, _ = draw()
    psi, rows = memory.begin(FILMS), []
    for n in range(3):
        psi = memory.update(psi, one(sections, n))
        assert psi.dim() == 3 and len(psi) == FILMS
        rows.append(psi.shape[1])
    assert rows[2] - rows[1] == rows[1] - rows[0]
    assert (rows[1] > rows[0]) == (memory.appends or isinstance(memory, Retrieval | ReadableSnapshots))


def test_gradients_reach_the_first_section_from_the_last(memory: LearnedMemory) -> None:
    sections, questions = draw()
    if isinstance(memory, Retrieval):                       # it reads the first section only when that is near
        questions.places[:] = sections.places.view(FILMS, SECTIONS, TOKENS, PLACES)[:, :1]
    sections.tokens.requires_grad_()
    walk(memory, sections, questions)[-1].square().sum().backward()
    gradient = sections.tokens.grad
    assert gradient is not None
    assert gradient.view(FILMS, SECTIONS, -1)[:, 0].abs().sum() > 0


def test_the_delta_rules_solve_is_its_rule_token_by_token() -> None:
    torch.manual_seed(0)
    memory = DeltaRule(WIDTH, 2, 32, PLACES, key=8, value=6).double()
    torch.nn.init.normal_(memory.content.weight, std=0.3)
    torch.nn.init.normal_(memory.gates.weight, std=0.5)
    section = one(draw()[0], 0)
    psi = torch.randn(FILMS, 16, 6, dtype=torch.double)
    encoded = memory.encode(section).unflatten(2, (2, -1)).transpose(1, 2)
    key, value, erase, write = encoded.split([8, 6, 1, 1], dim=-1)
    torch.testing.assert_close(key.norm(dim=-1), torch.ones_like(key[..., 0]))
    state = psi.unflatten(1, (2, 8)) * memory.decay.sigmoid()
    for i in range(TOKENS):
        k = key[:, :, i, :, None]
        answer = k.mT @ state                               # what the memory says of this key so far
        state = state + k @ (write[:, :, i, None] * value[:, :, i, None] - erase[:, :, i, None] * answer)
    torch.testing.assert_close(memory.fold(psi, memory.encode(section)), state.flatten(1, 2))


def test_the_delta_rule_answers_what_was_written_last() -> None:
    """With gates that are fully open, the newest token's place gives what was written there, whatever was there before."""
    torch.manual_seed(0)
    memory = DeltaRule(WIDTH, 1, 32, PLACES).double()
    torch.nn.init.constant_(memory.gates.bias, 30.0)
    memory.decay.data.fill_(30.0)
    sections, _ = draw()
    old, new = one(sections, 0), one(sections, 1)
    new = replace(new, places=old.places)
    psi = memory.update(memory.update(memory.begin(FILMS), old), new)
    value = memory.encode(new)[..., 64:128]
    no_place = torch.zeros(FILMS, TOKENS, WIDTH, dtype=torch.double)
    torch.testing.assert_close(memory.read(psi, Question(no_place, new.places))[:, -1], memory.out(value)[:, -1])


def test_a_memory_of_copies_begins_by_giving_back_a_places_token() -> None:
    """The delta rule by the key of the place, readable snapshots by what is most like it. Random maps give back something else."""
    torch.manual_seed(0)
    sections = replace(one(draw()[0], 0), places=3 * torch.randn(FILMS, TOKENS, PLACES, dtype=torch.double))
    sections = replace(sections, tokens=sections.tokens / 3 + 3 * sections.placed)                    # the place tells tokens apart
    nowhere = torch.zeros(FILMS, TOKENS, WIDTH, dtype=torch.double)

    def given_back(memory: LearnedMemory, tokens: Tensor) -> float:
        """The share of a section's tokens that is nearest to what is read at its place, among all of its tokens."""
        read = memory.double().read(memory.update(memory.begin(FILMS), sections), Question(tokens, sections.places)) - tokens
        near = torch.cdist(read, sections.tokens).argmin(dim=2)
        return float((near == torch.arange(TOKENS)).double().mean())

    assert given_back(DeltaRule(WIDTH, 2, 32, PLACES, 64, 8, "copies"), nowhere) == 1
    assert given_back(DeltaRule(WIDTH, 2, 32, PLACES, 64, 8), nowhere) < 0.6
    assert given_back(ReadableSnapshots(WIDTH, 2, 32, TOKENS, "copies"), sections.placed) > 0.9
    assert given_back(ReadableSnapshots(WIDTH, 2, 32, TOKENS), sections.placed) < 0.6
    memory = ReadableSnapshots(WIDTH, 2, 32, TOKENS, "copies").double()
    kept = torch.nn.functional.layer_norm(sections.tokens, (WIDTH,))
    torch.testing.assert_close(memory.update(memory.begin(FILMS), sections)[:, TOKENS:], kept)


def test_exact_copies_are_what_the_denoiser_reads_of_a_newest_section() -> None:
    """Behind the norm that the denoiser puts before every context. Copies that are told their place twice are not."""
    torch.manual_seed(0)
    sections = replace(one(draw()[0], 0), places=3 * torch.randn(FILMS, TOKENS, PLACES, dtype=torch.double))
    sections = replace(sections, tokens=sections.tokens + 2 * sections.placed)
    question = Question(sections.placed, sections.places)

    def normed(tokens: Tensor) -> Tensor:
        return torch.nn.functional.layer_norm(tokens, (WIDTH,))

    @torch.no_grad()
    def error(memory: LearnedMemory) -> float:
        """Largest difference between what is read at the section's last place and its last token, which nothing wrote over."""
        read = memory.double().read(memory.update(memory.begin(FILMS), sections), question)
        return float((normed(read) - normed(sections.tokens))[:, -1].abs().max())

    def delta(start: Start) -> DeltaRule:
        """A memory with gates that are fully open."""
        memory = DeltaRule(WIDTH, 2, 32, PLACES, 64, 8, start)
        torch.nn.init.constant_(memory.gates.bias, 30.0)
        return memory

    def snapshots(start: Start) -> ReadableSnapshots:
        """A memory that reads the most like token and no other."""
        memory = ReadableSnapshots(WIDTH, 2, 32, TOKENS, start)
        torch.nn.init.constant_(memory.reader.attention.query_norm.weight, 100.0)
        return memory

    for make in (delta, snapshots):
        assert error(make("exact copies")) < 1e-3 < 0.1 < error(make("copies"))


def test_gated_slots_keep_everything_behind_a_closed_gate() -> None:
    memory = GatedSlots(WIDTH, 2, 32, slots=4).double()
    torch.nn.init.zeros_(memory.gate.weight)
    torch.nn.init.constant_(memory.gate.bias, -100.0)
    psi = memory.begin(FILMS)
    torch.testing.assert_close(memory.update(psi, one(draw()[0], 0)), psi)


def test_retrieval_reads_the_frames_that_show_the_places_and_the_newer_of_equals() -> None:
    memory = Retrieval(WIDTH, 2, 32, PLACES, frame_tokens=3).double()
    sections, _ = draw()
    places = torch.zeros(FILMS * SECTIONS, TOKENS, PLACES, dtype=torch.double)
    spread = places.view(FILMS, SECTIONS, 2, 3, PLACES)                 # two frames of three tokens
    spread += 100.0 * torch.arange(SECTIONS).view(1, -1, 1, 1, 1)       # sections far apart,
    spread[:, 3] = spread[:, 1]                                         # but the fourth is where the second was
    psi = memory.begin(FILMS)
    located = replace(sections, places=places)
    for n in range(SECTIONS):
        psi = memory.update(psi, one(located, n))
    asked = torch.full((FILMS, TOKENS, PLACES), 100.0, dtype=torch.double)
    read = memory.read(psi, Question(torch.zeros(FILMS, TOKENS, WIDTH, dtype=torch.double), asked))
    fourth = memory.memorize(one(located, 3).tokens)
    torch.testing.assert_close(read[:, :3], fourth[:, 3:])              # its second frame, the newest
    shown_already = read[:, 3:]
    assert shown_already.shape == (FILMS, 3, WIDTH)


def test_structure_a_as_printed_only_mixes_what_it_had() -> None:
    """Its output is a mean of values of psi: with one psi token, the section cannot change it at all."""
    torch.manual_seed(0)
    memory = SqueezedMemory(WIDTH, 2, 32, 1, literal=True).double()
    sections, _ = draw()
    first, second = (memory.update(memory.begin(FILMS), one(sections, n)) for n in (0, 1))
    torch.testing.assert_close(first, second)


def test_the_sections_before() -> None:
    assert before(3, 2).int().tolist() == [[0, 0, 0, 0, 0, 0], [1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0]]


def test_structure_c_says_how_many_tokens_it_begins_with() -> None:
    with pytest.raises(ValueError, match="24 tokens, not 6"):
        SqueezedMemory(WIDTH, 2, 32, TOKENS, "C")


def test_dead_reckoning_comes_back_to_a_place_by_any_way() -> None:
    """Moves that add up to nothing lead to the same places, whatever they were; others do not."""
    torch.manual_seed(0)
    memory = reckon().double()
    view = torch.randn(FILMS, TOKENS, 2, dtype=torch.double)

    def told(first: float, second: float) -> Tensor:
        move = torch.tensor([first, second], dtype=torch.double).repeat_interleave(TOKENS // 2).expand(FILMS, -1)
        return torch.cat([view, move[..., None]], dim=2)

    def camera_after(*moves: float) -> Tensor:
        psi = memory.begin(FILMS)
        for first, second in zip(moves[::2], moves[1::2], strict=True):
            psi = memory.update(psi, replace(one(draw()[0], 0), places=told(first, second)))
        return psi[:, 0, :AXES]

    torch.testing.assert_close(camera_after(1, 2, -3, 0), camera_after(-4, 1, 1, 2))
    assert (camera_after(1, 2) - camera_after(1, 1)).abs().min() > 0.01
