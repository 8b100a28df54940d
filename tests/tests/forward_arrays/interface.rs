//! How arrays are passed, and what a function may do with them and return.

use chainrule::{Differentiable, differentiate};
use ndarray::{Array1, Array2, ArrayRef1, ArrayView2, Axis, array, s};

const RATE: f64 = 0.25;

/// Inlined elsewhere, with a constant that means something here.
#[differentiate]
fn scaled(x: &Array1<f64>) -> Array1<f64> {
    x.mapv(|e| e * e * RATE)
}

mod elsewhere {
    use super::scaled;
    use chainrule::differentiate;
    use ndarray::Array1;

    #[differentiate(pullback, jvp, hvp, hessian)]
    pub(super) fn energy(x: &Array1<f64>) -> f64 {
        let y = scaled(x);
        y.dot(&y)
    }
}

#[test]
fn functions_that_are_called() {
    let x = array![1.0, 2.0];
    assert_eq!(elsewhere::energy::hessian(&x), array![[0.75, 0.0], [0.0, 3.0]]);
    assert_eq!(elsewhere::energy::jvp(&x, array![1.0, 1.0]), (1.0625, 2.25));
    assert_eq!(elsewhere::energy::hvp(&x, array![0.0, 1.0]), (array![0.25, 2.0], array![0.0, 3.0]));
    let (value, back) = elsewhere::energy::pullback(&x);
    assert_eq!((value, back(2.0)), (1.0625, array![0.5, 4.0]));
}

#[differentiate(pullback, jvp, hvp)]
fn passed(x: Array1<f64>, m: ArrayView2<f64>, r: &ArrayRef1<f64>) -> f64 {
    let mut sum = 0.0;
    for i in 0..x.len() {
        sum += x[i] * x[i] * m[[i, 0]] * r[i];
    }
    sum
}

/// Owned, views, references: the tangents of all are arrays by value.
#[test]
fn by_value_as_views_and_as_references() {
    let (x, r) = (array![1.0, 2.0], array![9.0, 3.0, 9.0, 5.0]);
    let m = array![[9.0, 9.0], [9.0, 7.0], [9.0, 9.0], [9.0, 11.0]];
    let (m, r) = (m.slice(s![1..;2, ..;-1]), r.slice(s![1..;2]));
    let (value, grad) = passed::value_and_grad(x.clone(), m, &r);
    assert_eq!(value, 21.0 + 220.0);
    let (again, back) = passed::pullback(x.clone(), m, &r);
    assert_eq!((again, back(1.0)), (value, grad.clone()));
    let tangents = (array![1.0, 0.5], array![[1.0, 5.0], [0.0, 5.0]], array![0.0, 2.0]);
    let (dx, dm, dr) = tangents.clone();
    let (again, tangent) = passed::jvp(x.clone(), m, &r, dx, dm, dr);
    assert_eq!((again, tangent), (value, 42.0 + 3.0 + 110.0 + 88.0));
    let (dx, dm, dr) = tangents;
    assert_eq!(passed::hvp(x, m, &r, dx, dm, dr).0, grad);
}

/// The forward pass is there as long as the arrays that it borrows.
#[test]
fn a_pullback_borrows_what_it_can() {
    let (x, m, r) = (array![1.0, 2.0], array![[7.0], [11.0]], array![3.0, 5.0]);
    let back = {
        let (m, r) = (m.view(), &r);
        passed::pullback(x, m, r).1
    };
    let (first, second) = (back(1.0), back(-2.0));
    assert_eq!(first.0 * -2.0, second.0);
    assert_eq!(first.1, array![[3.0], [20.0]]);
}

#[differentiate(jvp)]
fn in_place(x: &mut Array1<f64>, k: f64) -> f64 {
    for i in 1..x.len() {
        x[i] = x[i] * x[i - 1] + k;
    }
    x[1]
}

