//! `if` and `else`, as statements and as expressions.

use chainrule::differentiate;
use chainrule_tests::{Fixed, cases};

#[differentiate(tape, jvp, hvp, hessian)]
fn magnitude(x: f64) -> f64 {
    if x > 0.0 { x } else { -x }
}

/// Only one branch is differentiated: the other would give NaN.
#[differentiate(tape, jvp, hvp, hessian)]
fn masked_root(x: f64) -> f64 {
    if x > 0.0 { x.sqrt() } else { 0.0 }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn without_else(x: f64, y: f64) -> f64 {
    let mut z = x * y;
    if x > y {
        z += x.sin();
    }
    z * z
}

#[differentiate(tape, jvp, hvp, hessian)]
fn chain_of_conditions(x: f64) -> f64 {
    if x < -1.0 {
        x * x
    } else if x < 0.0 {
        x.exp()
    } else if x < 1.0 {
        x.sin() + 1.0
    } else {
        x.ln() + 2.0
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn nested(x: f64, y: f64) -> f64 {
    if x > 0.0 {
        if y > 0.0 { x * y } else { x / y }
    } else {
        if y > 0.0 { x - y } else { x * x * y }
    }
}

/// Several variables leave the conditional, some written in one branch only.
#[differentiate(tape, jvp, hvp, hessian)]
fn several_variables(x: f64, y: f64) -> f64 {
    let (mut a, mut b, mut c) = (x, y, x * y);
    if x * y > 1.0 {
        a = a * b;
        b += c;
    } else {
        c = c.cos();
        a -= c;
    }
    a * b + c
}

/// Which one is greater decides; both are smooth on the way.
#[differentiate(tape, jvp, hvp, hessian)]
fn greater(x: f64, y: f64) -> f64 {
    let squares = x * x + y * y;
    let larger = if x > y { x } else { y };
    larger / squares.sqrt()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn value_of_a_block(x: f64) -> f64 {
    let y = if x > 0.5 {
        let t = x - 0.5;
        t * t * x
    } else {
        let t = 0.5 - x;
        let u = t.exp();
        u * t
    };
    y * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn tuple_of_a_branch(x: f64, y: f64) -> f64 {
    let (a, b) = if x > y { (x * 2.0, y.sin()) } else { (y, x * x) };
    a * b + a
}

/// A function of the comparison alone is constant.
#[differentiate(tape, jvp, hvp, hessian)]
fn step(x: f64, t: f64) -> f64 {
    if x > t { 1.0 } else { 0.0 }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn conjunctions(x: f64, y: f64, flag: bool) -> f64 {
    if (x > 0.0 && y < 1.0) || !flag {
        x * y
    } else if flag && (x.is_nan() || y.is_finite()) {
        x + y * y
    } else {
        0.0
    }
}

/// A condition held in a variable.
#[differentiate(tape, jvp, hvp, hessian)]
fn condition_by_name(x: f64, y: f64) -> f64 {
    let above = x > y;
    let far = (x - y).abs() > 1.0;
    let mut z = if above { x * x } else { y };
    if above == far {
        z *= y;
    }
    if above ^ far { z.sin() } else { z.cos() }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_an_integer(x: f64, n: usize) -> f64 {
    if n == 0 {
        1.0
    } else if n % 2 == 0 {
        x.powi(n as i32)
    } else {
        -x.powi(n as i32)
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn if_let_some(x: f64, scale: Option<u32>) -> f64 {
    if let Some(n) = scale { x * x * n as f64 } else { x }
}

/// The range of values is narrowed by hand, as `clamp` does.
#[differentiate(tape, jvp, hvp, hessian)]
fn clamped_by_hand(x: f64, low: f64, high: f64) -> f64 {
    let mut y = x * x;
    if y < low {
        y = low;
    }
    if y > high {
        y = high;
    }
    y * x
}

/// Huber's loss.
#[differentiate(tape, jvp, hvp, hessian)]
fn huber(r: f64, delta: f64) -> f64 {
    if r.abs() <= delta { 0.5 * r * r } else { delta * (r.abs() - 0.5 * delta) }
}

/// The condition depends on a value that an earlier branch changed.
#[differentiate(tape, jvp, hvp, hessian)]
fn dependent_conditions(x: f64) -> f64 {
    let mut y = x;
    if y > 1.0 {
        y = y - 1.0;
    }
    if y < 0.5 {
        y = y * y;
    }
    y + x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn in_the_middle_of_an_expression(x: f64, y: f64) -> f64 {
    x * (if y > 0.0 { y.sqrt() } else { y * y }) + if x > y { x } else { 2.0 * y }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn leaky_in_f32(x: f32, slope: f32) -> f32 {
    if x > 0.0 { x } else { slope * x }
}

#[differentiate(wrt(x), tape, jvp, hvp, hessian)]
fn threshold_held_constant(x: f64, level: f64) -> f64 {
    let distance = x - level;
    if distance > 0.0 { distance * distance } else { distance.exp() - 1.0 }
}

cases! {
    taped {
        magnitude(x): (0.7), (-0.7);
        masked_root(x): (4.0), (-4.0);
        without_else(x, y): (1.3, 0.4), (0.4, 1.3);
        chain_of_conditions(x): (-1.5), (-0.5), (0.5), (1.5);
        nested(x, y): (0.6, 0.8), (0.6, -0.8), (-0.6, 0.8), (-0.6, -0.8);
        several_variables(x, y): (1.5, 1.2), (0.5, 0.8);
        greater(x, y): (0.6, 0.8), (0.8, 0.6);
        value_of_a_block(x): (0.7), (0.2);
        tuple_of_a_branch(x, y): (1.2, 0.4), (0.4, 1.2);
        step(x, t): (0.7, 0.2), (0.2, 0.7);
        conjunctions(x, y, #flag): (0.6, 0.8, true), (-0.6, 0.8, true), (-0.6, 0.8, false);
        condition_by_name(x, y): (0.6, 0.8), (0.8, 0.6), (2.0, 0.5), (0.5, 2.0);
        by_an_integer(x, #n): (1.2, 0), (1.2, 2), (1.2, 5);
        clamped_by_hand(x, low, high): (0.5, 1.0, 2.0), (1.2, 1.0, 2.0), (1.7, 1.0, 2.0);
        huber(r, delta): (0.4, 1.0), (1.4, 1.0), (-1.4, 1.0);
        dependent_conditions(x): (0.2), (0.7), (1.2), (1.7);
        in_the_middle_of_an_expression(x, y): (0.6, 0.8), (0.6, -0.8);
        leaky_in_f32(x, slope): (0.7, 0.1), (-0.7, 0.1);
        threshold_held_constant(x, !level): (0.7, Fixed(0.2)), (0.2, Fixed(0.7));
    }
    untaped {
        if_let_some(x, !scale): (1.2, Fixed(Some(3))), (1.2, Fixed(None));
    }
}
