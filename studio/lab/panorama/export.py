"""Export of a trained network of the bench as a model folder that the studio opens."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import torch
from pydantic import Field
from safetensors.torch import save_file

from studio.backbones.panorama.conditioner import FASTEST, PLAIN, SLOW
from studio.backbones.panorama.film_memory import PanoramaMemory
from studio.backbones.panorama.folder import CONFIG, PIXELS_PER_LATENT, WEIGHTS
from studio.backbones.panorama.latents import Views
from studio.backbones.panorama.load import load_network
from studio.backbones.panorama.network import NetworkConfig, PanoramaNetwork
from studio.backbones.panorama.places import FRAMES, PATCH, VIEW
from studio.catalogue.cards import CARD, MEMORY, ModelCard, check, files_toml, read_card
from studio.lab.panorama.arms import Network
from studio.lab.panorama.films import draw_films, moves_between
from studio.lab.panorama.training import Run, RunError, Trained
from studio.lab.panorama.world import World, sections_since_seen
from studio.lab.train.checkpoints import load_checkpoint
from studio.memory.delta_rule import DeltaRule
from studio.tables import table

FPS, FRAMES_OF_LATENT, STEPS = 12, 12, 8
SEED = 2**20
"""Of the worlds on which the memory's certainty is measured."""
PHRASES = [
    "the camera pans left", "the camera pans right", "the camera pans left slowly", "the camera pans right slowly",
    "the camera pans left fast", "the camera pans right fast", "static shot",
]


@table
class PanoramaRecipe:
    """A network of the bench for the studio."""

    run: str                                # folder of the checkpoints
    model: str                              # the model folder that is written
    steps: Annotated[int, Field(ge=1)]
    batch: Annotated[int, Field(ge=1)]
    grid: Annotated[int, Field(description="1, 2 or 4")] = 1
    query: Annotated[float, Field(ge=0, lt=1)] = 0.0        # share of the steps that ask for frames of the past
    seed: int = 0

    @property
    def training(self) -> Run:
        """Its run."""
        return Run("delta-exact", self.seed, world=World(grid=self.grid), steps=self.steps, batch=self.batch, query=self.query)


def export_checkpoint(path: Path, folder: Path) -> ModelCard:
    """Write the network of a run's checkpoint, with the average of its weights, as a model folder.

    Raises:
        RunError: there is no such checkpoint, or its network is none that the studio can film with.
    """
    saved = load_checkpoint(path)
    if saved is None:
        raise RunError(f"There is no checkpoint {path}: train first.")
    run = Run.from_dict(saved["run"])
    network = Network(run.arm, run.network, run.pose)
    network.load_state_dict(saved["average"]["weights"])
    return export(Trained(network.eval(), saved["step"], saved["seconds"], saved["losses"]), run, folder)


def export(trained: Trained, run: Run, folder: Path) -> ModelCard:
    """Write a trained network as a model folder: weights and card. A README.md that is there is kept.

    Raises:
        RunError: the network is none that the studio can film with.
    """
    memory = trained.network.memory
    if not isinstance(memory, DeltaRule) or run.pose != "known" or not run.world.closed:
        raise RunError(f"The studio films with the delta rule, known places and a closed world, not with {run.name}.")
    if any(speed % run.world.grid for speed in (SLOW, PLAIN, FASTEST)):
        raise RunError(f"The studio's pans are no multiples of {run.world.grid} columns, which {run.name} was trained on.")
    network = PanoramaNetwork(NetworkConfig(
        columns=run.world.columns, grid=run.world.grid, **asdict(run.network),
        memory_heads=memory.heads, memory_key=memory.key_size, memory_value=memory.value_size,
        memory_hidden=len(memory.memorize.feed_forward.get_parameter("0.weight")), known=0.0, invented=1.0,
        memory_leaves_place=memory.leaves_place))
    network.denoiser, network.memory = trained.network.denoiser, memory
    known, invented = measure_certainty(network, run.world)
    config = replace(network.config, known=known, invented=invented)
    (folder / WEIGHTS).parent.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps(asdict(config), indent=2) + "\n", "utf-8")
    # float16: half the size, and the network computes in float32 all the same.
    for name, part in ((WEIGHTS, trained.network.denoiser), (MEMORY, memory)):
        save_file({key: weight.half().contiguous() for key, weight in part.state_dict().items()}, folder / name)
    (folder / CARD).write_text(_card_text() + files_toml(folder, (CONFIG, MEMORY, WEIGHTS)), "utf-8")
    card = read_card(folder)
    check(card, thorough=True)
    load_network(card)
    return card


@torch.no_grad()
def measure_certainty(network: PanoramaNetwork, world: World, films: int = 16, sections: int = 4) -> tuple[float, float]:
    """What `NetworkConfig` calls known and invented: on films of new worlds, the deviation that nine tenths of the places in view
    stay below, and that which nine tenths of the others are above."""
    made, _ = draw_films(films, sections, SEED, world, "known", network.config.harmonics)
    memory = PanoramaMemory(network)
    columns = torch.from_numpy(made.walks).float()
    psi = network.memory.begin(films)
    for n, moves in enumerate(moves_between(columns, world).unbind(1)):
        psi = network.write(psi, Views(made.frames[:, n], columns[:, n], moves))
    shown = torch.from_numpy(sections_since_seen(made.walks, world)[1]).any(dim=1).unflatten(1, (-1, PATCH))
    deviations = torch.stack([memory.ring_deviations(each[None]) for each in psi])
    known, invented = deviations[shown.all(dim=2)].quantile(0.9), deviations[~shown.any(dim=2)].quantile(0.1)
    return round(float(known), 3), round(max(float(invented), float(known) + 0.01), 3)


def _card_text() -> str:
    """The text of the model card without its list of files."""
    side = VIEW * PIXELS_PER_LATENT
    keys: dict[str, object] = {
        "title": "Panorama mini",
        "summary": "A toy with a learned memory: it pans over a tiny world of coarse pixels and finds its way back.",
        "licence": "Apache-2.0", "fps": FPS, "window": FRAMES, "section_frames": FRAMES * FRAMES_OF_LATENT, "sizes": [[side, side]],
        "steps": STEPS, "guidance": 1.0,
        "shift": 1.0,       # the bench's steps are of equal length
        "kind": "panorama", "prompt_tokens": 1,
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items()]
    return "\n".join([*lines, "", "[phrases]", f"camera = {json.dumps(PHRASES)}"]) + "\n"
