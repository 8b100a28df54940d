//! Elementary functions of array code: without branches, calls and tables, so that LLVM vectorises
//! the loops they stand in.
//!
//! The error is at most 2 units in the last place (`runtime/tests/elementary.rs` measures it), and
//! what std makes of NaN, infinities, zeros and what over- or underflows is the same here.
//! The bits do not depend on the CPU: there are plain sums and products only, and none is fused.
//! Scalar code keeps std's functions, whose bits are the platform's.

mod exponential;
mod logarithm;
mod trigonometric;

/// The functions that loops over arrays vectorise.
pub trait Elementary: Sized {
    /// eˣ
    fn exp(self) -> Self;
    /// ln x
    fn ln(self) -> Self;
    /// tanh x
    fn tanh(self) -> Self;
    /// 1 / (1 + e⁻ˣ)
    fn sigmoid(self) -> Self;
    /// sin x
    fn sin(self) -> Self;
    /// cos x
    fn cos(self) -> Self;
}

macro_rules! elementary {
    ($($float:ident)*) => {$(
        impl Elementary for $float {
            #[inline(always)]
            fn exp(self) -> Self {
                exponential::$float::exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                logarithm::$float::ln(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                exponential::$float::tanh(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                exponential::$float::sigmoid(self)
            }
            #[inline(always)]
            fn sin(self) -> Self {
                trigonometric::$float::sin(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                trigonometric::$float::cos(self)
            }
        }
    )*};
}
elementary!(f32 f64);

/// `c[0] + x (c[1] + x (…))`
#[inline(always)]
fn polynomial<T, const N: usize>(x: T, coefficients: [T; N]) -> T
where
    T: Copy + core::ops::Add<Output = T> + core::ops::Mul<Output = T>,
{
    let mut sum = coefficients[N - 1];
    for k in (0..N - 1).rev() {
        sum = sum * x + coefficients[k];
    }
    sum
}
