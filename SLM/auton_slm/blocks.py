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


def pack(weights: torch.Tensor, kind: str, scale: torch.Tensor | None = None) -> torch.Tensor:
    """The bytes of a matrix, (rows, bytes of a row): every value to the nearest of its block, or, where `scale` has one
    float16 a block, the codes that its values are at these scales."""
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
    return out.reshape(len(weights), -1)


def _values(blocks: torch.Tensor, kind: str) -> torch.Tensor:
    """(blocks, 32) floats of (blocks, bytes of a block)."""
    scale, body = blocks[:, :2].contiguous().view(torch.float16).float(), blocks[:, 2:]
    codes = body.view(torch.int8) if kind == "Q8_0" else torch.cat([body & 15, body >> 4], 1).to(torch.int8).sub_(8)
    return codes.float().mul_(scale)


def unpack(packed: torch.Tensor, kind: str) -> torch.Tensor:
    """The floats of a matrix of which these are the bytes, (rows, columns)."""
    blocks = packed.reshape(-1, BYTES[kind])
    out = torch.empty(len(blocks), BLOCK, device=packed.device)
    for start in range(0, len(blocks), _PIECE):
        out[start : start + _PIECE] = _values(blocks[start : start + _PIECE], kind)
    return out.reshape(len(packed), -1)


def relative_error(packed: torch.Tensor, kind: str, weights: torch.Tensor) -> float:
    """Root mean square of what the packed values are off, for a root mean square of 1."""
    off = size = 0.0
    for some, wanted in zip(packed.reshape(-1, BYTES[kind]).split(_PIECE), _blocks(weights).split(_PIECE)):
        off += float(_values(some, kind).sub_(wanted).square_().sum())
        size += float(wanted.square().sum())
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
