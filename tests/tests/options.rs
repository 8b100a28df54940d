//! Options that are passed in: what is in them is a constant, of whatever type.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::{assert_close, differences};

/// An option of a slice, by its methods.
#[differentiate(jvp)]
fn weighted(y: &[f64], k: f64, weights: Option<&[f64]>) -> f64 {
    let mut total = 0.0;
    for (j, y) in y.iter().enumerate() {
        let term = (y * k).sin();
        total += weights.map_or(term, |w| w[j] * term);
    }
    total * weights.map(|w| w.iter().sum::<f64>()).unwrap_or(1.0)
}

/// Options by patterns.
#[differentiate(jvp)]
fn norm(y: &[f64], weights: Option<Vec<f64>>, least: Option<f64>) -> f64 {
    let square: f64 = match &weights {
        Some(w) if w.len() == y.len() => w.iter().zip(y).map(|(w, y)| w * y.powi(2)).sum(),
        _ => y.iter().map(|y| y.powi(2)).sum(),
    };
    if let Some(least) = least {
        return square.sqrt() + square * least;
    }
    square.sqrt()
}

#[test]
fn weights_may_be_missing() {
    let (y, k) = (vec![0.7, 1.3], 0.4);
    for weights in [None, Some(&[2.0, -0.5][..])] {
        let (value, grad) = weighted::value_and_grad(&y, k, weights);
        assert_eq!(value, weighted(&y, k, weights));
        let slopes = differences(|(y, k)| weighted(y, *k, weights), &(y.clone(), k));
        assert_close("weighted", &grad, &slopes, 1e-9);
        let (_, along) = weighted::jvp(&y, k, weights, vec![1.0, 0.0], 0.0);
        assert_close("along y[0]", &along, &grad.0[0], 1e-14);
    }
}

#[test]
fn options_are_matched() {
    let y = vec![0.7, 1.3];
    let cases = [
        (None, None),
        (Some(vec![2.0, 0.5]), Some(0.5)),
        (Some(vec![2.0]), None),
        (None, Some(-0.3)),
    ];
    for (weights, least) in cases {
        let (value, grad) = norm::value_and_grad(&y, weights.clone(), least);
        assert_eq!(value, norm(&y, weights.clone(), least));
        let slopes = differences(|y: &Vec<f64>| norm(y, weights.clone(), least), &y);
        assert_close("norm", &grad, &slopes, 1e-9);
    }
}
