//! The gradients by hand, in the form of [`super::Objective`]: `at` holds the parameters one after
//! another, and `gradient` takes their derivatives, part by part.

use super::data::{Ba, Gmm, Logistic, Lstm};
use super::{LORENZ_STEP, LORENZ_STEPS, NESTED, fill_ba, parts};
use crate::hand_gradients as by_hand;

pub(super) fn gmm(data: &Gmm, at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (alphas, means, icf) = data.parameters(at);
    let [d_alphas, d_means, d_icf] = parts(gradient);
    by_hand::gmm::value_and_grad_into(
        (alphas, means, icf, &data.x),
        (data.d, data.gamma, data.m),
        d_alphas,
        d_means,
        d_icf,
    )
}

pub(super) fn gmm_by_sums(data: &Gmm, at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (alphas, means, icf) = data.parameters(at);
    let [d_alphas, d_means, d_icf] = parts(gradient);
    by_hand::gmm::value_and_grad_by_sums_into(
        (alphas, means, icf, &data.x),
        (data.d, data.gamma, data.m),
        d_alphas,
        d_means,
        d_icf,
    )
}

pub(super) fn ba(data: &Ba, errors: &mut [f64], jacobian: &mut [Vec<f64>]) {
    fill_ba(data, errors, jacobian, by_hand::ba::reprojection_into, |w| (1.0 - w * w, -2.0 * w));
}

pub(super) fn lstm(data: &Lstm, at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (main, extra) = at.split_at(data.main.len());
    let [d_main, d_extra] = parts(gradient);
    by_hand::lstm::value_and_grad_into(
        (main, extra, &data.state, &data.sequence),
        (data.l, data.b, data.c),
        d_main,
        d_extra,
    )
}

pub(super) fn rosenbrock(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    by_hand::rosenbrock::value_and_grad_into(at, &mut gradient[0])
}

pub(super) fn rosenbrock_in_blocks(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    by_hand::rosenbrock::value_and_grad_in_blocks_into(at, &mut gradient[0])
}

pub(super) fn lorenz(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (value, (d_sigma, d_rho, d_beta)) =
        by_hand::lorenz::value_and_grad(at[0], at[1], at[2], LORENZ_STEPS, LORENZ_STEP);
    gradient[0].copy_from_slice(&[d_sigma, d_rho, d_beta]);
    value
}

pub(super) fn logistic(data: &Logistic, at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    by_hand::logistic::value_and_grad_into(&data.x, &data.y, at, &mut gradient[0])
}

pub(super) fn logistic_in_blocks(data: &Logistic, at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    by_hand::logistic::value_and_grad_in_blocks_into(&data.x, &data.y, at, &mut gradient[0])
}

pub(super) fn nested_sum(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (value, (dx, dy)) = by_hand::nested::sum(at[0], at[1], NESTED);
    gradient[0].copy_from_slice(&[dx, dy]);
    value
}

pub(super) fn nested_sum_in_lanes(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (value, (dx, dy)) = by_hand::nested::sum_in_lanes(at[0], at[1], NESTED);
    gradient[0].copy_from_slice(&[dx, dy]);
    value
}

pub(super) fn nested_recurrence(at: &[f64], gradient: &mut [Vec<f64>]) -> f64 {
    let (value, (da, dx)) = by_hand::nested::recurrence(at[0], at[1], NESTED);
    gradient[0].copy_from_slice(&[da, dx]);
    value
}
