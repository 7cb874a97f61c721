"""The parts of GRAMMAR.md that follow from the grammars: kinds, actions with their texts, plain words.

    python -m auton_slm.data.grammar_doc [--write]     says what differs, or puts it right
"""

import sys
from pathlib import Path

from ..labels import LABELS
from .actions import text_for, texts
from .grammar import load
from .plain import plain_words

DOCUMENT = Path(__file__).parents[2] / "GRAMMAR.md"
WIDTH = 120


def parts() -> dict[str, str]:
    """What stands behind each of these beginnings, up to the next heading or empty line."""
    grammar, table = load(), texts()
    out = {"`[kind]` is one of: ": ", ".join(f"`{kind}`" for kind in sorted(grammar.kinds)) + "."}
    for label in LABELS:
        actions = dict.fromkeys(t.action for t in grammar.templates if t.label == label)
        rows = [f"| `{action}` | {text_for(action, table)} |" for action in actions]
        out[f"### {label}\n\n"] = "\n".join(["| action | text |", "| --- | --- |", *rows])
    out["word lists know as a name.\n\n"] = "```\n" + _wrapped(sorted(plain_words())) + "\n```"
    return out


def _wrapped(words: list[str]) -> str:
    lines = [""]
    for word in words:
        if len(lines[-1]) + len(word) >= WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


def renewed(document: str) -> str:
    for beginning, content in parts().items():
        before, found, after = document.partition(beginning)
        if not found:
            raise ValueError(f"GRAMMAR.md has no {beginning.strip()!r}")
        _, end, rest = after.partition("\n\n")
        document = before + beginning + content + (end + rest if end else "\n")
    return document


def main(arguments: list[str]) -> int:
    document = DOCUMENT.read_text(encoding="utf-8")
    new = renewed(document)
    if arguments == ["--write"]:
        DOCUMENT.write_text(new, encoding="utf-8")
        return 0
    old = document.splitlines()
    wrong = [line for line in new.splitlines() if line not in old] + [line for line in old if line not in new.splitlines()]
    print("\n".join(wrong) or "GRAMMAR.md is as the grammars are.")
    return int(bool(wrong) or new != document)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
