use chainrule::differentiate;
use ndarray::{Array1, Array2, Axis, Slice, s};

#[differentiate]
fn permuted(x: &Array2<f64>) -> Array2<f64> {
    x.clone().permuted_axes([0, 0])
}

#[differentiate]
fn at_run_time(x: &Array2<f64>, n: usize) -> Array1<f64> {
    x.row(n % 2).to_owned()
}

#[differentiate]
fn of_slices(x: &Array2<f64>, n: usize) -> f64 {
    x.slice(s![..n as isize, ..]).sum() + x.slice_axis(Axis(0), Slice::from(1..)).sum()
}

#[differentiate]
fn into_a_shape(x: &Array1<f64>, n: usize, m: usize) -> Array2<f64> {
    x.to_owned().into_shape_with_order((n, m)).unwrap()
}

fn main() {}
