#!/bin/sh
# A long search of tiny trainings: is its memory constant, how large is its database, and how long does it take to list,
# verify and replay it?
#
#   tests/long_run.sh [TRIALS] [CONTROLLER]     # 10000 and random by default; three minutes on two cores
#
# Fails if memory grows by more than a tenth from the first tenth of the trials to the end, or if a trial takes more than
# 3 KB of the database.
set -e
export NASFW_CACHE=off # every trial is computed
cd "$(dirname "$0")/.."
trials=${1:-10000} controller=${2:-random}
cargo build --release --locked -p nasfw -p single-scale
nasfw=target/release/nasfw
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
run=$folder/run

$nasfw run --plugin target/release/libsingle_scale.so --task segm --controller "$controller" \
    --schedule single-stage --trials "$trials" --workers 0 --threads 1 --out "$run" --quiet --set run.distinct=false \
    --set data.generator.train=12 --set data.generator.side_px=32 --set meta.val_share=0.1 --set warmup.epochs=0 \
    --set schedule.stage.samples=1 --set schedule.stage.epochs=1 --set schedule.stage.batch=1 \
    --set schedule.stage.crop_px=16 --set schedule.stage.shorter_side_px=16 >"$folder/said" &
search=$!
early=
while kill -0 $search 2>/dev/null; do
    sleep 0.2
    now=$(awk '/VmRSS/ { print $2 }' /proc/$search/status 2>/dev/null) || continue
    [ -n "$now" ] && last=$now
    if [ -z "$early" ] && [ -e "$run/run.db" ]; then
        done=$($nasfw trials "$run" --json | wc -l)
        [ "$done" -ge $((trials / 10)) ] && early=$last
    fi
done
wait $search
bytes=$(wc -c <"$run/run.db")
echo "trials: $trials of $controller"
echo "resident memory: $early KiB after a tenth, $last KiB at the end"
echo "database: $((bytes / trials)) bytes a trial"
for command in trials verify replay; do
    start=$(date +%s%N)
    $nasfw $command "$run" >"$folder/out"
    echo "$command: $((($(date +%s%N) - start) / 1000000)) ms"
done
[ "$last" -le $((early + early / 10)) ] || { echo "memory grows"; exit 1; }
[ "$bytes" -le $((3072 * trials)) ] || { echo "the database is too large"; exit 1; }
