//! `#[checkpoint]`: the same derivative with less memory.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn iterated(x: f64, n: usize) -> f64 {
    let mut y = x;
    #[checkpoint]
    for _ in 0..n {
        y = (y * x).sin() + 0.5 * y;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn every_third(x: f64, n: usize) -> f64 {
    let mut y = x;
    #[checkpoint(every = 3)]
    for k in 0..n {
        y = y.cos() * x + 0.1 * k as f64;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn backwards_with_a_branch(x: f64, n: usize) -> f64 {
    let (mut y, mut z) = (x, 1.0);
    #[checkpoint]
    for k in (0..n).rev() {
        if y > z {
            z += y * 0.5;
        } else {
            y = y * z + k as f64 * 0.1;
        }
    }
    y * z
}

/// Memory that the loop changes is kept at the checkpoints too.
#[differentiate(tape, jvp, hvp, hessian)]
fn with_an_array(u: [f64; 3], n: usize) -> f64 {
    let mut u = u;
    #[checkpoint]
    for _ in 0..n {
        let old = u;
        for i in 0..3 {
            u[i] = old[i] + 0.1 * old[(i + 1) % 3] * old[(i + 2) % 3];
        }
    }
    u[0] + 2.0 * u[1] + 3.0 * u[2]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn with_a_vec(u: &[f64], n: usize) -> f64 {
    let mut u = u.to_vec();
    #[checkpoint(every = 2)]
    for _ in 0..n {
        for i in 1..u.len() {
            u[i] += 0.1 * u[i - 1] * u[i];
        }
    }
    u.iter().map(|e| e * e).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn over_a_slice(xs: &[f64], w: f64) -> f64 {
    let (mut h, mut loss) = (0.0, 0.0);
    #[checkpoint]
    for &x in xs {
        h = (w * h + x).tanh();
        loss += h * h;
    }
    loss
}

#[differentiate(tape, jvp, hvp, hessian)]
fn while_loop(x: f64) -> f64 {
    let mut y = x;
    #[checkpoint]
    while y < 5.0 {
        y = y * 1.3 + x * 0.1;
    }
    y * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn nested(x: f64, n: usize) -> f64 {
    let mut y = x;
    #[checkpoint]
    for i in 0..n {
        #[checkpoint(every = 2)]
        for j in 0..i {
            y = (y + x * j as f64).sin();
        }
        y += 0.5 * x;
    }
    y
}

/// The end is not known ahead: the iterations are counted.
#[differentiate(tape, jvp, hvp, hessian)]
fn with_a_break(x: f64, n: usize) -> f64 {
    let mut y = x;
    #[checkpoint]
    for k in 0..n {
        y = y * 1.2 + x * k as f64;
        if y > 20.0 {
            break;
        }
        y += 0.1;
    }
    y * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn with_a_return(x: f64, n: u8) -> f64 {
    let mut y = x;
    #[checkpoint(every = 3)]
    for k in 2..n {
        y = y * 1.1 + 0.1 * k as f64 * x;
        if y > 5.0 {
            return y * y * x;
        }
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn endless(x: f64, n: usize) -> f64 {
    let (mut y, mut k) = (x, 0);
    let z = #[checkpoint]
    loop {
        k += 1;
        y = (y * x).sin() + k as f64 * 0.1;
        if k > n {
            break y * 2.0;
        }
    };
    z * y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn while_with_memory(x: f64, n: usize) -> f64 {
    let mut v = vec![x, 0.1];
    let mut k = 0;
    #[checkpoint(every = 2)]
    while k < n && v[0] < 10.0 {
        let next = v[0] * 1.1 + v[1];
        v[1] = v[0].sin() * x;
        v[0] = next;
        k += 1;
    }
    v[0] * v[1]
}

#[differentiate(jvp, hvp, hessian)]
fn that_may_fail(x: f64, n: usize) -> Result<f64, String> {
    let mut y = x;
    #[checkpoint]
    for k in 0..n {
        y = y * 1.1 + 0.3 * x;
        if y > 4.0 {
            return Err(format!("step {k}"));
        }
    }
    Ok(y)
}

/// The result is the memory that the stretches are run on again.
#[differentiate(jvp, jacobian)]
fn state_as_result(u: [f64; 3], n: usize) -> [f64; 3] {
    let mut u = u;
    #[checkpoint]
    for k in 0..n {
        u[k % 3] = u[k % 3] * 0.9 + u[(k + 1) % 3].sin();
    }
    u
}

#[differentiate(jvp)]
fn in_place(u: &mut [f64], w: f64, n: usize) -> f64 {
    #[checkpoint]
    for k in 0..n {
        let i = k % u.len();
        u[i] = u[i] * w + u[(i + 1) % u.len()].sin();
    }
    u[0] * u[1]
}

/// The memory is changed after the loop, before its stretches run again.
#[differentiate(tape, jvp, hvp, hessian)]
fn changed_behind(x: f64, n: usize) -> f64 {
    let mut v = [x, 0.5, 0.2];
    let mut y = 0.3;
    #[checkpoint]
    for k in 0..n {
        y = (v[k % 3] * y + x).sin();
    }
    v[0] = y * 2.0;
    v[1] = v[0] * v[2];
    v[1] * y + v[0].cos()
}

/// The length of the state changes.
#[differentiate(tape, jvp, hvp, hessian)]
fn growing(x: f64, n: usize) -> f64 {
    let mut v = vec![x];
    #[checkpoint]
    for k in 0..n {
        let y = (v[k] * x + 0.3).sin();
        v.push(y);
    }
    let w = v;
    w.iter().map(|e| e * e).sum()
}

/// What is only filled is no state.
#[differentiate(tape, jvp, hvp, hessian)]
fn trajectory(x: f64, n: usize) -> f64 {
    let (mut y, mut ys) = (x, Vec::new());
    #[checkpoint]
    for k in 0..n {
        y = (y * x).sin() + 0.3;
        if k % 2 == 0 {
            ys.push(y * y);
        }
    }
    ys.iter().map(|e| e.sin()).sum()
}

/// A passive memory that passes from one run of the loop to the next.
#[differentiate(tape, jvp, hvp, hessian)]
fn passive_state(x: f64, n: usize) -> f64 {
    let (mut times, mut list) = ([0.0; 3], vec![1_usize]);
    let mut loss = 0.0;
    for s in 0..3 {
        let mut y = x;
        #[checkpoint]
        for k in 0..n {
            times[k % 3] += 0.1;
            y = (y * times[0] + x * times[1]).sin() + list.len() as f64 * 0.01;
            list.push(k);
        }
        loss += y * s as f64;
    }
    loss
}

/// Inside a loop that is reversed itself, with values and memory of one of its iterations.
#[differentiate(tape, jvp, hvp, hessian)]
fn inside_a_plain_loop(x: f64, n: usize) -> f64 {
    let mut v = [x, 0.2, 0.9];
    let mut y = x;
    for e in 0..4 {
        let a = (y * 0.5 + e as f64).sin();
        let mut u = vec![a, x, y];
        v[e % 3] *= 0.9;
        #[checkpoint]
        for k in 0..n {
            y = (y * a).cos() + u[k % 3] * v[(k + 1) % 3];
            u[k % 3] = y.sin() * a;
            v[k % 3] += 0.1 * y;
        }
        y += u[0] * u[1];
    }
    y * v[1]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn inside_a_branch(x: f64, n: usize) -> f64 {
    let mut y = x;
    if x > 0.0 {
        let a = (x * 2.0).sin();
        let w = [a, x];
        #[checkpoint]
        for k in 0..n {
            y = (y * a).cos() + w[k % 2];
        }
    } else {
        y = x * 3.0;
    }
    y * y
}

cases! {
    taped {
        iterated(x, #n): (0.7, 0), (0.7, 1), (0.7, 2), (0.7, 10);
        every_third(x, #n): (0.7, 0), (0.7, 1), (0.7, 3), (0.7, 4), (0.7, 11);
        backwards_with_a_branch(x, #n): (0.7, 0), (0.7, 1), (0.7, 7);
        with_an_array(u, #n): ([0.7, 0.3, -0.2], 0), ([0.7, 0.3, -0.2], 1), ([0.7, 0.3, -0.2], 10);
        with_a_vec(&u, #n): (vec![0.7, 0.3, -0.2], 0), (vec![0.7, 0.3, -0.2], 5), (vec![], 5);
        over_a_slice(&xs, w): (vec![], 0.4), (vec![0.7, 0.3, -0.2, 0.1, 0.9], 0.4);
        while_loop(x): (0.7), (6.0);
        nested(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        with_a_break(x, #n): (0.7, 0), (0.7, 3), (0.7, 30);
        with_a_return(x, #n): (0.7, 0), (0.7, 3), (0.7, 255);
        endless(x, #n): (0.7, 0), (0.7, 1), (0.7, 12);
        while_with_memory(x, #n): (0.7, 0), (0.7, 5), (0.7, 100);
        changed_behind(x, #n): (0.7, 0), (0.7, 1), (0.7, 8);
        growing(x, #n): (0.7, 0), (0.7, 1), (0.7, 8);
        trajectory(x, #n): (0.7, 0), (0.7, 1), (0.7, 8);
        passive_state(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        inside_a_plain_loop(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        inside_a_branch(x, #n): (0.7, 0), (0.7, 8), (-0.7, 8);
    }
    untaped {
        that_may_fail(x, #n): (0.7, 0), (0.7, 4), (0.7, 30);
    }
    vjp {
        state_as_result(u, #n): ([0.7, 0.3, -0.2], 0), ([0.7, 0.3, -0.2], 10);
    }
    in_out_with_result {
        in_place(*u: ct, w, #n): (vec![0.7, 0.3, -0.2], 0.8, 0), (vec![0.7, 0.3, -0.2], 0.8, 10);
    }
}
