//! Sparse matrices of derivatives by what they are the derivatives of.

use super::ratios::Ratio;
use crate::objectives::adbench::ba::{reprojection, weight_error};
use crate::objectives::plain::rosenbrock;
use crate::objectives::read::Ba;
use chainrule::differentiate;
use std::hint::black_box;
use std::rc::Rc;

/// All errors of ADBench's bundle adjustment.
#[differentiate(wrt(cameras, points, weights), jacobian(sparse))]
fn adjustment(
    cameras: &[[f64; 11]],
    points: &[[f64; 3]],
    weights: &[f64],
    features: &[[f64; 2]],
) -> (Vec<[f64; 2]>, Vec<f64>) {
    let mut errors = vec![[0.0; 2]; weights.len()];
    let mut of_weights = vec![0.0; weights.len()];
    for i in 0..weights.len() {
        let (camera, point) = (&cameras[i % cameras.len()], &points[i % points.len()]);
        errors[i] = reprojection(camera, point, weights[i], &features[i]);
        of_weights[i] = weight_error(weights[i]);
    }
    (errors, of_weights)
}

#[differentiate(hessian(sparse))]
fn sum_of_terms(x: &[f64]) -> f64 {
    rosenbrock(x)
}

/// The two, in triplets.
pub(super) fn ratios() -> Result<[Ratio; 2], String> {
    let data = Rc::new(Ba::load()?);
    let same = Rc::clone(&data);
    let (at, also_at) = (super::numbers(100, 0.1), super::numbers(100, 0.1));
    Ok([
        Ratio {
            name: "BA ba1: sparse Jacobian by objective",
            bar: 6.0,
            below: Box::new(move || {
                let Ba { cameras, points, weights, features } = &*data;
                drop(black_box(adjustment(black_box(cameras), points, weights, features)));
            }),
            above: Box::new(move || {
                let Ba { cameras, points, weights, features } = &*same;
                let all = adjustment::jacobian(black_box(cameras), points, weights, features);
                drop(black_box(all));
            }),
        },
        Ratio {
            name: "Rosenbrock n = 100: sparse Hessian by gradient",
            bar: 12.0,
            below: Box::new(move || drop(black_box(rosenbrock::grad(black_box(&at))))),
            above: Box::new(move || drop(black_box(sum_of_terms::hessian(black_box(&also_at))))),
        },
    ])
}
