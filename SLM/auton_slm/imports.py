"""Checkpoints out of exported files: the model that ships lies there as ONNX in full precision, and can be evaluated,
rounded in another way or trained on from it. The manifest beside a file says what else is known of it.
"""

import json
from pathlib import Path

import torch

from . import checkpoint, gguf_reader
from .blocks import BYTES, unpack
from .config import Config
from .export import tensor_names
from .model import Llama


class ImportingError(RuntimeError):
    pass


def import_model(source: Path, out: Path) -> Config:
    """Writes a checkpoint; of a file in Q8_0 or Q4_0 one that is exported in that type without loss."""
    if not source.is_file():
        raise ImportingError(f"there is no file {source}")
    if source.suffix not in (".onnx", ".gguf"):
        raise ImportingError(f"{source}: a file that ends in .onnx or .gguf is expected")
    manifest = _manifest(source)
    config, weights, kind = (_from_onnx if source.suffix == ".onnx" else _from_gguf)(source, manifest)
    content = {"model": weights, "config": config.as_dict(), "step": manifest.get("step")}
    if kind:
        content["quantisation"] = {"method": "unknown", **(manifest.get("quantisation") or {}), "type": kind}
    out.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(out, content)
    return config


def _manifest(source: Path) -> dict:
    try:
        return json.loads(source.with_name(source.name + ".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def _config(name: str, model: dict, manifest: dict, where: Path) -> Config:
    train = {"seed": manifest["seed"]} if "seed" in manifest else {}
    return Config.from_dict({"name": name, "model": model, "train": train}, str(where))


def _from_onnx(source: Path, manifest: dict):
    try:
        import onnx
    except ImportError:
        raise ImportingError("ONNX needs the package onnx: pip install 'auton-slm[export]'") from None
    if "config" not in manifest:
        raise ImportingError(f"{source.name}.json is missing or no manifest: ONNX does not say how many heads a model has")
    config = _config(manifest.get("name", source.stem), manifest["config"], manifest, source)
    try:
        stored = onnx.load(str(source)).graph.initializer
    except Exception as error:  # protobuf's own classes
        raise ImportingError(f"{source} cannot be read as ONNX ({error})") from None
    weights = {tensor.name: torch.from_numpy(onnx.numpy_helper.to_array(tensor).copy()) for tensor in stored}
    expected = _shapes(config)
    return config, _checked({name: weights[name] for name in expected if name in weights}, expected, source), None


def _from_gguf(source: Path, manifest: dict):
    try:
        keys, tensors = gguf_reader.read(source)
        model = {name: keys[f"llama.{key}"] for name, key in gguf_reader.MODEL_KEYS.items()}
        vocabulary = len(keys["tokenizer.ggml.tokens"])
    except KeyError as error:
        raise ImportingError(f"{source} is no Llama with a tokenizer: it has no {error.args[0]}") from None
    config = _config(keys.get("general.name", source.stem), {**model, "vocab_size": vocabulary}, manifest, source)
    with torch.device("meta"):
        llama = Llama(config.model, drawn=False)
    in_torch = {weight: name for name, weight in llama.named_parameters()}
    weights, kinds = {}, {}
    for name, weight in tensor_names(llama).items():
        if name not in tensors:
            raise ImportingError(f"{source} has no tensor {name}")
        kinds[in_torch[weight]], weights[in_torch[weight]] = tensors.pop(name)()
    if tensors:
        raise ImportingError(f"{source} has a tensor {sorted(tensors)[0]}, which this program's models do not have")
    packed = {name: kind for name, kind in kinds.items() if kind in BYTES}
    floats = weights | {name: unpack(weights[name], kind) for name, kind in packed.items()}
    _checked(floats, _shapes(config), source)
    if len(set(packed.values())) == 1:
        return config, weights, next(iter(packed.values()))
    return config, floats, None  # of several types: exported in one of them they are rounded anew


def _shapes(config: Config) -> dict[str, torch.Size]:
    with torch.device("meta"):
        return {name: weight.shape for name, weight in Llama(config.model, drawn=False).named_parameters()}


def _checked(weights: dict, expected: dict, source: Path) -> dict:
    for name, shape in expected.items():
        if name not in weights:
            raise ImportingError(f"{source} has no weights {name}")
        if weights[name].shape != shape:
            raise ImportingError(f"{source}: {name} has the shape {tuple(weights[name].shape)}, not {tuple(shape)}")
    return weights
