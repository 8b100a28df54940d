//! Data: generated regressions, mini-batches, tables from files.
//!
//! ```
//! use chainrule::data::{DataLoader, make_regression};
//!
//! let data = make_regression().n_samples(100).n_features(3).random_state(0).generate()?;
//! let mut loader = DataLoader::new(data.x, data.y, 16)?.seed(1);
//! for (x, y) in loader.epoch() {
//!     assert_eq!(x.nrows(), y.len());
//! }
//! # Ok::<(), chainrule::data::DataError>(())
//! ```

mod error;
mod loader;
mod low_rank;
mod numpy_random;
mod regression;
mod stream;
#[cfg(feature = "csv")]
mod table;

pub use error::DataError;
pub use loader::{DataLoader, Epoch};
pub use numpy_random::NumpyRandom;
pub use regression::{MakeRegression, Regression, make_regression};
#[cfg(feature = "csv")]
pub use table::{Dataset, Table, read_csv};
