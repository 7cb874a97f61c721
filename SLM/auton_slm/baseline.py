"""The classifiers to beat: naive Bayes and logistic regression over words, pairs of words and pieces of words."""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from .labels import LABELS, NUMBER

BUCKETS = 1 << 18


def features(prompt: str, kind: str) -> list[str]:
    """`words`: words and neighbouring pairs, ids and numbers as one word each; `pieces`: three to five letters as well."""
    words = ["^", *(_entity(word) for word in prompt.split()), "$"]
    out = words[1:-1] + [f"{a} {b}" for a, b in zip(words, words[1:])]
    if kind == "pieces":
        for word in words[1:-1]:
            padded = f"<{word}>"
            out += [padded[i : i + n] for n in (3, 4, 5) for i in range(len(padded) - n + 1)]
    return out


def _entity(word: str) -> str:
    """Ids, addresses and numbers are one feature each, as in the kernel's own classifier."""
    from .data.normalize import SHAPES
    for kind in ("pci", "slot", "ip", "num"):
        if SHAPES[kind].fullmatch(word):
            return "#" + kind
    return "#path" if word.startswith("/") and len(word) > 1 else word


class NaiveBayes:
    def __init__(self, prompts: list[str], labels: np.ndarray, kind: str = "words") -> None:
        self.kind = kind
        self.counts = [Counter() for _ in LABELS]
        for prompt, label in zip(prompts, labels):
            self.counts[label].update(features(prompt, kind))
        self.totals = [sum(c.values()) for c in self.counts]
        self.vocabulary = len(set().union(*self.counts))

    def log_probabilities(self, prompts: list[str]) -> np.ndarray:
        out = np.zeros((len(prompts), len(LABELS)))
        for row, prompt in enumerate(prompts):
            for feature in features(prompt, self.kind):
                seen = [c[feature] for c in self.counts]
                if any(seen):
                    out[row] += [np.log((n + 0.5) / (t + 0.5 * self.vocabulary)) for n, t in zip(seen, self.totals)]
        return out - np.logaddexp.reduce(out, axis=1, keepdims=True)


def _bucket(feature: str) -> int:
    """FNV-1a, so that other programs find the same bucket."""
    value = 2166136261
    for byte in feature.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value % BUCKETS


def logistic_regression(rows: list[list[int]], labels: np.ndarray, features: int, weights: np.ndarray | None = None, epochs: int = 3,
                        seed: int = 1, device: str = "cpu", drop: float = 0.15) -> np.ndarray:
    """(features, labels), for rows of numbers of features, none of them empty. `weights`: to go on from. `drop` features are hidden at
    random, so that no single word decides."""
    flat = torch.tensor([i for row in rows for i in row], dtype=torch.int64, device=device)
    lengths = torch.tensor([len(row) for row in rows], device=device)
    ends = lengths.cumsum(0)
    starts = ends - lengths
    targets = torch.tensor(np.asarray(labels, dtype=np.int64), device=device)
    table = torch.nn.EmbeddingBag(features, len(LABELS), mode="sum", device=device)
    with torch.no_grad():
        table.weight.copy_(torch.zeros(features, len(LABELS)) if weights is None else torch.from_numpy(weights))
    optimizer = torch.optim.Adagrad(table.parameters(), lr=0.08)
    generator = torch.Generator().manual_seed(seed)
    size = 512
    for _ in range(epochs):
        order = torch.randperm(len(rows), generator=generator).to(device)
        for chunk in order.split(size):
            width = int(lengths[chunk].max())
            places = starts[chunk][:, None] + torch.arange(width, device=device)
            real = (places < ends[chunk][:, None]).float()
            real = real * (torch.rand(real.shape, generator=generator).to(device) >= drop)
            scores = table(flat[places.clamp(max=len(flat) - 1)], per_sample_weights=real)
            loss = F.cross_entropy(scores, targets[chunk], label_smoothing=0.02)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return table.weight.detach().cpu().numpy()


class Logistic:
    """Multinomial logistic regression over hashed features; the mean of the features' weights is the score."""

    def __init__(self, kind: str = "words", weights: np.ndarray | None = None) -> None:
        self.kind = kind
        self.weights = weights if weights is not None else np.zeros((BUCKETS, len(LABELS)), dtype=np.float32)
        self._cache: dict[str, int] = {}

    def _ids(self, prompt: str) -> list[int]:
        cache = self._cache
        return [cache[f] if f in cache else cache.setdefault(f, _bucket(f)) for f in features(prompt, self.kind)] or [0]

    def fit(self, prompts: list[str], labels: np.ndarray, epochs: int = 3, seed: int = 1, device: str = "cpu") -> "Logistic":
        self.weights = logistic_regression([self._ids(p) for p in prompts], labels, BUCKETS, None, epochs, seed, device)
        return self

    def log_probabilities(self, prompts: list[str]) -> np.ndarray:
        scores = np.stack([self.weights[self._ids(p)].sum(0) for p in prompts])
        return scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)

    def save(self, path: Path) -> None:
        """Only the buckets that are used, as signed bytes with one scale: small enough for a kernel."""
        used = np.flatnonzero(np.abs(self.weights).max(1) > 1e-3)
        scale = float(np.abs(self.weights).max()) / 127
        values = np.round(self.weights[used] / scale).astype(np.int8)
        part = path.with_suffix(".part.npz")
        np.savez_compressed(part, used=used.astype(np.int32), values=values, scale=scale, meta=json.dumps({"kind": self.kind, "buckets": BUCKETS}))
        os.replace(part, path)

    @staticmethod
    def load(path: Path) -> "Logistic":
        with np.load(path) as arrays:
            weights = np.zeros((BUCKETS, len(LABELS)), dtype=np.float32)
            weights[arrays["used"]] = arrays["values"] * float(arrays["scale"])
            return Logistic(json.loads(str(arrays["meta"]))["kind"], weights)


def training_prompts(examples, tokenizer, limit: int | None = None) -> tuple[list[str], np.ndarray]:
    """The prompts of the training set as text again, with the numbers of their labels."""
    tokens, ends = examples.tokens.cpu().numpy(), examples.ends.cpu().numpy()[:limit]
    first, last = tokenizer.label_ids[0], tokenizer.label_ids[-1]
    rows, labels, start = [], [], 0
    for end in ends:
        row = tokens[start:end]
        place = int(np.flatnonzero((row >= first) & (row <= last))[0])
        rows.append(row[1:place].tolist())
        labels.append(int(row[place]) - first)
        start = end
    return tokenizer.sp.decode(rows), np.array(labels)


def accuracy(log_probabilities: np.ndarray, labels: list[str]) -> float:
    return float((log_probabilities.argmax(1) == [NUMBER[label] for label in labels]).mean())
