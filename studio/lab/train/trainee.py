"""A model that is set up to be forced: which parts of it are trained, and the files that they are written to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from studio.backbones.components import best_device
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import require_framepack
from studio.catalogue.cards import ADAPTER, read_card
from studio.lab.train.coarse import small_framepack
from studio.lab.train.families import training_family
from studio.lab.train.forcing import Learner
from studio.lab.train.forcing_recipe import ForcingRecipe
from studio.lab.train.latent_film import LatentFilm
from studio.lab.train.lora import LowRank, add_lora, save_lora
from studio.lab.train.parts import stock_names
from studio.memory.adapter import LongTermMemory, save_adapter

LORA, WEIGHTS = "lora.safetensors", "weights.safetensors"


@dataclass
class Trainee:
    """A model and the parts of it that are trained."""

    model: FilmModel                              # as it renders
    learner: Learner[LatentFilm]
    trained: nn.ModuleDict                        # "memory" is the long-term memory; the others are parts of the transformer
    pack: LongTermMemory | None = None              # the memory that is trained along
    lora: dict[str, LowRank] = field(default_factory=dict)


def new_trainee(recipe: ForcingRecipe, seed: int, part: str) -> Trainee:
    """The model that the recipe begins with, set up so that `part` of it and its long-term memory, new or loaded, are trained.

    Raises:
        ModelError: the model's folder cannot be used.
        RecipeError: the recipe describes a memory that cannot be made.
    """
    device = torch.device(recipe.device) if recipe.device else best_device()
    card = read_card(Path(recipe.model))
    model = training_family(card).load(card, device)
    if recipe.small is not None:
        model = small_framepack(model, recipe.small, seed)
    transformer = require_framepack(model.backbone).transformer
    if recipe.checkpointing:
        transformer.enable_gradient_checkpointing()
    torch.manual_seed(seed)
    setup = training_family(model.card).set_up(model, recipe)
    lora: dict[str, LowRank] = {}
    parts: dict[str, nn.Module] = {"transformer": transformer}
    if part == "output":
        parts = {"norm_out": transformer.norm_out, "proj_out": transformer.proj_out}
    elif part == "lora":
        lora = add_lora(transformer, recipe.rank)
        parts = {"lora": nn.ModuleList(lora.values())}
    if setup.pack is not None:
        parts["memory"] = setup.pack
    return Trainee(setup.model, setup.learner, nn.ModuleDict(parts).requires_grad_(True), setup.pack, lora)


def load_weights(trainee: Trainee, weights: dict[str, Tensor]) -> None:
    """Load the weights of a trainee whose whole transformer was trained; `weights` are named as in its `trained`."""
    transformer = require_framepack(trainee.model.backbone).transformer
    own = {name.replace(".inner.", "."): tensor for name, tensor in transformer.state_dict(keep_vars=True).items()}
    with torch.no_grad():
        for name, tensor in weights.items():
            if name.startswith("transformer."):
                own[name.removeprefix("transformer.").replace(".inner.", ".")].copy_(tensor)
    load_memory(trainee, weights)


def load_memory(trainee: Trainee, weights: dict[str, Tensor]) -> None:
    """Load the weights of a trainee's long-term memory, if it has one; `weights` are named as in its `trained`."""
    if trainee.pack is not None:
        trainee.pack.load_state_dict({n.removeprefix("memory."): t for n, t in weights.items() if n.startswith("memory.")})


def save_trained(trainee: Trainee, folder: Path) -> None:
    """Write what was trained into a folder: a LoRA file or plain weights of the transformer, and the long-term memory."""
    folder.mkdir(parents=True, exist_ok=True)
    if trainee.lora:
        save_lora(trainee.lora, folder / LORA)
    else:
        tensors: dict[str, Tensor] = {}
        for name, module in trainee.trained.items():
            if name != "memory":
                lead = "" if name == "transformer" else f"{name}."
                tensors |= {f"{lead}{key}": tensor.cpu().contiguous() for key, tensor in module.state_dict().items()}
        save_file(stock_names(tensors), folder / WEIGHTS)
    if trainee.pack is not None:
        save_adapter(trainee.pack, folder / ADAPTER)
