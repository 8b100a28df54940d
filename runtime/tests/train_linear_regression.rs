//! The main job with a gradient by hand: a linear regression in `f32`, its course against the
//! known one, and checkpoints in its midst.
#![cfg(feature = "data")]

use chainrule::data::{DataLoader, NumpyRandom, make_regression};
use chainrule::ndarray::{Array1, Array2};
use chainrule::optim::{Adam, Sgd};
use chainrule::train::{Checkpoint, History, Trainer};
use chainrule::{Differentiable, Objective};
use std::ops::ControlFlow;

/// The mean of (x w + b - y)², as `#[differentiate]` would implement it.
#[derive(Default)]
struct Loss;

impl Objective for Loss {
    type Inputs<'a> = (&'a Array2<f32>, &'a Array1<f32>);
    type Params = (Array1<f32>, f32);

    fn value(&self, inputs: Self::Inputs<'_>, params: &Self::Params) -> f32 {
        self.value_and_grad_into(inputs, params, &mut params.zeros_like())
    }

    fn value_and_grad_into(
        &self,
        (x, y): Self::Inputs<'_>,
        (w, b): &Self::Params,
        (dw, db): &mut Self::Params,
    ) -> f32 {
        let n = y.len() as f32;
        let mut value = 0.0;
        dw.fill(0.0);
        *db = 0.0;
        for (row, y) in x.rows().into_iter().zip(y) {
            let residual = row.dot(w) + b - y;
            value += residual * residual;
            dw.scaled_add(2.0 * residual / n, &row);
            *db += 2.0 * residual / n;
        }
        value / n
    }

    fn tape_value_and_grad(
        &self,
        inputs: Self::Inputs<'_>,
        params: &Self::Params,
    ) -> Option<(f32, Self::Params)> {
        let mut grad = params.zeros_like();
        Some((self.value_and_grad_into(inputs, params, &mut grad), grad))
    }
}

fn loader(seed: u64) -> DataLoader<f32> {
    let problem = make_regression().n_samples(1000).n_features(5).bias(14.5).noise(1.0);
    let data = problem.random_state(0).generate().unwrap().cast();
    DataLoader::new(data.x, data.y, 16).unwrap().seed(seed)
}

/// Standard-normal weights and no bias.
fn start(seed: u64) -> (Array1<f32>, f32) {
    let mut random = NumpyRandom::new(seed as u32);
    (Array1::from_shape_simple_fn(5, || random.standard_normal() as f32), 0.0)
}

fn trainer(seed: u64) -> Trainer<Loss, Sgd<f32>> {
    Trainer::<Loss>::new(start(seed), Sgd::new(0.01).unwrap())
        .epochs(120)
        .divide_by_batch_size(true)
}

#[test]
fn the_course_is_the_known_one() {
    // Epochs count from 0. The brackets hold for any shuffle and start; each is the value known
    // from a PyTorch run, give or take.
    let course = [
        (0, 8700.0..9900.0),
        (9, 2300.0..2600.0),
        (18, 620.0..700.0),
        (31, 95.0..107.0),
        (48, 9.3..10.3),
        (64, 1.87..1.98),
        (119, 1.004..1.012),
    ];
    for seed in 0..5 {
        let mut trainer = trainer(seed);
        let History { losses, .. } = trainer.run(&mut loader(seed)).unwrap();
        assert_eq!(losses.len(), 120);
        for (epoch, bracket) in &course {
            let loss = losses[*epoch];
            assert!(bracket.contains(&loss), "seed {seed}, epoch {epoch}: mean loss {loss}");
        }
        let (w, b) = trainer.params();
        let found = w.iter().chain([b]);
        for (found, known) in found.zip([41.15, 66.50, 10.75, 60.21, 25.91, 14.51]) {
            assert!((found - known).abs() < 0.01, "seed {seed}: {found}, not {known}");
        }
    }
}

#[test]
fn the_first_batches_are_plain_descent() {
    let mut trainer = trainer(3).epochs(1);
    let history = trainer.run(&mut loader(3)).unwrap();
    let (mut params, mut total, mut batches) = (start(3), 0.0, 0.0);
    for (x, y) in loader(3).epoch() {
        let mut grad = params.zeros_like();
        total += f64::from(Loss.value_and_grad_into((&x, &y), &params, &mut grad));
        batches += 1.0;
        // The last batch has 8 rows and is divided by 16 all the same.
        params.0.zip_mut_with(&grad.0, |w, dw| *w -= 0.01 * (dw / 16.0));
        params.1 -= 0.01 * (grad.1 / 16.0);
    }
    assert_eq!(history.losses, [total / batches]);
    assert_eq!(*trainer.params(), params);
}

#[test]
fn by_tape_is_the_same_training() {
    let (mut derived, mut taped) = (trainer(1).epochs(3), trainer(1).epochs(3).by_tape(true));
    let history = derived.run(&mut loader(1)).unwrap();
    assert_eq!(taped.run(&mut loader(1)).unwrap(), history);
    assert_eq!(taped.params(), derived.params());
}

#[test]
fn adam_learns_the_same_model() {
    let adam = Adam::new(0.5).unwrap();
    let mut trainer = Trainer::<Loss>::new(start(1), adam).epochs(60);
    let history = trainer.run(&mut loader(1)).unwrap();
    assert!(history.final_loss().unwrap() < 1.3);
    assert!((trainer.params().1 - 14.5).abs() < 0.3);
}

#[test]
fn an_interrupted_training_resumes_bit_for_bit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("training.checkpoint");
    let fresh = || {
        let sgd = Sgd::new(0.001).unwrap().momentum(0.9).unwrap().nesterov().unwrap();
        Trainer::<Loss>::new(start(2), sgd).epochs(20)
    };
    let mut whole = fresh();
    let expected = whole.run(&mut loader(2)).unwrap();

    let mut interrupted = fresh().checkpoint(&path, 5);
    interrupted
        .run_with(&mut loader(2), |report| {
            if report.epoch == 12 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(Checkpoint::load(&path).unwrap().losses.len(), 13);

    let mut resumed = fresh().resume(&path).unwrap();
    assert_eq!(resumed.run(&mut loader(2)).unwrap(), expected);
    assert_eq!(resumed.params(), whole.params());
}
