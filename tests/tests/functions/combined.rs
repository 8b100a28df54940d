//! Constructs in combination, where one might forget what the other needs.

use chainrule::differentiate;
use chainrule_tests::cases;
use std::collections::HashMap;

#[differentiate(tape, jvp, hvp, hessian)]
fn logged_by_a_closure(x: f64, n: usize) -> f64 {
    let mut hist = Vec::new();
    let mut y = x;
    let mut log = |v: f64| hist.push(v * v);
    for k in 0..n {
        y = (y + k as f64 * x).sin();
        log(y);
    }
    let mut s = 0.0;
    for (i, h) in hist.iter().rev().enumerate() {
        s += h * (i as f64 + 0.5);
    }
    s
}
#[differentiate(tape, jvp, hvp, hessian)]
fn array_through_labelled_loops(x: f64, n: usize) -> f64 {
    let mut a = [x, 1.0, x * x];
    let out = 'o: loop {
        for i in 0..3 {
            a[i] = a[i].sin() + a[(i + 1) % 3] * 0.3;
            if a[i] > 1.1 {
                break 'o a[i] * a[0];
            }
            if i == n % 3 {
                continue 'o;
            }
        }
        a[1] += 0.7;
    };
    out + a[2]
}
#[differentiate(tape, jvp, hvp, hessian)]
fn tree_by_a_stack(x: f64, n: usize) -> f64 {
    let mut stack = vec![x];
    let mut s = 0.0;
    let mut left = n;
    while let Some(t) = stack.pop() {
        s += t * t;
        if left > 0 {
            left -= 1;
            stack.push(t.sin());
            stack.push(t * 0.5);
        }
    }
    s
}
#[differentiate(tape, jvp, hvp, hessian)]
fn rows_taken_and_put_back(x: &[f64], n: usize) -> f64 {
    let mut rows = vec![x.to_vec(), vec![1.0; x.len()], x.iter().map(|e| e * e).collect()];
    for k in 0..n {
        rows.swap(0, k % 3);
        let r = std::mem::take(&mut rows[1]);
        let s: f64 = r.iter().sum();
        rows[1] = r.iter().map(|e| e * 0.5 + s.sin()).collect();
        rows[2][0] = rows[0][0] * rows[1][1];
    }
    rows[0][0] * rows[1][0] + rows[2][0]
}
#[differentiate(tape, jvp, hvp, hessian)]
fn many_chains(x: &[f64]) -> f64 {
    let a: f64 = x.iter().rev().zip(x.iter().skip(1)).map(|(a, b)| a * b.sin()).sum();
    let b: f64 = x.chunks(2).map(|c| c.iter().product::<f64>()).sum();
    let c: f64 = x.iter().step_by(2).map(|e| e.exp()).sum();
    let d: f64 = x.iter().skip_while(|e| **e > 0.5).take_while(|e| **e < 2.0).map(|e| e * e).sum();
    let e = x.iter().copied().reduce(|a, b| a * 0.5 + b).unwrap_or(0.0);
    let f: f64 = x.iter().chain(x.iter().rev()).enumerate().map(|(k, e)| e * k as f64).sum();
    let g: f64 = x
        .iter()
        .scan(1.0, |s, e| {
            *s *= e;
            Some(*s)
        })
        .sum();
    let h: f64 = x.iter().flat_map(|e| x.iter().map(move |f| e * f)).sum();
    a + b + c + d + e + f + g + h
}
#[differentiate(tape, jvp, hvp, hessian)]
fn replaced_each_time(x: f64, n: usize) -> f64 {
    let mut y = x;
    let mut old = 0.0;
    for k in 0..n {
        old = std::mem::replace(&mut y, old * 0.5 + x.cos());
        y += old * k as f64;
    }
    y * old
}
fn scattered(v: usize) -> usize {
    v * 3 % 5
}
#[differentiate(tape, jvp, hvp, hessian)]
fn wave_on_a_grid(x: f64, n: usize) -> f64 {
    let mut grid = [[0.0; 3]; 3];
    for i in 0..3 {
        for j in 0..3 {
            grid[i][j] = x * (i as f64 - j as f64) + (i * j) as f64 * 0.1;
        }
    }
    for _ in 0..n {
        let before = grid;
        for i in 0..3 {
            for j in 0..3 {
                let up = if i > 0 { before[i - 1][j] } else { before[2][j] };
                let left = before[i][(j + 2) % 3];
                grid[i][j] = (up * left).sin() + before[scattered(i + j) % 3][j];
            }
        }
    }
    grid.iter().map(|r| r.iter().sum::<f64>()).product()
}
#[differentiate]
fn advance_until(v: &mut [f64], k: f64) -> f64 {
    if v.is_empty() {
        return k;
    }
    let mut s = 0.0;
    for i in 0..v.len() {
        v[i] = v[i] * k + s;
        s += v[i];
        if s > 3.0 {
            return s * k;
        }
    }
    s
}
#[differentiate(tape, jvp, hvp, hessian)]
fn parts_changed_by_a_function_that_returns_early(x: f64, n: usize) -> f64 {
    let mut v = vec![x, 0.5, x * 0.3, 1.0];
    let mut t = 0.0;
    for k in 0..n {
        let m = k % 4;
        t += advance_until(&mut v[m..], 0.7 + x * 0.1);
        t = t.sin() + advance_until(&mut v[..m], t);
    }
    t + v[0] * v[3]
}
#[differentiate(tape, jvp, hvp, hessian)]
fn counter_of_eight_bits(x: f32, n: usize) -> f32 {
    let mut w = [x; 2];
    let mut k = 0u8;
    while (k as usize) < n {
        w = [w[1] * 0.5 + 0.25, w[0] * x];
        k += 1;
    }
    w[0] - w[1]
}
#[differentiate(tape, jvp, hvp, hessian)]
fn best_so_far(x: f64, n: usize) -> f64 {
    let mut best: Option<(usize, f64)> = None;
    let mut y = x;
    for k in 0..n {
        y = (y * 1.7).sin();
        if best.map_or(true, |(_, b)| y > b) {
            best = Some((k, y));
        }
    }
    match best {
        Some((k, b)) => b * b + k as f64 * x,
        None => x,
    }
}

