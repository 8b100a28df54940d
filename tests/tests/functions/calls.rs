//! Calls between functions: annotated ones, and plain ones without a differentiable argument.

use chainrule::differentiate;
use chainrule_tests::cases;

/// A softened absolute value.
#[differentiate(tape, jvp, hvp, hessian)]
fn soft_abs(x: f64, k: f64) -> f64 {
    if x.abs() < k { 0.5 * x * x / k + 0.5 * k } else { x.abs() }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn power(x: f64, n: usize) -> f64 {
    let mut p = 1.0;
    for _ in 0..n {
        p *= x;
    }
    p
}

#[differentiate(tape, jvp, hvp, hessian)]
fn in_a_branch(x: f64, y: f64) -> f64 {
    if x > y { soft_abs(x, 1.0) } else { power(y, 3) * x }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn in_a_loop(x: f64, n: usize) -> f64 {
    let mut s = 0.0;
    for k in 0..n {
        s += power(x, k) * soft_abs(s - x, 0.5);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn in_a_condition(x: f64, y: f64) -> f64 {
    let mut t = y;
    while soft_abs(t, 0.1) > 0.7 {
        t *= 0.6 + 0.1 * x;
    }
    t * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn in_a_chain(x: &[f64], k: f64) -> f64 {
    x.iter().map(|&e| soft_abs(e, k)).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_name(x: &[f64]) -> f64 {
    x.iter().copied().map(cube).sum()
}

#[differentiate(tape)]
fn cube(x: f64) -> f64 {
    x * x * x
}

/// A slice passed on.
#[differentiate(tape)]
fn norm(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for e in x {
        s += e * e;
    }
    s.sqrt()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn with_slices(x: &[f64], y: &[f64], m: usize) -> f64 {
    norm(x) * norm(&y[..m]) + norm(&y[m..])
}

#[differentiate(tape, jvp, hvp, hessian)]
fn with_an_array(x: f64, y: f64) -> f64 {
    let a = [x, y, x * y];
    norm(&a) + norm(&[x, 1.0])
}

#[differentiate(jvp, jacobian)]
fn spherical(r: f64, theta: f64, phi: f64) -> [f64; 3] {
    [r * theta.sin() * phi.cos(), r * theta.sin() * phi.sin(), r * theta.cos()]
}

#[differentiate(jvp, jacobian)]
fn polar(x: f64, y: f64) -> (f64, f64) {
    (x.hypot(y), y.atan2(x))
}

#[differentiate(tape, jvp, hvp, hessian)]
fn results_of_several_floats(r: f64, theta: f64, phi: f64) -> f64 {
    let p = spherical(r, theta, phi);
    let (radius, angle) = polar(p[0], p[1]);
    radius * angle + p[2]
}

#[differentiate(jvp, jacobian)]
fn doubled(x: &[f64]) -> Vec<f64> {
    x.iter().map(|e| 2.0 * e + 1.0).collect()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn vectors_returned(x: &[f64]) -> f64 {
    let y = doubled(&doubled(x));
    norm(&y)
}

fn weight(k: usize) -> f64 {
    1.0 / (k * k + 1) as f64
}

fn order(n: usize) -> Vec<usize> {
    (0..n).rev().collect()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn plain_functions_of_constants(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for k in order(x.len()) {
        s = s * 0.5 + x[k] * weight(k);
    }
    s
}

/// A statement that the macro cannot see through, taken as a constant.
#[differentiate(jvp, hvp, hessian)]
fn constant_statement(x: f64, names: &[&str]) -> f64 {
    #[constant]
    let longest: usize = names.iter().map(|name| name.len()).max().unwrap_or(0);
    #[constant]
    let share = weight(longest);
    x * x * share + longest as f64
}

/// Arguments that are expressions, in the order they are written.
#[differentiate(tape, jvp, hvp, hessian)]
fn arguments_with_effect(x: f64, n: usize) -> f64 {
    let mut k = n;
    let mut next = || {
        k += 1;
        k
    };
    power(x, next()) + power(x + 1.0, next())
}

/// Functions inside the body, used before they stand.
#[differentiate(tape, jvp, hvp, hessian)]
fn with_functions_inside(x: f64, n: usize) -> f64 {
    fn square(t: f64) -> f64 {
        if t < 0.0 {
            return t;
        }
        t * t
    }
    fn backwards(n: usize) -> Vec<usize> {
        (0..n).rev().collect()
    }
    const SCALE: f64 = 2.0;
    let mut y = square(x) * SCALE;
    for k in backwards(n) {
        y = square(y.sin()) + raised(x, k);
    }
    fn raised(x: f64, k: usize) -> f64 {
        x * k as f64
    }
    y
}

mod inner {
    use chainrule::differentiate;

    #[differentiate(tape)]
    pub(super) fn logistic(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn from_a_module(x: f64) -> f64 {
    let mut y = x;
    for _ in 0..3 {
        y = inner::logistic(y) * 2.0;
    }
    y
}

/// Reached by two ways.
#[differentiate(tape, jvp, hvp, hessian)]
fn diamond(x: f64) -> f64 {
    left(x) + right(x)
}

#[differentiate(tape)]
fn left(x: f64) -> f64 {
    power(x, 2)
}

#[differentiate(tape)]
fn right(x: f64) -> f64 {
    if x > 1.0 { power(x, 3) } else { left(x) }
}

cases! {
    taped {
        soft_abs(x, k): (0.4, 1.0), (1.4, 1.0), (-1.4, 1.0);
        power(x, #n): (0.7, 0), (0.7, 1), (0.7, 4);
        in_a_branch(x, y): (1.3, 0.4), (0.4, 1.3);
        in_a_loop(x, #n): (0.7, 0), (0.7, 1), (0.7, 3);
        in_a_condition(x, y): (0.4, 0.3), (0.4, 5.0);
        in_a_chain(&x, k): (vec![], 0.5), (vec![0.7, 0.2, -1.3], 0.5);
        by_name(&x): (vec![0.7, 0.2, -1.3]);
        with_slices(&x, &y, #m): (vec![0.7, 0.2], vec![1.3, 0.4, -0.6], 2);
        with_an_array(x, y): (0.7, 1.3);
        results_of_several_floats(r, theta, phi): (1.3, 0.7, 0.4);
        vectors_returned(&x): (vec![0.7, 0.2]);
        plain_functions_of_constants(&x): (vec![]), (vec![0.7, 0.2, -1.3]);
        arguments_with_effect(x, #n): (0.7, 0), (0.7, 2);
        with_functions_inside(x, #n): (0.7, 0), (-0.7, 1), (0.7, 3);
        from_a_module(x): (0.7);
        diamond(x): (0.7), (1.3);
    }
    untaped {
        constant_statement(x, @names): (0.7, vec!["a", "abc"]), (0.7, vec![]);
    }
    vjp {
        spherical(r, theta, phi): (1.3, 0.7, 0.4);
        polar(x, y): (1.3, 0.7);
        doubled(&x): (vec![0.7, 0.2]);
    }
}
