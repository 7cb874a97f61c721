"""The action grammar: what an answer may be. GRAMMAR.md is written from it, decoding is constrained to it."""

import re
from dataclasses import dataclass

from .grammar import GRAMMAR_DIR, Grammar, load
from .normalize import fits


@dataclass(frozen=True)
class Action:
    label: str
    words: tuple[str, ...]  # literal words, "<slot>" and one of the kinds already put in
    span: int = 1  # how many words of the prompt the slot may take

    @property
    def slot(self) -> str | None:
        return self.words[-1][1:-1] if self.words[-1].startswith("<") else None


SPANS = {"words": 4, "chip": 3}


def actions(grammar: Grammar | None = None) -> list[Action]:
    grammar = grammar or load()
    out: dict[Action, None] = {}
    for template in grammar.templates:
        kinds = sorted(grammar.kinds) if "[kind]" in template.action else [""]
        for kind in kinds:
            words = tuple(template.action.replace("[kind]", kind).split())
            slot = words[-1][1:-1] if words[-1].startswith("<") else ""
            out[Action(template.label, words, SPANS.get(slot, 1))] = None
    return list(out)


def texts() -> dict[str, str]:
    """Action prefix -> the short text after it."""
    lines = (GRAMMAR_DIR / "answers.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def text_for(action: str, table: dict[str, str]) -> str:
    words = re.sub(r"<\w+>", "", action).split()
    for length in range(len(words), 0, -1):
        found = table.get(" ".join(words[:length]))
        if found:
            return found
    raise KeyError(f'answers.txt has no text for the action "{action}"')


def valid(action: str, label: str, known: list[Action]) -> bool:
    """Whether a line is an action of this label."""
    words = action.split()
    for candidate in known:
        if candidate.label != label:
            continue
        fixed = candidate.words[:-1] if candidate.slot else candidate.words
        rest = words[len(fixed):]
        if tuple(words[: len(fixed)]) != fixed:
            continue
        if not candidate.slot and not rest:
            return True
        if candidate.slot and 1 <= len(rest) <= candidate.span and all(fits(candidate.slot, word) for word in rest):
            return True
    return False
