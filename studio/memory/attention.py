"""The attention block of the memories: Wan's, with normalized queries and keys.

Letters: B batch, Q queries, M memory tokens, D width.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Multi-head attention. Queries and keys are normalized per head (RMSNorm), as in Wan."""

    def __init__(self, width: int, heads: int) -> None:
        """`heads` heads of width / heads each."""
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.query_norm, self.key_norm = (nn.RMSNorm(width // heads, eps=1e-6) for _ in range(2))

    def forward(self, x: Tensor, context: Tensor, mask: Tensor | None = None) -> Tensor:
        """Queries from x [B, Q, D], keys and values from context [B, M, D]; returns [B, Q, D].

        `mask`: [Q, M] bool, which of the context each query may see; None: all.
        """
        q = self.query_norm(self.query(x).unflatten(2, (self.heads, -1))).transpose(1, 2)          # [B, heads, Q, D / heads]
        k = self.key_norm(self.key(context).unflatten(2, (self.heads, -1))).transpose(1, 2)        # [B, heads, M, D / heads]
        v = self.value(context).unflatten(2, (self.heads, -1)).transpose(1, 2)                     # [B, heads, M, D / heads]
        return self.out(F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2))


class Block(nn.Module):
    """Attention and feed-forward, each with a norm before it and a residual around it: Wan's block."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        """`hidden`: inner width of the feed-forward."""
        super().__init__()
        self.before_attention, self.before_feed_forward = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.feed_forward = nn.Sequential(nn.Linear(width, hidden), nn.GELU(approximate="tanh"), nn.Linear(hidden, width))

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """x [B, Q, D], context [B, M, D] or None for self-attention, mask [Q, M] or None; returns [B, Q, D]."""
        normed = self.before_attention(x)
        x = x + self.attention(normed, normed if context is None else context, mask)
        return x + self.feed_forward(self.before_feed_forward(x))
