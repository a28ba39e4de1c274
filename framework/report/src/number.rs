//! Number formatting.

/// `2629909` → `2,629,909`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three significant digits with a decimal prefix: `4.21 G`, `312 k`.
pub fn short(number: u64) -> String {
    let scaled = [(1e9, "G"), (1e6, "M"), (1e3, "k")];
    // A value just below a prefix would round up to 1000 of the smaller one.
    let fitting = scaled
        .iter()
        .find(|(scale, _)| number as f64 >= scale * 0.9995);
    match fitting {
        Some((scale, prefix)) => format!("{} {prefix}", three_digits(number as f64 / scale)),
        None => number.to_string(),
    }
}

/// `75.3 s`, `3 min 20 s`, `2 h 05 min`.
pub fn duration(secs: f64) -> String {
    let whole = secs.max(0.0).round() as u64;
    match whole {
        0..=99 => format!("{secs:.1} s"),
        100..=3599 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Four significant digits, whatever the metric's scale.
pub fn metric(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        v if !(1e-3..1e5).contains(&v) => format!("{value:.3e}"),
        v => format!(
            "{value:.*}",
            (3 - v.log10().floor() as i32).clamp(0, 4) as usize
        ),
    }
}

fn three_digits(value: f64) -> String {
    let decimals = match value {
        v if v < 9.995 => 2,
        v if v < 99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let grouped = [0, 999, 1000, 2_629_909].map(grouped);
        assert_eq!(grouped, ["0", "999", "1,000", "2,629,909"]);
        let short = [7, 312_345, 999_999, 4_208_000_000].map(short);
        assert_eq!(short, ["7", "312 k", "1.00 M", "4.21 G"]);
        let duration = [0.04, 99.0, 200.0, 7500.0].map(duration);
        assert_eq!(duration, ["0.0 s", "99.0 s", "3 min 20 s", "2 h 05 min"]);
    }
}
