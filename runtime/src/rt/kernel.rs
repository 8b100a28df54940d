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

/// Loops over slices, ready to run.
pub trait Kernel {
    /// What it returns.
    type Output;

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
    if work < WIDE_FROM { kernel.run() } else { Arch::new().dispatch(Wide(kernel)) }
}

/// The sum of the lanes, pairwise, in an order that is the same everywhere.
#[inline(always)]
pub fn sum_lanes<F: Float>(lanes: &[F; LANES]) -> F {
    let mut sums = *lanes;
    let mut width = LANES / 2;
    while width > 0 {
        for k in 0..width {
            sums[k] = sums[k] + sums[k + width];
        }
        width /= 2;
    }
    sums[0]
}
