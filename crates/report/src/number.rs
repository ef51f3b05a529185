//! The one place where numbers become text: counts, shares, losses, times, sizes, dates.

use jiff::Timestamp;

use crate::{Interval, Language, summary};

/// Between a number and its unit: both stay on one line.
const NO_BREAK: &str = "\u{a0}";

/// `60000` as `60,000`.
pub(crate) fn count(n: impl TryInto<u64>) -> String {
    let digits = n.try_into().unwrap_or(u64::MAX).to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<_> = groups.map(String::from_utf8_lossy).collect();
    groups.join(",")
}

/// `0.9578` as `95.78 %`; Chinese writes no space.
pub(crate) fn percent(share: f64, language: Language) -> String {
    let space = language.pick(NO_BREAK, "");
    summary::percent(share).replace(' ', space)
}

/// Both ends of an interval, in percent.
pub(crate) fn range(interval: Interval, language: Language) -> String {
    let (low, high) = (100.0 * interval.low, 100.0 * interval.high);
    language.pick(
        format!("{low:.2} to {high:.2}{NO_BREAK}%"),
        // Never broken before the dash.
        format!("{low:.2}%\u{2060}～\u{2060}{high:.2}%"),
    )
}

/// A share in percentage points, with a minus only where that is less than nothing.
pub(crate) fn signed(share: f64) -> String {
    let rounded = (share * 10_000.0).round() / 100.0 + 0.0;
    format!("{rounded:.2}").replace('-', "\u{2212}")
}

/// A share in percentage points.
pub(crate) fn points(share: f64) -> String {
    format!("{:.2}", 100.0 * share).replace('-', "\u{2212}")
}

/// A loss or an error, to four decimals.
pub(crate) fn loss(loss: f64) -> String {
    format!("{loss:.4}")
}

