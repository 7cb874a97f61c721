"""Constrained decoding: the label by its logits, then the action token by token, only where the grammar allows more than one.

A slot takes words of the prompt and nothing else, and only words of the slot's shape. So an answer is always a valid action,
and an id or a name in it is always one that the user wrote.
"""

from dataclasses import dataclass

import torch

from .data.actions import Action, actions
from .data.normalize import fits, normalize
from .data.plain import NAMES, plain_words
from .incremental import Incremental
from .labels import LABELS, OTHER
from .tokenizer import Tokenizer


@dataclass
class Answer:
    prompt: str  # normalised
    label: str
    probability: float
    action: str


class Decoder:
    def __init__(self, model, tokenizer: Tokenizer, device: str = "cpu") -> None:
        self.model, self.tokenizer, self.device = model, tokenizer, device
        self.by_label: dict[str, list[Action]] = {label: [] for label in LABELS}
        for action in actions():
            self.by_label[action.label].append(action)
        self.plain = plain_words()
        self.pieces: dict[str, list[int]] = {}

    def candidates(self, prompt: str, label: str) -> dict[tuple[int, ...], str]:
        """Every action that this label allows for this prompt, as tokens (with <SAY> at the end)."""
        words = prompt.split()
        out = {}
        for action in self.by_label[label]:
            fixed = " ".join(action.words[:-1] if action.slot else action.words)
            for value in self._values(words, action) if action.slot else [""]:
                line = f"{fixed} {value}".strip()
                out[(*self._encode(line), self.tokenizer.say)] = line
        return out

    def _values(self, words: list[str], action: Action) -> list[str]:
        """What may fill the slot. A name is no plain word, unless there is nothing else."""
        spans = list(self._spans(words, action))
        if action.slot in NAMES:
            return [span for span in spans if span not in self.plain] or spans
        return spans

    def _spans(self, words: list[str], action: Action):
        for start in range(len(words)):
            for length in range(1, min(action.span, len(words) - start) + 1):
                if not fits(action.slot, words[start + length - 1]):
                    break
                yield " ".join(words[start : start + length])

    def _encode(self, line: str) -> list[int]:
        """Pieces never cross a space, so a line is the sum of its words; words are kept."""
        ids = []
        for word in line.split():
            if word not in self.pieces:
                if len(self.pieces) > 200_000:
                    self.pieces.clear()
                self.pieces[word] = self.tokenizer.encode(word)
            ids += self.pieces[word]
        return ids

    @torch.no_grad()
    def label_log_probabilities(self, prompts: list[str]) -> torch.Tensor:
        """(prompts, labels), prompts already normalised."""
        out = torch.zeros(len(prompts), len(LABELS))
        for rows in self._batches(prompts):
            out[rows] = self._labels(self._read([prompts[i] for i in rows]))
        return out

    @torch.no_grad()
    def answer(self, texts: list[str], labels: list[str] | None = None) -> list[Answer]:
        """Answers lines as users write them; `labels` where another classifier has decided."""
        prompts = [normalize(text) for text in texts]
        out: list[Answer | None] = [None] * len(prompts)
        for rows in self._batches(prompts):
            some = [prompts[i] for i in rows]
            state = self._read(some)
            shares = self._labels(state).exp()
            chosen = [labels[i] for i in rows] if labels else [LABELS[n] for n in shares.argmax(1).tolist()]
            for i, label, share, line in zip(rows, chosen, shares, self._actions(state, some, chosen)):
                out[i] = Answer(prompts[i], label, float(share[LABELS.index(label)]), line)
        return out

    @staticmethod
    def _batches(prompts: list[str], size: int = 128):
        """Numbers of prompts of about the same length: padding costs time."""
        order = sorted(range(len(prompts)), key=lambda i: len(prompts[i]))
        return [order[start : start + size] for start in range(0, len(order), size)]

    def _read(self, prompts: list[str]) -> Incremental:
        return Incremental(self.model, [self.tokenizer.prompt(p) for p in prompts], self.device)

    def _labels(self, state: Incremental) -> torch.Tensor:
        return state.logits[:, self.tokenizer.label_ids].log_softmax(-1).cpu()

    def _actions(self, state: Incremental, prompts: list[str], labels: list[str]) -> list[str]:
        options = [self.candidates(p, label) for p, label in zip(prompts, labels)]
        state.append(list(range(len(prompts))), [self.tokenizer.label_ids[LABELS.index(label)] for label in labels])
        bodies: list[list[int]] = [[] for _ in prompts]  # what is chosen
        read = [0] * len(prompts)  # how much of it the model has seen
        live = {i: list(options[i]) for i in range(len(prompts))}
        while live:
            undecided = {}
            for i in list(live):
                allowed = self._forced(bodies[i], live[i])
                if allowed:
                    undecided[i] = allowed
                else:
                    del live[i]
            while behind := [i for i in undecided if read[i] < len(bodies[i]) and not state.full(i)]:
                state.append(behind, [bodies[i][read[i]] for i in behind])
                for i in behind:
                    read[i] += 1
            logits = state.logits.cpu()
            for i, allowed in undecided.items():
                token = allowed[int(logits[i, allowed].argmax())]
                live[i] = [option for option in live[i] if option[len(bodies[i])] == token]
                bodies[i].append(token)
        return [options[i][tuple(bodies[i])] for i in range(len(prompts))]

    def _forced(self, body: list[int], options: list[tuple[int, ...]]) -> list[int]:
        """Appends what needs no model; the tokens that are open then, or none at the end."""
        while not body or body[-1] != self.tokenizer.say:
            following = {option[len(body)] for option in options}
            if len(following) > 1:
                return sorted(following)
            body.append(following.pop())
        return []

    def _next_logits(self, sequences: list[list[int]]) -> torch.Tensor:
        return Incremental(self.model, sequences, self.device).logits

    @torch.no_grad()
    def free(self, texts: list[str], limit: int = 40) -> list[str]:
        """Greedy decoding without the grammar, to see what the model does by itself: "LABEL: action" per line."""
        out = []
        sequences = [self.tokenizer.prompt(normalize(t)) for t in texts]
        starts = [len(s) for s in sequences]
        live = set(range(len(texts)))
        for _ in range(limit):
            rows = sorted(i for i in live if len(sequences[i]) < self.model.config.context)
            if not rows:
                break
            for i, token in zip(rows, self._next_logits([sequences[i] for i in rows]).argmax(-1).tolist()):
                sequences[i].append(token)
                if token in (self.tokenizer.eos, self.tokenizer.say):
                    live.discard(i)
        for sequence, start in zip(sequences, starts):
            label = sequence[start] if len(sequence) > start else -1
            name = LABELS[self.tokenizer.label_ids.index(label)] if label in self.tokenizer.label_ids else OTHER + "?"
            body = [t for t in sequence[start + 1 :] if t not in (self.tokenizer.eos, self.tokenizer.say)]
            out.append(f"{name}: {self.tokenizer.decode(body)}")
        return out
