#!/bin/sh
# The CUDA toolkit without a GPU or an installed toolkit: compiler, headers and libraries as Python wheels,
# from the package index that pip is configured for, into a folder. No root, nothing outside that folder.
#
#   tests/gpu/toolkit.sh DIR        fetches (about 900 MB) and prints what to set
#   . DIR/env.sh                      sets it
#   cargo build --release --features cuda
#
# CUDA_COMPUTE_CAP (90: H100, 89: RTX 40, 86: RTX 30, 80: A100, 75: T4) is the oldest GPU that the program runs on.
set -eu
if [ $# -ne 1 ]; then
    sed -n '2,10s/^# \{0,1\}//p' "$0"
    exit 2
fi
mkdir -p "$1"
dir=$(cd "$1" && pwd)
cap=${CUDA_COMPUTE_CAP:-90}

# 13.0 throughout: a driver refuses PTX of a newer toolkit than it was made for.
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps \
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

# The driver's library comes with a driver. To link, one of the same name that does nothing is enough.
grep -ohE '\bcu[A-Z][A-Za-z0-9_]*[ ]*\(' "$home/include/cuda.h" | tr -d ' (' | sort -u |
    sed 's/.*/void &(void) {}/' > "$dir/driver.c"
grep -ohE '^#define[ ]+cu[A-Z][A-Za-z0-9]*[ ]+(__CUDA_API_[A-Z_]+\()?cu[A-Z][A-Za-z0-9_]*' "$home/include/cuda.h" |
    sed -E 's/.*[ (](cu[A-Za-z0-9_]+)$/\1/; s/.*/void &(void) {}/' >> "$dir/driver.c"
for version in v2 v3; do
    grep -ohE "\\bcu[A-Z][A-Za-z0-9]*_$version\\b" "$home/include/cuda.h" | sed 's/.*/void &(void) {}/' >> "$dir/driver.c"
done
sort -u -o "$dir/driver.c" "$dir/driver.c"
"${CC:-cc}" -w -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$home/lib/libcuda.so" "$dir/driver.c"

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
