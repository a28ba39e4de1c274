//! Compiles the CUDA kernels with the toolkit's compiler, if the feature `cuda` is on.

use std::path::PathBuf;
use std::process::Command;

const SOURCE: &str = "src/kernels.cu";

fn main() {
    println!("cargo:rerun-if-changed={SOURCE}");
    println!("cargo:rerun-if-env-changed=CUDA_COMPUTE_CAP");
    if std::env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return;
    }
    let out: PathBuf = std::env::var_os("OUT_DIR").unwrap_or_default().into();
    let ptx = out.join("kernels.ptx");
    if std::env::var_os("CARGO_FEATURE_CHECK").is_some() {
        // For checks and tests without a toolkit: an empty file, with nothing to run on a device.
        println!("cargo:rustc-env=NASFW_COMPUTE_CAP=0");
        if let Err(e) = std::fs::write(&ptx, "") {
            fail(&format!("{}: {e}", ptx.display()));
        }
        return;
    }
    let cap = compute_cap();
    println!("cargo:rustc-env=NASFW_COMPUTE_CAP={cap}");
    let nvcc = Command::new("nvcc")
        .arg("--ptx")
        .arg(format!("--gpu-architecture=sm_{cap}"))
        .arg("--output-file")
        .args([ptx.as_os_str(), SOURCE.as_ref()])
        .status();
    match nvcc {
        Ok(status) if status.success() => {}
        Ok(status) => fail(&format!("nvcc cannot compile {SOURCE}: {status}")),
        Err(e) => fail(&format!(
            "nvcc does not start ({e}): the feature `cuda` needs NVIDIA's CUDA toolkit, see docs/gpu.md"
        )),
    }
}

/// The compute capability to compile for, chosen like dfdx does: CUDA_COMPUTE_CAP, or the local
/// GPU's.
fn compute_cap() -> String {
    if let Ok(cap) = std::env::var("CUDA_COMPUTE_CAP") {
        match cap.parse::<u32>() {
            Ok(10..1000) => return cap,
            _ => fail(&format!(
                "CUDA_COMPUTE_CAP={cap}: two or three digits, e.g. 80 for compute capability 8.0 (docs/gpu.md)"
            )),
        }
    }
    let asked = Command::new("nvidia-smi")
        .args(["--query-gpu=compute_cap", "--format=csv,noheader"])
        .output();
    let output = asked.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let found = output.ok().and_then(|text| {
        let cap = text.lines().last()?.trim().replace('.', "");
        cap.parse::<u32>().ok().map(|_| cap)
    });
    found.unwrap_or_else(|| {
        fail("nvidia-smi does not report a GPU; set CUDA_COMPUTE_CAP, e.g. to 90 (docs/gpu.md)")
    })
}

fn fail(message: &str) -> ! {
    eprintln!("{message}");
    std::process::exit(1)
}
