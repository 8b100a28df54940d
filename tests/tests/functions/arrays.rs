//! Fixed arrays, read and changed in place.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn by_value(x: [f64; 3]) -> f64 {
    x[0] * x[1] + x[2].sin()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_reference(x: &[f64; 3]) -> f64 {
    let mut s = 0.0;
    for e in x {
        s += e * e * x[0];
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn scaled_in_place(x: f64) -> f64 {
    let mut a = [x; 3];
    for i in 0..3 {
        a[i] *= i as f64;
    }
    a[0] + a[1] + a[2]
}

/// Each element is made from the one before.
#[differentiate(tape, jvp, hvp, hessian)]
fn recurrence_in_an_array(x: f64) -> f64 {
    let mut e = [0.0; 4];
    for i in 0..3 {
        e[i + 1] = e[i] + 0.5 * (x - e[i]);
    }
    e.iter().sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn overwritten_elements(x: f64, y: f64) -> f64 {
    let mut a = [x, y];
    a[0] = a[1] * a[0];
    a[1] = a[0].sin();
    a[0] = 2.0 * a[1];
    a[0] * a[1] * x
}

#[differentiate(tape, jvp, hvp, hessian)]
fn literal_of_expressions(x: f64, y: f64) -> f64 {
    let a = [x * y, x + y, 1.0, y.exp()];
    let mut p = 1.0;
    for e in a {
        p *= e;
    }
    p
}

#[differentiate(tape, jvp, hvp, hessian)]
fn iter_mut(x: [f64; 3], k: f64) -> f64 {
    let mut a = x;
    for e in a.iter_mut() {
        *e = *e * k + 1.0;
    }
    for (i, e) in a.iter_mut().enumerate() {
        *e *= *e + i as f64;
    }
    a[0] * a[1] * a[2]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn swapped(x: [f64; 3]) -> f64 {
    let mut a = x;
    a.swap(0, 2);
    a[0] = a[0] * a[1];
    a.swap(1, 0);
    a[0] / a[1] + a[2]
}

/// Bubble sort by swaps: the order is found by comparing, which is constant.
#[differentiate(tape, jvp, hvp, hessian)]
fn sorted_by_swaps(x: [f64; 4]) -> f64 {
    let mut a = x;
    for i in 0..4 {
        for j in 0..3 - i {
            if a[j] > a[j + 1] {
                a.swap(j, j + 1);
            }
        }
    }
    a[0] + 10.0 * a[1] + 100.0 * a[2] + 1000.0 * a[3]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn filled(x: [f64; 3]) -> f64 {
    let mut a = x;
    let k = a[0] * a[1];
    a.fill(k);
    a[1] += x[2];
    a[0] * a[1] * a[2]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn copied(x: [f64; 2]) -> f64 {
    let before = x;
    let mut after = before;
    after[0] = after[1] * before[0];
    after[1] += before[1];
    before[0] * before[1] + after[0] * after[1]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn assigned_as_a_whole(x: [f64; 2], n: usize) -> f64 {
    let mut a = x;
    for _ in 0..n {
        a = [a[1] * 0.5, a[0] + a[1]];
    }
    a[0] * a[1]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn destructured([x, y]: [f64; 2]) -> f64 {
    let [a, b] = [x * y, x - y];
    a / b
}

#[differentiate(tape, jvp, hvp, hessian)]
fn map_of_an_array(x: [f64; 3]) -> f64 {
    let squares = x.map(|e| e * e);
    squares.iter().sum::<f64>().sqrt()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn by_a_slice_of_it(x: [f64; 4]) -> f64 {
    let mut a = x;
    for e in &mut a[1..3] {
        *e = e.sin();
    }
    let tail = &a[2..];
    a[1] * tail[0] * tail[1] * a[0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn histogram(x: &[f64], bin: &[usize]) -> f64 {
    let mut sums = [0.0; 3];
    for (e, &b) in x.iter().zip(bin) {
        sums[b] += e * e;
    }
    sums[0] * sums[1] - sums[2]
}

/// A ring buffer: positions are written again and again.
#[differentiate(tape, jvp, hvp, hessian)]
fn ring_buffer(x: f64, n: usize) -> f64 {
    let mut ring = [x, x * x, 1.0];
    for k in 0..n {
        ring[k % 3] = ring[(k + 1) % 3] * 0.5 + ring[(k + 2) % 3].sin();
    }
    ring[0] + 2.0 * ring[1] + 4.0 * ring[2]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn written_in_a_branch(x: [f64; 2]) -> f64 {
    let mut a = x;
    if a[0] > a[1] {
        a[0] = a[0] * a[1];
    } else {
        a[1] = a[1].exp();
    }
    a[0] - a[1] * a[1]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn constant_table(x: f64) -> f64 {
    const WEIGHTS: [f64; 3] = [0.5, 0.3, 0.2];
    let nodes = [-1.0, 0.0, 1.0];
    let mut s = 0.0;
    for k in 0..3 {
        s += WEIGHTS[k] * (x + nodes[k]).exp();
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn array_in_f32(x: [f32; 3]) -> f32 {
    let mut a = x;
    a[1] += a[0] * a[2];
    a[1] * 0.1
}

#[differentiate(jvp, jacobian)]
fn returned(x: f64, y: f64) -> [f64; 3] {
    let mut a = [x, y, 0.0];
    a[2] = a[0] * a[1];
    a[0] += a[2].sin();
    a
}

/// Arrays from functions of the index.
#[differentiate(tape, jvp, hvp, hessian)]
fn from_functions(x: [f64; 3], k: f64) -> f64 {
    let scaled: [f64; 3] = std::array::from_fn(|i| x[i] * k + i as f64);
    let squares = core::array::from_fn::<_, 3, _>(|i| scaled[i] * x[2 - i]);
    let outer: [[f64; 3]; 2] =
        std::array::from_fn(|i| std::array::from_fn(|j| squares[j] * scaled[i]));
    outer[0][1] * outer[1][2] + last_two(&x, k)[1]
}

#[differentiate]
fn last_two(x: &[f64; 3], k: f64) -> [f64; 2] {
    std::array::from_fn(|i| x[i + 1].sin() * k)
}

cases! {
    taped {
        from_functions(x, k): ([0.7, 1.3, -0.4], 0.6);
        by_value(x): ([0.7, 1.3, -0.2]);
        by_reference(&x): ([0.7, 1.3, -0.2]);
        scaled_in_place(x): (0.7);
        recurrence_in_an_array(x): (0.7);
        overwritten_elements(x, y): (0.7, 1.3);
        literal_of_expressions(x, y): (0.7, 1.3);
        iter_mut(x, k): ([0.7, 1.3, -0.2], 0.4);
        swapped(x): ([0.7, 1.3, -0.2]);
        sorted_by_swaps(x): ([0.7, 1.3, -0.2, 0.4]), ([0.1, 0.2, 0.3, 0.4]);
        filled(x): ([0.7, 1.3, -0.2]);
        copied(x): ([0.7, 1.3]);
        assigned_as_a_whole(x, #n): ([0.7, 1.3], 0), ([0.7, 1.3], 1), ([0.7, 1.3], 3);
        destructured(x): ([0.7, 1.3]);
        map_of_an_array(x): ([0.7, 1.3, -0.2]);
        by_a_slice_of_it(x): ([0.7, 1.3, -0.2, 0.4]);
        histogram(&x, @bin): (vec![0.7, 1.3, -0.2, 0.4], vec![0, 1, 0, 2]), (vec![], vec![]);
        ring_buffer(x, #n): (0.7, 0), (0.7, 1), (0.7, 7);
        written_in_a_branch(x): ([0.7, 1.3]), ([1.3, 0.7]);
        constant_table(x): (0.7);
        array_in_f32(x): ([0.7, 1.3, -0.2]);
    }
    vjp {
        returned(x, y): (0.7, 1.3);
    }
}
