//! What can be wrong with data and the settings of its makers.

use std::path::PathBuf;

/// Data, or a setting of what makes or serves it, that cannot be used.
///
/// Its `Display` is one line that names the value at fault, for a file with line and column.
///
/// ```
/// let error = chainrule::data::make_regression().n_samples(0).generate().unwrap_err();
/// assert_eq!(error.to_string(), "n_samples is 0: give 1 or more");
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A setting outside its range.
    #[error("{setting} is {value}: give {accepted}")]
    OutOfRange {
        /// The setting's name.
        setting: &'static str,
        /// The value at fault.
        value: String,
        /// What is accepted instead.
        accepted: &'static str,
    },
    /// More numbers than memory can address.
    #[error("{rows} x {columns} numbers are more than memory can address: ask for fewer")]
    TooLarge {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
    },
    /// One target was asked for as a vector, but the settings make several.
    #[error("n_targets is {n_targets}, but `generate` gives one: call `generate_targets`")]
    SeveralTargets {
        /// How many targets the settings make.
        n_targets: usize,
    },
    /// A batch of no rows.
    #[error("the batch size is 0: give 1 or more")]
    ZeroBatchSize,
    /// Features without rows.
    #[error("the data have no rows: give at least one")]
    NoRows,
    /// Features and targets of different numbers of rows.
    #[error("the features have {x_rows} rows but the target has {y_rows}: give as many of both")]
    RowMismatch {
        /// Rows of the features.
        x_rows: usize,
        /// Rows of the target.
        y_rows: usize,
    },
    /// A file that could not be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file without a row of numbers.
    #[error("{}: holds no rows of numbers: give a header (optional) and at least one row", path.display())]
    EmptyTable {
        /// The file.
        path: PathBuf,
    },
    /// A table without a feature.
    #[error(
        "{}, line {line}: has the single column `{value}`: give at least one feature and, last, \
         the target, separated by commas",
        path.display()
    )]
    SingleColumn {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What stands there.
        value: String,
    },
    /// A row with fewer or more cells than the first.
    #[error("{}, line {line}: has {found} cells but the first row has {expected}: give every row as many", path.display())]
    RaggedRow {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// Cells of this row.
        found: usize,
        /// Cells of the first row.
        expected: usize,
    },
    /// A cell that is not a finite number.
    #[error("{}, line {line}, column {column} ({name}): `{value}` is not {expected}: correct or remove it", path.display())]
    BadCell {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
        /// The column's name.
        name: String,
        /// The cell's text.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A line that is not UTF-8.
    #[error("{}, line {line}: is not UTF-8 text: save the file as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
    },
}

impl DataError {
    /// A setting outside its range.
    pub(super) fn out_of_range(
        setting: &'static str,
        value: impl ToString,
        accepted: &'static str,
    ) -> Self {
        DataError::OutOfRange { setting, value: value.to_string(), accepted }
    }
}