/// The tangent of what an array holds at the end comes behind that of the result.
#[test]
fn arrays_that_are_changed() {
    let mut x = array![2.0, 3.0, 5.0];
    let (value, tangent, of_x) = in_place::jvp(&mut x, 1.0, array![1.0, 0.0, -1.0], 0.5);
    assert_eq!((value, tangent), (7.0, 3.5));
    assert_eq!(x, array![2.0, 7.0, 36.0]);
    assert_eq!(of_x, array![1.0, 3.5, -7.0 + 5.0 * 3.5 + 0.5]);

    x.invert_axis(Axis(0));
    x.assign(&array![2.0, 3.0, 5.0]);
    assert_eq!(in_place::jvp(&mut x, 1.0, array![1.0, 0.0, -1.0], 0.5).2, of_x);
    assert_eq!(x, array![2.0, 7.0, 36.0]);
}

#[differentiate(pullback, jvp, jacobian)]
fn fallible(x: &Array1<f64>, n: usize) -> Result<Array1<f64>, String> {
    if n > x.len() {
        return Err("too short".to_owned());
    }
    Ok(x.slice(s![..n]).mapv(|e| e * e))
}

#[differentiate(hvp, hessian)]
fn fallible_float(x: &Array1<f64>) -> Option<f64> {
    if x.is_empty() {
        return None;
    }
    Some(x[0] * x[0] * x[x.len() - 1])
}

#[test]
fn failures_leave_the_function() {
    let x = array![1.0, 2.0, 3.0];
    assert_eq!(fallible::jacobian(&x, 2), Ok(array![[2.0, 0.0, 0.0], [0.0, 4.0, 0.0]]));
    let (value, tangent) = fallible::jvp(&x, 2, array![1.0, 1.0, 1.0]).unwrap();
    assert_eq!((value, tangent), (array![1.0, 4.0], array![2.0, 4.0]));
    let (_, back) = fallible::pullback(&x, 1).unwrap();
    assert_eq!(back(array![3.0]), array![6.0, 0.0, 0.0]);
    let failure = Err("too short".to_owned());
    assert_eq!(fallible::jacobian(&x, 4).map(|_| ()), failure);
    assert_eq!(fallible::jvp(&x, 4, x.clone()).map(|_| ()), failure);
    assert_eq!(fallible::pullback(&x, 4).map(|_| ()), failure);

    let hessian = fallible_float::hessian(&x).unwrap();
    assert_eq!(hessian, array![[6.0, 0.0, 2.0], [0.0, 0.0, 0.0], [2.0, 0.0, 0.0]]);
    assert_eq!(fallible_float::hessian(&array![]), None);
    assert_eq!(fallible_float::hvp(&array![], array![]), None);
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Line {
    slope: f64,
    offset: f64,
}

#[differentiate]
impl Line {
    #[differentiate(pullback, jvp)]
    fn at(&self, x: &Array1<f64>) -> Array1<f64> {
        x.mapv(|x| self.slope * x + self.offset)
    }
}

#[test]
fn methods() {
    let (line, x) = (Line { slope: 2.0, offset: 1.0 }, array![1.0, 3.0]);
    let (value, tangent) = line.at_jvp(&x, Line { slope: 1.0, offset: -1.0 }, array![0.5, 0.0]);
    assert_eq!((value, tangent), (array![3.0, 7.0], array![1.0, 2.0]));
    let (_, back) = line.at_pullback(&x);
    let (of_line, of_x) = back(array![1.0, 10.0]);
    assert_eq!(of_line, Line { slope: 31.0, offset: 11.0 });
    assert_eq!(of_x, array![2.0, 20.0]);
}

/// `wrt` leaves parameters out; what they are does not matter then.
#[differentiate(wrt(w), jvp, hvp, hessian)]
fn some(x: &Array2<f64>, w: &Array1<f64>, scale: f32) -> f64 {
    x.dot(w).mapv(|e| e * e).sum() * f64::from(scale)
}

#[test]
fn by_some_parameters() {
    let x = array![[1.0, 2.0], [0.0, 1.0]];
    let w = array![1.0, -1.0];
    assert_eq!(some::jvp(&x, &w, 2.0, array![1.0, 0.0]), (4.0, -4.0));
    assert_eq!(some::hessian(&x, &w, 0.5), x.t().dot(&x));
    assert_eq!(some::hvp(&x, &w, 0.5, array![1.0, 0.0]).1, x.t().dot(&x).row(0));
}
