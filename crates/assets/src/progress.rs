//! How far a download is: a bar on a terminal, a plain line now and then elsewhere.

use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two plain lines.
const QUIET: Duration = Duration::from_secs(5);

const BAR: &str = "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const SPINNER: &str = "{spinner} {msg} {elapsed}";

/// One download under way. The bar vanishes when this is dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    name: String,
    total: u64,
    done: u64,
    spoken: Instant,
}

impl Progress {
    /// Of `total` bytes of the file `name`.
    pub(crate) fn of_bytes(name: &str, total: u64, visible: bool) -> Self {
        Self::new(name, total, BAR, visible)
    }

    /// Of something that tells no bytes, such as another program.
    pub(crate) fn of_program(name: &str, visible: bool) -> Self {
        let progress = Self::new(name, 0, SPINNER, visible);
        progress.bar.enable_steady_tick(Duration::from_millis(120));
        progress
    }

    fn new(name: &str, total: u64, template: &str, visible: bool) -> Self {
        let target = if visible {
            // Hides itself where standard error is no terminal.
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(Some(total), target).with_message(name.to_owned());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self {
            bar,
            name: name.to_owned(),
            total,
            done: 0,
            spoken: Instant::now(),
        }
    }

    /// Some more bytes are there.
    pub(crate) fn advance(&mut self, bytes: u64) {
        self.done += bytes;
        self.bar.set_position(self.done);
        if self.bar.is_hidden() && self.spoken.elapsed() >= QUIET {
            self.spoken = Instant::now();
            tracing::info!(
                "{}: {} of {}",
                self.name,
                HumanBytes(self.done),
                HumanBytes(self.total)
            );
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [BAR, SPINNER] {
            ProgressStyle::with_template(template).unwrap();
        }
    }
}
