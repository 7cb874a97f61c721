"""How a command tells what it does: one line for a person, or one JSON object a line for the engine."""

import json
import math
import sys
import time


class Progress:
    def __init__(self, as_json: bool = False, log=None) -> None:
        self.as_json = as_json
        self.log = log  # a file that takes every event as a line of JSON
        self.begun = time.monotonic()

    def __call__(self, text: str) -> None:
        self.event("message", text=text)

    def event(self, kind: str, **values) -> None:
        line = json.dumps(finite({"event": kind, "seconds": round(time.monotonic() - self.begun, 1), **values}))
        if self.log:
            self.log.write(line + "\n")
            self.log.flush()
        if self.as_json:
            print(line, flush=True)
            return
        text = values.pop("text", None) or f"{kind}: " + ", ".join(f"{k} {_short(v)}" for k, v in values.items())
        print(text, file=sys.stderr, flush=True)


def finite(value):
    """The same with null for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _short(value):
    return f"{value:.4g}" if isinstance(value, float) else value
