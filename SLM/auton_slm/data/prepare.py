"""Makes the data set: gathers sources, draws examples from the grammars, splits, trains the tokenizer, writes arrays.

The folder then holds
    tokenizer.model     SentencePiece
    train.npz           examples: `tokens` uint16, `ends` int64 (end of each example)
    validation.npz      sentences of templates that training never uses
    values.npz          sentences whose names, ids and paths training never uses
    language.npz        English to learn words from, one stream of tokens
    facts.json.gz       the tables that ground the answers
    statistics.json     what was made of what; with seed and hashes
All of it is made in the folder `unfinished` of that folder and put in its place at the end: what was there stays whole until then.
"""

import hashlib
import json
import multiprocessing
import os
import random
import shutil
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import tokenizer as tok
from ..config import Config
from ..labels import LABELS, NUMBER, OTHER
from . import heldout, minhash, sources, wordnet
from .actions import text_for, texts
from .grammar import HELD_OUT_TEMPLATES, Template, load, load_phrases
from .noise import Noise
from .normalize import normalize
from .values import Values

MAX_COPIES = 12  # of one and the same prompt
LABEL_WEIGHTS = {"HARDWARE_IDENTIFY": 0.15, "DRIVER_SELECT": 0.14, "INSTALL_CONFIGURE": 0.16, "APP_INSTALL": 0.14,
                 "SYSTEM_MANAGE": 0.16, "TROUBLESHOOT": 0.15, "OTHER": 0.10}
CHUNK = 5000


@dataclass
class Example:
    prompt: str
    label: str
    action: str
    text: str


class Generator:
    """Draws examples. `part` is "train", "validation" (unseen templates) or "values" (unseen slot values)."""

    def __init__(self, facts: sources.Facts, directory: Path, part: str) -> None:
        self.grammar = load()
        self.facts = facts
        self.noise = Noise(wordnet.synonyms(directory) if part == "train" else None)
        self.values = Values(facts, held_out_part=part == "values")
        self.texts = texts()
        self.sentences = wordnet.everyday_sentences(directory) if part == "train" else []
        self.phrases = load_phrases() if part == "train" else None
        self.by_label = self._choose_templates(part)

    def _choose_templates(self, part: str) -> dict[str, list[list[Template]]]:
        """label -> groups of templates of one action, with the training templates never empty."""
        groups: dict[str, dict[str, list[Template]]] = {label: {} for label in LABELS}
        for template in self.grammar.templates:
            groups[template.label].setdefault(template.action, []).append(template)
        chosen: dict[str, list[list[Template]]] = {}
        for label, by_action in groups.items():
            lists = []
            for templates in by_action.values():
                held = [t for t in templates if t.key < HELD_OUT_TEMPLATES]
                held = held if len(held) < len(templates) else []
                mine = held if part == "validation" else [t for t in templates if t not in held]
                if mine:
                    lists.append(mine)
            chosen[label] = lists
        return chosen

    def draw(self, rng: random.Random) -> Example:
        label = rng.choices(list(LABEL_WEIGHTS), list(LABEL_WEIGHTS.values()))[0]
        if label == OTHER and self.sentences and rng.random() < 0.45:
            return Example(normalize(rng.choice(self.sentences)), OTHER, "unsure", self.texts["unsure"])
        if self.phrases and rng.random() < 0.15:
            template = rng.choice(self.phrases.templates)
            sampled = self.phrases.sample(template, rng, self.values)
            return Example(normalize(self.noise(sampled.text, "phrase", {}, rng)), template.label, "", "")
        groups = self.by_label[label]
        if not groups:
            return self.draw(rng)
        group = rng.choices(groups, [len(g) ** 0.7 for g in groups])[0]
        template = rng.choice(group)
        sampled = self.grammar.sample(template, rng, self.values)
        prompt = normalize(self.noise(sampled.text, template.form, sampled.slots, rng))
        return Example(prompt, label, sampled.action, text_for(sampled.action, self.texts))


class PrepareError(RuntimeError):
    pass


