//! Where a differentiable value goes before it reaches a call: what a caller passes on is found by
//! what flows into it, in every way that memory and control flow offer.

#![expect(
    clippy::needless_late_init,
    clippy::vec_init_then_push,
    reason = "how a value gets to its place is what these functions are about"
)]

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn cube(x: f64) -> f64 {
    x * x * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn norm(x: &[f64]) -> f64 {
    x.iter().map(|e| e * e).sum::<f64>().sqrt()
}

#[differentiate(jvp)]
fn fill(x: &mut [f64], value: f64) {
    for e in x.iter_mut() {
        *e = value;
    }
}

/// In the first iteration the argument is a constant.
#[differentiate(tape, jvp, hvp, hessian)]
fn made_later_in_the_loop(x: f64, n: usize) -> f64 {
    let mut a = 0.5;
    for _ in 0..n {
        let b = cube(a);
        a = b * 0.5 + x;
    }
    a
}

#[differentiate(tape, jvp, hvp, hessian)]
fn made_in_the_same_statement(x: f64, n: usize) -> f64 {
    let mut s = 0.5;
    for _ in 0..n {
        s += x * cube(s);
    }
    s
}

/// It takes two iterations until the value has come round.
#[differentiate(tape, jvp, hvp, hessian)]
fn handed_on_backwards(x: f64, n: usize) -> f64 {
    let (mut a, mut b, mut c) = (0.5, 0.6, 0.7);
    for _ in 0..n {
        a = cube(b);
        b = cube(c);
        c = x;
    }
    a + b
}

#[differentiate(tape, jvp, hvp, hessian)]
fn in_a_while(x: f64) -> f64 {
    let mut y = 0.1;
    while cube(y) < 1.0 {
        y = y * 1.5 + 0.1 * x;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn of_a_for_pattern(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for (k, &e) in x.iter().enumerate() {
        s += cube(e) * k as f64;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn of_a_zip(x: &[f64], y: &[f64]) -> f64 {
    let mut s = 0.0;
    for (a, b) in x.iter().zip(y) {
        s += cube(a - b);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn of_a_chunk(x: &[f64]) -> f64 {
    let mut s = 0.0;
    for pair in x.chunks_exact(2) {
        s += norm(pair);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_an_element(x: f64) -> f64 {
    let mut a = [0.5; 3];
    a[0] = x;
    a[1] = cube(a[0]);
    norm(&a)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_an_element_of_a_row(x: f64) -> f64 {
    let mut a = [[0.5; 2]; 2];
    a[1][0] += x;
    norm(&a[1])
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_push(x: f64) -> f64 {
    let mut v = Vec::new();
    v.push(1.0);
    v.push(x);
    norm(&v) * cube(v[1])
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_an_extension(x: &[f64]) -> f64 {
    let mut v = vec![1.0];
    v.extend_from_slice(x);
    norm(&v)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_iter_mut(x: f64) -> f64 {
    let mut v = vec![1.0, 2.0];
    for e in v.iter_mut() {
        *e *= x;
    }
    norm(&v)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_copying(x: &[f64]) -> f64 {
    let mut v = vec![1.0; x.len()];
    v.copy_from_slice(x);
    norm(&v)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_swap(x: &[f64]) -> f64 {
    let mut v = vec![1.0; x.len()];
    let mut w = x.to_vec();
    std::mem::swap(&mut v, &mut w);
    norm(&v) + norm(&w)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_helper(x: f64) -> f64 {
    let mut v = vec![1.0, 2.0];
    fill(&mut v[..1], x);
    norm(&v)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_reference(x: f64) -> f64 {
    let mut y = 1.0;
    {
        let r = &mut y;
        *r += x;
    }
    cube(y)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_closure(x: f64) -> f64 {
    let mut y = 1.0;
    let mut add = || y += x;
    add();
    add();
    cube(y)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_field_of_a_tuple(x: f64) -> f64 {
    let mut p = (1.0, 2.0);
    p.1 = x;
    cube(p.1) + cube(p.0)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_match(x: f64) -> f64 {
    match x * 2.0 {
        t if t > 0.0 => cube(t),
        t => cube(-t) * 2.0,
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_branch(x: f64, up: bool) -> f64 {
    let mut y = 0.5;
    if up {
        y = x;
    }
    cube(y)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_late_value(x: f64) -> f64 {
    let y;
    if x > 1.0 {
        y = x;
    } else {
        y = 0.5;
    }
    cube(y) * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_loop_with_value(x: f64) -> f64 {
    let mut y = 0.5;
    let z = loop {
        y += x;
        if y > 2.0 {
            break y;
        }
    };
    cube(z)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_labelled_block(x: f64) -> f64 {
    let y = 'value: {
        if x > 1.0 {
            break 'value x;
        }
        0.5
    };
    cube(y)
}

/// Only a condition depends on it: the argument is a constant.
#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_condition_only(x: f64) -> f64 {
    let mut y = 0.5;
    if x > 1.0 {
        y = 2.0;
    }
    cube(y) + x
}

/// First differentiable, then overwritten by a constant.
#[differentiate(tape, jvp, hvp, hessian)]
fn no_longer(x: f64, n: usize) -> f64 {
    let mut y = x;
    let mut s = 0.0;
    for _ in 0..n {
        s += cube(y);
        y = 0.5;
    }
    s
}

cases! {
    taped {
        cube(x): (0.7);
        norm(&x): (vec![0.7, 1.3]);
        made_later_in_the_loop(x, #n): (0.7, 0), (0.7, 1), (0.7, 2), (0.7, 3);
        made_in_the_same_statement(x, #n): (0.7, 0), (0.7, 1), (0.7, 3);
        handed_on_backwards(x, #n): (0.7, 0), (0.7, 1), (0.7, 2), (0.7, 3), (0.7, 4);
        in_a_while(x): (0.7);
        of_a_for_pattern(&x): (vec![]), (vec![0.7, 1.3, -0.2]);
        of_a_zip(&x, &y): (vec![0.7, 1.3], vec![0.4, -0.6]);
        of_a_chunk(&x): (vec![0.7, 1.3, -0.2, 0.4, 0.9]);
        by_an_element(x): (0.7);
        by_an_element_of_a_row(x): (0.7);
        by_a_push(x): (0.7);
        by_an_extension(&x): (vec![]), (vec![0.7, 1.3]);
        by_iter_mut(x): (0.7);
        by_copying(&x): (vec![0.7, 1.3]);
        by_a_swap(&x): (vec![0.7, 1.3]);
        by_a_helper(x): (0.7);
        by_a_reference(x): (0.7);
        by_a_closure(x): (0.7);
        by_a_field_of_a_tuple(x): (0.7);
        by_a_match(x): (0.7), (-0.7);
        by_a_branch(x, #up): (0.7, true), (0.7, false);
        by_a_late_value(x): (0.7), (1.3);
        by_a_loop_with_value(x): (0.7);
        by_a_labelled_block(x): (0.7), (1.3);
        by_a_condition_only(x): (0.7), (1.3);
        no_longer(x, #n): (0.7, 0), (0.7, 1), (0.7, 3);
    }
    in_out {
        fill(*x: ct, value): (vec![0.7, 1.3], 0.4);
    }
}
