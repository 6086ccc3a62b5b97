"""Full history brings back what lies further back than the window, and another film's history brings back the other film."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn

from studio.backbones.animatic.backbone import AnimaticBackbone
from studio.backbones.animatic.conditioner import SmallConditioner
from studio.backbones.animatic.heads import DRAWN_CHANNELS, OUTPUT_CHANNELS
from studio.backbones.animatic.network_channels import INPUT_CHANNELS
from studio.backbones.film_model import FilmModel
from studio.diffusion.backbone import Conditioning
from studio.lab import tiny
from studio.lab.measure.full_history import FullHistory, distinct_views
from studio.lab.measure.histories import NONE, PAIRED, TRUE, SectionFilmer
from studio.lab.measure.journeys import DISTANCE, journey
from studio.lab.measure.memory_scores import score_arms
from studio.lab.measure.memory_summary import summarize
from studio.lab.measure.memory_table import _sources
from studio.lab.measure.variants import variants
from studio.lab.world import CELL
from tests.lab.measure import recollections
from tests.lab.measure.recollections import HEIGHT, SECTION, WIDTH


class Constant(SmallConditioner):
    """Gives the network zeros, whatever the prompt and the picture."""

    def __init__(self) -> None:
        """It has no parts."""

    def __call__(self, prompt: str, picture: Tensor) -> Conditioning:
        return Conditioning(torch.zeros(1, 1, 16), torch.ones(1, 1), torch.zeros(1, 8), torch.zeros(1, 2, 32))


def led() -> FilmModel:
    """A model that goes from B to A at once in every section, whatever it is told."""
    network = tiny.transformer(in_channels=INPUT_CHANNELS, out_channels=OUTPUT_CHANNELS, guidance_embeds=False)
    nn.init.zeros_(network.proj_out.weight)
    nn.init.zeros_(network.proj_out.bias)
    network.proj_out.bias.data.view(OUTPUT_CHANNELS, 4)[DRAWN_CHANNELS] = -DISTANCE / CELL / 4
    backbone = AnimaticBackbone(network, recollections.autoencoder(), torch.zeros(DRAWN_CHANNELS)).eval().requires_grad_(False)

    return replace(recollections.model("led", listens=False, remembers=False), backbone=backbone, conditioner=Constant())


def test_what_left_the_window_comes_back_and_that_of_the_film_that_is_looked_up_in() -> None:
    arms = {arm.card.name: SectionFilmer(arm) for arm in variants(led())}
    whole, packed = arms["full-history"], arms["framepack-sink"]
    scores = []
    for gap in (7, 9):
        case = journey("return", gap, "coffee", 0, WIDTH, HEIGHT, SECTION)
        films = whole.film(case)
        found = {score.arm: score for score in score_arms(case, films, whole.recent_frames)}
        (bare,) = score_arms(case, packed.film(case), packed.recent_frames)
        assert found[TRUE].nearest == case.true_index and found[PAIRED].nearest == case.paired_index
        part = "registered part psnr"
        assert found[TRUE].values[part] > 20 > found[PAIRED].values[part]
        assert found[TRUE].values[part] > bare.values[part] + 6
        assert torch.equal(films[NONE].frames, packed.film(case)[NONE].frames)        # without its film it is that arm
        # every latent of gap + 2 sections, and the first frame; the packed context: newest, three older ones, first
        assert films[TRUE].sources == 3 * (gap + 2) + 1 and films[NONE].sources == bare.values["frames looked up in"] == 5
        scores += list(found.values())
    rows = summarize(scores)["return"][TRUE]
    assert _sources(rows, (7, 9)) == "28 to 34" and _sources({}, (7,)) == "none"


def test_the_same_view_is_looked_in_once_and_the_newest_counts() -> None:
    pose = torch.tensor([[0.0, 0, 0], [4, 0, 0], [4, 0.5, 0], [0, 0, 0.01], [4, 0.001, 0], [0, 0, 0]])
    assert distinct_views(pose) == [5, 4, 3, 2]
    assert distinct_views(pose[:1]) == [0]


def test_the_whole_film_is_kept_in_order() -> None:
    film, first, second = FullHistory(), torch.rand(1, 4, 3, 2, 5), torch.rand(1, 4, 3, 2, 5)
    psi = film.update(film.update(film.begin(Conditioning(*(torch.zeros(1, 1),) * 4)), first), second)
    kept = psi.unflatten(2, (4, 2, 5)).transpose(1, 2)
    assert torch.equal(kept, torch.cat([first, second], dim=2))


def test_a_backbone_that_composes_nothing_has_no_sources() -> None:
    filmer = SectionFilmer(recollections.model("a", listens=False, remembers=False))
    assert filmer.film(journey("return", 1, "coffee", 0, WIDTH, HEIGHT, SECTION))[NONE].sources is None
