"""CHECKPOINT DATA ONNX TEXT...: tokens of the texts, and the logits of PyTorch and of ONNX Runtime, as JSON."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from auton_slm.checkpoint import load_model
from auton_slm.tokenizer import Tokenizer

checkpoint, data, onnx, *texts = sys.argv[1:]
model, _, _ = load_model(Path(checkpoint))
session = onnxruntime.InferenceSession(onnx)
tokens = [Tokenizer(Path(data) / "tokenizer.model").encode(text) for text in texts]
rows = [np.array([[1, *ids]]) for ids in tokens]
with torch.no_grad():
    by_torch = [model(torch.from_numpy(row))[0].tolist() for row in rows]
by_onnx = [session.run(None, {"tokens": row})[0][0].tolist() for row in rows]
print(json.dumps({"tokens": tokens, "torch": by_torch, "onnx": by_onnx}))
