"""The held-out sentences: they measure and never train."""

from dataclasses import dataclass
from pathlib import Path

from ..labels import LABELS, SHORT

DIR = Path(__file__).parent / "heldout"
# Two older sets, written for the rule engine of the kernel by somebody else.
KERNEL_SETS = Path(__file__).parents[3] / "test/kernel/slm"


@dataclass(frozen=True)
class Utterance:
    label: str
    text: str
    source: str


def utterances() -> list[Utterance]:
    out = _read(DIR / "intents.tsv", "own")
    for name in ("a", "b"):
        path = KERNEL_SETS / f"intents-{name}.tsv"
        if path.is_file():
            out += _read(path, f"kernel-{name}")
    return out


def _read(path: Path, source: str) -> list[Utterance]:
    out = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            label, text = line.split("\t", 1)
            label = SHORT.get(label, label)
            if label not in LABELS:
                raise ValueError(f"{path.name}: unknown label {label!r}")
            out.append(Utterance(label, text.strip(), source))
    return out