#[differentiate(tape, jvp, hvp, hessian)]
fn array_copied_by_its_loop(x: f64) -> f64 {
    let mut a = [x, 2.0 * x, 1.0];
    for e in a {
        a[0] += e * x;
        a[2] = a[0];
    }
    a[0] * a[2]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn slice_that_gets_shorter(x: &[f64]) -> f64 {
    let mut rest = x;
    let mut y = 1.0;
    while !rest.is_empty() {
        y = y * 0.5 + rest[0] * rest[0];
        rest = &rest[1..];
    }
    y
}

#[differentiate(jvp, hvp, hessian)]
fn first_and_rest(mut x: &[f64]) -> f64 {
    let mut y = 1.0;
    while let [first, tail @ ..] = x {
        y = y * 0.5 + first * first;
        x = tail;
    }
    y
}

/// What the map holds changes from iteration to iteration.
#[differentiate(jvp, hvp, hessian)]
fn size_of_a_growing_map(x: f64, n: usize) -> f64 {
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let mut y = x;
    for k in 0..n {
        let size = seen.len();
        y = y.sin() * (1.0 + size as f64) * x;
        seen.insert(k, k);
    }
    y
}

cases! {
    taped {
        logged_by_a_closure(x, #n): (0.6, 0), (0.6, 1), (0.6, 4);
        array_through_labelled_loops(x, #n): (0.6, 0), (0.6, 1), (0.6, 2);
        tree_by_a_stack(x, #n): (0.6, 0), (0.6, 1), (0.6, 5);
        rows_taken_and_put_back(&x, #n): (vec![0.6, 0.2], 0), (vec![0.6, 0.2], 1), (vec![0.6, 0.2], 4);
        many_chains(&x): (vec![0.6, 0.2, 1.5, 0.9]), (vec![0.3]), (vec![]);
        replaced_each_time(x, #n): (0.6, 0), (0.6, 1), (0.6, 4);
        wave_on_a_grid(x, #n): (0.6, 0), (0.6, 1), (0.6, 4);
        parts_changed_by_a_function_that_returns_early(x, #n): (0.6, 0), (0.6, 1), (0.6, 2);
        counter_of_eight_bits(x, #n): (0.6, 0), (0.6, 1), (0.6, 3);
        best_so_far(x, #n): (0.6, 0), (0.6, 1), (0.6, 4);
        array_copied_by_its_loop(x): (0.6);
        slice_that_gets_shorter(&x): (vec![]), (vec![0.6]), (vec![0.6, 0.3, 2.0]);
    }
    untaped {
        first_and_rest(&x): (vec![]), (vec![0.6]), (vec![0.6, 0.3, 2.0]);
        size_of_a_growing_map(x, #n): (0.6, 0), (0.6, 1), (0.6, 4);
    }
}