/// A value of an image, with no more digits than it needs.
pub(crate) fn value(value: f32) -> String {
    let text = format!("{value:.3}").replace('-', "\u{2212}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A time.
pub(crate) fn seconds(seconds: f64, language: Language) -> String {
    let unit = language.pick("s", "秒");
    if seconds < 10.0 {
        format!("{seconds:.2}{NO_BREAK}{unit}")
    } else if seconds < 120.0 {
        format!("{seconds:.1}{NO_BREAK}{unit}")
    } else {
        let minute = language.pick("min", "分");
        let (minutes, rest) = ((seconds / 60.0).floor(), seconds.rem_euclid(60.0).floor());
        format!("{minutes:.0}{NO_BREAK}{minute}{NO_BREAK}{rest:.0}{NO_BREAK}{unit}")
    }
}

/// A size in memory.
pub(crate) fn bytes(bytes: u64) -> String {
    format!("{}{NO_BREAK}MiB", count(bytes >> 20))
}

/// `[64, 32, 32]` as `64 × 32 × 32`.
pub(crate) fn shape(sizes: &[usize]) -> String {
    let sizes: Vec<String> = sizes.iter().map(|size| count(*size)).collect();
    sizes.join(&format!("{NO_BREAK}×{NO_BREAK}"))
}

/// A number of a recipe: `0.001`, but `1e-7`.
pub(crate) fn setting(value: f64) -> String {
    if value != 0.0 && value.abs() < 1e-4 {
        format!("{value:e}")
    } else {
        format!("{value}")
    }
}

/// A day and the time, in UTC.
pub(crate) fn moment(time: Timestamp, language: Language) -> String {
    let format = language.pick("%-d %B %Y, %H:%M UTC", "%Y 年 %-m 月 %-d 日 %H:%M（UTC）");
    time.strftime(format).to_string()
}

/// A number beside an axis whose marks are `step` apart.
pub(crate) fn tick(value: f64, step: f64, percent: Option<Language>) -> String {
    let scale = percent.map_or(1.0, |_| 100.0);
    let (value, step) = (scale * value, scale * step);
    // The fewest decimals that tell the step.
    let exact = |decimals: &usize| {
        let near = format!("{step:.decimals$}").parse::<f64>();
        near.is_ok_and(|near| (near - step).abs() < 1e-6 * step)
    };
    let decimals = (0..9).find(exact).unwrap_or(9);
    let text = format!("{value:.decimals$}");
    // Rounding leaves a sign on zeros.
    let text = match text.strip_prefix('-') {
        Some(zero) if zero.chars().all(|c| matches!(c, '0' | '.')) => zero.to_owned(),
        _ => text.replace('-', "\u{2212}"),
    };
    match percent {
        Some(language) => text + language.pick("\u{a0}%", "%"),
        None => text,
    }
}

/// A number beside a logarithmic axis, or of a point: the digits that it needs.
pub(crate) fn plain(value: f64) -> String {
    let text = setting((value * 1e9).round() / 1e9);
    match text.parse::<u64>() {
        Ok(whole) if whole >= 1000 => count(whole),
        _ => text.replace('-', if text.contains('e') { "-" } else { "\u{2212}" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{En, Zh};

    #[test]
    fn counts_and_shares() {
        for (n, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (138_357_544, "138,357,544"),
        ] {
            assert_eq!(count(n), text);
        }
        assert_eq!(percent(0.9578, En), "95.78\u{a0}%");
        assert_eq!(percent(0.9578, Zh), "95.78%");
        let interval = Interval {
            low: 0.953_68,
            high: 0.961_57,
        };
        assert_eq!(range(interval, En), "95.37 to 96.16\u{a0}%");
        assert_eq!(range(interval, Zh), "95.37%\u{2060}～\u{2060}96.16%");
        assert_eq!(points(-0.0021), "\u{2212}0.21");
    }

    #[test]
    fn times_sizes_and_settings() {
        for (time, text) in [
            (0.025, "0.03 s"),
            (31.2, "31.2 s"),
            (119.0, "119.0 s"),
            (1463.0, "24 min 23 s"),
        ] {
            assert_eq!(seconds(time, En).replace('\u{a0}', " "), text);
        }
        assert_eq!(bytes(447_107_072), "426\u{a0}MiB");
        assert_eq!(
            shape(&[64, 32, 1000]).replace('\u{a0}', " "),
            "64 × 32 × 1,000"
        );
        for (number, text) in [(0.001, "0.001"), (1e-7, "1e-7"), (0.0, "0"), (32.0, "32")] {
            assert_eq!(setting(number), text);
        }
        for (number, text) in [
            (0.0, "0"),
            (1.0, "1"),
            (-103.939, "\u{2212}103.939"),
            (0.5, "0.5"),
        ] {
            assert_eq!(value(number), text);
        }
    }

    #[test]
    fn dates() {
        let time: Timestamp = "2026-11-24T07:28:18Z".parse().unwrap();
        assert_eq!(moment(time, En), "24 November 2026, 07:28 UTC");
        assert_eq!(moment(time, Zh), "2026 年 11 月 24 日 07:28（UTC）");
    }

    #[test]
    fn ticks_have_the_decimals_of_their_step() {
        for (value, step, percent, text) in [
            (0.1 + 0.2, 0.1, None, "0.3"),
            (0.85, 0.05, Some(Zh), "85%"),
            (0.955, 0.005, Some(En), "95.5\u{a0}%"),
            (2.0, 2.0, None, "2"),
            (-1e-17, 0.1, None, "0.0"),
            (-0.1, 0.1, None, "\u{2212}0.1"),
        ] {
            assert_eq!(tick(value, step, percent), text);
        }
        for (value, text) in [
            (0.0003, "0.0003"),
            (0.00001, "1e-5"),
            (500.0, "500"),
            (55_000.0, "55,000"),
        ] {
            assert_eq!(plain(value), text);
        }
    }
}
