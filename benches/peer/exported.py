#!/usr/bin/env python3
"""Compares exported networks in ONNX Runtime with nasfw's evaluation.

    pip install -r benches/peer/requirements.txt
    cargo run --manifest-path benches/tract/Cargo.toml -- cases   # writes networks, inputs, outputs
    python benches/peer/exported.py cases

The cases are the three published architectures and fifty random ones, each at four sizes, with random
weights and shifted statistics. The error is the maximum difference, relative to the range of our outputs.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from safetensors.numpy import load_file

TOLERANCE = 1e-4


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    cases = sorted(p.parent for p in Path(sys.argv[1]).glob("*/network.onnx"))
    if not cases:
        print(f"{sys.argv[1]}: no */network.onnx in it", file=sys.stderr)
        return 2
    errors = {case.name: error(case) for case in cases}
    worst = max(errors, key=errors.get)
    wrong = [name for name, value in errors.items() if not value <= TOLERANCE]
    print(f"{len(errors)} cases, largest error {errors[worst]:.1e} ({worst})")
    for name in wrong:
        print(f"  {name}: {errors[name]:.1e} is above {TOLERANCE}")
    return 1 if wrong else 0


def error(case: Path) -> float:
    path = str(case / "network.onnx")
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    arrays = load_file(case / "arrays.safetensors")
    (image,) = session.get_inputs()
    if image.type == "tensor(uint8)":
        given = arrays["pixels"].astype(np.uint8)
    else:
        given = np.ascontiguousarray(arrays["image"].transpose(0, 3, 1, 2))
    (theirs,) = session.run(None, {image.name: given})
    ours = arrays["output"].transpose(0, 3, 1, 2)
    if ours.shape != theirs.shape:
        print(f"  {case.name}: shape {theirs.shape}, ours {ours.shape}")
        return float("inf")
    return float(np.abs(ours - theirs).max() / (ours.max() - ours.min()))


if __name__ == "__main__":
    sys.exit(main())
