//! Times that are fair on a noisy machine: the candidates take turns, in a new order each round, and
//! medians count.

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

/// How long one turn of a candidate takes, if a single call does not take longer: shorter than the
/// time a scheduler lets run undisturbed, so that on a busy machine most turns are undisturbed.
const TURN: Duration = Duration::from_micros(500);

/// After this time no round begins, if there were enough for a median.
const BUDGET: Duration = Duration::from_secs(20);
const ENOUGH_ROUNDS: usize = 25;

/// The number of rounds: the program's first argument, or what is usual.
///
/// # Errors
/// If the argument is no number.
pub fn rounds(usual: usize) -> Result<usize, String> {
    match std::env::args().nth(1) {
        Some(rounds) => rounds.parse().map_err(|_| format!("`{rounds}` is not a number of rounds")),
        None => Ok(usual),
    }
}

/// Times every candidate in turn (A B C B A C …), `rounds` times or as long as there is time.
pub fn interleaved(candidates: &mut [Box<dyn FnMut() + '_>], rounds: usize) -> Times {
    let mut calls = Vec::new();
    for candidate in &mut *candidates {
        candidate();
        let (start, mut done) = (Instant::now(), 0_u32);
        while start.elapsed() < TURN {
            candidate();
            done += 1;
        }
        calls.push(done.max(1));
    }
    let mut times = vec![Vec::with_capacity(rounds); candidates.len()];
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    let mut state = 1_u64;
    let begin = Instant::now();
    for round in 0..rounds {
        if round >= ENOUGH_ROUNDS && begin.elapsed() > BUDGET {
            break;
        }
        // A candidate leaves caches and memory as it had them: nobody always follows the same one.
        for k in (1..order.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            order.swap(k, (state >> 33) as usize % (k + 1));
        }
        for &k in &order {
            let (candidate, calls) = (&mut candidates[k], calls[k]);
            candidate();
            let start = Instant::now();
            for _ in 0..calls {
                candidate();
            }
            times[k].push(start.elapsed().as_nanos() as f64 / f64::from(calls));
        }
    }
    Times(times)
}
