"""What follows from the grammars: in GRAMMAR.md the kinds, the actions with their texts and the plain words; in the
reference kernel, where it is at hand, the plain words.

    python -m auton_slm.data.grammar_doc [--write]     says what differs, or puts it right
"""

import sys
from difflib import unified_diff
from pathlib import Path

from ..labels import LABELS
from .actions import text_for, texts
from .grammar import load
from .plain import plain_words

DOCUMENT = Path(__file__).parents[2] / "GRAMMAR.md"
KERNEL_WORDS = DOCUMENT.parents[1] / "kernels/reference/slm_neural/kernel/plain.c"
WIDTH = 120


def parts() -> dict[str, str]:
    """What stands in the document behind each of these beginnings, up to the next empty line."""
    grammar, table = load(), texts()
    out = {"`[kind]` is one of: ": ", ".join(f"`{kind}`" for kind in sorted(grammar.kinds)) + "."}
    for label in LABELS:
        actions = dict.fromkeys(t.action for t in grammar.templates if t.label == label)
        rows = [f"| `{action}` | {text_for(action, table)} |" for action in actions]
        out[f"### {label}\n\n"] = "\n".join(["| action | text |", "| --- | --- |", *rows])
    out["word lists know as a name.\n\n"] = "```\n" + _wrapped(sorted(plain_words())) + "\n```"
    return out


def kernel_parts() -> dict[str, str]:
    words = _wrapped([f'"{word}",' for word in sorted(plain_words())], indent="    ")
    return {"const char *const plain_words[] = {\n": words + "\n};"}


def _wrapped(words: list[str], indent: str = "") -> str:
    lines = [""]
    for word in words:
        if len(indent) + len(lines[-1]) + len(word) >= WIDTH:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(indent + line for line in lines)


def renewed(text: str, replaced: dict[str, str]) -> str:
    for beginning, content in replaced.items():
        before, found, after = text.partition(beginning)
        if not found:
            raise ValueError(f"nothing begins with {beginning.strip()!r}")
        _, end, rest = after.partition("\n\n")
        text = before + beginning + content + (end + rest if end else "\n")
    return text


def main(arguments: list[str]) -> int:
    differ = False
    for path, replaced in (DOCUMENT, parts()), (KERNEL_WORDS, kernel_parts()):
        if path == KERNEL_WORDS and not path.exists():
            continue  # the package without the kernel
        old = path.read_text(encoding="utf-8")
        new = renewed(old, replaced)
        if arguments == ["--write"]:
            path.write_text(new, encoding="utf-8")
        elif new != old:
            differ = True
            changes = unified_diff(old.splitlines(), new.splitlines(), path.name, "grammars", n=0, lineterm="")
            print("\n".join(changes))
        else:
            print(f"{path.name} is as the grammars are.")
    return int(differ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
