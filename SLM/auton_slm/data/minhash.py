"""MinHash: finds paragraphs that say nearly the same, so that copies do not weigh more than their worth."""

import zlib

import numpy as np

PERMUTATIONS = 32
BANDS = 8  # 8 bands of 4: pairs with a Jaccard similarity of about 0.6 and more are found
_PRIME = np.uint64((1 << 61) - 1)
_rng = np.random.default_rng(20240229)
_A = _rng.integers(1, 1 << 31, PERMUTATIONS, dtype=np.uint64)
_B = _rng.integers(0, 1 << 31, PERMUTATIONS, dtype=np.uint64)


def signature(text: str) -> np.ndarray:
    words = text.split()
    shingles = {" ".join(words[i : i + 3]) for i in range(max(1, len(words) - 2))}
    hashes = np.fromiter((zlib.crc32(s.encode()) for s in shingles), dtype=np.uint64, count=len(shingles))
    return ((hashes[:, None] * _A + _B) % _PRIME).min(axis=0)


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    return float((a == b).mean())


def deduplicate(paragraphs: list[str], threshold: float = 0.7) -> list[str]:
    """Keeps the first of every group of near copies; the order stays."""
    kept, buckets = [], {}
    signatures: list[np.ndarray] = []
    rows = PERMUTATIONS // BANDS
    for text in paragraphs:
        mine = signature(text)
        keys = [(band, mine[band * rows : (band + 1) * rows].tobytes()) for band in range(BANDS)]
        near = {number for key in keys for number in buckets.get(key, ())}
        if any(similarity(mine, signatures[number]) >= threshold for number in near):
            continue
        for key in keys:
            buckets.setdefault(key, []).append(len(signatures))
        signatures.append(mine)
        kept.append(text)
    return kept
