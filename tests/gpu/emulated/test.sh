#!/bin/sh
# Runs the tests for CUDA devices on the emulated one, without NVIDIA software: tests/gpu/emulated/test.sh DIR
set -eu
case "${1:--}" in -*) sed -n '2s/^# //p' "$0"; exit 2 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
"$here/build.sh" "$1"
out=$(cd "$1" && pwd)
cd "$here/../../.."
log="$out/tests.log"
{
    code=0
    LD_LIBRARY_PATH="$out" cargo test --locked -p nasfw -p nasfw-cuda --features nasfw/cuda-check \
        --test parity --test networks --test devices -- --ignored gpu --nocapture || code=$?
    echo "exit code $code"
} 2>&1 | tee "$log"
test "$(tail -n 1 "$log")" = "exit code 0"
