//! What can be wrong with an optimiser's settings.

/// A setting an optimiser cannot work with, or a saved state that is not its own.
///
/// ```
/// let error = chainrule::optim::Sgd::<f64>::new(-0.1).unwrap_err();
/// assert_eq!(error.to_string(), "learning rate -0.1: give a finite number that is 0 or more");
/// ```
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OptimError {
    /// A number outside the range of its setting.
    #[error("{setting} {value}: give {accepted}")]
    OutOfRange {
        /// The setting's name.
        setting: &'static str,
        /// The value at fault.
        value: f64,
        /// What is accepted instead.
        accepted: &'static str,
    },
    /// Nesterov's look-ahead was asked for without a momentum.
    #[error("Nesterov's look-ahead needs a momentum: set `momentum` to more than 0 first")]
    NesterovWithoutMomentum,
    /// A saved state of another optimiser.
    #[error("the saved state is of `{found}`, not of `{expected}`: resume with that optimiser")]
    OtherOptimizer {
        /// The optimiser that was asked to restore the state.
        expected: &'static str,
        /// The optimiser that saved it.
        found: String,
    },
    /// A saved state with another number of buffers, or buffers of different lengths.
    #[error(
        "the saved state of `{optimizer}` has buffers of {found:?} numbers, which is not its layout"
    )]
    StateLayout {
        /// The optimiser.
        optimizer: String,
        /// The lengths of the buffers found.
        found: Vec<usize>,
    },
}

/// `value`, if it is finite and not negative.
pub(super) fn non_negative(setting: &'static str, value: f64) -> Result<f64, OptimError> {
    if value.is_finite() && value >= 0.0 {
        return Ok(value);
    }
    let accepted = "a finite number that is 0 or more";
    Err(OptimError::OutOfRange { setting, value, accepted })
}

/// `value`, if it is at least 0 and less than 1.
pub(super) fn below_one(setting: &'static str, value: f64) -> Result<f64, OptimError> {
    if (0.0..1.0).contains(&value) {
        return Ok(value);
    }
    let accepted = "a number from 0 up to, but not including, 1";
    Err(OptimError::OutOfRange { setting, value, accepted })
}
