"""What makes a clean sentence look typed by a person: politeness, fillers, left-out words, synonyms, slips of the finger."""

import random

from .grammar import GRAMMAR_DIR, Grammar

_LEFT_OUT = {"the", "a", "an", "my", "this", "is", "are", "do", "does", "of", "please", "for", "to", "me", "all"}
_NEIGHBOURS = {a: b for a, b in zip("qwertyuiopasdfghjklzxcvbnm", "wertyuiopqsdfghjklaxcvbnmz")}
SHORT_FORMS = {"please": ["pls", "plz"], "you": ["u"], "thanks": ["thx", "ty"], "are": ["r"], "hardware": ["hw"], "software": ["sw"],
               "configuration": ["config"], "configure": ["config", "conf"], "doesn't": ["doesnt"], "what's": ["whats", "wats"],
               "can't": ["cant"], "won't": ["wont"], "isn't": ["isnt"], "i'm": ["im"], "don't": ["dont"], "information": ["info"],
               "application": ["app"], "because": ["cuz"], "network": ["net"], "processor": ["proc"], "directory": ["dir"],
               "package": ["pkg"], "temperature": ["temp"], "i'd": ["id"], "i've": ["ive"], "driver": ["drv"], "with": ["w/"]}


class Noise:
    def __init__(self, synonyms: dict[str, list[str]] | None = None) -> None:
        self.synonyms = synonyms or {}
        self.grammar = Grammar().read(GRAMMAR_DIR / "wrappers.txt")

    def __call__(self, text: str, form: str, slots: dict[str, str], rng: random.Random) -> str:
        keep = {word for value in slots.values() for word in value.split()}
        words = text.split()
        if rng.random() < 0.12:
            self._replace(words, keep, rng)
        if rng.random() < 0.10:
            words = self._leave_out(words, keep, rng)
        words = self._wrap(words, form, rng)
        if rng.random() < 0.08:
            words = [rng.choice(SHORT_FORMS[w]) if w in SHORT_FORMS and w not in keep else w for w in words]
        if rng.random() < 0.08:
            self._slip(words, keep, rng)
        return " ".join(words)

    def _wrap(self, words, form, rng):
        before, after = [], []
        if form in ("command", "question") and rng.random() < 0.45:
            before = self._one(f"{form}_before", rng)
        if form in ("command", "question") and rng.random() < 0.15:
            after = self._one(f"{form}_after", rng)
        if rng.random() < 0.12:
            before = self._one("anything_before", rng) + before
        if rng.random() < 0.06:
            after = after + self._one("anything_after", rng)
        return before + words + after

    def _one(self, name, rng):
        choices = self.grammar.lists[name][0][1]
        return choices[int(rng.random() * len(choices))][0].split()

    def _leave_out(self, words, keep, rng):
        some = [w for w in words if w in keep or w not in _LEFT_OUT or rng.random() < 0.4]
        return some or words

    def _replace(self, words, keep, rng):
        places = [i for i, w in enumerate(words) if w in self.synonyms and w not in keep]
        if places:
            i = rng.choice(places)
            words[i] = rng.choice(self.synonyms[words[i]])

    def _slip(self, words, keep, rng):
        places = [i for i, w in enumerate(words) if len(w) >= 4 and w.isalpha() and w not in keep]
        if not places:
            return
        i = rng.choice(places)
        word = words[i]
        at = rng.randrange(1, len(word) - 1)
        words[i] = rng.choice([
            word[:at] + word[at + 1] + word[at] + word[at + 2:],
            word[:at] + word[at + 1:],
            word[:at] + word[at] + word[at:],
            word[:at] + _NEIGHBOURS.get(word[at], "e") + word[at + 1:],
        ])
