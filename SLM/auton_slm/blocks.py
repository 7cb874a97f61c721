"""The block formats of GGUF that the kernel reads: 32 values of a row share one float16 scale.

Q8_0: scale, 32 signed bytes.  Q4_0: scale, 16 bytes, value i in the low half of byte i, value i + 16 in the high half.
`codes` are the integers that are multiplied by the scale: -127..127, or -8..7. Everything goes in pieces that stay in
the processor's cache: a large model is then rounded about as fast as memory is read.
"""

import torch

BLOCK = 32
SMALLEST, LARGEST = {"Q8_0": -127, "Q4_0": -8}, {"Q8_0": 127, "Q4_0": 7}
BYTES = {"Q8_0": 34, "Q4_0": 18}  # of a block
_PIECE = 32768  # blocks, 4 megabytes of floats: with more Python between them, threads wait for each other


def _blocks(weights: torch.Tensor) -> torch.Tensor:
    if weights.shape[-1] % BLOCK:
        raise ValueError(f"rows of {weights.shape[-1]} values cannot be cut into blocks of {BLOCK}")
    return weights.detach().float().reshape(-1, BLOCK)


def peak_scales(blocks: torch.Tensor, kind: str) -> torch.Tensor:
    """llama.cpp's scales: the value of largest size becomes +-127, or -8. Not yet rounded to float16."""
    high, low = blocks.amax(1), blocks.amin(1)
    if kind == "Q8_0":
        return torch.maximum(high, -low) / 127
    return torch.where(high > -low, high, low) / -8


def round_to(blocks: torch.Tensor, scale: torch.Tensor, kind: str) -> torch.Tensor:
    """The nearest codes at these scales, as int8; halves go away from zero, or up in Q4_0, as in llama.cpp."""
    scaled = blocks * torch.where(scale != 0, 1 / scale, 0)[:, None]
    if kind == "Q8_0":
        return scaled.add_(torch.full((), 0.5).copysign(scaled)).clamp_(-127, 127).to(torch.int8)
    return scaled.add_(8.5).clamp_(0, 15).to(torch.int8).sub_(8)


def packed(weights: torch.Tensor, kind: str, scale: torch.Tensor | None = None) -> memoryview:
    """The bytes of a matrix. With `scale` (one float16 a block) its values are codes times that already."""
    blocks = _blocks(weights)
    out = torch.empty(len(blocks), BYTES[kind], dtype=torch.uint8)
    given = None if scale is None else scale.reshape(-1)
    for start in range(0, len(blocks), _PIECE):
        part = slice(start, start + _PIECE)
        scales = peak_scales(blocks[part], kind) if given is None else given[part].float()
        codes = round_to(blocks[part], scales, kind)
        out[part, :2] = scales.half()[:, None].view(torch.uint8)
        if kind == "Q8_0":
            out[part, 2:] = codes.view(torch.uint8)
        else:
            halves = codes.add_(8).view(torch.uint8)
            torch.add(halves[:, :16], halves[:, 16:], alpha=16, out=out[part, 2:])
    return memoryview(out.numpy()).cast("B")


def unpacked(data: torch.Tensor, kind: str, shape: tuple[int, ...]) -> tuple[torch.Tensor, torch.Tensor]:
    """(values, scales as float16) of the bytes of a matrix."""
    rows = data.reshape(-1, BYTES[kind])
    scale = rows[:, :2].contiguous().view(torch.float16)[:, 0]
    body = rows[:, 2:]
    codes = body.view(torch.int8) if kind == "Q8_0" else torch.cat([body & 15, body >> 4], 1).to(torch.int8).sub_(8)
    return (codes.float() * scale.float()[:, None]).reshape(shape), scale.reshape(*shape[:-1], -1)


def rounded(weights: torch.Tensor, kind: str) -> tuple[torch.Tensor, torch.Tensor]:
    """(values, scales as float16): the weights as they are after quantisation, each value to the nearest of its block."""
    blocks = _blocks(weights)
    values, scales = torch.empty_like(blocks), torch.empty(len(blocks), dtype=torch.float16)
    for start in range(0, len(blocks), _PIECE):
        part = slice(start, start + _PIECE)
        scale = peak_scales(blocks[part], kind)
        scales[part] = scale
        torch.mul(round_to(blocks[part], scale, kind).float(), scales[part].float()[:, None], out=values[part])
    return values.reshape(weights.shape), scales.reshape(*weights.shape[:-1], -1)


def relative_error(values: torch.Tensor, weights: torch.Tensor) -> float:
    """Root mean square of what `values` are off, for a root mean square of 1."""
    off = size = 0.0
    for a, b in zip(values.reshape(-1).split(_PIECE * BLOCK), weights.detach().reshape(-1).split(_PIECE * BLOCK)):
        off += float((a - b).square_().sum())
        size += float(b.square().sum())
    return (off / max(size, 1e-24 * weights.numel())) ** 0.5


def best_scales(blocks: torch.Tensor, importance: torch.Tensor, kind: str, steps: int = 16) -> torch.Tensor:
    """Scales (float16's values) that keep the error small, each of the 32 values weighing as much as `importance` says:
    a smaller scale cuts off the peak and has finer steps for the rest; Q4_0 may also turn its sign."""
    start = peak_scales(blocks, kind)
    best, least = start.half().float(), torch.full_like(start, float("inf"))
    signs = (1.0, -1.0) if kind == "Q4_0" else (1.0,)
    for sign in signs:
        for step in range(steps):
            scale = (start * sign * (1.1 - 0.6 * step / steps)).half().float()
            error = ((round_to(blocks, scale, kind).float() * scale[:, None] - blocks).square() * importance).sum(1)
            better = error < least
            best, least = torch.where(better, scale, best), torch.where(better, error, least)
    return best
