"""Checkpoints: written beside and renamed, so that a kill leaves the old one or the new one and never half of one. Of a
model that was quantised the matrices are bytes of a block format, (rows, bytes of a row)."""

import errno
import os
import pickle
from pathlib import Path

import torch

from . import blocks
from .config import Config, ConfigError
from .model import Llama, rope_table


class CheckpointError(RuntimeError):
    pass


class _Writer:
    """A file that remembers why writing failed: torch.save only says that it did."""

    def __init__(self, file) -> None:
        self.file, self.problem = file, None

    def write(self, data) -> int:
        try:
            return self.file.write(data)
        except OSError as problem:
            self.problem = problem
            raise

    def flush(self) -> None:
        self.file.flush()


def save(path: Path, content: dict) -> None:
    path = Path(path)
    part = path.with_suffix(".part")
    writer = _Writer(None)
    try:
        with open(part, "wb", buffering=0) as file:
            writer.file = file
            torch.save(content, writer)
            os.fsync(file.fileno())
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        error = writer.problem or error
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise CheckpointError(f"There is no disk space for {path}. Free some and start again.") from None
        raise CheckpointError(f"{path} cannot be written: {error}") from None


def load(path: Path, device: str = "cpu") -> dict:
    try:
        content = torch.load(path, map_location=device, weights_only=True, mmap=device == "cpu")
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint {path}. Train first: auton-slm train") from None
    except (PermissionError, IsADirectoryError) as error:
        raise CheckpointError(f"The checkpoint {path} cannot be read: {error.strerror}.") from None
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ValueError):  # which speak of PyTorch's insides
        raise CheckpointError(f"The checkpoint {path} is damaged: PyTorch does not take it for a file of its own. Delete it: "
                              "a training then begins anew.") from None
    if not isinstance(content, dict) or "model" not in content or "config" not in content:
        raise CheckpointError(f"{path} is no checkpoint of this program.")
    return content


def packed_weights(content: dict, kind: str) -> dict[str, torch.Tensor]:
    """The matrices of a checkpoint that are bytes of this block format, by their names."""
    if (content.get("quantisation") or {}).get("type") != kind:
        return {}
    return {name: weight for name, weight in content["model"].items() if weight.dtype == torch.uint8}


def _weights(content: dict) -> dict[str, torch.Tensor]:
    """All of them as floats."""
    return {name: blocks.unpack(weight, content["quantisation"]["type"]) if weight.dtype == torch.uint8 else weight
            for name, weight in content["model"].items()}


def load_model(path: Path, device: str = "cpu") -> tuple[Llama, Config, dict]:
    """The model in evaluation mode, its configuration, and the rest of the checkpoint."""
    content = load(path, device)
    try:
        config = Config.from_dict(content["config"], str(path))
        with torch.device("meta"):  # no memory for what is replaced at once
            model = Llama(config.model, drawn=False)
        model.load_state_dict(_weights(content), assign=True)
        model.cos, model.sin = rope_table(config.model)
    except (ConfigError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not fit this program: {error}") from None
    return model.to(device).eval(), config, content
