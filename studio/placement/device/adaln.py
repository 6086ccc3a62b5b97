"""AdaLN tables: what modulates the blocks, worked out once per schedule, so that its weights need not lie on the device.

A quarter of FramePack's weights (3.4 of 12.9 billion) see one token per step, which depends on timestep, pooled prompt and guidance
alone. The rows for 25 steps are 56 MB. It does not know blocks, sections or where the other weights lie.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from diffusers.models.normalization import AdaLayerNormContinuous, AdaLayerNormZero, AdaLayerNormZeroSingle
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.func import functional_call

from studio.catalogue.cards import ModelError

LayerSource = Callable[[str], nn.Module]
"""From the name of a norm to its modulation layer, wherever that is kept."""


class UnpreparedError(RuntimeError):
    """The tables were not made for what the transformer was called with: the caller must `prepare` first."""


class AdalnTables:
    """Takes the place of all `norm.linear` of a transformer. The same transformer without it is the slow twin.

    Works on rows made one timestep at a time: the output is then the twin's, bit for bit, on the device that made them.
    """

    def __init__(self, transformer: HunyuanVideoFramepackTransformer3DModel, layer_source: LayerSource | None = None) -> None:
        """Put the tables in.

        Args:
            transformer: its norms are changed in place; `detach` undoes it.
            layer_source: where the layers come from when rows are made, see `layers_from_file`. None: they stay on the
                host as they are, which costs nothing where they are views of a mapped file.
        """
        self._transformer = transformer
        self._norms: dict[str, Any] = {name: part for name, part in transformer.named_modules() if isinstance(part, _KINDS)}
        if not self._norms or any(isinstance(norm.linear, _Lookup) for norm in self._norms.values()):
            raise ValueError("AdaLN tables belong on a FramePack transformer that has none yet")
        self.freed_bytes = sum(_size(norm.linear) for norm in self._norms.values())
        """Bytes of the layers that the device does without."""
        self._layer_source = _on_host(self._norms) if layer_source is None else layer_source
        self._asked: _Asked | None = None
        self._lookups = {name: _Lookup() for name in self._norms}
        for name, norm in self._norms.items():
            norm.linear = self._lookups[name]
        self._hook = transformer.time_text_embed.register_forward_pre_hook(self._look_up)

    @property
    def table_bytes(self) -> int:
        """Of the rows, on the device."""
        return sum(t.numel() * t.element_size() for lookup in self._lookups.values() for t in lookup.rows)

    @torch.no_grad()
    def prepare(self, timesteps: Tensor, pooled: Tensor, guidance: Tensor | None = None, one_product: bool = False) -> bool:
        """Make the rows of a schedule, unless they are there. Needs one layer at a time on the device.

        Args:
            timesteps: [S] 1000 sigma, as the transformer will get them.
            pooled: [1, P] pooled prompt.
            guidance: [1] distilled guidance times 1000, for a transformer that takes it.
            one_product: all steps in one product: reads the weights once instead of S times, and rounds otherwise (5e-5 relative
                in float32). Worth it where the CPU makes the rows.

        Returns:
            True when rows were made.
        """
        embedder = self._transformer.time_text_embed
        device = next(embedder.parameters()).device
        timesteps, pooled = timesteps.detach().to(device), pooled.detach().to(device, self._transformer.dtype)
        guidance = None if guidance is None else guidance.detach().to(device)
        asked = _Asked({t: step for step, t in enumerate(timesteps.tolist())}, pooled, guidance)
        if self._asked is not None and self._asked.equals(asked):
            return False
        self.clear_rows()
        # `forward`, not a call: the hook that looks rows up must not see this.
        embeddings = [embedder.forward(t.view(1), pooled, guidance)[0] for t in timesteps]
        if one_product:
            embeddings = [torch.cat(embeddings)]
        for name, norm in self._norms.items():
            layer = self._layer_source(name)
            weights = {key: value.to(device, non_blocking=True) for key, value in layer.named_parameters()}
            rows = [functional_call(layer, weights, (norm.silu(embedding),)) for embedding in embeddings]
            self._lookups[name].rows = list(rows[0].split(1)) if one_product else rows
        self._asked = asked
        return True

    def detach(self) -> None:
        """Give the norms their layers back, on the host. The tables are of no use afterwards."""
        self._hook.remove()
        for name, norm in self._norms.items():
            norm.linear = self._layer_source(name)
        self.clear_rows()

    def clear_rows(self) -> None:
        """Drop the rows: what embeds the time step or the prompt is not what it was."""
        self._asked = None
        for lookup in self._lookups.values():
            lookup.rows, lookup.row = [], None

    def _look_up(self, _: nn.Module, inputs: tuple[Tensor, Tensor, Tensor | None]) -> None:
        """Before the embedder runs: which rows this call needs. Never another row than the right one."""
        timestep, pooled, guidance = inputs
        if self._asked is None:
            raise UnpreparedError("AdaLN tables hold no rows yet: call prepare() with schedule, pooled prompt and guidance")
        if not self._asked.same_conditioning(pooled, guidance):
            raise UnpreparedError("AdaLN tables were made for another prompt or guidance: call prepare() with the new one")
        steps, asked = self._asked.steps, timestep.tolist()
        missing = [t for t in asked if t not in steps]
        if missing:
            known = ", ".join(f"{t:g}" for t in steps)
            raise UnpreparedError(f"AdaLN tables have no row for timestep {missing[0]:g}, only for {known}: call prepare() with it")
        chosen = [steps[t] for t in asked]
        for lookup in self._lookups.values():
            lookup.choose(chosen)


def layers_from_file(path: Path, transformer: HunyuanVideoFramepackTransformer3DModel) -> LayerSource:
    """Modulation layers read from a safetensors file, or from an index of several, whenever rows are made.

    Args:
        path: with tensors named as the transformer names them: `<norm>.linear.weight`, `<norm>.linear.bias`.
        transformer: for the precision the layers had.

    Raises:
        ModelError: when a layer is asked for and the file is missing, damaged or has no such layer.
    """
    dtype = transformer.dtype

    def read(name: str) -> nn.Module:
        keys = {part: f"{name}.linear.{part}" for part in ("weight", "bias")}
        try:
            # A copy: products on the CPU round otherwise where memory is not aligned, and mapped files are not.
            values = {part: _tensor(path, key).to(dtype, copy=True) for part, key in keys.items()}
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise ModelError(f"{path} is missing or damaged ({error}); {name} is needed from it. Get the file again.") from error
        outs, ins = values["weight"].shape
        layer = nn.Linear(ins, outs, device="meta", dtype=dtype)
        layer.load_state_dict(values, assign=True)
        return layer.requires_grad_(False)

    return read


class _Lookup(nn.Module):
    """A layer that knows its answers. Rows are plain attributes, so whoever moves or counts weights leaves them alone."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Tensor] = []       # S times [1, k D]
        self.row: Tensor | None = None     # [B, k D] for the call that is under way: one tensor, so that blocks can be compiled

    def choose(self, steps: Sequence[int]) -> None:
        """The rows of these steps, one for each of a batch."""
        self.row = self.rows[steps[0]] if len(steps) == 1 else torch.cat([self.rows[step] for step in steps])

    def forward(self, x: Tensor) -> Tensor:
        assert self.row is not None, "the transformer's time embedder ran before"
        return self.row.to(x.device)


