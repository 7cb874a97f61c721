"""Configurations: a YAML file, checked on reading so that a mistake is named before anything is computed."""

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

import yaml

CONFIG_DIR = Path(__file__).parent / "configs"


class ConfigError(ValueError):
    pass


@dataclass(frozen=True)
class ModelConfig:
    """Llama architecture, tied embeddings. head_dim = dim / heads; heads / kv_heads query heads share one key."""

    vocab_size: int
    dim: int
    layers: int
    heads: int
    kv_heads: int
    ffn: int
    context: int = 128
    rope_base: float = 10000.0
    norm_eps: float = 1e-5
    dropout: float = 0.0

    @property
    def head_dim(self) -> int:
        return self.dim // self.heads

    def parameters(self) -> int:
        attention = 2 * self.dim * self.dim + 2 * self.dim * self.kv_heads * self.head_dim
        return self.vocab_size * self.dim + self.layers * (attention + 3 * self.dim * self.ffn + 2 * self.dim) + self.dim


@dataclass(frozen=True)
class TrainConfig:
    steps: int = 1000
    batch: int = 64  # examples of one optimizer step over all processes
    accumulate: int = 1  # micro-batches of one step
    learning_rate: float = 1e-3
    warmup: int = 100
    final_fraction: float = 0.1  # the cosine ends at this part of the learning rate
    weight_decay: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    clip: float = 1.0
    language_share: float = 0.3  # steps that learn language instead of the task; falls to 0 over the first 70 %
    label_weight: float = 4.0  # loss weights of label, action and text
    action_weight: float = 1.0
    text_weight: float = 0.2
    label_smoothing: float = 0.0
    word_dropout: float = 0.0  # share of prompt tokens hidden by <unk>
    eval_every: int = 500
    save_every: int = 500
    seed: int = 1
    max_seconds: float = 0.0  # 0: no limit; else the schedule is kept by time and training ends in time
    max_gradient_norm: float = 1000.0
    max_retries: int = 3


@dataclass(frozen=True)
class DataConfig:
    examples: int = 100_000
    validation: int = 2_000
    language: bool = True
    seed: int = 1


@dataclass(frozen=True)
class Config:
    name: str
    model: ModelConfig
    train: TrainConfig = field(default_factory=TrainConfig)
    data: DataConfig = field(default_factory=DataConfig)

    def as_dict(self) -> dict:
        return asdict(self)

    @staticmethod
    def from_dict(raw: dict, where: str = "configuration") -> "Config":
        if not isinstance(raw, dict) or "model" not in raw:
            raise ConfigError(f"{where}: there is no section `model`")
        unknown = set(raw) - {"name", "model", "train", "data"}
        if unknown:
            raise ConfigError(f"{where}: unknown section {sorted(unknown)[0]!r}; there are name, model, train and data")
        config = Config(
            name=str(raw.get("name", "model")),
            model=_section(ModelConfig, raw["model"], f"{where}, model"),
            train=_section(TrainConfig, raw.get("train") or {}, f"{where}, train"),
            data=_section(DataConfig, raw.get("data") or {}, f"{where}, data"),
        )
        _check(config, where)
        return config

    def with_values(self, assignments: list[str]) -> "Config":
        """`train.steps=10` and the like, as given on the command line."""
        config = self
        for assignment in assignments:
            path, separator, value = assignment.partition("=")
            section, dot, key = path.partition(".")
            if not separator or not dot or section not in ("model", "train", "data"):
                raise ConfigError(f"--set {assignment}: write it as train.steps=100")
            raw = asdict(getattr(config, section))
            raw[key] = yaml.safe_load(value)
            part = _section(type(getattr(config, section)), raw, f"--set {assignment}")
            config = replace(config, **{section: part})
        _check(config, "--set")
        return config


def load(name_or_path: str) -> Config:
    path = Path(name_or_path)
    if not path.suffix:
        path = CONFIG_DIR / f"{name_or_path}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in CONFIG_DIR.glob("*.yaml")))
        raise ConfigError(f"there is no configuration {name_or_path}; shipped ones: {known}")
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {error}") from None
    return Config.from_dict(raw, str(path))


def _section(kind, raw: dict, where: str):
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}: a mapping is expected")
    raw, types = dict(raw), {f.name: f.type for f in fields(kind)}
    for key, value in raw.items():
        if key not in types:
            raise ConfigError(f"{where}: unknown key {key!r}; there are {', '.join(types)}")
        wanted = types[key]
        if wanted is float and isinstance(value, str):
            value = raw[key] = _number(value)  # YAML takes 1e-3 for a text
        good = {
            "int": isinstance(value, int) and not isinstance(value, bool),
            "float": isinstance(value, (int, float)) and not isinstance(value, bool),
            "bool": isinstance(value, bool),
        }.get(getattr(wanted, "__name__", wanted), True)
        if not good:
            raise ConfigError(f"{where}: {key} must be {getattr(wanted, '__name__', wanted)}, not {value!r}")
    try:
        return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in raw.items()})
    except TypeError as error:
        missing = str(error).split(":")[-1].strip()
        raise ConfigError(f"{where}: missing {missing}") from None


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _check(config: Config, where: str) -> None:
    m, t = config.model, config.train
    rules = [
        (m.dim % m.heads == 0, f"model.dim ({m.dim}) must be a multiple of model.heads ({m.heads})"),
        (m.heads % m.kv_heads == 0, f"model.heads ({m.heads}) must be a multiple of model.kv_heads ({m.kv_heads})"),
        (m.head_dim % 2 == 0, f"the head size ({m.head_dim}) must be even, because RoPE turns pairs"),
        (m.dim % 32 == 0 and m.ffn % 32 == 0, "model.dim and model.ffn must be multiples of 32, the block size of Q8_0 and Q4_0"),
        (m.vocab_size >= 300, f"model.vocab_size ({m.vocab_size}) must be at least 300: 256 bytes and the control tokens come first"),
        (m.context >= 32, f"model.context ({m.context}) must be at least 32"),
        (0 <= m.dropout < 1, "model.dropout must be in [0, 1)"),
        (t.steps >= 1 and t.batch >= 1 and t.accumulate >= 1, "train.steps, batch and accumulate must be at least 1"),
        (t.batch % t.accumulate == 0, f"train.batch ({t.batch}) must be a multiple of train.accumulate ({t.accumulate})"),
        (0 < t.learning_rate < 1, f"train.learning_rate ({t.learning_rate}) must be in (0, 1)"),
        (0 <= t.language_share < 1, "train.language_share must be in [0, 1)"),
    ]
    for good, message in rules:
        if not good:
            raise ConfigError(f"{where}: {message}")
