"""Rendering takes, on the small and on the large kind of model by the same code."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
import torch
from PIL import Image

from studio.backbones.animatic.place_memory import PlaceMemory
from studio.engine import render as module
from studio.engine import shown, take_folder
from studio.engine.events import Cancelled, Event, Failed, RenderRequest, SectionDone, Step, TakeDone, Working
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.media.clip import probe
from studio.memory.snapshot import read_snapshot
from tests.clips import alike
from tests.engine.conftest import Ask


def run(renderer: Renderer, request: RenderRequest, stop: Stop | None = None) -> list[Event]:
    return list(renderer.render(request, stop or Stop()))


def latents(folder: Path) -> torch.Tensor:
    return read_snapshot(folder / take_folder.SNAPSHOT).recent


def names(folder: Path) -> list[str]:
    """What every model leaves behind: a memory that can be seen leaves its picture too."""
    return sorted(path.name for path in folder.iterdir() if path.name != take_folder.MEMORY)


def test_a_take_of_two_sections(renderer: Renderer, ask: Ask) -> None:
    request = ask(sections=2)
    events = run(renderer, request)
    assert isinstance(events[-1], TakeDone), events[-1]
    assert [e.doing for e in events if isinstance(e, Working)] == [
        "reading prompt and picture", "denoising", "decoding", "denoising", "decoding", "saving"
    ]
    assert [(e.section, e.step) for e in events if isinstance(e, Step)] == [(0, 1), (0, 2), (1, 1), (1, 2)]
    assert all(e.preview and e.preview[8:12] == b"WEBP" for e in events if isinstance(e, Step))
    frames = renderer.model.card.section_frames
    assert [e.frames for e in events if isinstance(e, SectionDone)] == [frames, frames]
    assert all(e.preview and e.preview[8:12] == b"WEBP" for e in events if isinstance(e, SectionDone))
    assert names(request.folder) == ["clip.mp4", "poster.webp", "snapshot.safetensors"]
    facts = probe(request.folder / "clip.mp4")
    assert (facts.frames, facts.width, facts.height) == (2 * frames, 64, 32)
    assert read_snapshot(request.folder / "snapshot.safetensors").sections == 2


def test_the_memory_lives_in_the_snapshot_and_is_written_on(renderer: Renderer, ask: Ask) -> None:
    first, second = ask("one"), ask("two", parent=ask("one").folder)
    for request in (first, second):
        assert isinstance(run(renderer, request)[-1], TakeDone)
    before, after = (read_snapshot(r.folder / take_folder.SNAPSHOT).psi for r in (first, second))
    assert (before is not None) == renderer.model.card.has_memory == (renderer.model.memory is not None)
    if before is not None and after is not None:
        assert before.dim() == 3 and not torch.equal(before, after)


def test_what_the_memory_holds_is_drawn_beside_the_clip(
    renderer: Renderer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a memory that goes by place; and no take fails because the picture cannot be written."""
    request = ask("one")
    run(renderer, request)
    drawn = request.folder / take_folder.MEMORY
    assert drawn.is_file() == isinstance(renderer.model.memory, PlaceMemory)
    if drawn.is_file():
        assert Image.open(drawn).format == "WEBP"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shown, "save_map", full)
    again = ask("again")
    assert isinstance(run(renderer, again)[-1], TakeDone)
    assert (again.folder / take_folder.CLIP).is_file() and not (again.folder / take_folder.MEMORY).exists()


def test_the_time_left_falls_to_the_truth(renderer: Renderer, ask: Ask) -> None:
    left = [e.seconds_left for e in run(renderer, ask(sections=2)) if isinstance(e, Step | SectionDone)]
    assert all(value is not None and value >= 0 for value in left)
    assert left[-1] == 0


