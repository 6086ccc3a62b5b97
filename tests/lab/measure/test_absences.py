"""A figure that is away leaves no trace, whoever it is, and what comes back is told apart."""

import pytest
import torch

from studio.lab.measure import absences
from studio.lab.world import FRAMES

SIZE = (160, 96)


@pytest.mark.parametrize("kind", absences.KINDS)
def test_a_figure_comes_goes_and_comes_back(kind: str) -> None:
    (scene,) = absences.suitable_scenes(kind, 1, *SIZE)
    for gap in (2, 3):
        case = absences.absence(kind, gap, scene, 1, *SIZE, section_frames=12)
        assert len(case.past.frames) == 1 + 12 * (gap + 2) and len(case.truth) == 12
        assert len(case.past.prompts) == gap + 2
        away = 12 * gap
        for past in (case.past, case.paired_past):
            assert int((past.frames[-away:].int() - case.past.frames[0].int()).abs().max()) <= 1
        assert not torch.equal(case.past.frames, case.paired_past.frames)
        part = case.memory_mask(76)
        assert 0.005 < float(part.float().mean()) < 0.5
        assert case.background is not None
        there = (case.past.frames[12].float() / 255 - case.background).abs().amax(0) > 0.1
        assert bool(there.any()) and torch.allclose(case.past.frames[12].float() / 255, case.candidates[case.true_index], atol=0.01)
        assert float((case.candidates[case.true_index] - case.candidates[case.paired_index])[:, part].abs().mean()) > 0.02


def test_what_is_no_absence_is_said() -> None:
    with pytest.raises(ValueError, match="occlusion or leaving"):
        absences.suitable_scenes("magic", 1, *SIZE)
    with pytest.raises(ValueError, match="at least one section"):
        absences.script(0)
    first = absences.HELD_OUT + absences.FIRST_SCENE
    nobody = next(n for n in range(50) if absences.figure_scene(first + n, "leaving", *SIZE) is None)
    with pytest.raises(ValueError, match="take one that suitable_scenes returns"):
        absences.absence("leaving", 1, nobody, 0, *SIZE)
    assert len(absences.script(3)) * FRAMES == 7 * FRAMES
