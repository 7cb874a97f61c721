"""WordNet as the teacher of everyday English: nouns that no kernel has, synonyms, definitions and sample sentences."""

import re
from functools import lru_cache
from pathlib import Path

# First senses in these lexicographer files are things and people: animal, artifact, body, event, feeling, food, location,
# object, person, plant, substance.
_EVERYDAY = {5, 6, 8, 11, 12, 13, 15, 17, 18, 20, 27}

# Words by which a sentence may be about a computer: never taken as examples of what a kernel cannot answer.
TECHNICAL = set("""
computer computers machine machines memory driver drivers network networks disk disks drive drives package packages install
installed file files folder directory processor process processes program programs software hardware device devices card chip
keyboard mouse screen monitor printer server service services system systems kernel boot reboot restart log clock time date
address port password user users login account internet web wireless cable sound audio video graphics display usb bus slot
controller module modules code data storage backup battery fan temperature error errors crash problem problems fix repair
configure configuration setup set settings partition format mount connect connection update upgrade download browser editor
mail message terminal shell command task thread job run running start stop kill load show list help hello thanks identify
hard broken fail failed slow hot power turn switch off version game games music player tool tools application applications
virus security firewall router gateway host name names language layout zone resolution share sharing swap sleep wake test
adapter bridge camera scanner speaker headphone microphone signal interface component components board socket plug vendor model
""".split())


def _root(directory: Path) -> Path | None:
    for path in (*directory.glob("wordnet*/usr/share/wordnet"), Path("/usr/share/wordnet")):
        if (path / "data.noun").is_file():
            return path
    return None


@lru_cache(maxsize=4)
def _synsets(root: Path, part: str) -> list[tuple[int, list[str], str]]:
    """(lexicographer file, words, gloss) of every synset."""
    out = []
    for line in (root / f"data.{part}").read_text(encoding="latin-1").splitlines():
        if line.startswith("  ") or " | " not in line:
            continue
        fields, gloss = line.split(" | ", 1)
        parts = fields.split()
        words = [w.replace("_", " ").lower().split("(")[0] for w in parts[4 : 4 + 2 * int(parts[3], 16) : 2]]
        out.append((int(parts[1]), words, gloss.strip()))
    return out


def _use_counts(root: Path) -> dict[tuple[str, str, int], int]:
    """How often (lemma, part, sense number) was seen in tagged text."""
    parts = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}
    counts = {}
    for line in (root / "cntlist.rev").read_text().splitlines():
        key, sense, count = line.split()
        lemma, rest = key.split("%", 1)
        counts[lemma, parts[rest[0]], int(sense)] = int(count)
    return counts


def _first_senses(root: Path, part: str) -> dict[str, int]:
    """Lemma -> byte offset of its most frequent sense."""
    out = {}
    for line in (root / f"index.{part}").read_text().splitlines():
        if not line.startswith(" "):
            fields = line.split()
            out[fields[0]] = int(fields[-int(fields[2])])
    return out


def everyday_nouns(directory: Path) -> list[str]:
    root = _root(directory)
    if root is None:
        return []
    counts = _use_counts(root)
    files = {}
    for line in (root / "data.noun").read_text(encoding="latin-1").splitlines():
        if not line.startswith("  "):
            files[int(line[:8])] = int(line[9:11])
    first = _first_senses(root, "noun")
    return sorted(lemma for lemma, offset in first.items()
                  if lemma.isalpha() and lemma.isascii() and len(lemma) > 2 and files.get(offset) in _EVERYDAY
                  and counts.get((lemma, "noun", 1), 0) >= 1 and lemma not in TECHNICAL)


def synonyms(directory: Path) -> dict[str, list[str]]:
    """Verb or adjective -> words of its most frequent sense."""
    root = _root(directory)
    if root is None:
        return {}
    out: dict[str, list[str]] = {}
    for part in ("verb", "adj"):
        by_offset = {}
        for line in (root / f"data.{part}").read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                parts = line.split(" | ", 1)[0].split()
                by_offset[int(parts[0])] = [w.replace("_", " ").lower().split("(")[0] for w in parts[4 : 4 + 2 * int(parts[3], 16) : 2]]
        for lemma, offset in _first_senses(root, part).items():
            others = [w for w in by_offset.get(offset, []) if w != lemma and "'" not in w]
            if others and len(lemma) > 2 and lemma not in out and lemma not in {"have", "get", "got", "own", "pci", "show", "list"}:
                out[lemma] = others
    return out


def glosses(directory: Path) -> list[str]:
    """"install, set up: place ready for use", with the sample sentences: definitions in plain words."""
    root = _root(directory)
    if root is None:
        return []
    return [f"{', '.join(words[:4])}: {gloss.replace(chr(34), '')}".lower()
            for part in ("noun", "verb", "adj", "adv") for _, words, gloss in _synsets(root, part)]


def everyday_sentences(directory: Path) -> list[str]:
    """Sample sentences without a technical word: what people also say, and no kernel can answer."""
    root = _root(directory)
    if root is None:
        return []
    out = set()
    for part in ("noun", "verb", "adj", "adv"):
        for _, _, gloss in _synsets(root, part):
            for sentence in re.findall(r'"([^"]{8,90})"', gloss):
                words = re.findall(r"[a-z']+", sentence.lower())
                if len(words) >= 3 and not TECHNICAL & set(words) and not TECHNICAL & {w.rstrip("s") for w in words}:
                    out.add(" ".join(sentence.lower().split()))
    return sorted(out)
