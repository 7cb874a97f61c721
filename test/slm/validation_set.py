"""DATA: writes validation.npz there, of hand-written sentences cut by the tokenizer there."""

import sys
from pathlib import Path

import numpy as np

from auton_slm.data import heldout
from auton_slm.data.normalize import normalize
from auton_slm.labels import LABELS
from auton_slm.tokenizer import Tokenizer

data = Path(sys.argv[1])
tokenizer = Tokenizer(data / "tokenizer.model")
rows = [tokenizer.example(normalize(u.text), LABELS.index(u.label), "", "") for u in heldout.utterances()[::20]]
np.savez(data / "validation.npz", tokens=np.concatenate(rows).astype(np.uint16), ends=np.cumsum([len(row) for row in rows]))
