"""Training: one loop, steps that depend on nothing but their number, and guards that stop what has gone wrong."""

import json
import math
import os
import time
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F

from . import checkpoint
from .batches import Examples, Language, numbers_of_step, targets_and_weights
from .config import Config, ConfigError
from .model import Llama
from .progress import Progress
from .tokenizer import Tokenizer


SAVE_SECONDS = 60  # no more than this is lost when a training is stopped, unless saving itself takes long


class TrainingError(RuntimeError):
    pass


class Diverged(Exception):
    """Loss or gradient is not a number any more, or too large: try again with other hyper-parameters."""


def chosen_device(asked: str | None, local: int = 0) -> str:
    """A GPU when there is one; of several that of this process."""
    if not asked:
        return f"cuda:{local}" if torch.cuda.is_available() else "cpu"
    if asked != "cpu" and not asked.startswith("cuda"):
        raise ConfigError(f"--device {asked}: there are cpu, cuda and cuda:1 and so on")
    if asked.startswith("cuda") and not torch.cuda.is_available():
        raise ConfigError(f"--device {asked}: PyTorch finds no GPU on this machine. Without --device the processor trains.")
    return f"cuda:{local}" if asked == "cuda" else asked


@contextmanager
def full_precision():
    """What is measured here comes out again on any other device, but for the order of sums."""
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)


class Processes:
    """This process among those that torchrun started; alone without torchrun."""

    def __init__(self, device: str | None) -> None:
        self.world, self.rank = int(os.environ.get("WORLD_SIZE", 1)), int(os.environ.get("RANK", 0))
        local = int(os.environ.get("LOCAL_RANK", 0))
        self.device = chosen_device(device, local)
        if self.world > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if self.device.startswith("cuda") else "gloo")

    @property
    def first(self) -> bool:
        return self.rank == 0

    def mean(self, tensors: list[torch.Tensor]) -> None:
        """The same mean in every process, in one message."""
        if self.world == 1:
            return
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        flat /= self.world
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors])):
            tensor.copy_(part.view_as(tensor))

    def wait(self) -> None:
        if self.world > 1:
            dist.barrier()


