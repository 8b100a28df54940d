//! Tables of numbers from CSV files.

use super::DataError;
use csv::{Position, ReaderBuilder, StringRecord, Trim};
use ndarray::{Array1, Array2, Axis, Slice};
use num_traits::Float;
use std::path::{Path, PathBuf};

/// Reads a table of numbers from a CSV file.
///
/// Cells are separated by commas; blanks around them and empty lines are skipped. If every cell of
/// the first row is a number, there is no header and the columns are named `x0`, `x1`, …;
/// otherwise the first row is the header.
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("houses.csv");
/// std::fs::write(&path, "area,age,price\n80,20,300\n120,5,510\n")?;
/// let table = chainrule::data::read_csv(&path)?;
/// assert_eq!(table.names(), ["area", "age", "price"]);
/// assert_eq!(table.values(), ndarray::array![[80.0, 20.0, 300.0], [120.0, 5.0, 510.0]]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// If the file cannot be read or is not UTF-8, has no row of numbers or a single column, or if a
/// row has another number of cells than the first or a cell that is not a finite number. The
/// error names file, line, column and value.
pub fn read_csv(path: impl AsRef<Path>) -> Result<Table, DataError> {
    let path = path.as_ref();
    let content = std::fs::read(path)
        .map_err(|source| DataError::Unreadable { path: path.to_owned(), source })?;
    // Row lengths are checked below, for a message in our own words.
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .from_reader(content.as_slice());

    let mut names: Option<Vec<String>> = None;
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    let mut row = StringRecord::new();
    loop {
        let line = line_of_row(&content, reader.position());
        match reader.read_record(&mut row) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => return Err(read_error(path, line, error)),
        }
        let names = match &mut names {
            Some(names) => names,
            none => {
                let is_header = row.iter().any(|cell| cell.parse::<f64>().is_err());
                let names = none.insert(names_of_columns(path, line, &row, is_header)?);
                if is_header {
                    continue;
                }
                names
            }
        };
        push_row(path, line, names, &row, &mut values)?;
        lines.push(line);
    }

    let empty = || DataError::EmptyTable { path: path.to_owned() };
    let names = names.filter(|_| !lines.is_empty()).ok_or_else(empty)?;
    let values = Array2::from_shape_vec((lines.len(), names.len()), values).map_err(|_| empty())?;
    Ok(Table { path: path.to_owned(), names, values, lines })
}

/// The line the row that starts at `position`, or after empty lines from there, stands in.
fn line_of_row(content: &[u8], position: &Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX).min(content.len());
    let empty_lines = content[start..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    position.line() + empty_lines.filter(|&&byte| byte == b'\n').count() as u64
}

fn names_of_columns(
    path: &Path,
    line: u64,
    first_row: &StringRecord,
    is_header: bool,
) -> Result<Vec<String>, DataError> {
    if first_row.len() == 1 {
        let (path, value) = (path.to_owned(), first_row[0].to_owned());
        return Err(DataError::SingleColumn { path, line, value });
    }
    if is_header {
        return Ok(first_row.iter().map(str::to_owned).collect());
    }
    Ok((0..first_row.len()).map(|i| format!("x{i}")).collect())
}

fn push_row(
    path: &Path,
    line: u64,
    names: &[String],
    row: &StringRecord,
    values: &mut Vec<f64>,
) -> Result<(), DataError> {
    if row.len() != names.len() {
        let (path, found, expected) = (path.to_owned(), row.len(), names.len());
        return Err(DataError::RaggedRow { path, line, found, expected });
    }
    for (i, (cell, name)) in row.iter().zip(names).enumerate() {
        let expected = match cell.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                values.push(value);
                continue;
            }
            Ok(_) => "a finite number",
            Err(_) => "a number",
        };
        // A cell may hold a line break; the message is one line.
        let (name, value) = (name.escape_debug().to_string(), cell.escape_debug().to_string());
        let path = path.to_owned();
        return Err(DataError::BadCell { path, line, column: i + 1, name, value, expected });
    }
    Ok(())
}

fn read_error(path: &Path, line: u64, error: csv::Error) -> DataError {
    let path = path.to_owned();
    match error.into_kind() {
        csv::ErrorKind::Utf8 { .. } => DataError::NotUtf8 { path, line },
        other => {
            let source = std::io::Error::other(format!("line {line}: {other:?}"));
            DataError::Unreadable { path, source }
        }
    }
}

/// A table of finite numbers with named columns, the last of them the target; see [`read_csv`].
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("plain.csv");
/// std::fs::write(&path, "1,2\n3,4\n")?;
/// assert_eq!(chainrule::data::read_csv(&path)?.names(), ["x0", "x1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    path: PathBuf,
    names: Vec<String>,
    values: Array2<f64>,
    /// The line each row stands in.
    lines: Vec<u64>,
}

impl Table {
    /// The columns' names, from the header or `x0`, `x1`, ….
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("named.csv");
    /// std::fs::write(&path, "a,b\n3,4\n")?;
    /// assert_eq!(chainrule::data::read_csv(&path)?.names(), ["a", "b"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The numbers, a row per line, the target's column last.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("named.csv");
    /// std::fs::write(&path, "a,b\n3,4\n")?;
    /// assert_eq!(chainrule::data::read_csv(&path)?.values(), ndarray::array![[3.0, 4.0]]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// Splits the table into features and, from the last column, the target.
    ///
    /// ```
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("houses.csv");
    /// std::fs::write(&path, "area,age,price\n80,20,300\n120,5,510\n")?;
    /// let data = chainrule::data::read_csv(&path)?.into_xy::<f32>()?;
    /// assert_eq!(data.x, ndarray::array![[80.0, 20.0], [120.0, 5.0]]);
    /// assert_eq!(data.y, ndarray::array![300.0, 510.0]);
    /// assert_eq!((data.features, data.target), (vec!["area".into(), "age".into()], "price".into()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If a number is too large for `F`.
    pub fn into_xy<F: Float>(mut self) -> Result<Dataset<F>, DataError> {
        let round = |value: f64| F::from(value).unwrap_or_else(F::nan);
        let is_lost = |&(_, &value): &((usize, usize), &f64)| !round(value).is_finite();
        if let Some(((row, column), value)) = self.values.indexed_iter().find(is_lost) {
            return Err(DataError::BadCell {
                line: self.lines[row],
                column: column + 1,
                name: self.names[column].clone(),
                value: format!("{value:e}"),
                expected: "within the range of the chosen float",
                path: self.path,
            });
        }
        let last = self.names.len() - 1;
        let x = self.values.slice_axis(Axis(1), Slice::from(..last)).mapv(round);
        let y = self.values.column(last).mapv(round);
        let target = self.names.remove(last);
        Ok(Dataset { x, y, features: self.names, target })
    }
}

/// Features and target of a table, with their names; see [`Table::into_xy`].
///
/// ```
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("plain.csv");
/// std::fs::write(&path, "1,2,3\n4,5,6\n")?;
/// let data = chainrule::data::read_csv(&path)?.into_xy::<f64>()?;
/// assert_eq!((data.x.dim(), data.y.len()), ((2, 2), 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset<F> {
    /// The features, a row per line.
    pub x: Array2<F>,
    /// The target.
    pub y: Array1<F>,
    /// The features' names.
    pub features: Vec<String>,
    /// The target's name.
    pub target: String,
}
