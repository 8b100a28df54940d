//! Times that are fair on a noisy machine: the candidates take turns, and medians count.

use std::time::{Duration, Instant};

/// How long one call took in each round, in nanoseconds; by candidate.
#[derive(Debug, Clone)]
pub struct Times(Vec<Vec<f64>>);

impl Times {
    /// A candidate's median.
    #[must_use]
    pub fn median(&self, candidate: usize) -> f64 {
        median(self.0[candidate].clone())
    }

    /// The median, over the rounds, of one candidate's time divided by another's in the same round.
    /// What slows a whole round down cancels out.
    #[must_use]
    pub fn ratio(&self, candidate: usize, by: usize) -> f64 {
        let (times, by) = (&self.0[candidate], &self.0[by]);
        median(times.iter().zip(by).map(|(a, b)| a / b).collect())
    }
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Times every candidate in turn (A B C A B C …), `rounds` times, each turn for about `turn`.
pub fn interleaved(
    candidates: &mut [Box<dyn FnMut() + '_>],
    rounds: usize,
    turn: Duration,
) -> Times {
    let mut calls = Vec::new();
    for candidate in &mut *candidates {
        candidate();
        let (start, mut done) = (Instant::now(), 0_u32);
        while start.elapsed() < turn {
            candidate();
            done += 1;
        }
        calls.push(done.max(1));
    }
    let mut times = vec![Vec::with_capacity(rounds); candidates.len()];
    for _ in 0..rounds {
        for ((candidate, &calls), times) in candidates.iter_mut().zip(&calls).zip(&mut times) {
            // What the candidate before left in the caches is not this one's cost.
            candidate();
            let start = Instant::now();
            for _ in 0..calls {
                candidate();
            }
            times.push(start.elapsed().as_nanos() as f64 / f64::from(calls));
        }
    }
    Times(times)
}
