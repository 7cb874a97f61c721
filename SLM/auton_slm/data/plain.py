"""Plain words: those that stand around a name in a sentence and are none. Decoding takes one as a name only where nothing
else is left, for most wrong names were "put", "rid" or "much". They come from the grammars of the training data.
"""

import re
from functools import lru_cache

from .grammar import GRAMMAR_DIR, HELD_OUT_TEMPLATES, Grammar, load
from .normalize import normalize
from .values import words

# Slots that take one word, whatever it looks like: for them the shape says nothing.
NAMES = frozenset(("pkg", "service", "user", "driver", "host", "prog", "word"))

FUNCTION_WORDS = """
a an the this that these those my your our his her its their some any no every each all both one i you he she it we they me
him us them who what which whose whom when where why how there here and or but nor so if then than because while as of at by
for with without about to from in on into onto out off up down over under after before again am is are was were be been being
do does did done have has had having can could will would shall should may might must not don't doesn't isn't please thanks
thank ok okay hi hello hey yes well now just also too very really much more most w/ i'm i'd i've it's that's what's let let's
pls plz
""".split()


@lru_cache(maxsize=1)
def plain_words() -> frozenset[str]:
    """Words of the training templates of actions with a name, of what is put around them, and of English's own frame; less
    what the word lists of this project know as a name."""
    grammar = load()
    found = set(FUNCTION_WORDS)
    for template in grammar.templates:
        slot = re.search(r"<(\w+)>$", template.action)
        if slot and slot.group(1) in NAMES and template.key >= HELD_OUT_TEMPLATES:
            found.update(_literals(template.tree, grammar))
    wrappers = Grammar().read(GRAMMAR_DIR / "wrappers.txt")
    for around in wrappers.lists.values():
        found.update(_literals(around, wrappers))
    names = {name for kind in ("packages", "programs", "services", "names", "hosts") for name in words(kind)}
    return frozenset(found - names)


def _literals(tree: list, grammar: Grammar):
    for item in tree:
        if isinstance(item, str):
            yield from normalize(item).split()
        elif item[0] == "choice":
            for choice in item[1]:
                yield from _literals(choice, grammar)
        elif item[0] == "list":
            yield from _literals(grammar.lists[item[1]], grammar)
