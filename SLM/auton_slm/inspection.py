"""Looks at a configuration or a tokenizer, without computing anything: for the engine's tools."""

from pathlib import Path

from .config import Config


def describe(config: Config) -> dict:
    return {"name": config.name, "parameters": config.model.parameters(), "head_dim": config.model.head_dim, "config": config.as_dict()}


def tokenize(data: Path, texts: list[str]) -> list[dict]:
    """Each text as training cuts it: the normalised line, its pieces and their ids."""
    from .data.normalize import normalize
    from .tokenizer import Tokenizer
    model = data / "tokenizer.model"
    if not model.is_file():
        raise FileNotFoundError(f"{model} is missing: --data is the folder that prepare_data wrote")
    tokenizer = Tokenizer(model)
    lines = [normalize(text) for text in texts]
    return [{"line": line, "pieces": [tokenizer.sp.id_to_piece(i) for i in ids], "ids": ids, "bytes": sum(map(tokenizer.sp.is_byte, ids))}
            for line in lines for ids in [tokenizer.encode(line)]]
