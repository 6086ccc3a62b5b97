"""Cross-attention of a backbone's blocks to psi, an option of "Pretraining Frame Preservation" (2512.23851).

    h <- h + Out(Attention(Q(norm(h)), K(norm(psi)), V(norm(psi))))        behind every block of the backbone

The paper: attention to the encoder's last states, after IP-Adapter (2308.06721), whose keys and values are new and whose output is
added. Ours, where the text at hand leaves it open: the states are psi's own tokens, so a snapshot holds all that is read; queries
are new as well, and narrow, so that the layers of all blocks stay small beside the backbone; they stand behind a block and not
within it, so blocks may be streamed, quantized and compiled as they are; `Out` is zero at first.
In the history stream tokens have their places in the film; here they have none.

Letters: B batch, N tokens of the film, M memory tokens, D width of the backbone, I inner width.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class PsiAttention(nn.Module):
    """The attention behind one block. It changes nothing before it is trained."""

    def __init__(self, width: int, inner: int, heads: int) -> None:
        """`width`: D; `inner`: I, shared by `heads` heads."""
        super().__init__()
        self.heads = heads
        self.before, self.before_psi = nn.LayerNorm(width, elementwise_affine=False), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, inner, bias=False) for _ in range(3))
        self.query_norm, self.key_norm = (nn.RMSNorm(inner // heads, eps=1e-6) for _ in range(2))
        self.out = nn.Linear(inner, width, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(self, film: Tensor, psi: Tensor) -> Tensor:
        """What is added to the film's tokens [B, N, D], in their precision: [B, N, D]; psi is [B, M, D]."""
        weight = self.query.weight
        x, memory = self.before(film.to(weight)), self.before_psi(psi.to(weight))
        q = self.query_norm(self.query(x).unflatten(2, (self.heads, -1))).transpose(1, 2)          # [B, heads, N, I / heads]
        k = self.key_norm(self.key(memory).unflatten(2, (self.heads, -1))).transpose(1, 2)         # [B, heads, M, I / heads]
        v = self.value(memory).unflatten(2, (self.heads, -1)).transpose(1, 2)                      # [B, heads, M, I / heads]
        added: Tensor = self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return added.to(film)
