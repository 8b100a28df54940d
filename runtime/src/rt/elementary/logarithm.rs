//! ln x.
//!
//! `x = 2ᵉ (1 + f)` with `1 + f` between √½ and √2, and ln(1 + f) = f - f²/2 + s (f²/2 + R(s²)) with
//! `s = f / (2 + f)` and R from a minimax polynomial.

macro_rules! logarithm {
    ($float:ident $bits:ident, mantissa $mantissa:literal, bias $bias:literal,
        root_of_half $root:literal, subnormal $scale:literal $shift:literal,
        polynomial $polynomial:expr, ln2 $high:literal $low:literal) => {
        pub(super) mod $float {
            use super::super::polynomial;

            /// 2ᵐ: a small integer in its last bits is added to it.
            const COUNTER: $float = (1_u64 << $mantissa) as $float;

            #[inline(always)]
            pub(in super::super) fn ln(x: $float) -> $float {
                let is_small = x < $float::MIN_POSITIVE;
                let scaled = if is_small { x * $scale } else { x };
                let shift: $float = if is_small { $shift } else { 0.0 };
                let offset = scaled.to_bits().wrapping_sub($root);
                // The exponent as a float, by its bits; it is positive with the bias.
                let biased = (offset >> $mantissa).wrapping_add($bias) & (2 * $bias + 1);
                let counted = $float::from_bits(COUNTER.to_bits() | biased) - COUNTER;
                let e = counted - ($bias as $float + shift);
                let fraction = (offset & ((1 << $mantissa) - 1)).wrapping_add($root);
                let f = $float::from_bits(fraction) - 1.0;
                let s = f / (2.0 + f);
                let z = s * s;
                let rest = z * polynomial(z, $polynomial);
                let half = 0.5 * f * f;
                let result = e * $high - ((half - (s * (half + rest) + e * $low)) - f);
                let result = if x == $float::INFINITY { x } else { result };
                let result = if x == 0.0 { $float::NEG_INFINITY } else { result };
                if x >= 0.0 { result } else { $float::NAN }
            }
        }
    };
}

logarithm!(f32 u32, mantissa 23, bias 127, root_of_half 0x3f35_04f3,
    subnormal 8_388_608.0 23.0,
    polynomial [
        0.666_666_6,
        0.400_003_37,
        0.285_371_7,
        0.235_849_86,
    ],
    ln2 0.693_138_1 9.058001e-6);

logarithm!(f64 u64, mantissa 52, bias 1023, root_of_half 0x3fe6_a09e_667f_3bcd,
    subnormal 4_503_599_627_370_496.0 52.0,
    polynomial [
        0.666_666_666_666_673_5,
        0.399_999_999_994_074_7,
        0.285_714_287_441_450_5,
        0.222_221_983_781_550_86,
        0.181_835_751_802_113_45,
        0.153_137_554_227_586_5,
        0.147_990_691_563_498_76,
    ],
    ln2 0.693_147_180_369_123_8 1.908_214_929_270_587_7e-10);
