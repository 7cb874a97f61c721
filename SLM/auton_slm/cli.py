"""The command line: auton-slm prepare_data | train | evaluate | quantize | export_gguf | export_onnx | card."""

import argparse
import sys
from pathlib import Path

EXIT_USAGE = 2
EXIT_FAILED = 1


def main(argv: list[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    from .config import ConfigError
    from .progress import Progress
    try:
        return arguments.run(arguments, Progress(arguments.json)) or 0
    except ConfigError as error:
        return _fail(arguments, error, EXIT_USAGE)
    except KeyboardInterrupt:
        return _fail(arguments, "stopped", EXIT_FAILED)
    except (RuntimeError, ValueError, OSError) as error:
        if type(error).__module__.startswith("auton_slm") or isinstance(error, OSError):
            return _fail(arguments, error, EXIT_FAILED)
        raise


def _fail(arguments, error, code: int) -> int:
    from .progress import Progress
    if arguments.json:
        Progress(True).event("error", message=str(error))
    else:
        print(f"auton-slm: {error}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="auton-slm", description="Makes the small language model of an AUTON kernel.")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name, run, help_text):
        sub = commands.add_parser(name, help=help_text)
        sub.add_argument("--json", action="store_true", help="progress as one JSON object a line")
        sub.set_defaults(run=run)
        return sub

    def configured(sub):
        sub.add_argument("--config", default="mini_3M", help="a shipped configuration or a YAML file")
        sub.add_argument("--set", action="append", default=[], metavar="train.steps=100", help="change one value of the configuration")

    sub = command("prepare_data", _prepare, "gather sources, draw examples, train the tokenizer")
    configured(sub)
    sub.add_argument("--out", type=Path, default=Path("build/data"))
    sub.add_argument("--sources", type=Path, default=Path("build/sources"), help="unpacked Debian packages; the machine's own files otherwise")
    sub.add_argument("--fetch", action="store_true", help="download the Debian packages first (apt-get)")
    sub.add_argument("--processes", type=int, default=2)

    sub = command("train", _train, "train, or go on after a stop")
    configured(sub)
    sub.add_argument("--data", type=Path, default=Path("build/data"))
    sub.add_argument("--out", type=Path, required=True)
    sub.add_argument("--device", help="cpu, cuda or cuda:1; a GPU when there is one")
    return parser


def _config(arguments):
    from . import config
    return config.load(arguments.config).with_values(arguments.set)


def _prepare(arguments, progress):
    from .data.prepare import prepare
    statistics = prepare(_config(arguments), arguments.out, arguments.sources, progress, arguments.processes, arguments.fetch)
    progress.event("done", examples=statistics["train"]["examples"], hash=statistics["hash"])


def _train(arguments, progress):
    from .train import train
    train(_config(arguments), arguments.data, arguments.out, arguments.device, arguments.json)


if __name__ == "__main__":
    sys.exit(main())
