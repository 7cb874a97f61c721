"""Calibration: what flows into each matrix when the model reads examples of its data set.

A matrix W does not need to be near its rounded self; W x does, for the inputs x that occur. All that matters of them is
their second moment H = mean of x x^T: the error of the outputs is the trace of D H D^T, where D is the error of W.
"""

from pathlib import Path

import torch

from .batches import Examples, targets_and_weights
from .model import Llama
from .tokenizer import Tokenizer

# The matrices of a block that share an input, in the order in which they compute.
STAGES = (("attention", ("q", "k", "v")), ("attention", ("o",)), ("ffn", ("gate", "up")), ("ffn", ("down",)))


class Calibration:
    """Examples on their way through the model: `hidden` is what goes into the block whose turn it is."""

    def __init__(self, model: Llama, data: Path, count: int, seed: int = 1, batch: int = 128) -> None:
        tokenizer, examples = Tokenizer(data / "tokenizer.model"), Examples(data / "train.npz")
        order = torch.randperm(len(examples), generator=torch.Generator().manual_seed(seed))[:count]
        self.model, self.batches = model, []
        for numbers in order.split(batch):
            tokens, real = examples.rows(numbers, model.config.context)
            _, weights = targets_and_weights(tokens, real, tokenizer.label_ids, tokenizer.say, 1.0, 1.0, 0.2)
            self.batches.append((tokens[:, :-1], real[:, :-1], weights))

    @torch.no_grad()
    def output_moment(self) -> torch.Tensor:
        """Of what the output matrix gets, where its answer counts: behind a prompt, not within it."""
        size = self.model.config.dim
        total, weight = torch.zeros(size, size), 0.0
        for tokens, _, weights in self.batches:
            some = self.model.hidden(tokens)[weights > 0]
            weighed = weights[weights > 0]
            total += (some * weighed[:, None]).T @ some
            weight += float(weighed.sum())
        return total / weight

    @torch.no_grad()
    def begin(self) -> None:
        self.hidden = [self.model.embedding(tokens) for tokens, _, _ in self.batches]

    @torch.no_grad()
    def advance(self, block) -> None:
        self.hidden = [block(x, *self._rope(x)) for x in self.hidden]

    @torch.no_grad()
    def moment(self, block, stage) -> torch.Tensor:
        """Of the input of this stage of this block, as the block is now."""
        part, names = stage
        linear = getattr(getattr(block, part), names[0])
        total, count = torch.zeros(linear.in_features, linear.in_features), 0
        inputs: list[torch.Tensor] = []
        hook = linear.register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
        try:
            for x, (_, real, _) in zip(self.hidden, self.batches):
                block(x, *self._rope(x))
                some = inputs.pop()[real]
                total += some.T @ some
                count += len(some)
        finally:
            hook.remove()
        return total / count

    def _rope(self, x):
        return self.model.cos[: x.shape[1]], self.model.sin[: x.shape[1]]
