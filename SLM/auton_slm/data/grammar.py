"""The template language of the training grammars, and the actions they are about.

    $name = a|b|c            a list; the last column of a choice may be empty
    &kind network = a|b      the ways to say one value of [kind]
    % LABEL                  the label of what follows
    @ install package <pkg>  the action of the templates below it
    ?template / !template    a question / a command: decides which politeness goes around it

In a template {a|b|} chooses, $name draws from a list, <pkg> is a slot that is copied into the action, [kind] a value
that the action names by its own word.
"""

import hashlib
import random
import re
from dataclasses import dataclass, field
from pathlib import Path

HELD_OUT_TEMPLATES = 0.05  # the share of templates that only measure
GRAMMAR_DIR = Path(__file__).parent / "grammar"
FILES = ("hardware", "driver", "configure", "app", "system", "trouble", "other")

_TOKEN = re.compile(r"\$(\w+)|<(\w+)>|\[kind\]|[{}|]|[^${}|<\[]+|[<\[$]")


class GrammarError(ValueError):
    pass


@dataclass
class Template:
    label: str
    action: str  # "install package <pkg>", or "" where only the label is known
    form: str  # "question", "command" or "phrase"
    text: str
    tree: list = field(repr=False)

    @property
    def key(self) -> str:
        """A number in [0, 1) that stays the same when other templates come and go: decides on the split."""
        return stable_fraction(f"{self.label}/{self.action}/{self.text}")


@dataclass
class Sampled:
    text: str
    action: str
    slots: dict[str, str]


def stable_fraction(text: str) -> float:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big") / 2**48


class Grammar:
    """All templates, and the drawing of sentences from them. `values(slot, rng)` gives the words of a slot."""

    def __init__(self) -> None:
        self.lists: dict[str, list] = {}
        self.kinds: dict[str, list[str]] = {}
        self.templates: list[Template] = []

    def read(self, path: Path) -> "Grammar":
        label = action = ""
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            try:
                if line.startswith("$") and " = " in line and re.match(r"\$\w+ = ", line):
                    name, body = line[1:].split(" = ", 1)
                    self.lists[name] = self._parse("{" + body + "}")
                elif line.startswith("&kind "):
                    name, body = line[6:].split(" = ", 1)
                    self.kinds[name.strip()] = body.split("|")
                elif line.startswith("% "):
                    label = line[2:].strip()
                elif line.startswith("@ "):
                    action = line[2:].strip()
                else:
                    self._add(label, action, line)
            except GrammarError as error:
                raise GrammarError(f"{path.name}:{number}: {error}") from None
        return self

    def _add(self, label: str, action: str, line: str) -> None:
        form = {"?": "question", "!": "command"}.get(line[0], "phrase") if len(line) > 1 else "phrase"
        text = line if form == "phrase" else line[1:].strip()
        for slot in re.findall(r"<(\w+)>", action):
            if f"<{slot}>" not in text:
                raise GrammarError(f'the action "{action}" needs <{slot}>, which "{text}" does not have')
        if "[kind]" in action and "[kind]" not in text:
            raise GrammarError(f'the action "{action}" needs [kind], which "{text}" does not have')
        self.templates.append(Template(label, action, form, text, self._parse(text)))

    def _parse(self, text: str) -> list:
        """A sequence of strings, ("choice", [sequences]), ("list", name), ("slot", name) and ("kind",)."""
        tokens = [match for match in _TOKEN.finditer(text)]
        sequence, position = self._sequence(tokens, 0, depth=0)
        if position != len(tokens):
            raise GrammarError(f"unbalanced braces in {text!r}")
        return sequence

    def _sequence(self, tokens, position, depth):
        sequence: list = []
        while position < len(tokens):
            match = tokens[position]
            token = match.group(0)
            if token == "{":
                choices, position = self._choices(tokens, position + 1, depth + 1)
                sequence.append(("choice", choices))
                continue
            if token in "|}" and depth:
                return sequence, position
            if token == "}":
                raise GrammarError("a } without its {")
            if match.group(1):
                sequence.append(("list", match.group(1)))
            elif match.group(2):
                sequence.append(("slot", match.group(2)))
            elif token == "[kind]":
                sequence.append(("kind",))
            else:
                sequence.append(token)
            position += 1
        if depth:
            raise GrammarError("a { without its }")
        return sequence, position

    def _choices(self, tokens, position, depth):
        choices = []
        while True:
            choice, position = self._sequence(tokens, position, depth)
            choices.append(choice)
            if position >= len(tokens):
                raise GrammarError("a { without its }")
            closing = tokens[position].group(0)
            position += 1
            if closing == "}":
                return choices, position

    def sample(self, template: Template, rng: random.Random, values) -> Sampled:
        slots: dict[str, str] = {}
        words = self._draw(template.tree, rng, values, slots)
        action = re.sub(r"<(\w+)>|\[(kind)\]", lambda m: slots[m.group(1) or m.group(2)], template.action)
        return Sampled(" ".join(words.split()), action, slots)

    def _draw(self, sequence, rng, values, slots) -> str:
        out = []
        for item in sequence:
            if isinstance(item, str):
                out.append(item)
            elif item[0] == "choice":
                choices = item[1]
                out.append(self._draw(choices[int(rng.random() * len(choices))], rng, values, slots))
            elif item[0] == "list":
                if item[1] not in self.lists:
                    raise GrammarError(f"there is no list ${item[1]}")
                out.append(self._draw(self.lists[item[1]], rng, values, slots))
            elif item[0] == "kind":
                kind = slots.setdefault("kind", rng.choice(sorted(self.kinds)))
                out.append(rng.choice(self.kinds[kind]))
            else:
                value = values(item[1], rng)
                slots.setdefault(item[1], value)
                out.append(value)
        return "".join(out)

    def surface_forms(self, template: Template) -> int:
        """How many different sentences a template gives, with every slot counted once."""
        def count(sequence):
            total = 1
            for item in sequence:
                if isinstance(item, str) or item[0] == "slot":
                    continue
                if item[0] == "choice":
                    total *= sum(count(choice) for choice in item[1])
                elif item[0] == "list":
                    total *= count(self.lists[item[1]])
                else:
                    total *= sum(len(forms) for forms in self.kinds.values())
            return total
        return count(template.tree)


def load(directory: Path = GRAMMAR_DIR) -> Grammar:
    grammar = Grammar()
    for name in ("lists", *FILES):
        grammar.read(directory / f"{name}.txt")
    return grammar


def load_phrases(path: Path = GRAMMAR_DIR / "phrases.tsv") -> Grammar:
    """Phrases (label <tab> template) that know the label and no action."""
    from ..labels import SHORT
    grammar = Grammar()
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("$"):
            name, body = line[1:].split("=", 1)
            grammar.lists[name.strip()] = grammar._parse("{" + body.strip() + "}")
        elif "\t" in line and not line.startswith("#"):
            label, text = line.split("\t", 1)
            grammar.templates.append(Template(SHORT[label], "", "phrase", text, grammar._parse(text)))
    return grammar
