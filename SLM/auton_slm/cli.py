"""The command line: auton-slm prepare_data | train | baseline | evaluate | quantize | import_model |
export_gguf | export_onnx | export_intents | report."""

import argparse
import sys
from pathlib import Path

EXIT_USAGE = 2
EXIT_FAILED = 1
BASELINES = ("words", "pieces")  # made in this order


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

    def exported(sub):
        sub.add_argument("--checkpoint", type=Path, required=True)
        sub.add_argument("--data", type=Path, default=Path("build/data"), help="the data set it was trained on, for its tokenizer")
        sub.add_argument("--out", type=Path, required=True)

    sub = command("prepare_data", _prepare, "gather sources, draw examples, train the tokenizer")
    configured(sub)
    sub.add_argument("--out", type=Path, default=Path("build/data"))
    sub.add_argument("--sources", type=Path, default=Path("build/sources"), help="unpacked Debian packages; the machine's own files otherwise")
    sub.add_argument("--fetch", action="store_true", help="download the Debian packages first (apt-get)")
    sub.add_argument("--processes", type=int, default=2)
    sub.add_argument("--tokenizer", type=Path, help="the tokenizer.model of a model that is to be evaluated or trained on; a new one is trained otherwise")

    sub = command("train", _train, "train, or go on after a stop")
    configured(sub)
    sub.add_argument("--data", type=Path, default=Path("build/data"))
    sub.add_argument("--out", type=Path, required=True)
    sub.add_argument("--device", help="cpu, cuda or cuda:1; a GPU when there is one")

    sub = command("baseline", _baseline, "train the logistic classifiers that the model has to beat")
    sub.add_argument("--data", type=Path, default=Path("build/data"))
    sub.add_argument("--out", type=Path, required=True, help="a folder for logistic-words.npz and logistic-pieces.npz")
    sub.add_argument("--limit", type=int, default=300_000, help="examples to learn from")
    sub.add_argument("--device", default="cpu")

    sub = command("export_intents", _export_intents, "train the classifier of the kernel's rules, and write its table")
    sub.add_argument("--data", type=Path, default=Path("build/data"))
    sub.add_argument("--out", type=Path, required=True, help="kernels/reference/slm/data/intents.tsv")
    sub.add_argument("--seed", type=int, default=1)

    sub = command("evaluate", _evaluate, "measure a checkpoint on everything that was held out")
    sub.add_argument("--data", type=Path, default=Path("build/data"))
    sub.add_argument("--checkpoint", type=Path, required=True)
    sub.add_argument("--out", type=Path, required=True, help="evaluation.json")
    sub.add_argument("--baselines", type=Path, help="the folder that the command baseline wrote")
    sub.add_argument("--int8", type=Path, help="a checkpoint that quantize made of it; otherwise each value goes to the nearest")
    sub.add_argument("--int4", type=Path, help="likewise")
    sub.add_argument("--size", type=int, default=2000, help="sentences of the generated cells")
    sub.add_argument("--devices", default="", help="ids of pci.ids to ask for, drawn at random, or: all; as many as --size without it")
    sub.add_argument("--device")

    sub = command("import_model", _import, "make a checkpoint of a GGUF or ONNX file that this program wrote")
    sub.add_argument("--model", type=Path, required=True, help="a .gguf or .onnx file; .onnx with its manifest beside it")
    sub.add_argument("--out", type=Path, required=True, help="a checkpoint")

    sub = command("quantize", _quantize, "round a checkpoint to INT8 or INT4")
    sub.add_argument("--checkpoint", type=Path, required=True)
    sub.add_argument("--out", type=Path, required=True, help="a checkpoint again")
    sub.add_argument("--to", default="int8", help="int8 (Q8_0) or int4 (Q4_0)")
    sub.add_argument("--method", default="rtn", help="rtn: every value to the nearest; gptq and awq look at examples, and lose less")
    sub.add_argument("--data", type=Path, help="for gptq and awq: the data set it was trained on")
    sub.add_argument("--samples", type=int, default=1024, help="examples that gptq and awq look at")

    sub = command("export_gguf", _export_gguf, "write a checkpoint as GGUF, with a manifest")
    exported(sub)
    sub.add_argument("--type", default="Q8_0", help="F32, F16, Q8_0 or Q4_0")

    sub = command("export_onnx", _export_onnx, "write a checkpoint as ONNX, with a manifest")
    exported(sub)

    sub = command("describe", _describe, "say what a configuration is, without training it")
    configured(sub)

    sub = command("tokenize", _tokenize, "cut texts into tokens as training does")
    sub.add_argument("--data", type=Path, required=True)
    sub.add_argument("--text", action="append", default=[], required=True)

    sub = command("report", _report, "make a report with a chart of an evaluation")
    sub.add_argument("--evaluation", type=Path, required=True, help="evaluation.json")
    sub.add_argument("--log", type=Path, help="log.jsonl of the training")
    sub.add_argument("--out", type=Path, required=True, help="a folder for evaluation.md and evaluation.svg")
    return parser


