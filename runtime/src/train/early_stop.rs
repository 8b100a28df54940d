//! When to stop before the last epoch.

/// Ends a training whose mean loss is low enough, or no longer falls.
///
/// ```
/// use chainrule::train::EarlyStop;
///
/// let _stalled = EarlyStop::after_stall(5).min_improvement(1e-4);
/// let _low_enough = EarlyStop::at_loss(1.01);
/// let _either = EarlyStop::at_loss(1.01).or_after_stall(5);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EarlyStop {
    target: Option<f64>,
    patience: Option<usize>,
    min_improvement: f64,
    best: f64,
    stalled: usize,
}

impl EarlyStop {
    /// Stops after `epochs` epochs in a row without an improvement.
    ///
    /// ```
    /// let _stop = chainrule::train::EarlyStop::after_stall(10);
    /// ```
    #[must_use]
    pub fn after_stall(epochs: usize) -> Self {
        EarlyStop { patience: Some(epochs), ..Self::never() }
    }

    /// Stops once the mean loss is `loss` or less.
    ///
    /// ```
    /// let _stop = chainrule::train::EarlyStop::at_loss(0.5);
    /// ```
    #[must_use]
    pub fn at_loss(loss: f64) -> Self {
        EarlyStop { target: Some(loss), ..Self::never() }
    }

    /// Stops after `epochs` epochs in a row without an improvement, too.
    ///
    /// ```
    /// let _stop = chainrule::train::EarlyStop::at_loss(0.5).or_after_stall(10);
    /// ```
    #[must_use]
    pub fn or_after_stall(self, epochs: usize) -> Self {
        EarlyStop { patience: Some(epochs), ..self }
    }

    /// Sets by how much the mean loss must fall below the best so far to be an improvement; 0 by
    /// default.
    ///
    /// ```
    /// let _stop = chainrule::train::EarlyStop::after_stall(10).min_improvement(1e-3);
    /// ```
    #[must_use]
    pub fn min_improvement(self, min_improvement: f64) -> Self {
        EarlyStop { min_improvement, ..self }
    }

    fn never() -> Self {
        EarlyStop {
            target: None,
            patience: None,
            min_improvement: 0.0,
            best: f64::INFINITY,
            stalled: 0,
        }
    }

    /// Forgets all and takes in the losses of the epochs so far.
    pub(super) fn replay(&mut self, losses: &[f64]) {
        (self.best, self.stalled) = (f64::INFINITY, 0);
        for &loss in losses {
            self.observe(loss);
        }
    }

    /// Takes in an epoch's mean loss; whether to stop.
    pub(super) fn observe(&mut self, loss: f64) -> bool {
        if loss < self.best - self.min_improvement {
            (self.best, self.stalled) = (loss, 0);
        } else {
            self.stalled += 1;
        }
        self.target.is_some_and(|target| loss <= target)
            || self.patience.is_some_and(|patience| self.stalled >= patience.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops_at(mut stop: EarlyStop, losses: &[f64]) -> Option<usize> {
        losses.iter().position(|&loss| stop.observe(loss))
    }

    #[test]
    fn a_stall_is_counted_from_the_last_improvement() {
        assert_eq!(stops_at(EarlyStop::after_stall(2), &[3.0, 3.0, 2.0, 2.0, 2.5]), Some(4));
        assert_eq!(stops_at(EarlyStop::after_stall(2), &[3.0, 2.0, 1.0]), None);
        let stop = EarlyStop::after_stall(2).min_improvement(0.5);
        assert_eq!(stops_at(stop, &[3.0, 2.75, 2.6]), Some(2));
        assert_eq!(stops_at(EarlyStop::after_stall(0), &[3.0, 2.0, 2.0]), Some(2));
    }

    #[test]
    fn a_loss_that_is_no_number_is_no_improvement() {
        assert_eq!(stops_at(EarlyStop::after_stall(2), &[f64::NAN, f64::NAN]), Some(1));
    }

    #[test]
    fn a_target_stops_at_once() {
        assert_eq!(stops_at(EarlyStop::at_loss(1.0), &[3.0, 1.0]), Some(1));
        assert_eq!(stops_at(EarlyStop::at_loss(1.0).or_after_stall(1), &[3.0, 3.0]), Some(1));
    }

    #[test]
    fn replaying_is_observing() {
        let mut stop = EarlyStop::after_stall(2);
        stop.observe(1.0);
        stop.replay(&[5.0, 5.0]);
        assert!(stop.observe(5.0));
    }
}
