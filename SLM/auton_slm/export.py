"""A checkpoint as files that other programs load: GGUF for the kernel and llama.cpp, ONNX for the editor. Beside each
lies a manifest that says what it is, so that whoever embeds it can check it.
"""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path

import torch

from . import __version__, gguf
from .checkpoint import load_model, packed_weights
from .config import Config
from .model import Llama
from .tokenizer import Tokenizer

ONNX_OPSET = 17
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6  # token types of GGUF


class ExportError(RuntimeError):
    pass


def keys_of(config: Config, tokenizer: Tokenizer, kind: str) -> list[tuple[str, str, object]]:
    """(name, type, value) of all that a GGUF file says of a model; `kind` is what most of its tensors are."""
    m, sp = config.model, tokenizer.sp
    ids = range(len(tokenizer))
    types = [UNKNOWN if sp.is_unknown(i) else CONTROL if sp.is_control(i) else BYTE if sp.is_byte(i) else NORMAL for i in ids]
    return [
        ("general.architecture", "string", "llama"),
        ("general.name", "string", config.name),
        ("general.quantization_version", "u32", 2),
        ("general.file_type", "u32", gguf.FILE_TYPES[kind]),
        ("llama.context_length", "u32", m.context),
        ("llama.embedding_length", "u32", m.dim),
        ("llama.block_count", "u32", m.layers),
        ("llama.feed_forward_length", "u32", m.ffn),
        ("llama.attention.head_count", "u32", m.heads),
        ("llama.attention.head_count_kv", "u32", m.kv_heads),
        ("llama.attention.layer_norm_rms_epsilon", "f32", m.norm_eps),
        ("llama.rope.dimension_count", "u32", m.head_dim),
        ("llama.rope.freq_base", "f32", m.rope_base),
        ("llama.vocab_size", "u32", m.vocab_size),
        ("tokenizer.ggml.model", "string", "llama"),
        ("tokenizer.ggml.tokens", "[string]", [sp.id_to_piece(i) for i in ids]),
        ("tokenizer.ggml.scores", "[f32]", [sp.get_score(i) for i in ids]),
        ("tokenizer.ggml.token_type", "[i32]", types),
        ("tokenizer.ggml.bos_token_id", "u32", tokenizer.bos),
        ("tokenizer.ggml.eos_token_id", "u32", tokenizer.eos),
        ("tokenizer.ggml.unknown_token_id", "u32", tokenizer.unk),
        ("tokenizer.ggml.add_bos_token", "bool", True),
        ("tokenizer.ggml.add_eos_token", "bool", False),
        ("tokenizer.ggml.add_space_prefix", "bool", True),
    ]


def tensor_names(model: Llama) -> dict[str, torch.nn.Parameter]:
    """By their names in GGUF. No output.weight: the embedding is the output."""
    names = {"token_embd": model.embedding.weight, "output_norm": model.norm.weight}
    for i, block in enumerate(model.blocks):
        names |= {f"blk.{i}.{name}": weight for name, weight in {
            "attn_norm": block.attention_norm.weight,
            "attn_q": block.attention.q.weight,
            "attn_k": block.attention.k.weight,
            "attn_v": block.attention.v.weight,
            "attn_output": block.attention.o.weight,
            "ffn_norm": block.ffn_norm.weight,
            "ffn_gate": block.ffn.gate.weight,
            "ffn_up": block.ffn.up.weight,
            "ffn_down": block.ffn.down.weight,
        }.items()}
    return {f"{name}.weight": weight for name, weight in names.items()}


def _tensors(model: Llama, kind: str, packed: dict[str, torch.Tensor]) -> list:
    """Vectors stay floats. `packed`: matrices that are of this type already, by their names in torch."""
    ready = {weight: memoryview(packed[name].numpy()).cast("B") for name, weight in model.named_parameters() if name in packed}
    out = []
    for name, weight in tensor_names(model).items():
        type_ = kind if weight.dim() > 1 else "F32"
        out.append((name, type_, tuple(weight.shape), lambda w=weight, t=type_: ready.get(w) or gguf.packed(w, t)))
    return out


def export_gguf(checkpoint: Path, data: Path, out: Path, kind: str) -> dict:
    """Writes `out` and its manifest, which is returned."""
    if kind not in gguf.TENSOR_TYPES:
        raise ExportError(f"--type {kind}: there are {', '.join(gguf.TENSOR_TYPES)}")
    model, config, content = load_model(checkpoint)
    tokenizer = Tokenizer.of(data, content)
    how = content.get("quantisation")
    packed = packed_weights(content, kind)
    digest = _replace(out, lambda part: gguf.write(part, keys_of(config, tokenizer, kind), _tensors(model, kind, packed)))
    if how and not packed:
        how = {"method": "rtn", "after": how}  # rounded once more, to another type
    return _manifest(out, f"GGUF {kind}", digest, config, content, data, model, how or ({"method": "rtn"} if "Q" in kind else None))


def export_onnx(checkpoint: Path, data: Path, out: Path) -> dict:
    """Tokens (rows, length) as int64 to logits (rows, length, vocabulary); the tokenizer lies beside it."""
    try:
        import onnx
    except ImportError:
        raise ExportError("ONNX needs the package onnx: pip install 'auton-slm[export]'") from None
    model, config, content = load_model(checkpoint)
    Tokenizer.of(data, content)
    example = torch.ones(2, 8, dtype=torch.int64)
    axes = {0: "rows", 1: "length"}

    def write(part: Path) -> str:
        torch.onnx.export(model, (example,), str(part), opset_version=ONNX_OPSET, input_names=["tokens"], output_names=["logits"],
                          dynamic_axes={"tokens": axes, "logits": axes}, do_constant_folding=False, dynamo=False)
        onnx.checker.check_model(str(part))
        return hashlib.sha256(part.read_bytes()).hexdigest()

    digest = _replace(out, write)
    return _manifest(out, f"ONNX opset {ONNX_OPSET}, F32", digest, config, content, data, model, content.get("quantisation"))


def _replace(out: Path, write) -> str:
    """All of the file or none of it. Returns what `write` does."""
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        digest = write(part)
        with open(part, "rb") as file:
            os.fsync(file.fileno())  # else a crash could leave the name and not the content
        os.replace(part, out)
        return digest
    except OSError as error:
        raise ExportError(f"{out} cannot be written: {error.strerror or error}") from None
    finally:
        part.unlink(missing_ok=True)


def _manifest(out: Path, form: str, digest: str, config: Config, content: dict, data: Path, model: Llama, quantisation: dict | None) -> dict:
    try:
        statistics = json.loads((data / "statistics.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        statistics = {}
    manifest = {
        "file": out.name,
        "name": config.name,
        "format": form,
        "bytes": out.stat().st_size,
        "sha256": digest,
        "parameters": model.parameter_count(),
        "quantisation": quantisation,
        "config": asdict(config.model),
        "seed": config.train.seed,
        "step": content.get("step"),
        "data_hash": statistics.get("hash", "unknown"),
        "licence": "Apache-2.0",
        "training_data_licences": statistics.get("licences", {}),
        "made_by": f"auton-slm {__version__}",
    }
    out.with_name(out.name + ".json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest
