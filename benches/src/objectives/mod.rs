//! Objectives, each with its gradient by the macro and by hand: those of ADBench, whose source is
//! the example's, and a few of the kinds that users write.

mod by_hand;
mod by_macro;
pub(crate) mod data;
pub(crate) mod plain;

// Of hand tracking the bench of second derivatives measures the simple variant.
#[allow(dead_code)]
#[path = "../../../examples/adbench/objectives/mod.rs"]
pub(crate) mod adbench;
#[allow(dead_code)]
#[path = "../../../examples/adbench/read.rs"]
pub(crate) mod read;

use adbench::{ba, gmm::gmm, lstm::lstm};
use data::{Ba, Gmm, Logistic, Lstm, Random};
use std::cell::RefCell;
use std::fmt;

/// A function's value at its parameters.
pub type Value = Box<dyn Fn(&[f64]) -> f64>;

/// A function's value, and the parts of its derivative, which are overwritten.
pub type Gradient = Box<dyn Fn(&[f64], &mut [Vec<f64>]) -> f64>;

/// An objective and two ways to its derivative.
pub struct Objective {
    /// Its name, as tables show it.
    pub name: &'static str,
    /// The most that value and derivative may take, by the value alone.
    pub bar: f64,
    /// Its parameters, where it is evaluated.
    pub start: Vec<f64>,
    /// How many numbers the parts of its derivative have.
    pub derivative: Vec<usize>,
    /// The objective itself.
    pub plain: Value,
    /// By `#[differentiate]`.
    pub by_macro: Gradient,
    /// By hand.
    pub by_hand: Gradient,
}

impl Objective {
    /// Room for its derivative, not a number yet.
    #[must_use]
    pub fn blank(&self) -> Vec<Vec<f64>> {
        self.derivative.iter().map(|&len| vec![f64::NAN; len]).collect()
    }
}

impl fmt::Debug for Objective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objective").field("name", &self.name).finish_non_exhaustive()
    }
}

pub(crate) const LORENZ_STEPS: usize = 1000;
pub(crate) const LORENZ_STEP: f64 = 1e-3;

/// Iterations of each of two nested loops.
const NESTED: usize = 1000;

/// The objectives at the sizes that are measured.
///
/// # Errors
/// If a data file is there, but malformed.
pub fn measured() -> Result<Vec<Objective>, String> {
    let variables = Random(1).numbers(1000);
    Ok(vec![
        gmm_of("GMM 1k d10 K25", 1.7, Gmm::load(10)?, by_hand::gmm),
        gmm_of("GMM 1k d20 K25", 1.8, Gmm::load(20)?, by_hand::gmm),
        gmm_of("GMM 1k d64 K25", 2.5, Gmm::load(64)?, by_hand::gmm),
        ba_of("BA ba1", 5.0, Ba::load()?),
        lstm_of("LSTM l2 c1024", 1.5, Lstm::load()?),
        rosenbrock_of("Rosenbrock n = 1000", 1.9, variables, |(), at, gradient| {
            by_hand::rosenbrock(at, gradient)
        }),
        lorenz(),
        logistic_of("logistic regression 1000×20", 1.1, (1000, 20), by_hand::logistic),
        nested_sum("nested loop, a sum, 10⁶", |(), at, gradient| {
            by_hand::nested_sum(at, gradient)
        }),
        nested_recurrence(),
    ])
}

