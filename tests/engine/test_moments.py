"""What the memory gives back for a moment, by the models that ship: the place of an earlier frame, and not what was never shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from studio.backbones.load import load
from studio.backbones.registry import answers_places
from studio.catalogue.cards import read_card
from studio.engine import take_folder
from studio.engine.events import Event, Failed, Moment, RenderRequest, TakeDone
from studio.engine.jobs import Stop
from studio.engine.render import Renderer
from studio.media.clip import read_frame
from studio.media.difference import psnr
from tests.engine.conftest import SMALL

ROOT = Path(__file__).parents[2]
Take = Callable[..., Event]
SIZES = {"panorama-mini": (256, 256), "memorypack-mini": SMALL}
STEPS = {"panorama-mini": 8, "memorypack-mini": 1}
"""One for the model whose camera moves as it is told from the first step on."""
PROMPTS = {"panorama-mini": "the camera pans right fast", "memorypack-mini": "the camera pans right"}
"""What leads each camera far enough away from its first view in three sections."""


@pytest.fixture(scope="module", params=SIZES)
def renderer(request: pytest.FixtureRequest, shipped: Renderer) -> Renderer:
    return shipped if request.param == "memorypack-mini" else Renderer(load(read_card(ROOT / "models" / request.param), "cpu"))


def takes(renderer: Renderer, folder: Path) -> Take:
    """Renders takes of one section in folders of their own inside `folder`, or asks for moments."""
    card = renderer.model.card
    with Image.open(ROOT / "assets/examples/lighthouse/lighthouse.jpg") as image:
        image.resize((800, 480)).save(folder / "reference.png")

    def render(name: str, parent: Path | None = None, **changes: object) -> Event:
        (folder / name).mkdir(exist_ok=True)
        facts: dict[str, object] = {
            "take": name, "model": card.name, "prompt": PROMPTS[card.name], "seed": 3, "sections": 1,
            "steps": STEPS[card.name], "guidance": 1.0, "size": SIZES[card.name], "reference": folder / "reference.png",
            "parent": parent, "folder": folder / name}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("studio.engine.render.draw_memory", lambda *_: None)                # nobody looks at it here
            return list(renderer.render(RenderRequest(**{**facts, **changes}), Stop()))[-1]      # type: ignore[arg-type]

    return render


@pytest.fixture(scope="module")
def film(renderer: Renderer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with takes a, b and c, one after the other: the camera pans to the right."""
    folder = tmp_path_factory.mktemp("film")
    take = takes(renderer, folder)
    parent = None
    for name in "abc":
        assert isinstance(take(name, parent), TakeDone)
        parent = folder / name
    return folder


@pytest.fixture()
def take(renderer: Renderer, tmp_path: Path) -> Take:
    return takes(renderer, tmp_path)


def pictures(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    return tuple(np.asarray(Image.open(folder / name)) for name in (take_folder.SHOWN, take_folder.REMEMBERED))    # type: ignore[return-value]


def test_the_place_of_an_earlier_frame(take: Take, film: Path, tmp_path: Path, renderer: Renderer) -> None:
    card = renderer.model.card
    size, latent = SIZES[card.name], card.section_frames // card.window
    assert answers_places(card, size)
    at = latent - 1                                             # the first view of the film
    done = take("asked", film / "c", moment=Moment(film / "a", at))
    assert isinstance(done, TakeDone) and (done.sections, done.frames) == (0, 0)
    shown, remembered = pictures(tmp_path / "asked")
    assert shown.shape == (*reversed(size), 3) and remembered.shape == (*reversed(size), 4)
    assert np.array_equal(shown, read_frame(film / "a" / take_folder.CLIP, at))
    assert remembered[..., 3].mean() > 200, "it is known"
    own = psnr(shown[None], remembered[None, ..., :3])
    late = read_frame(film / "c" / take_folder.CLIP, card.section_frames - 1)
    other = psnr(late[None], remembered[None, ..., :3])
    assert own is not None and other is not None and own > 15 and own > other + 3
    assert {path.name for path in (tmp_path / "asked").iterdir()} == {take_folder.SHOWN, take_folder.REMEMBERED}
    again = take("again", film / "c", moment=Moment(film / "a", at))
    assert isinstance(again, TakeDone) and np.array_equal(pictures(tmp_path / "again")[1], remembered)


def test_what_was_shown_later_is_not_known_yet(take: Take, film: Path, tmp_path: Path, renderer: Renderer) -> None:
    card = renderer.model.card
    if card.name == "panorama-mini":                            # its world closes on itself: section b ends at the start
        moment = Moment(film / "b", card.section_frames // card.window - 1)
    else:
        moment = Moment(film / "c", card.section_frames - 1)
    take("asked", film / "a", moment=moment)
    unknown = pictures(tmp_path / "asked")[1][..., 3].mean()
    take("later", film / "c", moment=moment)
    assert unknown < 128 < 200 < pictures(tmp_path / "later")[1][..., 3].mean()


@pytest.mark.parametrize("renderer", ["memorypack-mini"], indirect=True)
def test_a_frame_that_the_snapshot_does_not_reach(take: Take, long: Path) -> None:
    failed = take("asked", long, moment=Moment(long, 3))
    assert isinstance(failed, Failed) and "does not have the state of that frame any more" in failed.message
