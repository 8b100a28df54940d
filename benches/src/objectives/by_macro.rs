//! The gradients by the macro, in the form of those by hand.

use super::adbench::{ba as adjustment, gmm::gmm as mixture, lstm::lstm as network};
use super::data::{Ba, Gmm, Logistic, Lstm};
use super::{LORENZ_STEP, LORENZ_STEPS, NESTED, fill_ba, parts, plain};

pub(super) fn gmm(data: &Gmm, at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let Gmm { d, gamma, m, x, .. } = data;
    let (alphas, means, icf) = data.parameters(at);
    let [d_alphas, d_means, d_icf] = parts(gradient);
    mixture::value_and_grad_into(alphas, means, icf, x, *d, *gamma, *m, d_alphas, d_means, d_icf)
}

pub(super) fn ba(data: &Ba, errors: &mut [f64], jacobian: &mut [Vec<f64>]) {
    let reprojection_into = |camera: &_, point: &_, w, feature: &_, rows: &mut [[f64; 15]; 2]| {
        // A row of the Jacobian is one error's gradient; one forward pass serves both.
        let (errors, pullback) = adjustment::reprojection::pullback(camera, point, w, feature);
        for (seed, row) in [[1.0, 0.0], [0.0, 1.0]].into_iter().zip(rows) {
            let (by_camera, by_point, by_weight) = pullback(seed);
            row[..11].copy_from_slice(&by_camera);
            row[11..14].copy_from_slice(&by_point);
            row[14] = by_weight;
        }
        errors
    };
    fill_ba(data, errors, jacobian, reprojection_into, adjustment::weight_error::value_and_grad);
}

pub(super) fn lstm(data: &Lstm, at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let Lstm { l, c, b, state, sequence, .. } = data;
    let (main, extra) = at.split_at(data.main.len());
    let [d_main, d_extra] = parts(gradient);
    network::value_and_grad_into(main, extra, state, sequence, *l, *b, *c, d_main, d_extra)
}

pub(super) fn rosenbrock(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    plain::rosenbrock::value_and_grad_into(at, &mut gradient[0])
}

pub(super) fn lorenz(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (value, (d_sigma, d_rho, d_beta)) =
        plain::lorenz::value_and_grad(at[0], at[1], at[2], LORENZ_STEPS, LORENZ_STEP);
    gradient[0].copy_from_slice(&[d_sigma, d_rho, d_beta]);
    value
}

pub(super) fn logistic(data: &Logistic, at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    plain::logistic::value_and_grad_into(&data.x, &data.y, at, &mut gradient[0])
}

pub(super) fn nested_sum(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (value, (dx, dy)) = plain::nested_sum::value_and_grad(at[0], at[1], NESTED);
    gradient[0].copy_from_slice(&[dx, dy]);
    value
}

pub(super) fn nested_recurrence(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (value, (da, dx)) = plain::nested_recurrence::value_and_grad(at[0], at[1], NESTED);
    gradient[0].copy_from_slice(&[da, dx]);
    value
}
