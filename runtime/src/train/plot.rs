//! A training's loss curve as a picture.

use super::History;
use epaint_default_fonts::UBUNTU_LIGHT;
use plotters::coord::ranged1d::{AsRangedCoord, ValueFormatter};
use plotters::prelude::*;
use plotters::style::{FontStyle, register_font};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The name our font is registered under.
const FONT: &str = "chainrule";

/// Losses of a larger size are left out: the axis' ticks are not computed for them in any useful
/// time.
const LARGEST: f64 = 1e30;

/// Width and height in pixels.
const SIZE: (u32, u32) = (900, 560);

/// A plot that could not be drawn.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// let error = chainrule::train::History::default().plot(dir.path().join("loss.png")).unwrap_err();
/// assert!(error.to_string().ends_with("there is no finite loss to plot: train an epoch first"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// No epoch was run, or none had a finite mean loss.
    #[error("{}: there is no finite loss to plot: train an epoch first", path.display())]
    Nothing {
        /// The file.
        path: PathBuf,
    },
    /// The file's name does not end in `.png`.
    #[error("{}: the plot is a PNG file: give a name that ends in `.png`", path.display())]
    NotPng {
        /// The file.
        path: PathBuf,
    },
    /// The picture could not be drawn or written.
    #[error("{}: the plot cannot be written: {reason}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl History {
    /// Draws the mean loss over the epochs to a PNG file of 900 × 560 pixels; on a logarithmic
    /// axis if the losses are positive and span more than a factor of 20. Losses that are not
    /// finite, or beyond 1e30, are left out. Needs the feature `plot`, and no font or library of the system.
    ///
    /// ```
    /// use chainrule::train::History;
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("loss.png");
    /// let history = History { losses: vec![9000.0, 80.0, 2.0], ..History::default() };
    /// history.plot(&path)?;
    /// assert!(std::fs::read(&path)?.starts_with(b"\x89PNG"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If there is nothing to plot, the name does not end in `.png`, or the file cannot be written.
    pub fn plot(&self, path: impl AsRef<Path>) -> Result<(), PlotError> {
        let path = path.as_ref();
        if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("png")) {
            return Err(PlotError::NotPng { path: path.to_owned() });
        }
        let epochs = (0_u32..).map(f64::from);
        let points: Vec<(f64, f64)> = epochs
            .zip(self.losses.iter().copied())
            .filter(|(_, loss)| loss.abs() <= LARGEST)
            .collect();
        let low = points.iter().map(|&(_, loss)| loss).fold(f64::INFINITY, f64::min);
        let high = points.iter().map(|&(_, loss)| loss).fold(f64::NEG_INFINITY, f64::max);
        if points.is_empty() {
            return Err(PlotError::Nothing { path: path.to_owned() });
        }
        let drawn = if low >= LARGEST.recip() && high / low > 20.0 {
            let range = (low / 1.3)..(high * 1.3);
            draw(path, &points, range.log_scale())
        } else {
            // A flat curve still needs a range to be drawn in.
            let margin = (high / 2.0 - low / 2.0).max(high.abs().max(1.0) * 0.01) * 0.1;
            draw(path, &points, (low - margin)..(high + margin))
        };
        drawn.map_err(|reason| PlotError::Unwritable { path: path.to_owned(), reason })
    }
}

fn draw<Y>(path: &Path, points: &[(f64, f64)], losses: Y) -> Result<(), String>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    register_font(FONT, FontStyle::Normal, UBUNTU_LIGHT)
        .map_err(|_| "its font cannot be read".to_owned())?;
    draw_chart(path, points, losses).map_err(|error| error.to_string())
}

fn draw_chart<Y>(
    path: &Path,
    points: &[(f64, f64)],
    losses: Y,
) -> Result<(), Box<dyn std::error::Error>>
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: ValueFormatter<f64>,
{
    let root = BitMapBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Mean loss of each epoch", (FONT, 26))
        .margin(16)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(epoch_range(points), losses)?;
    chart
        .configure_mesh()
        .x_desc("epoch")
        .y_desc("mean loss")
        .x_labels(10)
        .y_labels(8)
        .x_label_formatter(&|epoch| format!("{epoch}"))
        .y_label_formatter(&|loss| format_tick(*loss))
        .label_style((FONT, 17))
        .axis_desc_style((FONT, 19))
        .bold_line_style(BLACK.mix(0.15))
        .light_line_style(TRANSPARENT)
        .draw()?;
    let colour = RGBColor(0x1f, 0x77, 0xb4);
    chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
    if points.len() <= 40 {
        let dot = |&point: &(f64, f64)| Circle::new(point, 3, colour.filled());
        chart.draw_series(points.iter().map(dot))?;
    }
    root.present()?;
    Ok(())
}

/// From the first epoch to the last, and not empty if that is one.
fn epoch_range(points: &[(f64, f64)]) -> Range<f64> {
    let (first, last) = (points[0].0, points[points.len() - 1].0);
    if first < last { first..last } else { (first - 0.5)..(last + 0.5) }
}

/// A loss as short as a tick's label should be.
fn format_tick(loss: f64) -> String {
    if loss != 0.0 && !(1e-3..1e6).contains(&loss.abs()) {
        return format!("{loss:.1e}");
    }
    let text = format!("{loss:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
