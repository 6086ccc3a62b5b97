"""A model that is to be trained further: loaded or new, which parts of it are trained, how these are written. It knows no loop."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from studio.backbones.animatic.backbone import MEMORY_CHANNELS, AnimaticBackbone, ContextMemory
from studio.backbones.film_model import FilmModel
from studio.backbones.framepack.backbone import require_framepack
from studio.backbones.framepack.codec import HunyuanCodec
from studio.backbones.framepack.conditioner import HunyuanConditioner
from studio.backbones.load import best_device, load
from studio.catalogue.cards import ADAPTER, read_card
from studio.lab.train.coarse import Shape, small_framepack
from studio.lab.train.forcing_recipe import Recipe
from studio.lab.train.keeping import RecipeError
from studio.lab.train.learners import AnimaticLearner, VelocityLearner
from studio.lab.train.lora import LowRank, attach, save_lora
from studio.lab.train.parts import plain
from studio.memory.adapter import save_adapter
from studio.memory.rope import rope_rule
from studio.memory.semantic_pack import SemanticPack, SemanticPackConfig

LORA, WEIGHTS = "lora.safetensors", "weights.safetensors"


@dataclass
class Trainee:
    """A model that is trained, and which parts of it."""

    model: FilmModel                              # as it renders
    learner: AnimaticLearner | VelocityLearner
    trained: nn.ModuleDict
    lora: dict[str, LowRank] = field(default_factory=dict)

    @property
    def pack(self) -> SemanticPack | None:
        """The memory that is trained along."""
        found = self.trained["memory"] if "memory" in self.trained else None  # noqa: SIM401 - a ModuleDict has no get
        return found if isinstance(found, SemanticPack) else None


def begun(recipe: Recipe, seed: int, part: str) -> Trainee:
    """The model that the recipe begins with, with `part` of it and a new or loaded SemanticPack to be trained.

    Raises:
        ModelError: the model's folder cannot be used.
        RecipeError: the recipe asks for a memory that cannot be trained.
    """
    model = resident(Path(recipe.model), torch.device(recipe.device) if recipe.device else best_device())
    if recipe.small:
        model = small_framepack(model, Shape(**recipe.small), seed)
    transformer = require_framepack(model.backbone).transformer
    if recipe.checkpointing:
        transformer.enable_gradient_checkpointing()
    torch.manual_seed(seed)
    learner: AnimaticLearner | VelocityLearner
    animatic = model.backbone
    if isinstance(animatic, AnimaticBackbone):
        if recipe.memory:       # instead of the folder's own, which is asked for places
            model, pack = remembering(model, recipe.memory, MEMORY_CHANNELS)
            animatic.memory = None
            model = replace(model, memory=None if pack is None else ContextMemory(pack))
        else:
            pack = model.memory.pack if isinstance(model.memory, ContextMemory) else None
        learner = AnimaticLearner(model, recipe.bfloat16)
        model = learner.model
    else:
        model, pack = remembering(model, recipe.memory)
        learner = VelocityLearner(model, pack, model.rope, recipe.shift, recipe.bfloat16)
    lora: dict[str, LowRank] = {}
    parts: dict[str, nn.Module] = {"transformer": transformer}
    if part == "output":
        parts = {"norm_out": transformer.norm_out, "proj_out": transformer.proj_out}
    elif part == "lora":
        lora = attach(transformer, recipe.rank)
        parts = {"lora": nn.ModuleList(lora.values())}
    if pack is not None:
        parts["memory"] = pack
    return Trainee(model, learner, nn.ModuleDict(parts).requires_grad_(True), lora)


def resident(folder: Path, device: torch.device) -> FilmModel:
    """The model in `folder` with plain weights, all of it on `device`: what is quantized or streamed cannot be trained.

    Raises:
        ModelError: the folder cannot be used.
    """
    card = read_card(folder)
    if card.kind != "framepack" or device.type == "cpu":
        return load(card, device)
    model = load(card, "cpu", torch.bfloat16)
    codec, words = model.codec, model.conditioner
    if isinstance(codec, HunyuanCodec):
        codec.autoencoder.to(device, torch.float16)          # its colours band in bfloat16
    if isinstance(words, HunyuanConditioner):
        for encoder in (words.pipeline.text_encoder, words.pipeline.text_encoder_2, words.pipeline.image_encoder):
            encoder.to(device)
    if isinstance(model.memory, nn.Module):
        model.memory.to(device)
    require_framepack(model.backbone).to(device)
    return replace(model, device=device)


def remembering(model: FilmModel, table: dict[str, Any], channels: int = 0) -> tuple[FilmModel, SemanticPack | None]:
    """The model with a new SemanticPack as `table` says, for so many channels (0: the model's), or with its own, or with none."""
    if table:
        network = require_framepack(model.backbone).transformer.config
        sizes: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
        try:
            pack = SemanticPack(SemanticPackConfig(
                width=network.num_attention_heads * network.attention_head_dim, channels=channels or model.channels,
                text=network.text_embed_dim, image=network.image_proj_dim, **sizes,
            )).to(model.device)
        except (TypeError, ValueError) as error:
            raise RecipeError(f"[memory] of the recipe: {error}") from None
        return replace(model, memory=pack, rope=rope_rule(pack.config.trained_index)), pack
    own = model.memory
    return model, own if isinstance(own, SemanticPack) else None


def take(trainee: Trainee, kept: dict[str, torch.Tensor]) -> None:
    """The weights of a trainee whose whole network was trained."""
    transformer = require_framepack(trainee.model.backbone).transformer
    own = {name.replace(".inner.", "."): tensor for name, tensor in transformer.state_dict(keep_vars=True).items()}
    with torch.no_grad():
        for name, tensor in kept.items():
            if name.startswith("transformer."):
                own[name.removeprefix("transformer.").replace(".inner.", ".")].copy_(tensor)
    if trainee.pack is not None:
        trainee.pack.load_state_dict({n.removeprefix("memory."): t for n, t in kept.items() if n.startswith("memory.")})


def written(trainee: Trainee, folder: Path) -> None:
    """What was trained, as files: a LoRA or plain weights of the transformer, and the SemanticPack."""
    folder.mkdir(parents=True, exist_ok=True)
    if trainee.lora:
        save_lora(trainee.lora, folder / LORA)
    else:
        tensors: dict[str, torch.Tensor] = {}
        for name, module in trainee.trained.items():
            if name != "memory":
                lead = "" if name == "transformer" else f"{name}."
                tensors |= {f"{lead}{key}": tensor.cpu().contiguous() for key, tensor in module.state_dict().items()}
        save_file(plain(tensors), folder / WEIGHTS)
    if trainee.pack is not None:
        save_adapter(trainee.pack, folder / ADAPTER)
