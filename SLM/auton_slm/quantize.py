"""Quantisation: a checkpoint whose matrices are the bytes of a block format. It is evaluated like any other, and exported in
that format its matrices are copied.
"""

from pathlib import Path

import torch

from . import awq, checkpoint
from .blocks import pack, relative_error
from .calibrate import STAGES, Calibration
from .gptq import gptq
from .model import Llama
from .threads import ahead
from .tokenizer import Tokenizer

KINDS = {"int8": "Q8_0", "int4": "Q4_0"}
METHODS = {
    "rtn": "every value to the nearest of its block",
    "gptq": "column by column, the next ones make good the error",
    "awq": "inputs that matter more are scaled up first",
}


class QuantizeError(ValueError):
    pass


def quantize(source: Path, out: Path, to: str, method: str, data: Path | None = None, samples: int = 1024) -> dict[str, float]:
    """Returns the relative error of each matrix, root mean square. gptq and awq read `samples` examples of `data`."""
    if method not in METHODS:
        raise QuantizeError(f"--method {method}: there are {', '.join(f'{name} ({what})' for name, what in METHODS.items())}")
    if to not in KINDS:
        raise QuantizeError(f"--to {to}: there are {', '.join(KINDS)}")
    model, _, content = checkpoint.load_model(source)
    if data is not None:
        Tokenizer.of(data, content)
    packed, errors = quantize_model(model, KINDS[to], method, data, samples)
    how = {"method": method, "type": KINDS[to]} | ({"samples": samples} if method != "rtn" else {})
    kept = {**{key: content.get(key) for key in ("config", "step", "tokenizer")}, "model": model.state_dict() | packed, "quantisation": how}
    out.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(out, kept)
    return errors


@torch.no_grad()
def quantize_model(model: Llama, kind: str, method: str, data: Path | None = None, samples: int = 1024) -> tuple[dict, dict]:
    """(bytes by the names of the matrices, their relative errors). All methods but rtn also round the model in place."""
    matrices = {name: weight for name, weight in model.named_parameters() if weight.dim() == 2}
    if method == "rtn":
        made = ahead([lambda w=weight: _packed(w, kind) for weight in matrices.values()])
        packed, errors = zip(*made)
        return dict(zip(matrices, packed)), dict(zip(matrices, errors))
    names = {weight: name for name, weight in matrices.items()}
    packed, errors = {}, {}

    def put(weight, values, scale):
        packed[names[weight]], errors[names[weight]] = _packed(weight, kind, values, scale)
        weight.copy_(values)

    if data is None:
        raise QuantizeError(f"--method {method} looks at examples: --data is the folder that prepare_data wrote")
    calibration = Calibration(model, data, samples)
    put(model.embedding.weight, *_embedding(model, calibration, kind, method))
    calibration.begin()
    for block in model.blocks:
        if method == "awq":
            moments = {stage[1][0]: calibration.moment(block, stage) for stage in STAGES}
            awq.fold_scales(block, moments, kind)
        for part, matrices in STAGES:
            moment = moments[matrices[0]] if method == "awq" else calibration.moment(block, (part, matrices))
            for matrix in (getattr(getattr(block, part), name).weight for name in matrices):
                put(matrix, *(awq.clipped if method == "awq" else gptq)(matrix, moment, kind))
        calibration.advance(block)
    return packed, errors


@torch.no_grad()
def _packed(weight, kind: str, values=None, scale=None) -> tuple[torch.Tensor, float]:
    bytes_ = pack(weight if values is None else values, kind, scale)
    return bytes_, relative_error(bytes_, kind, weight)


def _embedding(model: Llama, calibration: Calibration, kind: str, method: str):
    """The embedding is the output matrix too. As the output its inputs have a second moment; as the input its rows are
    taken as they are, as if by unit vectors: the mean of the two, at the same size, is what it is rounded for."""
    output = calibration.output_moment()
    both = output / output.diagonal().mean() + torch.eye(len(output))
    return (gptq if method == "gptq" else awq.clipped)(model.embedding.weight, both, kind)
