"""Constrained decoding: the label by its logits, then the action token by token, only where the grammar allows more than one.

A slot takes words of the prompt and nothing else, and only words of the slot's shape. So an answer is always a valid action,
and an id or a name in it is always one that the user wrote.
"""

from dataclasses import dataclass

import torch

from .data.actions import Action, actions
from .data.normalize import fits, normalize
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
        self.pieces: dict[str, list[int]] = {}

    def candidates(self, prompt: str, label: str) -> dict[tuple[int, ...], str]:
        """Every action that this label allows for this prompt, as tokens (with <SAY> at the end)."""
        words = prompt.split()
        out = {}
        for action in self.by_label[label]:
            fixed = " ".join(action.words[:-1] if action.slot else action.words)
            for value in self._spans(words, action) if action.slot else [""]:
                line = f"{fixed} {value}".strip()
                out[(*self._encode(line), self.tokenizer.say)] = line
        return out

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
    def label_log_probabilities(self, prompts: list[str], batch: int = 256) -> torch.Tensor:
        """(prompts, labels), prompts already normalised."""
        out = []
        for start in range(0, len(prompts), batch):
            logits = self._next_logits([self.tokenizer.prompt(p) for p in prompts[start : start + batch]])
            out.append(logits[:, self.tokenizer.label_ids].log_softmax(-1).cpu())
        return torch.cat(out) if out else torch.zeros(0, len(LABELS))

    def _next_logits(self, sequences: list[list[int]]) -> torch.Tensor:
        width = max(len(s) for s in sequences)
        tokens = torch.zeros(len(sequences), width, dtype=torch.int64)
        for row, sequence in enumerate(sequences):
            tokens[row, : len(sequence)] = torch.tensor(sequence)
        last = torch.tensor([len(s) - 1 for s in sequences], device=self.device)
        hidden = self.model.hidden(tokens.to(self.device))[torch.arange(len(sequences), device=self.device), last]
        return torch.nn.functional.linear(hidden, self.model.embedding.weight).float()

    @torch.no_grad()
    def answer(self, texts: list[str], labels: list[str] | None = None, batch: int = 128) -> list[Answer]:
        """Answers lines as users write them; `labels` where another classifier has decided."""
        prompts = [normalize(text) for text in texts]
        probabilities = self.label_log_probabilities(prompts).exp()
        best = probabilities.argmax(1).tolist()
        chosen = labels or [LABELS[b] for b in best]
        out = []
        for start in range(0, len(prompts), batch):
            part = slice(start, start + batch)
            lines = self._actions(prompts[part], chosen[part])
            for prompt, label, line, row in zip(prompts[part], chosen[part], lines, probabilities[part]):
                out.append(Answer(prompt, label, float(row[LABELS.index(label)]), line))
        return out

    def _actions(self, prompts: list[str], labels: list[str]) -> list[str]:
        options = [self.candidates(p, label) for p, label in zip(prompts, labels)]
        heads = [[*self.tokenizer.prompt(p), self.tokenizer.label_ids[LABELS.index(label)]] for p, label in zip(prompts, labels)]
        bodies: list[list[int]] = [[] for _ in prompts]
        live = {i: list(options[i]) for i in range(len(prompts))}
        while live:
            undecided = {}
            for i in list(live):
                while True:  # what is forced needs no model
                    place = len(bodies[i])
                    following = {option[place] for option in live[i]}
                    if len(following) > 1:
                        undecided[i] = sorted(following)
                        break
                    bodies[i].append(following.pop())
                    if bodies[i][-1] == self.tokenizer.say:
                        del live[i]
                        break
            if not undecided:
                break
            rows = list(undecided)
            limit = self.model.config.context
            logits = self._next_logits([(heads[i] + bodies[i])[-limit:] for i in rows]).cpu()
            for row, i in enumerate(rows):
                allowed = undecided[i]
                token = allowed[int(logits[row, allowed].argmax())]
                place = len(bodies[i])
                bodies[i].append(token)
                live[i] = [option for option in live[i] if option[place] == token]
                if token == self.tokenizer.say:
                    del live[i]
        return [options[i][tuple(bodies[i])] for i in range(len(prompts))]

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
