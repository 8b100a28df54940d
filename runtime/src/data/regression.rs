//! Random regression problems, scikit-learn's `make_regression`.

use super::DataError;
use super::low_rank::low_rank_matrix;
use super::stream::Stream;
use ndarray::{Array, Array2, Axis, Dimension, Ix1, Ix2};
use num_traits::Float;

/// A random regression problem, to be set up with scikit-learn's parameters and
/// [generated](MakeRegression::generate).
///
/// ```
/// use chainrule::data::make_regression;
///
/// let data = make_regression()
///     .n_samples(1000)
///     .n_features(5)
///     .bias(14.5)
///     .noise(1.0)
///     .coef(true)
///     .random_state(0)
///     .generate()?
///     .cast::<f32>();
/// assert_eq!((data.x.dim(), data.y.len()), ((1000, 5), 1000));
/// let coef = data.coef.expect("asked for above");
/// assert!((coef[0] - 41.2059).abs() < 1e-4);
/// # Ok::<(), chainrule::data::DataError>(())
/// ```
#[must_use]
pub fn make_regression() -> MakeRegression {
    MakeRegression::new()
}

/// The parameters of [`make_regression`], scikit-learn's with its defaults.
///
/// The model is *y = X c + bias + noise*, with *X* Gaussian or of low rank, and coefficients *c*
/// uniform from 0 to 100 for the informative features and 0 for the others. For a `random_state`
/// all numbers are those of `sklearn.datasets.make_regression`: *X* and *c* bit for bit (of a
/// low-rank *X* all but the last digits, which depend on LAPACK), *y* up to the order of
/// summation.
///
/// ```
/// use chainrule::data::MakeRegression;
///
/// let data = MakeRegression::new().n_samples(4).n_features(2).generate()?;
/// assert_eq!(data.x.dim(), (4, 2));
/// assert!(data.coef.is_none());
/// # Ok::<(), chainrule::data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MakeRegression {
    n_samples: usize,
    n_features: usize,
    n_informative: usize,
    n_targets: usize,
    bias: f64,
    effective_rank: Option<usize>,
    tail_strength: f64,
    noise: f64,
    shuffle: bool,
    coef: bool,
    random_state: Option<u32>,
}

impl Default for MakeRegression {
    fn default() -> Self {
        MakeRegression {
            n_samples: 100,
            n_features: 100,
            n_informative: 10,
            n_targets: 1,
            bias: 0.0,
            effective_rank: None,
            tail_strength: 0.5,
            noise: 0.0,
            shuffle: true,
            coef: false,
            random_state: None,
        }
    }
}

