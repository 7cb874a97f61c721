"""Quantisation: a checkpoint whose matrices hold only values of a block format. It is evaluated like any other, and its
export in that format loses nothing more.
"""

from pathlib import Path

import numpy as np
import torch

from . import checkpoint
from .blocks import round_trip

KINDS = {"int8": "Q8_0", "int4": "Q4_0"}
METHODS = ("rtn",)


class QuantizeError(ValueError):
    pass


def quantize(source: Path, out: Path, to: str, method: str) -> dict:
    """`method` rtn: every value to the nearest of its block. Returns the relative error of each matrix, root mean square."""
    if method not in METHODS:
        raise QuantizeError(f"--method {method} is not there yet; there is {', '.join(METHODS)} (each value to the nearest step of its block)")
    if to not in KINDS:
        raise QuantizeError(f"--to {to}: there are {', '.join(KINDS)}")
    _, _, content = checkpoint.load_model(source)
    errors = {}
    for name, weight in content["model"].items():
        if weight.dim() != 2:
            continue
        before = weight.float().numpy()
        after = round_trip(before, KINDS[to])
        errors[name] = float(np.sqrt(((after - before) ** 2).mean() / (before**2).mean()))
        content["model"][name] = torch.from_numpy(after)
    kept = {"model": content["model"], "config": content["config"], "step": content["step"], "quantisation": {"method": method, "type": KINDS[to]}}
    out.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(out, kept)
    return errors
