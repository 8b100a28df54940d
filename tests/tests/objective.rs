//! What the macro implements for the runtime's traits: `Objective` for every scalar function, so
//! that a trainer and the gradient check take the function as a type.

#![forbid(unsafe_code)]

use chainrule::check::{CheckGrad, check_grad};
use chainrule::data::{DataLoader, make_regression};
use chainrule::optim::Sgd;
use chainrule::tape::{ByTape, HasTape};
use chainrule::train::Trainer;
use chainrule::{Objective, differentiate, stop_gradient};
use ndarray::{Array1, Array2, ArrayView1, array};

/// The types that the contract gives: inputs as the function takes them, parameters owned.
fn types<O>(_: O, _: for<'a> fn(O::Inputs<'a>, &O::Params))
where
    O: Objective,
{
}

#[differentiate(wrt(w, b), tape)]
fn loss(x: &Array2<f32>, y: &Array1<f32>, w: &Array1<f32>, b: f32) -> f32 {
    let r = x.dot(w) + b - y;
    r.mapv(|e| e * e).mean().unwrap()
}

#[test]
fn inputs_and_parameters_keep_their_order() {
    #[differentiate(wrt(a, d))]
    fn mixed(a: f64, x: &Array1<f64>, d: &Array1<f64>, n: usize) -> f64 {
        (x * d).sum() * a.powi(n as i32)
    }
    types::<mixed>(mixed {}, |(_, _): (&Array1<f64>, usize), (_, _): &(f64, Array1<f64>)| {});
    let (x, params) = (array![1.0, 2.0], (3.0, array![4.0, 5.0]));
    let objective = mixed {};
    assert_eq!(objective.value((&x, 2), &params), 14.0 * 9.0);
    let mut grad = (f64::NAN, array![f64::NAN, f64::NAN]);
    assert_eq!(objective.value_and_grad_into((&x, 2), &params, &mut grad), 126.0);
    assert_eq!(grad, (84.0, array![9.0, 18.0]));
    assert_eq!(objective.tape_value_and_grad((&x, 2), &params), None);
}

#[test]
fn one_of_each_needs_no_tuple() {
    #[differentiate(wrt(w))]
    fn f(x: f64, w: f64) -> f64 {
        x * w * w
    }
    types::<f>(f {}, |_: f64, _: &f64| {});
    let mut grad = f64::NAN;
    assert_eq!(f {}.value_and_grad_into(2.0, &3.0, &mut grad), 18.0);
    assert_eq!(grad, 12.0);
}

#[test]
fn no_inputs_are_the_unit() {
    #[differentiate]
    fn f(x: f64, y: f64) -> f64 {
        x * y
    }
    types::<f>(f {}, |(): (), (_, _): &(f64, f64)| {});
    let mut grad = (f64::NAN, f64::NAN);
    assert_eq!(f {}.value_and_grad_into((), &(2.0, 3.0), &mut grad), 6.0);
    assert_eq!(grad, (3.0, 2.0));
}

