"""CHECKPOINT DATA: what a training measures of itself, [plain, while its steps compute in bf16], as JSON."""

import json
import sys
from pathlib import Path

import torch

from auton_slm.checkpoint import load_model
from auton_slm.train import Processes, Trainer

path, data = map(Path, sys.argv[1:])
model, config, _ = load_model(path)
trainer = Trainer(config, data, path.parent, Processes("cpu"))
trainer.model.load_state_dict(model.state_dict())
plain = trainer.evaluate(trainer.validation)
trainer.amp = torch.autocast("cpu", torch.bfloat16)
print(json.dumps([plain, trainer.evaluate(trainer.validation)]))
