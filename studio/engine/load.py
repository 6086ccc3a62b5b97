"""Loading: a model folder becomes a model in memory, small and large ones by the same code. It does not know jobs or takes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import diffusers.utils.logging
import torch
import transformers.utils.logging
from diffusers import HunyuanVideoFramepackTransformer3DModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import CLIPTextModel, PreTrainedTokenizerFast, SiglipVisionModel

from studio.diffusion.animatic import NOTICED, AnimaticBackbone, ContextMemory
from studio.diffusion.autoencoder import LappedAutoencoder
from studio.diffusion.backbone import Backbone
from studio.diffusion.codec import AnimaticCodec, Codec
from studio.diffusion.conditioning import Conditioner, SmallConditioner
from studio.diffusion.framepack import FramePackBackbone
from studio.diffusion.places import BESIDE, PlaceMemory
from studio.diffusion.weather import WeatherSynthesis
from studio.engine.cards import ADAPTER, RECALL, ModelCard, ModelError, check
from studio.engine.fingerprint import fingerprint
from studio.engine.own_lora import wear
from studio.memory.adapter import AdapterError, load_adapter, load_recall, read_config
from studio.memory.rope import FIXED, Positions, rule
from studio.memory.semantic_pack import Fit, LongTermMemory

if TYPE_CHECKING:
    from studio.engine.placement.laid import Plan
    from studio.engine.placement.placed_model import PlacedModel

T = TypeVar("T")
_LOADING = threading.Lock()

# The page and the command line show their own progress.
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()


@dataclass(frozen=True)
class FilmModel:
    """A model ready to render: the three parts the section loop needs, and the card that says how to use them."""

    card: ModelCard
    backbone: Backbone
    codec: Codec
    conditioner: Conditioner
    device: torch.device
    fingerprint: str               # of the weights: snapshots of other weights are refused
    memory: LongTermMemory | None = None
    positions: Positions = FIXED
    placement: PlacedModel | None = None       # of a large model on a card; None: everything lies on `device`

    def release(self) -> None:
        """Give back what a placement holds. The model is of no use afterwards."""
        if self.placement is not None:
            self.placement.release()

    @property
    def channels(self) -> int:
        return self.backbone.channels


@dataclass(frozen=True)
class Asked:
    """What is to be loaded, and how; see `load`."""

    card: ModelCard
    device: torch.device | None
    dtype: torch.dtype | None
    size: tuple[int, int] | None
    plan: Plan | None
    tell: Callable[[str], None]


def best_device() -> torch.device:
    """CUDA, then Apple's GPU, then the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def load(
    card: ModelCard, device: torch.device | str | None = None, dtype: torch.dtype | None = None,
    size: tuple[int, int] | None = None, plan: Plan | None = None, tell: Callable[[str], None] = lambda _: None,
) -> FilmModel:
    """Load the model of `card`: bfloat16 on a GPU and float32 on a CPU unless `dtype` says otherwise.

    Args:
        card: of the model.
        device: None: the best there is. A large model that is asked for on the CPU lies there as a whole.
        dtype: of weights that are not int8, and of what is computed.
        size: of the film that a large model is planned for; None: the model's first.
        plan: where a large model's parts lie; None: as `large.planned` has it for this machine.
        tell: hears, in sentences, what takes long because it is done for the first time.

    Raises:
        ModelError: a file is missing, truncated or not what the card says, or the model does not fit this machine; the message
            names it and the remedy.
        MediaError: there is no room on the disk for what is prepared once.
    """
    if card.kind not in KINDS:
        known = " and ".join(f"'{kind}'" for kind in KINDS)
        raise ModelError(f"{card.folder.name}: this studio knows models of the kinds {known}, not '{card.kind}'.")
    check(card)
    # The libraries' loaders build modules under switches of the whole process: two at once would spoil each other's.
    with _LOADING:
        return KINDS[card.kind](Asked(card, None if device is None else torch.device(device), dtype, size, plan, tell))


def part(card: ModelCard, kind: type[T], folder: str, **options: Any) -> T:
    """One component of the model folder, read by its library's own loader."""
    loader = cast(Callable[..., T], kind.from_pretrained)  # type: ignore[attr-defined]
    try:
        return loader(card.path(folder), local_files_only=True, **options)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelError(
            f"The model '{card.title}' cannot be loaded: {card.path(folder)} is missing or damaged ({error}). {card.remedy}"
        ) from error


def frozen(component: T, device: torch.device) -> T:
    """The component on its device, to be used and not trained."""
    module: Any = component
    return cast(T, module.to(device).eval().requires_grad_(False))


