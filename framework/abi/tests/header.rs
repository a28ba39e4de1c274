//! The C header agrees with the Rust side: sizes, offsets, constants.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::mem::offset_of;
use std::path::Path;
use std::process::Command;

use nasfw_abi::message::{Kind, Op};
use nasfw_abi::{self as abi, Buffer, Bytes, HostTable, RawSlice, Stamp, Table};
use nasfw_sdk::graph::IR_VERSION;

/// Every C expression with its expected value.
fn expected() -> Vec<(String, usize)> {
    let mut all: Vec<(String, usize)> = Vec::new();
    macro_rules! layout {
        ($c:literal, $rust:ty, [$($field:ident),*]) => {
            all.push((concat!("sizeof(", $c, ")").into(), size_of::<$rust>()));
            $(all.push((
                format!("offsetof({}, {})", $c, stringify!($field)),
                offset_of!($rust, $field),
            ));)*
        };
    }
    layout!("nasfw_bytes", Bytes, [ptr, len]);
    layout!("nasfw_buffer", Buffer, [ptr, len, capacity]);
    layout!("nasfw_slice", RawSlice, [kind, flags, ptr, len]);
    layout!("nasfw_host", HostTable, [size, context, log, tick]);
    layout!(
        "nasfw_plugin",
        Table,
        [
            size, abi_major, abi_minor, describe, create, call, destroy, release
        ]
    );
    layout!(
        "nasfw_stamp",
        Stamp,
        [
            magic,
            size,
            abi_major,
            abi_minor,
            ir_min,
            ir_max,
            pointer_bits,
            byte_order,
            name,
            version,
            sdk,
            target,
            compiler,
            reserved
        ]
    );
    let number = |name: &str, value: usize| (name.to_owned(), value);
    all.extend([
        number("NASFW_ABI_MAJOR", abi::ABI_MAJOR.into()),
        number("NASFW_ABI_MINOR", abi::ABI_MINOR.into()),
        number("NASFW_IR_VERSION", IR_VERSION as usize),
        number("NASFW_OK", abi::OK as usize),
        number("NASFW_FAILED", abi::FAILED as usize),
        number("NASFW_PANICKED", abi::PANICKED as usize),
        number("NASFW_STOPPED", abi::STOPPED as usize),
        number("NASFW_SLICE_U8", abi::SLICE_U8 as usize),
        number("NASFW_SLICE_F32", abi::SLICE_F32 as usize),
        number("NASFW_WRITABLE", abi::WRITABLE as usize),
        number("NASFW_NOTE", abi::LEVEL_NOTE as usize),
        number("NASFW_WARNING", abi::LEVEL_WARNING as usize),
        number("NASFW_SPACE", Kind::Space as usize),
        number("NASFW_CONTROLLER", Kind::Controller as usize),
        number("NASFW_SCHEDULE", Kind::Schedule as usize),
        number("NASFW_TASK", Kind::Task as usize),
    ]);
    for (at, byte) in abi::MAGIC.into_iter().enumerate() {
        all.push((format!("nasfw_plugin_stamp.magic[{at}]"), byte.into()));
    }
    for op in Op::ALL {
        let name = match op {
            Op::SaveController => "SAVE_CONTROLLER".to_owned(),
            Op::LoadController => "LOAD_CONTROLLER".to_owned(),
            Op::SaveSchedule => "SAVE_SCHEDULE".to_owned(),
            Op::LoadSchedule => "LOAD_SCHEDULE".to_owned(),
            Op::Told => "REWARD_TOLD".to_owned(),
            other => other.name().to_uppercase(),
        };
        all.push((format!("NASFW_OP_{name}"), *op as usize));
    }
    all
}

#[test]
#[cfg_attr(windows, ignore = "needs a C compiler that takes the options of cc")]
fn the_header_has_the_layout_of_the_rust_side() {
    let expected = expected();
    let mut program = String::from(
        "#include \"nasfw_plugin.h\"\n#include <stdio.h>\nNASFW_PLUGIN_STAMP(\"x\", \"1\");\n\
         int main(void) {\n",
    );
    for (expression, _) in &expected {
        writeln!(program, "  printf(\"%lld\\n\", (long long)({expression}));").unwrap();
    }
    program.push_str("  return 0;\n}\n");
    let folder = tempfile::tempdir().unwrap();
    let (source, binary) = (folder.path().join("layout.c"), folder.path().join("layout"));
    std::fs::write(&source, program).unwrap();
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".into());
    let flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"];
    let mut command = Command::new(&compiler);
    let command = command
        .args(flags)
        .arg(include)
        .arg(&source)
        .arg("-o")
        .arg(&binary);
    let compiled = command.output();
    let compiled = compiled.unwrap_or_else(|e| panic!("the C compiler `{compiler}`: {e}"));
    let messages = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.status.success(), "{messages}");
    let printed = Command::new(&binary).output().unwrap().stdout;
    let printed = String::from_utf8(printed).unwrap();
    assert_eq!(printed.lines().count(), expected.len());
    for (line, (expression, value)) in printed.lines().zip(&expected) {
        assert_eq!(line, value.to_string(), "{expression}");
    }
}
