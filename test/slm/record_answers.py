"""Records what the pipeline's own tokenizer, normaliser and decoder make of odd lines, for the tests of their TypeScript
twins:  python test/slm/record_answers.py > test/fixtures/slm/answers.json  (in a Python of the pipeline).
"""

import json
import random
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "SLM"))

from auton_slm.checkpoint import load_model
from auton_slm.data.actions import text_for, texts
from auton_slm.data.normalize import normalize
from auton_slm.decode import Decoder
from auton_slm.imports import import_model
from auton_slm.tokenizer import Tokenizer

MODELS = ROOT / "SLM" / "models"

ODD = [
    "", " ", "  two  spaces ", "a", "▁", "▁▁ a ▁b", "tab\tand\nnewline\r\n", "\x00\x01\x7f", "Ünïcödé ñ ß İ ŞĞ", "日本語 の カーネル",
    "🙂🙃 👩‍👩‍👧‍👦", "e\u0301 combining", "\u200b zero \ufeff width", "\x85 next \x1c line\u2028separator\u3000wide", "<s> </s> <OTHER> <SAY> <unk> <0x41>",
    "<HARDWARE_IDENTIFY>lookup pci 8086:100e", "x" * 300, "ab " * 120, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "٣٤٥ ½ Ⅷ ²", "ΑΣ ΣΑΣ", "\U0010ffff \ud7ff",
    "What is 0x8086:0x100E?", "vendor 8086 device 100e", "Vendor id 0x8086, and product number 100E!", "PCI\\VEN_8086&DEV_100E&SUBSYS_00000000",
    "USB\\VID_046D&PID_C077\\5&2B", "pci8086,100e", "pci:v00008086d0000100Esv*", "dead:beef", "dead:beef and 1234:abcd", "in 1990-2024 or 1990 2024",
    "id 1990 2024", "card 1022-1481", "driver for 8086 100e", "8086-100e", "fe80::1", "00:1f.2", "0000:00:1f.2 what is it", "10.0.0.1/24", "a8086:100e",
    "it's the user's 'quoted' word", "don’t ‘quote’ me", "ends. here: now... ok", "v1.2.3.", "http://example.org:8080/a", "(brackets) [x] {y} <z> *star* `code`",
    "C++ & C#; 50% @home #1 ~/x | y \\ z ^ _under_", "É.", "x'.", "1.000,50", "/dev/sda1 nvme0n1p2 mmcblk0", "0xDEAD 0xBEEF", "0x8086 0x100e.", "8086:100e.1", "8086:100e:",
]

QUESTIONS = [
    "what is 8086:100e", "WHICH DRIVER DOES 10EC:8139 NEED???", "is my computer haunted or is it just the fan", "install nginx pls",
    "set the hostname to blueberry-7", "kill 4711", "my wlan died after i dropped the laptop", "sing me a song about page frames", "hello there",
    "mount /dev/sdb2 on /mnt", "dead:beef what could that be", "free", "", "?!", "日本語で答えて", "what's vendor 0x10de", "who are you and what do you know",
    "give the box 192.168.7.12/24", "show me /etc/fstab", "how many usb things are plugged in", "why is everything so slow today",
    "remove user bob and then reboot", "start sshd at boot", "find me something to edit pictures", "the weather in oslo tomorrow", "unload e1000e",
    "format c:", "x" * 400, "put javacc4 onto the machine", "was youtube-dl installed", "can you recommend a good restaurant near the data center", "which devices have no driver yet?",
]


def shipped_model():
    """The model of the exported file, of which no checkpoint ships."""
    with tempfile.TemporaryDirectory() as folder:
        import_model(MODELS / "mini_3M.onnx", Path(folder) / "model.pt")
        return load_model(Path(folder) / "model.pt")[0]


def odd_lines() -> list[str]:
    """The list, and lines of random characters of many scripts."""
    rng = random.Random(20)
    alphabets = ["abcdefghij  ", "0123456789abcdef:. -", "ÄÖÜäöüßéèçñ ", "αβγδабвг ", "漢字かな ", "?!,;\"()<>[]{}*`'.: ab0", "😀🎉\u200d\ufe0f ", "\t\n\x00\x0b ▁"]
    lines = list(ODD)
    for _ in range(300):
        chosen = "".join(rng.sample(alphabets, rng.randint(1, 3)))
        lines.append("".join(rng.choice(chosen) for _ in range(rng.randint(1, 40))))
    return lines


def main() -> None:
    manifest = json.loads((MODELS / "mini_3M.onnx.json").read_text())
    tokenizer = Tokenizer(MODELS / "mini_3M.tokenizer.model")
    decoder = Decoder(shipped_model(), tokenizer)
    heldout = (ROOT / "SLM/auton_slm/data/heldout/intents.tsv").read_text(encoding="utf-8").splitlines()
    lines = QUESTIONS + [line.split("\t")[-1] for line in heldout if "\t" in line][::4]
    table = texts()
    answers = [
        {"line": line, "label": a.label, "probability": round(a.probability, 4), "action": a.action, "text": text_for(a.action, table)}
        for line, a in zip(lines, decoder.answer(lines))
    ]
    record = {
        "model": manifest["sha256"],
        "lines": [{"line": line, "tokens": tokenizer.encode(line), "normalized": normalize(line)} for line in odd_lines()],
        "answers": answers,
    }
    print("{")
    print(f' "model": {json.dumps(record["model"])},')
    for name in ("lines", "answers"):
        rows = ",\n".join("  " + json.dumps(row) for row in record[name])
        print(f' "{name}": [\n{rows}\n ]' + ("," if name == "lines" else ""))
    print("}")


main()
