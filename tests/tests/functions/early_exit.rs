//! `break`, `continue`, labels and early `return`.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn break_at_once(u: f64) -> f64 {
    let mut r = 0.0;
    for i in 1..3 {
        r += i as f64 * u;
        if i == 1 {
            break;
        }
    }
    r
}

/// The range alone says nothing of how often the loop runs.
#[differentiate(tape, jvp, hvp, hessian)]
fn break_long_before_the_end(x: f64) -> f64 {
    let mut root = 1.0;
    let mut last;
    for _ in 0..usize::MAX {
        last = root;
        root = 0.5 * (root + x / root);
        if (root - last).abs() < 1e-14 {
            break;
        }
    }
    root
}

#[differentiate(tape, jvp, hvp, hessian)]
fn break_by_data(x: &[f64], most: f64) -> f64 {
    let mut s = 0.0;
    for &e in x {
        s += e * e;
        if s > most {
            break;
        }
        s *= 1.1;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn break_before_the_work(x: &[f64]) -> f64 {
    let mut p = 1.0;
    for (i, &e) in x.iter().enumerate() {
        if e < 0.0 || i == 3 {
            break;
        }
        p *= e.sqrt();
    }
    p
}

#[differentiate(tape, jvp, hvp, hessian)]
fn continue_past(x: &[f64]) -> f64 {
    let mut s = 1.0;
    for &e in x {
        if e < 0.0 {
            continue;
        }
        s = s * e.ln() + e;
    }
    s
}

/// A statement follows the conditional with the `continue`.
#[differentiate(tape, jvp, hvp, hessian)]
fn continue_in_a_nested_if(x: f64, n: usize) -> f64 {
    let mut y = x;
    for k in 0..n {
        if k % 2 == 1 {
            y *= x;
            if k % 3 == 0 {
                y += 1.0;
                continue;
            }
            y = y.sin();
        }
        y += 0.5 * x;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn labelled_break(x: &[f64], limit: f64) -> f64 {
    let mut s = 0.0;
    'outer: for a in x {
        for b in x {
            s += a * b;
            if s > limit {
                break 'outer;
            }
        }
        s -= 0.5 * a;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn labelled_continue(x: &[f64]) -> f64 {
    let mut s = 1.0;
    'outer: for i in 0..x.len() {
        for j in 0..i {
            if x[j] < 0.0 {
                s *= x[i];
                continue 'outer;
            }
            s += x[i] * x[j];
        }
        s = s.sin();
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn labelled_block(x: f64) -> f64 {
    let y = 'found: {
        if x > 2.0 {
            break 'found x * x;
        }
        let t = x.sin();
        if t > 0.5 {
            break 'found t;
        }
        t * x
    };
    y + x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn labelled_loop_with_value(x: f64) -> f64 {
    let mut y = x;
    let mut rounds = 0;
    'all: loop {
        for k in 1..4 {
            y *= 1.0 + 0.2 * k as f64 * x;
            if y > 3.0 {
                break 'all y * y;
            }
        }
        rounds += 1;
        if rounds == 3 {
            break y;
        }
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn early_return(x: f64) -> f64 {
    if x < 0.0 {
        return x * x;
    }
    let y = x.sqrt();
    if y > 2.0 {
        return y.ln();
    }
    y * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn return_at_the_end(x: f64) -> f64 {
    let y = x * x;
    return y.sin();
}

#[differentiate(tape, jvp, hvp, hessian)]
fn return_from_a_loop(x: &[f64], limit: f64) -> f64 {
    let mut s = 0.0;
    for (i, e) in x.iter().enumerate() {
        s += e * e;
        if s > limit {
            return s * (i as f64 + 1.0);
        }
    }
    s.sqrt()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn return_from_two_loops(x: f64, n: usize, limit: f64) -> f64 {
    let mut y = x;
    for i in 0..n {
        for j in 0..n {
            y = y * 1.1 + (i * j) as f64 * x;
            if y > limit {
                return y * y;
            }
        }
        y -= 0.1;
    }
    y
}

#[differentiate(tape, jvp, hvp, hessian)]
fn return_in_a_match(x: f64, n: usize) -> f64 {
    let y = match n {
        0 => return 0.5,
        1 => x,
        2 => return x * x,
        _ => x.exp(),
    };
    y * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn search(x: &[f64], target: f64) -> f64 {
    let mut found = None;
    for i in 0..x.len() {
        if x[i] > target {
            found = Some(i);
            break;
        }
    }
    match found {
        Some(i) => x[i] - target,
        None => target * target,
    }
}

/// Written before the exit, read after the loop.
#[differentiate(tape, jvp, hvp, hessian)]
fn array_with_a_break(x: f64, n: usize) -> f64 {
    let mut a = [0.0; 4];
    for i in 0..4 {
        a[i] = x * (i as f64 + 1.0);
        if i == n {
            break;
        }
        a[i] = a[i].sin();
    }
    a[0] + 2.0 * a[1] + 3.0 * a[2] + 4.0 * a[3]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn while_with_a_break(x: f64) -> f64 {
    let mut y = x;
    let mut k = 0;
    while k < 10 {
        y = y * y - 0.1;
        if y.abs() < 0.2 {
            break;
        }
        k += 1;
        if k % 2 == 0 {
            continue;
        }
        y += 0.3;
    }
    y + x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn let_else(x: &[f64]) -> f64 {
    let Some(first) = x.first() else {
        return -1.0;
    };
    let [_, second, ..] = x else {
        return first * 2.0;
    };
    first * second
}

#[differentiate(tape, jvp, hvp, hessian)]
fn asserted(x: f64, n: usize) -> f64 {
    assert!(n > 0, "at least one step");
    debug_assert!(x.is_finite());
    let mut y = x;
    for k in 0..n {
        assert!(k < n);
        y = y.cos() * x;
        assert_ne!(k, 100, "at {y}");
    }
    y
}

/// The branch that panics is not taken.
#[differentiate(tape, jvp, hvp, hessian)]
fn panicking_branch(x: f64, kind: u8) -> f64 {
    match kind {
        0 => x.sin(),
        1 => x.cos(),
        other => panic!("no function {other}"),
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn unreachable_branch(x: f64, n: usize) -> f64 {
    match n % 3 {
        0 => x,
        1 => x * x,
        2 => x.exp(),
        _ => unreachable!(),
    }
}

/// The second loop may return too, after the first has not.
#[differentiate(tape, jvp, hvp, hessian)]
fn returns_from_two_loops_in_a_row(x: f64, n: usize, limit: f64) -> f64 {
    let mut y = x;
    for k in 1..n {
        y = y * 1.3 + 0.1 * k as f64;
        if y > limit {
            return y * x;
        }
    }
    for k in 1..n {
        y = y * 0.5 + x;
        if y < 0.7 * x + k as f64 * 0.01 {
            return y.sin();
        }
    }
    y * y
}

/// The copy changes; the reverse code, which stands behind the branch, reads the original again.
#[differentiate(tape, jvp, hvp, hessian)]
fn copy_behind_a_return(a: f64, b: f64, x: &[f64; 3]) -> f64 {
    if a > 2.0 {
        return b * b;
    }
    let mut angles = vec![a; 3];
    for k in 0..3 {
        angles[k] = (angles[k] * b + k as f64).cos();
    }
    let mut s = 0.0;
    for k in 0..3 {
        s += angles[k] * angles[(k + 1) % 3] * x[k];
    }
    let mut turned = angles.clone();
    turned[1] = s.sin();
    turned.iter().sum::<f64>() * turned[0]
}

/// Behind the branch the lists are asked once more how long they are.
#[differentiate(tape, jvp, hvp, hessian)]
fn lists_of_a_list_behind_a_return(a: f64, b: f64, x: &[f64], n: usize) -> f64 {
    if a > 2.0 {
        return b * b;
    }
    let mut rows = vec![vec![a.sin(), b.tanh()], vec![b.sin(); 3], x.to_vec()];
    for k in 0..n {
        rows.swap(k % 3, 0);
        rows[2][0] = (rows[0][0] * a).sin();
    }
    rows.iter().map(|row| row.iter().sum::<f64>() * row[0]).sum::<f64>().tanh()
}

cases! {
    taped {
        copy_behind_a_return(a, b, &x): (0.7, 1.3, [0.4, -0.2, 0.9]), (2.5, 1.3, [0.4, -0.2, 0.9]);
        lists_of_a_list_behind_a_return(a, b, &x, #n):
            (0.4, 0.8, vec![0.3, -0.7], 0), (0.4, 0.8, vec![0.3, -0.7], 3), (2.5, 0.8, vec![0.3], 1);
        break_at_once(u): (0.7);
        break_long_before_the_end(x): (2.0), (0.3);
        break_by_data(&x, most): (vec![], 1.0), (vec![0.7, 1.3, -0.2], 1.0), (vec![0.7, 0.1], 9.0);
        break_before_the_work(&x):
            (vec![]), (vec![-1.0]), (vec![0.7, 1.3, -0.2, 0.4]), (vec![0.7, 1.3, 0.2, 0.4, 0.9]);
        continue_past(&x): (vec![]), (vec![-1.0]), (vec![0.7, -1.3, 0.2, 0.4]);
        continue_in_a_nested_if(x, #n): (0.7, 0), (0.7, 1), (0.7, 5);
        labelled_break(&x, limit): (vec![0.7, 1.3], 1.5), (vec![0.7, 1.3], 100.0), (vec![], 1.0);
        labelled_continue(&x): (vec![]), (vec![0.7, 1.3, 0.4]), (vec![0.7, -1.3, 0.4, 0.2]);
        labelled_block(x): (2.7), (0.7), (0.2);
        labelled_loop_with_value(x): (0.1), (0.8);
        early_return(x): (-0.7), (0.7), (4.7);
        return_at_the_end(x): (0.7);
        return_from_a_loop(&x, limit): (vec![], 1.0), (vec![0.7, 1.3], 1.0), (vec![0.7], 1.0);
        return_from_two_loops(x, #n, limit): (0.7, 0, 2.0), (0.7, 3, 2.0), (0.7, 2, 100.0);
        returns_from_two_loops_in_a_row(x, #n, limit):
            (0.7, 0, 2.0), (0.7, 4, 1.0), (0.3, 4, 9.0), (2.5, 4, 99.0);
        return_in_a_match(x, #n): (0.7, 0), (0.7, 1), (0.7, 2), (0.7, 3);
        search(&x, target): (vec![0.7, 1.3], 1.0), (vec![0.7], 1.0), (vec![], 1.0);
        array_with_a_break(x, #n): (0.7, 0), (0.7, 2), (0.7, 9);
        while_with_a_break(x): (0.7), (0.5);
        asserted(x, #n): (0.7, 1), (0.7, 3);
        panicking_branch(x, #kind): (0.7, 0), (0.7, 1);
        unreachable_branch(x, #n): (0.7, 0), (0.7, 4), (0.7, 2);
    }
    untaped {
        let_else(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, 0.4]);
    }
}
