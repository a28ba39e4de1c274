//! `nasfw watch`: live view of a search that another process runs, in the terminal.
//!
//! | file | holds |
//! |---|---|
//! | `snapshot.rs` | the state of the run, read periodically |
//! | `draw.rs` | drawing at any terminal size |

mod draw;
mod snapshot;

#[cfg(test)]
mod tests;

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};

use self::snapshot::Snapshot;
use crate::exit::Failure;
use crate::session::quoted;

/// Polling intervals of the run and of the keyboard.
const LOOK: Duration = Duration::from_secs(1);
const KEYS: Duration = Duration::from_millis(100);

/// True once a signal asked to quit.
static LEAVE: AtomicBool = AtomicBool::new(false);

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The run folder; the search may be running in any process
    run: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    // Problems with the run are reported before the screen changes.
    let mut snapshot = Snapshot::read(&args.run)?;
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(Failure::Input(format!(
            "watch needs a terminal; for a file or a pipe use: nasfw trials {}",
            quoted(&args.run)
        )));
    }
    ctrlc::set_handler(|| LEAVE.store(true, Ordering::SeqCst))
        .map_err(|e| Failure::Failed(format!("cannot listen for signals: {e}")))?;
    let mut screen = Screen::open()?;
    watch(&mut screen.0, args, &mut snapshot)
}

fn watch(
    terminal: &mut DefaultTerminal,
    args: &Args,
    snapshot: &mut Snapshot,
) -> Result<(), Failure> {
    loop {
        terminal
            .draw(|frame| draw::draw(frame, snapshot))
            .map_err(no_terminal)?;
        let looked = Instant::now();
        // Waits for the next poll, or a change of the window size.
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
        snapshot.look_again(&args.run)?;
    }
}

/// True for the quit keys: q, Escape, and Ctrl-C, which arrives as a key here.
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

/// The terminal's alternate screen, restored however the command ends: on drop, and by ratatui's
/// hook on a panic.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> Result<Self, Failure> {
        ratatui::try_init().map(Self).map_err(|e| {
            // Part of the setup may have succeeded.
            let _ = ratatui::try_restore();
            no_terminal(e)
        })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Nothing can be reported any more.
        let _ = ratatui::try_restore();
    }
}
