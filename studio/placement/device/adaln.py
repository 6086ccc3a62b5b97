"""AdaLN tables: the outputs of the AdaLN layers, computed once per schedule, so that their weights need not be on the device.

A quarter of FramePack's weights (3.4 of 12.9 billion) are in layers whose only input is one token per step, which depends on
timestep, pooled prompt and guidance. Their outputs for 25 steps take 56 MB.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from diffusers import HunyuanVideoFramepackTransformer3DModel
from diffusers.models.normalization import AdaLayerNormContinuous, AdaLayerNormZero, AdaLayerNormZeroSingle
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.func import functional_call

from studio.catalogue.cards import ModelError
from studio.language import sentence
from studio.mapped_tensors import MappedTensors

LayerSource = Callable[[str], nn.Module]
"""A function from the name of a norm to its AdaLN layer."""


class UnpreparedError(RuntimeError):
    """The tables hold no rows for the inputs that the transformer was called with: the caller must call `prepare` first."""


class AdalnTables:
    """Replaces all `norm.linear` of a transformer by tables.

    If rows are computed one timestep at a time, the transformer's output is bit for bit the same as without tables on that device.
    """

    def __init__(self, transformer: HunyuanVideoFramepackTransformer3DModel, layer_source: LayerSource | None = None) -> None:
        """Installs empty tables.

        Args:
            transformer: its norms are changed in place; `detach` undoes it.
            layer_source: gives the layers from which rows are computed, see `layers_from_file`. None: the layers stay on the host,
                which takes no memory if they are views of a mapped file.

        Raises:
            ValueError: the transformer has no AdaLN layers, or has tables already.
        """
        self._transformer = transformer
        self._norms: dict[str, Any] = {name: part for name, part in transformer.named_modules() if isinstance(part, _KINDS)}
        if not self._norms or any(isinstance(norm.linear, _Lookup) for norm in self._norms.values()):
            raise ValueError("AdaLN tables belong on a FramePack transformer that has none yet")
        self.freed_bytes = sum(_size(norm.linear) for norm in self._norms.values())
        """Bytes of the layers that are no longer on the device."""
        self._layer_source = _on_host(self._norms) if layer_source is None else layer_source
        self._inputs: _Inputs | None = None
        self._lookups = {name: _Lookup() for name in self._norms}
        for name, norm in self._norms.items():
            norm.linear = self._lookups[name]
        self._hook = transformer.time_text_embed.register_forward_pre_hook(self._select_rows)

    @property
    def table_bytes(self) -> int:
        """Bytes of the rows, on the device."""
        return sum(t.numel() * t.element_size() for lookup in self._lookups.values() for t in lookup.rows)

    @torch.no_grad()
    def prepare(self, timesteps: Tensor, pooled: Tensor, guidance: Tensor | None = None, one_product: bool = False) -> bool:
        """Computes the rows of a schedule, unless they exist. Brings one layer at a time to the device.

        Args:
            timesteps: [S], 1000 sigma, as the transformer will get them.
            pooled: [1, P], the pooled prompt.
            guidance: [1], distilled guidance times 1000, for a transformer that takes it.
            one_product: compute all steps in one product. It reads the weights once instead of S times, and rounds differently
                (5e-5 relative in float32). Useful where the CPU computes the rows.

        Returns:
            True if rows were computed.
        """
        embedder = self._transformer.time_text_embed
        device = next(embedder.parameters()).device
        timesteps, pooled = timesteps.detach().to(device), pooled.detach().to(device, self._transformer.dtype)
        guidance = None if guidance is None else guidance.detach().to(device)
        inputs = _Inputs({t: step for step, t in enumerate(timesteps.tolist())}, pooled, guidance)
        if self._inputs is not None and self._inputs.equals(inputs):
            return False
        self.clear_rows()
        # `forward` instead of a call, so that the hook that selects rows does not run.
        embeddings = [embedder.forward(t.view(1), pooled, guidance)[0] for t in timesteps]
        if one_product:
            embeddings = [torch.cat(embeddings)]
        for name, norm in self._norms.items():
            layer = self._layer_source(name)
            weights = {key: value.to(device, non_blocking=True) for key, value in layer.named_parameters()}
            rows = [functional_call(layer, weights, (norm.silu(embedding),)) for embedding in embeddings]
            self._lookups[name].rows = list(rows[0].split(1)) if one_product else rows
        self._inputs = inputs
        return True

    def detach(self) -> None:
        """Puts the AdaLN layers back, on the host. The tables cannot be used afterwards."""
        self._hook.remove()
        for name, norm in self._norms.items():
            norm.linear = self._layer_source(name)
        self.clear_rows()

    def clear_rows(self) -> None:
        """Drops the rows. To be called when the layers that embed timestep and prompt have changed."""
        self._inputs = None
        for lookup in self._lookups.values():
            lookup.rows, lookup.row = [], None

    def _select_rows(self, _: nn.Module, inputs: tuple[Tensor, Tensor, Tensor | None]) -> None:
        """A hook that runs before the embedder: selects the rows for this call, or raises UnpreparedError."""
        timestep, pooled, guidance = inputs
        if self._inputs is None:
            raise UnpreparedError("AdaLN tables hold no rows yet: call prepare() with schedule, pooled prompt and guidance")
        if not self._inputs.same_conditioning(pooled, guidance):
            raise UnpreparedError("AdaLN tables were made for another prompt or guidance: call prepare() with the new one")
        steps, timesteps = self._inputs.steps, timestep.tolist()
        missing = [t for t in timesteps if t not in steps]
        if missing:
            known = ", ".join(f"{t:g}" for t in steps)
            raise UnpreparedError(f"AdaLN tables have no row for timestep {missing[0]:g}, only for {known}: call prepare() with it")
        indices = [steps[t] for t in timesteps]
        for lookup in self._lookups.values():
            lookup.select(indices)


def layers_from_file(path: Path, transformer: HunyuanVideoFramepackTransformer3DModel) -> LayerSource:
    """A source that reads AdaLN layers from a safetensors file, or from an index of several files, whenever rows are computed.

    Args:
        path: of the file or index, with the transformer's own names: `<norm>.linear.weight`, `<norm>.linear.bias`.
        transformer: its precision is that of the layers.

    Raises:
        ModelError: by the source, if the file is missing or damaged, or lacks the layer.
    """
    dtype = transformer.dtype

    def read(name: str) -> nn.Module:
        """The linear layer of the norm `name`, on the host."""
        keys = {part: f"{name}.linear.{part}" for part in ("weight", "bias")}
        try:
            # A copy, because products on the CPU round differently for memory that is not aligned, such as that of mapped files.
            values = {part: _tensor(path, key).to(dtype, copy=True) for part, key in keys.items()}
        except (OSError, KeyError, ValueError, SafetensorError) as error:
            raise ModelError(sentence(
                "{path} is missing or damaged ({error}); {name} is needed from it. Get the file again.",
                path=path, error=str(error), name=name)) from error
        outs, ins = values["weight"].shape
        layer = nn.Linear(ins, outs, device="meta", dtype=dtype)
        layer.load_state_dict(values, assign=True)
        return layer.requires_grad_(False)

    return read


class _Lookup(nn.Module):
    """Takes the place of an AdaLN layer and returns rows. As plain attributes they do not move or count as weights."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Tensor] = []       # S of [1, k D]
        self.row: Tensor | None = None     # [B, k D] for the current call; one tensor, so that blocks can be compiled

    def select(self, steps: Sequence[int]) -> None:
        """Selects the rows of these steps, one step for each element of a batch."""
        self.row = self.rows[steps[0]] if len(steps) == 1 else torch.cat([self.rows[step] for step in steps])

    def forward(self, x: Tensor) -> Tensor:
        """The selected rows [B, k D]. Of x [B, D] only the device matters."""
        assert self.row is not None, "the transformer's time embedder ran before"
        return self.row.to(x.device)


class _Inputs:
    """The inputs that rows were computed for."""

    def __init__(self, steps: dict[float, int], pooled: Tensor, guidance: Tensor | None) -> None:
        self.steps, self.pooled, self.guidance = steps, pooled, guidance

    def equals(self, other: _Inputs) -> bool:
        """Whether all inputs are the same."""
        return self.steps == other.steps and self.same_conditioning(other.pooled, other.guidance)

    def same_conditioning(self, pooled: Tensor, guidance: Tensor | None) -> bool:
        """Whether prompt and guidance of every element of a batch are the same, bit for bit."""
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
    return MappedTensors(path)[key]