/// One setter, with a doctest that gives it and generates.
macro_rules! setters {
    ($($(#[doc = $doc:literal])* $name:ident($type:ty) = $example:literal => $stored:expr;)*) => {$(
        $(#[doc = $doc])*
        ///
        /// ```
        #[doc = concat!("let data = chainrule::data::make_regression().", $example, ";")]
        /// assert!(data.generate_targets().is_ok());
        /// ```
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $stored;
            self
        }
    )*};
}

impl MakeRegression {
    /// scikit-learn's defaults: 100 samples of 100 features, 10 of them informative, one target,
    /// no bias, no noise, full rank, shuffled, without the coefficients, from fresh randomness.
    ///
    /// ```
    /// use chainrule::data::{MakeRegression, make_regression};
    /// assert_eq!(MakeRegression::new(), make_regression());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    setters! {
        /// The number of rows; 100 by default, 1 or more.
        n_samples(usize) = "n_samples(20)" => n_samples;
        /// The number of columns of *X*; 100 by default, 1 or more.
        n_features(usize) = "n_features(3)" => n_features;
        /// How many features have a coefficient other than 0; 10 by default, all if there are
        /// fewer features.
        n_informative(usize) = "n_informative(2)" => n_informative;
        /// The number of targets; 1 by default, 1 or more.
        n_targets(usize) = "n_targets(2)" => n_targets;
        /// What is added to every target; 0 by default, finite.
        bias(f64) = "bias(14.5)" => bias;
        /// About how many singular vectors explain most of *X*; 1 or more, or `None` (the
        /// default) for independent Gaussian features.
        effective_rank(impl Into<Option<usize>>) = "effective_rank(4)" => effective_rank.into();
        /// The share of the long tail in the singular values of a low-rank *X*; 0.5 by default,
        /// 0 to 1. Without an effective rank it has no effect.
        tail_strength(f64) = "effective_rank(4).tail_strength(0.1)" => tail_strength;
        /// The standard deviation of the Gaussian noise on the targets; 0 by default, finite and
        /// not negative.
        noise(f64) = "noise(1.0)" => noise;
        /// Whether samples and features are shuffled; yes by default.
        shuffle(bool) = "shuffle(false)" => shuffle;
        /// Whether the result has the coefficients; no by default.
        coef(bool) = "coef(true)" => coef;
        /// The seed, numpy's and scikit-learn's, or `None` (the default) for fresh randomness.
        random_state(impl Into<Option<u32>>) = "random_state(0)" => random_state.into();
    }

    /// Generates the problem, its one target as a vector.
    ///
    /// ```
    /// use chainrule::data::make_regression;
    /// let data = make_regression().random_state(0).generate()?;
    /// assert_eq!(data.y.len(), 100);
    /// let message = make_regression().noise(-1.0).generate().unwrap_err().to_string();
    /// assert_eq!(message, "noise is -1: give a finite number that is 0 or more");
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// If a parameter is outside its range, or `n_targets` is not 1.
    pub fn generate(&self) -> Result<Regression, DataError> {
        if self.n_targets > 1 {
            return Err(DataError::SeveralTargets { n_targets: self.n_targets });
        }
        let Regression { x, y, coef } = self.generate_targets()?;
        let only_column = |a: Array2<f64>| a.index_axis_move(Axis(1), 0);
        Ok(Regression { x, y: only_column(y), coef: coef.map(only_column) })
    }

    /// Generates the problem, its targets as the columns of a matrix.
    ///
    /// ```
    /// use chainrule::data::make_regression;
    /// let data = make_regression().n_targets(3).coef(true).generate_targets()?;
    /// assert_eq!(data.y.dim(), (100, 3));
    /// assert_eq!(data.coef.map(|coef| coef.dim()), Some((100, 3)));
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    ///
    /// # Errors
    /// If a parameter is outside its range.
    pub fn generate_targets(&self) -> Result<Regression<f64, Ix2>, DataError> {
        self.check()?;
        let (rows, columns, targets) = (self.n_samples, self.n_features, self.n_targets);
        let mut stream = Stream::new(self.random_state);

        // The order of the draws is scikit-learn's and must stay: X row by row, coefficients,
        // noise, the permutation of the rows, that of the columns.
        let mut x = match self.effective_rank {
            None => Array2::from_shape_simple_fn((rows, columns), || stream.standard_normal()),
            Some(rank) => low_rank_matrix(rows, columns, rank, self.tail_strength, &mut stream),
        };
        let n_informative = self.n_informative.min(columns);
        let mut coef = Array2::zeros((columns, targets));
        for value in coef.iter_mut().take(n_informative * targets) {
            *value = 100.0 * stream.uniform();
        }
        // Not a matrix product of ndarray's, whose rounding depends on the running CPU.
        let mut y = Array2::from_shape_fn((rows, targets), |(i, t)| {
            let terms = x.row(i).into_iter().zip(coef.column(t)).map(|(x, c)| x * c);
            terms.sum::<f64>() + self.bias
        });
        if self.noise > 0.0 {
            y.mapv_inplace(|value| value + self.noise * stream.standard_normal());
        }
        if self.shuffle {
            let row_order = stream.permutation(rows);
            x = x.select(Axis(0), &row_order);
            y = y.select(Axis(0), &row_order);
            let column_order = stream.permutation(columns);
            x = x.select(Axis(1), &column_order);
            coef = coef.select(Axis(0), &column_order);
        }
        Ok(Regression { x, y, coef: self.coef.then_some(coef) })
    }

    fn check(&self) -> Result<(), DataError> {
        let counts = [
            ("n_samples", self.n_samples),
            ("n_features", self.n_features),
            ("n_targets", self.n_targets),
            ("effective_rank", self.effective_rank.unwrap_or(1)),
        ];
        for (setting, count) in counts {
            if count == 0 {
                return Err(DataError::out_of_range(setting, count, "1 or more"));
            }
        }
        if !self.bias.is_finite() {
            return Err(DataError::out_of_range("bias", self.bias, "a finite number"));
        }
        if !(self.noise.is_finite() && self.noise >= 0.0) {
            let accepted = "a finite number that is 0 or more";
            return Err(DataError::out_of_range("noise", self.noise, accepted));
        }
        if !(0.0..=1.0).contains(&self.tail_strength) {
            let accepted = "a number from 0 to 1";
            return Err(DataError::out_of_range("tail_strength", self.tail_strength, accepted));
        }
        // The low-rank factors are the largest arrays besides X, y and the coefficients.
        let side = self.n_samples.max(self.n_features);
        let square = self.effective_rank.map(|_| (side, self.n_samples.min(self.n_features)));
        let shapes = [
            (self.n_samples, self.n_features),
            (self.n_samples, self.n_targets),
            (self.n_features, self.n_targets),
        ];
        for (rows, columns) in shapes.into_iter().chain(square) {
            let count = rows.checked_mul(columns);
            // Reserving once shows whether the memory is there, where ndarray would abort.
            if count.is_none_or(|count| Vec::<f64>::new().try_reserve_exact(count).is_err()) {
                return Err(DataError::TooLarge { rows, columns });
            }
        }
        Ok(())
    }
}

/// A generated regression problem in floats `F`; `D` is the dimension of the targets, [`Ix1`](type@ndarray::Ix1) for
/// one and [`Ix2`](type@ndarray::Ix2) (a column each) for several.
///
/// ```
/// use chainrule::data::{Regression, make_regression};
///
/// let Regression { x, y, .. } = make_regression().n_samples(10).generate()?.cast::<f32>();
/// assert_eq!(x.nrows(), y.len());
/// # Ok::<(), chainrule::data::DataError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Regression<F = f64, D: Dimension = Ix1> {
    /// The features, `n_samples` × `n_features`.
    pub x: Array2<F>,
    /// The targets: `n_samples`, or `n_samples` × `n_targets`.
    pub y: Array<F, D>,
    /// The coefficients, if asked for: `n_features`, or `n_features` × `n_targets`.
    pub coef: Option<Array<F, D>>,
}

impl<D: Dimension> Regression<f64, D> {
    /// The same problem in another float, each number rounded once.
    ///
    /// ```
    /// use chainrule::data::make_regression;
    /// let data = make_regression().generate()?;
    /// assert_eq!(data.cast::<f32>().x[[0, 0]], data.x[[0, 0]] as f32);
    /// # Ok::<(), chainrule::data::DataError>(())
    /// ```
    #[must_use]
    pub fn cast<F: Float>(&self) -> Regression<F, D> {
        let round = |value: f64| F::from(value).unwrap_or_else(F::nan);
        Regression {
            x: self.x.mapv(round),
            y: self.y.mapv(round),
            coef: self.coef.as_ref().map(|coef| coef.mapv(round)),
        }
    }
}
