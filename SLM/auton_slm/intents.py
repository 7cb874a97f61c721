"""The kernel's own classifier, which needs no model: logistic regression over the stems of a line and pairs of them, as a
table of small integers that the kernel adds up (kernels/reference/slm/intent.c, kernel_spec/slm.md).

What a stem is the kernel's parser says, which is built as a library for it: so both see the same features.
"""

import ctypes
import json
import os
import shutil
import subprocess
import tempfile
from collections import Counter, defaultdict
from functools import lru_cache
from pathlib import Path

import numpy as np

from .baseline import logistic_regression, training_prompts
from .batches import Examples
from .labels import LABELS, NUMBER, OTHER
from .tokenizer import Tokenizer

HOST = Path(__file__).parents[1] / "host"
KERNEL = Path(__file__).parents[2] / "kernels/reference/slm"
TABLE = KERNEL / "data/intents.tsv"
FIRST, LAST, UNKNOWN = "^", "$", "#unknown"
UNITS_PER_BIT = 16
LONGEST_LINE = 64 * 24  # words and bytes of a stem, in text.h

LEAST_WORD = 12  # examples that a word must be in
SLIP = 100  # times as rare as a word that it looks like: a slip of the finger, which the kernel mends
LEAST_PAIR = 10
PAIRS = 9000  # that are kept
HIDDEN = 0.3  # of the features of an example while learning


class IntentsError(RuntimeError):
    pass


class Parser:
    """The kernel's: `stems` of a line, and whether one stem `is_typo` of another."""

    def __init__(self) -> None:
        if not KERNEL.is_dir() or not shutil.which("cc"):
            raise IntentsError(f"it needs the kernel's parser, {KERNEL / 'text.c'}, and a C compiler (cc)")
        with tempfile.TemporaryDirectory() as folder:
            library = Path(folder) / "stems.so"
            command = ["cc", "-std=gnu11", "-O2", "-shared", "-fPIC", f"-I{KERNEL}", HOST / "stems.c", KERNEL / "text.c", "-o", library]
            built = subprocess.run(command, capture_output=True, text=True)
            if built.returncode:
                raise IntentsError(f"The kernel's parser cannot be built: {built.stderr}")
            self._library = ctypes.CDLL(str(library))
        self._library.text_is_typo.restype = ctypes.c_bool
        self._out = ctypes.create_string_buffer(LONGEST_LINE)

    def stems(self, line: str) -> list[str]:
        self._library.stems_of(os.fsencode(line.split("\0")[0]), self._out)
        return os.fsdecode(self._out.value).split()

    def is_typo(self, a: str, b: str) -> bool:
        return self._library.text_is_typo(os.fsencode(a), os.fsencode(b))


class Vocabulary:
    """The words that have a number, and what becomes of the others."""

    def __init__(self, words: list[str], parser: Parser) -> None:
        self.words, self.parser = words, parser
        self.number = {word: number for number, word in enumerate(words)}
        self.by_letter = defaultdict(list)
        for word in words:
            self.by_letter[word[0]].append(word)
        self.known = lru_cache(maxsize=None)(self._known)

    def _known(self, stem: str) -> str:
        """The stem, or the first word that it is a slip of, or the one that stands for all strangers."""
        if stem in self.number or stem.startswith("#"):
            return stem if stem in self.number else UNKNOWN
        return next((word for word in self.by_letter[stem[0]] if self.parser.is_typo(stem, word)), UNKNOWN)

    def features(self, line: str) -> list[str]:
        """Words, pairs side by side, and pairs with one word between."""
        words = [FIRST, *map(self.known, self.parser.stems(line)), LAST]
        return words + [f"{a} {b}" for a, b in zip(words, words[1:])] + [f"{a} _ {b}" for a, b in zip(words, words[2:])]


def frequent_words(lines: list[str], parser: Parser) -> list[str]:
    """In the order of the kernel's comparison; without slips, for a word that is known is not mended."""
    counts = Counter(stem for line in lines for stem in set(parser.stems(line)))
    frequent = [w for w, n in counts.items() if n >= LEAST_WORD and w.isascii()]
    letters = defaultdict(list)
    for word in frequent:
        letters[word[0]].append(word)
    def is_slip(word):
        return word[0] != "#" and any(counts[other] >= SLIP * counts[word] and parser.is_typo(word, other) for other in letters[word[0]])
    return sorted({FIRST, LAST, UNKNOWN, *(word for word in frequent if not is_slip(word))})


