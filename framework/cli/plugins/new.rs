//! `nasfw plugins new NAME --kind KIND`: creates a crate that builds and passes its checks.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use nasfw::disk::NewFolder;
use toml::Value;

use super::names::{self, Names};
use crate::exit::Failure;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The plugin's name: a-z, 0-9, - and _, starting with a letter
    #[arg(value_name = "NAME")]
    name: String,
    /// The kind of member that it provides
    #[arg(long, value_enum)]
    kind: Kind,
    /// The folder to create [default: ./NAME]
    #[arg(long, alias = "path", value_name = "DIR")]
    out: Option<PathBuf>,
    /// The folder of nasfw-sdk, with nasfw-abi beside it [default: the one this program was built with, if it
    /// is still there; else the published ones]
    #[arg(long, value_name = "DIR")]
    sdk: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    Space,
    Controller,
    Schedule,
    Task,
}

/// The template of a kind.
struct Template {
    /// The kind in prose.
    kind: &'static str,
    lib: &'static str,
    conformance: &'static str,
    /// Arguments of `nasfw run` after the library.
    run: &'static str,
}

macro_rules! template {
    ($folder:literal, $kind:literal, $run:literal) => {
        Template {
            kind: $kind,
            lib: include_str!(concat!("templates/", $folder, "/lib.rs")),
            conformance: include_str!(concat!("templates/", $folder, "/conformance.rs")),
            run: $run,
        }
    };
}

impl Kind {
    fn template(self) -> Template {
        match self {
            Self::Space => template!("space", "search space", ""),
            Self::Controller => template!("controller", "controller", " --controller {{name}}"),
            Self::Schedule => template!("schedule", "reward schedule", " --schedule {{name}}"),
            Self::Task => template!("task", "task", " --task {{name}}"),
        }
    }
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let template = args.kind.template();
    let names = names::check(&args.name, args.kind, template.lib)?;
    let [sdk, abi] = dependencies(args.sdk.as_deref())?;
    let folder = args
        .out
        .clone()
        .unwrap_or_else(|| names.name.clone().into());
    let library = format!("./target/release/{DLL_PREFIX}{}{DLL_SUFFIX}", names.krate);
    let run = format!("nasfw run --plugin {library}{}", template.run);
    let fill = |text: &str| {
        fill(
            text,
            &names,
            &[
                ("kind", template.kind),
                ("sdk", &sdk),
                ("abi", &abi),
                ("library", &library),
                ("run", &run.replace("{{name}}", &names.name)),
            ],
        )
    };
    let files = [
        ("Cargo.toml", fill(include_str!("templates/Cargo.toml.in"))),
        ("README.md", fill(include_str!("templates/README.md.in"))),
        (".gitignore", "/target\n".to_owned()),
        ("src/lib.rs", fill(template.lib)),
        ("tests/conformance.rs", fill(template.conformance)),
    ];
    write(&folder, &files)?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "{}: a {} of {} lines, src/lib.rs\n\n  cd {}\n  cargo test\n  cargo build --release\n  \
         nasfw plugins check {library}\n  {}",
        names.name,
        template.kind,
        template.lib.lines().count(),
        crate::session::quoted(&folder),
        fill("{{run}}"),
    )?;
    out.flush()?;
    Ok(())
}

fn fill(text: &str, names: &Names, more: &[(&str, &str)]) -> String {
    let known = [
        ("name", names.name.as_str()),
        ("crate", &names.krate),
        ("Type", &names.r#type),
    ];
    (known.iter().chain(more)).fold(text.to_owned(), |text, (key, value)| {
        text.replace(&format!("{{{{{key}}}}}"), value)
    })
}

/// The dependencies on nasfw-sdk and nasfw-abi, as TOML.
fn dependencies(given: Option<&Path>) -> Result<[String; 2], Failure> {
    let built_with = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/framework/sdk"));
    let is_crate = |folder: &Path, name: &str| {
        fs::read_to_string(folder.join("Cargo.toml"))
            .is_ok_and(|text| text.contains(&format!("name = \"{name}\"")))
    };
    let is_sdk = |folder: &Path| {
        is_crate(folder, "nasfw-sdk") && is_crate(&folder.join("../abi"), "nasfw-abi")
    };
    let sdk = match given {
        Some(folder) if is_sdk(folder) => folder,
        Some(folder) => {
            return Err(Failure::Input(format!(
                "--sdk {}: this is not the folder of nasfw-sdk; use framework/sdk of nasfw's source",
                folder.display()
            )));
        }
        None if is_sdk(built_with) => built_with,
        None => return Ok([(); 2].map(|()| Value::from(env!("CARGO_PKG_VERSION")).to_string())),
    };
    let dependency = |folder: PathBuf| {
        let folder = folder.canonicalize()?;
        let path = folder.to_str().ok_or_else(|| {
            Failure::Input(format!(
                "--sdk {}: Cargo.toml takes paths that are UTF-8 only; move it",
                folder.display()
            ))
        })?;
        Ok::<_, Failure>(format!("{{ path = {} }}", Value::from(path)))
    };
    Ok([dependency(sdk.to_owned())?, dependency(sdk.join("../abi"))?])
}

/// Creates `folder`, which must be new or empty, with these files; leaves nothing after an error.
fn write(folder: &Path, files: &[(&str, String)]) -> Result<(), Failure> {
    let new = NewFolder::create(folder)?;
    for (name, text) in files {
        new.file(name, |path| fs::write(path, text))?;
    }
    Ok(new.finish()?)
}
