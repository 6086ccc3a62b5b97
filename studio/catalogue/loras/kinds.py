"""What a safetensors file is if it is not a LoRA that fits: recognized by the names of its tensors."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from studio.catalogue.loras.header import TensorEntry
from studio.language import sentence

ADAPTERS = (
    (sentence("a LoKr"), r"\.lokr_(w|t)[12](_[ab])?(\..+)?$"), (sentence("a LoHa"), r"\.hada_[wt][12](_[ab])?(\..+)?$"),
    (sentence("a DoRA"), r"\.(dora_scale|lora_magnitude_vector)(\..+)?$"), (sentence("an AdaLoRA"), r"\.(lora_E|ranknum)(\..+)?$"),
    (sentence("a LoRA of FLUX.1 as XLabs wrote them"), r"\.processor\.(qkv|proj)_lora\d\.(down|up)\.weight$"),
    (sentence("an OFT adapter"), r"\.(oft_blocks|oft_diag|oft_[rR]|boft_\w+)(\..+)?$"),
    (sentence("a GLoRA"), r"\.([ab][12]\.weight|glora_.+)$"),
    (sentence("an IA3 adapter"), r"\.(on_input|ia3_l)(\..+)?$"),
    (sentence("a LoCon with inner convolutions"), r"\.lora_mid\.weight$"),
    (sentence("a VeRA adapter"), r"\.p?vera_(lambda_)?\w+(\..+)?$"),
    (sentence("an adapter of another kind (PEFT has many)"),
     r"\.(fourierft|waveft|randlora|vblora|gralora|delora|tinylora|unilora|hira|hra|miss|bone|c3a|road|shira|poly)_\w+(\..+)?$"),
    (sentence("a LoRA whose weights are quantized"),
     r"\.lora[._](A|B|down|up)(\..+)?\.(scale_weight|weight_scale|absmax|quant_map)$"),
)
"""Adapters of other kinds, and patterns for the ends of their tensors' names."""
TEXT = re.compile(
    r"^(?:(?:base_model\.model|pipe|pipeline|model)\.)*"
    r"(lora_te\d?[._]|lora_prior_te|(lora_)?llama[._]|bundle_emb\.|text_encoders?(_\d)?\.|te\d?\.|conditioner\.|cond_stage_model\.|"
    r"clip_\w\.|t5xxl\.)"
)
"""Names of a text encoder's layers."""

_NETWORKS = (
    ("AnimateDiff", r"motion_modules"),
    ("Chroma", r"distilled_guidance_layer"),
    ("FLUX.2", r"attn[._]to_qkv_mlp_proj|double_stream_modulation"),
    ("HiDream", r"(double|single)_stream_blocks"),
    ("Stable Diffusion 3", r"joint_blocks[._]\d"),
    ("Qwen-Image", r"transformer_blocks[._]\d+[._](img|txt)_(mlp|mod)[._]"),
    ("Stable Diffusion", r"(input_blocks|output_blocks|middle_block|down_blocks|up_blocks|mid_block)[._]"),
    ("Hunyuan-DiT", r"blocks[._]\d+[._]attn[12][._](Wqkv|q_proj|kv_proj)"),
    ("Mochi", r"blocks[._]\d+[._]attn[._]qkv_[xy]"),
    ("LTX-Video, CogVideoX or PixArt", r"transformer_blocks[._]\d+[._]attn[12][._]"),
    ("Wan", r"(^|\.|lora_unet_)blocks[._]\d+[._](self_attn[._][qkvo]$|cross_attn[._]|ffn[._]|attn[12][._](to|add)_)"),
    ("Z-Image or Lumina", r"(^|\.|lora_unet_)layers[._]\d+[._](attention|feed_forward|adaLN)|noise_refiner"),
)
_UNETS = {768: "Stable Diffusion 1.5", 1024: "Stable Diffusion 2", 2048: "SDXL"}
_WHOLE = (
    (sentence("a whole checkpoint of Stable Diffusion"),
     r"^(first_stage_model|cond_stage_model|conditioner)\.|^model\.diffusion_model\.input_"),
    (sentence("a memory adapter of this studio, not a LoRA"), r"^(squeeze|memorize|answer|ask)\."),
    (sentence("an embedding (a textual inversion)"), r"^(emb_params|string_to_param|clip_[lgh]|t5xxl)(\.|$)"),
    (sentence("a file of differences between whole weights"), r"\.diff(_b)?$"),
    (sentence("a ControlNet"), r"(^|\.)(controlnet|input_hint_block|zero_convs)"),
    (sentence("an IP-Adapter"), r"^(ip_adapter|image_proj)\."),
    (sentence("an autoencoder (VAE)"),
     r"^(vae\.|first_stage_model\.)?(encoder|decoder)\.(down|up|mid|conv_in|downsamples|upsamples|middle|head)"),
    (sentence("a text encoder"),
     r"^(model\.)?(layers\.\d+\.(self_attn|mlp)\.|embed_tokens)|^(text_model|encoder\.block\.\d+\.layer|shared)\b"),
    (sentence("an image encoder"), r"^(vision_model|visual)\."),
    (sentence("a whole checkpoint of a network, not a LoRA of it"),
     r"(double_blocks|single_blocks|transformer_blocks|single_transformer_blocks)\.\d+\.|^(model\.diffusion_model\.)?blocks\.\d+\."),
)


