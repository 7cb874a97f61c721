"""The Llama architecture, as the kernel's C engine and llama.cpp read it: RMSNorm, RoPE on pairs (2i, 2i+1), grouped-query
attention, SwiGLU, tied embeddings, no biases. Shapes: B rows, T places, C = dim, H heads, K kv heads, D = head size.
"""

import torch
import torch.nn.functional as F
from torch import nn

from .config import ModelConfig


class RMSNorm(nn.Module):
    def __init__(self, dim: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.eps = eps

    def forward(self, x):  # (B, T, C)
        wide = x.float()
        return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + self.eps)).type_as(x) * self.weight


def rope_table(config: ModelConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """cos and sin, both (context, D / 2)."""
    # By the processor also where a model without memory is made: for a range there PyTorch loads its compiler, which takes
    # as long as PyTorch itself.
    columns = torch.arange(0, config.head_dim, 2, dtype=torch.float64, device="cpu")
    places = torch.arange(config.context, dtype=torch.float64, device="cpu")
    angles = torch.outer(places, config.rope_base ** (-columns / config.head_dim))
    return angles.cos().float(), angles.sin().float()


def rotate(x, cos, sin):  # x: (B, heads, T, D)
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2)


class Matrix(nn.Linear):
    def __init__(self, columns: int, rows: int) -> None:
        super().__init__(columns, rows, bias=False)

    def reset_parameters(self) -> None:
        if not self.weight.is_meta:  # where there is nothing to draw, PyTorch takes long to draw it
            super().reset_parameters()


class Attention(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.head_dim, self.dropout = config.heads, config.kv_heads, config.head_dim, config.dropout
        self.q = Matrix(config.dim, config.heads * config.head_dim)
        self.k = Matrix(config.dim, config.kv_heads * config.head_dim)
        self.v = Matrix(config.dim, config.kv_heads * config.head_dim)
        self.o = Matrix(config.heads * config.head_dim, config.dim)

    def forward(self, x, cos, sin):
        rows, length, dim = x.shape
        q = self.q(x).view(rows, length, self.heads, self.head_dim).transpose(1, 2)  # (B, H, T, D)
        k = self.k(x).view(rows, length, self.kv_heads, self.head_dim).transpose(1, 2)  # (B, K, T, D)
        v = self.v(x).view(rows, length, self.kv_heads, self.head_dim).transpose(1, 2)
        q, k = rotate(q, cos, sin).type_as(v), rotate(k, cos, sin).type_as(v)
        group = self.heads // self.kv_heads
        k, v = k.repeat_interleave(group, dim=1), v.repeat_interleave(group, dim=1)
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True, dropout_p=self.dropout if self.training else 0.0)
        return self.o(out.transpose(1, 2).reshape(rows, length, dim))


class FeedForward(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate = Matrix(config.dim, config.ffn)
        self.up = Matrix(config.dim, config.ffn)
        self.down = Matrix(config.ffn, config.dim)

    def forward(self, x):
        return self.down(F.silu(self.gate(x)) * self.up(x))


class Block(nn.Module):
    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(config.dim, config.norm_eps)
        self.attention = Attention(config)
        self.ffn_norm = RMSNorm(config.dim, config.norm_eps)
        self.ffn = FeedForward(config)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x, cos, sin):
        x = x + self.dropout(self.attention(self.attention_norm(x), cos, sin))
        return x + self.dropout(self.ffn(self.ffn_norm(x)))


class Llama(nn.Module):
    def __init__(self, config: ModelConfig, drawn: bool = True) -> None:
        """Without `drawn` weights are not drawn at random, for they are replaced at once."""
        super().__init__()
        self.config = config
        table = None if drawn else torch.empty(config.vocab_size, config.dim)
        self.embedding = nn.Embedding(config.vocab_size, config.dim, _weight=table)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.dim, config.norm_eps)
        self.dropout = nn.Dropout(config.dropout)
        cos, sin = rope_table(config)
        self.register_buffer("cos", cos, persistent=False)
        self.register_buffer("sin", sin, persistent=False)
        if drawn:
            self._draw()

    def _draw(self) -> None:
        self.apply(self._initialise)
        for block in self.blocks:  # the residual stream keeps its size however deep the model is
            for layer in (block.attention.o, block.ffn.down):
                nn.init.normal_(layer.weight, std=0.02 / (2 * self.config.layers) ** 0.5)

    @staticmethod
    def _initialise(module) -> None:
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)

    def hidden(self, tokens):  # (B, T) -> (B, T, C)
        length = tokens.shape[1]
        if length > self.config.context:
            raise ValueError(f"{length} tokens do not fit into a context of {self.config.context}")
        cos, sin = self.cos[:length], self.sin[:length]
        x = self.dropout(self.embedding(tokens))
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    def forward(self, tokens):  # (B, T) -> logits (B, T, vocabulary)
        return F.linear(self.hidden(tokens), self.embedding.weight)

    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())
