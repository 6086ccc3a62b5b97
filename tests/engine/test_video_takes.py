"""A video becomes a film's first take, and the film goes on from it: the model that ships, and FramePack with random weights."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.load import load
from studio.backbones.registry import encodes_video, sizes_of
from studio.catalogue.cards import ADAPTER
from studio.diffusion.codec import EncodesVideo
from studio.engine import take_folder
from studio.engine.events import Cancelled, Event, Failed, RenderRequest, SectionDone, Step, TakeDone, VideoSource
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.lab import tiny
from studio.media.clip import read_clip
from studio.media.picture import crop
from studio.media.video import frames
from studio.memory.adapter import save_adapter
from studio.memory.context_sizes import RECENT
from studio.memory.semantic_pack import SemanticPack
from studio.memory.semantic_pack_config import SemanticPackConfig
from studio.memory.snapshot import read_snapshot
from studio.placement.choose import choose_plan
from studio.placement.machine import imagine_machine
from studio.placement.profile import PROFILES, read_profile
from tests import folders
from tests.engine.conftest import LARGE, SMALL, Ask
from tests.media.videos import grey, video
from tests.small_gpu import SmallGpu, loaded

ROOT = Path(__file__).parents[2]


def shot(tmp_path: Path, count: int = 60, rate: int = 24, size: tuple[int, int] = (480, 288)) -> VideoSource:
    return VideoSource(video(tmp_path / "a.mp4", count, rate, size), "waves.mp4")


def run(renderer: Renderer, request: RenderRequest, stop: Stop | None = None) -> list[Event]:
    return list(renderer.render(request, stop or Stop()))


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_the_model_that_ships_goes_on_from_the_last_frame(
    shipped: Renderer, ask: Ask, tmp_path: Path, size: tuple[int, int]
) -> None:
    """The second take begins exactly as a film that begins with the video's last frame."""
    fps, section = shipped.model.card.clock(size)
    film = shot(tmp_path, 2 * section + 5, fps)
    facts = {"size": size, "model": "memorypack-mini", "steps": 1, "prompt": "static shot"}
    events = run(shipped, ask("a", sections=2, video=film, **facts))
    done = events[-1]
    assert isinstance(done, TakeDone) and (done.sections, done.frames) == (2, 2 * section), done
    assert sum(isinstance(event, SectionDone) for event in events) == 2
    steps = [event for event in events if isinstance(event, Step)]
    assert steps and all(step.seconds_left is not None and step.doing == "reading the video" for step in steps)
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == [
        "clip.mp4", "last.png", "poster.webp", "snapshot.safetensors"]
    shown = read_clip(tmp_path / "a" / take_folder.CLIP).astype(int)
    wanted = [np.asarray(crop(image, None, size)).astype(int) for image in frames(film.path, "a", fps, 5, size)]
    assert np.abs(shown - np.stack(wanted)).mean() < 2.5, "the end of the video, in the film's shape"
    last = np.asarray(Image.open(tmp_path / "a" / take_folder.LAST)).astype(int)
    assert np.array_equal(last, wanted[-1])

    run(shipped, ask("b", parent=tmp_path / "a", reference=tmp_path / "a" / take_folder.LAST, **facts))
    run(shipped, ask("alone", reference=tmp_path / "a" / take_folder.LAST, **facts))
    on, alone = (read_clip(tmp_path / name / take_folder.CLIP).astype(int) for name in ("b", "alone"))
    assert np.abs(on - alone).max() == 0
    assert np.abs(on[0] - last).mean() < 4, "no jump at the seam"


def encoded(codec: HunyuanCodec, film: list[Image.Image], size: tuple[int, int]) -> torch.Tensor:
    """The slow twin: all frames at once, after the first one; all latents but that one's."""
    pixels = np.stack([np.asarray(crop(image, None, size)) for image in [film[0], *film]])
    tensor = torch.from_numpy(pixels.astype(np.float32)).permute(3, 0, 1, 2)[None] / 127.5 - 1
    with torch.no_grad():
        latents = codec.autoencoder.encode(tensor).latent_dist.mode()[:, :, 1:]
    return latents * codec.autoencoder.config.scaling_factor


