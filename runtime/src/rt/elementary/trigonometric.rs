//! sin x and cos x, for arguments of every size.
//!
//! `x = m 2ᵉ` with an integer m, so x in turns is m times the fraction of `2ᵉ / 2π`, which is in a
//! table by the exponent. Its first part's product with m is exact in double precision, and so is
//! what the nearest quarter of a turn leaves of it.

pub(super) mod f32 {
    use super::super::polynomial;

    /// 1.5 · 2⁵²: what is added to it is rounded to an integer, which its last bits are.
    const ROUNDER: f64 = (3_u64 << 51) as f64;

    /// By the biased exponent of x, the fraction of `2ᵉ / 2π`: its first 29 bits, and those behind
    /// them. Infinities and NaN have none.
    static FRACTIONS: [(f64, f64); 256] = fractions();

    const fn fractions() -> [(f64, f64); 256] {
        let mut table = [(f64::NAN, f64::NAN); 256];
        let mut biased: usize = 0;
        while biased < 255 {
            // Subnormal numbers have the exponent of the least normal ones.
            let e = if biased == 0 { 1 } else { biased as i32 } - 127 - 23;
            let bits = after(if e > 0 { e as u32 } else { 0 });
            let scale = power_of_two(if e > 0 { 0 } else { e });
            let (first, rest) = ((bits >> 99) as f64, ((bits << 29) >> 64) as f64);
            table[biased] = (first * power_of_two(-29) * scale, rest * power_of_two(-93) * scale);
            biased += 1;
        }
        table
    }

    /// The bits of 1 / 2π behind the point, after so many of them.
    const fn after(skipped: u32) -> u128 {
        const FIRST: u128 = 0x28be_60db_9391_054a_7f09_d5f4_7d4d_3770;
        const SECOND: u128 = 0x36d8_a566_4f10_e410_7f94_58ea_f7ae_f158;
        if skipped == 0 { FIRST } else { (FIRST << skipped) | (SECOND >> (128 - skipped)) }
    }

    const fn power_of_two(exponent: i32) -> f64 {
        f64::from_bits(((exponent + 1023) as u64) << 52)
    }

    /// |x| as a number of quarters of a turn, of which the last bits count, and the rest in radians.
    #[inline(always)]
    fn reduced(x: f32) -> (u64, f64) {
        let bits = x.abs().to_bits();
        let biased = bits >> 23;
        let implicit = if biased == 0 { 0 } else { 1 << 23 };
        let m = f64::from((bits & 0x007f_ffff | implicit) as i32);
        let (first, rest) = FRACTIONS[(biased & 255) as usize];
        let quarters = 4.0 * (m * first);
        let rounded = quarters + ROUNDER;
        let left = (quarters - (rounded - ROUNDER)) + 4.0 * (m * rest);
        (rounded.to_bits(), left * std::f64::consts::FRAC_PI_2)
    }

    /// sin of so many quarters of a turn and a rest.
    #[inline(always)]
    fn sin_of(quarters: u64, r: f64) -> f64 {
        let z = r * r;
        let sin = r + r
            * z
            * polynomial(
                z,
                [
                    -0.166_666_666_414_265_14,
                    0.008_333_329_362_281_575,
                    -0.000_198_393_271_372_517_71,
                    2.718_237_284_277_222_3e-6,
                ],
            );
        let cos = 1.0 - 0.5 * z
            + z * z
                * polynomial(
                    z,
                    [
                        0.041_666_666_622_476_72,
                        -0.001_388_888_372_263_378_3,
                        2.479_951_176_645_215_7e-5,
                        -2.720_954_795_449_616e-7,
                    ],
                );
        let value = if quarters & 1 == 0 { sin } else { cos };
        f64::from_bits(value.to_bits() ^ ((quarters & 2) << 62))
    }

    #[inline(always)]
    pub(in super::super) fn sin(x: f32) -> f32 {
        let (quarters, r) = reduced(x);
        let sign = f64::from(x).to_bits() & (1 << 63);
        f64::from_bits(sin_of(quarters, r).to_bits() ^ sign) as f32
    }

    #[inline(always)]
    pub(in super::super) fn cos(x: f32) -> f32 {
        let (quarters, r) = reduced(x);
        sin_of(quarters.wrapping_add(1), r) as f32
    }
}

pub(super) mod f64 {
    #[inline(always)]
    pub(in super::super) fn sin(x: f64) -> f64 {
        x.sin()
    }

    #[inline(always)]
    pub(in super::super) fn cos(x: f64) -> f64 {
        x.cos()
    }
}
