//! Main loop of a worker: architectures come in, evaluations go out.

use std::io::{self, BufRead};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::Job;
use super::message::{self, Spent, WorkerMessage};
use crate::config::Config;
use crate::error::{Error, Result, with_sources};
use crate::experiment::{Members, Setup};
use crate::progress::{Event, Observer};
use crate::search::clock::{Clock, Work};
use crate::search::prepare::{EvaluationInputs, WARM_WEIGHTS, warm_of};
use crate::store::RunView;
use nasfw_device::{Device, on_device};
use nasfw_network::kernels::Kernels;
use nasfw_plugin_host as plugins;

/// Minimum interval between two progress messages; a bar moves no faster.
const PAUSE: Duration = Duration::from_millis(100);

/// Evaluates architectures of the run in `run` that arrive on standard input, on the device of that
/// name, until the input ends. `nonce` precedes every message on standard output; the system limits
/// the process to `memory_limit_mb` MiB, 0 for no limit.
///
/// # Errors
/// When standard output cannot be written, or the system cannot create threads.
pub fn work(run: &Path, nonce: &str, device: Device, memory_limit_mb: u64) -> io::Result<()> {
    let out = Arc::new(Out {
        nonce: nonce.into(),
        last: Mutex::new(Instant::now()),
    });
    let jobs = jobs()?;
    let notes = out.clone();
    thread::Builder::new().spawn(move || {
        loop {
            thread::sleep(PAUSE);
            notes.pass_notes_on();
        }
    })?;
    let result =
        guard(memory_limit_mb).and_then(|()| serve(run, device, memory_limit_mb, &jobs, &out));
    out.pass_notes_on();
    match result {
        Ok(()) => Ok(()),
        Err(Error::Broken { source }) => out.write(&WorkerMessage::Broken(source)),
        Err(e) => out.write(&WorkerMessage::Ended {
            is_input: e.is_input(),
            message: with_sources(&e),
        }),
    }
}

fn serve(
    run: &Path,
    device: Device,
    memory_limit_mb: u64,
    jobs: &Receiver<Job>,
    out: &Arc<Out>,
) -> Result<()> {
    let view = RunView::open(run)?;
    let mut config = view.config()?;
    config.run.device = device;
    config.run.memory_limit_mb = memory_limit_mb;
    if view.artifact(WARM_WEIGHTS)?.is_some() {
        // The warm-up that started from them is over.
        config.encoder.weights = None;
    }
    on_device!(device, |kernels| {
        serve_on(kernels, &config, view, jobs, out)
    })
}

fn serve_on<K: Kernels>(
    kernels: K,
    config: &Config,
    view: RunView,
    jobs: &Receiver<Job>,
    out: &Arc<Out>,
) -> Result<()> {
    let clock = Clock::start();
    let setup = clock.time(Work::Data, || Setup::new(config, &Members::of(config)?))?;
    let warm = warm_of(&kernels, &setup, &view)?;
    // The parent may write to it from now on.
    drop(view);
    let mut observer = Wire(out.clone());
    let inputs = EvaluationInputs::new(&setup, kernels, warm, &clock, &mut observer)?;
    let mut before = Spent::new();
    let mut spent = || {
        let now = clock.known();
        let since = since(&now, &before);
        before = now;
        since
    };
    out.send(&WorkerMessage::Ready(spent()));
    for job in jobs {
        let mut so_far = |evaluation: &_| {
            out.send(&WorkerMessage::SoFar(Clone::clone(evaluation)));
            Ok(())
        };
        let evaluation = inputs.evaluate(&job, &clock, &mut so_far, &mut observer)?;
        out.pass_notes_on();
        out.send(&WorkerMessage::Evaluation(evaluation, spent()));
    }
    Ok(())
}

/// The jobs on standard input. Its end, also by the parent's death, ends the process immediately,
/// whatever it is doing.
fn jobs() -> io::Result<Receiver<Job>> {
    let (sender, receiver) = channel();
    thread::Builder::new().spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let Ok(job) = serde_json::from_str(&line) else {
                break;
            };
            if sender.send(job).is_err() {
                break;
            }
        }
        std::process::exit(0);
    })?;
    Ok(receiver)
}

/// Sets the memory limit, and makes sure that the process does not outlive its parent.
fn guard(memory_limit_mb: u64) -> Result<()> {
    #[cfg(target_os = "linux")]
    {
        use nix::sys::resource::{Resource, setrlimit};
        use nix::sys::signal::Signal;
        // If this fails, the end of standard input does the same a little later.
        let _ = nix::sys::prctl::set_pdeathsig(Signal::SIGKILL);
        if memory_limit_mb > 0 {
            // Limits writable mappings, not addresses: allocators reserve more address space than
            // they use.
            let bytes = memory_limit_mb << 20;
            setrlimit(Resource::RLIMIT_DATA, bytes, bytes).map_err(|e| Error::Worker {
                message: format!("the system refuses a limit of {memory_limit_mb} MiB: {e}"),
                is_input: true,
            })?;
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = memory_limit_mb;
    Ok(())
}

/// Standard output, one message at a time.
struct Out {
    nonce: String,
    /// Time of the last optional message.
    last: Mutex<Instant>,
}

impl Out {
    fn write(&self, message: &WorkerMessage) -> io::Result<()> {
        message::write(&mut io::stdout().lock(), &self.nonce, message)
    }

    /// Without a listening parent there is nothing left to do.
    fn send(&self, message: &WorkerMessage) {
        if self.write(message).is_err() {
            std::process::exit(1);
        }
    }

    fn pass_notes_on(&self) {
        for text in plugins::take_notes() {
            self.send(&WorkerMessage::Note(text));
        }
    }
}

/// Forwards events to the parent.
struct Wire(Arc<Out>);

impl Observer for Wire {
    fn on(&mut self, event: &Event<'_>) {
        let message = match event {
            Event::Phase { name, steps } => WorkerMessage::Phase {
                name: (*name).into(),
                steps: *steps,
            },
            Event::Step { done, note } => {
                let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
                if last.elapsed() < PAUSE {
                    return;
                }
                *last = Instant::now();
                WorkerMessage::Step {
                    done: *done,
                    note: (*note).into(),
                }
            }
            Event::PhaseDone => WorkerMessage::PhaseDone,
            Event::Note { text } => WorkerMessage::Note((*text).into()),
            // The parent has all it needs to know about trials.
            _ => return,
        };
        self.0.send(&message);
    }
}

/// Seconds spent since `before`.
fn since(now: &Spent, before: &Spent) -> Spent {
    let earlier = |work: &Work| before.iter().find(|(w, _)| w == work).map_or(0.0, |w| w.1);
    (now.iter())
        .map(|(work, secs)| (*work, secs - earlier(work)))
        .collect()
}