class _Asked:
    """What rows were made for."""

    def __init__(self, steps: dict[float, int], pooled: Tensor, guidance: Tensor | None) -> None:
        self.steps, self.pooled, self.guidance = steps, pooled, guidance

    def equals(self, other: _Asked) -> bool:
        return self.steps == other.steps and self.same_conditioning(other.pooled, other.guidance)

    def same_conditioning(self, pooled: Tensor, guidance: Tensor | None) -> bool:
        """True when every row of a batch is what the tables were made for, bit for bit."""
        if (guidance is None) != (self.guidance is None) or pooled.shape[1:] != self.pooled.shape[1:]:
            return False
        if guidance is not None and self.guidance is not None and not bool((guidance == self.guidance.to(guidance.device)).all()):
            return False
        return bool((pooled == self.pooled.to(pooled.device)).all())


_KINDS = (AdaLayerNormZero, AdaLayerNormZeroSingle, AdaLayerNormContinuous)


def _on_host(norms: dict[str, Any]) -> LayerSource:
    layers: dict[str, nn.Module] = {name: norm.linear.to("cpu") for name, norm in norms.items()}
    return lambda name: layers[name]


def _size(layer: nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in layer.parameters())


def _tensor(path: Path, key: str) -> Tensor:
    if path.name.endswith(".index.json"):
        path = path.with_name(json.loads(path.read_text("utf-8"))["weight_map"][key])
    with safe_open(path, framework="pt") as file:
        return file.get_tensor(key)
