"""Grounding: what the kernel's tables say. The model never names a device; this does."""

from .data.normalize import SHAPES
from .data.sources import Facts


class Tables:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.names = set(facts.pci.values()) | set(facts.usb.values())

    def ground(self, prompt: str, action: str) -> str:
        """The system's answer: on every id of a normalised prompt its table's line, whatever the model made of it; the
        action's own answer where there is none."""
        ids = [word for word in prompt.split() if SHAPES["pci"].fullmatch(word)]
        if not ids:
            return self.answer(action)
        usb = "usb" in prompt.split() or "usb" in action.split()
        return "\n".join(self._line(id_, usb) for id_ in ids)

    def _line(self, id_: str, usb: bool) -> str:
        name = (self.facts.usb if usb else self.facts.pci).get(id_)
        if name is None:
            return f"{id_} is not in my table."
        driver = None if usb else self.facts.drivers.get(id_)
        return f"{id_} is {name}" + (f"; its driver is {driver}." if driver else ".")

    def answer(self, action: str) -> str:
        """The answer to an action as the model alone chose it."""
        words = action.split()
        if words[:2] == ["lookup", "pci"]:
            return self._named(self.facts.pci, words[2])
        if words[:2] == ["lookup", "usb"]:
            return self._named(self.facts.usb, words[2])
        if words[:2] == ["lookup", "vendor"]:
            vendor = words[2].removeprefix("0x")
            return self.facts.vendors.get(vendor) or f"Vendor {vendor} is not in my table."
        if words[:2] == ["driver", "pci"]:
            driver = self.facts.drivers.get(words[2])
            return driver or f"No driver for {words[2]} is in my table."
        return action

    @staticmethod
    def _named(table: dict[str, str], key: str) -> str:
        return table.get(key) or f"{key} is not in my table."
