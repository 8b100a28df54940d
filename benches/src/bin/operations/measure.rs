//! What measures an operation, and the arrays it takes.

use ndarray::{Array, Array1, Array2, Array3, Array4, Dimension};
use std::hint::black_box;
use std::time::Instant;

/// The shape of the matrices that an operation takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Rows.
    pub(crate) rows: usize,
    /// Columns.
    pub(crate) columns: usize,
}

/// An operation, as a function with a derivative.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Operation {
    /// What it is called.
    pub(crate) name: &'static str,
    /// Measures it.
    pub(crate) measure: fn(Shape, usize) -> Measured,
    /// The largest difference of the value that comes with the gradient from ndarray's.
    pub(crate) difference: fn(Shape) -> f64,
}

/// How long it takes; medians.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Nanoseconds of ndarray's call, which makes a new array.
    pub(crate) plain: f64,
    /// Value and gradient of the result's product with weights, into arrays that are there, by
    /// ndarray's call in the same round.
    pub(crate) ratio: f64,
}

/// A batch takes about so many nanoseconds.
const BATCH: f64 = 100_000.0;

/// Both take turns.
pub(crate) fn measure<R>(
    rounds: usize,
    mut plain: impl FnMut() -> R,
    mut derivative: impl FnMut() -> f64,
) -> Measured {
    let nanoseconds = |calls: usize, run: &mut dyn FnMut()| {
        let start = Instant::now();
        (0..calls).for_each(|_| run());
        start.elapsed().as_nanos() as f64 / calls as f64
    };
    let mut plain = || drop(black_box(plain()));
    let mut derivative = || {
        black_box(derivative());
    };
    let once = nanoseconds(4, &mut plain).min(nanoseconds(4, &mut plain)).max(1.0);
    let calls = ((BATCH / once) as usize).clamp(2, 5000);
    let (mut of_plain, mut ratios) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let (a, b) = if round % 2 == 0 {
            (nanoseconds(calls, &mut plain), nanoseconds(calls, &mut derivative))
        } else {
            let b = nanoseconds(calls, &mut derivative);
            (nanoseconds(calls, &mut plain), b)
        };
        of_plain.push(a);
        ratios.push(b / a);
    }
    Measured { plain: median(of_plain), ratio: median(ratios) }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A result of an operation.
pub(crate) trait Value: Clone {
    /// Numbers of its shape.
    fn weights(&self) -> Self;
    /// Its numbers.
    fn numbers(&self) -> Vec<f64>;
}

impl Value for f64 {
    fn weights(&self) -> f64 {
        0.7
    }
    fn numbers(&self) -> Vec<f64> {
        vec![*self]
    }
}

impl<D: Dimension> Value for Array<f64, D> {
    fn weights(&self) -> Self {
        made(self.raw_dim(), 5)
    }
    fn numbers(&self) -> Vec<f64> {
        self.iter().copied().collect()
    }
}

/// By how much two results differ, relatively where they are large; a number if both are.
pub(crate) fn difference(left: &impl Value, right: &impl Value) -> f64 {
    let (left, right) = (left.numbers(), right.numbers());
    if left.len() != right.len() {
        return f64::INFINITY;
    }
    let of = |(a, b): (&f64, &f64)| (a - b).abs() / a.abs().max(1.0);
    left.iter().zip(&right).map(of).fold(0.0, f64::max)
}

/// Numbers without a pattern between 0.1 and 0.9, which every operation takes.
fn made<D: Dimension>(shape: D, mut k: usize) -> Array<f64, D> {
    Array::from_shape_simple_fn(shape, || {
        k += 1;
        0.1 + 0.8 * (k as f64 * 0.618_033_988_749_895).fract()
    })
}

pub(crate) fn number(_: Shape) -> f64 {
    0.6
}

pub(crate) fn matrix(of: Shape) -> Array2<f64> {
    made(ndarray::Ix2(of.rows, of.columns), 1)
}

pub(crate) fn other(of: Shape) -> Array2<f64> {
    made(ndarray::Ix2(of.rows, of.columns), 77)
}

/// A matrix of the same height, of which the columns are as many.
pub(crate) fn square(of: Shape) -> Array2<f64> {
    made(ndarray::Ix2(of.columns, of.columns), 3)
}

/// A vector as long as a row.
pub(crate) fn row(of: Shape) -> Array1<f64> {
    made(ndarray::Ix1(of.columns), 9)
}

/// A vector as long as a column.
pub(crate) fn column(of: Shape) -> Array1<f64> {
    made(ndarray::Ix1(of.rows), 11)
}

/// As many elements, in one axis.
pub(crate) fn vector(of: Shape) -> Array1<f64> {
    made(ndarray::Ix1(of.rows * of.columns), 13)
}

/// As many elements, in three axes.
pub(crate) fn cube(of: Shape) -> Array3<f64> {
    made(ndarray::Ix3(of.rows / 4, 4, of.columns), 15)
}

/// A batch of matrices that multiply those of a cube.
pub(crate) fn factors(of: Shape) -> Array3<f64> {
    made(ndarray::Ix3(of.rows / 4, of.columns, 4), 17)
}

/// Signals of four channels, and kernels for them.
pub(crate) fn signals(of: Shape) -> Array3<f64> {
    made(ndarray::Ix3(of.rows / 16, 4, of.columns), 19)
}

pub(crate) fn kernels(_: Shape) -> Array3<f64> {
    made(ndarray::Ix3(4, 4, 3), 21)
}

/// Images of two channels, and kernels for them.
pub(crate) fn images(of: Shape) -> Array4<f64> {
    made(ndarray::Ix4(of.rows / 32, 2, 8, of.columns / 4), 23)
}

pub(crate) fn image_kernels(_: Shape) -> Array4<f64> {
    made(ndarray::Ix4(3, 2, 3, 3), 25)
}

/// Every third row, in reverse, one twice.
pub(crate) fn rows_to_select(of: Shape) -> Vec<usize> {
    (0..of.rows).rev().step_by(3).chain([0]).collect()
}

/// A class for each row.
pub(crate) fn classes(of: Shape) -> Array2<f64> {
    Array2::from_shape_fn((of.rows, of.columns), |(i, j)| f64::from(u8::from(i % of.columns == j)))
}
