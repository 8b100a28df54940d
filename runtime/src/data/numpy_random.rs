//! numpy's legacy `RandomState`, number for number.

use rand_mt::Mt;

/// The generator behind `numpy.random.RandomState(seed)`, and so behind every integer
/// `random_state` of scikit-learn: the same seed gives the same numbers.
///
/// Mersenne Twister MT19937 seeded by `init_genrand`; uniforms from 53 bits; Gaussians by
/// Marsaglia's polar method; shuffles by masked rejection. (numpy, `legacy-distributions.c`,
/// `distributions.c` and `mtrand.pyx`, frozen by its NEP 19.) Gaussians go through the platform's
/// logarithm, as numpy's do.
///
/// ```
/// use chainrule::data::NumpyRandom;
///
/// let mut random = NumpyRandom::new(0);
/// assert_eq!(random.uniform(), 0.5488135039273248); // RandomState(0).random_sample()
/// let mut random = NumpyRandom::new(0);
/// assert_eq!(random.standard_normal(), 1.764052345967664); // RandomState(0).randn()
/// ```
#[derive(Debug, Clone)]
pub struct NumpyRandom {
    twister: Mt,
    /// The first variate of a polar pair, handed out after the second.
    cached_normal: Option<f64>,
}

impl NumpyRandom {
    /// The generator for a seed, numpy's `RandomState(seed)`.
    ///
    /// ```
    /// use chainrule::data::NumpyRandom;
    /// assert_eq!(NumpyRandom::new(7).uniform(), NumpyRandom::new(7).uniform());
    /// ```
    #[must_use]
    pub fn new(seed: u32) -> Self {
        NumpyRandom { twister: Mt::new(seed), cached_normal: None }
    }

    /// A number at least 0 and less than 1, numpy's `random_sample()`: 27 bits of one draw, then
    /// 26 of the next.
    ///
    /// ```
    /// let sample = chainrule::data::NumpyRandom::new(3).uniform();
    /// assert!((0.0..1.0).contains(&sample));
    /// ```
    pub fn uniform(&mut self) -> f64 {
        let high = f64::from(self.twister.next_u32() >> 5);
        let low = f64::from(self.twister.next_u32() >> 6);
        (high * 67_108_864.0 + low) / 9_007_199_254_740_992.0
    }

    /// A number from the standard normal distribution, numpy's `standard_normal()`.
    ///
    /// ```
    /// let mut random = chainrule::data::NumpyRandom::new(3);
    /// let weights: Vec<f32> = (0..5).map(|_| random.standard_normal() as f32).collect();
    /// assert!(weights.iter().all(|w| w.is_finite()));
    /// ```
    pub fn standard_normal(&mut self) -> f64 {
        if let Some(normal) = self.cached_normal.take() {
            return normal;
        }
        loop {
            let a = 2.0 * self.uniform() - 1.0;
            let b = 2.0 * self.uniform() - 1.0;
            let radius2 = a * a + b * b;
            if radius2 < 1.0 && radius2 != 0.0 {
                let factor = (-2.0 * radius2.ln() / radius2).sqrt();
                self.cached_normal = Some(factor * a);
                return factor * b;
            }
        }
    }

    /// A whole number from 0 to `max`, both included: draws under the smallest mask of ones that
    /// covers `max` until one is not above it. Bounds of 32 bits take 32 bits a draw.
    ///
    /// ```
    /// assert!(chainrule::data::NumpyRandom::new(3).index_up_to(9) <= 9);
    /// ```
    pub fn index_up_to(&mut self, max: usize) -> usize {
        if max == 0 {
            return 0;
        }
        let wide = max as u64;
        let mask = u64::MAX >> wide.leading_zeros();
        loop {
            let draw = if wide <= u64::from(u32::MAX) {
                u64::from(self.twister.next_u32())
            } else {
                // The upper half is drawn first, unlike in the twister crate's own 64 bits.
                let high = u64::from(self.twister.next_u32());
                high << 32 | u64::from(self.twister.next_u32())
            };
            if draw & mask <= wide {
                return (draw & mask) as usize;
            }
        }
    }

    /// Shuffles in place, numpy's `shuffle(items)`.
    ///
    /// ```
    /// let mut items = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    /// chainrule::data::NumpyRandom::new(0).shuffle(&mut items);
    /// assert_eq!(items, [2, 8, 4, 9, 1, 6, 7, 3, 0, 5]);
    /// ```
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            let j = self.index_up_to(i);
            items.swap(i, j);
        }
    }
}
