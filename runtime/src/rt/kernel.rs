//! Kernels: loops compiled once for the baseline and once for each wider vector width.
//!
//! The bits do not depend on which one runs: sums are kept in [`LANES`] lanes everywhere, and no
//! multiplication is fused with an addition.

use num_traits::Float;
use pulp::{Arch, Simd, WithSimd};

/// How many partial sums an innermost loop keeps.
pub const LANES: usize = 8;

/// From this many elements on, choosing the vector width at run time pays.
const WIDE_FROM: usize = 512;

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

    /// The same kernel, with its width given once more: as a constant, where the caller has one.
    #[inline(always)]
    fn with_width(self, _width: usize) -> Self {
        self
    }

    /// Runs the loops; implemented as `#[inline(always)]`, so that the caller's vector width holds.
    fn run(self) -> Self::Output;
}

struct Wide<K>(K);

impl<K: Kernel> WithSimd for Wide<K> {
    type Output = K::Output;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> K::Output {
        self.0.run()
    }
}

/// Runs a kernel of about `work` elements with the widest vectors the CPU has, where that pays.
#[inline(always)]
pub fn dispatch<K: Kernel>(work: usize, kernel: K) -> K::Output {
    if K::HAS_ROWS && kernel.width() <= NARROW {
        // In each arm the width is a constant, so the loops over a row unroll.
        return match kernel.width() {
            1 => kernel.with_width(1).run(),
            2 => kernel.with_width(2).run(),
            3 => kernel.with_width(3).run(),
            4 => kernel.with_width(4).run(),
            5 => kernel.with_width(5).run(),
            6 => kernel.with_width(6).run(),
            7 => kernel.with_width(7).run(),
            8 => kernel.with_width(8).run(),
            _ => kernel.run(),
        };
    }
    if work < WIDE_FROM { kernel.run() } else { Arch::new().dispatch(Wide(kernel)) }
}

/// Up to this many elements count as cached.
const CACHED: usize = 1 << 20;

/// Whether rows are worth running four at a time, rather than two: prefetching wants few streams,
/// and of narrow rows two already fill the registers.
#[inline(always)]
pub fn in_large_blocks(rows: usize, width: usize) -> bool {
    width > NARROW && rows.saturating_mul(width) <= CACHED
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
