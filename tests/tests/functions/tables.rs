//! Constants of the module and of the body whose types stand nowhere in sight: coefficients, nodes,
//! tableaus.

use chainrule::differentiate;
use chainrule_tests::cases;

const COEFFICIENTS: [f64; 4] = [1.5, -0.5, 0.25, 0.125];
const NODES: [(f64, f64); 3] =
    [(0.0, 8.0 / 9.0), (-0.774_596_669_241_483_4, 5.0 / 9.0), (0.774_596_669_241_483_4, 5.0 / 9.0)];
const STAGES: [[f64; 3]; 4] = [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 1.0]];
static WEIGHTS: &[f64] = &[1.0 / 6.0, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 6.0];

/// An alloy's share and modulus.
pub struct Alloy {
    share: f64,
    moduli: [f64; 2],
}

const ALLOYS: [Alloy; 2] =
    [Alloy { share: 0.3, moduli: [70.0, 26.0] }, Alloy { share: 0.7, moduli: [110.0, 44.0] }];

mod shared {
    pub(super) const OFFSETS: [i32; 3] = [-1, 0, 2];
    pub(super) const NAMED: [(&str, f64); 3] = [("mass", 2.0), ("rest", 0.5), ("mass", 1.5)];
}

/// By reference, by value and by index.
#[differentiate(tape, jvp, hvp, hessian)]
fn polynomial(x: f64) -> f64 {
    let mut sum = COEFFICIENTS[0];
    for (k, &c) in COEFFICIENTS.iter().enumerate().skip(1) {
        sum += c * x.powi(k as i32);
    }
    let by_horner = COEFFICIENTS.iter().rev().fold(0.0, |acc, c| acc * x + c);
    let mut tail = 0.0;
    for c in &COEFFICIENTS[2..] {
        tail += c * x;
    }
    for c in COEFFICIENTS {
        tail *= c + x;
    }
    sum.exp() * by_horner + tail
}

/// Pairs.
#[differentiate(tape, jvp, hvp, hessian)]
fn quadrature(a: f64, b: f64) -> f64 {
    let (c, h) = ((a + b) / 2.0, (b - a) / 2.0);
    h * NODES.iter().map(|&(x, w)| w * (c + h * x).sin()).sum::<f64>()
}

/// Pairs by value, in a function that is inlined.
#[differentiate(tape, jvp, hvp, hessian)]
fn panels(a: f64, b: f64, n: usize) -> f64 {
    let width = (b - a) / n as f64;
    (0..n).map(|k| quadrature(a + k as f64 * width, a + (k as f64 + 1.0) * width)).sum()
}

/// Rows of rows: a tableau.
#[differentiate(tape, jvp, hvp, hessian)]
fn runge_kutta(rate: f64, start: f64, steps: usize) -> f64 {
    let h = 1.0 / steps as f64;
    let mut y = start;
    for _ in 0..steps {
        let mut slopes = [0.0; 4];
        for stage in 0..4 {
            let row = &STAGES[stage];
            let at = y + h * row.iter().zip(&slopes).map(|(a, k)| a * k).sum::<f64>();
            slopes[stage] = rate * at * (1.0 - at);
        }
        y += h * WEIGHTS.iter().zip(slopes.iter()).map(|(w, k)| w * k).sum::<f64>();
    }
    y
}

/// Parts of rows, by pattern and by index.
#[differentiate(tape, jvp, hvp, hessian)]
fn parts_of_rows(x: f64, y: f64) -> f64 {
    let mut sum = 0.0;
    for row in STAGES.iter() {
        sum += row[0] * x + row[2] * x * y;
    }
    for [a, b, _] in STAGES {
        sum *= a + x - b * y;
    }
    sum + STAGES.iter().map(|[_, b, c]| (b * x).exp() * c).sum::<f64>()
}

/// Fields.
#[differentiate(tape, jvp, hvp, hessian)]
fn mixture(strain: f64, scale: f64) -> f64 {
    let linear: f64 = ALLOYS.iter().map(|alloy| alloy.share * alloy.moduli[0]).sum();
    let mut shear = 0.0;
    for alloy in &ALLOYS {
        shear += alloy.share * alloy.moduli[1] * strain;
    }
    0.5 * scale * linear * strain * strain + shear.sqrt()
}

/// Integers, text and constants of the body.
#[differentiate(tape, jvp, hvp, hessian)]
fn other_types(x: &[f64], k: f64) -> f64 {
    const STEPS: [usize; 3] = [1, 2, 1];
    let mut sum = 0.0;
    for &offset in shared::OFFSETS.iter() {
        sum += x[(1 + offset) as usize] * k.powi(offset);
    }
    for (name, weight) in shared::NAMED.iter() {
        if *name == "mass" {
            sum *= weight * k;
        }
    }
    let mut at = 0;
    for step in STEPS.iter().take(2) {
        at = (at + step) % x.len();
        sum += x[at] * x[at];
    }
    sum * STEPS.len() as f64
}

/// Neighbours: a table that is interpolated.
#[differentiate(tape, jvp, hvp, hessian)]
fn interpolated(x: f64) -> f64 {
    const KNOTS: [(f64, f64); 4] = [(0.0, 1.0), (0.5, 1.5), (1.0, 0.25), (2.0, 3.0)];
    for pair in KNOTS.windows(2) {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        if x < x1 {
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0);
        }
    }
    x * x
}

cases! {
    taped {
        polynomial(x): (0.7), (-1.3), (0.0);
        quadrature(a, b): (0.7, 1.3), (0.4, 0.4);
        panels(a, b, #n): (0.7, 1.3, 3), (-0.2, 1.3, 1);
        runge_kutta(rate, start, #steps): (0.7, 0.3, 4), (1.3, 0.1, 1);
        parts_of_rows(x, y): (0.7, 1.3), (-0.4, 0.2);
        mixture(strain, scale): (0.7, 1.3);
        other_types(&x, k): (vec![0.7, 1.3, -0.4, 0.6], 1.2);
        interpolated(x): (0.2), (0.7), (1.3), (2.6);
    }
}
