//! What a training prints while it runs.

#[cfg(feature = "progress")]
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;

/// What a training prints while it runs: nothing, unless asked.
///
/// ```
/// use chainrule::train::Progress;
/// assert_eq!(Progress::default(), Progress::Silent);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Progress {
    /// Nothing.
    #[default]
    Silent,
    /// A line for each epoch with its mean loss, on the standard output.
    Lines,
    /// The same lines and, below them, a live bar on the standard error where that is a terminal
    /// (feature `progress`).
    #[cfg(feature = "progress")]
    Bar,
}

/// The state of a [`Progress`] during one run.
pub(super) enum Display {
    Silent,
    Lines,
    #[cfg(feature = "progress")]
    Bar(ProgressBar),
}

impl Display {
    /// Starts after `done` epochs of `epochs`.
    pub(super) fn start(progress: Progress, done: usize, epochs: usize) -> Self {
        #[cfg(not(feature = "progress"))]
        let _ = (done, epochs);
        match progress {
            Progress::Silent => Display::Silent,
            Progress::Lines => Display::Lines,
            #[cfg(feature = "progress")]
            Progress::Bar => {
                let bar = ProgressBar::new(epochs as u64).with_position(done as u64);
                let template = "{wide_bar} {pos}/{len} epochs, mean loss {msg}, {eta} left";
                let style = ProgressStyle::with_template(template);
                Display::Bar(bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())))
            }
        }
    }

    /// Shows a finished epoch, counted from 0.
    pub(super) fn epoch(&self, epoch: usize, epochs: usize, mean_loss: f64) {
        match self {
            Display::Silent => {}
            Display::Lines => print_line(epoch, epochs, mean_loss),
            #[cfg(feature = "progress")]
            Display::Bar(bar) => {
                // Inside, so that the bar is drawn once, with the new numbers.
                bar.suspend(|| {
                    print_line(epoch, epochs, mean_loss);
                    bar.set_message(format_loss(mean_loss));
                    bar.set_position(epoch as u64 + 1);
                });
            }
        }
    }

    /// Clears what is not to stay.
    pub(super) fn finish(&self) {
        match self {
            Display::Silent | Display::Lines => {}
            #[cfg(feature = "progress")]
            Display::Bar(bar) => bar.finish_and_clear(),
        }
    }
}

fn print_line(epoch: usize, epochs: usize, mean_loss: f64) {
    let width = epochs.saturating_sub(1).to_string().len();
    let loss = format_loss(mean_loss);
    // A closed output (`| head`) is no reason to end the training.
    let _ = writeln!(std::io::stdout(), "epoch {epoch:>width$}  mean loss {loss}");
}

/// A loss with enough digits to see it move.
fn format_loss(loss: f64) -> String {
    if loss != 0.0 && !(1e-3..1e7).contains(&loss.abs()) {
        format!("{loss:.4e}")
    } else {
        format!("{loss:.4}")
    }
}

#[cfg(test)]
mod tests {
    use super::format_loss;

    #[test]
    fn losses_keep_their_digits() {
        assert_eq!(format_loss(9423.51234), "9423.5123");
        assert_eq!(format_loss(0.0), "0.0000");
        assert_eq!(format_loss(1.25e-7), "1.2500e-7");
        assert_eq!(format_loss(f64::NAN), "NaN");
        assert_eq!(format_loss(f64::INFINITY), "inf");
    }
}
