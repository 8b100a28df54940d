use chainrule::differentiate;
use ndarray::{Array1, Array2, Axis, s};

#[differentiate]
fn raw(x: Array1<f64>, n: usize) -> f64 {
    let mut s = 0.0;
    for _ in 0..n {
        let (list, _) = x.clone().into_raw_vec_and_offset();
        s += list[0];
    }
    s
}

#[differentiate]
fn two_at_once(x: &Array1<f64>, n: usize) -> f64 {
    let mut y = x.clone();
    for _ in 0..n {
        let (mut a, b) = y.multi_slice_mut((s![..2], s![2..]));
        a += &b;
    }
    y.sum()
}

#[differentiate]
fn views(x: &Array2<f64>, n: usize) -> f64 {
    let mut s = 0.0;
    for k in 0..n {
        s += x.column(k).as_slice().unwrap()[0];
        s += x.strides()[0] as f64 * x.slice(s![.., ..;k as isize]).sum();
    }
    s
}

#[differentiate]
fn joined(x: &Array1<f64>, n: usize) -> Array2<f64> {
    let mut parts = Vec::new();
    for _ in 0..n {
        parts.push(x.view());
    }
    ndarray::stack(Axis(0), &parts).unwrap()
}

#[differentiate]
fn zipped(x: &Array1<f64>, n: usize) -> f64 {
    let mut s = 0.0;
    for _ in 0..n {
        ndarray::Zip::from(x).fold_while(0.0, |_, _| ndarray::FoldWhile::Done(1.0));
        s += 1.0;
    }
    s
}

#[differentiate]
fn behind_a_reference(x: &mut Array2<f64>, n: usize) {
    for _ in 0..n {
        x.swap_axes(0, 1);
    }
}

fn main() {}
