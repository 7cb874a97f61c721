"""GPTQ: rounds a matrix column by column, and lets the columns that are still floats make good the error so far.

For the error measure of calibrate.py the best correction of the columns behind column i is row i of the upper Cholesky
factor of the inverse of H (Frantar and others, 2022). Scales are those of the block format: each is chosen when its
block of 32 columns is reached, from the corrected columns.
"""

import torch

from .blocks import BLOCK, best_scales, round_to


def gptq(weights: torch.Tensor, moment: torch.Tensor, kind: str, damping: float = 0.01) -> tuple[torch.Tensor, torch.Tensor]:
    """(values, scales as float16) of a matrix (rows, columns) whose inputs have this second moment (columns, columns)."""
    rows, columns = weights.shape
    left = weights.float().clone()
    factor = _inverse_factor(moment, damping)
    importance = 1 / factor.diagonal().square()  # what an error in the column costs once those behind it are corrected
    values, scales = torch.empty_like(left), torch.empty(rows, columns // BLOCK)
    for start in range(0, columns, BLOCK):
        end = start + BLOCK
        block = left[:, start:end]
        scale = best_scales(block, importance[start:end], kind)
        errors = torch.empty_like(block)
        for i in range(BLOCK):
            column = block[:, i : i + 1]
            values[:, start + i] = (round_to(column, scale, kind).float() * scale[:, None])[:, 0]
            errors[:, i] = (column[:, 0] - values[:, start + i]) / factor[start + i, start + i]
            block[:, i:] -= errors[:, i : i + 1] * factor[start + i, start + i : end]
        left[:, end:] -= errors @ factor[start:end, end:]
        scales[:, start // BLOCK] = scale
    return values, scales.half()


def _inverse_factor(moment: torch.Tensor, damping: float) -> torch.Tensor:
    """U, upper, with U^T U = H^-1. Inputs that never occur, or only together, make H singular: hence the damping."""
    wide = moment.double()
    wide = wide + torch.eye(len(wide), dtype=torch.float64) * (damping * wide.diagonal().mean() + 1e-12)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(wide))
    return torch.linalg.cholesky(inverse, upper=True).float()
