"""A given past becomes the snapshot that filming it would leave; arms differ in psi alone."""

from pathlib import Path

import pytest
import torch

from studio.backbones.load import load
from studio.lab.measure import histories
from studio.lab.measure.histories import PAIRED, TRUE, SectionFilmer
from studio.lab.measure.journeys import Past, journey
from studio.lab.psnr import psnr
from studio.memory.snapshot import Snapshot
from tests import folders
from tests.lab.measure import recollections
from tests.lab.measure.recollections import HEIGHT, SECTION, WIDTH


def test_a_past_becomes_a_snapshot_that_decodes_to_it() -> None:
    model = recollections.model("a", listens=True)
    case = journey("return", 1, "coffee", 0, WIDTH, HEIGHT, SECTION)
    snapshot = SectionFilmer(model).snapshot(case.past)
    assert snapshot.sections == 3
    start = model.codec.encode(case.past.frames[:1].float() / 127.5 - 1)
    assert torch.allclose(snapshot.start, start, atol=1e-4)
    frames = (model.codec.stream(snapshot.recent[:, :, :10], 0).push(snapshot.recent[:, :, 10:])[0].movedim(0, 1) + 1) / 2
    true = case.past.frames[-36:].float() / 255
    assert psnr(frames, true) > 20
    pose = snapshot.recent[0, -10:-7, -7, 0, 0]
    assert pose[0] == pytest.approx(-144 / 16)                    # six latents before the newest: the camera is at A
    assert snapshot.psi is not None and snapshot.psi.shape[2] > 1


def test_arms_differ_in_psi_alone(tmp_path: Path) -> None:
    model = load(folders.remembering(tmp_path / "remembering"), "cpu")
    case = journey("return", 7, "coffee", 0, 64, 32, model.card.section_frames)
    filmer = SectionFilmer(model)
    mine, other = filmer.snapshot(case.past), filmer.snapshot(case.paired_past)
    assert torch.equal(mine.recent, other.recent) and torch.equal(mine.start, other.start)
    assert mine.psi is not None and other.psi is not None and not torch.allclose(mine.psi, other.psi)
    swapped = histories.arm_snapshots(mine, other)
    assert swapped[PAIRED].psi is other.psi and swapped[PAIRED].recent is mine.recent and swapped[TRUE] is mine
    films = filmer.film(case)
    assert set(films) == set(histories.ARMS)
    assert all(made.frames.shape == (12, 3, 32, 64) and bool(made.pose.isfinite().all()) for made in films.values())


def test_the_large_kind_is_given_a_past_too(tmp_path: Path) -> None:
    model = load(folders.large(tmp_path / "large"), "cpu")
    case = journey("return", 1, "coffee", 0, 64, 32, model.card.section_frames)
    (made,) = SectionFilmer(model).film(case).values()
    assert made.frames.shape == (12, 3, 32, 64) and not made.from_state


def test_what_cannot_be_given_is_said() -> None:
    model = recollections.model("a", listens=True)
    past = Past(torch.zeros(1, 3, 40, 72, dtype=torch.uint8), torch.zeros(1, 3), ())
    with pytest.raises(ValueError, match="multiple of 16"):
        histories.encode_past(model, past)
    bare = Snapshot.initial(torch.zeros(1, 4, 1, 2, 2))
    with pytest.raises(ValueError, match="no long-term memory"):
        histories.arm_snapshots(bare, bare)
