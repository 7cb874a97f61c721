"""An exported file as other programs have it, beside the checkpoint it was made from: ONNX Runtime, the reader of llama.cpp
where it is installed (the package gguf), and the engine of the kernel, a program of this machine (host/neural_ask.c)."""

import math
import subprocess
from copy import deepcopy
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from . import gguf, gguf_reader
from .batches import Examples
from .checkpoint import load_model
from .config import Config
from .data import heldout
from .data.normalize import normalize
from .export import keys_of, tensor_names
from .imports import import_model
from .model import Llama
from .tokenizer import Tokenizer

ROWS = 16  # of the validation set
# Words of no vocabulary, spaces that count, the spelling of a control token.
ODD_TEXTS = ["", " ", "  two  spaces", "Zoë <SAY> 日本", "<s> </s> <0x41>", "x" * 100, "0x8086:0x100E", "🙂 \ttab"]


class ElsewhereError(ValueError):
    pass


def onnx_logits(file: Path, tokens: np.ndarray) -> np.ndarray:
    import onnxruntime
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    return session.run(["logits"], {"tokens": tokens})[0]


def gguf_logits(file: Path, tokens: torch.Tensor, scratch: Path) -> np.ndarray:
    """By the weights as they are in the file."""
    import_model(file, scratch / "imported.pt")
    with torch.no_grad():
        return load_model(scratch / "imported.pt")[0](tokens).float().numpy()


def in_llama_cpp_reader(file: Path, model: Llama, tokens: torch.Tensor, expected: np.ndarray) -> dict | None:
    """How far the logits are from those expected, at most, by the weights that this reader finds; None where there is none."""
    try:
        from gguf import GGUFReader, dequantize
    except ImportError:
        return None
    read = deepcopy(model)
    weights = tensor_names(read)
    found = {tensor.name: dequantize(tensor.data, tensor.tensor_type) for tensor in GGUFReader(file).tensors}
    if other := found.keys() ^ weights.keys():
        raise ElsewhereError(f"llama.cpp's reader and the checkpoint do not both have {min(other)} in {file.name}")
    with torch.no_grad():
        for name, weight in weights.items():
            if found[name].shape != tuple(weight.shape):
                raise ElsewhereError(f"{name} has the shape {found[name].shape} for llama.cpp's reader, {tuple(weight.shape)} in the checkpoint")
            weight.copy_(torch.from_numpy(found[name].copy()))
        difference = np.abs(read(tokens).float().numpy() - expected).max()
    return {"version": version("gguf"), "difference": float(difference)}


def rows_of(data: Path, config: Config) -> tuple[torch.Tensor, list[int]]:
    """Examples as the model reads them, (rows, places), and how many places of each are not padding."""
    examples = Examples(data / "validation.npz")
    tokens, real = examples.rows(torch.arange(min(ROWS, len(examples))), config.model.context)
    context = config.model.context
    return tokens[:, :context], real[:, :context].sum(1).tolist()


def in_engine(engine: Path, file: Path, tokens: torch.Tensor, lengths: list[int], expected: np.ndarray) -> dict:
    """How far the logits of the engine are from those expected at every place of the rows: `difference` at most, `rms` of
    all, and `contradicted`, by how much the likeliest token was ahead at most where the engine has another: the latter
    two in units of the spread of all logits."""
    # Whole rows, which the engine takes as batches; then token after token, as it answers.
    asked = [(row, length) for row, length in enumerate(lengths)]
    asked += [(row, place) for row, length in enumerate(lengths) for place in range(1, length + 1)]
    lines = "".join(" ".join(map(str, tokens[row, :end].tolist())) + "\n" for row, end in asked)
    found = np.frombuffer(_ask(engine, [file], lines), np.float32)
    wanted = np.stack([expected[row, end - 1] for row, end in asked])
    if found.size != wanted.size:
        raise ElsewhereError(f"the kernel's engine gives {found.size} logits for {file.name}, not {wanted.size}")
    found = found.reshape(wanted.shape)
    off, spread = np.abs(found - wanted), float(wanted.std())
    second, first = np.partition(wanted, -2, axis=1)[:, -2:].T
    other = found.argmax(1) != wanted.argmax(1)
    return {"places": len(asked), "difference": float(off.max()), "rms": float(np.sqrt((off**2).mean())) / spread,
            "contradicted": float((first - second)[other].max(initial=0.0)) / spread}


def cut_otherwise(engine: Path, file: Path, tokenizer: Tokenizer) -> tuple[int, str | None]:
    """How many texts the engine was asked to cut into tokens, and the first that comes out otherwise than in training."""
    texts = ODD_TEXTS + [normalize(u.text) for u in heldout.utterances()]
    lines = _ask(engine, [file, "tokens"], "".join(f"{text}\n" for text in texts)).decode().split("\n")
    for text, line in zip(texts, lines, strict=False):
        if [int(i) for i in line.split()] != tokenizer.encode(text):
            return len(texts), text
    return len(texts), None


def other_keys(file: Path, config: Config, tokenizer: Tokenizer) -> list[str]:
    """Keys of a GGUF file that are not what a model of this configuration and tokenizer has: an engine would believe them."""
    found, _ = gguf_reader.read(file)
    kind = {number: kind for kind, number in gguf.FILE_TYPES.items()}.get(found.get("general.file_type"), "F32")
    return [name for name, _, value in keys_of(config, tokenizer, kind) if not _alike(found.get(name), value)]


def _alike(found, wanted) -> bool:
    if isinstance(wanted, list):
        return isinstance(found, list) and len(found) == len(wanted) and all(map(_alike, found, wanted))
    if isinstance(wanted, float):  # 32 bits in the file
        return isinstance(found, float) and math.isclose(found, wanted, rel_tol=1e-6)
    return found == wanted


def _ask(engine: Path, arguments: list, lines: str) -> bytes:
    ended = subprocess.run([engine, *arguments], input=lines.encode(), capture_output=True)
    if ended.returncode == 0:
        return ended.stdout
    said = ended.stderr.decode(errors="replace").strip().splitlines()
    raise ElsewhereError(f"the kernel's engine does not take {arguments[0].name}: {said[-1] if said else f'it ended with {ended.returncode}'}")
