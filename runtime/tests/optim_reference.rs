//! The optimisers against the documented recurrences of `torch.optim`, written out plainly here,
//! one scalar at a time.
#![cfg(feature = "ndarray")]

use chainrule::Differentiable;
use chainrule::ndarray::{Array1, Array2, array};
use chainrule::optim::{Adam, OptimError, Optimizer, OptimizerState, Sgd};

type Params = (Array1<f64>, f64, Vec<f64>);

fn start() -> Params {
    (array![1.0, -2.0, 0.5], 3.0, vec![-0.25, 4.0])
}

/// Some gradient that depends on the step and the parameters.
fn gradient(step: usize, p: f64) -> f64 {
    (1.3 * p + step as f64).sin() + 0.2 * p
}

fn flat(params: &Params) -> Vec<f64> {
    let mut all = Vec::new();
    params.for_each_leaf(&mut |leaf| all.extend_from_slice(leaf));
    all
}

fn gradients(step: usize, params: &Params) -> Params {
    let mut grad = params.clone();
    grad.for_each_leaf_mut(&mut |leaf| {
        leaf.iter_mut().for_each(|value| *value = gradient(step, *value));
    });
    grad
}

/// Runs 25 steps by the optimiser, and by `reference` (step from 1, parameter, gradient) for each
/// scalar alone, and compares after each.
fn compare<R: FnMut(usize, f64, f64) -> f64>(
    mut optimizer: impl Optimizer<Params>,
    reference: impl Fn() -> R,
) {
    let mut params = start();
    let mut expected: Vec<(f64, R)> = flat(&params).into_iter().map(|p| (p, reference())).collect();
    for step in 1..=25 {
        let grad = gradients(step, &params);
        optimizer.step(&mut params, &grad);
        for ((p, update), found) in expected.iter_mut().zip(flat(&params)) {
            *p = update(step, *p, gradient(step, *p));
            assert!(
                (found - *p).abs() <= 1e-13 * p.abs().max(1.0),
                "step {step}: {found}, not {p}"
            );
        }
    }
}

/// `torch.optim.SGD`'s recurrence, dampening 0.
fn torch_sgd(
    rate: f64,
    momentum: f64,
    decay: f64,
    nesterov: bool,
) -> impl Fn() -> Box<dyn FnMut(usize, f64, f64) -> f64> {
    move || {
        let mut buffer = 0.0;
        Box::new(move |step, p, grad| {
            let mut g = grad + decay * p;
            if momentum != 0.0 {
                buffer = if step > 1 { momentum * buffer + g } else { g };
                g = if nesterov { g + momentum * buffer } else { buffer };
            }
            p - rate * g
        })
    }
}

/// `torch.optim.Adam`'s recurrence.
fn torch_adam(
    rate: f64,
    (beta1, beta2): (f64, f64),
    epsilon: f64,
    decay: f64,
) -> impl Fn() -> Box<dyn FnMut(usize, f64, f64) -> f64> {
    move || {
        let (mut m, mut v) = (0.0, 0.0);
        Box::new(move |step, p, grad| {
            let g = grad + decay * p;
            m = beta1 * m + (1.0 - beta1) * g;
            v = beta2 * v + (1.0 - beta2) * g * g;
            let m_hat = m / (1.0 - beta1.powi(step as i32));
            let v_hat: f64 = v / (1.0 - beta2.powi(step as i32));
            p - rate * m_hat / (v_hat.sqrt() + epsilon)
        })
    }
}

#[test]
fn sgd_is_torchs() -> Result<(), OptimError> {
    compare(Sgd::new(0.1)?, torch_sgd(0.1, 0.0, 0.0, false));
    compare(Sgd::new(0.1)?.weight_decay(0.3)?, torch_sgd(0.1, 0.0, 0.3, false));
    compare(Sgd::new(0.1)?.momentum(0.9)?, torch_sgd(0.1, 0.9, 0.0, false));
    compare(Sgd::new(0.1)?.momentum(0.9)?.nesterov()?, torch_sgd(0.1, 0.9, 0.0, true));
    let all = Sgd::new(0.05)?.momentum(0.8)?.nesterov()?.weight_decay(0.1)?;
    compare(all, torch_sgd(0.05, 0.8, 0.1, true));
    Ok(())
}