/// Some of [`measured`], where the gradient by hand is not the adjoint of the function as it stands,
/// but has its loops reordered for speed.
///
/// # Errors
/// If a data file is there, but malformed.
pub fn reordered() -> Result<Vec<Objective>, String> {
    let variables = Random(1).numbers(1000);
    Ok(vec![
        gmm_of("GMM 1k d10 K25", 1.7, Gmm::load(10)?, by_hand::gmm_by_sums),
        gmm_of("GMM 1k d20 K25", 1.8, Gmm::load(20)?, by_hand::gmm_by_sums),
        gmm_of("GMM 1k d64 K25", 2.5, Gmm::load(64)?, by_hand::gmm_by_sums),
        rosenbrock_of("Rosenbrock n = 1000", 1.9, variables, |(), at, gradient| {
            by_hand::rosenbrock_in_blocks(at, gradient)
        }),
        logistic_of("logistic regression 1000×20", 1.1, (1000, 20), by_hand::logistic_in_blocks),
        nested_sum("nested loop, a sum, 10⁶", |(), at, gradient| {
            by_hand::nested_sum_in_lanes(at, gradient)
        }),
    ])
}

/// The objectives at sizes small enough for differences in every parameter, with all their gradients
/// by hand.
#[must_use]
pub fn small() -> Vec<Objective> {
    let d7 = || Gmm { gamma: 0.7, m: 2, ..Gmm::made(7, 3, 11) };
    vec![
        gmm_of("GMM d1", 0.0, Gmm { m: 3, ..Gmm::made(1, 2, 5) }, by_hand::gmm),
        gmm_of("GMM d7", 0.0, d7(), by_hand::gmm),
        gmm_of("GMM d7, by sums", 0.0, d7(), by_hand::gmm_by_sums),
        gmm_of("GMM d10", 0.0, Gmm { gamma: 1.3, ..Gmm::made(10, 1, 4) }, by_hand::gmm),
        ba_row_of("BA, u", 0, [0.4, -0.3, 0.9]),
        ba_row_of("BA, v", 1, [0.4, -0.3, 0.9]),
        ba_row_of("BA unturned, u", 0, [0.0; 3]),
        ba_row_of("BA unturned, v", 1, [0.0; 3]),
        lstm_of("LSTM l1", 0.0, Lstm::made(1, 7, 3)),
        lstm_of("LSTM l3", 0.0, Lstm::made(3, 5, 4)),
        rosenbrock_of("Rosenbrock n = 2", 0.0, vec![-1.2, 1.0], |(), at, gradient| {
            by_hand::rosenbrock(at, gradient)
        }),
        rosenbrock_of("Rosenbrock n = 12, in blocks", 0.0, Random(7).numbers(12), |(), at, g| {
            by_hand::rosenbrock_in_blocks(at, g)
        }),
        lorenz(),
        logistic_of("logistic regression 12×3", 0.0, (12, 3), by_hand::logistic),
        logistic_of(
            "logistic regression 11×3, in blocks",
            0.0,
            (11, 3),
            by_hand::logistic_in_blocks,
        ),
        nested_sum("nested loop, a sum", |(), at, gradient| by_hand::nested_sum(at, gradient)),
        nested_sum("nested loop, a sum, in lanes", |(), at, gradient| {
            by_hand::nested_sum_in_lanes(at, gradient)
        }),
        nested_recurrence(),
    ]
}

type GradientOf<D> = fn(&D, &[f64], &mut [Vec<f64>]) -> f64;

fn gmm_of(name: &'static str, bar: f64, data: Gmm, by_hand: GradientOf<Gmm>) -> Objective {
    let start = data.start();
    let parts = vec![data.alphas.len(), data.means.len(), data.icf.len()];
    objective(
        (name, bar, start, parts),
        data,
        |data, at| {
            let (alphas, means, icf) = data.parameters(at);
            gmm(alphas, means, icf, &data.x, data.d, data.gamma, data.m)
        },
        by_macro::gmm,
        by_hand,
    )
}

fn lstm_of(name: &'static str, bar: f64, data: Lstm) -> Objective {
    let start = data.start();
    let parts = vec![data.main.len(), data.extra.len()];
    objective(
        (name, bar, start, parts),
        data,
        |data, at| {
            let (main, extra) = at.split_at(data.main.len());
            lstm(main, extra, &data.state, &data.sequence, data.l, data.b, data.c)
        },
        by_macro::lstm,
        by_hand::lstm,
    )
}