#[test]
fn views_and_owned_parameters() {
    #[differentiate(wrt(v, o), tape)]
    fn f(x: ArrayView1<f64>, v: ArrayView1<'_, f64>, o: Array1<f64>) -> f64 {
        (&x * &v * o).sum()
    }
    types::<f>(f {}, |_: ArrayView1<'_, f64>, (_, _): &(Array1<f64>, Array1<f64>)| {});
    let (x, params) = (array![1.0, 2.0], (array![3.0, 4.0], array![5.0, 6.0]));
    let mut grad = (array![0.0, 0.0], array![0.0, 0.0]);
    assert_eq!(f {}.value_and_grad_into(x.view(), &params, &mut grad), 63.0);
    assert_eq!(grad, (array![5.0, 12.0], array![3.0, 8.0]));
    assert_eq!(f {}.tape_value_and_grad(x.view(), &params), Some((63.0, grad)));
}

#[test]
fn tuple_parameters() {
    #[differentiate(wrt(p), tape)]
    fn f(scale: (f64, f64), p: &(Array1<f64>, (f64, f64))) -> f64 {
        let (w, (a, b)) = p;
        w.sum() * *a * scale.0 + *b * scale.1
    }
    types::<f>(f {}, |(_, _): (f64, f64), (_, (_, _)): &(Array1<f64>, (f64, f64))| {});
    let params = (array![1.0, 2.0], (3.0, 4.0));
    let mut grad = (array![f64::NAN, f64::NAN], (f64::NAN, f64::NAN));
    assert_eq!(f {}.value_and_grad_into((2.0, 5.0), &params, &mut grad), 38.0);
    assert_eq!(grad, (array![6.0, 6.0], (6.0, 5.0)));
    assert_eq!(f {}.tape_value_and_grad((2.0, 5.0), &params), Some((38.0, grad)));
    check_grad::<f>((2.0, 5.0), &params).unwrap();
}

// Training.

/// Weights after each of the first `steps` steps of the regression example.
fn weights<O>(objective: O, by_tape: bool, steps: usize) -> Vec<(Array1<f32>, f32)>
where
    O: for<'a> Objective<
            Inputs<'a> = (&'a Array2<f32>, &'a Array1<f32>),
            Params = (Array1<f32>, f32),
        > + Copy,
{
    let data = make_regression()
        .n_samples(1000)
        .n_features(5)
        .bias(14.5)
        .noise(1.0)
        .random_state(0)
        .generate()
        .unwrap()
        .cast::<f32>();
    let mut loader = DataLoader::new(data.x, data.y, 16).unwrap().seed(7);
    let mut batches: Vec<(Array2<f32>, Array1<f32>)> = Vec::new();
    while batches.len() < steps {
        for (x, y) in loader.epoch() {
            batches.push((x.to_owned(), y.to_owned()));
        }
    }
    let mut params = (array![0.5, -0.2, 1.1, 0.3, -0.7], 0.0);
    let mut path = Vec::new();
    for (x, y) in batches.iter().take(steps) {
        // One batch, one epoch, one step.
        let mut one = DataLoader::new(x.clone(), y.clone(), 16).unwrap().seed(0);
        let sgd = Sgd::new(0.01).unwrap();
        let mut trainer =
            Trainer::with(objective, params, sgd).by_tape(by_tape).divide_by_batch_size(true);
        trainer.run(&mut one).unwrap();
        params = trainer.params().clone();
        path.push(params.clone());
    }
    path
}

/// Largest relative difference of two weights.
fn apart(a: &(Array1<f32>, f32), b: &(Array1<f32>, f32)) -> f32 {
    let relative = |a: f32, b: f32| (a - b).abs() / a.abs().max(b.abs()).max(1e-3);
    a.0.iter().zip(&b.0).map(|(&a, &b)| relative(a, b)).fold(relative(a.1, b.1), f32::max)
}

/// Macro and tape differ by the rounding of `f32` in each gradient; the steps contract, so the
/// weights stay within 1e-5 of each other.
#[test]
fn training_by_macro_and_by_tape_agree_step_by_step() {
    let by_macro = weights(loss {}, false, 200);
    let by_option = weights(loss {}, true, 200);
    let by_type = weights(ByTape::new(loss {}), false, 200);
    assert_eq!(by_macro.len(), 200);
    for (step, ((a, b), c)) in by_macro.iter().zip(&by_option).zip(&by_type).enumerate() {
        assert!(apart(a, b) <= 1e-5, "step {step}: {a:?} by macro, {b:?} by tape");
        assert_eq!(b, c, "step {step}: `by_tape(true)` and `ByTape`");
    }
    // It did learn: the true coefficients are between 10 and 67, and each step is a thousandth.
    assert!(by_macro[199].0.iter().all(|w| *w > 1.0), "{:?}", by_macro[199]);
}

#[test]
fn a_trainer_takes_the_function_as_a_type() {
    let data = make_regression()
        .n_samples(64)
        .n_features(3)
        .coef(true)
        .random_state(1)
        .generate()
        .unwrap();
    let data = data.cast::<f32>();
    let mut loader = DataLoader::new(data.x, data.y, 16).unwrap().seed(0);
    let start = (Array1::zeros(3), 0.0);
    let mut by_macro = Trainer::<loss>::new(start.clone(), Sgd::new(0.1).unwrap()).epochs(30);
    let history = by_macro.run(&mut loader).unwrap();
    assert!(history.final_loss().unwrap() < 1e-3, "{history:?}");
    let mut by_tape = Trainer::<ByTape<loss>>::new(start, Sgd::new(0.1).unwrap()).epochs(30);
    by_tape.run(&mut loader).unwrap();
    // Both have converged to the coefficients, as near as f32 gets with values of order 100.
    let expected = (data.coef.unwrap().into_dimensionality().unwrap(), 0.0);
    for params in [by_macro.params(), by_tape.params()] {
        for (w, expected) in params.0.iter().zip::<&Array1<f32>>(&expected.0) {
            assert!((w - expected).abs() < 1e-3 * expected.abs().max(1.0), "{w} {expected}");
        }
    }
}

/// Only functions under `#[differentiate(tape)]` have one.
#[test]
fn the_tape_is_there_where_asked_for() {
    fn has_tape(_: impl HasTape) {}
    has_tape(loss {});
    let (x, y) = (array![[1.0, 2.0]], array![3.0]);
    let params = (array![0.5, 0.5], 0.0);
    let (value, _) = loss {}.tape_value_and_grad((&x, &y), &params).unwrap();
    assert_eq!(value, loss(&x, &y, &params.0, params.1));
}

// The gradient check.

#[test]
fn check_grad_passes_on_right_gradients() {
    #[differentiate(tape)]
    fn smooth(x: f64, y: f64) -> f64 {
        (x * y).sin() + x.exp() / y
    }
    let report = check_grad::<smooth>((), &(0.4, 1.2)).unwrap();
    assert_eq!(report.rows().len(), 2);
    assert!(report.rows().iter().all(|row| row.tape.is_some()));

    #[differentiate(wrt(w, b))]
    fn model(x: &Array2<f64>, w: &Array1<f64>, b: f64) -> f64 {
        (x.dot(w) + b).mapv(f64::tanh).sum()
    }
    let report =
        check_grad::<model>(&array![[0.1, 0.2], [0.3, -0.4]], &(array![0.5, 0.6], 0.1)).unwrap();
    assert_eq!(report.rows().len(), 3);

    let (x, y) = (array![[1.0, 2.0], [0.5, -1.0]], array![3.0, 1.0]);
    check_grad::<loss>((&x, &y), &(array![0.5, 0.5], 0.25)).unwrap();
}

/// A derivative that misses a term, as a stopped gradient does, is found and named.
#[test]
fn check_grad_fails_on_a_wrong_gradient() {
    #[differentiate(wrt(w))]
    fn wrong(x: &Array1<f64>, w: &Array1<f64>) -> f64 {
        (x * w * stop_gradient(w)).sum()
    }
    let mismatch = check_grad::<wrong>(&array![1.0, 2.0], &array![3.0, 4.0]).unwrap_err();
    let row = mismatch.report().worst().unwrap();
    assert_eq!(
        row.gradient * 2.0,
        2.0 * f64::from(row.index as u32 + 1) * (3.0 + row.index as f64)
    );
    assert!(
        CheckGrad::<wrong>::new().tolerance(10.0).run(&array![1.0, 2.0], &array![3.0, 4.0]).is_ok()
    );
}
