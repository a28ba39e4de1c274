//! Draws a run, most important facts first, at any terminal size.

use nasfw::engine::search::is_better;
use nasfw::engine::{Ending, Status, Trial};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style, Stylize};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{
    Axis, Chart, Dataset, GraphType, LineGauge, Paragraph, Row, Sparkline, Table, Wrap,
};

use super::snapshot::Snapshot;
use crate::number::{duration, metric, short};

/// Minimum sizes for a chart and for genotypes.
const CHART_ROWS: u16 = 18;
const WIDE: u16 = 60;

pub(super) fn draw(frame: &mut Frame<'_>, snapshot: &Snapshot) {
    let area = frame.area();
    let is_tall = area.height >= CHART_ROWS;
    let rewards = if is_tall {
        Constraint::Min(8)
    } else {
        Constraint::Length(2)
    };
    let last = if is_tall {
        Constraint::Length(area.height / 3)
    } else {
        Constraint::Min(1)
    };
    let best = if is_tall { 4 } else { 2 };
    let rows = [
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(best),
        rewards,
        last,
        Constraint::Length(1),
    ];
    let [title, bar, best, rewards, last, foot] = Layout::vertical(rows).areas(area);
    frame.render_widget(heading(snapshot, title.width), title);
    frame.render_widget(progress(snapshot, bar.width >= WIDE), bar);
    frame.render_widget(best_so_far(snapshot, is_tall, best.width >= WIDE), best);
    if is_tall {
        chart(frame, rewards, snapshot)
    } else {
        sparkline(frame, rewards, snapshot)
    }
    frame.render_widget(last_trials(snapshot, last), last);
    let keys = Line::from("q: quit (the search keeps running)").dim();
    frame.render_widget(keys, foot);
}

fn heading(snapshot: &Snapshot, width: u16) -> Line<'static> {
    let ago = snapshot.since.map_or(String::new(), |since| {
        format!(", last written {} ago", duration(since.as_secs_f64()))
    });
    let state = match (
        snapshot.trials.len() as u64 >= snapshot.wanted,
        snapshot.is_open,
    ) {
        (true, _) => "finished".to_owned(),
        (false, true) if width >= WIDE => format!("running{ago}"),
        (false, true) => "running".to_owned(),
        (false, false) => "not running".to_owned(),
    };
    Line::from(vec![
        Span::from(snapshot.name.clone()).bold(),
        Span::from(format!("  {state}")).dim(),
    ])
}

fn progress(snapshot: &Snapshot, is_wide: bool) -> LineGauge<'static> {
    let (done, wanted) = (snapshot.trials.len() as u64, snapshot.wanted);
    let share = match wanted {
        0 => 0.0,
        _ => (done as f64 / wanted as f64).clamp(0.0, 1.0),
    };
    let mut label = format!("{done}/{wanted}");
    if let (true, Some(secs)) = (is_wide, snapshot.secs_a_trial()) {
        label.push_str(&format!("  {} per trial", duration(secs)));
    }
    if let (true, Some(left)) = (snapshot.is_running(), snapshot.secs_left()) {
        label.push_str(&format!("  {} left", duration(left)));
    }
    LineGauge::default()
        .ratio(share)
        .label(label)
        .filled_style(Style::new().fg(Color::Green))
        .unfilled_style(Style::new().dim())
}

fn best_so_far(snapshot: &Snapshot, with_genotype: bool, with_metric: bool) -> Paragraph<'static> {
    let Some(best) = snapshot.best() else {
        let text = if snapshot.trials.is_empty() {
            "no trials yet: preparing data, warm-up and features"
        } else {
            "all trials failed so far; `nasfw trials` shows why"
        };
        return Paragraph::new(text).wrap(Wrap { trim: true });
    };
    let mut first = vec![
        Span::from(format!("best: trial {}  ", best.id())).bold(),
        Span::from(format!("reward {}", reward(best))).fg(Color::Green),
    ];
    let metrics = snapshot.headline.filter(|_| with_metric);
    if let Some((name, value)) = metrics.and_then(|n| Some((n, best.evaluation.metrics.get(n)?))) {
        first.push(Span::from(format!("  {name} {}", metric(value))));
    }
    let cost = format!(
        "{} parameters, {} multiply-adds",
        short(best.params() as u64),
        short(best.macs())
    );
    let mut lines = vec![Line::from(first), Line::from(cost)];
    if with_genotype {
        lines.push(Line::from(best.genotype().to_owned()).dim());
    }
    Paragraph::new(lines)
}

