"""What is done to a user's line before any model sees it; the kernel does the same in C (GRAMMAR.md says how).

Small letters, PCI and USB ids in one spelling, no sentence punctuation, one space between words.
"""

import re

_HEX4 = r"(?:0x)?([0-9a-f]{4})"
_ID_SPELLINGS = [
    re.compile(r"\b(?:pci|usb)\\ven_([0-9a-f]{4})&dev_([0-9a-f]{4})[^\s]*"),
    re.compile(r"\busb\\vid_([0-9a-f]{4})&pid_([0-9a-f]{4})[^\s]*"),
    re.compile(r"\bpci:v0000([0-9a-f]{4})d0000([0-9a-f]{4})[^\s]*"),
    re.compile(r"\bpci([0-9a-f]{4}),([0-9a-f]{4})\b"),
    re.compile(rf"\bvendor (?:id |number )?{_HEX4},? (?:and )?(?:device|product) (?:id |number )?{_HEX4}\b"),
    re.compile(rf"(?<![\w.:/]){_HEX4}[:/]{_HEX4}(?![\w:/]|\.\d)"),
    re.compile(r"(?<![\w.:/-])0x([0-9a-f]{4})[ -]0x([0-9a-f]{4})(?![\w:/-])"),
    # Without a colon or 0x a pair must look like an id, not like two years: vendor and device both of four digits,
    # and at least one letter among them or "id" or "device" before.
    re.compile(r"(?<![\w.:/-])(?=[0-9a-f]{4}[ -][0-9a-f]{4}(?![\w:/-]))(?=[0-9 -]*[a-f])(?=[a-f -]*[0-9])"
               r"([0-9a-f]{4})[ -]([0-9a-f]{4})(?![\w:/-])"),
    re.compile(r"(?:(?<=id )|(?<=device )|(?<=card ))([0-9]{4})[ -]([0-9]{4})(?![\w:/-])"),
]
_WORDY = re.compile(r"\b(?:dead|beef|face|fade|cafe|babe|deed|feed|bead|added|faced|deaf|bade|abed|aced|dada)\b")
_PUNCTUATION = re.compile(r"[?!,;\"()<>\[\]{}*`]")
_SENTENCE_END = re.compile(r"(?<=[\w'])[.:]+(?=\s|$)")


def normalize(text: str) -> str:
    text = text.lower().replace("’", "'").replace("‘", "'")
    for spelling in _ID_SPELLINGS:
        text = spelling.sub(_canonical, text)
    text = _SENTENCE_END.sub(" ", _PUNCTUATION.sub(" ", text))
    text = re.sub(r"(?<!\w)'|'(?!\w)", " ", text)
    return " ".join(text.split())


def _canonical(match: re.Match) -> str:
    vendor, device = match.group(1), match.group(2)
    if _WORDY.fullmatch(vendor) and _WORDY.fullmatch(device):
        return match.group(0)
    return f"{vendor}:{device}"


# Shapes by which the kernel knows a slot's type; anything else is a word.
SHAPES = {
    "pci": re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}"),
    "usb": re.compile(r"[0-9a-f]{4}:[0-9a-f]{4}"),
    "hex": re.compile(r"(?:0x)?[0-9a-f]{4}"),
    "slot": re.compile(r"(?:[0-9a-f]{4}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]"),
    "ip": re.compile(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?:/\d{1,2})?"),
    "num": re.compile(r"-?(?:0x[0-9a-f]+|\d+)"),
    "path": re.compile(r".*/.*|[\w-]+\.[\w.]+|\w+"),
    "disk": re.compile(r"/dev/\w+|[shv]d[a-z]\d*|nvme\d\w*|mmcblk\d\w*"),
}


def fits(slot: str, word: str) -> bool:
    """Whether a word of a normalised line may fill a slot of this type."""
    shape = SHAPES.get(slot)
    return shape.fullmatch(word) is not None if shape else not SHAPES["slot"].fullmatch(word)
