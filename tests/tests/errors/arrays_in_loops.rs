use chainrule::differentiate;
use ndarray::{Array1, Array2, Axis, s};

#[differentiate]
fn axis(x: &Array2<f64>, k: usize) -> f64 {
    let mut s = 0.0;
    for _ in 0..3 {
        s += x.sum_axis(Axis(k)).sum();
    }
    s
}

#[differentiate]
fn method(x: &Array2<f64>) -> f64 {
    let mut s = 0.0;
    for row in x.rows() {
        s += row.is_standard_layout() as u8 as f64 * row.stride_of(Axis(0)) as f64;
    }
    s
}

#[differentiate]
fn indices(x: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let mut s = 0.0;
    for i in 0..3i32 {
        s += x[[0, 1, 2]] + y[i];
    }
    s
}

#[differentiate]
fn slice(x: &Array2<f64>) -> f64 {
    let mut s = 0.0;
    for k in 0..2 {
        s += x.slice(s![k..]).sum() + x.slice(s![.., ..;k]).sum();
    }
    s
}

#[differentiate]
fn tuple(p: &(Array2<f64>, Array1<f64>)) -> f64 {
    let mut s = 0.0;
    for i in 0..p.1.len() {
        s += p.1[i];
    }
    s
}

#[differentiate]
fn recursive(x: &Array1<f64>, n: usize) -> f64 {
    if n == 0 { x.sum() } else { 2.0 * recursive(x, n - 1) }
}

#[differentiate]
fn printed(x: &Array1<f64>) -> f64 {
    let mut s = 0.0;
    for &v in x {
        println!("{x}");
        s += v;
    }
    s
}

#[differentiate]
fn moves(x: &Array2<f64>) -> f64 {
    let mut row = x.row(0);
    let mut s = 0.0;
    for i in 1..x.nrows() {
        s += row[0];
        row = x.row(i);
    }
    s
}

fn main() {}