def test_the_same_request_gives_the_same_bits(renderer: Renderer, ask: Ask) -> None:
    run(renderer, ask("root"))
    parent = ask("root").folder
    first, second, other = (ask(t, parent=parent, seed=s) for t, s in (("a", 7), ("b", 7), ("c", 8)))
    for request in (first, second, other):
        assert isinstance(run(renderer, request)[-1], TakeDone)
    assert torch.equal(latents(first.folder), latents(second.folder))
    assert alike(first.folder / "clip.mp4", second.folder / "clip.mp4")
    assert not torch.equal(latents(first.folder), latents(other.folder))


def test_one_take_of_two_sections_equals_the_same_sections_interrupted_and_finished(renderer: Renderer, ask: Ask) -> None:
    whole, cut = ask("whole", sections=2), ask("cut", sections=2)
    run(renderer, whole)
    stop, seen = Stop(), []
    for event in renderer.render(cut, stop):
        seen.append(event)
        if isinstance(event, Step) and (event.section, event.step) == (1, 1):
            stop.set()
    assert isinstance(seen[-1], Cancelled)
    assert (seen[-1].sections, seen[-1].frames) == (1, renderer.model.card.section_frames)
    assert probe(cut.folder / "clip.mp4").frames == renderer.model.card.section_frames
    assert isinstance(run(renderer, cut)[-1], TakeDone)
    assert torch.equal(latents(whole.folder), latents(cut.folder))
    assert alike(whole.folder / "clip.mp4", cut.folder / "clip.mp4")


@pytest.mark.parametrize("phase", ["reading prompt and picture", "denoising", "decoding", "saving"])
def test_cancelled_in_every_phase(renderer: Renderer, ask: Ask, phase: str) -> None:
    request, stop, events = ask(sections=2), Stop(), []
    for event in renderer.render(request, stop):
        events.append(event)
        if isinstance(event, Working) and event.doing == phase:
            stop.set()
    last = events[-1]
    if phase == "saving":  # everything is rendered: stopping now would only lose it
        assert isinstance(last, TakeDone)
    else:
        assert isinstance(last, Cancelled)
        assert last.sections == (1 if phase == "decoding" else 0)
        assert (request.folder / "clip.mp4").is_file() == (phase == "decoding")
    steps_after = [e for e in events[events.index(Working("a", phase)):] if isinstance(e, Step)]
    assert len(steps_after) <= (2 if phase == "saving" else 0)


def test_cancelled_while_reading_no_encoder_runs(renderer: Renderer, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object) -> None:
        raise AssertionError("a large text encoder takes many times longer than a step")

    monkeypatch.setattr(renderer._inputs, "read", late)
    stop = Stop()
    stop.set()
    assert isinstance(run(renderer, ask(), stop)[-1], Cancelled)


