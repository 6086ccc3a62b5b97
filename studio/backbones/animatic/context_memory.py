"""The embedded model's memory as in the paper: SemanticPack, whose psi joins the network's context."""

from __future__ import annotations

from torch import Tensor, nn

from studio.backbones.animatic.network_channels import memory_input
from studio.memory.protocol import ConditioningFeatures
from studio.memory.semantic_pack import SemanticPack


class ContextMemory(nn.Module):
    """A `Memory` as in the paper: psi joins the transformer's context. Of a section it takes the channels that the network sees."""

    holds_places = False

    def __init__(self, pack: SemanticPack) -> None:
        """`pack`: a SemanticPack for MEMORY_CHANNELS channels."""
        super().__init__()
        self.pack = pack

    def begin(self, conditioning: ConditioningFeatures) -> Tensor:
        """psi_0, [B, M, D]."""
        return self.pack.begin(conditioning)

    def update(self, psi: Tensor, latents: Tensor) -> Tensor:
        """psi_{n+1} from psi_n [B, M, D] and the section's latents [B, C + 10, T, h, w]."""
        return self.pack.update(psi, memory_input(latents))

    def view(self, psi: Tensor, recent: Tensor) -> None:
        """None: psi's tokens are features, not places, and cannot be shown."""
