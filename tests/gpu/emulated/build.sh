#!/bin/sh
# Builds a CUDA driver and a cuBLAS that run kernels on the CPU, slowly, so that everything but the GPU itself can be
# tested without one: libcuda.so.1 and libcublas.so.13 in DIR.
#
#   tests/gpu/emulated/build.sh DIR
#   LD_LIBRARY_PATH=DIR cargo test --features cuda-check -- --ignored gpu
#
# The kernels are this program's (kernels.cu) and those of dfdx that it uses, unchanged from cargo's registry, compiled by
# the C++ compiler (CXX, or g++).
set -eu
case "${1:--}" in -*) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2 ;; esac
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
cxx() {
    "${CXX:-g++}" -std=c++17 -O2 -fPIC -w -ffp-contract=off -fno-gnu-unique -I"$here" -I"$out/source" "$@"
}

dfdx=$(cargo metadata --manifest-path "$root/Cargo.toml" --locked --format-version 1 |
    grep -oE '"manifest_path":"[^"]*/dfdx-[0-9.]+/Cargo.toml"' | head -n 1 |
    sed 's/.*:"//; s/\/Cargo.toml"//')
test -d "$dfdx/src" || { echo "dfdx's sources are not here: cargo fetch" >&2; exit 1; }

# Copies without C linkage, whose names would clash, each in a namespace of its own.
rm -rf "$out/source"
mkdir -p "$out/source"
ops="$dfdx/src/tensor_ops"
for file in "$root/framework/cuda/src/kernels.cu" "$ops"/utilities/*.cuh \
    "$ops"/add/*.cu "$ops"/sub/*.cu "$ops"/mul/*.cu "$ops"/div/*.cu "$ops"/sqrt/*.cu "$ops"/square/*.cu \
    "$ops"/sum_to/*.cu "$ops"/axpy/*.cu "$ops"/sgd/*.cu "$ops"/adam/*.cu; do
    sed 's/extern "C"//g' "$file" > "$out/source/$(basename "$file")"
done
# This header is for old GPUs and for kernels that are not used here.
: > "$out/source/compatibility.cuh"
for file in "$out"/source/*.cu; do
    name=$(basename "$file" .cu)
    names=$(cxx -E -x c++ -include cuda_fp16.h -D__global__=A_KERNEL "$file" |
        grep -oE 'A_KERNEL *void *[A-Za-z0-9_]+' | sed 's/.* //' | sort -u)
    {
        echo '#include "cuda_fp16.h"'
        echo "namespace ${name}_ {"
        echo "#include \"$name.cu\""
        for kernel in $names; do
            echo "static bool has_$kernel = add_kernel(\"$kernel\", &$kernel);"
        done
        echo "}"
    } > "$out/source/$name.cpp"
    cxx -c -o "$out/source/$name.o" "$out/source/$name.cpp"
done
cxx -c -o "$out/source/driver.o" "$here/driver.cpp"
cxx -shared -Wl,-soname,libcuda.so.1 -o "$out/libcuda.so.1" "$out"/source/*.o
cxx -shared -Wl,-soname,libcublas.so.13 -o "$out/libcublas.so.13" "$here/blas.cpp"
echo "$out"
