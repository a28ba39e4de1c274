#!/bin/bash
# Trials an hour with one worker and two, on two cores: the same eight trials each time, in rounds that
# alternate. Build with `cargo build --release` first; the machine should have nothing else to do.
#
#   benches/workers.sh [ROUNDS] [SETTINGS…]     e.g. benches/workers.sh 3 --set schedule.stage0.epochs=2
set -e
cd "$(dirname "$0")/.."
nasfw=$PWD/target/release/nasfw
rounds=${1:-3}
shift || true
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
# The encoder's warm-up and the first round, once for all.
"$nasfw" run --quiet --seed 1 --trials 4 --out start "$@" >start.txt
trials_an_hour() { # WORKERS THREADS
    cp -r start run
    local from to
    from=$(date +%s%N)
    "$nasfw" resume run --quiet --trials 12 --workers "$1" --threads "$2" >end.txt
    to=$(date +%s%N)
    "$nasfw" trials run --json --no-times | sha256sum >hash.txt
    [ -e first.txt ] || cp hash.txt first.txt
    cmp -s hash.txt first.txt || { echo "other trials with $1 workers" >&2; exit 1; }
    rm -rf run
    awk "BEGIN { printf \"%.0f\", 8 * 3600e9 / ($to - $from) }"
}
echo "trials an hour   1 worker x 1 thread   2 x 1   1 x 2   program itself x 2"
for round in $(seq "$rounds"); do
    one=$(trials_an_hour 1 1)
    two=$(trials_an_hour 2 1)
    wide=$(trials_an_hour 1 2)
    itself=$(trials_an_hour 0 2)
    echo "$round $one $two $wide $itself" | awk '{ printf "%14s   %19d   %5d (%.2f)   %5d (%.2f)   %5d (%.2f)\n",
        $1, $2, $3, $3 / $2, $4, $4 / $2, $5, $5 / $2 }'
done
