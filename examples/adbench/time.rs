//! How long an objective takes, and with its derivative.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Median times of one call.
pub(crate) struct Times {
    pub(crate) objective: Duration,
    pub(crate) derivative: Duration,
}

const ROUNDS: usize = 51;

/// How long a turn takes at least.
const TURN: Duration = Duration::from_millis(1);

/// After this time no round begins.
const BUDGET: Duration = Duration::from_secs(10);

/// Lets the two take turns.
pub(crate) fn medians<A, B>(
    mut objective: impl FnMut() -> A,
    mut derivative: impl FnMut() -> B,
) -> Times {
    let objective_calls = calls(&mut objective);
    let derivative_calls = calls(&mut derivative);
    let (mut objective_times, mut derivative_times) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    for round in 0..ROUNDS {
        if round > 0 && begin.elapsed() > BUDGET {
            break;
        }
        objective_times.push(turn(&mut objective, objective_calls));
        derivative_times.push(turn(&mut derivative, derivative_calls));
    }
    Times { objective: median(objective_times), derivative: median(derivative_times) }
}

/// How many calls fill a turn.
fn calls<T>(mut function: impl FnMut() -> T) -> u32 {
    black_box(function());
    let (start, mut calls) = (Instant::now(), 0);
    while start.elapsed() < TURN {
        black_box(function());
        calls += 1;
    }
    calls
}

fn turn<T>(mut function: impl FnMut() -> T, calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        black_box(function());
    }
    start.elapsed() / calls
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
