//! The gradient by hand: value and both gradients in one pass over the batch, in safe Rust.
//!
//! One source, compiled twice: for the baseline of the target ([`portable`]), and through `pulp` for
//! whatever vectors the running CPU has ([`wide`]). By size it is
//! - at most eight columns: the width is a constant, weights and gradient live in registers, two
//!   rows at a time;
//! - otherwise four rows at a time, so that weights and gradient are loaded once for the four;
//! - but two at a time where more than `CACHED` elements stream from memory in rows shorter than
//!   `LONG`: the CPU prefetches four short streams badly.
//!
//! Every shape adds in the same order: dot products in `LANES` lanes, all else row by row. So the
//! bits depend neither on the shape nor on the vector width.

use crate::Case;
use pulp::{Arch, Simd, WithSimd};
use std::hint::black_box;

/// Partial sums of a dot product.
const LANES: usize = 8;

/// The largest batch, in elements, that counts as cached.
const CACHED: usize = 1 << 20;

/// From this many columns on, each row is a stream worth prefetching.
const LONG: usize = 512;

/// The training step by [`portable`].
pub fn portable_step(case: &mut Case) -> f32 {
    let Case { x, y, w, b, dw, db, .. } = case;
    let value = match (x.as_slice(), y.as_slice(), w.as_slice(), dw.as_slice_mut()) {
        (Some(x), Some(y), Some(w), Some(dw)) => portable(x, y, w, *b, dw, db),
        _ => f32::NAN,
    };
    case.update();
    value
}

/// The training step by [`wide`].
pub fn wide_step(case: &mut Case) -> f32 {
    let Case { x, y, w, b, dw, db, arch, .. } = case;
    let value = match (x.as_slice(), y.as_slice(), w.as_slice(), dw.as_slice_mut()) {
        (Some(x), Some(y), Some(w), Some(dw)) => wide(*arch, x, y, w, *b, dw, db),
        _ => f32::NAN,
    };
    case.update();
    value
}

/// Value and gradient with the vectors that every CPU of the target has. `x` is row-major, of
/// `y.len()` rows and `w.len()` columns.
///
/// # Panics
/// If the lengths do not fit together.
pub fn portable(x: &[f32], y: &[f32], w: &[f32], b: f32, dw: &mut [f32], db: &mut f32) -> f32 {
    gradient(x, y, w, b, dw, db)
}

/// Value and gradient with the widest vectors of the running CPU; see [`portable`].
///
/// # Panics
/// If the lengths do not fit together.
pub fn wide(
    arch: Arch,
    x: &[f32],
    y: &[f32],
    w: &[f32],
    b: f32,
    dw: &mut [f32],
    db: &mut f32,
) -> f32 {
    struct Wide<'a> {
        x: &'a [f32],
        y: &'a [f32],
        w: &'a [f32],
        b: f32,
        dw: &'a mut [f32],
        db: &'a mut f32,
    }

    impl WithSimd for Wide<'_> {
        type Output = f32;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _: S) -> f32 {
            gradient(self.x, self.y, self.w, self.b, self.dw, self.db)
        }
    }

    arch.dispatch(Wide { x, y, w, b, dw, db })
}

/// What is summed over the rows besides the gradient by the weights.
struct Sums {
    rows: f32,
    two_over_rows: f32,
    squares: f32,
    db: f32,
}

impl Sums {
    #[inline(always)]
    fn new(rows: usize) -> Self {
        Sums { rows: rows as f32, two_over_rows: 2.0 / rows as f32, squares: 0.0, db: 0.0 }
    }

    /// Adds a row's residual; returns the factor of the row in the gradient by the weights.
    #[inline(always)]
    fn add(&mut self, residual: f32) -> f32 {
        self.squares += residual * residual;
        let factor = self.two_over_rows * residual;
        self.db += factor;
        factor
    }
}