#[test]
fn adam_is_torchs() -> Result<(), OptimError> {
    compare(Adam::new(0.1)?, torch_adam(0.1, (0.9, 0.999), 1e-8, 0.0));
    let all = Adam::new(0.02)?.betas(0.7, 0.95)?.epsilon(1e-3)?.weight_decay(0.1)?;
    compare(all, torch_adam(0.02, (0.7, 0.95), 1e-3, 0.1));
    compare(Adam::new(0.1)?.betas(0.0, 0.0)?, torch_adam(0.1, (0.0, 0.0), 1e-8, 0.0));
    Ok(())
}

#[test]
fn plain_sgd_leaves_an_infinite_parameter_alone() -> Result<(), OptimError> {
    let mut p = f64::INFINITY;
    Sgd::new(0.1)?.step(&mut p, &1.0);
    assert_eq!(p, f64::INFINITY);
    Ok(())
}

#[test]
fn single_precision_and_odd_layouts_work() -> Result<(), OptimError> {
    let mut params: Array2<f32> = array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]].reversed_axes();
    let grad = array![[1.0_f32, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let mut sgd = Sgd::new(1.0)?.momentum(0.5)?;
    sgd.step(&mut params, &grad);
    assert_eq!(params, array![[0.0, 2.0], [-1.0, 1.0], [-2.0, 0.0]]);
    sgd.step(&mut params, &grad);
    assert_eq!(params, array![[-1.5, -1.0], [-5.5, -5.0], [-9.5, -9.0]]);
    Ok(())
}

#[test]
fn a_restored_state_goes_on_as_if_never_saved() -> Result<(), OptimError> {
    fn check(mut optimizer: impl Optimizer<Params>, mut fresh: impl Optimizer<Params>) {
        let mut params = start();
        for step in 0..5 {
            let grad = gradients(step, &params);
            optimizer.step(&mut params, &grad);
        }
        fresh.restore(&optimizer.state()).unwrap();
        assert_eq!(fresh.state(), optimizer.state());
        let grad = gradients(5, &params);
        let mut other = params.clone();
        optimizer.step(&mut params, &grad);
        fresh.step(&mut other, &grad);
        assert_eq!(params, other);
    }
    check(Sgd::new(0.1)?.momentum(0.9)?, Sgd::new(0.1)?.momentum(0.9)?);
    check(Adam::new(0.1)?, Adam::new(0.1)?);
    Ok(())
}

#[test]
fn anothers_state_is_refused() -> Result<(), OptimError> {
    let mut sgd = Sgd::<f64>::new(0.1)?;
    let adam_state = Optimizer::<f64>::state(&Adam::<f64>::new(0.1)?);
    let error = Optimizer::<f64>::restore(&mut sgd, &adam_state).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the saved state is of `adam`, not of `sgd`: resume with that optimiser"
    );
    let odd =
        OptimizerState { optimizer: "adam".into(), steps: 1, buffers: vec![vec![1.0], vec![]] };
    let error = Optimizer::<f64>::restore(&mut Adam::<f64>::new(0.1)?, &odd).unwrap_err();
    assert!(matches!(error, OptimError::StateLayout { .. }));
    Ok(())
}

#[test]
fn settings_out_of_range_are_errors() -> Result<(), OptimError> {
    let negative = Sgd::<f32>::new(-1.0).unwrap_err().to_string();
    assert_eq!(negative, "learning rate -1: give a finite number that is 0 or more");
    assert!(Sgd::<f32>::new(f64::NAN).is_err() && Sgd::<f32>::new(f64::INFINITY).is_err());
    let sgd = || Sgd::<f32>::new(0.1);
    let momentum = sgd()?.momentum(1.0).unwrap_err().to_string();
    assert_eq!(momentum, "momentum 1: give a number from 0 up to, but not including, 1");
    assert!(sgd()?.momentum(-0.1).is_err() && sgd()?.weight_decay(-0.1).is_err());
    let nesterov = sgd()?.nesterov().unwrap_err().to_string();
    assert_eq!(
        nesterov,
        "Nesterov's look-ahead needs a momentum: set `momentum` to more than 0 first"
    );
    let adam = || Adam::<f32>::new(0.1);
    assert!(Adam::<f32>::new(-0.1).is_err() && adam()?.betas(1.0, 0.9).is_err());
    assert!(adam()?.betas(0.9, -0.1).is_err() && adam()?.epsilon(-1.0).is_err());
    assert!(adam()?.weight_decay(f64::NAN).is_err());
    Ok(())
}
