//! A worker process as its parent sees it.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::exit_reason::{Limits, Tail};
use super::message::{self, WorkerMessage};
use super::{Job, WorkerProgram};
use crate::error::{Error, Result};
use nasfw_device::Device;

/// Maximum time for a worker to end by itself.
const GRACE: Duration = Duration::from_secs(2);
/// Maximum length of a log line.
const MAX_LINE_BYTES: u64 = 1 << 16;

/// The number of a worker, with its next message: `None` at the end of its output.
pub(super) type WorkerEvent = (u64, Option<WorkerMessage>);

/// A worker process, killed on drop.
pub(super) struct Worker {
    /// Unique within a search.
    pub(super) number: u64,
    process: Child,
    input: Option<ChildStdin>,
    tail: Arc<Mutex<Tail>>,
    log: Option<JoinHandle<()>>,
    /// The time when it was found to have ended.
    gone: Option<Instant>,
}

impl Worker {
    /// Starts a worker for the run in `run`; its messages go into `events`.
    ///
    /// # Errors
    /// When the system cannot start it.
    pub(super) fn start(
        program: &WorkerProgram,
        run: &Path,
        device: Device,
        limits: Limits,
        number: u64,
        events: Sender<WorkerEvent>,
    ) -> Result<Self> {
        let nonce = format!("{:016x}", RandomState::new().build_hasher().finish());
        let mut command = Command::new(&program.program);
        (command.args(&program.args).arg(run).arg(&nonce))
            .arg(device.to_string())
            .arg(limits.memory_mb.to_string())
            // A crash leaves one line for the record of its trial, the same each time.
            .env("RUST_BACKTRACE", "0")
            .envs(program.env.iter().map(|(key, value)| (key, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        // A Ctrl-C in the terminal is for the program, which decides the fate of its workers.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut process = command.spawn().map_err(not_started)?;
        let (output, errors) = (process.stdout.take(), process.stderr.take());
        let tail = Arc::new(Mutex::new(Tail::default()));
        let mut worker = Self {
            number,
            input: process.stdin.take(),
            process,
            tail: tail.clone(),
            log: None,
            gone: None,
        };
        if let Some(output) = output {
            let forward = move || {
                let mut output = BufReader::new(output);
                while let Ok(Some(message)) = message::read(&mut output, &nonce) {
                    if events.send((number, Some(message))).is_err() {
                        return;
                    }
                }
                // The receiver is gone when the search is over.
                let _ = events.send((number, None));
            };
            thread::Builder::new().spawn(forward).map_err(not_started)?;
        }
        if let Some(errors) = errors {
            let keep = move || keep_last(errors, &tail);
            worker.log = Some(thread::Builder::new().spawn(keep).map_err(not_started)?);
        }
        Ok(worker)
    }

    /// Sends it a job; false when it has ended.
    pub(super) fn give(&mut self, job: &Job) -> bool {
        let Some(input) = &mut self.input else {
            return false;
        };
        let line = serde_json::to_string(job).map(|json| json + "\n");
        line.is_ok_and(|line| {
            let written = input.write_all(line.as_bytes());
            written.and_then(|()| input.flush()).is_ok()
        })
    }

    /// Appends a message to its log.
    pub(super) fn remember(&self, line: &str) {
        let mut tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        tail.push(line.as_bytes());
    }

    /// True if the process ended some time ago although something keeps its output open.
    pub(super) fn ended_long_ago(&mut self) -> bool {
        if self.gone.is_none() && matches!(self.process.try_wait(), Ok(Some(_))) {
            self.gone = Some(Instant::now());
        }
        self.gone.is_some_and(|since| since.elapsed() > GRACE)
    }

    /// Waits for it to end, kills it after a time limit, and returns the exit reason with its last
    /// output.
    pub(super) fn end(mut self, is_ending: bool) -> (Option<ExitStatus>, Tail) {
        let start = Instant::now();
        let mut status = None;
        while is_ending && status.is_none() && start.elapsed() < GRACE {
            status = self.process.try_wait().ok().flatten();
            thread::sleep(Duration::from_millis(2));
        }
        self.kill();
        let log = self.log.take();
        while log.as_ref().is_some_and(|log| !log.is_finished()) && start.elapsed() < GRACE {
            thread::sleep(Duration::from_millis(2));
        }
        let tail = self.tail.lock().unwrap_or_else(PoisonError::into_inner);
        (status, tail.clone())
    }

    /// Kills it and all its child processes.
    fn kill(&mut self) {
        self.input = None;
        #[cfg(unix)]
        {
            use nix::sys::signal::{Signal, killpg};
            let group = i32::try_from(self.process.id()).map(nix::unistd::Pid::from_raw);
            // It may have ended already, as it should.
            let _ = group.map(|group| killpg(group, Signal::SIGKILL));
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn not_started(e: io::Error) -> Error {
    Error::Worker {
        message: format!(
            "cannot start a worker ({e}): the system may allow too few processes or open files (`ulimit -u`, `ulimit \
             -n`). Finished trials are kept; continue with `nasfw resume`, or with --workers 0, which needs none"
        ),
        is_input: false,
    }
}

/// Collects the last lines of a log until its end.
fn keep_last(errors: impl Read, tail: &Mutex<Tail>) {
    let mut errors = BufReader::new(errors);
    let mut line = Vec::new();
    while let Ok(1..) = errors
        .by_ref()
        .take(MAX_LINE_BYTES)
        .read_until(b'\n', &mut line)
    {
        tail.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(&line);
        line.clear();
    }
}
