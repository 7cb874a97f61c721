#!/bin/bash
# Trains the models that ship, on one GPU, some sets of hyper-parameters side by side, and measures each.
#
#   scripts/train_shipped.sh DATA OUT [SECONDS [second_run]]
#
# DATA is what prepare_data wrote, OUT takes <name>.pt, logistic-*.npz and results.tar.gz (logs, evaluations, curves).
# These models are so small that a GPU mostly waits for their kernels to be launched: four at once take little longer
# than one. SECONDS bounds each training (default 300); evaluation takes about 90 s more.
set -u
data=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
seconds=${3:-300}
run=${4:-candidates}
here=$(cd "$(dirname "$0")/.." && pwd)
work=${AUTON_SLM_WORK:-$(mktemp -d)}
device=${AUTON_SLM_DEVICE:-cuda}
size=${AUTON_SLM_EVALUATION_SIZE:-2000}
export PYTHONPATH="$here:$here/build/site${PYTHONPATH:+:$PYTHONPATH}" OMP_NUM_THREADS=2 OMP_WAIT_POLICY=passive
slm() { "${PYTHON:-python3}" -m auton_slm.cli "$@"; }

# name, configuration, what differs from it
candidates() {
    echo "mini-a mini_3M"
    echo "mini-b mini_3M train.language_share=0.5 model.dropout=0.15 train.word_dropout=0.06 train.seed=2"
    echo "mini-c mini_3M train.language_share=0.15 model.dropout=0.2 train.word_dropout=0.1 train.learning_rate=0.002 train.seed=3"
    echo "nano nano_1M"
}
# A second run, on the same machine with 330 s each, went on from what validation said of the first.
second_run() {
    echo "mini-d mini_3M train.language_share=0.15 model.dropout=0.25 train.word_dropout=0.15 train.learning_rate=0.002 train.seed=4"
    echo "mini-e mini_3M train.language_share=0.3 model.dropout=0.2 train.word_dropout=0.12 train.learning_rate=0.0015 train.seed=5"
    echo "mini-f mini_3M train.language_share=0.1 model.dropout=0.2 train.word_dropout=0.1 train.learning_rate=0.002 train.seed=6"
}

train_one() {
    local name=$1 config=$2
    shift 2
    local set=()
    for value in "$@" ${AUTON_SLM_SET:-}; do set+=(--set "$value"); done
    slm train --json --config "$config" --data "$data" --out "$work/$name" --device "$device" --set train.steps=60000 \
        --set "train.max_seconds=$seconds" "${set[@]}" >"$work/$name.out" 2>&1
    cp "$work/$name/best.pt" "$out/$name.pt" && tail -n 1 "$work/$name.out"
}

evaluate_one() {
    slm evaluate --json --data "$data" --checkpoint "$out/$1.pt" --out "$work/$1/evaluation.json" --baselines "$out" \
        --device "$device" --size "$size" >"$work/$1.evaluation.out" 2>&1
    tail -n 1 "$work/$1.evaluation.out"
}

slm baseline --json --data "$data" --out "$out" --limit "${AUTON_SLM_BASELINE:-250000}" >"$work/baseline.out" 2>&1 &
while read -r line; do
    # shellcheck disable=SC2086
    train_one $line &
done < <("$run")
wait
names=$("$run" | cut -d' ' -f1)
pack() { (cd "$work" && tar czf "$out/results.tar.gz" ./*.out ./*/log.jsonl $(ls -d ./*/evaluation.json ./*/tensorboard 2>/dev/null)); }
pack
for name in $names; do evaluate_one "$name" & done
wait
pack
ls -l "$out"
