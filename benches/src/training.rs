//! The example's whole training: 120 epochs over 1000×5 in shuffled batches of 16.

use crate::hand;
use crate::macros::loss;
use chainrule::data::{DataError, DataLoader, make_regression};
use chainrule::optim::Sgd;
use chainrule::train::Trainer;
use ndarray::Array1;
use pulp::Arch;
use std::error::Error;
use std::hint::black_box;

const EPOCHS: usize = 120;
const BATCH_SIZE: usize = 16;
const FEATURES: usize = 5;
const LEARNING_RATE: f32 = 0.01;

/// What a training gives: weights, bias and the last epoch's mean loss.
pub type Trained = (Array1<f32>, f32, f64);

/// The example's data in its loader.
///
/// # Errors
/// Never, with these numbers.
pub fn loader() -> Result<DataLoader<f32>, DataError> {
    let data = make_regression()
        .n_samples(1000)
        .n_features(FEATURES)
        .bias(14.5)
        .noise(1.0)
        .random_state(0)
        .generate()?
        .cast();
    Ok(DataLoader::new(data.x, data.y, BATCH_SIZE)?.seed(0))
}

/// By the macro's objective and the trainer.
///
/// # Errors
/// If a loss is not finite.
pub fn by_trainer(loader: &mut DataLoader<f32>) -> Result<Trained, Box<dyn Error>> {
    let sgd = Sgd::new(f64::from(LEARNING_RATE))?;
    let mut trainer = Trainer::<loss>::new((Array1::zeros(FEATURES), 0.0), sgd)
        .epochs(EPOCHS)
        .divide_by_batch_size(true);
    let last = trainer.run(loader)?.final_loss().unwrap_or(f64::NAN);
    let (w, b) = trainer.into_params();
    Ok((w, b, last))
}

/// By hand: the same loader, the fused gradient, the update in place. The number of features is the
/// data's, not the program's, as it is for the trainer.
pub fn by_hand(arch: Arch, loader: &mut DataLoader<f32>) -> Trained {
    let features = black_box(FEATURES);
    let (mut w, mut b) = (vec![0.0; features], 0.0);
    let (mut dw, mut db) = (vec![0.0; features], 0.0);
    let mut last = f64::NAN;
    for epoch in 0..EPOCHS {
        let (mut total, mut batches) = (0.0, 0);
        loader.set_epoch(epoch as u64);
        loader.start_epoch();
        while let Some((x, y)) = loader.next_batch() {
            if let (Some(x), Some(y)) = (x.as_slice(), y.as_slice()) {
                total += f64::from(hand::wide(arch, x, y, &w, b, &mut dw, &mut db));
            }
            batches += 1;
            for (w, dw) in w.iter_mut().zip(&dw) {
                *w -= LEARNING_RATE * (dw / BATCH_SIZE as f32);
            }
            b -= LEARNING_RATE * (db / BATCH_SIZE as f32);
        }
        last = total / f64::from(batches);
    }
    (Array1::from_vec(w), b, last)
}

/// The loader alone, which both share: the sum of the targets it served.
pub fn loader_alone(loader: &mut DataLoader<f32>) -> f32 {
    let mut sum = 0.0;
    for epoch in 0..EPOCHS {
        loader.set_epoch(epoch as u64);
        loader.start_epoch();
        while let Some((_, y)) = loader.next_batch() {
            sum += y[0];
        }
    }
    sum
}