def _device(arguments) -> str:
    from .train import chosen_device
    return chosen_device(arguments.device)


def _config(arguments):
    from . import config
    return config.load(arguments.config).with_values(arguments.set)


def _prepare(arguments, progress):
    from .data.prepare import prepare
    statistics = prepare(_config(arguments), arguments.out, arguments.sources, progress, arguments.processes, arguments.fetch,
                         arguments.tokenizer)
    progress.event("done", examples=statistics["train"]["examples"], hash=statistics["hash"])


def _train(arguments, progress):
    config = _config(arguments)  # what is wrong in it is told at once: PyTorch alone takes seconds to load
    from .train import train
    train(config, arguments.data, arguments.out, arguments.device, arguments.json)


def _baseline(arguments, progress):
    from .baseline import Logistic, training_prompts
    from .batches import Examples
    from .tokenizer import Tokenizer
    prompts, labels = training_prompts(Examples(arguments.data / "train.npz"), Tokenizer(arguments.data / "tokenizer.model"), arguments.limit)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for kind in BASELINES:
        progress(f"logistic regression over {kind}: {len(prompts)} prompts")
        Logistic(kind).fit(prompts, labels, device=arguments.device).save(arguments.out / f"logistic-{kind}.npz")


def _export_intents(arguments, progress):
    from .intents import export
    intents = export(arguments.data, arguments.out, arguments.seed, progress)
    progress.event("done", words=len(intents.vocabulary.words), features=len(intents.weights))


def _evaluate(arguments, progress):
    import json

    from .baseline import Logistic
    from .evaluate import evaluate
    from .progress import finite
    logistic = {}
    if arguments.baselines:
        logistic = {kind: Logistic.load(arguments.baselines / f"logistic-{kind}.npz") for kind in BASELINES}
    devices = 0 if arguments.devices == "all" else int(arguments.devices or arguments.size)
    result = evaluate(arguments.checkpoint, arguments.data, _device(arguments), progress, arguments.size, devices, logistic=logistic,
                      rounded_already={"int8": arguments.int8, "int4": arguments.int4})
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    part = arguments.out.with_name(arguments.out.name + ".part")
    part.write_text(json.dumps(finite(result), indent=1))
    part.replace(arguments.out)
    best = result["precisions"]["f32"]["intents"]["model"]
    progress.event("done", **{f"intent_{source}": round(cell["intent"], 4) for source, cell in best.items()})


def _quantize(arguments, progress):
    from .quantize import quantize
    errors = quantize(arguments.checkpoint, arguments.out, arguments.to, arguments.method, arguments.data, arguments.samples)
    progress.event("done", matrices=len(errors), mean_error=sum(errors.values()) / len(errors), worst_error=max(errors.values()))


def _import(arguments, progress):
    from .imports import import_model
    config = import_model(arguments.model, arguments.out)
    progress.event("done", name=config.name, parameters=config.model.parameters())


def _export_gguf(arguments, progress):
    from .export import export_gguf
    _exported(export_gguf(arguments.checkpoint, arguments.data, arguments.out, arguments.type), progress)


def _export_onnx(arguments, progress):
    from .export import export_onnx
    _exported(export_onnx(arguments.checkpoint, arguments.data, arguments.out), progress)


def _exported(manifest, progress):
    progress.event("done", file=manifest["file"], format=manifest["format"], bytes=manifest["bytes"], sha256=manifest["sha256"])


def _describe(arguments, progress):
    from .inspection import describe
    progress.event("done", **describe(_config(arguments)))


def _tokenize(arguments, progress):
    from .inspection import tokenize
    progress.event("done", texts=tokenize(arguments.data, arguments.text))


def _report(arguments, progress):
    from .report import write
    write(arguments.evaluation, arguments.log, arguments.out)
    progress.event("done", report=str(arguments.out / "evaluation.md"))


if __name__ == "__main__":
    sys.exit(main())
