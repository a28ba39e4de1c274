//! scratch
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    missing_docs,
    reason = "scratch"
)]
use nasfw_plugins as _;
use nasfw_sdk::registry::ControllerEntry;
use nasfw_table::*;
fn main() {
    let mut a = std::env::args().skip(1);
    let file = a.next().unwrap();
    let seeds: u64 = a.next().unwrap().parse().unwrap();
    let trials: usize = a.next().unwrap().parse().unwrap();
    let noise: f64 = a.next().unwrap().parse().unwrap();
    let table = Table::read(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let at: Vec<usize> = [30, 50, 100, 200, 300]
        .into_iter()
        .filter(|&n| n <= trials)
        .collect();
    println!("{file} {seeds} seeds noise {noise} at {at:?}");
    for one in a {
        let (name, json) = one.split_once(':').unwrap_or((&one, "{}"));
        let settings = serde_json::from_str(json).unwrap();
        let entry = ControllerEntry::find(name).unwrap();
        let game = Game {
            seeds,
            trials,
            round: 4,
            noise,
            at: at.clone(),
        };
        let p = play(
            &table,
            &Player {
                entry,
                settings: &settings,
            },
            &game,
        )
        .unwrap();
        let show = |v: &[MeanAndError]| {
            v.iter()
                .map(|m| format!("{:.3}±{:.3}", m.mean, m.error))
                .collect::<Vec<_>>()
                .join("  ")
        };
        print!("{one:40} {}", show(&p.regret));
        if let Some(r) = &p.recommended {
            print!("  | {}", show(r));
        }
        println!("  {:.2}s", p.seconds);
    }
}
