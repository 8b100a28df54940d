//! Structs that hold arrays of `ndarray`: parameters of functions, nested, beside other fields.

#![forbid(unsafe_code)]

use chainrule::optim::{Adam, Optimizer};
use chainrule::{Differentiable, Objective, differentiate};
use chainrule_tests::{DIFFERENCES, ROUNDING, assert_close, differences};
use ndarray::{Array1, Array2, array};

#[derive(Differentiable, Clone, Debug, PartialEq)]
struct Layer {
    weights: Array2<f64>,
    bias: Array1<f64>,
}

#[derive(Differentiable, Clone, Debug, PartialEq)]
struct Net {
    hidden: Layer,
    output: Layer,
    scale: f64,
    powers: Vec<f64>,
    skips: usize,
    is_squared: bool,
    #[constant]
    floor: f64,
}

fn waves(shape: (usize, usize), slope: f64) -> Array2<f64> {
    Array2::from_shape_fn(shape, |(i, j)| (slope * (i * shape.1 + j) as f64).sin())
}

fn layer(from: usize, to: usize, slope: f64) -> Layer {
    Layer { weights: waves((from, to), slope), bias: waves((1, to), slope).row(0).to_owned() }
}

fn net() -> Net {
    Net {
        hidden: layer(3, 4, 0.7),
        output: layer(4, 2, 0.4),
        scale: 1.5,
        powers: vec![0.3, -0.2],
        skips: 1,
        is_squared: true,
        floor: -5.0,
    }
}

#[differentiate]
fn affine(layer: &Layer, x: &Array2<f64>) -> Array2<f64> {
    x.dot(&layer.weights) + &layer.bias
}

#[differentiate]
fn forward(net: &Net, x: &Array2<f64>) -> Array2<f64> {
    let hidden = affine(&net.hidden, x).mapv(f64::tanh);
    affine(&net.output, &hidden) * net.scale
}

#[differentiate(wrt(net))]
fn loss(net: &Net, x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let error = forward(net, x) - y;
    let mut sum = if net.is_squared { (&error * &error).sum() } else { error.mapv(f64::abs).sum() };
    for (k, power) in net.powers.iter().enumerate().skip(net.skips) {
        sum += power * net.output.bias[k].max(net.floor);
    }
    sum
}

/// The gradient by differences in every float of the net, in the order of its fields.
fn by_differences(at: &Net, f: impl Fn(&Net) -> f64) -> Vec<f64> {
    let mut all = Vec::new();
    let mut each = |of: &dyn Fn(&mut Net) -> &mut f64| {
        let moved = |value: f64| {
            let mut net = at.clone();
            *of(&mut net) = value;
            f(&net)
        };
        let start = *of(&mut at.clone());
        all.push(differences(|&(x,)| moved(x), &(start,)));
    };
    for k in 0..12 {
        each(&move |net| &mut net.hidden.weights.as_slice_mut().unwrap()[k]);
    }
    for k in 0..4 {
        each(&move |net| &mut net.hidden.bias[k]);
    }
    for k in 0..8 {
        each(&move |net| &mut net.output.weights.as_slice_mut().unwrap()[k]);
    }
    for k in 0..2 {
        each(&move |net| &mut net.output.bias[k]);
    }
    each(&|net| &mut net.scale);
    for k in 0..2 {
        each(&move |net| &mut net.powers[k]);
    }
    all.into_iter().map(|slope| slope[0].sum()).collect()
}

/// The floats of a net, in the order of its fields.
fn floats(net: &Net) -> Vec<f64> {
    let layer = |layer: &Layer| [layer.weights.flatten().to_vec(), layer.bias.to_vec()].concat();
    [layer(&net.hidden), layer(&net.output), vec![net.scale], net.powers.clone()].concat()
}

fn data() -> (Array2<f64>, Array2<f64>) {
    (waves((5, 3), 0.9), waves((5, 2), 0.35))
}

