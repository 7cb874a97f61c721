"""Batches as a function of (seed, step): a resumed training sees the same examples as one that was never stopped."""

from pathlib import Path

import numpy as np
import torch


class DataError(ValueError):
    pass


class Examples:
    """The arrays of one part, on a device. An example is tokens[starts[i]:ends[i]]."""

    def __init__(self, path: Path, device: str = "cpu") -> None:
        if not Path(path).is_file():
            raise DataError(f"{path} is missing. Make the data set first: auton-slm prepare_data")
        try:
            with np.load(path) as arrays:
                tokens, ends = arrays["tokens"], arrays["ends"]
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise DataError(f"{path} cannot be read ({error}). Make the data set again: auton-slm prepare_data") from None
        self.tokens = torch.from_numpy(tokens.astype(np.int32)).to(device)
        self.ends = torch.from_numpy(ends).to(device)
        self.starts = torch.cat([torch.zeros(1, dtype=torch.int64, device=device), self.ends[:-1]])
        self.lengths = self.ends - self.starts

    def __len__(self) -> int:
        return len(self.ends)

    def rows(self, numbers: torch.Tensor, context: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(tokens, real) of these examples, both (rows, length); what is behind an example's end is not real."""
        length = int(self.lengths[numbers].max().clamp(max=context + 1))
        length = min(context + 1, -(-length // 8) * 8 + 1)
        places = self.starts[numbers][:, None] + torch.arange(length, device=self.tokens.device)
        real = places < self.ends[numbers][:, None]
        return self.tokens[places.clamp(max=len(self.tokens) - 1)].long() * real, real


class Language:
    """A stream of English, cut into rows."""

    def __init__(self, path: Path, device: str = "cpu") -> None:
        with np.load(path) as arrays:
            self.tokens = torch.from_numpy(arrays["tokens"].astype(np.int32)).to(device)

    def __len__(self) -> int:
        return len(self.tokens)

    def rows(self, starts: torch.Tensor, context: int) -> torch.Tensor:
        places = starts[:, None] + torch.arange(context + 1, device=self.tokens.device)
        return self.tokens[places % len(self.tokens)].long()


GROUP = 16  # batches that are sorted by length together


def numbers_of_step(seed: int, step: int, batch: int, lengths: torch.Tensor) -> torch.Tensor:
    """Which examples a step takes: a new order every epoch, as a function of the step alone."""
    batches = max(1, len(lengths) // batch)
    epoch, number = divmod(step, batches)
    return _order(seed, epoch, batch, lengths)[number * batch : (number + 1) * batch]


_orders: dict[tuple[int, int, int, int], torch.Tensor] = {}


def _order(seed: int, epoch: int, batch: int, lengths: torch.Tensor) -> torch.Tensor:
    """A random order in which the examples of one batch are of about the same length: padding costs time."""
    key = (seed, epoch, batch, len(lengths))
    if key not in _orders:
        _orders.clear()
        generator = torch.Generator().manual_seed(seed * 1_000_003 + epoch)
        order = torch.randperm(len(lengths), generator=generator)
        of_order = lengths.cpu()[order]
        group = batch * GROUP
        whole = len(order) // group * group
        within = of_order[:whole].view(-1, group).argsort(dim=1, stable=True)
        order[:whole] = order[:whole].view(-1, group).gather(1, within).flatten()
        batches = whole // batch
        shuffled = torch.randperm(batches, generator=generator)
        order[:whole] = order[:whole].view(batches, batch)[shuffled].flatten() if batches else order[:whole]
        _orders[key] = order
    return _orders[key]


def targets_and_weights(tokens, real, label_ids, say: int, label: float, action: float, text: float):
    """What is to be foretold at each place, and how much it counts: nothing for the prompt, then label, action, text."""
    targets = tokens[:, 1:]
    is_label = (targets >= label_ids[0]) & (targets <= label_ids[-1])
    after_label = is_label.long().cumsum(1) - is_label.long() > 0
    after_say = (targets == say).long().cumsum(1) - (targets == say).long() > 0
    weights = is_label * label + (after_label & ~after_say) * action + (after_label & after_say) * text
    return targets, weights * real[:, 1:]

