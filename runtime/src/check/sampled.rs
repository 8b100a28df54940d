//! Values that are made up, for the test that `#[differentiate(check)]` writes.

use ndarray::{Array, Dimension};
use num_traits::NumCast;

/// How many points that test looks at.
#[doc(hidden)]
pub const SAMPLES: u64 = 3;

/// The length of everything that has one.
const LENGTH: usize = 4;

/// Pseudo-random numbers, the same each time.
#[doc(hidden)]
pub struct Numbers(u64);

impl Numbers {
    /// Those of one point.
    #[must_use]
    pub fn new(sample: u64) -> Self {
        Self(sample.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(1))
    }

    /// A number between 0.1 and 0.9, where most functions are defined and none is at its edge.
    fn next(&mut self) -> f64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
        0.1 + 0.8 * (z >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// A value that can be made up: floats between 0.1 and 0.9, everything with a length of length 4,
/// integers 3, so that they are in range.
#[doc(hidden)]
pub trait Sampled {
    /// The next value.
    fn sample(numbers: &mut Numbers) -> Self;
}

macro_rules! scalars {
    ($($float:ident)*; $($integer:ident)*) => {
        $(impl Sampled for $float {
            fn sample(numbers: &mut Numbers) -> Self {
                <Self as NumCast>::from(numbers.next()).unwrap_or($float::NAN)
            }
        })*
        $(impl Sampled for $integer {
            fn sample(_: &mut Numbers) -> Self {
                LENGTH as $integer - 1
            }
        })*
    };
}
scalars!(f32 f64; i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize);

impl<T: Sampled, const N: usize> Sampled for [T; N] {
    fn sample(numbers: &mut Numbers) -> Self {
        std::array::from_fn(|_| T::sample(numbers))
    }
}

impl<T: Sampled> Sampled for Vec<T> {
    fn sample(numbers: &mut Numbers) -> Self {
        (0..LENGTH).map(|_| T::sample(numbers)).collect()
    }
}

impl<T: Sampled, D: Dimension> Sampled for Array<T, D> {
    fn sample(numbers: &mut Numbers) -> Self {
        let mut shape = D::zeros(D::NDIM.unwrap_or_default());
        shape.slice_mut().fill(LENGTH);
        Array::from_shape_simple_fn(shape, || T::sample(numbers))
    }
}

macro_rules! tuples {
    ($(($($name:ident),+))+) => {$(
        impl<$($name: Sampled),+> Sampled for ($($name,)+) {
            fn sample(numbers: &mut Numbers) -> Self {
                ($($name::sample(numbers),)+)
            }
        }
    )+};
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, E) (A, B, C, E, F) (A, B, C, E, F, G) (A, B, C, E, F, G, H) (A, B, C, E, F, G, H, I) }
