//! Methods that are spelled out in terms of others.

use chainrule::differentiate;
use chainrule_tests::cases;

/// What is positive stays.
#[differentiate(tape, jvp, hvp, hessian)]
fn retained(x: &[f64], k: f64) -> f64 {
    let mut list: Vec<f64> = x.iter().map(|e| e * k).collect();
    list.retain(|e| *e > 0.0);
    list.iter().map(|e| e * e * e).sum::<f64>() * list.len() as f64
}

/// Rows that are long enough, in a list of lists.
#[differentiate(jvp, hvp, hessian)]
fn rows_retained(x: &[f64]) -> f64 {
    let mut rows = vec![vec![x[0], x[1]], vec![x[1]], vec![x[0] * x[1]; 3]];
    rows.retain(|row| row.len() > 1);
    rows[0][1] * rows[1][2] + rows[1][0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn without_repetitions(x: &[f64]) -> f64 {
    let mut list = vec![x[0], x[0], x[1], x[0], x[1] * x[1]];
    list.dedup();
    list.iter().enumerate().map(|(k, e)| e * e * (k as f64 + 1.0)).sum()
}

#[differentiate(jvp, hvp, hessian)]
fn drained(x: &[f64], from: usize) -> f64 {
    let mut list: Vec<f64> = x.iter().map(|e| e * e).collect();
    let taken: Vec<f64> = list.drain(from..from + 2).collect();
    let mut rest = x.to_vec();
    let s: f64 = rest.drain(..=1).map(|e| e.sin()).sum();
    rest.drain(1..);
    taken[0] * taken[1] * list[0] + s * rest[0] * rest.len() as f64
}

#[differentiate(tape, jvp, hvp, hessian)]
fn rotated(x: &[f64]) -> f64 {
    let mut list = x.to_vec();
    list.rotate_left(1);
    let mut three = [x[0], x[1] * x[1], x[2]];
    three.rotate_right(2);
    list[..3].rotate_left(2);
    list[0] * three[0] + list[1] * three[1] * three[2] + list[3]
}

#[differentiate(jvp, hvp, hessian)]
fn joined(x: &[f64]) -> f64 {
    let rows: Vec<Vec<f64>> = x.chunks(2).map(|part| part.to_vec()).collect();
    let all = rows.concat();
    all.iter().enumerate().map(|(k, e)| e.powi(k as i32 + 1)).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn again_and_again(x: &[f64]) -> f64 {
    let s = x.iter().cycle().take(7).fold(1.0, |s, e| s * 0.5 + e * e);
    let pairs = (0..5).zip(x.iter().cycle().skip(1)).map(|(k, e)| e * f64::from(k));
    s * pairs.sum::<f64>()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn until_none(x: &[f64]) -> f64 {
    x.iter().map_while(|e| if *e > -0.5 { Some(e.sin() * e) } else { None }).sum()
}

#[differentiate(jvp, hvp, hessian)]
fn parted(x: &[f64], at: f64) -> f64 {
    let (above, below): (Vec<f64>, Vec<f64>) = x.iter().map(|e| e * at).partition(|e| *e > 0.1);
    above.iter().sum::<f64>() * below.iter().map(|e| e * e).sum::<f64>()
}

#[differentiate(jvp, hvp, hessian)]
fn repeated(x: &[f64], n: usize) -> f64 {
    std::iter::repeat_n(x[0] * x[1], n).zip(x).map(|(a, b)| a * b).sum()
}

/// Each number with the next one.
#[differentiate(jvp, hvp, hessian)]
fn looked_ahead(x: &[f64]) -> f64 {
    let mut numbers = x.iter().peekable();
    let mut s = 0.0;
    while let Some(a) = numbers.next() {
        if let Some(b) = numbers.peek() {
            s += a * **b * a;
        }
    }
    s
}

cases! {
    taped {
        retained(&x, k): (vec![0.7, -0.2, 1.4, -1.1], 1.3), (vec![0.7, -0.2], -1.3), (vec![-0.7], 1.0);
        without_repetitions(&x): (vec![0.7, -0.2]), (vec![0.7, 1.1]);
        rotated(&x): (vec![0.7, -0.2, 1.4, 1.1]);
        again_and_again(&x): (vec![0.7, -0.2, 1.4]), (vec![0.7]);
        until_none(&x): (vec![0.7, -0.2, 1.4, -1.1, 0.3]), (vec![0.7, -0.2]), (vec![-0.9]);
    }
    untaped {
        rows_retained(&x): (vec![0.7, -0.2]);
        drained(&x, #from): (vec![0.7, -0.2, 1.4, 1.1, 0.6], 1), (vec![0.7, -0.2, 1.4, 1.1], 2);
        joined(&x): (vec![0.7, -0.2, 1.4, 1.1, 0.6]), (vec![0.7]);
        parted(&x, at): (vec![0.7, -0.2, 1.4, 1.1, 0.6], 0.4), (vec![0.7], 0.9);
        repeated(&x, #n): (vec![0.7, -0.2, 1.4, 1.1, 0.6], 3), (vec![0.7, 0.4], 0);
        looked_ahead(&x): (vec![0.7, -0.2, 1.4, 1.1, 0.6]), (vec![0.7]);
    }
}
