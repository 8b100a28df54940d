//! Small numerical methods, as such code is written.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn newton_sqrt(a: f64) -> f64 {
    let mut r = a;
    for _ in 0..8 {
        r = 0.5 * (r + a / r);
    }
    r
}

/// Kepler's equation by Newton's method, to convergence.
#[differentiate(tape, jvp, hvp, hessian)]
fn kepler(mean: f64, eccentricity: f64) -> f64 {
    let mut e = mean;
    loop {
        let step = (e - eccentricity * e.sin() - mean) / (1.0 - eccentricity * e.cos());
        e -= step;
        if step.abs() < 1e-13 {
            break;
        }
    }
    2.0 * (((1.0 + eccentricity) / (1.0 - eccentricity)).sqrt() * (e / 2.0).tan()).atan()
}

/// The root of x³ + x = a by bisection: the steps are constants, so is their derivative; a step
/// of Newton's method at the end brings it back.
#[differentiate(tape, jvp)]
fn bisection_then_newton(a: f64) -> f64 {
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..60 {
        let mid: f64 = 0.5 * (low + high);
        if mid * mid * mid + mid < a {
            low = mid;
        } else {
            high = mid;
        }
    }
    let x = 0.5 * (low + high);
    x - (x * x * x + x - a) / (3.0 * x * x + 1.0)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn log_sum_exp(x: &[f64]) -> f64 {
    let mut m = f64::NEG_INFINITY;
    for &e in x {
        m = m.max(e);
    }
    let mut s = 0.0;
    for &e in x {
        s += (e - m).exp();
    }
    m + s.ln()
}

#[differentiate(jvp, jacobian)]
fn softmax(x: &[f64]) -> Vec<f64> {
    let m = x.iter().fold(f64::NEG_INFINITY, |m, &e| m.max(e));
    let mut p: Vec<f64> = x.iter().map(|e| (e - m).exp()).collect();
    let total: f64 = p.iter().sum();
    for e in p.iter_mut() {
        *e /= total;
    }
    p
}

#[differentiate(tape, jvp, hvp, hessian)]
fn cross_entropy(logits: &[f64], class: usize) -> f64 {
    let p = softmax(logits);
    -p[class].ln()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn simpson(a: f64, b: f64, n: usize) -> f64 {
    let h = (b - a) / n as f64;
    let f = |x: f64| (x * x).exp();
    let mut s = f(a) + f(b);
    for i in 1..n {
        s += if i % 2 == 1 { 4.0 } else { 2.0 } * f(a + i as f64 * h);
    }
    s * h / 3.0
}

#[differentiate(tape, jvp, hvp, hessian)]
fn euler(y0: f64, k: f64, n: usize) -> f64 {
    let h = 1.0 / n as f64;
    let mut y = y0;
    for i in 0..n {
        let t = i as f64 * h;
        y += h * (k * y * (1.0 - y) + t.sin());
    }
    y
}

#[differentiate(jvp, jacobian)]
fn lorenz(s: [f64; 3], p: [f64; 3]) -> [f64; 3] {
    [p[0] * (s[1] - s[0]), s[0] * (p[1] - s[2]) - s[1], s[0] * s[1] - p[2] * s[2]]
}

/// RK4 on Lorenz's system.
#[differentiate(tape, jvp, hvp, hessian)]
fn rk4(p: [f64; 3], steps: usize) -> f64 {
    let h = 0.01;
    let mut s = [1.0, 1.0, 1.0];
    let moved =
        |s: [f64; 3], k: [f64; 3], h: f64| [s[0] + h * k[0], s[1] + h * k[1], s[2] + h * k[2]];
    for _ in 0..steps {
        let k1 = lorenz(s, p);
        let k2 = lorenz(moved(s, k1, h / 2.0), p);
        let k3 = lorenz(moved(s, k2, h / 2.0), p);
        let k4 = lorenz(moved(s, k3, h), p);
        for i in 0..3 {
            s[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
    }
    s[0] + s[1] * s[2]
}

/// The spectral radius by power iteration.
#[differentiate(tape, jvp, hvp, hessian)]
fn power_iteration(a: [[f64; 2]; 2], steps: usize) -> f64 {
    let mut v = [1.0, 0.5];
    let mut length = 1.0;
    for _ in 0..steps {
        let w = [a[0][0] * v[0] + a[0][1] * v[1], a[1][0] * v[0] + a[1][1] * v[1]];
        length = (w[0] * w[0] + w[1] * w[1]).sqrt();
        v = [w[0] / length, w[1] / length];
    }
    length
}

/// The best path through a trellis: its score.
#[differentiate(tape, jvp, hvp, hessian)]
fn viterbi(start: [f64; 2], transition: [[f64; 2]; 2], emission: &[[f64; 2]]) -> f64 {
    let mut score = start;
    for e in emission {
        let mut next = [f64::NEG_INFINITY; 2];
        for j in 0..2 {
            for i in 0..2 {
                next[j] = next[j].max(score[i] + transition[i][j] + e[j]);
            }
        }
        score = next;
    }
    score[0].max(score[1])
}

/// The same with sums in the place of maxima.
#[differentiate(tape, jvp, hvp, hessian)]
fn forward_algorithm(start: [f64; 2], transition: [[f64; 2]; 2], emission: &[[f64; 2]]) -> f64 {
    let mut p = start;
    for e in emission {
        let old = p;
        for j in 0..2 {
            p[j] = (old[0] * transition[0][j] + old[1] * transition[1][j]) * e[j];
        }
    }
    (p[0] + p[1]).ln()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn exponential_series(x: f64) -> f64 {
    let (mut term, mut sum, mut k): (f64, f64, i32) = (1.0, 1.0, 0);
    while term.abs() > 1e-16 * sum {
        k += 1;
        term *= x / k as f64;
        sum += term;
    }
    sum
}

/// Clenshaw's recurrence for a sum of Chebyshev polynomials.
#[differentiate(tape, jvp, hvp, hessian)]
fn clenshaw(c: &[f64], x: f64) -> f64 {
    let (mut b1, mut b2) = (0.0, 0.0);
    for &c in c[1..].iter().rev() {
        (b1, b2) = (c + 2.0 * x * b1 - b2, b1);
    }
    c[0] + x * b1 - b2
}

/// Lagrange's interpolation through the nodes 0, 1, 2 …
#[differentiate(tape, jvp, hvp, hessian)]
fn lagrange(y: &[f64], x: f64) -> f64 {
    let mut s = 0.0;
    for i in 0..y.len() {
        let mut basis = 1.0;
        for j in 0..y.len() {
            if i != j {
                basis *= (x - j as f64) / (i as f64 - j as f64);
            }
        }
        s += y[i] * basis;
    }
    s
}

/// Between nodes in a table: the interval is found by comparing.
#[differentiate(tape, jvp, hvp, hessian)]
fn table_lookup(nodes: &[f64], values: &[f64], x: f64) -> f64 {
    let mut k = 0;
    while k + 2 < nodes.len() && x > nodes[k + 1] {
        k += 1;
    }
    let t = (x - nodes[k]) / (nodes[k + 1] - nodes[k]);
    values[k] * (1.0 - t) + values[k + 1] * t
}

/// De Casteljau's algorithm for Bézier curves.
#[differentiate(tape, jvp, hvp, hessian)]
fn de_casteljau(points: &[f64], t: f64) -> f64 {
    let mut b = points.to_vec();
    for k in 1..b.len() {
        for i in 0..b.len() - k {
            b[i] = b[i] * (1.0 - t) + b[i + 1] * t;
        }
    }
    b[0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn gradient_descent(x0: f64, rate: f64, steps: usize) -> f64 {
    let mut x = x0;
    for _ in 0..steps {
        let slope = 4.0 * x * x * x - 2.0 * x + 0.3;
        x -= rate * slope;
    }
    x * x * x * x - x * x + 0.3 * x
}

/// The arithmetic-geometric mean.
#[differentiate(tape, jvp, hvp, hessian)]
fn agm(a: f64, b: f64) -> f64 {
    let (mut a, mut g) = (a, b);
    while (a - g).abs() > 1e-14 * a.abs() {
        (a, g) = (0.5 * (a + g), (a * g).sqrt());
    }
    a
}

#[differentiate(tape, jvp, hvp, hessian)]
fn kalman(observations: &[f64], q: f64, r: f64) -> f64 {
    let (mut x, mut p, mut loss) = (0.0, 1.0, 0.0);
    for z in observations {
        p += q;
        let s = p + r;
        let innovation = z - x;
        loss += innovation * innovation / s + s.ln();
        let gain = p / s;
        x += gain * innovation;
        p *= 1.0 - gain;
    }
    0.5 * loss
}

/// An option's price on a binomial tree, with early exercise.
#[differentiate(tape, jvp, hvp, hessian)]
fn binomial_option(spot: f64, strike: f64, volatility: f64, n: usize) -> f64 {
    let up = (volatility * (1.0 / n as f64).sqrt()).exp();
    let p = (1.0 - 1.0 / up) / (up - 1.0 / up);
    let mut value = vec![0.0; n + 1];
    for i in 0..=n {
        value[i] = (strike - spot * up.powi(2 * i as i32 - n as i32)).max(0.0);
    }
    for step in (0..n).rev() {
        for i in 0..=step {
            let held = p * value[i + 1] + (1.0 - p) * value[i];
            let exercised = strike - spot * up.powi(2 * i as i32 - step as i32);
            value[i] = if exercised > held { exercised } else { held };
        }
    }
    value[0]
}

cases! {
    first_order {
        bisection_then_newton(a): (2.5), (-0.7);
    }
    taped {
        newton_sqrt(a): (2.0), (0.5);
        kepler(mean, eccentricity): (0.7, 0.3), (2.0, 0.6);
        log_sum_exp(&x): (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        cross_entropy(&logits, #class): (vec![0.7, 1.3, -0.2], 0), (vec![0.7, 1.3, -0.2], 1);
        simpson(a, b, #n): (0.1, 0.9, 2), (0.1, 0.9, 6);
        euler(y0, k, #n): (0.3, 1.5, 1), (0.3, 1.5, 10);
        rk4(p, #steps): ([10.0, 28.0, 8.0 / 3.0], 0), ([10.0, 28.0, 8.0 / 3.0], 5);
        power_iteration(a, #steps): ([[2.0, 0.7], [0.4, 1.0]], 0), ([[2.0, 0.7], [0.4, 1.0]], 6);
        viterbi(start, transition, &emission):
            ([0.1, 0.4], [[0.3, -0.2], [0.1, 0.5]], vec![]),
            ([0.1, 0.4], [[0.3, -0.2], [0.1, 0.5]], vec![[0.7, 0.2], [0.1, 0.9], [0.4, -0.6]]);
        forward_algorithm(start, transition, &emission):
            ([0.6, 0.4], [[0.7, 0.3], [0.2, 0.8]], vec![]),
            ([0.6, 0.4], [[0.7, 0.3], [0.2, 0.8]], vec![[0.7, 0.2], [0.1, 0.9], [0.4, 0.6]]);
        exponential_series(x): (0.7), (3.0);
        clenshaw(&c, x): (vec![0.7], 0.5), (vec![0.7, 1.3, -0.2, 0.4], 0.5);
        lagrange(&y, x): (vec![0.7], 0.5), (vec![0.7, 1.3, -0.2, 0.4], 1.4);
        table_lookup(&nodes, &values, x):
            (vec![0.0, 0.5, 1.5, 2.0], vec![0.7, 1.3, -0.2, 0.4], 0.2),
            (vec![0.0, 0.5, 1.5, 2.0], vec![0.7, 1.3, -0.2, 0.4], 1.2),
            (vec![0.0, 0.5, 1.5, 2.0], vec![0.7, 1.3, -0.2, 0.4], 3.0);
        de_casteljau(&points, t): (vec![0.7], 0.3), (vec![0.7, 1.3, -0.2, 0.4], 0.3);
        gradient_descent(x0, rate, #steps): (0.7, 0.1, 0), (0.7, 0.1, 10);
        agm(a, b): (1.0, 0.6), (3.0, 7.0);
        kalman(&observations, q, r): (vec![], 0.1, 0.5), (vec![0.7, 1.3, -0.2], 0.1, 0.5);
        binomial_option(spot, strike, volatility, #n): (1.03, 1.11, 0.3, 1), (1.03, 1.11, 0.3, 4);
    }
    vjp {
        softmax(&x): (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        lorenz(s, p): ([1.0, 2.0, 3.0], [10.0, 28.0, 2.5]);
    }
}
