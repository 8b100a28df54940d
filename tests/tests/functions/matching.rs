//! `match` on integers, conditions, enums, tuples and floats.

use chainrule::differentiate;
use chainrule_tests::{Fixed, cases, scalars};

#[differentiate(tape, jvp, hvp, hessian)]
fn on_an_integer(x: f64, n: i32) -> f64 {
    match n {
        0 => 1.0,
        1 => x,
        2 => x * x,
        _ => x.powi(n),
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn ranges_and_alternatives(x: f64, n: i32) -> f64 {
    match n {
        i32::MIN..=-1 => x.exp(),
        0 | 2 | 4 => x * x,
        1..=9 => x.sin() * n as f64,
        _ => x.recip(),
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn guards(x: f64, n: usize) -> f64 {
    match n {
        0 => x,
        k if k % 2 == 0 => x * k as f64,
        k if x > 1.0 => x.powi(k as i32),
        _ => -x * x,
    }
}

/// The guard decides by a differentiated value.
#[differentiate(tape, jvp, hvp, hessian)]
fn guard_on_a_float(x: f64, y: f64) -> f64 {
    match x * y {
        p if p > 1.0 => p.ln(),
        p if p < -1.0 => (-p).sqrt(),
        p => p * p * x,
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn on_a_condition(x: f64, up: bool) -> f64 {
    match up {
        true => x.exp(),
        false => (-x).exp() * 2.0,
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn on_a_tuple(x: f64, n: usize, up: bool) -> f64 {
    match (n, up) {
        (0, _) => 0.5,
        (1, true) => x,
        (k, true) => x * k as f64,
        (_, false) => x / (n as f64 + 1.0),
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn bound_by_at(x: f64, n: u32) -> f64 {
    let m = match n {
        small @ 0..=3 => small * 2,
        large => large + 1,
    };
    x.powi(m as i32)
}

/// Which nonlinearity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// The identity.
    Linear,
    /// The hyperbolic tangent.
    Tanh,
    /// With a slope below zero, in per cent.
    Leaky(i32),
    /// Between two integers.
    Clipped {
        /// From here.
        low: i32,
        /// To there.
        high: i32,
    },
}

scalars!(const Activation);

#[differentiate(tape, jvp, hvp, hessian)]
fn on_an_enum(x: f64, kind: Activation) -> f64 {
    match kind {
        Activation::Linear => x,
        Activation::Tanh => x.tanh(),
        Activation::Leaky(percent) => {
            if x > 0.0 {
                x
            } else {
                x * percent as f64 * 0.01
            }
        }
        Activation::Clipped { low, high } => x.clamp(low as f64, high as f64),
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn if_let_of_an_enum(x: f64, kind: Activation) -> f64 {
    let mut y = x * x;
    if let Activation::Leaky(percent) = kind {
        y *= percent as f64;
    }
    if let Activation::Clipped { low, .. } = kind {
        y += x * low as f64;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn matches_macro(x: f64, kind: Activation) -> f64 {
    if matches!(kind, Activation::Linear | Activation::Tanh) { x.cos() } else { x.sin() }
}

/// The arms assign and give no value.
#[differentiate(tape, jvp, hvp, hessian)]
fn arms_that_assign(x: f64, n: usize) -> f64 {
    let (mut a, mut b) = (x, 1.0);
    match n {
        0 => a = a * x,
        1 => {
            b = a.sin();
            a += b;
        }
        _ => {}
    }
    a * b
}

/// A state machine: the state is an integer that the loop carries.
#[differentiate(tape, jvp, hvp, hessian)]
fn match_in_a_loop(x: f64, n: usize) -> f64 {
    let (mut y, mut state) = (x, 0);
    for _ in 0..n {
        state = match state {
            0 => {
                y *= x;
                1
            }
            1 => {
                y = y.sin();
                2
            }
            _ => {
                y += x;
                0
            }
        };
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn on_a_character(x: f64, unit: char) -> f64 {
    let metres = match unit {
        'm' => x,
        'k' => x * 1000.0,
        'c' | 'C' => x / 100.0,
        _ => 0.0,
    };
    metres * metres
}

#[differentiate(tape, jvp, hvp, hessian)]
fn on_a_comparison(x: f64, m: i32, n: i32) -> f64 {
    match m.cmp(&n) {
        std::cmp::Ordering::Less => x,
        std::cmp::Ordering::Equal => x * x,
        std::cmp::Ordering::Greater => x * x * x,
    }
}

/// Matching arms with tuples of differentiated values.
#[differentiate(tape, jvp, hvp, hessian)]
fn tuples_out_of_arms(x: f64, y: f64, n: usize) -> f64 {
    let (a, b) = match n {
        0 => (x, y),
        1 => (y, x),
        _ => (x * y, x + y),
    };
    a * a * b
}

#[differentiate(tape, jvp, hvp, hessian)]
fn option_of_an_index(x: &[f64], pick: Option<usize>) -> f64 {
    match pick {
        Some(k) if k < x.len() => x[k] * x[k],
        Some(_) => x[0],
        None => 1.0,
    }
}

cases! {
    taped {
        on_an_integer(x, #n): (1.2, 0), (1.2, 1), (1.2, 2), (1.2, 5), (1.2, -2);
        ranges_and_alternatives(x, #n): (0.7, -3), (0.7, 0), (0.7, 4), (0.7, 3), (0.7, 12);
        guards(x, #n): (0.7, 0), (0.7, 4), (1.7, 3), (0.7, 3);
        guard_on_a_float(x, y): (1.5, 1.2), (-1.5, 1.2), (0.5, 1.2);
        on_a_condition(x, #up): (0.7, true), (0.7, false);
        on_a_tuple(x, #n, #up): (0.7, 0, true), (0.7, 1, true), (0.7, 5, true), (0.7, 5, false);
        bound_by_at(x, #n): (0.7, 0), (0.7, 3), (0.7, 4);
        arms_that_assign(x, #n): (0.7, 0), (0.7, 1), (0.7, 2);
        match_in_a_loop(x, #n): (0.7, 0), (0.7, 1), (0.7, 2), (0.7, 3), (0.7, 8);
        on_a_character(x, #unit): (0.7, 'k'), (0.7, 'C'), (0.7, '?');
        on_a_comparison(x, #m, #n): (0.7, 1, 2), (0.7, 2, 2), (0.7, 3, 2);
        tuples_out_of_arms(x, y, #n): (0.7, 1.3, 0), (0.7, 1.3, 1), (0.7, 1.3, 2);
        on_an_enum(x, #kind):
            (0.7, Activation::Linear),
            (0.7, Activation::Tanh),
            (-0.7, Activation::Leaky(5)),
            (0.7, Activation::Leaky(5)),
            (0.7, Activation::Clipped { low: -1, high: 2 }),
            (2.7, Activation::Clipped { low: -1, high: 2 });
        if_let_of_an_enum(x, #kind):
            (0.7, Activation::Leaky(5)),
            (0.7, Activation::Clipped { low: 3, high: 4 }),
            (0.7, Activation::Linear);
        matches_macro(x, #kind): (0.7, Activation::Tanh), (0.7, Activation::Leaky(1));
    }
    untaped {
        option_of_an_index(&x, !pick):
            (vec![0.7, 1.3], Fixed(Some(1))),
            (vec![0.7], Fixed(Some(4))),
            (vec![0.7], Fixed(None));
    }
}
