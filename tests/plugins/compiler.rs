//! Code that the compiler must refuse.

use std::path::PathBuf;
use std::process::Command;

/// Builds of the SDK beside this test, the newest first.
fn sdks() -> Vec<PathBuf> {
    let test = std::env::current_exe().unwrap();
    let mut found: Vec<PathBuf> = std::fs::read_dir(test.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let name = path
                .file_name()
                .and_then(|n| n.to_str())
                .unwrap_or_default();
            name.starts_with("libnasfw_abi-") && name.ends_with(".rlib")
        })
        .collect();
    found.sort_by_key(|path| std::cmp::Reverse(path.metadata().unwrap().modified().unwrap()));
    found
}

#[test]
fn a_plugin_that_aborts_on_panic_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("plugin.rs");
    std::fs::write(&source, "nasfw_abi::export_plugin!();\n").unwrap();
    let compile = |sdk: &PathBuf, options: &[&str]| {
        let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
        let mut command = Command::new(rustc);
        command.args([
            "--edition",
            "2024",
            "--crate-type",
            "cdylib",
            "--emit",
            "metadata",
        ]);
        command
            .args(options)
            .arg("--out-dir")
            .arg(folder.path())
            .arg(&source);
        command
            .arg("-L")
            .arg(format!("dependency={}", sdk.parent().unwrap().display()));
        command
            .arg("--extern")
            .arg(format!("nasfw_abi={}", sdk.display()));
        command
            .env("CARGO_PKG_NAME", "plugin")
            .env("CARGO_PKG_VERSION", "0.1.0");
        let output = command.output().unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    // Without that option it compiles, with the SDK that this compiler built.
    let sdks = sdks();
    let sdk = sdks.iter().find(|sdk| compile(sdk, &[]).0);
    let sdk =
        sdk.unwrap_or_else(|| panic!("no sdk of {sdks:?} compiles: {}", compile(&sdks[0], &[]).1));
    let (compiles, message) = compile(sdk, &["-C", "panic=abort"]);
    assert!(!compiles);
    let said = "a plugin cannot be built with `panic = \"abort\"`";
    assert!(message.contains(said), "{message}");
}