@pytest.fixture(scope="module", params=[False, True], ids=["alone", "with psi"])
def framepack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    """FramePack's kind with random weights and sections of 9 latent frames, alone or with a long-term memory."""
    folder = tmp_path_factory.mktemp("framepack") / "large"
    card = folders.large(folder)
    if request.param:
        torch.manual_seed(1)
        save_adapter(SemanticPack(SemanticPackConfig(
            width=20, channels=4, text=16, image=32, heads=2, window=(3, 1, 2), keep=(1, 1, 1), text_tokens=2, image_side=2,
        )), folder / ADAPTER)
    loaded = load(card, "cpu")
    return Renderer(replace(loaded, card=replace(loaded.card, window=9, section_frames=36)))


def test_framepack_sees_the_video_as_a_film_of_its_own(framepack: Renderer, ask: Ask, tmp_path: Path) -> None:
    codec, name = framepack.model.codec, framepack.model.card.name
    assert isinstance(codec, HunyuanCodec)
    size = 64, 32
    fps, section = framepack.model.card.clock(size)
    film = shot(tmp_path, 3 * section, fps, (96, 64))
    done = run(framepack, ask("a", sections=3, video=film, model=name))[-1]
    assert isinstance(done, TakeDone), done
    snapshot = read_snapshot(tmp_path / "a" / take_folder.SNAPSHOT)
    whole = encoded(codec, list(frames(film.path, "a", fps, 0, size)), size)
    assert snapshot.sections == 3 and whole.shape[2] == 3 * framepack.model.card.window
    error = (snapshot.recent - whole[:, :, -RECENT:]).abs()[0].amax(dim=(0, 2, 3)) / whole.abs().max()
    exact = error < 1e-5
    assert exact[-9:].all() and int(exact.sum()) == RECENT - 3, error
    assert error.max() < 0.35, "near, where the last tile of a section was shorter"
    assert (snapshot.psi is not None) == (framepack.model.memory is not None)
    assert not (tmp_path / "a" / take_folder.LAST).exists()
    assert isinstance(run(framepack, ask("b", parent=tmp_path / "a", model=name))[-1], TakeDone)


def test_a_video_shorter_than_its_take_is_held(framepack: Renderer, ask: Ask, tmp_path: Path) -> None:
    fps, section = framepack.model.card.clock((64, 32))
    done = run(framepack, ask("a", video=shot(tmp_path, 5, fps, (96, 64)), model=framepack.model.card.name))[-1]
    assert isinstance(done, TakeDone) and done.frames == section
    shown = read_clip(tmp_path / "a" / take_folder.CLIP)[:, -1, -1, 0].astype(int)
    assert abs(int(shown[4]) - int(grey(52, (8, 8))[-1, -1, 0])) < 4 and np.ptp(shown[4:]) < 4


def test_a_take_cut_short_is_completed_with_the_same_state(shipped: Renderer, ask: Ask, tmp_path: Path) -> None:
    _complete_a_cut_take(shipped, SMALL, ask, tmp_path)


def test_framepacks_take_cut_short_is_completed_with_the_same_state(framepack: Renderer, ask: Ask, tmp_path: Path) -> None:
    _complete_a_cut_take(framepack, (64, 32), ask, tmp_path)


