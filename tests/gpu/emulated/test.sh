#!/bin/sh
# The tests of CUDA devices on the emulated one, with nothing of NVIDIA's: tests/gpu/emulated/test.sh DIR
set -eu
[ $# -eq 1 ] || { sed -n '2s/^# //p' "$0"; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
out=$("$here/build.sh" "$1" | tail -n 1)
cd "$here/../../.."
LD_LIBRARY_PATH="$out" cargo test --locked -p nasfw -p nasfw-engine --features cuda-check \
    --test kernels --test networks --test devices -- --ignored gpu --nocapture
