//! How far long work has come: a bar on a terminal, a plain line every tenth elsewhere.

use std::io::IsTerminal;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

/// Progress over a known number of images.
pub(crate) struct Progress {
    label: String,
    total: usize,
    done: usize,
    started: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    pub(crate) fn new(label: &str, total: usize) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| bar(label, total));
        Self {
            label: label.to_owned(),
            total,
            done: 0,
            started: Instant::now(),
            bar,
        }
    }

    /// `images` more are done.
    pub(crate) fn advance(&mut self, images: usize) {
        let tenth = |done: usize| done * 10 / self.total.max(1);
        let before = tenth(self.done);
        self.done += images;
        match &self.bar {
            Some(bar) => bar.inc(images as u64),
            None if tenth(self.done) > before => self.line(),
            None => {}
        }
    }

    pub(crate) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self) {
        #[expect(clippy::cast_precision_loss, reason = "shown to a person")]
        let rate = self.done as f64 / self.started.elapsed().as_secs_f64();
        eprintln!(
            "{}: {} of {} images, {rate:.0} images/s",
            self.label, self.done, self.total
        );
    }
}

fn bar(label: &str, total: usize) -> ProgressBar {
    let style = "{msg}  {wide_bar} {pos}/{len} images  {per_sec:.0}  {eta} left";
    let bar = ProgressBar::new(total as u64).with_message(label.to_owned());
    match ProgressStyle::with_template(style) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
