"""Reads GGUF, version 3, as far as this program writes it: any keys; tensors of F32, F16, Q8_0 and Q4_0."""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from . import blocks
from .gguf import ALIGNMENT, TENSOR_TYPES, packed_size

# What describes a model in ModelConfig, by the keys of architecture llama.
MODEL_KEYS = {"context": "context_length", "dim": "embedding_length", "layers": "block_count", "ffn": "feed_forward_length",
              "heads": "attention.head_count", "kv_heads": "attention.head_count_kv",
              "norm_eps": "attention.layer_norm_rms_epsilon", "rope_base": "rope.freq_base"}


STRING, ARRAY = 8, 9
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class GgufError(ValueError):
    pass


class _Reader:
    def __init__(self, data: memoryview) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str):
        size = struct.calcsize("<" + layout)
        if self.at + size > len(self.data):
            raise GgufError("the file ends within its head")
        (value,) = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += size
        return value

    def string(self) -> str:
        length = self.take("Q")
        if length > len(self.data) - self.at:
            raise GgufError("the file ends within a string")
        self.at += length
        return bytes(self.data[self.at - length : self.at]).decode(errors="replace")

    def value(self, kind: int):
        if kind == 8:
            return self.string()
        if kind == ARRAY:
            of, count = self.take("I"), self.take("Q")
            return [self.value(of) for _ in range(min(count, len(self.data)))]
        if kind not in NUMBERS:
            raise GgufError(f"there is no type of key {kind}")
        return self.take(NUMBERS[kind])


def read(path: Path) -> tuple[dict, dict[str, Callable[[], tuple[str, torch.Tensor]]]]:
    """(keys, tensors): calling a tensor gives its type, and floats in its shape or, of a block format, the bytes of its
    rows."""
    data = memoryview(np.memmap(path, dtype=np.uint8, mode="c")) if path.stat().st_size else memoryview(b"")
    reader = _Reader(data)
    if bytes(data[:4]) != b"GGUF":
        raise GgufError(f"{path} is no GGUF file")
    reader.at = 4
    if (version := reader.take("I")) != 3:
        raise GgufError(f"{path} is GGUF of version {version}, not 3")
    count, key_count = reader.take("Q"), reader.take("Q")
    keys, table = {}, []
    for _ in range(key_count):
        name = reader.string()
        keys[name] = reader.value(reader.take("I"))
    for _ in range(count):
        name, dimensions = reader.string(), reader.take("I")
        shape = tuple(reader.take("Q") for _ in range(min(dimensions, 4)))[::-1]
        table.append((name, reader.take("I"), shape, reader.take("Q")))
    start = -(-reader.at // ALIGNMENT) * ALIGNMENT
    kinds = {number: kind for kind, number in TENSOR_TYPES.items()}

    def tensor(number, shape, offset):
        if number not in kinds:
            raise GgufError(f"{path}: tensors of type {number} are not known; known are {', '.join(TENSOR_TYPES)}")
        kind = kinds[number]
        begin, size = start + offset, packed_size(shape, kind)
        if begin + size > len(data):
            raise GgufError(f"{path} ends within its tensors")
        raw = torch.frombuffer(data[begin : begin + size], dtype=torch.uint8)
        if kind in blocks.BYTES:
            return kind, raw.reshape(*shape[:-1], -1)
        return kind, raw.view(torch.float32 if kind == "F32" else torch.float16).reshape(shape).float().clone()

    return keys, {name: (lambda n=number, s=shape, o=offset: tensor(n, s, o)) for name, number, shape, offset in table}
