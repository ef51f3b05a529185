//! How far long work has come: a bar on a terminal, a plain line now and then elsewhere.

use std::fmt::Write;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};

use crate::output;

/// Where there is no terminal, a line at least this often, and at every tenth of the work.
const OFTEN: Duration = Duration::from_secs(10);

/// Progress over a known number of images.
pub struct Progress {
    label: String,
    total: usize,
    done: usize,
    started: Instant,
    last_line: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Shows that none of `total` images are done.
    #[must_use]
    pub fn new(label: &str, total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(label, total));
        let now = Instant::now();
        Self {
            label: label.to_owned(),
            total,
            done: 0,
            started: now,
            last_line: now,
            bar,
        }
    }

    /// `images` more are done.
    pub fn advance(&mut self, images: usize) {
        let tenth = |done: usize| done * 10 / self.total.max(1);
        let before = tenth(self.done);
        self.done += images;
        if let Some(bar) = &self.bar {
            bar.inc(images as u64);
        } else if tenth(self.done) > before || self.last_line.elapsed() > OFTEN {
            self.line();
            self.last_line = Instant::now();
        }
    }

    /// Takes the bar away.
    pub fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self) {
        #[expect(clippy::cast_precision_loss, reason = "shown to a person")]
        let rate = self.done as f64 / self.started.elapsed().as_secs_f64();
        output::note(&format!(
            "{}: {} of {} images, {rate:.0} images/s",
            self.label, self.done, self.total
        ));
    }
}

fn bar(label: &str, total: usize) -> ProgressBar {
    let style = "{msg}  {wide_bar} {pos}/{len}  {rate} images/s  {eta} left";
    let rate = |state: &ProgressState, out: &mut dyn Write| {
        // What cannot be shown is not shown.
        let _ = write!(out, "{:.0}", state.per_sec());
    };
    let bar = ProgressBar::new(total as u64).with_message(label.to_owned());
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style.with_key("rate", rate)),
        Err(_) => bar,
    }
}
