"""Takes with marks on the picture, by the model that ships: subject, flows and new ground go into psi, and stay there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from studio.backbones.animatic.scene_tokens import read_extent
from studio.engine import take_folder
from studio.engine.events import RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.engine.scene_inputs import flow_names, scene_inputs
from studio.marks import NO_MARKS, Flow, Marks, Subject
from studio.media import fill
from studio.media.clip import read_clip
from studio.memory.snapshot import read_snapshot
from tests.engine.conftest import LARGE

ROOT = Path(__file__).parents[2]
SIZE = LARGE
FRAME = (0.2, 0.2, 0.72, 0.6)
BOAT = Subject((((0.343, 0.6), (0.343, 0.64)),), depth=2.0)
WATER = Flow("water", ((0.5, 0.85), (0.95, 0.85)), 0.15, 0.04)
CLOUDS = Flow("clouds", ((0.9, 0.2), (0.1, 0.2)), 0.2, 0.03)
MARKS = Marks(subject=Subject((((0.745, 0.15), (0.747, 0.43)),)), flows=(WATER, CLOUDS))
Take = Callable[..., TakeDone]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reference") / "reference.png"
    with Image.open(ROOT / "assets/examples/lighthouse/lighthouse.jpg") as image:
        image.resize((533, 320)).save(path)
    return path


@pytest.fixture(scope="module")
def smaller(reference: Path) -> Path:
    path = reference.with_name("smaller.png")
    with Image.open(reference) as image:
        image.resize((133, 80)).save(path)
    return path


@pytest.fixture()
def take(shipped: Renderer, tmp_path: Path, reference: Path) -> Take:
    """Renders a take of one section in a folder of its own."""
    return takes(shipped, tmp_path, reference)


@pytest.fixture(scope="module")
def unmarked(shipped: Renderer, reference: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TakeDone]:
    """The folder of a take of a picture without marks, and how it ended."""
    folder = tmp_path_factory.mktemp("unmarked")
    return folder / "a", takes(shipped, folder, reference)("a", marks=NO_MARKS)


def takes(shipped: Renderer, films: Path, reference: Path) -> Take:
    """Renders takes of one section in folders of their own inside `films`."""

    def render(name: str, prompt: str = "static shot", **changes: object) -> TakeDone:
        (films / name).mkdir(exist_ok=True)
        facts: dict[str, object] = {
            "take": name, "model": "memorypack-mini", "prompt": prompt, "seed": 3, "sections": 1, "steps": 1, "guidance": 1.0,
            "size": SIZE, "reference": reference, "parent": None, "folder": films / name, "frame": FRAME, "marks": MARKS}
        last = list(shipped.render(RenderRequest(**{**facts, **changes}), Stop()))[-1]      # type: ignore[arg-type]
        assert isinstance(last, TakeDone), last
        return last

    return render


def drawn_out(
    picture: NDArray[np.uint8], left: int, top: int, right: int, bottom: int, method: int
) -> NDArray[np.uint8]:
    """In place of new ground."""
    return np.pad(picture, ((top, bottom), (left, right), (0, 0)), mode="edge")


def frames(folder: Path) -> NDArray[np.float32]:
    """A take's frames, [T, H, W, 3] from 0 to 255."""
    return read_clip(folder / take_folder.CLIP).astype(np.float32)


def test_marks_are_remembered_and_prompts_stop_what_flows(take: Take, tmp_path: Path) -> None:
    take("a")
    psi = read_snapshot(tmp_path / "a" / take_folder.SNAPSHOT).psi
    assert psi is not None
    extent = read_extent(psi)
    assert extent.box_columns and extent.depth == 2.0 and extent.flows == 2

    # The river flows and the ground around does not; "the water stops" stops it, and only it.
    flowing = frames(tmp_path / "a")
    change = np.abs(flowing[48] - flowing[24]).mean(axis=(0, 2))                    # by column
    assert change.mean() > 0.5
    take("b", "the water stops", parent=tmp_path / "a")
    later = frames(tmp_path / "b")
    water, clouds = np.s_[:, 165:, :], np.s_[:, :30, :]
    assert np.abs(later[water][40] - later[water][-1]).mean() < 0.5 * np.abs(flowing[water][40] - flowing[water][-1]).mean()
    assert np.abs(later[clouds][40] - later[clouds][-1]).mean() > 0.5
    assert torch.equal(read_snapshot(tmp_path / "b" / take_folder.SNAPSHOT).psi, psi)                  # type: ignore[arg-type]


@pytest.mark.slow
def test_the_same_take_is_the_same_and_others_are_as_without_marks(
    take: Take, unmarked: tuple[Path, TakeDone], tmp_path: Path
) -> None:
    alone = Marks(flows=(WATER,))
    take("a", marks=alone)
    take("b", marks=alone)
    one, two = (read_snapshot(tmp_path / name / take_folder.SNAPSHOT) for name in "ab")
    assert torch.equal(one.recent, two.recent) and torch.equal(one.psi, two.psi)                       # type: ignore[arg-type]
    still, flowing = frames(unmarked[0]), frames(tmp_path / "a")
    assert np.abs(still[:, :50] - flowing[:, :50]).mean() < 0.3                                       # the sky is no water