fn rosenbrock_of(
    name: &'static str,
    bar: f64,
    start: Vec<f64>,
    by_hand: GradientOf<()>,
) -> Objective {
    let parts = vec![start.len()];
    objective(
        (name, bar, start, parts),
        (),
        |(), at| plain::rosenbrock(at),
        |(), at, gradient| by_macro::rosenbrock(at, gradient),
        by_hand,
    )
}

fn lorenz() -> Objective {
    objective(
        ("RK4 Lorenz 1000 steps", 2.0, vec![10.0, 28.0, 8.0 / 3.0], vec![3]),
        (),
        |(), at| plain::lorenz(at[0], at[1], at[2], LORENZ_STEPS, LORENZ_STEP),
        |(), at, gradient| by_macro::lorenz(at, gradient),
        |(), at, gradient| by_hand::lorenz(at, gradient),
    )
}

fn logistic_of(
    name: &'static str,
    bar: f64,
    (rows, columns): (usize, usize),
    by_hand: GradientOf<Logistic>,
) -> Objective {
    objective(
        (name, bar, Random(2).numbers(columns), vec![columns]),
        Logistic::made(rows, columns),
        |data, at| plain::logistic(&data.x, &data.y, at),
        by_macro::logistic,
        by_hand,
    )
}

fn nested_sum(name: &'static str, by_hand: GradientOf<()>) -> Objective {
    objective(
        (name, 2.0, vec![0.75, 0.5], vec![2]),
        (),
        |(), at| plain::nested_sum(at[0], at[1], NESTED),
        |(), at, gradient| by_macro::nested_sum(at, gradient),
        by_hand,
    )
}

fn nested_recurrence() -> Objective {
    objective(
        ("nested loop, a recurrence, 10⁶", 2.0, vec![0.999, 0.5], vec![2]),
        (),
        |(), at| plain::nested_recurrence(at[0], at[1], NESTED),
        |(), at, gradient| by_macro::nested_recurrence(at, gradient),
        |(), at, gradient| by_hand::nested_recurrence(at, gradient),
    )
}

/// Puts an objective of some data together.
fn objective<D: 'static>(
    (name, bar, start, derivative): (&'static str, f64, Vec<f64>, Vec<usize>),
    data: D,
    plain: fn(&D, &[f64]) -> f64,
    by_macro: GradientOf<D>,
    by_hand: GradientOf<D>,
) -> Objective {
    let data = std::rc::Rc::new(data);
    let (for_macro, for_hand) = (data.clone(), data.clone());
    Objective {
        name,
        bar,
        derivative,
        start,
        plain: Box::new(move |at| plain(&data, at)),
        by_macro: Box::new(move |at, gradient| by_macro(&for_macro, at, gradient)),
        by_hand: Box::new(move |at, gradient| by_hand(&for_hand, at, gradient)),
    }
}

/// Bundle adjustment: the value is the last error, the derivative all entries of the Jacobian. Its
/// parameters stay where they are.
fn ba_of(name: &'static str, bar: f64, data: Ba) -> Objective {
    let p = data.weights.len();
    let evaluation = |derivative: fn(&Ba, &mut [f64], &mut [Vec<f64>])| {
        move |(data, errors): &(Ba, RefCell<Vec<f64>>), jacobian: &mut [Vec<f64>]| {
            let errors = &mut *errors.borrow_mut();
            derivative(data, errors, jacobian);
            errors[errors.len() - 1]
        }
    };
    let (by_macro, by_hand) = (evaluation(by_macro::ba), evaluation(by_hand::ba));
    let data = std::rc::Rc::new((data, RefCell::new(vec![0.0; 3 * p])));
    let (for_macro, for_hand) = (data.clone(), data.clone());
    Objective {
        name,
        bar,
        start: Vec::new(),
        derivative: vec![31 * p],
        plain: Box::new(move |_| {
            let (data, errors) = &*data;
            let errors = &mut *errors.borrow_mut();
            plain_ba(data, errors);
            errors[errors.len() - 1]
        }),
        by_macro: Box::new(move |_, jacobian| by_macro(&for_macro, jacobian)),
        by_hand: Box::new(move |_, jacobian| by_hand(&for_hand, jacobian)),
    }
}

