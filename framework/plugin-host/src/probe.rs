//! The probe: loads a library in a child process first, so that one that crashes, hangs or exits
//! while loading does so there.

use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nasfw_abi::message::Described;
use serde::{Deserialize, Serialize};

use super::described::one_line;
use super::library::Library;

/// Time limit for a library to load and describe itself.
const LIMIT: Duration = Duration::from_secs(3);
/// Maximum output of the child; more than any description.
const MAX_OUTPUT: u64 = 4 << 20;

/// The program that probes libraries: it must call [`probe_here`] with the two arguments that
/// follow its own.
#[derive(Clone, Debug)]
pub struct ProbeProgram {
    /// The program.
    pub program: PathBuf,
    /// Its arguments before those of the probe.
    pub args: Vec<OsString>,
}

/// The program given to [`probe_with`].
static PROGRAM: Mutex<Option<ProbeProgram>> = Mutex::new(None);

/// Sets the program that probes libraries from now on; without one, no library is loaded.
pub fn probe_with(program: ProbeProgram) {
    *PROGRAM.lock().unwrap_or_else(PoisonError::into_inner) = Some(program);
}

/// The child's final message.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Described(Described),
    Refused(String),
}

/// The child's side: loads `file` and writes the result to standard output, after `nonce`.
///
/// # Errors
/// When standard output cannot be written.
pub fn probe_here(file: &Path, nonce: &str) -> std::io::Result<()> {
    let verdict = match Library::open(file, "the probe") {
        Ok(library) => Verdict::Described(library.described().clone()),
        Err(message) => Verdict::Refused(message),
    };
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{nonce} {}", serde_json::to_string(&verdict)?)?;
    out.flush()
}

/// Probes `file` in a child process and returns its description.
///
/// # Errors
/// One line: the failure, or how the child ended.
pub(super) fn run(file: &Path) -> Result<Described, String> {
    let program = PROGRAM
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let program =
        program.ok_or("libraries are probed by this program started again; call `nasfw::run_as_worker_if_asked()` first in its `main`")?;
    let nonce = format!("{:016x}", RandomState::new().build_hasher().finish());
    let mut child = Command::new(&program.program)
        .args(&program.args)
        .arg(file)
        .arg(&nonce)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| format!("cannot be probed: {}: {e}", program.program.display()))?;
    let output = drain(child.stdout.take());
    let errors = drain(child.stderr.take());
    let status = wait(&mut child)?;
    // A process that the library started may hold the pipe open.
    let text = |pipe: Receiver<Vec<u8>>| {
        let bytes = pipe
            .recv_timeout(Duration::from_secs(1))
            .unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let (output, errors) = (text(output), text(errors));
    let reply = output
        .lines()
        .find_map(|line| line.strip_prefix(nonce.as_str()));
    let verdict = reply.and_then(|json| serde_json::from_str::<Verdict>(json.trim()).ok());
    match verdict {
        Some(Verdict::Refused(message)) => Err(one_line(&message)),
        Some(Verdict::Described(described)) if status.success() => Ok(described),
        Some(_) => Err(format!("loads, but then the program {}", exit_text(status))),
        None => {
            let last = errors.lines().rev().find(|l| !l.trim().is_empty());
            let last = last.map_or(String::new(), |l| format!(" (it said: {})", one_line(l)));
            Err(format!(
                "while it loads, the program {}{last}",
                exit_text(status)
            ))
        }
    }
}

/// Waits for the child's end; kills it after the time limit.
fn wait(child: &mut Child) -> Result<ExitStatus, String> {
    let start = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Ok(status),
            Ok(None) if start.elapsed() < LIMIT => thread::sleep(Duration::from_millis(2)),
            Ok(None) => {
                // It may have ended in between; then there is nothing to kill.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!(
                    "did not finish loading within {} seconds",
                    LIMIT.as_secs()
                ));
            }
            Err(e) => return Err(format!("cannot be probed: {e}")),
        }
    }
}

/// Reads a pipe in a thread of its own, so that the child never waits for us.
fn drain(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    if let Some(pipe) = pipe {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let mut pipe = pipe.take(MAX_OUTPUT);
            // Output before an error may still be useful.
            let _ = pipe.read_to_end(&mut bytes);
            let _ = sender.send(bytes);
            let _ = std::io::copy(&mut pipe.into_inner(), &mut std::io::sink());
        });
    }
    receiver
}

/// Describes how a process ended, e.g. `crashed with signal 11 (SIGSEGV)`.
pub fn exit_text(status: ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt;
        if let Some(signal) = status.signal() {
            let name = match signal {
                4 => " (SIGILL)",
                6 => " (SIGABRT)",
                7 => " (SIGBUS)",
                8 => " (SIGFPE)",
                9 => " (SIGKILL)",
                11 => " (SIGSEGV)",
                _ => "",
            };
            return format!("crashed with signal {signal}{name}");
        }
    }
    match status.code() {
        Some(code) => format!("exited with code {code}"),
        None => "ends".into(),
    }
}
