//! Training: an objective, its parameters, an optimiser and batches brought together.
//!
//! ```
//! use chainrule::data::{DataLoader, make_regression};
//! use chainrule::optim::Sgd;
//! use chainrule::train::{FnObjective, Trainer};
//! use ndarray::{Array1, Array2};
//!
//! // By hand here; `#[differentiate]` writes such an objective for you.
//! let objective = FnObjective::new(
//!     |x: &Array2<f64>, y: &Array1<f64>, w: &Array1<f64>, grad: &mut Array1<f64>| {
//!         let residual = x.dot(w) - y;
//!         *grad = x.t().dot(&residual) * (2.0 / y.len() as f64);
//!         residual.mapv(|r| r * r).sum() / y.len() as f64
//!     },
//! );
//! let data = make_regression().n_features(3).coef(true).random_state(0).generate()?;
//! let mut loader = DataLoader::new(data.x, data.y, 10)?.seed(0);
//! let mut trainer = Trainer::with(objective, Array1::zeros(3), Sgd::new(0.05)?).epochs(40);
//! let history = trainer.run(&mut loader)?;
//! assert!(history.final_loss() < Some(1e-6));
//! assert!((trainer.params() - &data.coef.unwrap()).iter().all(|e| e.abs() < 1e-3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod checkpoint;
mod early_stop;
mod error;
mod fn_objective;
mod history;
#[cfg(feature = "plot")]
mod plot;
mod progress;
mod trainer;

pub use batch::BatchSource;
pub use checkpoint::{Checkpoint, CheckpointError};
pub use early_stop::EarlyStop;
pub use error::TrainError;
pub use fn_objective::FnObjective;
pub use history::{EpochReport, History, StopReason};
#[cfg(feature = "plot")]
pub use plot::PlotError;
pub use progress::Progress;
pub use trainer::Trainer;
