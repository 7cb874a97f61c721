"""What the engine's gates find out for themselves: nothing here reads a report, a log or a statistic that somebody wrote.

    python -m auton_slm.judge data | architecture | checkpoint | evaluation | export

The last line is one JSON object; a file that cannot be judged at all is `{"event": "error", "message": ...}`.
"""

import argparse
import json
import math
import sys
from collections import Counter
from pathlib import Path

PARTS = ("train", "validation", "values")


def data(directory: Path) -> dict:
    """The hash, sizes and labels of a data set, and the sentences that its parts share with what was held out."""
    import numpy as np

    from .baseline import training_prompts
    from .batches import Examples
    from .data import heldout
    from .data.normalize import normalize
    from .data.prepare import dataset_hash
    from .labels import LABELS
    from .tokenizer import Tokenizer
    tokenizer = Tokenizer(directory / "tokenizer.model")
    result = {"hash": dataset_hash(directory), "vocabulary": len(tokenizer), "parts": {}}
    prompts = {}
    for part in PARTS:
        examples = Examples(directory / f"{part}.npz")
        prompts[part], labels = training_prompts(examples, tokenizer)
        counted = Counter(LABELS[i] for i in labels)
        result["parts"][part] = {"examples": len(examples), "tokens": int(examples.ends[-1]) if len(examples) else 0, "labels": counted}
        ends = examples.ends.numpy()
        if len(ends) and (int(ends[-1]) != len(examples.tokens) or bool((np.diff(ends) <= 0).any()) or int(examples.tokens.max()) >= len(tokenizer)):
            raise ValueError(f"{part}.npz: its tokens do not fit its ends or its tokenizer")
    seen = set(prompts["train"])
    result["held_out_in_training"] = sum(normalize(u.text) in seen for u in heldout.utterances())
    for part in PARTS[1:]:
        result["parts"][part]["in_training"] = sum(prompt in seen for prompt in prompts[part])
    return result


def architecture(path: Path) -> dict:
    """The configuration as training reads it, and the parameters of the model that it makes."""
    import torch

    from .config import load
    from .model import Llama
    config = load(str(path))
    with torch.device("meta"):
        parameters = sum(p.numel() for p in Llama(config.model).parameters())
    return {"name": config.name, "parameters": parameters, "config": config.as_dict()}


def checkpoint(path: Path, directory: Path) -> dict:
    """What a checkpoint holds, and its loss on the validation set of `directory`."""
    import torch

    from .checkpoint import load_model
    from .train import Processes, Trainer
    model, config, content = load_model(path)
    result = {"step": content.get("step"), "config": config.as_dict(), "parameters": model.parameter_count(),
              "quantisation": content.get("quantisation"), "finite": all(bool(torch.isfinite(w).all()) for w in model.parameters())}
    if result["finite"]:
        trainer = Trainer(config, directory, path.parent, Processes("cpu"))
        trainer.model.load_state_dict(model.state_dict())
        result["validation"] = trainer.evaluate(trainer.validation)
    return result


def benchmark(cells: dict) -> float:
    """The share of hand-written sentences, none of them in the training set, whose intent is found."""
    sources = cells["intents"]["model"].values()
    return sum(c["intent"] * c["sentences"] for c in sources) / sum(c["sentences"] for c in sources)


def evaluation(path: Path, directory: Path, size: int) -> dict:
    """The cells of an evaluation for the weights as a checkpoint or a GGUF file has them, without the baselines."""
    from .evaluate import Evaluation
    model, _, content = _load(path)
    cells = Evaluation(directory, "cpu", size, say=lambda *_: None).measure(model, {})
    return {"step": content.get("step"), "cells": cells, "benchmark": benchmark(cells), "perplexity": cells["perplexity"]["answers"]}


def export(path: Path, directory: Path, file: Path, engine: Path) -> dict:
    """How far the logits of a file are from those of the checkpoint that it was exported from, at most; and of a GGUF file
    what llama.cpp's reader and the kernel's engine, a program, make of it."""
    import tempfile

    import numpy as np
    import torch

    from . import elsewhere
    from .checkpoint import load_model
    from .tokenizer import Tokenizer
    model, config, _ = load_model(path)
    tokens, lengths = elsewhere.rows_of(directory, config)
    with torch.no_grad():
        expected = model(tokens).float().numpy()
    if file.suffix == ".onnx":
        found = elsewhere.onnx_logits(file, tokens.numpy())
    else:
        with tempfile.TemporaryDirectory() as scratch:
            found = elsewhere.gguf_logits(file, tokens, Path(scratch))
    if found.shape != expected.shape:
        raise ValueError(f"{file.name} gives logits of the shape {found.shape}, the checkpoint {expected.shape}")
    result = {"difference": float(np.abs(found - expected).max()), "reader": None, "engine": None}
    if file.suffix == ".gguf":
        result["reader"] = elsewhere.in_llama_cpp_reader(file, model, tokens, expected)
        tokenizer = Tokenizer(directory / "tokenizer.model")
        texts, cut = elsewhere.cut_otherwise(engine, file, tokenizer)
        result["engine"] = {**elsewhere.in_engine(engine, file, tokens, lengths, expected), "texts": texts, "cut_otherwise": cut,
                            "other_keys": elsewhere.other_keys(file, config, tokenizer)}
    return result


def _load(path: Path):
    """The model of a checkpoint, or of a GGUF file as a kernel reads it."""
    import tempfile

    from .checkpoint import load_model
    if path.suffix != ".gguf":
        return load_model(path)
    from .imports import import_model
    with tempfile.TemporaryDirectory() as folder:
        import_model(path, Path(folder) / "imported.pt")
        return load_model(Path(folder) / "imported.pt")


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="auton_slm.judge", description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    judges = {"data": data, "architecture": architecture, "checkpoint": checkpoint, "evaluation": evaluation, "export": export}
    takes = {"data": "directory", "architecture": "path", "checkpoint": "path directory", "evaluation": "path directory size",
             "export": "path directory file engine"}
    for kind, names in takes.items():
        sub = kinds.add_parser(kind)
        for name in names.split():
            sub.add_argument(f"--{name}", type=int if name == "size" else Path, required=True)
    arguments = vars(parser.parse_args(argv))
    judge = judges[arguments.pop("kind")]
    try:
        print(json.dumps({"event": "judged", **_plain(judge(**arguments))}))
        return 0
    except (ValueError, RuntimeError, OSError, KeyError, IndexError, EOFError) as error:
        print(json.dumps({"event": "error", "message": f"{type(error).__name__}: {str(error).strip() or 'no reason given'}"}))
        return 1


def _plain(value):
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    sys.exit(main())
