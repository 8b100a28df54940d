//! A recurrent network of `l` layers of long short-term memory that predicts, character by
//! character, what comes next.
//!
//! `b` is the width of everything. A layer has eight rows of `main`: the weights of its forget,
//! input and output gates and of the change of its memory, then their biases in the same order.
//! `extra` has three: the weights of the input, the weights of the output, its biases. A layer has
//! two rows of `state`: hidden, memory.

use chainrule::differentiate;

/// How badly the network predicts the `c` rows of `sequence`: the mean negative log-likelihood.
#[differentiate(wrt(main, extra))]
pub(crate) fn lstm(
    main: &[f64],
    extra: &[f64],
    state: &[f64],
    sequence: &[f64],
    l: usize,
    b: usize,
    c: usize,
) -> f64 {
    let mut state = state.to_vec();
    let mut predicted = vec![0.0; b];
    let mut total = 0.0;
    for t in 0..c - 1 {
        let now = &sequence[t * b..(t + 1) * b];
        let next = &sequence[(t + 1) * b..(t + 2) * b];
        predict(main, extra, &mut state, now, &mut predicted, l, b);
        let sum: f64 = predicted.iter().map(|y| y.exp()).sum();
        let normalisation = (sum + 2.0).ln();
        for (&wanted, &y) in next.iter().zip(&predicted) {
            total += wanted * (y - normalisation);
        }
    }
    -total / ((c - 1) * b) as f64
}

/// Predicts from the current row, and moves the state on.
#[differentiate]
fn predict(
    main: &[f64],
    extra: &[f64],
    state: &mut [f64],
    now: &[f64],
    predicted: &mut [f64],
    l: usize,
    b: usize,
) {
    // What is passed from layer to layer ends as the prediction.
    for ((y, &x), &weight) in predicted.iter_mut().zip(now).zip(&extra[..b]) {
        *y = x * weight;
    }
    for layer in 0..l {
        let parameters = &main[8 * b * layer..8 * b * (layer + 1)];
        let layer_state = &mut state[2 * b * layer..2 * b * (layer + 1)];
        lstm_layer(parameters, layer_state, predicted, b);
    }
    for ((y, &weight), &bias) in predicted.iter_mut().zip(&extra[b..2 * b]).zip(&extra[2 * b..]) {
        *y = *y * weight + bias;
    }
}

/// One layer: `passed` comes in from the layer below and goes out as this layer's hidden state.
#[differentiate]
fn lstm_layer(parameters: &[f64], state: &mut [f64], passed: &mut [f64], b: usize) {
    let (weights, biases) = (&parameters[..4 * b], &parameters[4 * b..8 * b]);
    for j in 0..b {
        let (hidden, memory) = (state[j], state[b + j]);
        let forget = sigmoid(passed[j] * weights[j] + biases[j]);
        let ingate = sigmoid(hidden * weights[b + j] + biases[b + j]);
        let outgate = sigmoid(passed[j] * weights[2 * b + j] + biases[2 * b + j]);
        let change = (hidden * weights[3 * b + j] + biases[3 * b + j]).tanh();
        let memory = memory * forget + ingate * change;
        let hidden = outgate * memory.tanh();
        state[j] = hidden;
        state[b + j] = memory;
        passed[j] = hidden;
    }
}

#[differentiate]
fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
