"""Plans for a model whose long-term memory grows: what is read is counted for a film of some length, and when it is too much."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch.nn import functional as F

import app
from studio.backbones.framepack.sizes import published_sizes, sizes_of
from studio.backbones.large_memory_words import psi_counter
from studio.catalogue.cards import ADAPTER, ModelCard, ModelFile, read_card
from studio.commands import doctor
from studio.memory.adapter import save_adapter
from studio.memory.frame_preservation import FramePreservation
from studio.memory.frame_preservation_config import FRAMEPACK_F1 as ENCODER
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import FRAMEPACK_F1 as PACK
from studio.placement.choose import PlanError, choose_plan
from studio.placement.description import describe
from studio.placement.device.model_placement import ModelPlacement
from studio.placement.growth import LONGEST, choose_for_some_length, describe_growth, first_too_long
from studio.placement.machine import imagine_machine
from studio.placement.plan import Plan
from studio.placement.sizes import ModelSizes, PsiTokens, Size, planned_sections
from tests.fake_engine import card as tiny_card
from tests.placement.live import Live

SIZE = (832, 480)
F1 = published_sizes()
CARD = imagine_machine(12, 32)


def encodes(size: Size, sections: int) -> PsiTokens:
    """The history encoder at 480x832: 455 tokens more with each section."""
    return PsiTokens(455 * sections, history=455 * sections)


GROWS = replace(F1, psi=encodes)


def planned(model: ModelSizes, sections: int) -> Plan:
    return choose_plan(CARD, replace(model, sections=sections), SIZE)


def test_what_the_last_section_reads_is_in_the_plan() -> None:
    one, many = replace(GROWS, sections=1), replace(GROWS, sections=20)
    assert one.tokens(SIZE) == F1.tokens(SIZE) and many.tokens(SIZE) == F1.tokens(SIZE) + 19 * 455 == F1.tokens(SIZE) + 8645
    assert many.psi_bytes(SIZE) == 4 * 3072 * 8645 and one.psi_bytes(SIZE) == 0
    assert many.step_flops(SIZE) > 1.4 * one.step_flops(SIZE), "attention grows with the square of the tokens"
    first, last = planned(GROWS, 1), planned(GROWS, 20)
    assert last.section_seconds > 1.4 * first.section_seconds
    assert first.section_seconds == choose_plan(CARD, F1, SIZE).section_seconds
    assert last.fits and last.denoise_peak - first.denoise_peak > many.psi_bytes(SIZE) + 8645 * 2 * 12 * 3072


def test_psi_beside_the_text_is_counted_there() -> None:
    beside = replace(F1, psi=lambda size, sections: PsiTokens(112, context=112))
    assert beside.context_tokens(SIZE) == F1.context + 112 and beside.tokens(SIZE) == F1.tokens(SIZE)
    assert not beside.psi_grows and GROWS.psi_grows and not F1.psi_grows
    assert describe_growth(CARD, beside, SIZE) == ""


def test_the_section_from_which_on_it_does_not_fit() -> None:
    first = first_too_long(CARD, GROWS, SIZE)
    assert 20 < first < LONGEST
    assert planned(GROWS, first - 1).fits
    with pytest.raises(PlanError, match=f"in a film of {first} sections, does not fit"):
        planned(GROWS, first)
    assert describe_growth(CARD, GROWS, SIZE) == (
        "The memory grows with the film: this is for 20 sections, the last of which reads 8,645 tokens of it. "
        f"From section {first} on it does not fit this machine.")
    assert first_too_long(imagine_machine(24, 64), GROWS, SIZE) > first
    slow = replace(F1, psi=lambda size, sections: PsiTokens(sections, context=7))
    assert describe_growth(CARD, slow, SIZE).endswith("7 tokens of it. 1,000 sections fit too.")


@pytest.mark.parametrize(("sections", "planned"), [(0, 20), (1, 20), (20, 20), (21, 40), (145, 160)])
def test_films_are_planned_for_in_steps(sections: int, planned: int) -> None:
    assert planned_sections(sections) == planned


class Backbone:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.is_in_place = plan, True

    def apply_plan(self) -> None: ...

    def set_plan(self, plan: Plan) -> None:
        self.plan = plan

    def release(self) -> None: ...


class Codec:
    preview_note = ""

    def set_tile_size(self, edge: int) -> None: ...


def test_a_longer_film_changes_the_plan_and_a_shorter_one_does_not() -> None:
    placement = ModelPlacement(Backbone(planned(GROWS, 20)), Codec())
    before = placement.plan
    assert placement.sentences[-1] == describe_growth(CARD, GROWS, SIZE)
    placement.replan(SIZE, sections=1, film=20)
    assert placement.plan is before
    placement.replan(SIZE, sections=1, film=41)
    after = placement.plan
    assert after.model.sections == 60 and after.fits and after.profile.weights == before.profile.weights
    assert after.profile.resident < before.profile.resident and "this is for 60 sections" in placement.sentences[-1]
    placement.replan(SIZE, sections=3, film=3)
    assert placement.plan is after
    placement.replan(SIZE, sections=61, film=LONGEST)
    assert placement.plan.model.sections == 61 and placement.plan.fits, "the timeline is too long, but not what is made now"
    first = first_too_long(CARD, GROWS, SIZE)
    placement.replan(SIZE, sections=first - 1, film=first - 1)
    last = placement.plan
    assert last.model.sections == first - 1 and last.fits
    with pytest.raises(PlanError, match="does not fit"):
        placement.replan(SIZE, sections=first, film=first)
    assert placement.plan is last, "a branch from an earlier take can still be gone on with"
    fixed = ModelPlacement(Backbone(choose_plan(CARD, F1, SIZE)), Codec())
    before = fixed.plan
    fixed.replan(SIZE, sections=500)
    assert fixed.plan is before and fixed.sentences == tuple(describe(before))


def test_where_the_usual_length_does_not_fit_shorter_films_do() -> None:
    dense = replace(F1, psi=lambda size, sections: PsiTokens(3640 * sections, history=3640 * sections))
    with pytest.raises(PlanError):
        choose_plan(CARD, dense, SIZE)
    plan = choose_for_some_length(CARD, dense, SIZE)
    assert 1 < plan.model.sections == first_too_long(CARD, dense, SIZE) - 1 < 20 and plan.fits
    assert choose_for_some_length(CARD, GROWS, SIZE) == choose_plan(CARD, GROWS, SIZE)
    for never in (dense, F1):
        with pytest.raises(PlanError):
            choose_for_some_length(imagine_machine(6, 2), never, SIZE)


# From the memory's file

@pytest.fixture()
def card(tmp_path: Path) -> ModelCard:
    return tiny_card(folder=tmp_path, kind="framepack", window=9, sizes=(SIZE,), files=(ModelFile(ADAPTER, 1, "0" * 64),))


@pytest.mark.parametrize(("changes", "each", "window"), [
    ({}, 455, 0), ({"second_rate": (2, 2, 8)}, 455 + 780, 0), ({"window": 2}, 455, 3120),
])
def test_the_history_encoders_file(card: ModelCard, changes: dict[str, object], each: int, window: int) -> None:
    config = replace(ENCODER, **{"width": 8, "stages": (4,) * 6, "heads": 2, **changes})  # type: ignore[arg-type]
    save_adapter(FramePreservation(config, lambda x: x), card.path(ADAPTER))
    for sections in (0, 1, 3):
        tokens = sections * each + (window if sections else 0)
        assert psi_counter(card)(SIZE, sections) == PsiTokens(tokens, history=tokens)
        if sections:
            assert config.segments(tokens, 9, 60, 104) == sections
    save_adapter(FramePreservation(replace(config, stream="context"), lambda x: x), card.path(ADAPTER))
    assert psi_counter(card)(SIZE, 1) == PsiTokens(each + window, context=each + window)


def test_semantic_packs_file(card: ModelCard) -> None:
    config = replace(PACK, width=8, text=4, image=4, heads=2)
    save_adapter(SemanticPack(config), card.path(ADAPTER))
    assert [psi_counter(card)(SIZE, n) for n in (0, 1, 2)] == [PsiTokens(24, context=24), *[PsiTokens(112, context=112)] * 2]
    save_adapter(SemanticPack(replace(config, readable=5)), card.path(ADAPTER))
    assert psi_counter(card)(SIZE, 3) == PsiTokens(24 + 336, context=5, asked=360)
    save_adapter(SemanticPack(replace(config, readable=5, most=3)), card.path(ADAPTER))
    assert psi_counter(card)(SIZE, 3) == PsiTokens(24 + 336, context=5, asked=24 + 224)
    card.path(ADAPTER).write_bytes(b"no such thing")
    assert psi_counter(card)(SIZE, 3) == PsiTokens()


def test_a_readers_peak_is_that_of_its_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(F, "scaled_dot_product_attention", lambda query, *_, **__: torch.empty_like(query))
    stored = 24 + 200 * 112
    with torch.device("meta"), torch.no_grad():
        pack = SemanticPack(replace(PACK, readable=112)).to(torch.bfloat16)
        with Live(pack) as live:
            pack.read(torch.empty(1, stored, 3072), (1, 16, 9, 60, 104))
    reads = replace(F1, psi=lambda size, sections: PsiTokens(stored, context=112, asked=stored))
    assert live.peak == pytest.approx(reads.reader_peak(SIZE) + reads.psi_bytes(SIZE), rel=0.02)


def test_the_doctor_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "framepack-f1"
    folder.mkdir()
    text = (app.MODELS / "framepack-f1" / "model.toml").read_text("utf-8")
    save_adapter(FramePreservation(replace(ENCODER, stages=(4,) * 6, heads=2), lambda x: x), folder / ADAPTER)
    size = (folder / ADAPTER).stat().st_size
    (folder / "model.toml").write_text(text + f'\n[[files]]\npath = "{ADAPTER}"\nsize = {size}\nsha256 = "{"0" * 64}"\n', "utf-8")
    assert sizes_of(read_card(folder)).psi_grows and ENCODER.tokens(9, 60, 104) == 455
    for arguments, words in (
        ((), "this is for 20 sections, the last of which reads 8,645 tokens"), (("--sections", "3"), "reads 910 tokens"),
    ):
        status = doctor.examine(app.parse(["doctor", "--vram", "12", "--ram", "32", *arguments]), tmp_path, tmp_path)
        out = capsys.readouterr().out
        assert status == 0 and words in out and "on it does not fit this machine." in out
    assert doctor.examine(app.parse(["doctor", "--sections", "0"]), tmp_path, tmp_path) == 1
    assert "number from 1 to 1,000" in capsys.readouterr().err