#[inline(always)]
fn gradient(x: &[f32], y: &[f32], w: &[f32], b: f32, dw: &mut [f32], db: &mut f32) -> f32 {
    assert_eq!(x.len(), y.len() * w.len(), "a batch of rows times columns");
    assert_eq!(w.len(), dw.len(), "a gradient for every weight");
    let sums = match w.len() {
        1 => narrow::<1>(x, y, w, b, dw),
        2 => narrow::<2>(x, y, w, b, dw),
        3 => narrow::<3>(x, y, w, b, dw),
        4 => narrow::<4>(x, y, w, b, dw),
        5 => narrow::<5>(x, y, w, b, dw),
        6 => narrow::<6>(x, y, w, b, dw),
        7 => narrow::<7>(x, y, w, b, dw),
        8 => narrow::<8>(x, y, w, b, dw),
        width if x.len() > CACHED && width < LONG => in_twos(x, y, w, b, dw),
        _ => in_fours(x, y, w, b, dw),
    };
    *db = sums.db;
    sums.squares / sums.rows
}

/// Rows of a constant width.
#[inline(always)]
fn narrow<const WIDTH: usize>(x: &[f32], y: &[f32], w: &[f32], b: f32, dw: &mut [f32]) -> Sums {
    let mut sums = Sums::new(y.len());
    let w: [f32; WIDTH] = std::array::from_fn(|k| w[k]);
    let mut dw_sum = [0.0; WIDTH];
    let (pairs, last) = x.as_chunks::<WIDTH>().0.as_chunks::<2>();
    let (y_pairs, y_last) = y.as_chunks::<2>();
    for (rows, ys) in pairs.iter().zip(y_pairs) {
        let factors = [
            sums.add(narrow_dot(&rows[0], &w) + b - ys[0]),
            sums.add(narrow_dot(&rows[1], &w) + b - ys[1]),
        ];
        for r in 0..2 {
            for k in 0..WIDTH {
                dw_sum[k] += factors[r] * rows[r][k];
            }
        }
    }
    for (row, y) in last.iter().zip(y_last) {
        let factor = sums.add(narrow_dot(row, &w) + b - y);
        for k in 0..WIDTH {
            dw_sum[k] += factor * row[k];
        }
    }
    dw.copy_from_slice(&dw_sum);
    sums
}

#[inline(always)]
fn narrow_dot<const WIDTH: usize>(row: &[f32; WIDTH], w: &[f32; WIDTH]) -> f32 {
    let mut sum = 0.0;
    for k in 0..WIDTH {
        sum += row[k] * w[k];
    }
    sum
}

/// Four rows at a time.
#[inline(always)]
fn in_fours(x: &[f32], y: &[f32], w: &[f32], b: f32, dw: &mut [f32]) -> Sums {
    let mut sums = Sums::new(y.len());
    dw.fill(0.0);
    let (y_blocks, y_last) = y.as_chunks::<4>();
    let (blocks, last) = x.split_at(y_blocks.len() * 4 * w.len());
    for (block, ys) in blocks.chunks_exact(4 * w.len()).zip(y_blocks) {
        let (r0, rest) = block.split_at(w.len());
        let (r1, rest) = rest.split_at(w.len());
        let (r2, rest) = rest.split_at(w.len());
        let r3 = &rest[..w.len()];
        let dots = four_dots([r0, r1, r2, r3], w);
        let mut factors = [0.0; 4];
        for r in 0..4 {
            factors[r] = sums.add(dots[r] + b - ys[r]);
        }
        let [f0, f1, f2, f3] = factors;
        for ((((dw, x0), x1), x2), x3) in dw.iter_mut().zip(r0).zip(r1).zip(r2).zip(r3) {
            *dw = *dw + f0 * x0 + f1 * x1 + f2 * x2 + f3 * x3;
        }
    }
    one_by_one(last, y_last, w, b, dw, &mut sums);
    sums
}

