//! Bindings: shadowing, patterns, tuples, names of blocks.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn shadowed_in_a_loop(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in 0..n {
        let x = y * 0.5 + k as f64;
        let y_new = x.sin();
        let x = y_new * x;
        y = x;
    }
    y * x
}

/// An inner `let` hides the outer variable in its block only.
#[differentiate(tape, jvp, hvp, hessian)]
fn shadowed_in_a_branch(x: f64, y: f64) -> f64 {
    let mut z = x * y;
    if x > y {
        let z = z * 2.0;
        let x = z.sin();
        return x * z;
    } else {
        let x = z.exp();
        z += x;
    }
    z * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn tuple_swap_in_a_branch(x: f64, y: f64) -> f64 {
    let (mut a, mut b) = (x * x, y);
    if a > b {
        (a, b) = (b, a);
    }
    a / b + a
}

#[differentiate(tape, jvp, hvp, hessian)]
fn nested_tuples(x: f64, y: f64, n: usize) -> f64 {
    let mut state = ((x, y), 1.0);
    for _ in 0..n {
        let ((a, b), c) = state;
        state = ((b * c, a + b), c * 0.9);
    }
    (state.0).0 * state.0.1 + state.1
}

#[differentiate(tape, jvp, hvp, hessian)]
fn fields_of_a_tuple_changed(x: f64, y: f64) -> f64 {
    let mut p = (x, y);
    p.0 *= p.1;
    p.1 = p.0.sin();
    p.0 += p.1 * p.1;
    p.0 * p.1
}

#[differentiate(tape, jvp, hvp, hessian)]
fn late_initialised(x: f64) -> f64 {
    let y;
    let z;
    if x > 1.0 {
        y = x * x;
        z = 1.0;
    } else {
        z = x.cos();
        y = z * 2.0;
    }
    y * z
}

#[differentiate(tape, jvp, hvp, hessian)]
fn chain_of_assignments(x: f64, y: f64) -> f64 {
    let (mut a, mut b, mut c) = (x, y, 0.0);
    for _ in 0..3 {
        c += a * b;
        (a, _, b) = (b, 1.0, c * 0.1);
        [a, c] = [c, a];
    }
    a + b + c
}

#[differentiate(tape, jvp, hvp, hessian)]
fn block_with_a_loop(x: f64, n: usize) -> f64 {
    let total = {
        let mut s = 0.0;
        for k in 0..n {
            s += x.powi(k as i32);
        }
        s
    };
    total * { if n > 2 { total.ln() } else { x } }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn ignored_values(x: f64) -> f64 {
    let _ = (-x).sqrt();
    let (y, _, _unused) = (x * x, x.ln(), x.exp());
    for _ in 0..2 {
        let _ = y;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn references_to_locals(x: f64, y: f64) -> f64 {
    let a = x * y;
    let r = &a;
    let s = &y;
    let &t = r;
    *r * s + t
}

#[differentiate(tape, jvp, hvp, hessian)]
fn mutable_references(x: f64, up: bool) -> f64 {
    let (mut a, mut b) = (x, x * x);
    {
        let target = if up { &mut a } else { &mut b };
        *target *= 3.0;
    }
    a * b
}

#[differentiate(tape, jvp, hvp, hessian)]
fn names_of_the_generated_code(x: f64, d_x: f64, n: usize) -> f64 {
    let mut tape = x;
    let mut __adj = d_x;
    let mut μ = 1.0;
    let mut r#type = 0.0;
    for i in 0..n {
        let ct_x = tape * __adj;
        tape = ct_x.sin() + i as f64;
        __adj += μ;
        μ *= x;
        r#type += tape;
    }
    let value = r#type * tape;
    let gradient = value + __adj;
    let grad = gradient * μ;
    grad
}

#[differentiate(tape, jvp, hvp, hessian)]
fn units_and_statements(x: f64) -> f64 {
    let mut y = x;
    {
        y *= 2.0;
    }
    if y > 1.0 {
        y -= 0.5;
    };
    ();
    let z = {
        y += 1.0;
        y * x
    };
    z
}

#[differentiate(tape, jvp, hvp, hessian)]
fn integers_in_between(x: f64, n: usize) -> f64 {
    let mut k = n as i64 - 3;
    let mut odd = false;
    let mut y = x;
    while k != 0 {
        odd = !odd;
        let step = if k > 0 { 1 } else { -1 };
        y *= if odd { x } else { 2.0 - x };
        k -= step;
    }
    y + (n >> 1) as f64 + f64::from(odd as u8)
}

cases! {
    taped {
        shadowed_in_a_loop(x, #n): (0.7, 0), (0.7, 1), (0.7, 3);
        shadowed_in_a_branch(x, y): (0.7, 1.3), (1.3, 0.7);
        tuple_swap_in_a_branch(x, y): (0.7, 1.3), (1.3, 0.7);
        nested_tuples(x, y, #n): (0.7, 1.3, 0), (0.7, 1.3, 1), (0.7, 1.3, 4);
        fields_of_a_tuple_changed(x, y): (0.7, 1.3);
        late_initialised(x): (0.7), (1.3);
        chain_of_assignments(x, y): (0.7, 1.3);
        block_with_a_loop(x, #n): (0.7, 0), (0.7, 4);
        ignored_values(x): (0.7);
        references_to_locals(x, y): (0.7, 1.3);
        mutable_references(x, #up): (0.7, true), (0.7, false);
        names_of_the_generated_code(x, d_x, #n): (0.7, 0.4, 0), (0.7, 0.4, 3);
        units_and_statements(x): (0.3), (0.7);
        integers_in_between(x, #n): (0.7, 0), (0.7, 3), (0.7, 8);
    }
}
