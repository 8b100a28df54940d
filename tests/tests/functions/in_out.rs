//! `&mut` parameters: input and output at once.

use chainrule::differentiate;
use chainrule_tests::{Fixed, cases};

#[differentiate(jvp)]
fn scale(x: &mut [f64], k: f64) {
    for e in x.iter_mut() {
        *e *= k;
    }
}

/// y ← a·x + y
#[differentiate(jvp)]
fn axpy(a: f64, x: &[f64], y: &mut [f64]) {
    for i in 0..x.len() {
        y[i] += a * x[i];
    }
}

/// What was there is overwritten: its cotangent is zero.
#[differentiate(jvp)]
fn overwrite(x: &mut [f64], k: f64) {
    for (i, e) in x.iter_mut().enumerate() {
        *e = k * (i as f64 + 1.0);
    }
}

/// What was there goes into what is overwritten.
#[differentiate(jvp)]
fn squash(x: &mut [f64]) {
    for i in 0..x.len() {
        x[i] = x[i].tanh() * x[i];
    }
}

#[differentiate(jvp)]
fn prefix_sums(x: &mut [f64]) {
    for i in 1..x.len() {
        x[i] += x[i - 1];
    }
}

#[differentiate(jvp)]
fn bump(x: &mut f64, k: f64) {
    *x = *x * *x + k;
    *x += k.sin();
}

#[differentiate(jvp)]
fn exchange(x: &mut f64, y: &mut f64) {
    std::mem::swap(x, y);
    *x *= 2.0;
    *y += *x;
}

#[differentiate(jvp)]
fn rotate(p: &mut [f64; 2], angle: f64) {
    let [x, y] = *p;
    *p = [x * angle.cos() - y * angle.sin(), x * angle.sin() + y * angle.cos()];
}

#[differentiate(jvp)]
fn untouched(x: &mut [f64], k: f64) -> f64 {
    x[0] * k
}

/// Normalises and returns the length.
#[differentiate(jvp)]
fn normalise(x: &mut [f64]) -> f64 {
    let mut s = 0.0;
    for e in x.iter() {
        s += e * e;
    }
    let length = s.sqrt();
    for e in x.iter_mut() {
        *e /= length;
    }
    length
}

#[differentiate(jvp)]
fn grow(x: &mut Vec<f64>, k: f64) {
    let first = x[0];
    x.push(first * k);
    x[0] = k;
}

#[differentiate(jvp)]
fn shrink(x: &mut Vec<f64>) -> f64 {
    let last = x.pop().unwrap();
    x[0] *= last;
    last * last
}

#[differentiate(jvp)]
fn in_a_branch(x: &mut [f64; 2]) {
    if x[0] > 0.0 {
        x[1] *= x[0];
    } else {
        x[0] = x[1] * x[1];
    }
}

/// One step of a leapfrog integrator, as such code is written.
#[differentiate(jvp)]
fn leapfrog(position: &mut [f64; 2], velocity: &mut [f64; 2], dt: f64) {
    for k in 0..2 {
        velocity[k] -= 0.5 * dt * position[k].sin();
        position[k] += dt * velocity[k];
        velocity[k] -= 0.5 * dt * position[k].sin();
    }
}

#[differentiate(jvp)]
fn matrix_in_place(a: &mut [[f64; 2]; 2], k: f64) {
    a[0][1] += k * a[1][0];
    a[1][0] = a[0][1] * a[0][0];
}

/// The helper changes its caller's memory.
#[differentiate(tape, jvp, hvp, hessian)]
fn calls_in_out(x: &[f64], k: f64) -> f64 {
    let mut y = x.to_vec();
    scale(&mut y, k);
    axpy(k, x, &mut y);
    let length = normalise(&mut y);
    length * y[0]
}

#[differentiate(jvp)]
fn calls_in_out_on_a_part(x: &mut [f64], k: f64) {
    let n = x.len();
    scale(&mut x[1..n - 1], k);
    prefix_sums(x);
}

/// Changed by a helper in a loop.
#[differentiate(tape, jvp, hvp, hessian)]
fn calls_in_out_in_a_loop(x: f64, v: f64, steps: usize) -> f64 {
    let (mut p, mut q) = ([x, 1.0], [v, 0.5]);
    for _ in 0..steps {
        leapfrog(&mut p, &mut q, 0.1);
    }
    p[0] * q[0] + p[1] * q[1]
}

/// A counter that is not differentiated is changed beside.
#[differentiate(wrt(x))]
fn counted(x: &mut [f64], threshold: f64, clipped: &mut usize) {
    for e in x.iter_mut() {
        if *e > threshold {
            *e = threshold + (*e - threshold) * 0.1;
            *clipped += 1;
        }
    }
}

/// [`counted()`] with a counter of its own.
#[differentiate(wrt(x), jvp)]
fn clipped(x: &mut [f64], threshold: f64) {
    let mut count = 0;
    counted(x, threshold, &mut count);
    if count > 1 {
        x[0] *= 2.0;
    }
}

cases! {
    in_out {
        scale(*x: ct, k): (vec![], 0.5), (vec![0.7, 1.3, -0.2], 0.5);
        axpy(a, &x, *y: ct): (0.5, vec![], vec![]), (0.5, vec![0.7, 1.3], vec![-0.2, 0.4]);
        overwrite(*x: ct, k): (vec![0.7, 1.3], 0.5);
        squash(*x: ct): (vec![]), (vec![0.7, 1.3]);
        prefix_sums(*x: ct): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        bump(*x: ct, k): (0.7, 0.4);
        exchange(*x: ct_x, *y: ct_y): (0.7, 0.4);
        rotate(*p: ct, angle): ([0.7, 1.3], 0.4);
        grow(*x: ct, k): (vec![0.7, 1.3], 0.4);
        in_a_branch(*x: ct): ([0.7, 1.3]), ([-0.7, 1.3]);
        leapfrog(*position: ct_p, *velocity: ct_v, dt): ([0.7, 1.3], [0.1, -0.2], 0.05);
        matrix_in_place(*a: ct, k): ([[0.7, 1.3], [0.1, -0.2]], 0.4);
        calls_in_out_on_a_part(*x: ct, k): (vec![0.7, 1.3, 0.1, -0.2], 0.4);
        clipped(*x: ct, !threshold): (vec![0.7, 1.3, 2.0], Fixed(1.0)), (vec![0.7], Fixed(1.0));
    }
    in_out_with_result {
        untouched(*x: ct, k): (vec![0.7, 1.3], 0.4);
        normalise(*x: ct): (vec![0.7, 1.3]);
        shrink(*x: ct): (vec![0.7, 1.3, 0.4]);
    }
    taped {
        calls_in_out(&x, k): (vec![0.7, 1.3], 0.4);
        calls_in_out_in_a_loop(x, v, #steps): (0.7, 0.1, 0), (0.7, 0.1, 3);
    }
}