def prepare(config: Config, directory: Path, source_dir: Path, say=print, processes: int = 2, fetch: bool = False,
            tokenizer_model: Path | None = None) -> dict:
    """Returns the statistics. `tokenizer_model`: that of a model to go on with; without it one is trained."""
    if tokenizer_model:
        _check_tokenizer(tokenizer_model)
    source_dir.mkdir(parents=True, exist_ok=True)
    with _whole_or_not_at_all(directory) as part:
        return _prepare(config, part, source_dir, say, processes, fetch, tokenizer_model)


def _check_tokenizer(path: Path) -> None:
    if not path.is_file():
        raise PrepareError(f"--tokenizer {path}: there is no such file")
    try:
        tok.Tokenizer(path)
    except (RuntimeError, ValueError, OSError):
        raise PrepareError(f"--tokenizer {path}: this is no SentencePiece model") from None


@contextmanager
def _whole_or_not_at_all(directory: Path):
    """A folder for new files, which are then moved to `directory`; statistics.json, which makes it a data set, last."""
    part, last = directory / "unfinished", "statistics.json"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        yield part
        (directory / last).unlink(missing_ok=True)
        shutil.rmtree(directory / "baselines", ignore_errors=True)  # they were trained on what is replaced
        for file in sorted(part.iterdir(), key=lambda file: file.name == last):
            os.replace(file, directory / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _prepare(config: Config, directory: Path, source_dir: Path, say, processes: int, fetch: bool, tokenizer_model: Path | None) -> dict:
    if fetch:
        sources.fetch(source_dir, say)
    facts = sources.gather(source_dir, say)
    facts.nouns = without_technical_words(facts.nouns)
    facts.save(directory / "facts.json.gz")

    language = clean_language(source_dir, say) if config.data.language else {}
    generator = Generator(facts, source_dir, "train")
    if tokenizer_model:
        shutil.copyfile(tokenizer_model, directory / "tokenizer.model")
    else:
        say("tokenizer: training")
        tok.train(_corpus(config, generator, language), directory / "tokenizer.model", config.model.vocab_size)
    tokenizer = tok.Tokenizer(directory / "tokenizer.model")

    statistics = {"seed": config.data.seed, "vocabulary": len(tokenizer), "sources": facts.sources, "licences": sources.LICENCES,
                  "templates": Counter(t.label for t in generator.grammar.templates),
                  "surface_forms": sum(generator.grammar.surface_forms(t) for t in generator.grammar.templates),
                  "actions": len({t.action for t in generator.grammar.templates})}
    sizes = {"train": config.data.examples, "validation": config.data.validation, "values": config.data.validation}
    for part, size in sizes.items():
        statistics[part] = write_part(part, size, config.data.seed, facts, source_dir, directory, processes, say)
    statistics["language"] = write_language(language, tokenizer, directory, config.data.seed)
    statistics["hash"] = dataset_hash(directory)
    (directory / "statistics.json").write_text(json.dumps(statistics, indent=1, sort_keys=True))
    say(f"data set: {statistics['train']['examples']} examples, hash {statistics['hash'][:16]}")
    return statistics


def _corpus(config: Config, generator: Generator, language: dict[str, list[str]]) -> list[str]:
    rng = random.Random(config.data.seed)
    samples = [generator.draw(rng) for _ in range(min(100_000, config.data.examples))]
    corpus = [e.prompt for e in samples] + [e.action for e in samples[::4]] + list(generator.texts.values()) * 50
    for paragraphs in language.values():
        corpus += rng.sample(paragraphs, min(len(paragraphs), 40_000))
    return corpus


def without_technical_words(nouns: list[str]) -> list[str]:
    """Everyday nouns may not be words of the six intents' own sentences."""
    grammar = load()
    text = " ".join(t.text for t in grammar.templates if t.label != OTHER)
    text += " ".join(form for forms in grammar.kinds.values() for form in forms)
    used = set("".join(c if c.isalpha() else " " for c in text).split())
    return [noun for noun in nouns if noun not in used]


def clean_language(source_dir: Path, say) -> dict[str, list[str]]:
    language = sources.language(source_dir)
    for name, paragraphs in language.items():
        kept = paragraphs if name.startswith("WordNet") else minhash.deduplicate(paragraphs)
        say(f"language: {name}: {len(kept)} of {len(paragraphs)} paragraphs kept")
        language[name] = kept
    return language


_worker: dict = {}


def _start_worker(part, facts, source_dir, directory):
    _worker["generator"] = Generator(facts, source_dir, part)
    _worker["tokenizer"] = tok.Tokenizer(directory / "tokenizer.model")
    _worker["held_out"] = {normalize(u.text) for u in heldout.utterances()}


def _make_chunk(job):
    """One chunk of examples: (part, seed, number) alone decide what is in it, whoever makes it."""
    part, seed, number = job
    rng = random.Random(f"{seed}/{part}/{number}")
    generator, tokenizer = _worker["generator"], _worker["tokenizer"]
    out, leaks = [], 0
    while len(out) < CHUNK:
        example = generator.draw(rng)
        if not example.prompt:
            continue
        if example.prompt in _worker["held_out"]:
            leaks += 1  # a sentence of the held-out sets is never trained on
            continue
        key = int.from_bytes(hashlib.blake2b(example.prompt.encode(), digest_size=8).digest(), "little")
        ids = tokenizer.example(example.prompt, NUMBER[example.label], example.action, example.text)
        out.append((key, NUMBER[example.label], ids))
    return out, leaks


@contextmanager
def _workers(processes: int, what: tuple):
    """A `map` in other processes; with one it is this one, since a sandbox may have no shared memory for their locks."""
    if processes == 1:
        _start_worker(*what)
        yield map
    else:
        with multiprocessing.get_context("fork").Pool(processes, _start_worker, what) as pool:
            yield pool.imap


def write_part(part, size, seed, facts, source_dir, directory, processes, say) -> dict:
    jobs = [(part, seed, number) for number in range(-(-size * 13 // 10 // CHUNK) or 1)]
    copies: Counter = Counter()
    labels: Counter = Counter()
    tokens, ends, total, leaks = [], [], 0, 0
    with _workers(processes, (part, facts, source_dir, directory)) as each:
        for chunk, leaked in each(_make_chunk, jobs):
            leaks += leaked
            for key, label, ids in chunk:
                if len(ends) == size:
                    break
                copies[key] += 1
                if copies[key] > MAX_COPIES:
                    continue
                labels[LABELS[label]] += 1
                tokens.append(np.array(ids, dtype=np.uint16))
                total += len(ids)
                ends.append(total)
            say(f"{part}: {len(ends)} of {size} examples")
            if len(ends) == size:
                break
    np.savez_compressed(directory / f"{part}.npz", tokens=np.concatenate(tokens), ends=np.array(ends, dtype=np.int64))
    return {"examples": len(ends), "tokens": total, "distinct_prompts": len(copies), "labels": labels, "held_out_sentences_dropped": leaks}


def write_language(language, tokenizer, directory, seed) -> dict:
    rng = random.Random(f"{seed}/language")
    paragraphs = [p for texts_ in language.values() for p in texts_]
    rng.shuffle(paragraphs)
    stream = []
    for start in range(0, len(paragraphs), 10_000):
        for ids in tokenizer.sp.encode(paragraphs[start : start + 10_000]):
            stream.append(np.array([tokenizer.bos, *ids], dtype=np.uint16))
    tokens = np.concatenate(stream) if stream else np.zeros(0, dtype=np.uint16)
    np.savez_compressed(directory / "language.npz", tokens=tokens)
    return {"paragraphs": {name: len(p) for name, p in language.items()}, "tokens": int(len(tokens))}


def dataset_hash(directory: Path) -> str:
    digest = hashlib.sha256()
    for name in ("tokenizer.model", "train.npz", "validation.npz", "values.npz", "language.npz"):
        if name.endswith(".npz"):
            with np.load(directory / name) as arrays:
                for key in sorted(arrays):
                    digest.update(arrays[key].tobytes())
        else:
            digest.update((directory / name).read_bytes())
    return digest.hexdigest()
