"""FOLDER CONFIGURATION TO ROUNDS: how long it takes to export a checkpoint of random weights (to Q8_0, Q4_0) or to
quantise it to another checkpoint (to int8, int4), every value to the nearest; and how long to read the checkpoint and
write as many bytes as came out: both from a cold file and until the disk has all of it.
Prints {"made": [seconds], "copy": [seconds], "read": bytes, "written": bytes}.
"""

import json
import os
import sys
import time
from pathlib import Path

import torch
from sentencepiece import sentencepiece_model_pb2 as spm

from auton_slm import checkpoint, config
from auton_slm.export import export_gguf
from auton_slm.model import Llama
from auton_slm.quantize import KINDS, quantize

PIECE = 1 << 20


def forget(path: Path) -> None:
    """Out of the page cache, if the system can."""
    if hasattr(os, "posix_fadvise"):
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def tokenizer(shipped: Path, out: Path, size: int) -> None:
    """The shipped tokenizer with invented pieces up to this size."""
    model = spm.ModelProto.FromString(shipped.read_bytes())
    while len(model.pieces) < size:
        model.pieces.add(piece=f"\u2581w{len(model.pieces)}", score=-float(len(model.pieces)))
    out.write_bytes(model.SerializeToString())


def copy(source: Path, out: Path, size: int) -> None:
    with open(source, "rb", buffering=0) as file:
        buffer = bytearray(PIECE)
        while file.readinto(buffer):
            pass
    with open(out, "wb") as file:
        for _ in range(size // PIECE):
            file.write(buffer)
        file.write(buffer[: size % PIECE])
        file.flush()
        os.fsync(file.fileno())


def timed(source: Path, action) -> float:
    forget(source)
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


folder, name, to, rounds = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
data, source, out = folder / "data", folder / f"{name}.pt", folder / "made"
if not source.exists():
    settings = config.load(name)
    torch.manual_seed(1)
    checkpoint.save(source, {"model": Llama(settings.model).state_dict(), "config": settings.as_dict(), "step": 0})
    data.mkdir()
    tokenizer(config.CONFIG_DIR.parents[1] / "models/mini_3M.tokenizer.model", data / "tokenizer.model", settings.model.vocab_size)


def make() -> None:
    if to in KINDS:
        quantize(source, out, to, "rtn")
    else:
        export_gguf(source, data, out, to)


make()
size = out.stat().st_size
times = {"made": [], "copy": []}
for _ in range(rounds):  # turn by turn, so that what else the machine does hits both
    times["made"].append(timed(source, make))
    times["copy"].append(timed(source, lambda: copy(source, folder / "copy", size)))
print(json.dumps({**times, "read": source.stat().st_size, "written": size}))