/// Two rows at a time.
#[inline(always)]
fn in_twos(x: &[f32], y: &[f32], w: &[f32], b: f32, dw: &mut [f32]) -> Sums {
    let mut sums = Sums::new(y.len());
    dw.fill(0.0);
    let (y_blocks, y_last) = y.as_chunks::<2>();
    let (blocks, last) = x.split_at(y_blocks.len() * 2 * w.len());
    for (block, ys) in blocks.chunks_exact(2 * w.len()).zip(y_blocks) {
        let (r0, rest) = block.split_at(w.len());
        let r1 = &rest[..w.len()];
        let dots = two_dots([r0, r1], w);
        let f0 = sums.add(dots[0] + b - ys[0]);
        let f1 = sums.add(dots[1] + b - ys[1]);
        for ((dw, x0), x1) in dw.iter_mut().zip(r0).zip(r1) {
            *dw = *dw + f0 * x0 + f1 * x1;
        }
    }
    one_by_one(last, y_last, w, b, dw, &mut sums);
    sums
}

#[inline(always)]
fn one_by_one(x: &[f32], y: &[f32], w: &[f32], b: f32, dw: &mut [f32], sums: &mut Sums) {
    for (row, y) in x.chunks_exact(w.len()).zip(y) {
        let [dot, _] = two_dots([row, row], w);
        let factor = sums.add(dot + b - y);
        for (dw, x) in dw.iter_mut().zip(row) {
            *dw += factor * x;
        }
    }
}

#[inline(always)]
fn four_dots(rows: [&[f32]; 4], w: &[f32]) -> [f32; 4] {
    let [a, b, c, d] = rows.map(|row| row.as_chunks::<LANES>());
    let (w_chunks, w_tail) = w.as_chunks::<LANES>();
    let mut lanes = [[0.0; LANES]; 4];
    for ((((a, b), c), d), w) in a.0.iter().zip(b.0).zip(c.0).zip(d.0).zip(w_chunks) {
        add_products(&mut lanes[0], a, w);
        add_products(&mut lanes[1], b, w);
        add_products(&mut lanes[2], c, w);
        add_products(&mut lanes[3], d, w);
    }
    let mut dots = sum_each(lanes);
    for ((((a, b), c), d), w) in a.1.iter().zip(b.1).zip(c.1).zip(d.1).zip(w_tail) {
        dots[0] += a * w;
        dots[1] += b * w;
        dots[2] += c * w;
        dots[3] += d * w;
    }
    dots
}

#[inline(always)]
fn two_dots(rows: [&[f32]; 2], w: &[f32]) -> [f32; 2] {
    let [a, b] = rows.map(|row| row.as_chunks::<LANES>());
    let (w_chunks, w_tail) = w.as_chunks::<LANES>();
    let mut lanes = [[0.0; LANES]; 2];
    for ((a, b), w) in a.0.iter().zip(b.0).zip(w_chunks) {
        add_products(&mut lanes[0], a, w);
        add_products(&mut lanes[1], b, w);
    }
    let mut dots = sum_each(lanes);
    for ((a, b), w) in a.1.iter().zip(b.1).zip(w_tail) {
        dots[0] += a * w;
        dots[1] += b * w;
    }
    dots
}

#[inline(always)]
fn add_products(lanes: &mut [f32; LANES], x: &[f32; LANES], w: &[f32; LANES]) {
    for l in 0..LANES {
        lanes[l] += x[l] * w[l];
    }
}

/// The sum of each row's lanes, pairwise.
#[inline(always)]
fn sum_each<const ROWS: usize>(lanes: [[f32; LANES]; ROWS]) -> [f32; ROWS] {
    // Through memory: otherwise LLVM lets the tree of these sums decide how the loop before is
    // vectorised, and comes to vectors of two.
    black_box(lanes).map(|mut sums| {
        let mut width = LANES / 2;
        while width > 0 {
            for l in 0..width {
                sums[l] += sums[l + width];
            }
            width /= 2;
        }
        sums[0]
    })
}
