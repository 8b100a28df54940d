//! Arrays of arrays and `Vec`s of `Vec`s.

use chainrule::differentiate;
use chainrule_tests::cases;

#[differentiate(tape, jvp, hvp, hessian)]
fn matrix_vector(a: &[[f64; 2]; 3], x: &[f64; 2]) -> f64 {
    let mut s = 0.0;
    for i in 0..3 {
        let mut r = 0.0;
        for j in 0..2 {
            r += a[i][j] * x[j];
        }
        s += r * r;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn rows_by_iter(a: &[[f64; 2]], w: f64) -> f64 {
    let mut s = 0.0;
    for row in a {
        s += (row[0] - row[1]).powi(2) * w;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn rows_destructured(points: &[[f64; 2]]) -> f64 {
    let mut s = 0.0;
    for &[x, y] in points {
        s += x * y.cos();
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn length_of_a_path(points: &[[f64; 2]]) -> f64 {
    points.windows(2).map(|p| (p[1][0] - p[0][0]).hypot(p[1][1] - p[0][1])).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn trace_of_a_product(a: [[f64; 2]; 2], b: [[f64; 2]; 2]) -> f64 {
    let mut c = [[0.0; 2]; 2];
    for i in 0..2 {
        for j in 0..2 {
            for k in 0..2 {
                c[i][j] += a[i][k] * b[k][j];
            }
        }
    }
    c[0][0] * c[1][1] - c[0][1] * c[1][0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn transposed_in_place(a: [[f64; 3]; 3]) -> f64 {
    let mut t = a;
    for i in 0..3 {
        for j in i + 1..3 {
            let held = t[i][j];
            t[i][j] = t[j][i] * 2.0;
            t[j][i] = held;
        }
    }
    t[0][1] * t[2][0] + t[1][2] * t[0][0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn vec_of_vecs(x: f64, n: usize) -> f64 {
    let mut table = vec![vec![0.0; n]; n];
    for i in 0..n {
        for j in 0..n {
            table[i][j] = (x * (i + 1) as f64).sin() * (x + j as f64);
        }
    }
    let mut s = 0.0;
    for i in 0..n {
        s += table[i][n - 1 - i];
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn vec_of_vecs_as_a_parameter(a: &Vec<Vec<f64>>) -> f64 {
    let mut s = 0.0;
    for row in a {
        let mut p = 1.0;
        for e in row {
            p *= e;
        }
        s += p;
    }
    s
}

#[differentiate(tape, jvp, hvp, hessian)]
fn rows_pushed(x: &[f64]) -> f64 {
    let mut rows: Vec<Vec<f64>> = Vec::new();
    for (k, &e) in x.iter().enumerate() {
        let mut row = vec![e; k + 1];
        row[0] *= e;
        rows.push(row);
    }
    let mut s = 0.0;
    for row in &rows {
        for e in row {
            s += e * e;
        }
    }
    s
}

/// Dynamic programming over a table: the cost of the cheapest way, softly.
#[differentiate(tape, jvp, hvp, hessian)]
fn grid_of_costs(c: [[f64; 3]; 3]) -> f64 {
    let mut best = [[0.0; 3]; 3];
    best[0][0] = c[0][0];
    for i in 0..3 {
        for j in 0..3 {
            if i == 0 && j == 0 {
                continue;
            }
            let from_above = if i > 0 { best[i - 1][j] } else { f64::INFINITY };
            let from_left = if j > 0 { best[i][j - 1] } else { f64::INFINITY };
            best[i][j] = c[i][j] + from_above.min(from_left);
        }
    }
    best[2][2]
}

/// A row is copied out, changed and written back.
#[differentiate(tape, jvp, hvp, hessian)]
fn row_written_back(a: [[f64; 2]; 2]) -> f64 {
    let mut a = a;
    let mut row = a[0];
    row[0] = row[0] * row[1];
    a[1] = row;
    a[0][1] += a[1][0];
    a[0][0] * a[0][1] * a[1][0] * a[1][1]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn rows_swapped(a: [[f64; 2]; 3]) -> f64 {
    let mut a = a;
    a.swap(0, 2);
    a[0][0] += a[2][1];
    a.swap(1, 2);
    a[0][0] * a[1][1] * a[2][0]
}

#[differentiate(tape, jvp, hvp, hessian)]
fn row_by_iter_mut(a: [[f64; 2]; 2], k: f64) -> f64 {
    let mut a = a;
    for row in a.iter_mut() {
        let sum = row[0] + row[1];
        for e in row.iter_mut() {
            *e /= sum + k;
        }
    }
    a[0][0] * a[1][1] + a[0][1] * a[1][0]
}

/// Conway-like: the new state from neighbours with wrap-around.
#[differentiate(tape, jvp, hvp, hessian)]
fn diffusion_on_a_torus(u: &[[f64; 3]], steps: usize) -> f64 {
    let n = u.len();
    let mut u = u.to_vec();
    for _ in 0..steps {
        let old = u.clone();
        for i in 0..n {
            for j in 0..3 {
                let around = old[(i + 1) % n][j]
                    + old[(i + n - 1) % n][j]
                    + old[i][(j + 1) % 3]
                    + old[i][(j + 2) % 3];
                u[i][j] = 0.5 * old[i][j] + 0.1 * around * old[i][j];
            }
        }
    }
    u.iter().map(|row| row.iter().map(|e| e * e).sum::<f64>()).sum()
}

#[differentiate(tape, jvp, hvp, hessian)]
fn three_dimensions(x: f64) -> f64 {
    let mut cube = [[[x; 2]; 2]; 2];
    cube[1][0][1] *= x;
    cube[0][1][1] = cube[1][0][1].sin();
    cube[0][1][1] * cube[1][1][0] + cube[0][0][0]
}

#[differentiate(jvp, jacobian)]
fn outer_product(x: &[f64; 2], y: &[f64; 3]) -> [[f64; 3]; 2] {
    let mut a = [[0.0; 3]; 2];
    for i in 0..2 {
        for j in 0..3 {
            a[i][j] = x[i] * y[j];
        }
    }
    a
}

cases! {
    taped {
        matrix_vector(&a, &x): ([[0.7, 1.3], [-0.2, 0.4], [0.1, 2.0]], [0.5, -0.6]);
        rows_by_iter(&a, w): (vec![], 0.5), (vec![[0.7, 1.3], [-0.2, 0.4]], 0.5);
        rows_destructured(&points): (vec![]), (vec![[0.7, 1.3], [-0.2, 0.4]]);
        length_of_a_path(&points): (vec![[0.7, 1.3]]), (vec![[0.7, 1.3], [-0.2, 0.4], [1.0, 1.0]]);
        trace_of_a_product(a, b): ([[0.7, 1.3], [-0.2, 0.4]], [[0.1, 2.0], [0.5, -0.6]]);
        transposed_in_place(a): ([[0.7, 1.3, 0.1], [-0.2, 0.4, 0.9], [0.3, 2.0, 1.1]]);
        vec_of_vecs(x, #n): (0.7, 0), (0.7, 1), (0.7, 3);
        vec_of_vecs_as_a_parameter(&a): (vec![]), (vec![vec![0.7, 1.3], vec![], vec![0.4]]);
        rows_pushed(&x): (vec![]), (vec![0.7]), (vec![0.7, 1.3, -0.2]);
        grid_of_costs(c): ([[0.7, 1.3, 0.1], [0.2, 0.4, 0.9], [0.3, 2.0, 1.1]]);
        row_written_back(a): ([[0.7, 1.3], [-0.2, 0.4]]);
        rows_swapped(a): ([[0.7, 1.3], [-0.2, 0.4], [0.1, 2.0]]);
        row_by_iter_mut(a, k): ([[0.7, 1.3], [0.2, 0.4]], 0.5);
        diffusion_on_a_torus(&u, #steps):
            (vec![[0.7, 1.3, 0.1], [0.2, 0.4, 0.9]], 0),
            (vec![[0.7, 1.3, 0.1], [0.2, 0.4, 0.9]], 2);
        three_dimensions(x): (0.7);
    }
    vjp {
        outer_product(&x, &y): ([0.7, 1.3], [0.1, -0.2, 0.4]);
    }
}
