#!/usr/bin/env bash
# Runs the demo search on each data set, three seeds each, and tabulates the results.
#
#     benches/demo.sh DATA FOLDER
#
# DATA has the folders mouse-pose, stamps-seg and rooms-depth; the runs go to FOLDER, and those already in it are skipped.
# Two searches run at a time, with one thread each. NASFW is the path of the program.
set -euo pipefail
export NASFW_CACHE=off # every trial is computed
data=$1 folder=$2
nasfw=${NASFW:-target/release/nasfw}
mkdir -p "$folder"

search() { # NAME TASK SEED [ARGUMENT...]
    local name=$1 task=$2 seed=$3
    local to="$folder/$name,$task,$seed"
    shift 3
    [ -e "$to.json" ] && return
    rm -rf "$to"
    "$nasfw" run --task "$task" --seed "$seed" --threads 1 --out "$to" --json "$@" >"$to.part"
    mv "$to.part" "$to.json"
}
export -f search
export folder nasfw

for seed in 0 1 2; do
    printf '%s\0' "search generator depth $seed" \
        "search mouse-pose pose $seed --data '$data/mouse-pose'" \
        "search stamps-seg segm $seed --data '$data/stamps-seg'" \
        "search rooms-depth depth $seed --data '$data/rooms-depth'"
done | xargs -0 -n 1 -P 2 bash -c
python3 "$(dirname "$0")/demo.py" "$folder"
