//! How far long work has come: a bar on a terminal, a plain line now and then elsewhere.

use std::fmt::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::output;

/// Where there is no terminal, a line at least this often; for images also at every tenth of the work.
const OFTEN: Duration = Duration::from_secs(10);

/// What is counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unit {
    Images,
    Bytes,
    /// Nothing: another program works, and does not say how far it is.
    Unknown,
}

/// Long work under way. Dropped, its bar vanishes.
pub struct Progress {
    unit: Unit,
    /// It counts, and is shown where there is a terminal.
    bar: ProgressBar,
    /// Of those that are done: there before this work began.
    skipped: u64,
    last_line: Instant,
}

impl Progress {
    /// Shows that none of `total` images are done.
    #[must_use]
    pub fn new(label: &str, total: usize) -> Self {
        Self::of(label, total as u64, Unit::Images)
    }

    /// Shows that none of `total` bytes are there.
    #[must_use]
    pub fn of_bytes(label: &str, total: u64) -> Self {
        Self::of(label, total, Unit::Bytes)
    }

    /// Shows that another program works.
    #[must_use]
    pub fn of_program(label: &str) -> Self {
        Self::of(label, 0, Unit::Unknown)
    }

    fn of(label: &str, total: u64, unit: Unit) -> Self {
        let mut bar = ProgressBar::new(total).with_message(label.to_owned());
        if let Ok(style) = ProgressStyle::with_template(style(unit)) {
            let rate = |state: &ProgressState, out: &mut dyn Write| {
                // What cannot be shown is not shown.
                let _ = write!(out, "{:.0}", state.per_sec());
            };
            bar = bar.with_style(style.with_key("rate", rate));
        }
        if unit == Unit::Unknown && !bar.is_hidden() {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
        Self {
            unit,
            bar,
            skipped: 0,
            last_line: Instant::now(),
        }
    }

    /// `count` were there before this work began: they are done, and say nothing of its rate.
    pub fn skip(&mut self, count: usize) {
        self.skipped += count as u64;
        self.bar.inc(count as u64);
        self.bar.tick();
        self.bar.reset_eta();
        if self.bar.is_hidden() && count > 0 {
            output::note(&self.line());
        }
    }

    /// `count` more are done.
    pub fn advance(&mut self, count: usize) {
        let tenth = |bar: &ProgressBar| bar.position() * 10 / bar.length().unwrap_or(0).max(1);
        let before = tenth(&self.bar);
        self.bar.inc(count as u64);
        let is_tenth = self.unit == Unit::Images && tenth(&self.bar) > before;
        if self.bar.is_hidden() && (is_tenth || self.last_line.elapsed() > OFTEN) {
            output::note(&self.line());
            self.last_line = Instant::now();
        }
    }

    fn line(&self) -> String {
        let (label, done) = (self.bar.message(), self.bar.position());
        let total = self.bar.length().unwrap_or(0);
        if self.unit == Unit::Images {
            let line = format!("{label}: {done} of {total} images");
            if done == self.skipped {
                return line;
            }
            #[expect(clippy::cast_precision_loss, reason = "shown to a person")]
            let rate = (done - self.skipped) as f64 / self.bar.elapsed().as_secs_f64();
            format!("{line}, {rate:.0} images/s")
        } else {
            let [done, total] = [done, total].map(output::size);
            format!("{label}: {done} of {total}")
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

fn style(unit: Unit) -> &'static str {
    match unit {
        Unit::Images => "{msg}  {wide_bar} {pos}/{len}  {rate} images/s  {eta} left",
        Unit::Bytes => "{msg}  {wide_bar} {bytes}/{total_bytes}  {bytes_per_sec}  {eta} left",
        Unit::Unknown => "{spinner} {msg}  {elapsed}",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_styles_are_right() {
        for unit in [Unit::Images, Unit::Bytes, Unit::Unknown] {
            ProgressStyle::with_template(style(unit)).unwrap();
        }
    }

    #[test]
    fn lines_say_how_far_it_is() {
        let mut images = Progress::new("digits", 200);
        images.advance(50);
        let line = images.line();
        assert!(line.starts_with("digits: 50 of 200 images, "), "{line}");
        let mut resumed = Progress::new("digits", 1_000_000);
        resumed.skip(900_000);
        assert_eq!(resumed.line(), "digits: 900000 of 1000000 images");
        std::thread::sleep(Duration::from_millis(100));
        resumed.advance(10_000);
        let line = resumed.line();
        let (_, rate) = line.trim_end_matches(" images/s").rsplit_once(' ').unwrap();
        assert!((1.0..=100_000.0).contains(&rate.parse().unwrap()), "{line}");
        let mut bytes = Progress::of_bytes("file", 3 << 20);
        bytes.advance(1 << 20);
        assert_eq!(bytes.line(), "file: 1.0 MiB of 3.0 MiB");
    }
}