/// One of the two errors of a single observation, and its row of the Jacobian. The parameters are
/// camera, point and weight.
fn ba_row_of(name: &'static str, axis: usize, rotation: [f64; 3]) -> Objective {
    let mut start = rotation.to_vec();
    start.extend([0.5, 0.25, -6.0, 12.0, 1.5, -0.75, 0.1, 0.02, 0.8, -1.2, 1.4, 0.6]);
    let row = |axis,
               at: &[f64],
               gradient: &mut [Vec<f64>],
               evaluate: fn(&Ba, &mut [f64], &mut [Vec<f64>])| {
        let (mut errors, mut jacobian) = ([0.0; 3], [vec![0.0; 31]]);
        evaluate(&Ba::one(at), &mut errors, &mut jacobian);
        gradient[0].copy_from_slice(&jacobian[0][15 * axis..15 * (axis + 1)]);
        errors[axis]
    };
    Objective {
        name,
        bar: 0.0,
        derivative: vec![start.len()],
        start,
        plain: Box::new(move |at| {
            let mut errors = [0.0; 3];
            plain_ba(&Ba::one(at), &mut errors);
            errors[axis]
        }),
        by_macro: Box::new(move |at, gradient| row(axis, at, gradient, by_macro::ba)),
        by_hand: Box::new(move |at, gradient| row(axis, at, gradient, by_hand::ba)),
    }
}

/// The errors of bundle adjustment and all entries of their Jacobian: of each observation by
/// `reprojection_into`, which returns its errors and fills its rows, and of each weight by
/// `weight_error`, which returns both.
#[inline]
fn fill_ba(
    data: &Ba,
    errors: &mut [f64],
    jacobian: &mut [Vec<f64>],
    reprojection_into: impl Fn(&[f64; 11], &[f64; 3], f64, &[f64; 2], &mut [[f64; 15]; 2]) -> [f64; 2],
    weight_error: impl Fn(f64) -> (f64, f64),
) {
    let p = data.weights.len();
    let (reprojection_errors, weight_errors) = blocks::<2>(errors, p);
    let (rows, by_weight) = blocks::<15>(&mut jacobian[0], 2 * p);
    let rows = rows.as_chunks_mut::<2>().0;
    for (i, (errors, rows)) in reprojection_errors.iter_mut().zip(rows).enumerate() {
        let (camera, point) = data.seen(i);
        *errors = reprojection_into(camera, point, data.weights[i], &data.features[i], rows);
    }
    for ((error, slot), &w) in weight_errors.iter_mut().zip(by_weight).zip(&data.weights) {
        (*error, *slot) = weight_error(w);
    }
}

fn plain_ba(data: &Ba, errors: &mut [f64]) {
    let (reprojection_errors, weight_errors) = blocks::<2>(errors, data.weights.len());
    for (i, errors) in reprojection_errors.iter_mut().enumerate() {
        let (camera, point) = data.seen(i);
        *errors = ba::reprojection(camera, point, data.weights[i], &data.features[i]);
    }
    for (error, &w) in weight_errors.iter_mut().zip(&data.weights) {
        *error = ba::weight_error(w);
    }
}

/// The parts of a derivative.
fn parts<const N: usize>(derivative: &mut [Vec<f64>]) -> &mut [Vec<f64>; N] {
    derivative.try_into().expect("as many parts as the objective has")
}

/// The first `count` blocks, and what comes after them.
fn blocks<const N: usize>(numbers: &mut [f64], count: usize) -> (&mut [[f64; N]], &mut [f64]) {
    let (blocks, rest) = numbers.split_at_mut(N * count);
    (blocks.as_chunks_mut().0, rest)
}
