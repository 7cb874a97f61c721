"""Checkpoints: written beside and renamed, so that a kill leaves the old one or the new one and never half of one."""

import errno
import os
import pickle
from pathlib import Path

import torch

from .config import Config, ConfigError
from .model import Llama


class CheckpointError(RuntimeError):
    pass


def save(path: Path, content: dict) -> None:
    path = Path(path)
    part = path.with_suffix(".part")
    try:
        with open(part, "wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except (OSError, RuntimeError) as error:
        part.unlink(missing_ok=True)
        full = getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or "file write failed" in str(error) or "No space" in str(error)
        if full:
            raise CheckpointError(f"There is no disk space for {path}. Free some and start again: training goes on from the last checkpoint.") from None
        raise CheckpointError(f"{path} cannot be written: {error}") from None


def load(path: Path, device: str = "cpu") -> dict:
    try:
        content = torch.load(path, map_location=device, weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint {path}. Train first: auton-slm train") from None
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, ValueError) as error:
        first = (str(error).splitlines() or ["?"])[0]
        raise CheckpointError(f"The checkpoint {path} is damaged ({first}). Delete it; training begins anew or from an older one.") from None
    if not isinstance(content, dict) or "model" not in content or "config" not in content:
        raise CheckpointError(f"{path} is no checkpoint of this program.")
    return content


def load_model(path: Path, device: str = "cpu") -> tuple[Llama, Config, dict]:
    """The model in evaluation mode, its configuration, and the rest of the checkpoint."""
    content = load(path, device)
    try:
        config = Config.from_dict(content["config"], str(path))
        model = Llama(config.model)
        model.load_state_dict(content["model"])
    except (ConfigError, RuntimeError) as error:
        raise CheckpointError(f"{path} does not fit this program: {error}") from None
    return model.to(device).eval(), config, content
