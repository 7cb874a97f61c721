"""An evaluation for people: one table that sets f32, INT8 and INT4 side by side, the classifiers, and a chart."""

import json
from pathlib import Path

SOURCES = {
    "own": "held-out sentences of this project",
    "kernel-a": "the kernel's first set",
    "kernel-b": "the kernel's second set",
}
NAMES = {"f32": "f32", "int8": "INT8 (Q8_0)", "int4": "INT4 (Q4_0)"}
LARGEST_LOSS = 0.02  # of a share, by quantisation


class ReportError(RuntimeError):
    pass


def cells(measured: dict) -> dict[str, float]:
    """Every share of one precision, by what it is a share of."""
    intents = measured["intents"]["model"]
    out = {f"intent, {text} ({intents[s]['sentences']})": intents[s]["intent"] for s, text in SOURCES.items() if s in intents}
    for part, cell in measured["actions"].items():
        out[f"intent, grammar sentences with {part} ({cell['sentences']})"] = cell["label"]
        out[f"whole action, grammar sentences with {part} ({cell['sentences']})"] = cell["action"]
    slots, grounding = measured["slots"], measured["grounding"]
    out[f"slot copied, of the answers that have one ({slots['sentences']} sentences)"] = slots["copied"]
    out["whole action, the same sentences"] = slots["action"]
    for who, text in (("alone", "by the model alone"), ("system", "with grounding")):
        out[f"device named {text}, held-out wordings ({grounding['devices']} ids)"] = grounding[who]["name"]
        out[f"driver named {text}, held-out wordings ({grounding['driver_devices']} ids)"] = grounding[who]["driver"]
        out[f"made-up ids that were given no name {text} ({grounding['made_up']})"] = 1 - grounding[who]["made_up_named"] / grounding["made_up"]
    out["actions inside the grammar, decoding free"] = measured["grammar"]["valid_unconstrained"]
    out["actions inside the grammar, decoding constrained"] = measured["grammar"]["valid_constrained"]
    return {name: value for name, value in out.items() if value is not None}


def losses(evaluation: dict) -> list[tuple[str, str, float]]:
    """(precision, cell, loss) wherever quantisation costs more than it may."""
    precisions = evaluation["precisions"]
    exact = cells(precisions["f32"])
    return [(kind, name, exact[name] - value) for kind in precisions for name, value in cells(precisions[kind]).items()
            if exact[name] - value > LARGEST_LOSS]


def markdown(evaluation: dict) -> str:
    precisions = evaluation["precisions"]
    kinds = list(precisions)
    columns = {kind: cells(precisions[kind]) for kind in kinds}
    lines = [
        f"# Evaluation of {evaluation['name']}",
        "",
        f"{evaluation['parameters']:,} parameters, step {evaluation['step']}, data `{evaluation['data_hash'][:16]}`. Shares in per cent; every",
        "precision answered the same sentences, with constrained decoding unless said otherwise.",
        "",
        "![Evaluation](evaluation.svg)",
        "",
        *_table(["", *(NAMES.get(k, k) for k in kinds)], [[name, *(_percent(columns[k][name]) for k in kinds)] for name in columns[kinds[0]]]),
        "",
        "Perplexity (lower is better):",
        "",
        *_table(["", *(NAMES.get(k, k) for k in kinds)],
                [[name.replace("English", "English it was trained on"), *(f"{precisions[k]['perplexity'][name]:.3f}" for k in kinds)] for name in precisions[kinds[0]]["perplexity"]]),
        "",
        "Intents by classifier, f32:",
        "",
    ]
    intents = precisions[kinds[0]]["intents"]
    sources = [s for s in SOURCES if s in intents["model"]]
    choosing = precisions[kinds[0]]["intents_to_choose_by"]
    lines += _table(["", "validation (unseen templates)", *(SOURCES[s] for s in sources)],
                    [[name, _percent(choosing[name]), *(_percent(cell[s]["intent"]) for s in sources)] for name, cell in intents.items()])
    worse = losses(evaluation)
    lines += ["", "Quantisation:", ""]
    lines += [f"- {NAMES.get(kind, kind)} loses {100 * loss:.1f} points: {name}" for kind, name, loss in worse] or \
        [f"- no cell loses more than {100 * LARGEST_LOSS:.0f} points."]
    return "\n".join(lines) + "\n"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in [head, ["---", *["---:"] * (len(head) - 1)], *rows]]


def chart(evaluation: dict, log: Path | None, out: Path) -> None:
    """Bars of all cells; with the training's log also the losses by step."""
    try:
        import matplotlib
    except ImportError:
        raise ReportError("The chart needs the package matplotlib: pip install 'auton-slm[report]'") from None
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "auton", "font.size": 8, "font.family": "sans-serif"})
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, 2 if log else 1, figsize=(11 if log else 7, 4.2), squeeze=False)
    bars, precisions = axes[0][0], evaluation["precisions"]
    for number, kind in enumerate(precisions):
        values = cells(precisions[kind])
        places = [i + 0.27 * (number - 1) for i in range(len(values))]
        bars.barh(places, [100 * v for v in values.values()], height=0.25, label=NAMES.get(kind, kind))
    bars.set_yticks(range(len(values)), [name.split(" (")[0] for name in values])
    bars.invert_yaxis()
    bars.set_xlim(60, 100)
    bars.set_xlabel("per cent (from 60)")
    bars.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncol=3, frameon=False)
    if log:
        events = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        curve = axes[0][1]
        steps = [e for e in events if e["event"] == "step" and e["learns"] == "task"]
        curve.plot([e["step"] for e in steps], [e["loss"] for e in steps], linewidth=0.7, label="training (smoothed labels, dropout)")
        checks = [e for e in events if e["event"] == "evaluation"]
        curve.plot([e["step"] for e in checks], [e["validation_loss"] for e in checks], marker="o", markersize=3, label="validation, unseen templates")
        curve.plot([e["step"] for e in checks], [e["values_loss"] for e in checks], marker="o", markersize=3, label="validation, unseen values")
        curve.set_ylim(0, 1.5)
        curve.set_xlabel("step")
        curve.set_ylabel("loss")
        curve.legend()
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})
    pyplot.close(figure)


def write(evaluation: Path, log: Path | None, out: Path) -> None:
    content = json.loads(evaluation.read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    chart(content, log, out / "evaluation.svg")
    (out / "evaluation.md").write_text(markdown(content), encoding="utf-8")