def _animatic(asked: Asked) -> FilmModel:
    """The embedded kind: small, and as a whole where it computes."""
    card = asked.card
    device = asked.device or best_device()
    dtype = asked.dtype or (torch.bfloat16 if device.type == "cuda" else torch.float32)
    transformer = part(card, HunyuanVideoFramepackTransformer3DModel, "transformer", torch_dtype=dtype)
    # float32 on every device: frames are looked up and encoded with it, and it is small.
    autoencoder = frozen(part(card, LappedAutoencoder, "vae", torch_dtype=torch.float32), device)
    weather = frozen(part(card, WeatherSynthesis, "weather", torch_dtype=torch.float32), device)
    path = card.folder / "deviation.safetensors"
    try:
        beside = load_file(path)
        made = AnimaticBackbone(transformer, autoencoder, beside["deviation"])
    except (OSError, KeyError, SafetensorError) as error:
        raise ModelError(f"{path} is missing or damaged ({error}). Get the folder {card.folder.name} again.") from error
    made.breeze = beside.get("wind")
    text_encoder = frozen(part(card, CLIPTextModel, "text_encoder", dtype=dtype), device)
    image_encoder = frozen(part(card, SiglipVisionModel, "image_encoder", dtype=dtype), device)
    words = SmallConditioner(part(card, PreTrainedTokenizerFast, "tokenizer"), text_encoder, image_encoder, card.prompt_tokens)
    return _film(card, frozen(made, device), AnimaticCodec(autoencoder, weather), words, device)


def _framepack(asked: Asked) -> FilmModel:
    """FramePack-F1's kind: placed part by part on a card, as a whole on the CPU."""
    from studio.engine import large  # a second of imports that the small kind does without

    card = asked.card
    plan = asked.plan or large.planned(card, asked.device, asked.size)
    if plan is not None and plan.profile.device == "cuda":
        return large.placed(card, plan, asked.device or best_device(), asked.dtype, asked.tell)
    device, dtype = torch.device("cpu"), asked.dtype or torch.float32
    transformer = part(card, HunyuanVideoFramepackTransformer3DModel, "transformer", torch_dtype=dtype)
    wear(card, transformer)
    backbone = frozen(FramePackBackbone(transformer), device)
    return _film(card, backbone, large.codec(card, device, dtype), large.conditioner(card, device, dtype), device)


KINDS: dict[str, Callable[[Asked], FilmModel]] = {"animatic": _animatic, "framepack": _framepack}
"""How each kind of model is opened: a new kind is one entry here and one in `sizes.KINDS`. Nothing that renders knows kinds."""


def _film(
    card: ModelCard, backbone: FramePackBackbone, codec: Codec, conditioner: Conditioner, device: torch.device
) -> FilmModel:
    memory, trained = long_term(card, backbone, device) if card.remembers else (None, 0)
    return FilmModel(card, backbone, codec, conditioner, device, fingerprint(card), memory, rule(trained))


def place_memory(folder: Path, backbone: AnimaticBackbone, device: torch.device) -> PlaceMemory:
    """The memory in a folder's two adapter files, for this backbone to ask for places.

    Raises:
        AdapterError: a file cannot be used, or was made for another model.
    """
    own, network = read_config(folder / ADAPTER), backbone.transformer.config
    # Its psi does not join the context: its width is its own.
    pack = load_adapter(folder / ADAPTER, Fit(own.width, own.channels, network.text_embed_dim, network.image_proj_dim))
    return frozen(PlaceMemory(pack, load_recall(folder / RECALL, pack, BESIDE), backbone.autoencoder), device)


def long_term(card: ModelCard, backbone: FramePackBackbone, device: torch.device) -> tuple[LongTermMemory, int]:
    """The long-term memory, and up to which RoPE index it was trained."""
    network = backbone.transformer.config
    try:
        width = network.num_attention_heads * network.attention_head_dim
        asked = any(file.path == RECALL for file in card.files)
        if isinstance(backbone, AnimaticBackbone) and asked:
            backbone.memory = memory = place_memory(card.folder, backbone, device)
            return memory, memory.pack.config.trained_index
        animatic = isinstance(backbone, AnimaticBackbone)
        fit = Fit(width, NOTICED if animatic else backbone.channels, network.text_embed_dim, network.image_proj_dim)
        pack = frozen(load_adapter(card.folder / ADAPTER, fit), device)
        return ContextMemory(pack) if animatic else pack, pack.config.trained_index
    except AdapterError as error:
        raise ModelError(f"The model '{card.title}' cannot be loaded: {error} Projects are not affected.") from error
