"""How well devices and drivers are named, over all of pci.ids, by the model alone and by the system around it.

Alone: the action that the model chose is looked up, nothing else. The system: code finds the ids in the line and says what
the tables hold, name and driver, whatever the action (GRAMMAR.md, "Grounding"): that is what a kernel does.
"""

import random
import re

from .data import heldout
from .decode import Decoder
from .tables import Tables

MADE_UP = 1000
# The spellings of an id that normalisation knows.
SPELLINGS = ("{v}:{d}", "0x{v}:0x{d}", "{V}:{D}", "{v}/{d}", "vendor {v} device {d}", "vendor id 0x{v} and device id 0x{d}",
             "PCI\\VEN_{V}&DEV_{D}&SUBSYS_00011179", "pci{v},{d}", "pci:v0000{V}d0000{D}sv*sd*bc*sc*i*")


def wordings() -> dict[str, list[str]]:
    """Held-out sentences that ask for a name (lookup) or a driver, with <pci> in them."""
    out: dict[str, list[str]] = {"lookup": [], "driver": []}
    for line in (heldout.DIR / "slots.tsv").read_text(encoding="utf-8").splitlines():
        found = re.match(r"(lookup|driver) pci <pci>\t(.*)", line)
        if found:
            out[found.group(1)].append(found.group(2))
    return out


def spelled(id_: str, number: int) -> str:
    vendor, device = id_.split(":")
    return SPELLINGS[number % len(SPELLINGS)].format(v=vendor, d=device, V=vendor.upper(), D=device.upper())


def made_up_ids(tables: Tables, rng: random.Random) -> list[str]:
    out: list[str] = []
    while len(out) < MADE_UP:
        candidate = f"{rng.randrange(65536):04x}:{rng.randrange(65536):04x}"
        if candidate not in tables.facts.pci and candidate not in tables.facts.usb:
            out.append(candidate)
    return out


class Grounding:
    def __init__(self, tables: Tables, seed: int, limit: int | None = None) -> None:
        """`limit`: so many devices, drawn at random, and the others not."""
        self.tables, self.asks, self.modules = tables, wordings(), set(tables.facts.modules)
        rng = random.Random(seed)
        ids = sorted(tables.facts.pci)
        rng.shuffle(ids)
        self.named = ids[:limit]
        self.driven = [i for i in ids if i in tables.facts.drivers][:limit]
        self.made_up = made_up_ids(tables, rng)

    def measure(self, decoder: Decoder) -> dict:
        facts, out = self.tables.facts, {"devices": len(self.named), "driver_devices": len(self.driven), "made_up": MADE_UP}
        lookups = self._ask(decoder, "lookup", self.named)
        drivers = self._ask(decoder, "driver", self.driven)
        odd = self.made_up[::2] + self.made_up[1::2]
        unknown = self._ask(decoder, "lookup", self.made_up[::2]) + self._ask(decoder, "driver", self.made_up[1::2])
        for who in ("alone", "system"):
            named = [self._names(who, said[who], i) for i, said in zip(self.named, lookups)]
            driven = [said[who] == facts.drivers[i] or said[who].endswith(f"; its driver is {facts.drivers[i]}.") for i, said in zip(self.driven, drivers)]
            asks = self.asks["lookup"]
            out[who] = {
                "name": _share(named),
                "driver": _share(driven),
                "by_wording": {wording: cell(named[n :: len(asks)]) for n, wording in enumerate(asks)},
                "made_up_named": sum(self._claims(said[who], i) for i, said in zip(odd, unknown)),
            }
        out["made_up_named"] = max(out[who]["made_up_named"] for who in ("alone", "system"))
        return out

    def _names(self, who: str, said: str, id_: str) -> bool:
        name = self.tables.facts.pci[id_]
        return said == name if who == "alone" else said.startswith((f"{id_} is {name}.", f"{id_} is {name}; "))

    def _claims(self, said: str, id_: str) -> bool:
        """Whether an answer gives a device or a driver, where it should give none."""
        named = said.startswith(f"{id_} is ") and said != f"{id_} is not in my table."
        return named or said in self.tables.names or said in self.modules

    def _ask(self, decoder: Decoder, kind: str, ids: list[str]) -> list[dict[str, str]]:
        """Every wording in turn, and every spelling for every wording."""
        asks = self.asks[kind]
        texts = [asks[n % len(asks)].replace("<pci>", spelled(i, n // len(asks))) for n, i in enumerate(ids)]
        return [{"alone": self.tables.answer(a.action), "system": self.tables.ground(a.prompt, a.action)} for a in decoder.answer(texts)]


def _share(right: list[bool]) -> float | None:
    return sum(right) / len(right) if right else None


def cell(right: list[bool]) -> dict:
    """One part of a share; it is of so few that a single answer shows."""
    return {"sentences": len(right), "share": _share(right)}
