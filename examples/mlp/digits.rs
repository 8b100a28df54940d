//! The handwritten digits, in batches.

use chainrule::train::BatchSource;
use ndarray::{Array2, Axis};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use std::error::Error;

pub(crate) const PIXELS: usize = 64;
pub(crate) const CLASSES: usize = 10;

/// Each line the pixels of an image, then its digit; see `DATA.md`.
const TABLE: &str = include_str!("digits.csv");

/// The darkest pixel.
const INK: f32 = 16.0;

/// Of so many digits one is held out; which ones, this seed says.
const HELD_OUT: usize = 5;
const SPLIT: u64 = 0;

/// Images and their digits.
pub(crate) struct Digits {
    pub(crate) x: Array2<f32>,
    pub(crate) classes: Vec<usize>,
    /// The classes as ones and zeros.
    y: Array2<f32>,
    batch_size: usize,
    seed: u64,
}

/// The digits to train on, and those that are held out.
pub(crate) fn load(batch_size: usize, seed: u64) -> Result<(Digits, Digits), Box<dyn Error>> {
    if batch_size == 0 {
        return Err("a batch of no digits".into());
    }
    let mut rows = Vec::new();
    for line in TABLE.lines() {
        rows.push(line.split(',').map(str::parse).collect::<Result<Vec<usize>, _>>()?);
    }
    // The file goes through the digits in order: every fifth row would hold out some of them only.
    rows.shuffle(&mut StdRng::seed_from_u64(SPLIT));
    let (held_out, training) = rows.split_at(rows.len() / HELD_OUT);
    let digits = |chosen: &[Vec<usize>]| {
        let x = Array2::from_shape_fn((chosen.len(), PIXELS), |(i, j)| chosen[i][j] as f32 / INK);
        let classes: Vec<usize> = chosen.iter().map(|row| row[PIXELS]).collect();
        let y = Array2::from_shape_fn((chosen.len(), CLASSES), |(i, class)| {
            if classes[i] == class { 1.0 } else { 0.0 }
        });
        Digits { x, classes, y, batch_size, seed }
    };
    Ok((digits(training), digits(held_out)))
}

impl BatchSource for Digits {
    type Batch<'a> = (&'a Array2<f32>, &'a Array2<f32>);

    fn batch_size(&self) -> usize {
        self.batch_size
    }

    fn for_each_batch<E>(
        &mut self,
        epoch: usize,
        mut visit: impl FnMut(Self::Batch<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut order: Vec<usize> = (0..self.classes.len()).collect();
        order.shuffle(&mut StdRng::seed_from_u64(self.seed.wrapping_add(epoch as u64)));
        for batch in order.chunks(self.batch_size) {
            visit((&self.x.select(Axis(0), batch), &self.y.select(Axis(0), batch)))?;
        }
        Ok(())
    }
}