def other_adapter(names: Iterable[str]) -> str | None:
    """The kind of adapter with these tensor names, if it is one that is not supported; else None."""
    return next((what for name in names for what, pattern in ADAPTERS if re.search(pattern, name)), None)


def describe_file(names: Collection[str]) -> str | None:
    """What a file that is no adapter is, by the names of its tensors; None: unknown."""
    return next((what for what, pattern in _WHOLE if any(re.search(pattern, name) for name in names)), None)


def other_network(stems: Collection[str], downs: Mapping[str, TensorEntry], notes: Mapping[str, str]) -> str | None:
    """The network that a LoRA was made for, if it is one that is not supported; else None.

    Args:
        stems: the layers it names, as it names them.
        downs: each stem's narrow matrix, [rank, inputs].
        notes: of its trainer.
    """
    for title, pattern in _NETWORKS:
        if any(re.search(pattern, stem) for stem in stems):
            return _unet(downs) if title == "Stable Diffusion" else title
    return "FLUX.1" if _flux([stem.replace(".", "_") for stem in stems], notes) else None


def _unet(downs: Mapping[str, TensorEntry]) -> str:
    """Stable Diffusion's versions differ in how wide the text is that their attention reads."""
    read = [entry.shape[1] for stem, entry in downs.items() if re.search(r"attn2[_.]to_[kv]$", stem) and len(entry.shape) > 1]
    return _UNETS.get(read[0], "Stable Diffusion") if read else "Stable Diffusion"


def _flux(names: Collection[str], notes: Mapping[str, str]) -> bool:
    """FLUX.1's layers have HunyuanVideo's names and widths; it has 19 and 38 blocks where HunyuanVideo has 20 and 40."""
    keys = ("modelspec.architecture", "ss_base_model_version", "ss_network_module")
    trainer = " ".join(notes.get(key, "") for key in keys).lower()
    if "flux" in trainer or "hunyuan" in trainer or "framepack" in trainer:
        return "flux" in trainer
    if any(re.match(r"lora_unet_double_blocks_\d+_(img|txt)_mlp_[02]$", name) for name in names):
        return True
    doubles = _blocks(names, r"(?<!single_)(?:double|transformer)_blocks")
    singles = _blocks(names, r"single_(?:transformer_)?blocks")
    few = max(doubles, default=0) < 19 and max(singles, default=0) < 38
    return few and (doubles == set(range(19)) or singles == set(range(38)))


def _blocks(names: Iterable[str], kind: str) -> set[int]:
    return {int(found[1]) for name in names if (found := re.search(kind + r"_(\d+)_", name))}
