"""Writes GGUF, version 3: magic, counts, keys, table of tensors, then the tensors at multiples of 32 bytes."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .blocks import BYTES, CODES

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
        number = _STRING if of == "string" else _NUMBERS[of][0]
        return struct.pack("<IIQ", _ARRAY, number, len(value)) + b"".join(_value(of, v)[4:] for v in value)
    if kind == "string":
        return struct.pack("<I", _STRING) + _string(value)
    number, layout = _NUMBERS[kind]
    return struct.pack("<I", number) + struct.pack(layout, value)


def packed(values: np.ndarray, kind: str) -> bytes:
    if kind == "F32":
        return values.astype("<f4").tobytes()
    if kind == "F16":
        return values.astype("<f2").tobytes()
    return BYTES[kind](*CODES[kind](values))


def packed_size(shape: tuple[int, ...], kind: str) -> int:
    count = int(np.prod(shape))
    return {"F32": 4 * count, "F16": 2 * count, "Q8_0": count // 32 * 34, "Q4_0": count // 32 * 18}[kind]


def write(path: Path, keys: list[tuple[str, str, object]], tensors: list[tuple[str, str, tuple[int, ...], Callable[[], np.ndarray]]]) -> None:
    """`keys`: (name, kind, value). `tensors`: (name, type, shape as numpy has it, values): one at a time is in memory."""
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(keys))]
    head += [_string(name) + _value(kind, value) for name, kind, value in keys]
    offset = 0
    for name, kind, shape, _ in tensors:
        dimensions = shape[::-1]  # GGUF names the fastest first
        head.append(_string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *dimensions, TENSOR_TYPES[kind], offset))
        offset += _padded(packed_size(shape, kind))
    with open(path, "wb") as file:
        file.write(b"".join(head))
        file.write(b"\0" * (-file.tell() % ALIGNMENT))
        for _, kind, shape, values in tensors:
            data = packed(values(), kind)
            file.write(data + b"\0" * (_padded(len(data)) - len(data)))


def _padded(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
