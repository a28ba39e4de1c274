#!/usr/bin/env bash
# Runs searches with the cached first stage (`progressive`) and end to end only (`single-stage`), three seeds each, and
# trains the best architecture of each in full.
#
#     benches/schedules.sh TASK DATA EPOCHS FOLDER METRIC...
#
# Candidates are drawn at random: with the same seed, both schedules evaluate the same architectures in the same order,
# and only the evaluation differs. `single-stage-cut` is the best of the trials that end-to-end training finishes in the
# time that `progressive` takes for all of its trials. NASFW is the path of the program; results already in FOLDER are
# not computed again.
set -euo pipefail
export NASFW_CACHE=off # every trial is computed
task=$1 data=$2 epochs=$3 folder=$4
shift 4
nasfw=${NASFW:-target/release/nasfw}
mkdir -p "$folder/runs" "$folder/models"

search() { # SCHEDULE SEED
    local run="$folder/runs/$task-$1-$2"
    [ -e "$run.done" ] && return
    rm -rf "$run"
    "$nasfw" run --plugin segm --task "$task" --data "$data" --controller random --schedule "$1" --seed "$2" \
        --out "$run" >"$run.log"
    touch "$run.done"
}

train() { # WHAT SEED RUN#ID
    local result="$folder/$task-$1-$2.json" model="$folder/models/$task-$1-$2"
    [ -s "$result" ] && return
    rm -rf "$model" "$model.unfinished"
    "$nasfw" train --from "$3" --seed "$2" --set train.samples=0 --set "train.epochs=$epochs" \
        --set "train.validate_every=$epochs" --set space.width=24 --out "$model" --json >"$result.part"
    mv "$result.part" "$result"
}

for seed in 0 1 2; do
    for schedule in progressive single-stage; do
        search "$schedule" "$seed"
        "$nasfw" trials "$folder/runs/$task-$schedule-$seed" --json >"$folder/runs/$task-$schedule-$seed.json"
    done
    # The trial that each of them selects: lines WHAT ID.
    python3 "$(dirname "$0")/schedules.py" pick "$folder/runs/$task" "$seed" | while read -r what id; do
        train "$what" "$seed" "$folder/runs/$task-${what%-cut}-$seed#$id" </dev/null
    done
done
python3 "$(dirname "$0")/schedules.py" times "$folder/runs/$task"
python3 "$(dirname "$0")/seeds.py" "$folder" "$@"
