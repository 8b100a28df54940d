//! `make_regression` against scikit-learn's numbers, and its errors.
#![cfg(feature = "data")]

use chainrule::data::{MakeRegression, make_regression};
use chainrule::ndarray::{Array2, Axis};
use std::collections::HashMap;

const FIXTURE: &str = include_str!("fixtures/make_regression.txt");

/// The words of one case of the fixture.
fn fixture(name: &str) -> HashMap<&'static str, Vec<u64>> {
    let mut lines = FIXTURE.lines().skip_while(|line| *line != format!("case {name}"));
    assert!(lines.next().is_some(), "the fixture has no case {name}");
    lines
        .take_while(|line| !line.starts_with("case "))
        .map(|line| {
            let (word, rest) = line.split_once(' ').unwrap();
            let bits = rest.split_whitespace().map(|word| u64::from_str_radix(word, 16).unwrap());
            (word, bits.collect())
        })
        .collect()
}

fn bits<'a>(values: impl IntoIterator<Item = &'a f64>) -> Vec<u64> {
    values.into_iter().map(|value| value.to_bits()).collect()
}

fn fnv1a(values: &Array2<f64>) -> u64 {
    values.iter().flat_map(|value| value.to_le_bytes()).fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Asserts that `found` is `expected` to `tolerance`, relative to the larger of the value and the
/// typical size of all values (a sum that cancels keeps the rounding of its terms).
fn assert_close<'a>(
    found: impl IntoIterator<Item = &'a f64>,
    expected: &[u64],
    tolerance: f64,
    context: &str,
) {
    let found: Vec<f64> = found.into_iter().copied().collect();
    let expected: Vec<f64> = expected.iter().map(|&bits| f64::from_bits(bits)).collect();
    assert_eq!(found.len(), expected.len(), "{context}");
    let size = (expected.iter().map(|e| e * e).sum::<f64>() / expected.len() as f64).sqrt();
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found - expected).abs() / expected.abs().max(size);
        assert!(error <= tolerance, "{context}, number {i}: {found:e}, not {expected:e}");
    }
}

/// Full rank: X and the coefficients bit for bit.
#[track_caller]
fn check(name: &str, problem: MakeRegression) {
    let expected = fixture(name);
    let data = problem.coef(true).generate_targets().unwrap();
    assert_eq!(bits(data.x.row(0)), expected["x_first"], "{name}");
    assert_eq!(bits(data.x.row(data.x.nrows() - 1)), expected["x_last"], "{name}");
    assert_eq!([fnv1a(&data.x)], *expected["hash"], "{name}");
    assert_eq!(bits(&data.coef.unwrap()), expected["coef"], "{name}");
    assert_close(&data.y, &expected["y"], 1e-13, name);
}

/// Low rank: X to the last digits, which differ between builds of LAPACK.
#[track_caller]
fn check_low_rank(name: &str, problem: MakeRegression) {
    let expected = fixture(name);
    let data = problem.coef(true).generate_targets().unwrap();
    assert_close(data.x.row(0), &expected["x_first"], 1e-13, name);
    assert_close(data.x.row(data.x.nrows() - 1), &expected["x_last"], 1e-13, name);
    if let Some(x) = expected.get("x") {
        assert_close(&data.x, x, 1e-13, name);
    }
    assert_eq!(bits(&data.coef.unwrap()), expected["coef"], "{name}");
    assert_close(&data.y, &expected["y"], 1e-13, name);
}

fn sized(n_samples: usize, n_features: usize) -> MakeRegression {
    make_regression().n_samples(n_samples).n_features(n_features)
}

#[test]
fn full_rank_is_scikit_learns() {
    check("main", sized(1000, 5).bias(14.5).noise(1.0).random_state(0));
    check("defaults", make_regression().random_state(42));
    check("one_sample", sized(1, 3).random_state(7));
    check("one_feature", sized(20, 1).noise(0.1).random_state(1));
    check("informative", sized(30, 8).n_informative(3).noise(2.5).random_state(2));
    check("none_informative", sized(5, 4).n_informative(0).noise(1.0).random_state(3));
    check("unshuffled", sized(25, 6).noise(0.5).shuffle(false).random_state(4));
    let targets = sized(40, 7).n_informative(4).n_targets(3).bias(-2.0).noise(1.0);
    check("targets", targets.random_state(5));
    check("largest_seed", sized(10, 2).noise(1.0).random_state(u32::MAX));
}

