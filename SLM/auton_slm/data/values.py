"""The words that fill the slots of a template. Each value belongs to the training or to the held-out part by its hash."""

import random
import string
from pathlib import Path

from .grammar import stable_fraction

WORDS_DIR = Path(__file__).parent / "words"
HELD_OUT_SHARE = 0.1
_SYLLABLES = [c + v for c in "b c d f g h k l m n p r s t v w z br cl dr fl gr kr pl sh st tr".split() for v in "a e i o u".split()]
_ENDINGS = ["", "", "x", "n", "r", "s", "t", "d", "ctl", "-server", "-utils", "2", "d", "tool", "kit", "lib", "-dev"]


def words(name: str) -> list[str]:
    return (WORDS_DIR / f"{name}.txt").read_text(encoding="utf-8").split()


def held_out(value: str) -> bool:
    return stable_fraction("value/" + value) < HELD_OUT_SHARE


def invented(rng: random.Random) -> str:
    """A name that nobody has seen: copying has to work for these too."""
    stem = "".join(rng.choice(_SYLLABLES) for _ in range(rng.randint(1, 3)))
    return stem + rng.choice(_ENDINGS) + (str(rng.randint(1, 99)) if rng.random() < 0.1 else "")


class Values:
    """`values(slot, rng)` draws a value of the part (held out or not) that this object was made for."""

    def __init__(self, facts, held_out_part: bool = False) -> None:
        self.part = held_out_part
        self._pci = self._of_part(facts.pci)
        self._usb = self._of_part(facts.usb)
        self._chips = self._of_part(facts.chips)
        self._modules = self._of_part(facts.modules)
        self._packages = self._of_part(facts.packages)
        self._nouns = facts.nouns
        self._topics = self._of_part(facts.topics)
        self._lists = {name: self._of_part(words(name)) for name in ("packages", "programs", "services", "names", "hosts")}

    def _of_part(self, values) -> list[str]:
        """The values of this part, or all of them where the part has none."""
        mine = [value for value in values if held_out(value) == self.part]
        return mine or list(values)

    def __call__(self, slot: str, rng: random.Random) -> str:
        return getattr(self, "_draw_" + slot)(rng)

    def _fresh(self, rng, make) -> str:
        for _ in range(100):
            value = make(rng)
            if held_out(value) == self.part:
                return value
        return value

    def _mixed(self, rng, known, more, share_known=0.5, share_more=0.3) -> str:
        pick = rng.random()
        if known and pick < share_known:
            return rng.choice(known)
        if more and pick < share_known + share_more:
            return rng.choice(more)
        return self._fresh(rng, invented)

    def _draw_pci(self, rng):
        if self._pci and rng.random() < 0.7:
            return rng.choice(self._pci)
        return self._fresh(rng, lambda r: f"{r.randrange(65536):04x}:{r.randrange(65536):04x}")

    def _draw_usb(self, rng):
        if self._usb and rng.random() < 0.7:
            return rng.choice(self._usb)
        return self._fresh(rng, lambda r: f"{r.randrange(65536):04x}:{r.randrange(65536):04x}")

    def _draw_hex(self, rng):
        pool = self._pci or self._usb
        value = rng.choice(pool)[:4] if pool and rng.random() < 0.7 else f"{rng.randrange(65536):04x}"
        return "0x" + value if rng.random() < 0.3 else value

    def _draw_slot(self, rng):
        bus = rng.choice([0, 0, 0, 1, 2, 3, rng.randrange(256)])
        slot = f"{bus:02x}:{rng.randrange(32):02x}.{rng.choice([0, 0, 0, rng.randrange(8)])}"
        return "0000:" + slot if rng.random() < 0.1 else slot

    def _draw_num(self, rng):
        return str(rng.choice([rng.randrange(20), rng.randrange(1000), rng.randrange(65536)]))

    def _draw_ip(self, rng):
        head = rng.choice(["10", "192.168", "172.16", "10.0", "192.168.1", "10.0.2", "8.8", "1.1.1"]).split(".")
        value = ".".join(head + [str(rng.randrange(1, 255)) for _ in range(4 - len(head))])
        return value + rng.choice(["", "", "", "/24", "/16"])

    def _draw_disk(self, rng):
        letter = rng.choice(string.ascii_lowercase[:6])
        name = rng.choice([f"sd{letter}", f"vd{letter}", f"sd{letter}{rng.randint(1, 9)}", f"vd{letter}{rng.randint(1, 4)}",
                           f"nvme0n1p{rng.randint(1, 5)}", f"nvme{rng.randint(0, 2)}n1", f"hd{letter}{rng.randint(1, 4)}"])
        return "/dev/" + name if rng.random() < 0.9 or name.startswith("nvme") else name

    def _draw_path(self, rng):
        top = rng.choice(["/etc", "/home", "/var/log", "/tmp", "/usr/share", "/proc", "/boot", "/srv", "/root", "/opt"])
        name = rng.choice(["passwd", "fstab", "hosts", "notes.txt", "readme", "motd", "config", "syslog", "meminfo", "cpuinfo", "report.pdf",
                           self._fresh(rng, invented), self._fresh(rng, invented) + ".conf", self._fresh(rng, invented) + ".txt"])
        return rng.choice([f"{top}/{name}", f"{top}/{name}", top, name if "." in name else f"{top}/{name}"])

    def _draw_pkg(self, rng):
        return self._mixed(rng, self._lists["packages"], self._packages, 0.45, 0.35)

    _draw_other = _draw_pkg

    def _draw_prog(self, rng):
        return self._mixed(rng, self._lists["programs"] + self._lists["packages"][:80], self._packages, 0.7, 0.15)

    def _draw_driver(self, rng):
        return self._mixed(rng, self._modules, None, 0.9)

    def _draw_service(self, rng):
        return self._mixed(rng, self._lists["services"], self._packages, 0.7, 0.1)

    def _draw_user(self, rng):
        return self._mixed(rng, self._lists["names"], None, 0.7)

    def _draw_host(self, rng):
        return self._mixed(rng, self._lists["hosts"], self._lists["names"], 0.6, 0.1)

    def _draw_word(self, rng):
        return self._mixed(rng, self._lists["programs"], self._lists["hosts"], 0.4, 0.2)

    def _draw_words(self, rng):
        return rng.choice(self._topics) if self._topics and rng.random() < 0.7 else self._draw_pkg(rng)

    def _draw_chip(self, rng):
        return rng.choice(self._chips)

    def _draw_noun(self, rng):
        return rng.choice(self._nouns)

    def _draw_gibberish(self, rng):
        return "".join(rng.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(rng.randint(2, 9)))
