//! `nasfw watch`: a search as it goes, in the terminal, beside whatever runs it.
//!
//! | file | holds |
//! |---|---|
//! | `seen.rs` | what is known of the run, read again and again |
//! | `draw.rs` | how it is shown, at any size |

mod draw;
mod seen;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use self::seen::Seen;
use crate::exit::Failure;
use crate::session::quoted;

/// How often the run is looked at, and how often keys are.
const LOOK: Duration = Duration::from_secs(1);
const KEYS: Duration = Duration::from_millis(100);

/// Whether a signal asked to leave.
static LEAVE: AtomicBool = AtomicBool::new(false);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder; the search may be going on, in any process
    run: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    // All that is wrong with the run is said before the screen changes.
    let mut seen = Seen::read(&args.run)?;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::Input(format!(
            "watch needs a terminal, and this is none; for a file or a pipe use: nasfw trials {}",
            quoted(&args.run)
        )));
    }
    ctrlc::set_handler(|| LEAVE.store(true, Ordering::SeqCst))
        .map_err(|e| Failure::Failed(format!("cannot listen for signals: {e}")))?;
    let mut screen = Screen::open()?;
    watch(&mut screen.0, args, &mut seen)
}

fn watch(terminal: &mut DefaultTerminal, args: &Args, seen: &mut Seen) -> Result<(), Failure> {
    loop {
        terminal
            .draw(|frame| draw::draw(frame, seen))
            .map_err(no_terminal)?;
        let looked = Instant::now();
        // Until the next look, or until the window has another size.
        while looked.elapsed() < LOOK {
            if LEAVE.load(Ordering::SeqCst) {
                return Ok(());
            }
            if !event::poll(KEYS).map_err(no_terminal)? {
                continue;
            }
            match event::read().map_err(no_terminal)? {
                event if leaves(&event) => return Ok(()),
                Event::Resize(..) => break,
                _ => {}
            }
        }
        seen.look_again(&args.run)?;
    }
}

/// Whether a key says to leave: q, Escape, Ctrl-C, which is a key like others here.
fn leaves(event: &Event) -> bool {
    let Event::Key(key) = event else { return false };
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    key.kind == KeyEventKind::Press
        && match key.code {
            KeyCode::Char('c') => is_control,
            KeyCode::Char('q' | 'Q') | KeyCode::Esc => true,
            _ => false,
        }
}

fn no_terminal(e: io::Error) -> Failure {
    Failure::Failed(format!("terminal: {e}"))
}

/// The terminal as a screen of our own, given back however the command ends: when dropped, and by
/// the hook of ratatui when the program panics.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> Result<Self, Failure> {
        ratatui::try_init().map(Self).map_err(|e| {
            // Half of it may have been done.
            let _ = ratatui::try_restore();
            no_terminal(e)
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = ratatui::try_restore();
    }
}
