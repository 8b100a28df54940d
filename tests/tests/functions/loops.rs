//! `for` over ranges, `while` and `loop`.

use chainrule::differentiate;
use chainrule_tests::cases;

/// A value that every iteration overwrites: stale values show from the second on.
#[differentiate(tape, jvp, hvp, hessian)]
fn overwritten(x: f64, n: usize) -> f64 {
    let mut x = x;
    for _ in 0..n {
        x = x.sin() * x;
    }
    x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn accumulated(x: f64, n: usize) -> f64 {
    let mut s = 0.0;
    for i in 0..n {
        s += x.powi(i as i32) / (i as f64 + 1.0);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn divisor_within(p: f64) -> f64 {
    let mut s = 0.0;
    for i in 0..2 {
        s += 1.0 / ((i as f64 + 1.0) + p * p);
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn divisor_by_name(p: f64) -> f64 {
    let mut s = 0.0;
    for i in 0..2 {
        let c = i as f64 + 1.0;
        let d = c + p * p;
        s += 1.0 / d;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn inclusive(x: f64, n: usize) -> f64 {
    let mut p = 1.0;
    for k in 1..=n {
        p *= x + k as f64;
    }
    p
}

#[differentiate(tape, jvp, hvp, hessian)]
fn reversed(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in (0..n).rev() {
        y = y * x + k as f64;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn stepped(x: f64, n: usize) -> f64 {
    let mut y = 1.0;
    for k in (0..n).step_by(3) {
        y = y * x.cos() + k as f64 * x;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn stepped_backwards(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in (1..=n).rev().step_by(2) {
        y = (y * k as f64).sin();
    }
    y
}

/// Bounds that are signed, negative and not zero.
#[differentiate(tape, jvp, hvp, hessian)]
fn signed_range(x: f64, from: i32, to: i32) -> f64 {
    let mut y = 0.0;
    for k in from..to {
        y += x.powi(k) * k as f64;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn triangle(x: f64, n: usize) -> f64 {
    let mut s = 0.0;
    for i in 0..n {
        for j in 0..=i {
            s += (x * i as f64).sin() * (x + j as f64).recip();
        }
    }
    s
}

/// Both loops carry the same variable.
#[differentiate(tape, jvp, hvp, hessian)]
fn nested_carrying(x: f64, n: usize, m: usize) -> f64 {
    let mut y = x;
    for i in 0..n {
        let mut z = y;
        for _ in 0..m {
            z = z * z * 0.5 + x;
        }
        y = z.sin() + i as f64 * 0.1;
    }
    y
}

/// Two variables that feed each other.
#[differentiate(tape, jvp, hvp, hessian)]
fn fibonacci(a: f64, b: f64, n: usize) -> f64 {
    let (mut a, mut b) = (a, b);
    for _ in 0..n {
        let c = a * 0.5 + b;
        a = b;
        b = c;
    }
    a * b
}

#[differentiate(tape, jvp, hvp, hessian)]
fn swapped_each_time(x: f64, y: f64, n: usize) -> f64 {
    let (mut a, mut b) = (x, y);
    for _ in 0..n {
        (a, b) = (b * a, a + b);
    }
    a - b
}

#[differentiate(tape, jvp, hvp, hessian)]
fn conditional_in_a_loop(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in 0..n {
        if k % 3 == 0 {
            y = y * y;
        } else if y > 1.0 {
            y = y.sqrt() * x;
        } else {
            y += 0.3 * x;
        }
    }
    y
}

/// The loop's bound is reassigned inside: the range was made before.
#[differentiate(tape, jvp, hvp, hessian)]
fn bound_reassigned(x: f64, n: usize) -> f64 {
    let (mut n, mut y) = (n, x);
    for _ in 0..n {
        n += 1;
        y *= x;
    }
    y * n as f64
}

#[differentiate(tape, jvp, hvp, hessian)]
fn variable_reassigned(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in 0..n {
        let k = k * 2 + 1;
        y += x.powi(k as i32);
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn several_loops(x: f64, n: usize) -> f64 {
    let mut a = x;
    for _ in 0..n {
        a *= x;
    }
    let mut b = a;
    for _ in 0..n {
        b = b.sin() + a;
    }
    a * b
}

#[differentiate(tape, jvp, hvp, hessian)]
fn while_counting(x: f64, n: usize) -> f64 {
    let (mut y, mut k) = (x, 0);
    while k < n {
        y = y * x + 1.0;
        k += 2;
    }
    y
}

/// How often it runs depends on the data.
#[differentiate(tape, jvp, hvp, hessian)]
fn while_too_large(x: f64) -> f64 {
    let mut y = x;
    while y > 1.0 {
        y = y * 0.4 + 0.1 * y.sin();
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn while_newton(a: f64) -> f64 {
    let mut r = a;
    while (r * r - a).abs() > 1e-12 {
        r = 0.5 * (r + a / r);
    }
    r
}

#[differentiate(tape, jvp, hvp, hessian)]
fn while_with_two_conditions(x: f64, most: usize) -> f64 {
    let (mut y, mut k) = (x, 0);
    while y < 10.0 && k < most {
        y = y * 1.5 + x;
        k += 1;
    }
    y / (k as f64 + 1.0)
}

#[differentiate(tape, jvp, hvp, hessian)]
fn collatz(x: f64, n: u64) -> f64 {
    let (mut n, mut y) = (n, x);
    while n != 1 {
        if n % 2 == 0 {
            n /= 2;
            y *= 0.9;
        } else {
            n = 3 * n + 1;
            y = y.sin() + x;
        }
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn loop_with_value(x: f64) -> f64 {
    let mut y = x;
    let mut count = 0;
    let end = loop {
        y = y * 1.7;
        count += 1;
        if y > 5.0 {
            break y * y;
        }
    };
    end / count as f64
}

#[differentiate(tape, jvp, hvp, hessian)]
fn loop_without_value(x: f64, n: usize) -> f64 {
    let (mut y, mut k) = (x, n);
    loop {
        if k == 0 {
            break;
        }
        y = y.cos() * x;
        k -= 1;
    }
    y
}

/// Two ways out with different values.
#[differentiate(tape, jvp, hvp, hessian)]
fn loop_with_two_exits(x: f64, n: usize) -> f64 {
    let (mut y, mut k) = (x, 0);
    loop {
        if y > 4.0 {
            break y.ln();
        }
        y = y * y + 0.5;
        if k == n {
            break y * x;
        }
        k += 1;
    }
}

/// Nothing is differentiated that only counts.
#[differentiate(tape, jvp, hvp, hessian)]
fn counting_only(x: f64) -> f64 {
    let (mut y, mut count) = (x, 0);
    while y > 1.0 {
        y *= 0.5;
        count += 1;
    }
    x * count as f64
}

#[differentiate(tape, jvp, hvp, hessian)]
fn product_in_f32(x: f32, n: usize) -> f32 {
    let mut y = 1.0;
    for k in 0..n {
        y = y * x + 0.1 * k as f32;
    }
    y
}

/// The iteration number goes in as a float and the loop's result into a bound.
#[differentiate(tape, jvp, hvp, hessian)]
fn bound_computed_on_the_way(x: f64, n: usize) -> f64 {
    let mut steps = 1;
    while steps * steps < n {
        steps += 1;
    }
    let mut y = 0.0;
    for k in 0..steps {
        y += x * k as f64;
        y = y.tanh();
    }
    y
}

/// What the loop sums up goes into a memory that the result does not depend on, too.
#[differentiate(tape, jvp, hvp, hessian)]
fn also_in_an_idle_memory(x: f64, n: usize) -> f64 {
    let mut sum = x;
    for i in 0..n {
        let pair = [sum, 0.5];
        let mut idle = sum;
        for k in 0..2 {
            idle -= pair[(i + k) % 2];
            sum += x.sin();
        }
        let _ = idle;
    }
    sum * sum
}

/// Of what the loop sums up, the sign is used besides, through which no derivative flows.
#[differentiate(tape, jvp, hvp, hessian)]
fn its_sign_besides(x: f64, y: f64, n: usize) -> f64 {
    let (mut sum, mut other) = (x, 0.2);
    for k in 0..n {
        other = 0.5 * other + (y * k as f64).copysign(sum);
        sum += x * y;
    }
    sum * sum + other
}

cases! {
    taped {
        overwritten(x, #n): (0.7, 0), (0.7, 1), (0.7, 2), (0.7, 3);
        accumulated(x, #n): (0.7, 0), (0.7, 1), (0.7, 6);
        divisor_within(p): (1.0);
        divisor_by_name(p): (1.0);
        inclusive(x, #n): (0.7, 0), (0.7, 1), (0.7, 4);
        reversed(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        stepped(x, #n): (0.7, 0), (0.7, 1), (0.7, 3), (0.7, 4), (0.7, 10);
        stepped_backwards(x, #n): (0.7, 0), (0.7, 1), (0.7, 4), (0.7, 5);
        signed_range(x, #from, #to): (0.7, -2, 3), (0.7, 3, -2), (0.7, 2, 3);
        triangle(x, #n): (0.7, 0), (0.7, 1), (0.7, 4);
        nested_carrying(x, #n, #m): (0.4, 0, 2), (0.4, 3, 0), (0.4, 1, 1), (0.4, 3, 2);
        fibonacci(a, b, #n): (0.4, 0.7, 0), (0.4, 0.7, 1), (0.4, 0.7, 5);
        swapped_each_time(x, y, #n): (0.4, 0.7, 0), (0.4, 0.7, 1), (0.4, 0.7, 4);
        conditional_in_a_loop(x, #n): (0.7, 0), (0.7, 1), (0.7, 7), (1.3, 7);
        bound_reassigned(x, #n): (0.7, 0), (0.7, 3);
        variable_reassigned(x, #n): (0.7, 0), (0.7, 3);
        several_loops(x, #n): (0.7, 0), (0.7, 1), (0.7, 3);
        while_counting(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        while_too_large(x): (0.7), (1.3), (40.0);
        while_newton(a): (2.0), (7.0);
        while_with_two_conditions(x, #most): (0.7, 0), (0.7, 3), (0.7, 100);
        collatz(x, #n): (0.7, 1), (0.7, 2), (0.7, 7);
        loop_with_value(x): (0.7), (4.0);
        loop_without_value(x, #n): (0.7, 0), (0.7, 1), (0.7, 4);
        loop_with_two_exits(x, #n): (0.3, 2), (1.3, 9), (5.0, 0);
        counting_only(x): (0.7), (10.0);
        product_in_f32(x, #n): (0.7, 0), (0.7, 5);
        bound_computed_on_the_way(x, #n): (0.7, 0), (0.7, 10);
        also_in_an_idle_memory(x, #n): (0.7, 0), (0.7, 3);
        its_sign_besides(x, y, #n): (0.7, -0.4, 0), (0.7, -0.4, 4);
    }
}
