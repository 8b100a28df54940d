//! The table at the end.

use crate::samples::{Samples, Source};
use ndarray::Array1;
use std::io::{self, ErrorKind, Write};

/// Prints the learned coefficients and bias, beside the true ones where these are known.
pub(crate) fn print(samples: &Samples, weights: &Array1<f32>, bias: f32) -> Result<(), String> {
    let table = table(samples, weights, bias);
    match io::stdout().write_all(format!("\n{table}").as_bytes()) {
        // Whoever closed the output (`| head`) has seen enough.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("the result cannot be written: {error}"))
        }
        _ => Ok(()),
    }
}

fn table(samples: &Samples, weights: &Array1<f32>, bias: f32) -> String {
    let learned = weights.iter().chain([&bias]).map(|&value| number(value));
    let (corner, columns): (String, Vec<(&str, Vec<String>)>) = match &samples.source {
        Source::Generated { coefficients, bias } => {
            let truth = coefficients.iter().chain([bias]).map(|&value| number(value));
            let columns = vec![("true", truth.collect()), ("learned", learned.collect())];
            ("coefficient".to_owned(), columns)
        }
        Source::File { target, .. } => {
            let corner = format!("coefficient for {}", plain(target));
            (corner, vec![("learned", learned.collect())])
        }
    };
    let names = samples.features.iter().map(|name| plain(name));
    let names: Vec<String> = names.chain(["bias".to_owned()]).collect();

    let name_width = width(names.iter().chain([&corner]));
    let mut text = format!("{corner:<name_width$}");
    let widths: Vec<usize> =
        columns.iter().map(|(title, cells)| width(cells).max(title.len())).collect();
    for ((title, _), width) in columns.iter().zip(&widths) {
        text += &format!("  {title:>width$}");
    }
    for (row, name) in names.iter().enumerate() {
        text += &format!("\n{name:<name_width$}");
        for ((_, cells), width) in columns.iter().zip(&widths) {
            text += &format!("  {:>width$}", cells[row]);
        }
    }
    text + "\n"
}

/// A coefficient with the digits that `f32` has to offer.
fn number(value: f32) -> String {
    match value.abs() {
        size if size != 0.0 && !(1e-3..1e6).contains(&size) => format!("{value:.4e}"),
        _ => format!("{value:.4}"),
    }
}

/// A column's name without what would break the table.
fn plain(name: &str) -> String {
    name.replace(char::is_control, " ")
}

fn width<'a>(texts: impl IntoIterator<Item = &'a String>) -> usize {
    texts.into_iter().map(|text| text.chars().count()).max().unwrap_or(0)
}
