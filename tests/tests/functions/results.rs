//! `Result` and `Option` as results, and `?`.

use chainrule::differentiate;
use chainrule_tests::cases;

/// What can go wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// There is nothing to work on.
    Empty,
    /// A number is out of its domain.
    Domain(usize),
}

#[differentiate(jvp, hvp, hessian)]
fn mean(x: &[f64]) -> Result<f64, String> {
    if x.is_empty() {
        return Err("the mean of nothing".to_owned());
    }
    let mut s = 0.0;
    for e in x {
        s += e;
    }
    Ok(s / x.len() as f64)
}

#[differentiate(jvp, hvp, hessian)]
fn root(x: f64) -> Option<f64> {
    if x < 0.0 { None } else { Some(x.sqrt()) }
}

/// `?` on a call of an annotated function.
#[differentiate(jvp, hvp, hessian)]
fn deviation(x: &[f64]) -> Result<f64, String> {
    let m = mean(x)?;
    let mut s = 0.0;
    for e in x {
        s += (e - m) * (e - m);
    }
    Ok((s / x.len() as f64).sqrt())
}

#[differentiate(jvp, hvp, hessian)]
fn chained_options(x: f64, y: f64) -> Option<f64> {
    let a = root(x)?;
    let b = root(y - a)?;
    Some(a * b)
}

/// Failure in the middle of a loop, with the place.
#[differentiate(jvp, hvp, hessian)]
fn sum_of_logarithms(x: &[f64]) -> Result<f64, Failure> {
    if x.is_empty() {
        return Err(Failure::Empty);
    }
    let mut s = 0.0;
    for (i, &e) in x.iter().enumerate() {
        if e <= 0.0 {
            return Err(Failure::Domain(i));
        }
        s += e.ln();
    }
    Ok(s)
}

fn checked(n: usize) -> Result<usize, Failure> {
    if n < 10 { Ok(n) } else { Err(Failure::Domain(n)) }
}

/// `?` on a function of constants.
#[differentiate(jvp, hvp, hessian)]
fn constant_that_can_fail(x: f64, n: usize) -> Result<f64, Failure> {
    let mut y = x;
    for k in 0..n {
        let k = checked(k * 4)?;
        y = y * x + k as f64;
    }
    Ok(y)
}

#[differentiate(jvp, hvp, hessian)]
fn option_of_an_element(x: &[f64], k: usize) -> Option<f64> {
    let e = x.get(k)?;
    Some(e * e)
}

#[differentiate(jvp, hvp, hessian)]
fn matched_result(x: &[f64]) -> f64 {
    match mean(x) {
        Ok(m) => m * m,
        Err(_) => -1.0,
    }
}

#[differentiate(jvp, hvp, hessian)]
fn option_with_default(x: f64) -> f64 {
    root(x).unwrap_or(0.5) + root(x * x).unwrap()
}

#[differentiate(jvp, hvp, hessian)]
fn if_let_of_a_call(x: f64, y: f64) -> f64 {
    if let Some(r) = root(x) { r * y } else { y * y }
}

/// A failure with an expression for its reason.
#[differentiate(jvp, hvp, hessian)]
fn newton(a: f64, most: usize) -> Result<f64, String> {
    let mut r = a;
    for _ in 0..most {
        let next = 0.5 * (r + a / r);
        if (next - r).abs() < 1e-12 {
            return Ok(next);
        }
        r = next;
    }
    Err(format!("no convergence in {most} steps"))
}

cases! {
    untaped {
        mean(&x): (vec![0.7, 1.3, -0.2]), (vec![]);
        root(x): (0.7), (-0.7);
        deviation(&x): (vec![0.7, 1.3, -0.2]), (vec![]);
        chained_options(x, y): (0.7, 1.3), (-0.7, 1.3), (0.7, 0.3);
        sum_of_logarithms(&x): (vec![0.7, 1.3]), (vec![]), (vec![0.7, -1.3]);
        constant_that_can_fail(x, #n): (0.7, 0), (0.7, 3), (0.7, 5);
        option_of_an_element(&x, #k): (vec![0.7, 1.3], 1), (vec![0.7, 1.3], 2);
        matched_result(&x): (vec![0.7, 1.3]), (vec![]);
        option_with_default(x): (0.7), (-0.7);
        if_let_of_a_call(x, y): (0.7, 1.3), (-0.7, 1.3);
        newton(a, #most): (2.0, 20), (2.0, 1);
    }
}
