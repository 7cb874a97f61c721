"""CHECKPOINT DATA FOLDER: rounds the checkpoint in every way. For each: how far its logits on the validation set are from
those of the checkpoint, mean square, and whether a GGUF file of it gives its very weights back. {type: {method: ...}} as JSON.
"""

import json
import sys
from pathlib import Path

import torch

from auton_slm.batches import Examples, targets_and_weights
from auton_slm.checkpoint import load_model
from auton_slm.export import export_gguf
from auton_slm.imports import import_model
from auton_slm.quantize import KINDS, METHODS, quantize
from auton_slm.tokenizer import Tokenizer

checkpoint, data, folder = map(Path, sys.argv[1:])
model, config, _ = load_model(checkpoint)
examples, tokenizer = Examples(data / "validation.npz"), Tokenizer(data / "tokenizer.model")
tokens, real = examples.rows(torch.arange(len(examples)), config.model.context)
_, weights = targets_and_weights(tokens, real, tokenizer.label_ids, tokenizer.say, 1.0, 1.0, 0.0)


@torch.no_grad()
def logits(of):
    return of(tokens[:, :-1])[weights > 0]


def kept(path, kind) -> bool:
    gguf, again = folder / "rounded.gguf", folder / "again.pt"
    export_gguf(path, data, gguf, kind)
    import_model(gguf, again)
    return all(torch.equal(a, b) for a, b in zip(load_model(path)[0].parameters(), load_model(again)[0].parameters()))


exact, out = logits(model), {}
for to, kind in KINDS.items():
    for method in METHODS:
        path = folder / "rounded.pt"
        quantize(checkpoint, path, to, method, data)
        error = float((logits(load_model(path)[0]) - exact).square().mean())
        out.setdefault(to, {})[method] = {"error": error, "kept": kept(path, kind)}
print(json.dumps(out))
