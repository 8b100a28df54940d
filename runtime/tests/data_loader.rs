//! The loader: every row once an epoch, in batches of the right sizes, reproducibly.
#![cfg(feature = "data")]

use chainrule::data::{DataError, DataLoader};
use chainrule::ndarray::{Array1, Array2, array};

/// Row i is i.0, i.1, …; the target is i.
fn table(rows: usize, columns: usize) -> (Array2<f64>, Array1<f64>) {
    let x = Array2::from_shape_fn((rows, columns), |(i, j)| i as f64 + j as f64 / 100.0);
    (x, Array1::from_iter((0..rows).map(|i| i as f64)))
}

fn loader(rows: usize, columns: usize, batch_size: usize) -> DataLoader<f64> {
    let (x, y) = table(rows, columns);
    DataLoader::new(x, y, batch_size).unwrap().seed(3)
}

/// The targets of one epoch, after checking that each goes with its features.
fn epoch_targets(loader: &mut DataLoader<f64>) -> Vec<f64> {
    let mut targets = Vec::new();
    for (x, y) in loader.epoch() {
        assert_eq!(x.nrows(), y.len());
        for (row, target) in x.rows().into_iter().zip(&y) {
            for (j, value) in row.iter().enumerate() {
                assert_eq!(*value, target + j as f64 / 100.0);
            }
        }
        targets.extend(y);
    }
    targets
}

#[test]
fn each_epoch_has_every_row_once_in_a_new_order() {
    // Widths with a gather of their own, and wider ones.
    for columns in 0..12 {
        let mut loader = loader(103, columns, 16);
        let (first, second) = (epoch_targets(&mut loader), epoch_targets(&mut loader));
        assert_ne!(first, second);
        for mut targets in [first, second] {
            assert!(!targets.is_sorted());
            targets.sort_by(f64::total_cmp);
            assert!(targets.iter().enumerate().all(|(i, &target)| target == i as f64));
        }
    }
}

#[test]
fn batches_have_the_asked_size_but_the_last() {
    let sizes = |mut loader: DataLoader<f64>| -> Vec<usize> {
        let sizes: Vec<usize> = loader.epoch().map(|(_, y)| y.len()).collect();
        assert_eq!(loader.len(), sizes.len());
        assert_eq!(loader.is_empty(), sizes.is_empty());
        sizes
    };
    assert_eq!(sizes(loader(7, 2, 3)), [3, 3, 1]);
    assert_eq!(sizes(loader(6, 2, 3)), [3, 3]);
    assert_eq!(sizes(loader(7, 2, 3).drop_last(true)), [3, 3]);
    assert_eq!(sizes(loader(7, 2, 100)), [7]);
    assert_eq!(sizes(loader(7, 2, usize::MAX)), [7]);
    assert_eq!(sizes(loader(7, 2, 100).drop_last(true)), [0; 0]);
    assert_eq!(sizes(loader(1, 1, 1)), [1]);
}

#[test]
fn the_iterator_knows_its_length() {
    let mut loader = loader(7, 2, 3);
    let mut epoch = loader.epoch();
    assert_eq!(epoch.len(), 3);
    epoch.next();
    assert_eq!(epoch.len(), 2);
    assert_eq!(epoch.by_ref().count(), 2);
    assert!(epoch.next().is_none());
}

#[test]
fn a_seed_fixes_every_epoch_and_no_two_seeds_agree() {
    let epochs = |seed| {
        let mut loader = loader(50, 1, 7).seed(seed);
        [epoch_targets(&mut loader), epoch_targets(&mut loader)]
    };
    assert_eq!(epochs(1), epochs(1));
    assert_ne!(epochs(1)[0], epochs(2)[0]);
    assert_ne!(epochs(1)[1], epochs(2)[0]);
    // The order is part of what a checkpoint's resumption relies on.
    let (x, y) = table(10, 1);
    let mut loader = DataLoader::new(x, y, 10).unwrap().seed(0);
    assert_eq!(epoch_targets(&mut loader), EPOCH_0_OF_SEED_0);
}

const EPOCH_0_OF_SEED_0: [f64; 10] = [3.0, 0.0, 5.0, 8.0, 6.0, 1.0, 2.0, 7.0, 9.0, 4.0];

#[test]
fn unseeded_loaders_differ() {
    let (x, y) = table(200, 1);
    let mut one = DataLoader::new(x.clone(), y.clone(), 7).unwrap();
    let mut other = DataLoader::new(x, y, 7).unwrap();
    assert_ne!(epoch_targets(&mut one), epoch_targets(&mut other));
}

#[test]
fn an_epoch_can_be_sought_and_abandoned() {
    let mut loader = loader(50, 1, 7);
    let epochs = [epoch_targets(&mut loader), epoch_targets(&mut loader)];
    loader.set_epoch(1);
    assert_eq!(epoch_targets(&mut loader), epochs[1]);
    loader.set_epoch(0);
    loader.epoch().next();
    assert_eq!(epoch_targets(&mut loader), epochs[1]);
}

#[test]
fn without_shuffling_the_order_is_the_tables() {
    let mut loader = loader(9, 2, 4);
    epoch_targets(&mut loader);
    let mut loader = loader.shuffle(false);
    assert!(epoch_targets(&mut loader).is_sorted());
    assert!(epoch_targets(&mut loader).is_sorted());
}

#[test]
fn lent_batches_are_the_owned_ones_and_reuse_their_buffers() {
    let mut lending = loader(10, 5, 4);
    let mut owning = lending.clone();
    assert!(lending.next_batch().is_none());
    for _ in 0..2 {
        lending.start_epoch();
        let mut addresses = Vec::new();
        for (x, y) in owning.epoch() {
            let (lent_x, lent_y) = lending.next_batch().unwrap();
            assert_eq!((&x, &y), (lent_x, lent_y));
            addresses.push(lent_x.as_ptr());
        }
        assert!(lending.next_batch().is_none());
        assert_eq!(addresses[0], addresses[1]);
    }
}

#[test]
fn any_memory_layout_will_do() {
    let x = array![[0.0, 1.0, 2.0], [0.01, 1.01, 2.01]].reversed_axes();
    let mut y = array![2.0, 1.0, 0.0];
    y.invert_axis(chainrule::ndarray::Axis(0));
    let mut loader = DataLoader::new(x, y, 2).unwrap();
    assert_eq!(epoch_targets(&mut loader).len(), 3);
}

#[test]
fn what_cannot_be_served_is_an_error() {
    let (x, y) = table(3, 2);
    let error = DataLoader::new(x.clone(), y.clone(), 0).unwrap_err();
    assert_eq!(error.to_string(), "the batch size is 0: give 1 or more");
    let error = DataLoader::new(x, array![1.0], 1).unwrap_err();
    assert!(matches!(error, DataError::RowMismatch { x_rows: 3, y_rows: 1 }));
    let error = DataLoader::new(Array2::<f64>::zeros((0, 2)), array![], 1).unwrap_err();
    assert_eq!(error.to_string(), "the data have no rows: give at least one");
}
