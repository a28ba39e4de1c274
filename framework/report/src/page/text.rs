//! Text formatting shared by sections.

/// `1 trial`, `2 trials`.
pub(crate) fn plural(count: usize, one: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        n => format!("{} {one}s", crate::number::grouped(n as u64)),
    }
}

/// The first few of some numbers: `3, 7, 12 and 40 more`.
pub(crate) fn list(numbers: &[u64], most: usize) -> String {
    let shown: Vec<String> = numbers.iter().take(most).map(u64::to_string).collect();
    match numbers.len().saturating_sub(most) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Seconds since 1970 as `2026-11-24 14:30 UTC`.
///
/// Days become a date in years that begin in March, so that leap days come last (H. Hinnant,
/// "chrono-compatible low-level date algorithms", `civil_from_days`).
pub(crate) fn date(unix_secs: u64) -> String {
    let (days, secs) = (unix_secs / 86_400, unix_secs % 86_400);
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year + u64::from(month <= 2);
    let (hour, minute) = (secs / 3600, secs % 3600 / 60);
    format!("{year}-{month:02}-{day:02} {hour:02}:{minute:02} UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers() {
        assert_eq!(
            [plural(1, "trial"), plural(2000, "trial")],
            ["1 trial", "2,000 trials"]
        );
        assert_eq!(list(&[3, 7, 12], 2), "3, 7 and 1 more");
        // From GNU date.
        let dates = [0, 951_782_400, 1_709_251_199, 4_102_444_800].map(date);
        let expected = [
            "1970-01-01 00:00 UTC",
            "2000-02-29 00:00 UTC",
            "2024-02-29 23:59 UTC",
            "2100-01-01 00:00 UTC",
        ];
        assert_eq!(dates, expected);
    }
}
