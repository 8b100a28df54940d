//! Loops over slices and chains of iterator methods.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn by_iter(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for &e in x.iter() {
        s += e * e;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_reference(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for e in x {
        p *= e.sin();
    }
    p
}

#[differentiate(tape, jvp, hvp, hessian)]
fn enumerated(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for (i, e) in x.iter().enumerate() {
        s += *e * (i as f64 + 1.0);
    }
    s * s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn zipped(x: &[f64], y: &[f64]) -> f64 {
    let mut s = 0.0;
    for (a, b) in x.iter().zip(y) {
        s += a * b;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn zipped_three_times(x: &[f64], y: &[f64], w: &[f64]) -> f64 {
    let mut s = 0.0;
    for ((&a, &b), &c) in x.iter().zip(y.iter()).zip(w) {
        s += c * (a - b) * (a - b);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn zipped_with_a_range(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for (e, k) in x.iter().zip(1..) {
        s += e.powi(k);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn windows(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for w in x.windows(2) {
        s += (w[1] - w[0]) * (w[1] - w[0]);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn chunks(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for c in x.chunks(3) {
        let mut p = 1.0;
        for e in c {
            p *= e;
        }
        s += p;
    }
    s
}

/// What is left over takes no part.
#[differentiate(tape, jvp, hvp, hessian)]
fn chunks_exact(x: &[f64]) -> f64 {
    x.chunks_exact(2).map(|pair| pair[0] * pair[1].sin()).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn reversed_slice(x: &[f64]) -> f64 {
    let mut y = 0.0;
    for e in x.iter().rev() {
        y = y * 0.5 + e * e;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn map_sum(x: &[f64], k: f64) -> f64 {
    x.iter().map(|e| (e * k).sin()).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn map_sum_with_type(x: &[f64]) -> f64 {
    let total = x.iter().map(|&e| e * e).sum::<f64>();
    total.sqrt()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn sum_of_references(x: &[f64]) -> f64 {
    let s: f64 = x.iter().sum();
    s * s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn product(x: &[f64]) -> f64 {
    x.iter().product::<f64>()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn map_product(x: &[f64], k: f64) -> f64 {
    x.iter().map(|e| e + k).product()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn folded(x: &[f64], rate: f64) -> f64 {
    x.iter().fold(1.0, |level, e| level * rate + e.sin() * level)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn folded_maximum(x: &[f64]) -> f64 {
    x.iter().fold(f64::NEG_INFINITY, |m, &e| m.max(e)) * x[0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn folded_pair(x: &[f64]) -> f64 {
    let (s, q) = x.iter().fold((0.0, 0.0), |(s, q), &e| (s + e, q + e * e));
    q / (s * s + 1.0)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn filtered(x: &[f64]) -> f64 {
    x.iter().filter(|e| **e > 0.0).map(|e| e.sqrt()).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn skipped_and_taken(x: &[f64]) -> f64 {
    x.iter().skip(1).take(2).map(|e| e.exp()).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn neighbours_by_skip(x: &[f64]) -> f64 {
    x.iter().zip(x.iter().skip(1)).map(|(a, b)| a * b).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn range_map(x: f64, n: usize) -> f64 {
    (0..n).map(|k| (x * k as f64).cos()).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn range_fold(x: f64, n: i32) -> f64 {
    (1..=n).rev().fold(0.0, |y, k| (y + 1.0 / k as f64) * x)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn range_that_gathers(x: &[f64], idx: &[usize]) -> f64 {
    (0..idx.len()).map(|k| x[idx[k]] * x[idx[k]]).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn over_indices(x: &[f64], idx: &[usize]) -> f64 {
    let mut s = 0.0;
    for &i in idx {
        s += x[i] * x[i];
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn enumerated_map(x: &[f64]) -> f64 {
    x.iter().enumerate().map(|(k, e)| e.powi(k as i32)).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn copied_and_cloned(x: &[f64], y: &[f64]) -> f64 {
    x.iter().copied().zip(y.iter().cloned()).map(|(a, b)| a / b).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn minimum_by(x: &[f64]) -> f64 {
    let least = x.iter().copied().min_by(|a, b| a.total_cmp(b)).unwrap();
    let most = x.iter().copied().max_by(|a, b| a.total_cmp(b)).unwrap();
    least * most
}

#[differentiate(tape, jvp, hvp, hessian)]
fn collected(x: &[f64]) -> f64 {
    let squares: Vec<f64> = x.iter().map(|e| e * e).collect();
    let total: f64 = squares.iter().sum();
    squares.iter().map(|q| q / total * q).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn for_each(x: &[f64]) -> f64 {
    let mut s = 1.0;
    x.iter().for_each(|e| s = s * 0.5 + e.exp());
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn nested_chains(x: &[f64], y: &[f64]) -> f64 {
    x.iter().map(|a| y.iter().map(|b| (a - b).powi(2)).sum::<f64>().sqrt()).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn while_let_of_an_iterator(x: &[f64]) -> f64 {
    let mut elements = x.iter();
    let mut s = 1.0;
    while let Some(e) = elements.next() {
        s = s * e + e;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn sum_in_f32(x: &[f32]) -> f32 {
    x.iter().map(|e| e * 0.1).sum()
}

cases! {
    taped {
        by_iter(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2]);
        by_reference(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2]);
        enumerated(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2]);
        zipped(&x, &y): (vec![], vec![]), (vec![0.7, -1.3], vec![0.4, 0.2, 5.0]);
        zipped_three_times(&x, &y, &w):
            (vec![0.7, -1.3], vec![0.4, 0.2], vec![1.5, 2.5]);
        zipped_with_a_range(&x): (vec![]), (vec![0.7, -1.3, 0.2]);
        windows(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2, 1.1]);
        chunks(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2]), (vec![0.7, -1.3, 0.2, 1.1, 0.3]);
        chunks_exact(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2, 1.1, 0.3]);
        reversed_slice(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2]);
        map_sum(&x, k): (vec![], 2.0), (vec![0.7], 2.0), (vec![0.7, -1.3, 0.2], 2.0);
        map_sum_with_type(&x): (vec![0.7]), (vec![0.7, -1.3, 0.2]);
        sum_of_references(&x): (vec![]), (vec![0.7, -1.3, 0.2]);
        product(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2]), (vec![0.7, 0.0, 0.2]);
        map_product(&x, k): (vec![0.7, -1.3, 0.2], 0.4);
        folded(&x, rate): (vec![], 0.9), (vec![0.7, -1.3, 0.2], 0.9);
        folded_maximum(&x): (vec![0.7]), (vec![0.7, -1.3, 2.2]);
        folded_pair(&x): (vec![]), (vec![0.7, -1.3, 2.2]);
        filtered(&x): (vec![]), (vec![0.7, -1.3, 2.2]);
        skipped_and_taken(&x): (vec![]), (vec![0.7, -1.3]), (vec![0.7, -1.3, 0.2, 1.1]);
        neighbours_by_skip(&x): (vec![]), (vec![0.7]), (vec![0.7, -1.3, 0.2, 1.1]);
        range_map(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        range_fold(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        range_that_gathers(&x, @idx): (vec![0.7, 5.0, -1.3], vec![0, 0, 2]);
        over_indices(&x, @idx): (vec![0.7, 5.0, -1.3], vec![0, 0, 2]), (vec![0.7], vec![]);
        enumerated_map(&x): (vec![]), (vec![0.7, -1.3, 0.2]);
        copied_and_cloned(&x, &y): (vec![0.7, -1.3], vec![0.4, 0.2]);
        minimum_by(&x): (vec![0.7]), (vec![0.7, -1.3, 0.2]);
        collected(&x): (vec![0.7]), (vec![0.7, -1.3, 0.2]);
        for_each(&x): (vec![]), (vec![0.7, -1.3, 0.2]);
        nested_chains(&x, &y): (vec![0.7, -1.3], vec![0.4, 0.2, 2.0]);
        while_let_of_an_iterator(&x): (vec![]), (vec![0.7, -1.3, 0.2]);
        sum_in_f32(&x): (vec![]), (vec![0.7, -1.3, 0.2]);
    }
}
