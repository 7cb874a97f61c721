"""AWQ: inputs that are large make the errors of their column large, so those columns are scaled up before rounding, and
what feeds them is scaled down by the same factor (Lin and others, 2023). The factor goes into the norm or the matrix
before, so the result is an ordinary Llama; and the peaks of blocks are cut off where that costs less than it gains.
"""

import torch

from .blocks import BLOCK, best_scales, pack, peak_scales, round_to, unpack

GRID = [step / 10 for step in range(11)]


def fold_scales(block, moments: dict, kind: str) -> None:
    """Scales the inputs of each stage of a block by what loses least; `moments` are changed along with them."""
    attention, ffn = block.attention, block.ffn
    for stage, matrices in (("q", [attention.q, attention.k, attention.v]), ("gate", [ffn.gate, ffn.up])):
        scale = _search(matrices, moments[stage], kind)
        _scale_inputs(matrices, moments, stage, scale)
        (block.attention_norm if stage == "q" else block.ffn_norm).weight.data /= scale
    scale = _search([ffn.down], moments["down"], kind)
    _scale_inputs([ffn.down], moments, "down", scale)
    ffn.up.weight.data /= scale[:, None]
    # The heads of a group share one v: their inputs of o share a factor.
    group, size = attention.heads // attention.kv_heads, attention.head_dim
    scale = _search([attention.o], moments["o"], kind, lambda s: s.view(-1, group, size).mean(1, keepdim=True).expand(-1, group, -1).reshape(-1))
    _scale_inputs([attention.o], moments, "o", scale)
    attention.v.weight.data /= scale.view(-1, group, size)[:, 0].reshape(-1)[:, None]


def clipped(weights: torch.Tensor, moment: torch.Tensor, kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """(values, scales as float16): rows with their peaks kept or with blocks cut off, whichever errs less."""
    blocks = weights.float().reshape(-1, BLOCK)
    kept, peaks = unpack(pack(weights, kind), kind), peak_scales(blocks, kind).half().reshape(len(weights), -1)
    scale = best_scales(blocks, moment.diagonal().reshape(-1, BLOCK).repeat(weights.shape[0], 1), kind)
    cut = (round_to(blocks, scale, kind).float() * scale[:, None]).reshape(weights.shape)
    better = (_row_errors(cut - weights, moment) < _row_errors(kept - weights, moment))[:, None]
    return torch.where(better, cut, kept), torch.where(better, scale.half().reshape(peaks.shape), peaks)


def _row_errors(off: torch.Tensor, moment: torch.Tensor) -> torch.Tensor:
    return ((off @ moment) * off).sum(1)


def _search(matrices, moment: torch.Tensor, kind: str, shared=lambda scale: scale) -> torch.Tensor:
    size = moment.diagonal().sqrt().clamp(min=1e-6)
    best, least = torch.ones_like(size), float("inf")
    for power in GRID:
        scale = shared(size**power)
        scale = scale / (scale.max() * scale.min()).sqrt()
        error = 0.0
        for matrix in matrices:
            off = unpack(pack(matrix.weight * scale, kind), kind) / scale - matrix.weight
            error += float(_row_errors(off, moment).sum())
        if error < least:
            best, least = scale, error
    return best


def _scale_inputs(matrices, moments: dict, stage: str, scale: torch.Tensor) -> None:
    for matrix in matrices:
        matrix.weight.data *= scale
    moments[stage] = moments[stage] / torch.outer(scale, scale)
