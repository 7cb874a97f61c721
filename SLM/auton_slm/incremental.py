"""Token after token without computing the prompt anew: keys and values of the places before are kept, as in the kernel."""

import torch
import torch.nn.functional as F

from .model import Llama, rotate

ROOM = 24  # tokens behind the longest prompt


class Incremental:
    """Rows of prompts, each of its own length; `logits` are those behind the last token of every row."""

    def __init__(self, model: Llama, prompts: list[list[int]], device: str = "cpu") -> None:
        self.model, self.device = model, device
        self.lengths = torch.tensor([len(p) for p in prompts], device=device)
        width = int(self.lengths.max())
        tokens = torch.zeros(len(prompts), width, dtype=torch.int64)
        for row, prompt in enumerate(prompts):
            tokens[row, : len(prompt)] = torch.tensor(prompt)
        size = min(width + ROOM, model.config.context)
        shape = (len(prompts), model.config.kv_heads, size, model.config.head_dim)
        self.keys = [torch.zeros(shape, device=device) for _ in model.blocks]
        self.values = [torch.zeros(shape, device=device) for _ in model.blocks]
        places = torch.arange(width, device=device).expand(len(prompts), width)
        hidden = self._run(torch.arange(len(prompts), device=device), tokens.to(device), places)
        self.logits = self._logits(hidden[torch.arange(len(prompts), device=device), self.lengths - 1])

    def append(self, rows: list[int], tokens: list[int]) -> None:
        """One more token for each of these rows."""
        at = torch.tensor(rows, device=self.device)
        hidden = self._run(at, torch.tensor(tokens, device=self.device)[:, None], self.lengths[at][:, None])
        self.lengths[at] += 1
        self.logits[at] = self._logits(hidden[:, 0])

    def full(self, row: int) -> bool:
        return int(self.lengths[row]) >= self.keys[0].shape[2]

    def _logits(self, hidden):
        return F.linear(hidden, self.model.embedding.weight).float()

    def _run(self, rows, tokens, places):  # rows (R), tokens and places (R, T) -> (R, T, C)
        model = self.model
        x = model.embedding(tokens)
        cos, sin = model.cos[places][:, None], model.sin[places][:, None]  # (R, 1, T, D / 2)
        end = int(places.max()) + 1
        visible = (torch.arange(end, device=self.device) <= places[..., None])[:, None]  # (R, 1, T, end)
        for block, keys, values in zip(model.blocks, self.keys, self.values):
            a = block.attention
            normed = block.attention_norm(x)
            q, k, v = (linear(normed).view(*tokens.shape, -1, a.head_dim).transpose(1, 2) for linear in (a.q, a.k, a.v))
            index = (rows[:, None], slice(None), places)  # (R, T) places of all heads
            keys[index] = rotate(k, cos, sin).transpose(1, 2)
            values[index] = v.transpose(1, 2)
            group = a.heads // a.kv_heads
            seen_k, seen_v = (t[rows, :, :end].repeat_interleave(group, dim=1) for t in (keys, values))
            out = F.scaled_dot_product_attention(rotate(q, cos, sin), seen_k, seen_v, attn_mask=visible)
            x = x + a.o(out.transpose(1, 2).reshape(x.shape))
            x = x + block.ffn(block.ffn_norm(x))
        return model.norm(x)
