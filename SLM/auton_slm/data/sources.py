"""What a Debian machine holds: ids, drivers, packages, words and documentation, each with its licence.

Every source is optional; what is missing is named, and the word lists of this project take its place.
"""

import gzip
import html
import json
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import wordnet

LICENCES = {
    "pci.ids": "3-clause BSD (also GPL-2+)",
    "usb.ids": "3-clause BSD (also GPL-2+)",
    "module aliases of the Debian kernel": "facts (ids and driver names)",
    "package names and one-line descriptions of Debian": "facts and short descriptions, no single licence",
    "WordNet 3.0": "WordNet licence (permissive)",
    "Linux kernel documentation": "GPL-2",
    "Debian reference": "GPL-2+",
    "manual pages": "mixed free licences",
    "grammars, word lists and held-out sets": "Apache-2.0 (this project)",
}
DEBIAN_PACKAGES = ("usb.ids", "wordnet-base", "manpages", "debian-reference-en", "linux-doc-6.1", "linux-image-amd64")


@dataclass
class Facts:
    pci: dict[str, str] = field(default_factory=dict)  # "8086:100e" -> "Intel Corporation 82540EM ..."
    usb: dict[str, str] = field(default_factory=dict)
    vendors: dict[str, str] = field(default_factory=dict)
    drivers: dict[str, str] = field(default_factory=dict)  # "8086:100e" -> "e1000"
    modules: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)  # what one searches packages for
    chips: list[str] = field(default_factory=list)  # "realtek rtl8139"
    nouns: list[str] = field(default_factory=list)  # everyday nouns
    sources: dict[str, int] = field(default_factory=dict)  # what was found, with its size

    def save(self, path: Path) -> None:
        path.write_bytes(gzip.compress(json.dumps(asdict(self), sort_keys=True).encode(), mtime=0))

    @staticmethod
    def load(path: Path) -> "Facts":
        return Facts(**json.loads(gzip.decompress(path.read_bytes())))


def fetch(directory: Path, say=print) -> None:
    """Downloads the Debian packages that hold the sources and unpacks them; needs apt-get and dpkg, no root."""
    if not shutil.which("apt-get"):
        say("apt-get is not here, so only the files of this machine are used")
        return
    downloads = directory / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    for package in DEBIAN_PACKAGES:
        if (directory / package).exists():
            continue
        name = package
        if package == "linux-image-amd64":  # a meta package: the real one is what it depends on
            text = subprocess.run(["apt-cache", "depends", package], capture_output=True, text=True).stdout
            found = re.search(r"Depends: (linux-image-\S+)", text)
            name = found.group(1) if found else package
        if subprocess.run(["apt-get", "download", name], cwd=downloads, capture_output=True).returncode:
            say(f"{name} cannot be downloaded and is left out")
            continue
        newest = max(downloads.glob(f"{name}_*.deb"), key=lambda p: p.stat().st_mtime)
        subprocess.run(["dpkg", "-x", str(newest), str(directory / package)], check=True)


def first_file(directory: Path, pattern: str, *system: str) -> Path | None:
    found = sorted(directory.glob(pattern)) if directory.exists() else []
    return next((path for path in [*found, *map(Path, system)] if path.is_file()), None)


def gather(directory: Path, say=print) -> Facts:
    facts = Facts()
    _read_ids(first_file(directory, "**/pci.ids", "/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"), facts.pci, facts)
    usb = first_file(directory, "usb.ids/**/usb.ids", "/usr/share/misc/usb.ids", "/usr/share/hwdata/usb.ids")
    _read_ids(usb, facts.usb, facts, vendors=False)
    _read_modules(directory, facts)
    _read_packages(facts)
    facts.chips = sorted(_chip_names(facts.pci)) or ["realtek rtl8139", "intel 82540em", "nvidia geforce", "virtio network device"]
    nouns = wordnet.everyday_nouns(directory)
    facts.nouns = nouns or ("banana horse river house dog song book cake planet country doctor football garden shoe mountain bird "
                            "train church wine dress beach holiday girl boy fruit wall egg moon star queen dance salad").split()
    facts.topics = facts.topics or ["edit photos", "play chess", "read mail", "compress files", "draw diagrams"]
    facts.modules = facts.modules or "e1000 e1000e igb r8169 ahci nvme virtio_net snd_hda_intel i915 xhci_hcd 8139too".split()
    facts.sources.update(pci=len(facts.pci), usb=len(facts.usb), drivers=len(facts.drivers), modules=len(facts.modules),
                         packages=len(facts.packages), nouns=len(facts.nouns), chips=len(facts.chips))
    say("sources: " + ", ".join(f"{count} {name}" for name, count in facts.sources.items()))
    return facts


