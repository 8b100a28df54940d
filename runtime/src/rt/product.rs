//! Products of matrices.
//!
//! Large ones are `matrixmultiply`'s, through ndarray (or a BLAS, with ndarray's feature): these
//! choose their code by the CPU, and with it the order in which they add up.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2, Axis, LinalgScalar, ShapeBuilder};
use num_traits::Float;

/// Which factor of a product may be infinite where the other one, a cotangent, is zero: there the
/// product of the two is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Singular {
    /// None: a plain product.
    Neither,
    /// The left one.
    Left,
    /// The right one.
    Right,
}

/// Up to so many multiplications a product takes less time in loops, fused with what is around it,
/// than a GEMM.
const SMALL: usize = 1024;

/// Whether all products are small enough for loops, by their extents, or of vectors.
#[inline]
pub fn are_small(products: &[[usize; 3]]) -> bool {
    products.iter().all(|&extents| {
        extents.contains(&1) || extents.iter().fold(1, |n, &k| k.saturating_mul(n)) <= SMALL
    })
}

/// `to = left · right`, or `to += left · right` where it `keeps` what is there.
///
/// The extents are rows, inner axis and columns. Each matrix is given by its array's elements, the
/// place of its first one, and the distances from row to row and from column to column.
///
/// # Panics
/// If a matrix does not lie in its array.
pub fn matrix_product<F: Float + LinalgScalar>(
    [rows, inner, columns]: [usize; 3],
    left: (&[F], isize, [isize; 2]),
    right: (&[F], isize, [isize; 2]),
    to: (&mut [F], isize, [isize; 2]),
    keeps: bool,
    singular: Singular,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    let mut to = matrix_mut(to.0, to.1, [rows, columns], to.2);
    if inner == 0 {
        if !keeps {
            to.fill(F::zero());
        }
        return;
    }
    let left = matrix(left.0, left.1, [rows, inner], left.2);
    let right = matrix(right.0, right.1, [inner, columns], right.2);
    let selects = match singular {
        Singular::Neither => false,
        Singular::Left => !is_finite(&left),
        Singular::Right => !is_finite(&right),
    };
    if selects {
        let is_zero = |a: F, b: F| match singular {
            Singular::Left => b.is_zero(),
            _ => a.is_zero(),
        };
        selecting(
            &left,
            &right,
            &mut to,
            keeps,
            |a, b| {
                if is_zero(a, b) { F::zero() } else { a * b }
            },
        );
        return;
    }
    let beta = if keeps { F::one() } else { F::zero() };
    general_mat_mul(F::one(), &left, &right, beta, &mut to);
}

fn selecting<F: Float>(
    left: &ArrayView2<'_, F>,
    right: &ArrayView2<'_, F>,
    to: &mut ArrayViewMut2<'_, F>,
    keeps: bool,
    times: impl Fn(F, F) -> F,
) {
    for (left, mut to) in left.rows().into_iter().zip(to.rows_mut()) {
        if !keeps {
            to.fill(F::zero());
        }
        for (&a, right) in left.iter().zip(right.rows()) {
            to.zip_mut_with(&right, |to, &b| *to = *to + times(a, b));
        }
    }
}

fn is_finite<F: Float>(matrix: &ArrayView2<'_, F>) -> bool {
    // Without an early end, which would keep LLVM from vectorising it.
    let all = |of: &[F]| of.iter().fold(true, |all, element| all & element.is_finite());
    match matrix.as_slice_memory_order() {
        Some(elements) => all(elements),
        None => matrix.iter().all(|element| element.is_finite()),
    }
}

/// Where the element with the least index lies: ndarray's strides are not negative at first.
fn corner(first: isize, extents: [usize; 2], strides: [isize; 2]) -> usize {
    let back = |axis: usize| strides[axis].min(0) * (extents[axis] as isize - 1);
    (first + back(0) + back(1)) as usize
}

const LIES_IN_IT: &str = "the matrix lies in its array";

fn matrix<F>(
    elements: &[F],
    first: isize,
    extents: [usize; 2],
    strides: [isize; 2],
) -> ArrayView2<'_, F> {
    let shape = (extents[0], extents[1]);
    let shape = shape.strides((strides[0].unsigned_abs(), strides[1].unsigned_abs()));
    let corner = corner(first, extents, strides);
    let mut view = ArrayView2::from_shape(shape, &elements[corner..]).expect(LIES_IN_IT);
    for (axis, &stride) in strides.iter().enumerate() {
        if stride < 0 {
            view.invert_axis(Axis(axis));
        }
    }
    view
}

fn matrix_mut<F>(
    elements: &mut [F],
    first: isize,
    extents: [usize; 2],
    strides: [isize; 2],
) -> ArrayViewMut2<'_, F> {
    let shape = (extents[0], extents[1]);
    let shape = shape.strides((strides[0].unsigned_abs(), strides[1].unsigned_abs()));
    let corner = corner(first, extents, strides);
    let mut view = ArrayViewMut2::from_shape(shape, &mut elements[corner..]).expect(LIES_IN_IT);
    for (axis, &stride) in strides.iter().enumerate() {
        if stride < 0 {
            view.invert_axis(Axis(axis));
        }
    }
    view
}
