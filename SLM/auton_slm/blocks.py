"""The block formats of GGUF that the kernel reads: 32 values share one float16 scale.

Q8_0: scale, 32 signed bytes.  Q4_0: scale, 16 bytes, value i in the low half of byte i, value i + 16 in the high half.
"""

import numpy as np

BLOCK = 32


def _rows(weights: np.ndarray) -> np.ndarray:
    if weights.shape[-1] % BLOCK:
        raise ValueError(f"rows of {weights.shape[-1]} values cannot be cut into blocks of {BLOCK}")
    return np.ascontiguousarray(weights, dtype=np.float32).reshape(-1, BLOCK)


def _inverse(scale: np.ndarray) -> np.ndarray:
    return np.divide(1.0, scale, out=np.zeros_like(scale), where=scale != 0)


def q8_0_codes(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(codes int8 (blocks, 32), scales float32 (blocks,)), the scale not yet rounded to float16."""
    blocks = _rows(weights)
    scale = np.abs(blocks).max(1) / np.float32(127)
    scaled = blocks * _inverse(scale)[:, None]
    return np.trunc(scaled + np.copysign(np.float32(0.5), scaled)).astype(np.int8), scale


def q4_0_codes(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(codes 0..15 (blocks, 32), scales float32): the value of largest size becomes -8."""
    blocks = _rows(weights)
    peak = np.take_along_axis(blocks, np.abs(blocks).argmax(1)[:, None], 1)[:, 0]
    scale = peak / np.float32(-8)
    return np.minimum(15, blocks * _inverse(scale)[:, None] + np.float32(8.5)).astype(np.uint8), scale


def q8_0_bytes(codes: np.ndarray, scale: np.ndarray) -> bytes:
    head = scale.astype(np.float16)[:, None].view(np.uint8)
    return np.hstack([head, codes.view(np.uint8)]).tobytes()


def q4_0_bytes(codes: np.ndarray, scale: np.ndarray) -> bytes:
    head = scale.astype(np.float16)[:, None].view(np.uint8)
    return np.hstack([head, codes[:, :16] | codes[:, 16:] << 4]).tobytes()


def q8_0_values(codes: np.ndarray, scale: np.ndarray, shape) -> np.ndarray:
    return (codes.astype(np.float32) * scale.astype(np.float16).astype(np.float32)[:, None]).reshape(shape)


def q4_0_values(codes: np.ndarray, scale: np.ndarray, shape) -> np.ndarray:
    return ((codes.astype(np.float32) - 8) * scale.astype(np.float16).astype(np.float32)[:, None]).reshape(shape)


CODES = {"Q8_0": q8_0_codes, "Q4_0": q4_0_codes}
BYTES = {"Q8_0": q8_0_bytes, "Q4_0": q4_0_bytes}
VALUES = {"Q8_0": q8_0_values, "Q4_0": q4_0_values}


def round_trip(weights: np.ndarray, kind: str) -> np.ndarray:
    """The weights as they are after quantisation."""
    codes, scale = CODES[kind](weights)
    return VALUES[kind](codes, scale, weights.shape)