/// Draws the rewards of trials, and the best so far of those that completed all stages.
fn chart(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let points = |status| -> Vec<(f64, f64)> {
        let those = snapshot.trials.iter().filter(|t| t.status() == status);
        those
            .filter_map(|t| Some((t.id() as f64, t.reward?)))
            .collect()
    };
    let (complete, stopped) = (points(Status::Complete), points(Status::Stopped));
    let best = running_best(&snapshot.trials);
    let values = complete.iter().chain(&stopped).map(|p| p.1);
    let top = (values.fold(0.0, f64::max) * 1.1).max(0.05);
    let last = snapshot.trials.len().saturating_sub(1).max(1) as f64;
    let set = |data, kind, color| {
        Dataset::default()
            .data(data)
            .graph_type(kind)
            .marker(Marker::Braille)
            .style(Style::new().fg(color))
    };
    let chart = Chart::new(vec![
        set(&stopped, GraphType::Scatter, Color::DarkGray),
        set(&complete, GraphType::Scatter, Color::Cyan),
        set(&best, GraphType::Line, Color::Green),
    ])
    .x_axis(
        Axis::default()
            .bounds([0.0, last])
            .labels(["trial 0".to_owned(), format!("{last:.0}")])
            .style(Style::new().dim()),
    )
    .y_axis(
        Axis::default()
            .title(Line::from(vec![
                Span::from("reward  "),
                Span::from("• complete  ").fg(Color::Cyan),
                Span::from("• stopped  ").fg(Color::DarkGray),
                Span::from("─ best so far").fg(Color::Green),
            ]))
            .bounds([0.0, top])
            .labels([
                "0".to_owned(),
                format!("{:.2}", top / 2.0),
                format!("{top:.2}"),
            ])
            .style(Style::new().dim()),
    );
    frame.render_widget(chart, area);
}

fn running_best(trials: &[Trial]) -> Vec<(f64, f64)> {
    let mut best: Option<&Trial> = None;
    let mut line = Vec::new();
    for trial in trials {
        if trial.status() == Status::Complete && is_better(trial, best) {
            best = Some(trial);
        }
        if let Some(reward) = best.and_then(|b| b.reward) {
            // A step line: the value stays until the next improvement.
            if let Some(&(_, before)) = line.last() {
                line.push((trial.id() as f64, before));
            }
            line.push((trial.id() as f64, reward));
        }
    }
    line
}

/// Draws the last rewards as bars, one per column.
fn sparkline(frame: &mut Frame<'_>, area: Rect, snapshot: &Snapshot) {
    let from = snapshot
        .trials
        .len()
        .saturating_sub(usize::from(area.width));
    let bars: Vec<u64> = (snapshot.trials[from..].iter())
        .map(|t| (t.reward.unwrap_or(0.0).max(0.0) * 1e4) as u64)
        .collect();
    let bars = Sparkline::default().data(bars).style(Color::Cyan);
    frame.render_widget(bars, area);
}

/// The latest trials, newest first, one per row.
fn last_trials(snapshot: &Snapshot, area: Rect) -> Table<'static> {
    let is_wide = area.width >= WIDE;
    let best = snapshot.best().map(Trial::id);
    let counts = Status::ALL.map(|status| format!("{} {status}", snapshot.count(status)));
    let row = |t: &Trial| {
        let mark = if best == Some(t.id()) { "*" } else { "" };
        let mut cells = vec![
            format!("{}{mark}", t.id()),
            t.status().to_string(),
            reward(t),
        ];
        if is_wide {
            let last = match &t.evaluation.ending {
                Ending::Failed { reason } => reason,
                Ending::Complete | Ending::Stopped { .. } => t.genotype(),
            };
            cells.extend([
                short(t.params() as u64),
                duration(t.evaluation.seconds),
                last.to_owned(),
            ]);
        }
        let row = Row::new(cells);
        match t.status() {
            Status::Failed => row.fg(Color::Red),
            Status::Stopped => row.dim(),
            Status::Complete => row,
        }
    };
    let rows = usize::from(area.height.saturating_sub(1));
    let rows: Vec<Row<'static>> = snapshot.trials.iter().rev().take(rows).map(row).collect();
    let mut widths = vec![
        Constraint::Length(6),
        Constraint::Length(8),
        Constraint::Length(7),
    ];
    let mut names = vec!["trial", "status", "reward"];
    if is_wide {
        widths.extend([
            Constraint::Length(7),
            Constraint::Length(11),
            Constraint::Min(10),
        ]);
        names.extend(["params", "time"]);
    }
    let mut head: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if is_wide {
        head.push(counts.join(", "));
    }
    Table::new(rows, widths).header(Row::new(head).dim())
}

fn reward(trial: &Trial) -> String {
    trial.reward.map_or("-".into(), |r| format!("{r:.4}"))
}
