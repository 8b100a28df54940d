//! Where the generators of data take their numbers from.

use super::NumpyRandom;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_distr::StandardNormal;

/// Random numbers: numpy's for a seed, fresh ones from `rand` without.
pub(super) enum Stream {
    Numpy(Box<NumpyRandom>),
    Fresh(Box<StdRng>),
}

impl Stream {
    pub(super) fn new(random_state: Option<u32>) -> Self {
        match random_state {
            Some(seed) => Stream::Numpy(Box::new(NumpyRandom::new(seed))),
            None => Stream::Fresh(Box::new(StdRng::from_rng(&mut rand::rng()))),
        }
    }

    /// At least 0 and less than 1.
    pub(super) fn uniform(&mut self) -> f64 {
        match self {
            Stream::Numpy(random) => random.uniform(),
            Stream::Fresh(random) => random.random(),
        }
    }

    pub(super) fn standard_normal(&mut self) -> f64 {
        match self {
            Stream::Numpy(random) => random.standard_normal(),
            Stream::Fresh(random) => random.sample(StandardNormal),
        }
    }

    /// The numbers below `len`, shuffled.
    pub(super) fn permutation(&mut self, len: usize) -> Vec<usize> {
        let mut indices: Vec<usize> = (0..len).collect();
        match self {
            Stream::Numpy(random) => random.shuffle(&mut indices),
            Stream::Fresh(random) => indices.shuffle(random),
        }
        indices
    }
}
