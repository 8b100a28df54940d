//! Kernels: loops compiled once for the baseline and once for each wider vector width.
//!
//! The bits do not depend on which one runs: sums are kept in [`LANES`] lanes everywhere, and no
//! multiplication is fused with an addition.

use num_traits::Float;
use pulp::{Arch, Simd, WithSimd};

/// How many partial sums an innermost loop keeps.
pub const LANES: usize = 8;

/// Rows up to this width have loops of their own, unrolled for the width.
const NARROW: usize = 8;

/// Loops over slices, ready to run.
pub trait Kernel: Sized {
    /// What it returns.
    type Output;

    /// Whether its innermost loops run over rows of one width.
    const HAS_ROWS: bool = false;

    /// The width of its rows.
    #[inline(always)]
    fn width(&self) -> usize {
        usize::MAX
    }

    /// Runs the loops over rows of width `W`: a constant, so that the loops over a row unroll, and
    /// what is as wide as a row lives in registers.
    #[inline(always)]
    fn narrow<const W: usize>(self) -> Self::Output {
        self.run()
    }

    /// Runs the loops; implemented as `#[inline(always)]`, so that the caller's vector width holds.
    fn run(self) -> Self::Output;
}

struct Wide<K>(K);

impl<K: Kernel> WithSimd for Wide<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> K::Output {
        by_width(self.0)
    }
}

/// Runs a kernel with the widest vectors the CPU has.
///
/// For small arrays too: even there the newer instruction set saves more than the choice costs, and
/// the code is there once for every instruction set.
#[inline(always)]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    Arch::new().dispatch(Wide(kernel))
}

/// Runs a kernel by the loops for its rows' width, where it has some.
#[inline(always)]
fn by_width<K: Kernel>(kernel: K) -> K::Output {
    if !K::HAS_ROWS {
        return kernel.run();
    }
    match kernel.width() {
        1 => kernel.narrow::<1>(),
        2 => kernel.narrow::<2>(),
        3 => kernel.narrow::<3>(),
        4 => kernel.narrow::<4>(),
        5 => kernel.narrow::<5>(),
        6 => kernel.narrow::<6>(),
        7 => kernel.narrow::<7>(),
        8 => kernel.narrow::<8>(),
        _ => kernel.run(),
    }
}

/// Up to this many elements count as cached.
const CACHED: usize = 1 << 20;

/// Rows from this width on are long enough for prefetching to follow four of them.
const LONG: usize = 512;

/// Whether rows are worth running four at a time, rather than two: of narrow rows two already fill
/// the registers, and short ones that stream from memory want few streams.
#[inline(always)]
pub fn in_large_blocks(rows: usize, width: usize) -> bool {
    width > NARROW && (width >= LONG || rows.saturating_mul(width) <= CACHED)
}

/// The greatest of the lanes.
#[inline(always)]
pub fn max_lanes<F: Float>(lanes: &[F; LANES]) -> F {
    lanes.iter().fold(least(), |max, &lane| greater(max, lane))
}

/// What every number is at least.
#[inline(always)]
pub fn least<F: Float>() -> F {
    F::neg_infinity()
}

/// The greater of two numbers, `a` where `b` is NaN.
#[inline(always)]
pub fn greater<F: Float>(a: F, b: F) -> F {
    if b > a { b } else { a }
}

/// The sum of the lanes, pairwise, in an order that is the same everywhere.
#[inline(always)]
pub fn sum_lanes<F: Float>(lanes: &[F; LANES]) -> F {
    // Through memory: otherwise LLVM lets the tree of these sums decide how the loop before is
    // vectorised, and comes to vectors of two.
    let mut sums = core::hint::black_box(*lanes);
    let mut width = LANES / 2;
    while width > 0 {
        for k in 0..width {
            sums[k] = sums[k] + sums[k + width];
        }
        width /= 2;
    }
    sums[0]
}
