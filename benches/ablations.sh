#!/usr/bin/env bash
# Trains one architecture with and without parts of the recipe, three seeds each, and tabulates the metrics after the
# last epoch.
#
#     benches/ablations.sh TASK DATA EPOCHS FOLDER METRIC...
#
# `plain` is the demo recipe: auxiliary heads, no average, no teacher. The teacher is the same architecture, wider, and
# trained twice as long on the same images. NASFW is the path of the program; trainings with a result in FOLDER are
# skipped.
set -euo pipefail
export NASFW_CACHE=off # every trial is computed
task=$1 data=$2 epochs=$3 folder=$4
shift 4
nasfw=${NASFW:-target/release/nasfw}
genotype='[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,0]]]'
mkdir -p "$folder"

one() { # WHAT SEED EPOCHS [more]
    local result="$folder/$task-$1-$2.json" model="$folder/models/$task-$1-$2" last=$3
    [ -s "$result" ] && return
    rm -rf "$model" "$model.unfinished"
    "$nasfw" train --genotype "$genotype" --task "$task" --data "$data" --seed "$2" --set train.samples=0 \
        --set "train.epochs=$last" --set "train.validate_every=$last" "${@:4}" --out "$model" --json >"$result.part"
    mv "$result.part" "$result"
}

narrow=(--set space.width=24)
one teacher 9 $((2 * epochs)) --set space.width=48
for seed in 0 1 2; do
    one plain "$seed" "$epochs" "${narrow[@]}"
    one no-auxiliary "$seed" "$epochs" "${narrow[@]}" --set train.auxiliary=0
    one polyak "$seed" "$epochs" "${narrow[@]}" --set train.polyak=0.99
    one taught "$seed" "$epochs" "${narrow[@]}" --teacher "$folder/models/$task-teacher-9"
done
python3 "$(dirname "$0")/seeds.py" "$folder" "$@"