#[test]
fn the_gradient_is_a_struct() {
    let (net, (x, y)) = (net(), data());
    let (value, gradient) = loss::value_and_grad(&net, &x, &y);
    assert_close("the value", &value, &loss(&net, &x, &y), ROUNDING);
    let expected = by_differences(&net, |net| loss(net, &x, &y));
    assert_close("by differences", &floats(&gradient), &expected, DIFFERENCES);
    // What carries no derivative is kept as it is.
    assert_eq!((gradient.skips, gradient.is_squared, gradient.floor), (1, true, -5.0));
    assert_eq!(loss::grad(&net, &x, &y), gradient);
    assert_eq!(loss::vjp(&net, &x, &y, 2.0).0, value);

    let mut buffer = net.clone();
    assert_eq!(loss::value_and_grad_into(&net, &x, &y, &mut buffer), value);
    assert_eq!(floats(&buffer), floats(&gradient));
    loss::value_and_grad_add_into(&net, &x, &y, &mut buffer);
    let twice: Vec<f64> = floats(&gradient).iter().map(|g| 2.0 * g).collect();
    assert_close("added", &floats(&buffer), &twice, 1e-14);
}

#[test]
fn layouts_do_not_matter() {
    let (mut net, (x, y)) = (net(), data());
    let expected = loss::value_and_grad(&net, &x, &y);
    net.hidden.weights = net.hidden.weights.t().as_standard_layout().into_owned().reversed_axes();
    assert!(!net.hidden.weights.is_standard_layout());
    let (value, gradient) = loss::value_and_grad(&net, &x, &y);
    assert_eq!((value, floats(&gradient)), (expected.0, floats(&expected.1)));
}

/// The result is an array, and both parameters are differentiated.
#[test]
fn results_that_are_arrays_take_cotangents() {
    let (net, (x, y)) = (net(), data());
    let (value, (d_net, d_x)) = forward::vjp(&net, &x, y.clone());
    assert_close("the value", &value, &forward(&net, &x), ROUNDING);
    let product = |net: &Net, x: &Array2<f64>| (forward(net, x) * &y).sum();
    let expected = by_differences(&net, |net| product(net, &x));
    assert_close("the net's", &floats(&d_net), &expected, DIFFERENCES);
    let slope = differences(|(x,)| product(&net, x), &(x.clone(),));
    assert_close("the input's", &d_x, &slope, DIFFERENCES);
}

/// Parts of a struct under names of their own.
#[differentiate]
fn taken_apart(net: &Net, x: &Array1<f64>) -> f64 {
    let Layer { weights, bias } = &net.hidden;
    let output = &net.output;
    let (mut hidden, scale) = (x.dot(weights) + bias, net.scale);
    hidden[0] *= scale;
    hidden.dot(&output.weights).dot(&output.bias) + weights[[1, 2]] * scale
}

#[test]
fn parts_have_names_of_their_own() {
    let (net, x) = (net(), array![0.3, -0.1, 0.8]);
    let (value, (d_net, _)) = taken_apart::value_and_grad(&net, &x);
    assert_close("the value", &value, &taken_apart(&net, &x), ROUNDING);
    let expected = by_differences(&net, |net| taken_apart(net, &x));
    assert_close("by differences", &floats(&d_net), &expected, DIFFERENCES);
}

/// A Kalman filter: matrices and variances in one struct, steps in a loop, early failure.
#[derive(Differentiable, Clone, Debug)]
struct Model {
    transition: Array2<f64>,
    noise: f64,
    variance: f64,
}

#[differentiate(wrt(model))]
fn likelihood(model: &Model, measured: &[f64]) -> Option<f64> {
    let mut state = Array1::<f64>::zeros(2);
    let mut covariance = Array2::<f64>::eye(2);
    let look = array![1.0, 0.0];
    let mut sum = 0.0;
    for &z in measured {
        state = model.transition.dot(&state);
        covariance = model.transition.dot(&covariance).dot(&model.transition.t())
            + Array2::<f64>::eye(2) * model.noise;
        let spread = look.dot(&covariance.dot(&look)) + model.variance;
        if spread <= 0.0 {
            return None;
        }
        let gain = covariance.dot(&look) / spread;
        let surprise = z - look.dot(&state);
        sum -= 0.5 * (spread.ln() + surprise * surprise / spread);
        state = &state + &(&gain * surprise);
        let mut left = Array2::<f64>::eye(2);
        for i in 0..2 {
            for j in 0..2 {
                left[[i, j]] -= gain[i] * look[j];
            }
        }
        covariance = left.dot(&covariance);
    }
    Some(sum)
}

