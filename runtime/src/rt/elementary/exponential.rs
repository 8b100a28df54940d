//! eˣ, and what is made of it.
//!
//! `x = n ln 2 + r` with |r| at most half of ln 2, and eˣ = 2ⁿ (1 + p) with `p = eʳ - 1` from a
//! minimax polynomial. `n` is rounded by adding a number so large that its last bit counts ones.

macro_rules! exponentials {
    ($float:ident $bits:ident, mantissa $mantissa:literal, bias $bias:literal,
        halves $halves:literal, polynomial $polynomial:expr, ln2 $high:literal $low:literal,
        range $least:literal $greatest:literal, one $one:literal) => {
        pub(super) mod $float {
            use super::super::polynomial;

            /// 1.5 · 2ᵐ: what is added to it is rounded to an integer, which its last bits are.
            const ROUNDER: $float = (3_u64 << ($mantissa - 1)) as $float;

            /// n, as the bits of an integer, and the two parts of `eʳ - 1`.
            #[inline(always)]
            fn reduced(x: $float) -> ($bits, $float, $float) {
                let rounded = x * std::$float::consts::LOG2_E + ROUNDER;
                let n = rounded - ROUNDER;
                let r = (x - n * $high) - n * $low;
                let tail = r * r * polynomial(r, $polynomial);
                (rounded.to_bits().wrapping_sub(ROUNDER.to_bits()), r, tail)
            }

            /// 2ᵏ
            #[inline(always)]
            fn power_of_two(k: $bits) -> $float {
                $float::from_bits(k.wrapping_add($bias) << $mantissa)
            }

            #[inline(always)]
            pub(in super::super) fn exp(x: $float) -> $float {
                // By selection, so that NaN stays.
                let x = if x > $greatest { $greatest } else { x };
                let x = if x < $least { $least } else { x };
                let (n, r, tail) = reduced(x);
                // In two steps, since 2ⁿ may be greater or less than any float.
                let half = (n.wrapping_add($halves) >> 1).wrapping_sub($halves / 2);
                (1.0 + (r + tail)) * power_of_two(half) * power_of_two(n.wrapping_sub(half))
            }

            /// `m / (m + 2)` with `m = e²ˣ - 1`, and what was rounded off m and m + 2.
            #[inline(always)]
            pub(in super::super) fn tanh(x: $float) -> $float {
                let twice = x.abs() + x.abs();
                let (n, r, tail) = reduced(if twice > $one { $one } else { twice });
                let p = r + tail;
                let scale = power_of_two(n);
                let m = scale * p + (scale - 1.0);
                let off_m = scale * (tail - (p - r));
                let divisor = m + 2.0;
                let off_divisor = m - (divisor - 2.0) + off_m;
                let quotient = m / divisor;
                // 1 / divisor is half of 1 - quotient. Near 1 nothing of that shows.
                let off = (off_m - quotient * off_divisor) * (0.5 * (1.0 - quotient));
                let value = if quotient < 0.9 { quotient + off } else { quotient };
                value.copysign(x)
            }

            #[inline(always)]
            pub(in super::super) fn sigmoid(x: $float) -> $float {
                let e = exp(-x.abs());
                let divisor = 1.0 + e;
                let off_divisor = e - (divisor - 1.0);
                let numerator = if x < 0.0 { e } else { 1.0 };
                let quotient = numerator / divisor;
                let reciprocal = if x < 0.0 { 1.0 - quotient } else { quotient };
                quotient - quotient * off_divisor * reciprocal
            }
        }
    };
}

exponentials!(f32 u32, mantissa 23, bias 127, halves 1024,
    polynomial [
        0.5,
        0.166_666_67,
        0.041_666_355,
        0.008_333_273,
        0.001_394_105,
        0.000_199_142_3,
    ],
    ln2 0.693_359_4 -0.000_212_194_44,
    range -105.0 89.0, one 20.0);

exponentials!(f64 u64, mantissa 52, bias 1023, halves 4096,
    polynomial [
        0.5,
        0.166_666_666_666_666_77,
        0.041_666_666_666_666_7,
        0.008_333_333_333_321_579,
        0.001_388_888_888_886_679,
        0.000_198_412_698_862_659_93,
        2.480_158_736_064_925e-5,
        2.755_724_406_217_539_6e-6,
        2.755_724_268_120_763_6e-7,
        2.510_909_032_718_312_8e-8,
        2.092_446_738_108_885_7e-9,
    ],
    ln2 0.693_147_180_369_123_8 1.908_214_929_270_587_7e-10,
    range -750.0 711.0, one 45.0);