def _read_ids(path: Path | None, into: dict[str, str], facts: Facts, vendors: bool = True) -> None:
    """Reads pci.ids or usb.ids: a vendor a line, its devices below it behind one tab."""
    if path is None:
        return
    vendor = name = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        if re.match(r"[0-9a-f]{4}  ", line):
            vendor, name = line[:4], line[6:].strip()
            if vendors:
                facts.vendors[vendor] = name
        elif re.match(r"\t[0-9a-f]{4}  ", line) and vendor:
            into[f"{vendor}:{line[1:5]}"] = f"{name} {line[7:].strip()}"
        elif line and line[0] not in "\t#":
            vendor = ""  # the lists of classes at the end


def _read_modules(directory: Path, facts: Facts) -> None:
    """Reads `alias=pci:v...d...` from the modules of a kernel package; the first module in order of name wins."""
    roots = [path for path in directory.glob("linux-image*/lib/modules/*") if path.is_dir()]
    for path in sorted((p for root in roots for p in root.rglob("*.ko")), key=lambda p: p.stem):
        name = path.stem.replace("-", "_")
        facts.modules.append(name)
        for alias in set(re.findall(rb"alias=pci:v0000([0-9A-F]{4})d0000([0-9A-F]{4})", path.read_bytes())):
            facts.drivers.setdefault(b":".join(alias).decode().lower(), name)


def _read_packages(facts: Facts) -> None:
    if not shutil.which("apt-cache"):
        return
    text = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, errors="replace").stdout
    topics = set()
    for name, description in re.findall(r"^Package: (\S+)\n(?:(?!Description:)\S.*\n|\s.*\n)*?Description(?:-en)?: (.*)", text, re.M):
        facts.packages.append(name)
        words = re.sub(r"\(.*?\)|[^a-z0-9 +-]", " ", description.lower()).split()
        if 1 < len(words) <= 5 and "package" not in words:
            topics.add(" ".join(words[: 3]))
    facts.packages = sorted({p for p in facts.packages if not re.match(r"lib.*\d|.*-(dbg|dbgsym|doc|data|common)$", p)})
    facts.topics = sorted(topics)


def _chip_names(pci: dict[str, str]) -> set[str]:
    """How people call chips: the first words of names in pci.ids, with or without the vendor's short name."""
    names = set()
    for full in pci.values():
        bracket = re.search(r"\[([^\]]{3,24})\]", full)
        words = re.sub(r"\[.*?\]|\(.*?\)|[,/]", " ", full).lower().split()
        model = next((i for i, w in enumerate(words[1:], 1) if re.search(r"\d", w) and len(w) > 3), None)
        if bracket and re.search(r"\d", bracket.group(1)):
            names.add(bracket.group(1).lower().replace("/", " ").strip())
        if model and model < 5:
            names.add(words[model])
            names.add(f"{words[0]} {words[model]}")
    return {" ".join(re.sub(r"[^\w\s.+-]", " ", n).split()) for n in names if 3 < len(n) < 30} - {""}


def language(directory: Path) -> dict[str, list[str]]:
    """Paragraphs of English by source, to learn words from; lower case, as prompts are."""
    texts: dict[str, list[str]] = {}
    texts["WordNet 3.0"] = wordnet.glosses(directory)
    docs = [gzip.decompress(p.read_bytes()).decode(errors="replace") for p in sorted(directory.glob("linux-doc*/**/*.rst.gz"))
            if "/translations/" not in str(p)]
    texts["Linux kernel documentation"] = [p for text in docs for p in _paragraphs(text)]
    pages = [html.unescape(re.sub(r"<[^>]+>", " ", p.read_text(errors="replace"))) for p in sorted(directory.glob("debian-reference*/**/ch*.en.html"))]
    texts["Debian reference"] = [p for text in pages for p in _paragraphs(text)]
    if shutil.which("apt-cache"):
        dump = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, errors="replace").stdout
        pairs = re.findall(r"^Package: (\S+)\n(?:(?!Description:)\S.*\n|\s.*\n)*?Description(?:-en)?: (.*)", dump, re.M)
        texts["package names and one-line descriptions of Debian"] = [f"{name} is {text}".lower() for name, text in pairs
                                                                      if not name.endswith(("-dbg", "-dbgsym", "-dev"))]
    return {name: paragraphs for name, paragraphs in texts.items() if paragraphs}


def _paragraphs(text: str) -> list[str]:
    """Prose only: paragraphs that are mostly words, without markup."""
    out = []
    for block in re.split(r"\n\s*\n", text):
        line = " ".join(re.sub(r"[`*|]|::", " ", block).split()).lower()
        words = line.split()
        plain = sum(word.strip(".,;:()'\"").isalpha() for word in words)
        if 8 <= len(words) <= 200 and plain > 0.8 * len(words):
            out.append(line)
    return out
