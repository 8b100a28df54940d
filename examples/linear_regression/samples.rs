//! What the model is trained on: generated samples, or a table of the user's.

use chainrule::data::{DataError, make_regression, read_csv};
use ndarray::{Array1, Array2, ArrayRef1, ArrayView1};
use std::cmp::Ordering;
use std::error::Error;
use std::path::{Path, PathBuf};

/// Features and targets.
pub(crate) struct Samples {
    /// The features, a row per sample.
    pub(crate) x: Array2<f32>,
    /// The targets.
    pub(crate) y: Array1<f32>,
    /// The features' names.
    pub(crate) features: Vec<String>,
    /// Where they come from.
    pub(crate) source: Source,
}

/// Where samples come from.
pub(crate) enum Source {
    /// Generated, from these coefficients and this bias.
    Generated { coefficients: Array1<f32>, bias: f32 },
    /// Read from this file, whose last column has this name.
    File { path: PathBuf, target: String },
}

impl Samples {
    /// The data set of the example.
    pub(crate) fn generate(noise: f64) -> Result<Self, Box<dyn Error>> {
        let bias = 14.5;
        let data = make_regression()
            .n_samples(1000)
            .n_features(5)
            .bias(bias)
            .noise(noise)
            .coef(true)
            .random_state(0)
            .generate()?
            .cast::<f32>();
        Ok(Samples {
            features: (0..data.x.ncols()).map(|i| format!("x{i}")).collect(),
            x: data.x,
            y: data.y,
            source: Source::Generated {
                coefficients: data.coef.ok_or("the coefficients are missing")?,
                bias: bias as f32,
            },
        })
    }

    /// The table of a CSV file, its last column the target.
    pub(crate) fn read(path: &Path) -> Result<Self, DataError> {
        let data = read_csv(path)?.into_xy::<f32>()?;
        Ok(Samples {
            x: data.x,
            y: data.y,
            features: data.features,
            source: Source::File { path: path.to_owned(), target: data.target },
        })
    }

    /// Says that the first loss is not finite already, and what to do about it.
    pub(crate) fn too_large(&self) -> String {
        let (target, remedy) = match &self.source {
            Source::Generated { .. } => ("y", "give less --noise"),
            Source::File { target, .. } => {
                (target.as_str(), "scale the columns to a few units each")
            }
        };
        let features = self.largest_feature();
        let (size, name) =
            [features, (largest(&self.y), target)].into_iter().max_by(by_size).unwrap_or(features);
        format!(
            "{}the loss of the first batch is beyond the range of f32 (`{name}` reaches {size:?}): \
             {remedy}",
            self.place()
        )
    }

    /// Says that a training on these samples diverges, and what to do about it.
    pub(crate) fn diverges(&self, learning_rate: f64, batch_size: usize) -> String {
        // The Hessian of a batch's loss is at most 2 max(|x|² + 1), so steps do not overshoot below
        // this rate; half of it leaves room for rounding.
        let norm =
            |row: ArrayView1<'_, f32>| row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
        let norm = self.x.rows().into_iter().map(norm).fold(0.0, f64::max);
        let safe_rate = 0.5 * batch_size as f64 / (norm + 1.0);

        let (size, name) = self.largest_feature();
        let scale = match &self.source {
            Source::Generated { .. } => String::new(),
            Source::File { .. } => {
                format!("scale the columns to a few units each (`{name}` reaches {size:?}), or ")
            }
        };
        format!(
            "{}the loss diverges at --learning-rate {learning_rate:?}: {scale}give {safe_rate:.0e}",
            self.place()
        )
    }

    /// The size and the name of the feature with the largest number.
    fn largest_feature(&self) -> (f32, &str) {
        let columns = self.x.columns().into_iter().zip(&self.features);
        let columns = columns.map(|(column, name)| (largest(&column), name.as_str()));
        columns.max_by(by_size).unwrap_or((0.0, ""))
    }

    /// The file's name, as messages begin.
    fn place(&self) -> String {
        match &self.source {
            Source::Generated { .. } => String::new(),
            Source::File { path, .. } => format!("{}: ", path.display()),
        }
    }
}

fn largest(column: &ArrayRef1<f32>) -> f32 {
    column.iter().fold(0.0, |largest, x| x.abs().max(largest))
}

fn by_size(a: &(f32, &str), b: &(f32, &str)) -> Ordering {
    a.0.total_cmp(&b.0)
}
