"""GGUF, version 3: magic, counts, keys, table of tensors, then the tensors at multiples of 32 bytes."""

import hashlib
import struct
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import numpy as np
import torch

from . import blocks
from .threads import ahead

ALIGNMENT = 32
TENSOR_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 8}
FILE_TYPES = {"F32": 0, "F16": 1, "Q4_0": 2, "Q8_0": 7}  # general.file_type, what most tensors are
_NUMBERS = {"u32": (4, "<I"), "i32": (5, "<i"), "f32": (6, "<f"), "bool": (7, "<?")}
_STRING, _ARRAY = 8, 9


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _value(kind: str, value) -> bytes:
    """`kind` is string, u32, i32, f32 or bool, or one of them in brackets for an array."""
    if kind.startswith("["):
        of = kind[1:-1]
        if of == "string":
            return struct.pack("<IIQ", _ARRAY, _STRING, len(value)) + b"".join(map(_string, value))
        number, layout = _NUMBERS[of]
        return struct.pack("<IIQ", _ARRAY, number, len(value)) + struct.pack(f"<{len(value)}{layout[1:]}", *value)
    if kind == "string":
        return struct.pack("<I", _STRING) + _string(value)
    number, layout = _NUMBERS[kind]
    return struct.pack("<I", number) + struct.pack(layout, value)


def packed(values: torch.Tensor, kind: str) -> memoryview:
    """The bytes of a tensor."""
    if kind in blocks.BYTES:
        return memoryview(blocks.pack(values, kind).numpy()).cast("B")
    plain = values.detach().to(torch.float32 if kind == "F32" else torch.float16).contiguous()
    return memoryview(plain.numpy()).cast("B")


def packed_size(shape: tuple[int, ...], kind: str) -> int:
    count = int(np.prod(shape))
    return {"F32": 4 * count, "F16": 2 * count}.get(kind) or count // blocks.BLOCK * blocks.BYTES[kind]


def write(path: Path, keys: list[tuple[str, str, object]], tensors: list[tuple[str, str, tuple[int, ...], Callable[[], memoryview]]]) -> str:
    """`keys`: (name, kind, value). `tensors`: (name, type, shape as torch has it, bytes): of these only a few are in memory
    at a time. Returns the SHA-256 of the file."""
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(keys))]
    head += [_string(name) + _value(kind, value) for name, kind, value in keys]
    offset = 0
    for name, kind, shape, _ in tensors:
        dimensions = shape[::-1]  # GGUF names the fastest first
        head.append(_string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *dimensions, TENSOR_TYPES[kind], offset))
        offset += _padded(packed_size(shape, kind))
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for data in chain([b"".join(head)], ahead([values for *_, values in tensors])):
            for part in (data, bytes(_padded(len(data)) - len(data))):
                file.write(part)
                digest.update(part)
    return digest.hexdigest()


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
