//! Sequences of tokens, and the same ones turned round.

use chainrule::train::BatchSource;
use ndarray::Array2;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// How many tokens there are.
pub(crate) const TOKENS: usize = 6;
/// How long a sequence is.
pub(crate) const LENGTH: usize = 8;
/// A row says which token stands there, and where it stands.
pub(crate) const INPUTS: usize = TOKENS + LENGTH;

/// For each sequence what the head reads and what it should say.
pub(crate) struct Sequences {
    pub(crate) pairs: Vec<(Array2<f64>, Array2<f64>)>,
}

impl Sequences {
    pub(crate) fn random(count: usize, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let mut pair = || {
            let tokens: [usize; LENGTH] = std::array::from_fn(|_| random.random_range(0..TOKENS));
            let one = |is: bool| f64::from(u8::from(is));
            let x = Array2::from_shape_fn((LENGTH, INPUTS), |(place, j)| {
                one(j == tokens[place] || j == TOKENS + place)
            });
            let y = Array2::from_shape_fn((LENGTH, TOKENS), |(place, token)| {
                one(token == tokens[LENGTH - 1 - place])
            });
            (x, y)
        };
        Sequences { pairs: (0..count).map(|_| pair()).collect() }
    }
}

impl BatchSource for Sequences {
    type Batch<'a> = (&'a Array2<f64>, &'a Array2<f64>);

    fn batch_size(&self) -> usize {
        1
    }

    fn for_each_batch<E>(
        &mut self,
        _epoch: usize,
        mut visit: impl FnMut(Self::Batch<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.pairs.iter().try_for_each(|(x, y)| visit((x, y)))
    }
}
