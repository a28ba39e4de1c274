//! The screen at different sizes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use nasfw::engine::{Ending, Evaluation, RecordedProposal, Status, Trial};
use nasfw::sdk::{Cost, Metrics};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::snapshot::Snapshot;
use super::{draw, leaves};

fn trial(id: u64, ending: Ending, reward: Option<f64>) -> Trial {
    Trial {
        proposal: RecordedProposal {
            choices: vec![0],
            log_prob: Some(-1.0),
            repeat: 0,
        },
        evaluation: Evaluation {
            id,
            genotype: format!("[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,{id}]]]"),
            cost: Cost {
                params: 2_629_909,
                macs: 4_208_000_000,
                ..Cost::default()
            },
            stage_rewards: Vec::new(),
            metrics: Metrics::new([("miou", reward.unwrap_or(0.0))]).unwrap(),
            ending,
            seconds: 30.0,
        },
        reward,
    }
}

/// Twelve of forty trials, the seventh the best.
fn snapshot() -> Snapshot {
    let mut trials: Vec<Trial> = (0..12)
        .map(|id| {
            trial(
                id,
                Ending::Complete,
                Some(0.3 - 0.01 * (id as f64 - 7.0).abs()),
            )
        })
        .collect();
    let stopped = Ending::Stopped {
        reason: "reward 0.9000 after stage 0".into(),
    };
    let failed = Ending::Failed {
        reason: "loss is NaN".into(),
    };
    trials[9] = trial(9, stopped, Some(0.9));
    trials[10] = trial(10, failed, None);
    Snapshot {
        name: "runs/first".into(),
        wanted: 40,
        headline: Some("miou"),
        trials,
        is_open: true,
        since: None,
    }
}

/// The screen's lines, without spaces at their ends.
fn screen(snapshot: &Snapshot, width: u16, height: u16) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw::draw(frame, snapshot)).unwrap();
    let buffer = terminal.backend().buffer();
    (0..height)
        .map(|y| {
            let line: String = (0..width).map(|x| buffer[(x, y)].symbol()).collect();
            line.trim_end().to_owned()
        })
        .collect()
}

#[test]
fn a_usual_terminal_shows_all_of_it() {
    let lines = screen(&snapshot(), 80, 24);
    let text = lines.join("\n");
    for part in [
        "runs/first  running",
        "12/40  30.0 s per trial  14 min 00 s left",
        "best: trial 7  reward 0.3000  miou 0.3000",
        "2.63 M parameters, 4.21 G multiply-adds",
        "[[8,[0,0,5,2],[0,2,8,8],[0,5,1,4]],[[3,3],[3,2],[3,7]]]",
        "best so far",
        "trial 0",
        "10 complete, 1 stopped, 1 failed",
        "loss is NaN",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    assert!(lines[23].starts_with("q: quit"), "{text}");
    // The newest trial is the first of the list.
    let head = lines
        .iter()
        .position(|l| l.starts_with("trial  status"))
        .unwrap();
    assert!(lines[head + 1].starts_with("11 "), "{text}");
}

#[test]
fn a_small_terminal_shows_what_matters() {
    let lines = screen(&snapshot(), 40, 12);
    let text = lines.join("\n");
    for part in [
        "runs/first  running",
        "12/40",
        "best: trial 7  reward 0.3000",
        "12/40  14 min 00 s left ──",
        "█",
        "11     complete",
        "q: quit",
    ] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    assert!(!text.contains("[[8"), "no room for genotypes\n{text}");
}

#[test]
fn any_size_and_any_run_can_be_shown() {
    let empty = Snapshot {
        name: "r".into(),
        wanted: 3,
        ..Snapshot::default()
    };
    let mut failed = snapshot();
    failed.trials.retain(|t| t.status() == Status::Failed);
    let (all, none) = (snapshot(), Snapshot::default());
    for snapshot in [&all, &empty, &failed, &none] {
        for (width, height) in [(1, 1), (10, 3), (39, 17), (59, 18), (200, 60)] {
            screen(snapshot, width, height);
        }
    }
    let text = screen(&empty, 80, 24).join("\n");
    assert!(
        text.contains("no trials yet") && text.contains("0/3"),
        "{text}"
    );
    assert!(text.contains("r  not running"), "{text}");
    let text = screen(&failed, 80, 24).join("\n");
    assert!(text.contains("all trials failed so far"), "{text}");
}

#[test]
fn q_escape_and_ctrl_c_leave() {
    let key = |code, modifiers| Event::Key(KeyEvent::new(code, modifiers));
    assert!(leaves(&key(KeyCode::Char('q'), KeyModifiers::NONE)));
    assert!(leaves(&key(KeyCode::Esc, KeyModifiers::NONE)));
    assert!(leaves(&key(KeyCode::Char('c'), KeyModifiers::CONTROL)));
    assert!(!leaves(&key(KeyCode::Char('c'), KeyModifiers::NONE)));
    assert!(!leaves(&Event::Resize(1, 1)));
}
