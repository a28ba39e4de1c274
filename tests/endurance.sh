#!/bin/sh
# Kills searches at random moments, and runs every number of workers with every controller and schedule.
#
#   tests/endurance.sh [KILLS]     # 150 by default; two minutes on two cores
#
# Fails if a search that was killed and resumed, or evaluated by another number of workers, ends with other bytes:
# trials, controller, schedule, encoder, or the best network trained in full. A failure prints NASFW_SEED=N, which
# repeats its moments.
set -e
cd "$(dirname "$0")/.."
export NASFW_LONG=1 NASFW_KILLS="${1:-150}"
cargo build --locked --examples
cargo test --locked --test workers -- --nocapture \
    killed_searches_end_like_any_other the_trials_are_the_same_whoever_evaluates_them