def _complete_a_cut_take(renderer: Renderer, size: tuple[int, int], ask: Ask, tmp_path: Path) -> None:
    fps, section = renderer.model.card.clock(size)
    film = shot(tmp_path, 3 * section, fps, (96, 64))
    facts = {"size": size, "model": renderer.model.card.name, "sections": 3, "video": film}
    stop = Stop()
    events = cancel_in(renderer.render(ask("a", **facts), stop), stop, section=1)
    assert isinstance(events[-1], Cancelled) and events[-1].sections == 1
    assert isinstance(run(renderer, ask("a", **facts))[-1], TakeDone)
    run(renderer, ask("whole", **facts))
    one, other = (read_snapshot(tmp_path / name / take_folder.SNAPSHOT) for name in ("a", "whole"))
    assert torch.equal(one.start, other.start) and torch.equal(one.recent, other.recent)
    assert (one.psi is None and other.psi is None) or torch.equal(one.psi, other.psi)      # type: ignore[arg-type]
    assert len(read_clip(tmp_path / "a" / take_folder.CLIP)) == 3 * section


def cancel_in(events: Iterator[Event], stop: Stop, section: int) -> list[Event]:
    seen = []
    for event in events:
        seen.append(event)
        if isinstance(event, Step) and event.section == section:
            stop.set()
    return seen


def test_a_video_that_cannot_be_read_fails_with_its_sentence(shipped: Renderer, ask: Ask, tmp_path: Path) -> None:
    tiny.picture().save(tmp_path / "a.png")
    failed = run(shipped, ask("a", size=(320, 192), video=VideoSource(tmp_path / "a.png", "waves.mp4")))[-1]
    assert isinstance(failed, Failed) and failed.message.startswith("waves.mp4 is not a video that can be read")
    assert not failed.sections and not (tmp_path / "a" / take_folder.CLIP).exists()


def test_a_full_disk_keeps_the_finished_sections(
    shipped: Renderer, ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fps, section = shipped.model.card.clock((320, 192))
    film = shot(tmp_path, 3 * section, fps, (96, 64))
    facts = {"size": (320, 192), "sections": 3, "video": film}
    begun = tmp_path / "a" / take_folder.section_clip(tmp_path, 1).name
    with monkeypatch.context() as patch:
        usage = shutil.disk_usage
        patch.setattr(shutil, "disk_usage", lambda place: usage(place)._replace(free=1000) if begun.exists() else usage(place))
        failed = run(shipped, ask("a", **facts))[-1]
    assert isinstance(failed, Failed) and "disk is nearly full" in failed.message
    assert take_folder.finished_sections(tmp_path / "a") == 1
    done = run(shipped, ask("a", **facts))[-1]
    assert isinstance(done, TakeDone) and (done.sections, done.frames) == (3, 3 * section)


def test_a_placed_model_sees_the_video_too(ask: Ask, tmp_path: Path) -> None:
    card = folders.large(tmp_path / "deep", num_layers=2, num_single_layers=4)
    profile = replace(read_profile(PROFILES / "card-24gb.toml"), text_encoder="cpu", text_weights="bf16")
    plan = choose_plan(imagine_machine(24, 64, "Linux"), sizes_of(card), (64, 32), override=profile)
    gpu = SmallGpu()
    renderer = Renderer(loaded(card, plan, gpu))
    fps, section = renderer.model.card.clock((64, 32))
    film = shot(tmp_path, 2 * section, fps, (96, 64))
    done = run(renderer, ask("a", sections=2, video=film, model=card.name))[-1]
    assert isinstance(done, TakeDone), done
    snapshot = read_snapshot(tmp_path / "a" / take_folder.SNAPSHOT)
    assert snapshot.sections == 2 and not (tmp_path / "a" / take_folder.LAST).exists()
    run(Renderer(load(card, "cpu")), ask("whole", sections=2, video=film, model=card.name))
    whole = read_snapshot(tmp_path / "whole" / take_folder.SNAPSHOT)
    assert (snapshot.recent - whole.recent).abs().max() < 0.05 * whole.recent.abs().max(), "but for bfloat16"


def test_the_registry_says_whose_codec_encodes_video(shipped: Renderer, framepack: Renderer) -> None:
    for renderer in (shipped, framepack):
        assert isinstance(renderer.model.codec, EncodesVideo) == encodes_video(renderer.model.card)
