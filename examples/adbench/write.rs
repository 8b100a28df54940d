//! Writes results in ADBench's layout.
//!
//! `<name>_F.txt` holds the objective, `<name>_J.txt` its derivative, where `<name>` is that of the
//! data file. Numbers are in scientific notation with 17 digits after the point, which says every
//! bit.
//!
//! - GMM, LSTM: the value; the gradient, an entry a line, in the order of the parameters.
//! - BA: a line `Reprojection error:`, the 2p errors a line each, a line `Zach weight error:`, the p
//!   errors. The Jacobian in compressed sparse rows: a line with the number of rows and of columns;
//!   the length of the row starts, and these on a line; the number of entries, and on a line their
//!   columns; on the last line their values.
//! - Hand: the errors, a line each; the Jacobian's rows, a line each, with tabs between its numbers.

use crate::jacobian::{Errors, Jacobian};
use std::fmt::{Display, Write};
use std::fs;
use std::path::Path;

/// Writes a value and its gradient.
pub(crate) fn gradient(
    folder: &Path,
    file: &Path,
    value: f64,
    gradient: &[f64],
) -> Result<(), String> {
    write(folder, file, scientific(value) + "\n", column(gradient))
}

/// Writes errors and their Jacobian.
pub(crate) fn jacobian(
    folder: &Path,
    file: &Path,
    errors: &Errors,
    jacobian: &Jacobian,
) -> Result<(), String> {
    let objective = format!(
        "Reprojection error:\n{}Zach weight error:\n{}",
        column(errors.reprojection.as_flattened()),
        column(&errors.weight)
    );
    let Jacobian { columns, row_starts, column_of, values } = jacobian;
    let derivative = format!(
        "{} {columns}\n{}\n{}\n{}\n{}\n{}\n",
        row_starts.len() - 1,
        row_starts.len(),
        line(row_starts),
        column_of.len(),
        line(column_of),
        line(values.iter().map(|&value| scientific(value)))
    );
    write(folder, file, objective, derivative)
}

/// Writes errors and the rows of their Jacobian.
pub(crate) fn rows(
    folder: &Path,
    file: &Path,
    errors: &[[f64; 3]],
    rows: &[Vec<f64>],
) -> Result<(), String> {
    let row = |row: &Vec<f64>| {
        let numbers: Vec<String> = row.iter().map(|number| scientific(*number)).collect();
        numbers.join("\t") + "\n"
    };
    write(folder, file, column(errors.as_flattened()), rows.iter().map(row).collect())
}

fn write(folder: &Path, file: &Path, objective: String, derivative: String) -> Result<(), String> {
    let cannot = |path: &Path, error| format!("{}: cannot be written: {error}", path.display());
    fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy();
    for (suffix, text) in [("F", objective), ("J", derivative)] {
        let path = folder.join(format!("{name}_{suffix}.txt"));
        fs::write(&path, text).map_err(|error| cannot(&path, error))?;
    }
    Ok(())
}

/// A number a line.
fn column(numbers: &[f64]) -> String {
    numbers.iter().map(|&number| scientific(number) + "\n").collect()
}

/// All on one line.
fn line(items: impl IntoIterator<Item: Display>) -> String {
    let mut text = String::new();
    for item in items {
        let space = if text.is_empty() { "" } else { " " };
        // Writing to a string does not fail.
        let _ = write!(text, "{space}{item}");
    }
    text
}

/// A number as C's `%.17e` writes it.
fn scientific(number: f64) -> String {
    let text = format!("{number:.17e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(exponent) => ('-', exponent),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}")
        }
        // Infinite, or not a number.
        None => text,
    }
}
