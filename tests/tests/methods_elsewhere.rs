//! Methods called where their `impl` block is not seen: what they return follows from its use.

#![forbid(unsafe_code)]

use chainrule::{Differentiable, differentiate};
use chainrule_tests::{assert_close, derivative};

/// A layer of a network.
#[derive(Clone, Debug, PartialEq, Differentiable)]
pub struct Layer {
    weights: Vec<Vec<f64>>,
    bias: Vec<f64>,
}

#[differentiate]
impl Layer {
    fn forward(&self, x: &[f64]) -> Vec<f64> {
        let sums = self.weights.iter().zip(&self.bias);
        sums.map(|(row, b)| row.iter().zip(x).map(|(w, x)| w * x).sum::<f64>() + b).collect()
    }

    fn first_two(&self) -> [f64; 2] {
        [self.bias[0], self.bias[0] * self.bias[1]]
    }

    fn ends(&self) -> (f64, Vec<f64>) {
        (self.bias[0].sin(), vec![self.bias[1], self.bias[0]])
    }

    fn doubled(&self) -> Layer {
        Layer { weights: self.weights.clone(), bias: self.bias.iter().map(|b| 2.0 * b).collect() }
    }

    /// Used as data within a macro only.
    fn list(&self) -> Vec<Vec<f64>> {
        vec![self.bias.clone(), vec![1.0, self.bias[0]]]
    }

    fn square(&self) -> f64 {
        self.bias.iter().map(|b| b * b).sum()
    }
}

/// A network.
#[derive(Clone, Debug, PartialEq, Differentiable)]
pub struct Net {
    layers: Vec<Layer>,
    last: Layer,
}

#[differentiate]
fn score(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A variable that is a list already, changed in place.
#[differentiate]
fn variable(net: &Net, x: &[f64]) -> f64 {
    let mut h = x.to_vec();
    for layer in &net.layers {
        h = layer.forward(&h);
        h.iter_mut().for_each(|v| *v = v.max(0.0));
    }
    net.last.forward(&h)[0]
}

/// An accumulator.
#[differentiate]
fn accumulator(net: &Net, x: &[f64]) -> f64 {
    net.layers.iter().fold(x.to_vec(), |h, layer| layer.forward(&h))[1]
}

/// By later uses, by written types, as an argument.
#[differentiate]
fn uses(net: &Net, x: &[f64]) -> f64 {
    let h = net.last.forward(x);
    let again = net.last.forward(&h);
    let typed: Vec<f64> = net.last.forward(&again);
    let sum: f64 = again.iter().sum();
    sum * typed[0] + score(&net.last.forward(x), &h)
}

/// Arrays, tuples, structs, floats.
#[differentiate]
fn other_types(net: &Net, x: &[f64]) -> f64 {
    let two = net.last.first_two();
    let (sine, list) = net.last.ends();
    let pair: (f64, Vec<f64>) = net.last.ends();
    let doubled = net.last.doubled();
    let by_field = doubled.bias[1] * net.layers[0].doubled().bias[0];
    let rows: Vec<Vec<f64>> = net.last.list();
    rows[0][1] * rows[1][1]
        + two[1] * sine * list[1]
        + pair.0 * by_field
        + net.last.doubled().square() * x[0]
}

/// As the result.
#[differentiate]
fn result(net: &Net, x: &[f64]) -> Vec<f64> {
    net.last.forward(&net.last.forward(x))
}

fn point() -> (Net, Vec<f64>) {
    let layer = |k: f64| Layer {
        weights: vec![vec![0.5 + k, -0.3], vec![0.2, 0.7 - k]],
        bias: vec![0.1, 0.4 * k],
    };
    (Net { layers: vec![layer(0.1), layer(0.2)], last: layer(0.3) }, vec![0.6, 0.9])
}

/// All numbers, in order.
fn flat(at: &(Net, Vec<f64>)) -> Vec<f64> {
    let mut all = Vec::new();
    at.clone().for_each_leaf_mut(&mut |leaf| all.extend_from_slice(leaf));
    all
}

fn slopes(f: impl Fn(&Net, &[f64]) -> f64, net: &Net, x: &[f64]) -> Vec<f64> {
    let at = (net.clone(), x.to_vec());
    let moved = |k: usize, to: f64| {
        let (mut moved, mut before) = (at.clone(), 0);
        moved.for_each_leaf_mut(&mut |leaf| {
            if (before..before + leaf.len()).contains(&k) {
                leaf[k - before] = to;
            }
            before += leaf.len();
        });
        f(&moved.0, &moved.1)
    };
    flat(&at).into_iter().enumerate().map(|(k, x)| derivative(|x| moved(k, x), x)).collect()
}

type Function = fn(&Net, &[f64]) -> f64;
type Gradient = fn(&Net, &[f64]) -> (f64, (Net, Vec<f64>));

#[test]
fn what_methods_return_follows_from_its_use() {
    let cases: [(&str, Function, Gradient); 4] = [
        ("variable", variable, |net, x| variable::value_and_grad(net, x)),
        ("accumulator", accumulator, |net, x| accumulator::value_and_grad(net, x)),
        ("uses", uses, |net, x| uses::value_and_grad(net, x)),
        ("other types", other_types, |net, x| other_types::value_and_grad(net, x)),
    ];
    let (net, x) = point();
    for (name, f, value_and_grad) in cases {
        let (value, grad) = value_and_grad(&net, &x);
        assert_eq!(value, f(&net, &x), "{name}");
        assert_close(name, &flat(&grad), &slopes(f, &net, &x), 1e-9);
    }
}

#[test]
fn a_method_s_result_is_the_function_s() {
    let (net, x) = point();
    let cotangent = [0.7, -1.2];
    let (value, grad) = result::vjp(&net, &x, cotangent.to_vec());
    assert_eq!(value, result(&net, &x));
    let slopes = slopes(|net, x| score(&result(net, x), &cotangent), &net, &x);
    assert_close("result", &flat(&grad), &slopes, 1e-9);
}
