//! `Vec`: made, changed in place, grown and shrunk.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn zeros_then_filled(x: &[f64]) -> f64 {
    let mut y = vec![0.0; x.len()];
    for i in 0..x.len() {
        y[i] = x[i] * x[i];
    }
    let mut s = 0.0;
    for i in 0..y.len() {
        s += y[i].sin();
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn pushed(x: f64, n: usize) -> f64 {
    let mut powers = Vec::new();
    let mut p = 1.0;
    for _ in 0..n {
        p *= x;
        powers.push(p);
    }
    let mut s = 0.0;
    for (k, p) in powers.iter().enumerate() {
        s += p * p / (k as f64 + 1.0);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn pushed_conditionally(x: &[f64]) -> f64 {
    let mut kept = Vec::with_capacity(x.len());
    for &e in x {
        if e > 0.0 {
            kept.push(e.ln());
        }
    }
    let n = kept.len();
    let mut s = 0.0;
    for i in 0..n {
        s += kept[i] * kept[n - 1 - i];
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn popped(x: &[f64]) -> f64 {
    let mut stack = x.to_vec();
    let mut y = 1.0;
    while let Some(top) = stack.pop() {
        y = y * top + top;
    }
    y
}

/// A stack machine: what is popped is pushed again, combined.
#[differentiate(tape, jvp, hvp, hessian)]
fn stack_machine(x: f64, y: f64, program: &[u8]) -> f64 {
    let mut stack = vec![x, y, x * y];
    for &op in program {
        let b = stack.pop().unwrap();
        let a = stack.pop().unwrap();
        match op {
            0 => stack.push(a + b),
            1 => stack.push(a * b),
            2 => {
                stack.push(b);
                stack.push(a.sin());
            }
            _ => {
                stack.push(a);
                stack.push(b);
                stack.push(a - b);
            }
        }
    }
    stack.iter().sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn cloned(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    let b = a.clone();
    for i in 0..a.len() {
        a[i] *= b[i] + 1.0;
    }
    let mut s = 0.0;
    for (a, b) in a.iter().zip(&b) {
        s += a * b;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn cumulative_sums(x: &[f64]) -> f64 {
    let mut sums = vec![0.0; x.len() + 1];
    for i in 0..x.len() {
        sums[i + 1] = sums[i] + x[i];
    }
    let mut s = 0.0;
    for e in &sums {
        s += e * e;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn in_place_prefix(x: &[f64]) -> f64 {
    let mut a = x.to_vec();
    for i in 1..a.len() {
        a[i] += a[i - 1] * a[i];
    }
    a.last().copied().unwrap_or(0.0)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn heat_steps(u: &[f64], k: f64, steps: usize) -> f64 {
    let n = u.len();
    let mut u = u.to_vec();
    for _ in 0..steps {
        let mut next = u.clone();
        for i in 1..n - 1 {
            next[i] = u[i] + k * (u[i - 1] - 2.0 * u[i] + u[i + 1]);
        }
        u = next;
    }
    u.iter().map(|e| e * e).sum()
}

/// Two buffers change places.
#[differentiate(tape, jvp, hvp, hessian)]
fn double_buffered(x: &[f64], steps: usize) -> f64 {
    let mut now = x.to_vec();
    let mut next = vec![0.0; x.len()];
    for _ in 0..steps {
        for i in 0..now.len() {
            next[i] = now[i].sin() + 0.5 * now[(i + 1) % now.len()];
        }
        std::mem::swap(&mut now, &mut next);
    }
    now.iter().product()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn extended(x: &[f64], y: &[f64]) -> f64 {
    let mut all = Vec::new();
    all.extend_from_slice(x);
    all.extend_from_slice(y);
    all.push(1.5);
    let mut s = 0.0;
    for w in all.windows(2) {
        s += w[0] * w[1];
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn list_of_values(x: f64, y: f64) -> f64 {
    let v = vec![x, y, x * y];
    v.iter().map(|e| e.exp()).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn owned_and_changed(mut x: Vec<f64>, k: f64) -> f64 {
    x.push(k);
    x[0] *= k;
    x.iter().map(|e| e * e).sum::<f64>()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn truncated_and_resized(x: &[f64], n: usize) -> f64 {
    let mut a = x.to_vec();
    a.truncate(n);
    a.resize(4, 2.0);
    a.iter().map(|e| e * e).product()
}

/// A `Vec` of the iteration only: made and dropped each time.
#[differentiate(tape, jvp, hvp, hessian)]
fn temporary_in_a_loop(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in 0..n {
        let mut t = vec![y; 3];
        t[k % 3] = x;
        y = t[0] * t[1] + t[2].sin();
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn of_integers_beside(x: f64, n: usize) -> f64 {
    let mut order = Vec::new();
    for k in 0..n {
        order.push(k * k % 5);
    }
    let mut y = x;
    for &k in &order {
        y = y * x + k as f64;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn sieve_of_smoothing(x: &[f64], width: usize) -> f64 {
    let mut smooth = vec![0.0; x.len()];
    for i in 0..x.len() {
        let from = i.saturating_sub(width);
        let to = (i + width + 1).min(x.len());
        for j in from..to {
            smooth[i] += x[j];
        }
        smooth[i] /= (to - from) as f64;
    }
    x.iter().zip(&smooth).map(|(a, b)| (a - b).powi(2)).sum()
}

#[differentiate(jvp, jacobian)]
fn returned(x: &[f64], k: f64) -> Vec<f64> {
    let mut y = Vec::with_capacity(x.len());
    for e in x {
        y.push((e * k).tanh());
    }
    y
}

#[differentiate(jvp, jacobian)]
fn collected(x: &[f64]) -> Vec<f64> {
    let total: f64 = x.iter().sum();
    x.iter().map(|e| e / total).collect()
}

cases! {
    taped {
        zeros_then_filled(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        pushed(x, #n): (0.7, 0), (0.7, 1), (0.7, 4);
        pushed_conditionally(&x): (vec![]), (vec![0.7, -1.3, 0.2]), (vec![-0.5]);
        popped(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        stack_machine(x, y, @program):
            (0.7, 1.3, vec![]), (0.7, 1.3, vec![0, 1]), (0.7, 1.3, vec![3, 2, 1, 3, 0, 2, 1]);
        cloned(&x): (vec![]), (vec![0.7, 1.3, -0.2]);
        cumulative_sums(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        in_place_prefix(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        heat_steps(&u, k, #steps):
            (vec![0.7, 1.3, -0.2, 0.4], 0.2, 0),
            (vec![0.7, 1.3, -0.2, 0.4], 0.2, 1),
            (vec![0.7, 1.3, -0.2, 0.4], 0.2, 3);
        double_buffered(&x, #steps): (vec![0.7, 1.3], 0), (vec![0.7, 1.3], 1), (vec![0.7, 1.3], 3);
        extended(&x, &y): (vec![], vec![]), (vec![0.7, 1.3], vec![-0.2]);
        list_of_values(x, y): (0.7, 1.3);
        owned_and_changed(x, k): (vec![0.7, 1.3], 0.4);
        truncated_and_resized(&x, #n): (vec![0.7, 1.3, -0.2], 2), (vec![0.7], 3);
        temporary_in_a_loop(x, #n): (0.7, 0), (0.7, 1), (0.7, 4);
        of_integers_beside(x, #n): (0.7, 0), (0.7, 4);
        sieve_of_smoothing(&x, #width): (vec![0.7, 1.3, -0.2, 2.0], 1), (vec![0.7], 2);
    }
    vjp {
        returned(&x, k): (vec![], 0.5), (vec![0.7, 1.3], 0.5);
        collected(&x): (vec![0.7]), (vec![0.7, 1.3, -0.2]);
    }
}