class Trainer:
    def __init__(self, config: Config, data: Path, out: Path, processes: Processes) -> None:
        self.config, self.data, self.out, self.processes = config, data, out, processes
        device = processes.device
        self.tokenizer = Tokenizer(data / "tokenizer.model")
        if len(self.tokenizer) != config.model.vocab_size:
            raise ConfigError(f"the data set has {len(self.tokenizer)} tokens, the configuration {config.model.vocab_size}: "
                              "set model.vocab_size, or prepare the data set with this configuration")
        shares = processes.world * config.train.accumulate
        if config.train.batch % shares:
            raise ConfigError(f"train.batch ({config.train.batch}) must be a multiple of {shares}: "
                              f"{processes.world} processes times train.accumulate ({config.train.accumulate})")
        self.train_set = Examples(data / "train.npz", device)
        self.validation = Examples(data / "validation.npz", device)
        self.values = Examples(data / "values.npz", device)
        self.language = Language(data / "language.npz", device)
        torch.manual_seed(config.train.seed)
        self.model = Llama(config.model).to(device)
        matrices = [p for p in self.model.parameters() if p.dim() > 1]
        vectors = [p for p in self.model.parameters() if p.dim() == 1]
        self.optimizer = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": config.train.weight_decay}, {"params": vectors, "weight_decay": 0.0}],
            lr=config.train.learning_rate, betas=tuple(config.train.betas), fused=True if device.startswith("cuda") else None)
        self.step, self.best, self.spent = 0, 0.0, 0.0
        self.amp = torch.autocast("cuda", torch.bfloat16) if device.startswith("cuda") else nullcontext()

    # -- one step ---------------------------------------------------------------------------------------------------

    def progress_fraction(self) -> float:
        """How far training is, in [0, 1]: by steps, or by time where that is shorter."""
        t = self.config.train
        fraction = self.step / t.steps
        return min(1.0, max(fraction, self.spent / t.max_seconds) if t.max_seconds else fraction)

    def learning_rate(self) -> float:
        t = self.config.train
        if self.step < t.warmup:
            return t.learning_rate * (self.step + 1) / t.warmup
        cosine = 0.5 * (1 + math.cos(math.pi * self.progress_fraction()))
        return t.learning_rate * (t.final_fraction + (1 - t.final_fraction) * cosine)

    def is_language_step(self) -> bool:
        share = self.config.train.language_share * max(0.0, 1 - self.progress_fraction() / 0.7)
        return len(self.language) > 0 and self._random(7).random() < share

    def _random(self, purpose: int):
        import random
        return random.Random(self.config.train.seed * 1_000_003 + self.step * 31 + purpose)

    def one_step(self) -> tuple[float, float, str]:
        """(loss, gradient norm, what was learned)"""
        t = self.config.train
        self.model.train()
        torch.manual_seed(t.seed * 7919 + self.step * 64 + self.processes.rank)  # dropout
        self.optimizer.param_groups[0]["lr"] = self.optimizer.param_groups[1]["lr"] = self.learning_rate()
        kind = "language" if self.is_language_step() else "task"
        total = torch.zeros((), device=self.processes.device)
        for micro in range(t.accumulate):
            with self.amp:
                loss = self._language_loss(micro) if kind == "language" else self._task_loss(micro)
            (loss / t.accumulate).backward()
            total += loss.detach() / t.accumulate
        gradients = [p.grad for p in self.model.parameters()]
        self.processes.mean([*gradients, total])
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), t.clip)
        loss, norm = torch.stack([total, norm]).tolist()  # one wait for the GPU
        if os.environ.get("AUTON_SLM_FAULT") == f"nan@{self.step}":  # for the test of the guard
            loss = float("nan")
        if not math.isfinite(loss) or not math.isfinite(norm):
            raise Diverged(f"the loss is {loss} at step {self.step}")
        if norm > t.max_gradient_norm:
            raise Diverged(f"the gradient norm is {norm:.0f} at step {self.step}, more than {t.max_gradient_norm:.0f}")
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=False)
        return loss, norm, kind

    def _share(self, numbers: torch.Tensor, micro: int) -> torch.Tensor:
        """This process's part of this micro-batch."""
        parts = numbers.chunk(self.config.train.accumulate)[micro]
        return parts[self.processes.rank :: self.processes.world].to(self.processes.device)

    def _task_loss(self, micro: int) -> torch.Tensor:
        t = self.config.train
        numbers = self._share(numbers_of_step(t.seed, self.step, t.batch, self.train_set.lengths), micro)
        tokens, real = self.train_set.rows(numbers, self.config.model.context)
        targets, weights = targets_and_weights(tokens, real, self.tokenizer.label_ids, self.tokenizer.say,
                                               t.label_weight, t.action_weight, t.text_weight)
        inputs = tokens[:, :-1]
        if t.word_dropout:
            hide = (torch.rand(inputs.shape, device=inputs.device) < t.word_dropout) & (inputs >= 3)
            is_control = (inputs >= self.tokenizer.label_ids[0]) & (inputs <= self.tokenizer.say)
            before_label = (is_control.long().cumsum(1) == 0)
            inputs = torch.where(hide & before_label, self.tokenizer.unk, inputs)
        hidden = self.model.hidden(inputs)
        counted = weights > 0
        logits = F.linear(hidden[counted], self.model.embedding.weight).float()
        losses = F.cross_entropy(logits, targets[counted], reduction="none", label_smoothing=t.label_smoothing)
        return (losses * weights[counted]).sum() / weights.sum()

    def _language_loss(self, micro: int) -> torch.Tensor:
        t, context = self.config.train, self.config.model.context
        rows = max(1, t.batch // 4)  # rows are full, those of the task a quarter: about as many tokens
        generator = torch.Generator().manual_seed(t.seed * 65537 + self.step)
        starts = torch.randint(len(self.language), (max(rows, t.accumulate * self.processes.world),), generator=generator)
        tokens = self.language.rows(self._share(starts, micro), context)
        logits = self.model(tokens[:, :-1])
        return F.cross_entropy(logits.flatten(0, 1).float(), tokens[:, 1:].flatten())

    # -- looking at it ----------------------------------------------------------------------------------------------

    @torch.no_grad()
    @full_precision()
    def evaluate(self, examples: Examples, batch: int = 512) -> dict[str, float]:
        """Loss per counted token, share of right labels, and of actions that greedy decoding gets right to the last token."""
        self.model.eval()
        sums = torch.zeros(5, device=self.processes.device)
        first, last = self.tokenizer.label_ids[0], self.tokenizer.label_ids[-1]
        for numbers in torch.arange(len(examples), device=self.processes.device).split(batch):
            tokens, real = examples.rows(numbers, self.config.model.context)
            targets, weights = targets_and_weights(tokens, real, self.tokenizer.label_ids, self.tokenizer.say, 1.0, 1.0, 0.0)
            logits = self.model(tokens[:, :-1])
            losses = F.cross_entropy(logits.transpose(1, 2), targets, reduction="none")
            labels = (targets >= first) & (targets <= last) & real[:, 1:]
            guessed = logits[..., first : last + 1].argmax(-1) + first
            right = (logits.argmax(-1) == targets) | (weights == 0)
            has_action = weights.sum(1) > 1
            sums += torch.stack([(losses * weights).sum(), weights.sum(), (labels & (guessed == targets)).sum(),
                                 (right.all(1) & has_action).sum(), has_action.sum()])
        loss, count, label, action, actions = sums.tolist()
        return {"loss": loss / count, "label": label / len(examples), "action": action / max(1, actions)}

    def save(self, name: str = "last.pt") -> None:
        if not self.processes.first:
            return
        content = {"model": self.model.state_dict(), "config": self.config.as_dict(), "step": self.step, "best": self.best,
                   "tokenizer": self.tokenizer.digest()}
        if name == "last.pt":
            content |= {"optimizer": self.optimizer.state_dict(), "spent": self.spent}
        checkpoint.save(self.out / name, content)

    def resume(self, progress: Progress) -> None:
        """Goes on from the last checkpoint; without one from an imported model, if one lies there as the best so far."""
        last, best = self.out / "last.pt", self.out / "best.pt"
        if last.exists():
            content = checkpoint.load(last, self.processes.device)
            self._same_model(last, content["config"]["model"], (int, float))
            if not self.tokenizer.made(content):
                raise ConfigError(f"{last} was trained with another tokenizer than that of {self.data}. Name its own data set, or use another --out.")
            self.model.load_state_dict(content["model"])
            self.optimizer.load_state_dict(content["optimizer"])
            self.step, self.best, self.spent = content["step"], content["best"], content["spent"]
            progress.event("resumed", step=self.step)
        elif best.exists() and "best" not in checkpoint.load(best):  # else killed before its first save: the same steps again
            model, config, _ = checkpoint.load_model(best, self.processes.device)
            # No exported file tells the dropout, and fractions in half as many bits.
            self._same_model(best, config.as_dict()["model"], (int,))
            self.model.load_state_dict(model.state_dict())
            self.best = _score(self.measure())
            progress(f"begins with the weights of {best}")

    def _same_model(self, path: Path, theirs: dict, kinds: tuple[type, ...]) -> None:
        """Compares the values of these types."""
        ours = self.config.as_dict()["model"]
        if any(theirs[name] != value for name, value in ours.items() if isinstance(value, kinds)):
            raise ConfigError(f"{path} is of another model. Use another --out, or delete it.")

    def measure(self) -> dict[str, dict]:
        """evaluate() of both sets that training never sees, by their names."""
        return {"validation": self.evaluate(self.validation), "values": self.evaluate(self.values)}

    # -- the loop ---------------------------------------------------------------------------------------------------

    def run(self, progress: Progress, board=None) -> dict:
        t = self.config.train
        begun, before, begun_at = time.monotonic(), self.spent, self.step
        shown = saved = begun
        saving = 0.0
        result: dict = {}
        while self.progress_fraction() < 1.0:
            loss, norm, kind = self.one_step()
            self.step += 1
            if t.max_seconds:
                clock = torch.tensor([before + time.monotonic() - begun], device=self.processes.device)
                self.processes.mean([clock])  # all processes stop at the same step
                self.spent = float(clock)
            done = self.progress_fraction() >= 1.0
            if self.processes.first and (self.step % 50 == 0 or self.step <= 3 or done or time.monotonic() - shown > 10):
                shown = time.monotonic()
                rate = (self.step - begun_at) * t.batch / max(1e-9, time.monotonic() - begun)
                progress.event("step", step=self.step, steps=t.steps, loss=loss, learns=kind, gradient=norm,
                                    learning_rate=self.learning_rate(), examples_per_second=round(rate), fraction=round(self.progress_fraction(), 4))
                if board:
                    board.add_scalar(f"loss/{kind}", loss, self.step)
                    board.add_scalar("gradient", norm, self.step)
                    board.add_scalar("learning_rate", self.learning_rate(), self.step)
            if self.step % t.eval_every == 0 or done:
                result = self.measure()
                score = _score(result)
                if self.processes.first:
                    progress.event("evaluation", step=self.step, **{f"{p}_{k}": v for p, r in result.items() for k, v in r.items()})
                    if board:
                        for part, values in result.items():
                            for key, value in values.items():
                                board.add_scalar(f"{part}/{key}", value, self.step)
                if score >= self.best:
                    self.best = score
                    self.save("best.pt")
            now = time.monotonic()
            if self.step % t.save_every == 0 or done or now - saved > max(SAVE_SECONDS, 20 * saving):
                self.save()
                saved = time.monotonic()
                saving = saved - now
        return {"step": self.step, **result}


def _score(measured: dict[str, dict]) -> float:
    """What the best checkpoint has most of."""
    return measured["validation"]["label"] + measured["validation"]["action"] + measured["values"]["action"]


def train(config: Config, data: Path, out: Path, device: str | None = None, as_json: bool = False) -> dict:
    """Trains until done; after a divergence again from the last checkpoint with half the learning rate."""
    processes = Processes(device)
    if processes.device == "cpu" and os.environ.get("AUTON_SLM_THREADS"):
        torch.set_num_threads(int(os.environ["AUTON_SLM_THREADS"]))
    torch.set_float32_matmul_precision("high")
    trainer = Trainer(config, data, out, processes)  # what does not fit together is found before anything is written
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TrainingError(f"{out} cannot be made: {error.strerror}") from None
    with open(out / "log.jsonl" if processes.first else os.devnull, "a", encoding="utf-8") as log:
        progress = Progress(as_json, log) if processes.first else Progress(log=None)
        if not processes.first:
            progress.event = lambda *a, **k: None  # one process speaks
        board = _board(out) if processes.first else None
        for attempt in range(config.train.max_retries + 1):
            try:
                if attempt == 0:
                    progress.event("begin", name=config.name, parameters=trainer.model.parameter_count(), device=_device_name(processes.device),
                                   processes=processes.world, examples=len(trainer.train_set), data=_data_hash(data), config=config.as_dict())
                trainer.resume(progress)
                result = trainer.run(progress, board)
                progress.event("done", **{k: v for k, v in result.items() if k == "step"}, best=trainer.best)
                if board:
                    board.close()
                return result
            except Diverged as problem:
                os.environ.pop("AUTON_SLM_FAULT", None)
                progress.event("diverged", reason=str(problem), attempt=attempt + 1, retries=config.train.max_retries)
                config = replace(config, train=replace(config.train, learning_rate=config.train.learning_rate / 2))
                trainer = Trainer(config, data, out, processes)
        raise TrainingError(f"Training went wrong {config.train.max_retries + 1} times, last with a learning rate of "
                            f"{config.train.learning_rate * 2:g}. Look at the data, or begin with a smaller train.learning_rate.")


def _board(out: Path):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None  # TensorBoard is an extra; the log has the same numbers
    return SummaryWriter(str(out / "tensorboard"))


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else f"cpu, {torch.get_num_threads()} threads"


def _data_hash(data: Path) -> str:
    try:
        return json.loads((data / "statistics.json").read_text())["hash"]
    except (OSError, ValueError, KeyError):
        return "unknown"
