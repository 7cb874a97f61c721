"""{name: {"configured": parameters by the formula, "built": of the model itself}} of every shipped configuration."""

import json

import torch

from auton_slm.config import CONFIG_DIR, load
from auton_slm.model import Llama

out = {}
for path in CONFIG_DIR.glob("*.yaml"):
    config = load(path.stem)
    with torch.device("meta"):
        out[path.stem] = {"configured": config.model.parameters(), "built": Llama(config.model, drawn=False).parameter_count()}
    assert config.name == path.stem
print(json.dumps(out))