def test_the_edge_is_told(take: Take, unmarked: tuple[Path, TakeDone]) -> None:
    assert take("a", "the camera pans right", marks=NO_MARKS).at_edge
    assert not unmarked[1].at_edge


@pytest.mark.slow
def test_a_camera_that_may_leave_the_picture(take: Take, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies there does not matter, so it takes no time: the picture's edges are drawn out."""
    monkeypatch.setattr("studio.engine.scene_inputs.extend", drawn_out)
    free = Marks(beyond=True)
    assert not take("a", "the camera pans right", marks=free).at_edge
    psi = read_snapshot(tmp_path / "a" / take_folder.SNAPSHOT).psi
    assert psi is not None
    extent = read_extent(psi)
    assert extent.columns >= 2.7 * extent.frame_columns and extent.rows >= 2.7 * extent.frame_rows        # new ground on all sides


@pytest.mark.parametrize("beyond", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_scene_inputs(smaller: Path, beyond: bool) -> None:
    """Strokes lie where they were drawn, however the picture is cut and scaled; the artist's pixels are his own."""
    size = SIZE[0] // 4, SIZE[1] // 4
    made = scene_inputs(smaller, size, FRAME, Marks(beyond, BOAT, (WATER,)), 12)
    plain = scene_inputs(smaller, size, FRAME, NO_MARKS, 12)
    assert made.alpha is not None and made.ground is not None and made.flows is not None
    left, top, right, bottom = made.own or (0, 0, made.picture.shape[1], made.picture.shape[0])
    own = made.picture[top:bottom, left:right]
    x, y = plain.left - (made.left - left), plain.top - (made.top - top)
    assert np.array_equal(own, plain.picture[y : y + own.shape[0], x : x + own.shape[1]])
    if beyond:
        assert made.left >= 0.85 * size[0] and made.top >= 0.85 * size[1] and made.picture.shape[0] >= 2.7 * size[1]

    whole = size[0] / FRAME[2], size[1] / FRAME[3]                                  # of the reference, in pixels of the film
    at = [int(made.left + (0.343 - FRAME[0]) * whole[0]), int(made.top + (0.62 - FRAME[1]) * whole[1])]
    assert made.alpha[at[1], at[0]] > 0.9 and made.alpha.mean() < 0.1               # the boat, and not all of the sea
    down = int(made.top + (0.85 - FRAME[1]) * whole[1]) // 4
    across = int(made.left + (0.7 - FRAME[0]) * whole[0]) // 4
    assert made.flows[0, 0, 0, down, across] == pytest.approx(0.04 * whole[0] / 12, rel=0.1)
    assert made.flows.shape[3:] == (-(-made.picture.shape[0] // 4), -(-made.picture.shape[1] // 4))


@pytest.mark.parametrize("marked", [True, False])
def test_a_marked_subject_is_never_copied_into_new_ground(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, marked: bool) -> None:
    """Although nothing counts as distinct here, nor as a thing, so that what is not marked is copied."""
    monkeypatch.setattr(fill, "distinctness", lambda colours, known, high=0.0: np.zeros(known.shape, np.float32))
    monkeypatch.setattr(fill, "find_things", lambda colours, *how: np.zeros(colours.shape[:2], bool))
    picture = np.random.default_rng(0).normal((150, 130, 100), 6, (24, 32, 3)).clip(0, 255).astype(np.uint8)
    picture[16:21, 10:15] = (20, 160, 40)
    Image.fromarray(picture).save(tmp_path / "sand.png")
    subject = Subject((((0.35, 0.7), (0.45, 0.84)),)) if marked else None
    made = scene_inputs(tmp_path / "sand.png", (32, 24), None, Marks(True, subject), 12)
    assert made.own is not None and made.picture.shape == (24 + 2 * 32, 32 + 2 * 32, 3)
    left, top, right, bottom = made.own
    green = made.picture[..., 1].astype(int) - made.picture[..., 0] > 60
    assert green[top:bottom, left:right].sum() == 25
    assert (green.sum() == 25) == marked


def test_a_subject_outside_the_part_that_is_used_is_left_out(tmp_path: Path) -> None:
    """Of a picture much longer than the film only the part around the frame is read."""
    Image.new("RGB", (6000, 192), (90, 120, 150)).save(tmp_path / "long.png")
    far = Marks(subject=Subject((((0.99, 0.5),),)))
    assert scene_inputs(tmp_path / "long.png", SIZE, (0.0, 0.0, 384 / 6000, 1.0), far, 12).alpha is None


def test_names_of_flows_are_in_the_order_of_the_strokes() -> None:
    assert flow_names(Marks(flows=(CLOUDS, WATER, CLOUDS))) == ["clouds", "water"]