#[test]
fn low_rank_is_scikit_learns() {
    check_low_rank("low_rank_tall", sized(30, 6).effective_rank(2).noise(0.1).random_state(6));
    let wide = sized(5, 9).effective_rank(3).tail_strength(0.1).random_state(8);
    check_low_rank("low_rank_wide", wide);
    let square = sized(6, 6).effective_rank(1).tail_strength(1.0).n_targets(2).shuffle(false);
    check_low_rank("low_rank_square", square.random_state(9));
    let blocked = sized(70, 45).effective_rank(5).tail_strength(0.0).random_state(10);
    check_low_rank("low_rank_blocked", blocked);
}

#[test]
fn the_main_problems_coefficients_are_the_documented_ones() {
    let data = sized(1000, 5).bias(14.5).noise(1.0).coef(true).random_state(0).generate().unwrap();
    let documented = [41.2059, 66.4995, 10.7145, 60.1951, 25.9615];
    for (found, documented) in data.coef.unwrap().iter().zip(documented) {
        assert!((found - documented).abs() < 5e-5);
    }
}

#[test]
fn one_target_is_the_only_column() {
    let problem = sized(12, 3).noise(1.0).coef(true).random_state(1);
    let (one, all) = (problem.generate().unwrap(), problem.generate_targets().unwrap());
    assert_eq!(one.x, all.x);
    assert_eq!(one.y, all.y.index_axis(Axis(1), 0));
    assert_eq!(one.coef.unwrap(), all.coef.unwrap().index_axis(Axis(1), 0));
    assert!(problem.coef(false).generate().unwrap().coef.is_none());
}

#[test]
fn casting_rounds_each_number() {
    let data = sized(7, 2).coef(true).random_state(1).generate().unwrap();
    let single = data.cast::<f32>();
    assert_eq!(single.x, data.x.mapv(|value| value as f32));
    assert_eq!(single.y, data.y.mapv(|value| value as f32));
    assert_eq!(single.coef, data.coef.map(|coef| coef.mapv(|value| value as f32)));
}

#[test]
fn fresh_randomness_follows_the_model() {
    let problem = sized(4000, 3).n_informative(2).bias(5.0).noise(0.5).coef(true);
    let data = problem.generate().unwrap();
    let coef = data.coef.unwrap();
    assert_eq!(coef.iter().filter(|&&c| c != 0.0).count(), 2);
    assert!(coef.iter().all(|c| (0.0..100.0).contains(c)));
    let noise = &data.y - &data.x.dot(&coef) - 5.0;
    // Six standard errors either way.
    assert!(noise.mean().unwrap().abs() < 6.0 * 0.5 / 4000_f64.sqrt());
    assert!((noise.std(0.0) - 0.5).abs() < 6.0 * 0.5 / 8000_f64.sqrt());
    assert!((data.x.std(0.0) - 1.0).abs() < 6.0 / 24000_f64.sqrt());
    assert_ne!(data.x, problem.generate().unwrap().x);
}

#[test]
fn nonsense_is_an_error_that_says_what_to_do() {
    let message = |problem: MakeRegression| problem.generate().unwrap_err().to_string();
    let base = make_regression;
    assert_eq!(message(base().n_samples(0)), "n_samples is 0: give 1 or more");
    assert_eq!(message(base().n_features(0)), "n_features is 0: give 1 or more");
    assert_eq!(message(base().n_targets(0)), "n_targets is 0: give 1 or more");
    assert_eq!(message(base().effective_rank(0)), "effective_rank is 0: give 1 or more");
    assert_eq!(message(base().bias(f64::INFINITY)), "bias is inf: give a finite number");
    assert_eq!(message(base().bias(f64::NAN)), "bias is NaN: give a finite number");
    let noise = "give a finite number that is 0 or more";
    assert_eq!(message(base().noise(-0.5)), format!("noise is -0.5: {noise}"));
    assert_eq!(message(base().noise(f64::NAN)), format!("noise is NaN: {noise}"));
    assert_eq!(message(base().noise(f64::INFINITY)), format!("noise is inf: {noise}"));
    let tail = message(base().tail_strength(1.5));
    assert_eq!(tail, "tail_strength is 1.5: give a number from 0 to 1");
    assert!(message(base().tail_strength(f64::NAN)).starts_with("tail_strength is NaN"));
    assert_eq!(
        message(base().n_targets(2)),
        "n_targets is 2, but `generate` gives one: call `generate_targets`"
    );
    let large = message(base().n_samples(usize::MAX));
    assert!(large.contains("more than memory can address"), "{large}");
    assert!(message(base().n_samples(1 << 55)).contains("more than memory can address"));
}
