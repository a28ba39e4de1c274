#!/bin/sh
# Fetches the CUDA toolkit without a GPU or an installed toolkit: compiler, headers and libraries as Python wheels, from
# the package index that pip is configured for, into a folder. Needs no root, and writes nothing outside that folder.
#
#   tests/gpu/toolkit.sh DIR      fetches it (1.2 GB on disk), and prints the variables to set
#   . DIR/env.sh                  sets them
#   cargo build --release --features cuda
#
# It needs python3 with its module venv, and a C compiler.
# CUDA_COMPUTE_CAP (90: H100, 89: RTX 40, 86: RTX 30, 80: A100, 75: T4) is the oldest GPU that the program runs on.
set -eu
case "${1:--}" in -*) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;; esac
cap=${CUDA_COMPUTE_CAP:-90}
case "$cap" in
    7[5-9] | [89][0-9] | 1[0-9][0-9]) ;;
    *) echo "CUDA_COMPUTE_CAP=$cap: two or three digits, e.g. 80 for 8.0; CUDA 13 knows 75 and newer" >&2; exit 2 ;;
esac
for tool in python3 "${CC:-cc}"; do
    command -v "$tool" >/dev/null || { echo "$tool is not here; install it" >&2; exit 1; }
done
mkdir -p "$1"
dir=$(cd "$1" && pwd)

# 13.0 throughout: a driver refuses PTX of a newer toolkit than it was made for.
# Whatever an earlier call left incomplete, or in another place, is created again.
"$dir/venv/bin/python" -m pip --version >/dev/null 2>&1 || python3 -m venv --clear "$dir/venv"
"$dir/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps \
    nvidia-cuda-nvcc==13.0.88 nvidia-cuda-crt==13.0.88 nvidia-nvvm==13.0.88 \
    nvidia-cuda-runtime==13.0.96 nvidia-cuda-nvrtc==13.0.88 nvidia-cublas==13.0.2.14 \
    nvidia-cuda-cccl==13.0.85 nvidia-curand==10.4.0.35
home=$("$dir/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/nvidia/cu13
test -f "$home/include/cuda.h" || { echo "no include/cuda.h in $home" >&2; exit 1; }
chmod +x "$home"/bin/* "$home"/nvvm/bin/* 2>/dev/null || true

# Linkers look for names without a version; wheels have only those with one.
for name in nvrtc cublas cublasLt curand; do
    found=$(ls "$home/lib" | grep "^lib$name\.so\.[0-9]*$" | head -n 1)
    test -n "$found" || { echo "no lib$name in $home/lib" >&2; exit 1; }
    ln -sf "$found" "$home/lib/lib$name.so"
done

# The driver's library comes with a driver. For linking, a stub of the same name whose functions do nothing is enough: the
# program opens the real one where it runs. The stub is where NVIDIA's toolkit has its stub, and where programs do not
# look for libraries.
grep -ohE '\bcu[A-Z][A-Za-z0-9_]*[ ]*\(' "$home/include/cuda.h" | tr -d ' (' | sort -u |
    sed 's/.*/void &(void) {}/' > "$dir/driver.c"
grep -ohE '^#define[ ]+cu[A-Z][A-Za-z0-9]*[ ]+(__CUDA_API_[A-Z_]+\()?cu[A-Z][A-Za-z0-9_]*' "$home/include/cuda.h" |
    sed -E 's/.*[ (](cu[A-Za-z0-9_]+)$/\1/; s/.*/void &(void) {}/' >> "$dir/driver.c"
for version in v2 v3; do
    grep -ohE "\\bcu[A-Z][A-Za-z0-9]*_$version\\b" "$home/include/cuda.h" | sed 's/.*/void &(void) {}/' >> "$dir/driver.c"
done
sort -u -o "$dir/driver.c" "$dir/driver.c"
mkdir -p "$home/lib64/stubs"
rm -f "$home/lib/libcuda.so"
"${CC:-cc}" -w -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$home/lib64/stubs/libcuda.so" "$dir/driver.c"

# dfdx's build script asks this program for the GPU's generation.
mkdir -p "$dir/bin"
cat > "$dir/bin/nvidia-smi" <<SMI
#!/bin/sh
echo compute_cap
echo $cap | sed 's/.\$/.&/'
SMI
chmod +x "$dir/bin/nvidia-smi"

cat > "$dir/env.sh" <<ENV
export CUDA_PATH="$home"
export CUDA_COMPUTE_CAP="\${CUDA_COMPUTE_CAP:-$cap}"
export PATH="$dir/bin:$home/bin:\$PATH"
ENV
cat "$dir/env.sh"