class Intents:
    """The classifier as the kernel has it: `weights` by feature, in 1/16 bits of log-odds."""

    def __init__(self, weights: dict[str, list[int]], parser: Parser) -> None:
        self.weights = weights
        self.vocabulary = Vocabulary([feature for feature in weights if " " not in feature], parser)

    @staticmethod
    def load(path: Path, parser: Parser) -> "Intents":
        rows = [line.split("\t") for line in path.read_text(encoding="ascii").splitlines() if "\t" in line]
        return Intents({feature: [int(n) for n in numbers.split()] for feature, numbers in rows}, parser)

    def scores(self, lines: list[str]) -> np.ndarray:
        nothing = [0] * len(LABELS)
        return np.array([np.sum([self.weights.get(f, nothing) for f in self.vocabulary.features(line)], axis=0) for line in lines])

    def log_probabilities(self, lines: list[str]) -> np.ndarray:
        """Of a line without a word that is known it is certain that it is no intent's."""
        scores = self.scores(lines) * np.log(2) / UNITS_PER_BIT
        strange = [set(map(self.vocabulary.known, self.vocabulary.parser.stems(line))) <= {UNKNOWN} for line in lines]
        scores[strange] = np.where(np.arange(len(LABELS)) == NUMBER[OTHER], 0, -np.inf)
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)

    def save(self, path: Path, said: list[str]) -> None:
        """`said`: lines of comment, without tabs."""
        number = self.vocabulary.number
        def place(feature):
            words = feature.split()
            return len(words), *(number[w] for w in (words[0], words[-1]))
        rows = [f"{feature}\t{' '.join(map(str, self.weights[feature]))}" for feature in sorted(self.weights, key=place)]
        path.write_text("\n".join([*(f"# {line}" for line in said), *rows, ""]), encoding="ascii")


def train(lines: list[str], labels: np.ndarray, parser: Parser, seed: int = 1, say=print) -> Intents:
    """Learns all pairs first, keeps those that say most, and learns once more with these alone."""
    vocabulary = Vocabulary(frequent_words(lines, parser), parser)
    say(f"intents: {len(vocabulary.words)} words")
    features = [vocabulary.features(line) for line in lines]
    counts = Counter(f for row in features for f in set(row))
    names = sorted(f for f, n in counts.items() if f in vocabulary.number or n >= LEAST_PAIR)
    weights = _fit(features, labels, names, None, 3, seed)
    spread = np.abs(weights).max(1)
    pairs = sorted((n for n, f in enumerate(names) if " " in f), key=lambda n: (-spread[n], names[n]))[:PAIRS]
    kept = sorted([*pairs, *(n for n, f in enumerate(names) if " " not in f)])
    say(f"intents: {len(pairs)} of {len(names) - len(kept) + len(pairs)} pairs kept")
    names, weights = [names[n] for n in kept], weights[kept]
    weights = _fit(features, labels, names, weights, 2, seed)
    whole = np.clip(np.round(weights * UNITS_PER_BIT / np.log(2)), -127, 127).astype(int)
    return Intents({word: [0] * len(LABELS) for word in vocabulary.words} | dict(zip(names, whole.tolist())), parser)


def _fit(features, labels, names, weights, epochs, seed) -> np.ndarray:
    """Weights whose mean over the labels is 0."""
    number = {name: n for n, name in enumerate(names)}
    rows = [[number[f] for f in row if f in number] for row in features]
    weights = logistic_regression(rows, labels, len(names), weights, epochs, seed, drop=HIDDEN)
    return weights - weights.mean(1, keepdims=True)


def export(data: Path, out: Path, seed: int = 1, say=print) -> Intents:
    prompts, labels = training_prompts(Examples(data / "train.npz"), Tokenizer(data / "tokenizer.model"))
    made_of = json.loads((data / "statistics.json").read_text())["hash"]
    intents = train(prompts, labels, Parser(), seed, say)
    intents.save(out, [
        "The intent classifier: a stem, or two side by side, or two with one between; its weights in 1/16 bits of log-odds for",
        f"{' '.join(LABELS)}.",
        f"Made by: auton-slm export_intents, of {len(prompts)} examples, data set {made_of[:16]}, seed {seed}.",
    ])
    return intents
