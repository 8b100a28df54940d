//! Hessians by the macro and by hand.

mod by_hand;
mod ratios;
mod sparse;

pub use ratios::{Ratio, ratios};

use crate::objectives::plain::{logistic, rosenbrock};
use std::fmt;

/// A gradient at the parameters.
pub type Gradient = Box<dyn Fn(&[f64]) -> Vec<f64>>;

/// A Hessian at the parameters.
pub type Hessian = Box<dyn Fn(&[f64]) -> Vec<Vec<f64>>>;

/// A function and two ways to its Hessian.
pub struct Second {
    /// Its name, as tables show it.
    pub name: &'static str,
    /// The most that the macro's Hessian may take, by that by hand.
    pub bar: f64,
    /// Where it is evaluated.
    pub at: Vec<f64>,
    /// The gradient, by `#[differentiate]`.
    pub gradient: Gradient,
    /// By `#[differentiate]`.
    pub by_macro: Hessian,
    /// By hand.
    pub by_hand: Hessian,
}

impl fmt::Debug for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Second").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Numbers between -1 and 1.
fn numbers(n: usize, phase: f64) -> Vec<f64> {
    (0..n).map(|k| (phase + k as f64 * 1.7).sin()).collect()
}

/// The functions at the sizes that are measured.
#[must_use]
pub fn measured() -> Vec<Second> {
    let (rows, columns) = (1000, 20);
    let x = numbers(rows * columns, 0.3);
    let y: Vec<f64> = numbers(rows, 0.7).into_iter().map(f64::signum).collect();
    let (x_2, y_2, x_3, y_3) = (x.clone(), y.clone(), x.clone(), y.clone());
    vec![
        Second {
            name: "Rosenbrock n = 100",
            bar: 1.2,
            at: numbers(100, 0.1),
            gradient: Box::new(rosenbrock::grad),
            by_macro: Box::new(rosenbrock::hessian),
            by_hand: Box::new(by_hand::rosenbrock),
        },
        Second {
            name: "logistic regression 1000×20",
            bar: f64::INFINITY,
            at: numbers(columns, 0.9),
            gradient: Box::new(move |w| logistic::grad(&x, &y, w)),
            by_macro: Box::new(move |w| logistic::hessian(&x_2, &y_2, w)),
            by_hand: Box::new(move |w| by_hand::logistic(&x_3, &y_3, w)),
        },
    ]
}