def test_not_a_number_fails_and_keeps_what_is_finished(
    renderer: Renderer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask(sections=2)
    good = module.flow.noise

    def poisoned(shape: tuple[int, ...], seed: int) -> torch.Tensor:
        noise = good(shape, seed)
        return noise * float("nan") if seed == module.flow.section_seed(7, 1) else noise

    monkeypatch.setattr(module.flow, "noise", poisoned)
    last = run(renderer, request)[-1]
    assert isinstance(last, Failed)
    assert "not numbers" in last.message
    assert "another seed" in last.remedy
    assert (last.sections, last.frames) == (1, renderer.model.card.section_frames)


def test_a_full_disk_is_told_and_the_rest_can_be_rendered_later(
    renderer: Renderer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ask(sections=2)
    good = module.write_clip

    def full(path: Path, *arguments: object) -> None:
        if path.name == "section-001.mp4":
            raise OSError(errno.ENOSPC, "No space left on device")
        good(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "write_clip", full)
    last = run(renderer, request)[-1]
    assert isinstance(last, Failed)
    assert "disk is full" in last.message
    assert last.sections == 1
    monkeypatch.undo()
    assert isinstance(run(renderer, request)[-1], TakeDone)


@pytest.mark.parametrize("renderer", ["small"], indirect=True)
def test_a_disk_that_fills_at_any_write(renderer: Renderer, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clips, two snapshots; then the film, its snapshot and its poster: after each of them the disk may be full."""
    whole = ask("whole", sections=2)
    run(renderer, whole)
    for writes in range(7):
        _fill_the_disk(renderer, whole, ask(f"cut {writes}", sections=2), writes, monkeypatch)


def _fill_the_disk(
    renderer: Renderer, whole: RenderRequest, cut: RenderRequest, writes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Render the take `cut` on a disk that is full after so many writes, and then to its end, where it is as `whole`."""
    sync, done = os.fsync, 0

    def full(handle: int) -> None:
        nonlocal done
        if not stat.S_ISDIR(os.fstat(handle).st_mode):  # a folder is synced after its file was renamed: not counted
            if done >= writes:
                raise OSError(errno.ENOSPC, "No space left on device")
            done += 1
        sync(handle)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        last = run(renderer, cut)[-1]
    assert isinstance(last, Failed) and "full" in last.message and "kept" in last.remedy
    assert take_folder.finished_sections(cut.folder) == min(writes // 2, 2)
    assert not [p.name for p in cut.folder.iterdir() if p.name.startswith(".") or p.suffix == ".partial"], "no half files"
    assert isinstance(run(renderer, cut)[-1], TakeDone)
    assert torch.equal(latents(whole.folder), latents(cut.folder))
    assert alike(whole.folder / "clip.mp4", cut.folder / "clip.mp4")


def test_half_files_of_a_killed_studio_go_when_the_take_is_done(renderer: Renderer, ask: Ask) -> None:
    request = ask()
    for name in (".section-000-0123abcd.part.mp4", ".clip-0123abcd.part.mp4", ".psi-0123abcd.part", "section-000.partial"):
        (request.folder / name).write_bytes(b"half")
    (request.folder / "asked.json").write_text("{}")
    assert isinstance(run(renderer, request)[-1], TakeDone)
    assert names(request.folder) == ["asked.json", "clip.mp4", "poster.webp", "snapshot.safetensors"]


def test_a_snapshot_of_another_model_or_size_is_refused(renderer: Renderer, ask: Ask) -> None:
    run(renderer, ask("root"))
    last = run(renderer, ask("b", parent=ask("root").folder, size=(32, 64)))[-1]
    assert isinstance(last, Failed)
    assert "another model or at another size" in last.message


def test_a_missing_parent_snapshot_is_named(renderer: Renderer, ask: Ask, tmp_path: Path) -> None:
    last = run(renderer, ask("b", parent=tmp_path / "gone"))[-1]
    assert isinstance(last, Failed)
    assert "snapshot.safetensors is missing" in last.message


def test_a_frame_is_the_picture_cut_out(renderer: Renderer, ask: Ask, tmp_path: Path) -> None:
    picture = Image.effect_noise((128, 128), 80).convert("RGB")
    picture.save(tmp_path / "whole.png")
    picture.crop((32, 64, 96, 96)).save(tmp_path / "part.png")
    framed = ask("framed", reference=tmp_path / "whole.png", frame=(0.25, 0.5, 0.5, 0.25))
    for request in (framed, ask("part", reference=tmp_path / "part.png"), ask("whole", reference=tmp_path / "whole.png")):
        assert isinstance(run(renderer, request)[-1], TakeDone)
    starts = [read_snapshot(tmp_path / take / take_folder.SNAPSHOT).start for take in ("framed", "part", "whole")]
    assert torch.equal(starts[0], starts[1]) and not torch.equal(starts[0], starts[2])
    assert torch.equal(latents(framed.folder), latents(tmp_path / "part"))


@pytest.mark.parametrize("prompt", ["", " ", "x" * 5000, "{0} {x} {{", "<b>&</b>\x00\x07", "🎬🌊 ночь 夜", "%s %n {{7*7}}"])
def test_any_prompt_renders(renderer: Renderer, ask: Ask, prompt: str) -> None:
    assert isinstance(run(renderer, ask(prompt=prompt, steps=1))[-1], TakeDone)


def test_the_reference_can_be_broken(renderer: Renderer, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    last = run(renderer, ask(reference=tmp_path / "broken.png"))[-1]
    assert isinstance(last, Failed)
    assert "broken.png" in last.message