#[test]
fn matrices_and_floats_in_a_loop() {
    let measured = [0.1, 0.4, 0.2, 0.9];
    let of = |[a, b, c, d, noise, variance]: [f64; 6]| Model {
        transition: array![[a, b], [c, d]],
        noise,
        variance,
    };
    let at = [1.0, 0.1, -0.05, 0.9, 0.1, 0.5];
    let (value, gradient) = likelihood::value_and_grad(&of(at), &measured).unwrap();
    assert_close("the value", &value, &likelihood(&of(at), &measured).unwrap(), ROUNDING);
    let slope = differences(|&(at,)| likelihood(&of(at), &measured).unwrap(), &(at,));
    let found = [gradient.transition.flatten().to_vec(), vec![gradient.noise, gradient.variance]];
    assert_close("by differences", &found.concat(), &slope, DIFFERENCES);
    assert!(likelihood::value_and_grad(&of([1.0, 0.0, 0.0, 1.0, 0.0, -9.0]), &measured).is_none());
}

#[differentiate]
impl Net {
    fn penalty(&self, strength: f64) -> f64 {
        let squares = |layer: &Layer| layer.weights.mapv(|w| w * w).sum();
        strength * (squares(&self.hidden) + squares(&self.output))
    }

    #[differentiate(wrt(self))]
    fn objective(&self, x: &Array2<f64>, y: &Array2<f64>) -> f64 {
        let hidden = (x.dot(&self.hidden.weights) + &self.hidden.bias).mapv(f64::tanh);
        let error = hidden.dot(&self.output.weights) * self.scale + &self.output.bias - y;
        (&error * &error).mean().unwrap() + self.penalty(0.1)
    }
}

#[test]
fn methods_of_a_struct_of_arrays() {
    let (net, (x, y)) = (net(), data());
    let (value, gradient) = net.objective_value_and_grad(&x, &y);
    assert_close("the value", &value, &net.objective(&x, &y), ROUNDING);
    let expected = by_differences(&net, |net| net.objective(&x, &y));
    assert_close("by differences", &floats(&gradient), &expected, DIFFERENCES);
    assert_eq!(net.objective_grad(&x, &y), gradient);
    let mut buffer = net.clone();
    net.objective_value_and_grad_into(&x, &y, &mut buffer);
    assert_eq!(floats(&buffer), floats(&gradient));

    let (_, (d_net, d_strength)) = net.penalty_vjp(0.1, 3.0);
    let expected = by_differences(&net, |net| 3.0 * net.penalty(0.1));
    assert_close("of the penalty", &floats(&d_net), &expected, DIFFERENCES);
    assert_close("of its strength", &d_strength, &(30.0 * net.penalty(0.1)), 1e-14);
}

#[differentiate(wrt(net))]
fn fit(net: &Net, x: &Array2<f64>, y: &Array2<f64>) -> f64 {
    let error = forward(net, x) - y;
    error.iter().map(|e| e * e).sum::<f64>() / 5.0
}

/// Optimisers take the struct, and `Objective` is implemented.
#[test]
fn a_struct_is_trained() {
    let (x, y) = data();
    let (mut at, mut gradient, mut optimiser) = (net(), net(), Adam::new(0.02).unwrap());
    let start = fit(&at, &x, &y);
    for _ in 0..200 {
        let objective = fit {};
        objective.value_and_grad_into((&x, &y), &at, &mut gradient);
        optimiser.step(&mut at, &gradient);
    }
    assert!(fit(&at, &x, &y) < 0.1 * start);
}
