"""What the names of tensors in LoRA files mean: which layer, which of its matrices, and of which adapter.

    base_model.model.transformer_blocks.0.attn.to_q.lora_A.my-style.weight     PEFT, with the name of the adapter
    lora_unet_double_blocks_0_img_attn_qkv.lora_down.weight                    kohya's sd-scripts and musubi-tuner
    lora_transformer_transformer_blocks_0_attn_to_q.alpha                      OneTrainer
    module._orig_mod.transformer_blocks.0.attn.to_q.lora_linear_layer.up.weight
                                                                               diffusers, trained on several cards and compiled
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_ADAPTER = r"(?:\.(?P<adapter>.+))?"
_ROLES = (
    ("down", re.compile(rf"[._]lora(?:_linear_layer)?[._](?:A|a|down){_ADAPTER}\.weight$|\.lora_A(?:\.default)?$")),
    ("up", re.compile(rf"[._]lora(?:_linear_layer)?[._](?:B|b|up){_ADAPTER}\.weight$|\.lora_B(?:\.default)?$")),
    ("alpha", re.compile(rf"\.(?:lora_)?alpha{_ADAPTER}$")),
)
_WRAPPERS = re.compile(
    r"(?:^|(?<=\.))(?:module|base_layer|processor|_forward_module)(?:\.|$)"
    r"|(?:^|(?<=[._]))(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?:[._]|$)"
)
"""What PyTorch's and PEFT's wrappers of a layer add to its name: for several cards, compilation, checkpoints, adapters."""


@dataclass
class TensorNames:
    """The names of a file's tensors, by the layers they are for."""

    down: dict[str, str] = field(default_factory=dict)
    up: dict[str, str] = field(default_factory=dict)
    alpha: dict[str, str] = field(default_factory=dict)
    repeated: list[tuple[str, str, str]] = field(default_factory=list)
    """A layer, and how the names of two tensors end that are the same matrix of it."""

    @property
    def layers(self) -> list[str]:
        """The layers that have one matrix or both, as the file names them, without what wrappers add."""
        return [*self.down, *(layer for layer in self.up if layer not in self.down)]


def sort_names(names: Iterable[str]) -> TensorNames:
    """Sort the names of a file's tensors. Those that belong to no LoRA are left out."""
    found = TensorNames()
    for name in names:
        for role, pattern in _ROLES:
            if match := pattern.search(name):
                known: dict[str, str] = getattr(found, role)
                layer = without_wrappers(name[: match.start()])
                if layer in known:
                    found.repeated.append((layer, _ending(known[layer], pattern), match[0]))
                known[layer] = name
                break
    return found


def _ending(name: str, pattern: re.Pattern[str]) -> str:
    match = pattern.search(name)
    return match[0] if match else ""


def without_wrappers(layer: str) -> str:
    """The name of a layer without the parts that PyTorch's and PEFT's wrappers add to it."""
    return _WRAPPERS.sub("", layer).rstrip(".")
