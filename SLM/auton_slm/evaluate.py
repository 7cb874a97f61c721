"""Evaluation: every cell is measured for each precision, beside the baselines, on sentences that training never saw."""

import random
import re
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from . import baseline, intents
from .batches import Examples, Language, targets_and_weights
from .blocks import pack, unpack
from .data import heldout
from .data.actions import actions, valid
from .data.normalize import normalize
from .data.sources import Facts
from .data.values import Values
from .decode import Decoder
from .grounding import Grounding, cell
from .labels import LABELS, intent_of
from .tables import Tables
from .tokenizer import Tokenizer

CHOOSING = "validation"


class EvaluationError(RuntimeError):
    pass


PRECISIONS = {"f32": None, "int8": "Q8_0", "int4": "Q4_0"}


def quantised_copy(model, kind: str | None):
    """The model as it computes after quantisation: every matrix through the block format and back."""
    if kind is None:
        return model
    copy = deepcopy(model)
    with torch.no_grad():
        for parameter in copy.parameters():
            if parameter.dim() == 2:
                parameter.copy_(unpack(pack(parameter, kind), kind))
    return copy


class Evaluation:
    def __init__(self, data: Path, device: str = "cpu", size: int = 2000, devices: int | None = None, seed: int = 5, say=print) -> None:
        """`size`: sentences of the generated cells; `devices`: ids that are asked for, 0 for all of pci.ids; as many
        as sentences without it."""
        self.data, self.device, self.size, self.seed, self.say = data, device, size, seed, say
        self.tokenizer = Tokenizer(data / "tokenizer.model")
        self.facts = Facts.load(data / "facts.json.gz")
        self.grounding = Grounding(Tables(self.facts), seed, size if devices is None else devices or None)
        self.known = actions()
        train = Examples(data / "train.npz")
        self.training_prompts, self.training_labels = baseline.training_prompts(train, self.tokenizer)
        self.seen = set(self.training_prompts)
        self.utterances = [u for u in heldout.utterances() if normalize(u.text) not in self.seen]
        # By these one may choose between classifiers, and not by the held-out ones.
        self.choosing = [heldout.Utterance(label, prompt, CHOOSING) for prompt, label, _ in self._cases("validation")]

    # -- the baselines, once ----------------------------------------------------------------------------------------

    def baselines(self, limit: int, logistic: dict[str, baseline.Logistic] | None = None) -> dict[str, np.ndarray]:
        """Log probabilities by classifier, on the held-out sentences and behind them those to choose by."""
        prompts = [normalize(u.text) for u in self.utterances + self.choosing]
        some, labels = self.training_prompts[:limit], self.training_labels[:limit]
        out = {"naive Bayes": baseline.NaiveBayes(some, labels).log_probabilities(prompts)}
        for kind in ("words", "pieces"):
            self.say(f"baseline: logistic regression over {kind}")
            model = (logistic or {}).get(kind) or baseline.Logistic(kind).fit(some, labels)
            out[f"logistic, {kind}"] = model.log_probabilities(prompts)
        try:
            table = intents.Intents.load(intents.TABLE, intents.Parser())
            out["the kernel's table"] = table.log_probabilities([u.text for u in self.utterances + self.choosing])
        except intents.IntentsError as error:
            self.say(f"without the kernel's table: {error}")
        return out

    # -- one precision ----------------------------------------------------------------------------------------------

    def measure(self, model, others: dict[str, np.ndarray]) -> dict:
        model = model.eval()
        decoder = Decoder(model, self.tokenizer, self.device)
        result = {"perplexity": self.perplexity(model)}
        self.say("evaluation: intents")
        result["intents"], result["intents_to_choose_by"] = self.intents(decoder, others)
        self.say("evaluation: actions")
        result["actions"] = {"unseen templates": self.actions(decoder, "validation"), "unseen values": self.actions(decoder, "values")}
        self.say("evaluation: slots and grounding")
        result["slots"] = self.slots(decoder)
        result["grounding"] = self.grounding.measure(decoder)
        result["grammar"] = self.grammar(decoder)
        return result

    @torch.no_grad()
    def perplexity(self, model) -> dict[str, float]:
        """Of answers (label and action, unseen templates) and of English, per token."""
        examples = Examples(self.data / "validation.npz", self.device)
        loss = count = 0.0
        for numbers in torch.arange(min(len(examples), self.size), device=self.device).split(256):
            tokens, real = examples.rows(numbers, model.config.context)
            targets, weights = targets_and_weights(tokens, real, self.tokenizer.label_ids, self.tokenizer.say, 1.0, 1.0, 1.0)
            losses = F.cross_entropy(model(tokens[:, :-1]).float().transpose(1, 2), targets, reduction="none")
            loss += float((losses * weights).sum())
            count += float(weights.sum())
        out = {"answers": float(np.exp(loss / count))}
        language = Language(self.data / "language.npz", self.device)
        if len(language):
            starts = torch.arange(0, len(language), max(1, len(language) // 64), device=self.device)[:64]
            tokens = language.rows(starts, model.config.context)
            out["English"] = float(F.cross_entropy(model(tokens[:, :-1]).float().flatten(0, 1), tokens[:, 1:].flatten()).exp())
        return out

    def intents(self, decoder: Decoder, others: dict[str, np.ndarray]) -> tuple[dict, dict[str, float]]:
        """Cells by classifier and source, and the shares on the sentences that one may choose a classifier by."""
        asked = self.utterances + self.choosing
        prompts = [normalize(u.text) for u in asked]
        scores = {"model": decoder.label_log_probabilities(prompts).numpy(), **others}
        for name in others:
            scores[f"model + {name}"] = (scores["model"] + others[name]) / 2
        out = {}
        for name, log_probabilities in scores.items():
            chosen = [LABELS[i] for i in log_probabilities.argmax(1)]
            cells = {}
            for source in sorted({u.source for u in asked}):
                rows = [(u.label, c) for u, c in zip(asked, chosen) if u.source == source]
                cells[source] = {
                    "sentences": len(rows),
                    "intent": sum(intent_of(a) == intent_of(b) for a, b in rows) / len(rows),
                    "label": sum(a == b for a, b in rows) / len(rows),
                    "by_label": {label: cell([b == label for a, b in rows if a == label]) for label in LABELS},
                }
            out[name] = cells
        return out, {name: cells.pop(CHOOSING)["intent"] for name, cells in out.items()}

    def actions(self, decoder: Decoder, part: str) -> dict[str, float]:
        """Label and whole action, constrained, on sentences of the grammars that training never saw."""
        cases = self._cases(part)
        answers = decoder.answer([c[0] for c in cases])
        right = [(a.label == label, a.action == action) for a, (_, label, action) in zip(answers, cases)]
        return {"sentences": len(cases), "label": float(np.mean([r[0] for r in right])), "action": float(np.mean([r[1] for r in right]))}

    def _cases(self, part: str) -> list[tuple[str, str, str]]:
        """(prompt, label, action) of a generated part, where the action is known."""
        examples = Examples(self.data / f"{part}.npz")
        tokens, ends = examples.tokens.numpy(), examples.ends.numpy()[: self.size]
        cases, start = [], 0
        first, last, say = self.tokenizer.label_ids[0], self.tokenizer.label_ids[-1], self.tokenizer.say
        for end in ends:
            row = tokens[start:end].tolist()
            start = end
            place = next(i for i, t in enumerate(row) if first <= t <= last)
            if say in row:
                cases.append((self.tokenizer.sp.decode(row[1:place]), LABELS[row[place] - first], self.tokenizer.sp.decode(row[place + 1 : row.index(say)])))
        return cases

    def slots(self, decoder: Decoder, values_each: int = 20) -> dict:
        """Hand-written wordings, filled with values that training never saw: is the slot copied, is the action right?"""
        rng = random.Random(self.seed)
        values = Values(self.facts, held_out_part=True)
        cases = []
        for line in (heldout.DIR / "slots.tsv").read_text(encoding="utf-8").splitlines():
            if "\t" not in line or line.startswith("#"):
                continue
            action, sentence = line.split("\t", 1)
            slot = re.search(r"<(\w+)>", action).group(1)
            for _ in range(values_each):
                value = values(slot, rng)
                cases.append((sentence.replace(f"<{slot}>", value), action.replace(f"<{slot}>", value), value, slot))
        answers = decoder.answer([c[0] for c in cases])
        copied, whole, by_slot = [], [], {}
        for answer, (_, action, value, slot) in zip(answers, cases):
            # Copying is judged where the answer has a slot at all; the action's own words are judged beside it.
            has_slot = any(answer.action.startswith(" ".join(a.words[:-1]) + " ") for a in self.known if a.slot and a.label == answer.label)
            if has_slot:
                copied.append(answer.action.split()[-1] == value)
                by_slot.setdefault(slot, []).append(copied[-1])
            whole.append(answer.action == action)
        return {"sentences": len(cases), "copied": float(np.mean(copied)), "action": float(np.mean(whole)),
                "with_slot": len(copied) / len(cases), "by_slot": {k: cell(v) for k, v in sorted(by_slot.items())}}

    def grammar(self, decoder: Decoder) -> dict:
        """How often the model stays in the grammar when nothing holds it: constrained decoding makes it always."""
        texts = [u.text for u in self.utterances][:400]
        lines = [line.split(": ", 1) for line in decoder.free(texts)]
        free = [len(x) == 2 and valid(x[1], x[0], self.known) for x in lines]
        constrained = [valid(a.action, a.label, self.known) for a in decoder.answer(texts)]
        return {"sentences": len(texts), "valid_unconstrained": float(np.mean(free)), "valid_constrained": float(np.mean(constrained))}


def evaluate(checkpoint_path: Path, data: Path, device: str, say, size: int = 2000, devices: int | None = None, baseline_limit: int = 200_000,
             logistic: dict | None = None, rounded_already: dict[str, Path] | None = None) -> dict:
    """`rounded_already`: checkpoints that quantize wrote, by precision; the others are rounded to the nearest here."""
    from .checkpoint import load_model
    model, config, content = load_model(checkpoint_path, device)
    Tokenizer.of(data, content)
    evaluation = Evaluation(data, device, size, devices, say=say)
    others = evaluation.baselines(baseline_limit, logistic)
    result = {"name": config.name, "parameters": model.parameter_count(), "step": content["step"], "config": config.as_dict(),
              "data_hash": _hash(data), "precisions": {}}
    for name, kind in PRECISIONS.items():
        say(f"evaluation: {name}")
        if path := (rounded_already or {}).get(name):
            measured, _, content = load_model(path, device)
            how = content.get("quantisation", {})
            if how.get("type") != kind:
                raise EvaluationError(f"{path} is not rounded to {kind}: auton-slm quantize --to {name}")
        else:
            measured, how = quantised_copy(model, kind), {"method": "rtn", "type": kind} if kind else None
        result["precisions"][name] = {"quantisation": how, **evaluation.measure(measured, others)}
    return result


def _hash(data: Path) -> str:
    import json
    try:
        return json.loads((data / "statistics.json").read_text())["hash"]
    except (OSError, ValueError, KeyError):
        return "unknown"

