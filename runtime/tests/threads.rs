//! The feature `rayon`: loops over the first axis of large arrays run on several threads, with the
//! same bits on any number of them.
#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule::tensor::TensorExt;
use ndarray::{Array1, Array2, Axis};
use std::fmt::Debug;

/// What runs with so many threads.
fn with_threads<R: Send>(threads: usize, run: impl FnOnce() -> R + Send) -> R {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    pool.expect("a pool of threads").install(run)
}

/// The same on 1, 2, 3 and 7 threads.
fn the_same<R: PartialEq + Debug + Send>(what: &str, run: impl Fn() -> R + Send + Sync) -> R {
    let one = with_threads(1, &run);
    for threads in [2, 3, 7] {
        assert!(with_threads(threads, &run) == one, "{what} on {threads} threads");
    }
    one
}

fn bits<'a>(of: impl IntoIterator<Item = &'a f64>) -> Vec<u64> {
    of.into_iter().map(|x| x.to_bits()).collect()
}

fn number(k: usize) -> f64 {
    (k as f64 * 0.618_033_988_749_895).fract() - 0.4
}

fn matrix(n: usize, m: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, m), |(i, j)| number(i * m + j))
}

fn vector(n: usize) -> Array1<f64> {
    Array1::from_shape_fn(n, |i| number(3 * i + 1))
}

/// Elements that have nothing to do with each other, and a sum over all.
#[differentiate]
fn chain(x: &Array1<f64>) -> f64 {
    let y = x * 1.5 + 0.25;
    ((&y * &y - x).mapv(|e| e.tanh()) / (&y.abs() + 1.0)).sum()
}

/// Rows, each of which adds to the gradient.
#[differentiate(wrt(w, b))]
fn logistic(x: &Array2<f64>, y: &Array1<f64>, w: &Array1<f64>, b: f64) -> f64 {
    let z = x.dot(w) + b;
    (z.softplus() - y * &z).mean().unwrap()
}

/// Three loops over each row, with a workspace between.
#[differentiate]
fn entropy(x: &Array2<f64>, t: &Array2<f64>) -> f64 {
    x.cross_entropy(t)
}

/// A result of rows, and a gradient of each.
#[differentiate]
fn shares(x: &Array2<f64>, s: f64) -> Array2<f64> {
    (x * s).softmax(Axis(1))
}

/// Products of matrices, with loops between them.
#[differentiate(wrt(w, v))]
fn perceptron(x: &Array2<f64>, w: &Array2<f64>, v: &Array2<f64>) -> f64 {
    x.dot(w).mapv(f64::tanh).dot(v).mapv(|e| e * e).sum()
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    // Extents that no part divides.
    let (x, y, w) = (matrix(8_011, 20), vector(8_011), vector(20));
    the_same("the chain", || {
        let (value, slope) = chain::value_and_grad(&vector(40_009));
        (value.to_bits(), bits(&slope))
    });
    the_same("the regression", || {
        let (value, (dw, db)) = logistic::value_and_grad(&x, &y, &w, 0.3);
        (value.to_bits(), bits(&dw), db.to_bits())
    });
    the_same("the entropy", || {
        let (value, (dx, dt)) = entropy::value_and_grad(&x, &x.mapv(f64::abs));
        (value.to_bits(), bits(&dx), bits(&dt))
    });
    the_same("the shares", || {
        let (value, (dx, ds)) = shares::vjp(&x, 0.7, matrix(8_011, 20));
        (bits(&value), bits(&dx), ds.to_bits())
    });
    the_same("the perceptron", || {
        let (value, (dw, dv)) = perceptron::value_and_grad(&x, &matrix(20, 30), &matrix(30, 3));
        (value.to_bits(), bits(&dw), bits(&dv))
    });
}

/// Parts give what the whole gives, up to the order of sums.
#[test]
fn parts_agree_with_small_arrays() {
    let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
    let (n, piece) = (8_000, 40);
    let (x, y, w) = (matrix(n, 20), vector(n), vector(20));
    let (value, (dw, db)) = logistic::value_and_grad(&x, &y, &w, 0.3);
    let (mut sum, mut slope, mut by_b) = (0.0, Array1::zeros(20), 0.0);
    for (x, y) in x.axis_chunks_iter(Axis(0), piece).zip(y.axis_chunks_iter(Axis(0), piece)) {
        let (value, (dw, db)) = logistic::value_and_grad(&x.to_owned(), &y.to_owned(), &w, 0.3);
        (sum, by_b) = (sum + value, by_b + db);
        slope += &dw;
    }
    let pieces = (n / piece) as f64;
    assert!(close(value, sum / pieces) && close(db, by_b / pieces));
    assert!(dw.iter().zip(&slope).all(|(a, b)| close(*a, b / pieces)));

    let long = vector(n * 5);
    let (value, slope) = chain::value_and_grad(&long);
    let mut sum = 0.0;
    for (x, d_x) in long.axis_chunks_iter(Axis(0), 1000).zip(slope.axis_chunks_iter(Axis(0), 1000))
    {
        let (value, slope) = chain::value_and_grad(&x.to_owned());
        sum += value;
        assert_eq!(bits(&slope), bits(d_x));
    }
    assert!(close(value, sum));

    // What is added to keeps what it has.
    let mut twice = dw.clone();
    let mut by_b = db;
    logistic::value_and_grad_add_into(&x, &y, &w, 0.3, &mut twice, &mut by_b);
    assert!(twice.iter().zip(&dw).all(|(a, b)| close(*a, 2.0 * b)) && close(by_b, 2.0 * db));
}

/// Nanoseconds that this thread has computed.
#[cfg(target_os = "linux")]
fn computed() -> u64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts them");
    let first = stat.split_whitespace().next().expect("three numbers");
    first.parse().expect("a number")
}

/// Both threads of a pool of two really take part.
#[cfg(target_os = "linux")]
#[test]
fn threads_take_part() {
    let x = vector(200_000);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool of threads");
    let before = pool.broadcast(|_| computed());
    for _ in 0..20 {
        pool.install(|| std::hint::black_box(chain::value_and_grad(&x)));
    }
    let after = pool.broadcast(|_| computed());
    let shares: Vec<u64> =
        after.iter().zip(&before).map(|(after, before)| after - before).collect();
    let all: u64 = shares.iter().sum();
    assert!(shares.iter().all(|share| share * 20 >= all), "{shares:?}");
}
