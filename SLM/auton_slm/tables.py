"""Grounding: what the kernel's tables say to an action. The model never names a device; this does."""

from .data.sources import Facts


class Tables:
    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    def answer(self, action: str) -> str:
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

    def names_a_device(self, text: str) -> bool:
        return text in self._all_names

    @property
    def _all_names(self) -> set[str]:
        if not hasattr(self, "_names"):
            self._names = set(self.facts.pci.values()) | set(self.facts.usb.values())
        return self._names
