"""SentencePiece BPE with byte fallback, and the control tokens that user text can never produce.

An example is  <s> prompt <LABEL> action <SAY> text </s>.
"""

import hashlib
import io
from pathlib import Path

import sentencepiece as spm

from .labels import LABELS

SAY = "<SAY>"
CONTROL = [f"<{label}>" for label in LABELS] + [SAY]
MAX_PROMPT = 72  # tokens; a longer line is cut, its end is kept less often than its beginning


def train(sentences, path: Path, vocab_size: int) -> None:
    """Writes path (a .model file). The settings are those that llama.cpp and the kernel reproduce exactly."""
    model = io.BytesIO()  # a file's name would be written into the model, and into the hash of the data set
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(sentences),
        model_writer=model,
        model_type="bpe",
        vocab_size=vocab_size,
        character_coverage=1.0,
        byte_fallback=True,
        control_symbols=CONTROL,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        max_sentence_length=4096,
        pad_id=-1,
        num_threads=2,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    path.write_bytes(model.getvalue())


class TokenizerError(ValueError):
    pass


class Tokenizer:
    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self.sp = spm.SentencePieceProcessor(model_file=str(path))
        self.bos, self.eos, self.unk = 1, 2, 0
        self.label_ids = [self.sp.piece_to_id(f"<{label}>") for label in LABELS]
        self.say = self.sp.piece_to_id(SAY)

    def __len__(self) -> int:
        return self.sp.get_piece_size()

    def digest(self) -> str:
        return hashlib.sha256(self.path.read_bytes()).hexdigest()

    def made(self, checkpoint: dict) -> bool:
        """Whether a checkpoint's tokens are these; also true where it does not say, as an imported one."""
        return checkpoint.get("tokenizer") in (None, self.digest())

    @classmethod
    def of(cls, data: Path, checkpoint: dict) -> "Tokenizer":
        """That of a data set, which must be the one that a checkpoint was trained with: with another one of the same size
        every token would mean another text, and nothing else would tell."""
        if not (data / "tokenizer.model").is_file():
            raise TokenizerError(f"{data / 'tokenizer.model'} is missing: --data is the folder that prepare_data wrote")
        tokenizer, size = cls(data / "tokenizer.model"), checkpoint["config"]["model"]["vocab_size"]
        if len(tokenizer) != size:
            raise TokenizerError(f"the tokenizer of {data} has {len(tokenizer)} tokens, the model {size}: this is not the data it was trained on")
        if not tokenizer.made(checkpoint):
            raise TokenizerError(f"the model was trained with another tokenizer than that of {data}: this is not the data it was trained on")
        return tokenizer

    def encode(self, text: str) -> list[int]:
        return self.sp.encode(text)

    def decode(self, ids: list[int]) -> str:
        return self.sp.decode([i for i in ids if i > 2])

    def prompt(self, normalized: str) -> list[int]:
        return [self.bos, *self.sp.encode(normalized)[:MAX_PROMPT]]

    def example(self, prompt: str, label: int, action: str, text: str) -> list[int]:
        ids = [*self.prompt(prompt), self.label_ids[label]]
        if not action:
            return ids
        return [*ids, *self.sp.encode(action), self.say, *self.sp.encode(text), self.eos]
