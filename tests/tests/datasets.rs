//! Data of a type that the macro does not see: what is iterated over is constant, the closures are
//! the function's own.

#![forbid(unsafe_code)]
#![allow(
    clippy::iter_kv_map,
    clippy::map_clone,
    reason = "the forms that code is written in are what is tested"
)]

use chainrule::differentiate;
use chainrule_tests::derivative;
use std::collections::{BTreeMap, HashMap};

/// Not annotated: it stays what it is.
struct Dataset {
    xs: Vec<f64>,
    ys: Vec<f64>,
    points: Vec<Point>,
    rows: Vec<Vec<f64>>,
    pairs: Vec<(f64, f64)>,
    counts: Vec<usize>,
    fixed: [f64; 3],
    by_name: BTreeMap<String, f64>,
    by_number: HashMap<u32, f64>,
    weight: Option<f64>,
    none: Option<f64>,
    read: Result<f64, String>,
}

impl Dataset {
    fn each(&self) -> impl Iterator<Item = &Point> {
        self.points.iter()
    }

    fn endless(&self) -> impl Iterator<Item = &f64> {
        self.xs.iter().cycle()
    }
}

struct Point {
    x: f64,
    y: f64,
}

fn data() -> Dataset {
    Dataset {
        xs: vec![0.5, -0.2, 1.1],
        ys: vec![0.3, 0.8, -0.4],
        points: vec![Point { x: 0.2, y: 0.9 }, Point { x: -0.7, y: 0.3 }],
        rows: vec![vec![0.1, 0.2], vec![], vec![0.3]],
        pairs: vec![(0.1, 0.7), (0.4, -0.2)],
        counts: vec![3, 1, 2],
        fixed: [0.1, 0.6, -0.3],
        by_name: [("a".to_string(), 0.4), ("b".to_string(), 1.5)].into(),
        by_number: [(3, 0.5)].into(),
        weight: Some(0.3),
        none: None,
        read: Ok(0.8),
    }
}

/// Reverse and forward mode against differences.
macro_rules! cases {
    ($($name:ident($w:ident, $data:ident) $body:block)*) => {$(
        #[test]
        fn $name() {
            #[differentiate(wrt($w), jvp)]
            fn f($w: &[f64], $data: &Dataset) -> f64 $body

            let (data, w) = (data(), [0.7, -0.3]);
            let (value, slope) = f::value_and_grad(&w, &data);
            assert_eq!(value.to_bits(), f(&w, &data).to_bits());
            for j in 0..2 {
                let moved = |at: f64| {
                    let mut w = w;
                    w[j] = at;
                    f(&w, &data)
                };
                let expected = derivative(moved, w[j]);
                let unit = (0..2).map(|k| f64::from(u8::from(k == j))).collect();
                let (again, tangent) = f::jvp(&w, &data, unit);
                assert_eq!(again.to_bits(), value.to_bits());
                assert!((slope[j] - expected).abs() < 1e-9, "{slope:?}: {expected}");
                assert!((tangent - expected).abs() < 1e-9, "{tangent}: {expected}");
            }
        }
    )*};
}

cases! {
    least_squares(w, data) {
        data.xs.iter().zip(&data.ys).map(|(x, y)| (w[0] * x + w[1] - y).powi(2)).sum::<f64>()
    }

    products(w, data) {
        data.xs.iter().map(|x| x * w[0]).sum::<f64>()
    }

    by_pattern(w, data) {
        data.xs.iter().map(|&x| (x * w[0]).sin()).sum()
    }

    of_structs(w, data) {
        data.points.iter().map(|p| (w[0] * p.x - p.y).powi(2)).sum::<f64>() / data.points.len() as f64
    }

    collected(w, data) {
        let v: Vec<f64> = data.xs.iter().map(|x| x * w[1]).collect(); v[0] * v[1] + v[2]
    }

    folded(w, data) {
        data.xs.iter().fold(w[0], |s, e| 0.5 * s + e.sin() * w[1])
    }

    rows(w, data) {
        data.rows.iter().map(|r| r.iter().map(|e| e * w[0]).sum::<f64>().tanh()).sum::<f64>() * w[1]
    }

    pairs(w, data) {
        data.pairs.iter().map(|(a, b)| a * w[0] + (b * w[1]).exp()).sum::<f64>()
    }

    pairs_by_pattern(w, data) {
        data.pairs.iter().map(|&(a, b)| a * w[0] + (b * w[1]).exp()).sum::<f64>()
    }

    numbered(w, data) {
        data.xs.iter().enumerate().map(|(i, x)| x * w[i % 2]).sum::<f64>()
    }

    entries_of_a_map(w, data) {
        data.by_name.iter().map(|(_, v)| v * w[0]).sum::<f64>() * w[1]
    }

    values_of_a_map(w, data) {
        data.by_name.values().map(|v| (v * w[0]).sin()).sum::<f64>() * w[1]
    }

    values_of_a_hash_map(w, data) {
        data.by_number.values().map(|v| (v * w[0]).sin()).sum::<f64>() * w[1]
    }

    windows(w, data) {
        data.xs.windows(2).map(|p| (p[1] - p[0]) * w[0] * w[0]).sum::<f64>()
    }

    an_array_beside_what_varies(w, data) {
        data.fixed.iter().zip(w).map(|(a, b)| a * b).sum::<f64>()
    }

    beside_a_list(w, data) {
        w.iter().zip(&data.xs).map(|(a, b)| a * b).sum::<f64>()
    }

    beside_an_iterator(w, data) {
        w.iter().zip(data.xs.iter()).map(|(a, b)| a * b * a).sum::<f64>()
    }

    integers(w, data) {
        data.counts.iter().map(|&c| w[0].powi(c as i32)).sum::<f64>()
    }

    integers_as_indices(w, data) {
        data.counts.iter().map(|c| w[c % 2] * *c as f64).sum::<f64>()
    }

    filtered(w, data) {
        data.xs.iter().filter(|x| **x > 0.0).map(|x| x * w[0]).sum::<f64>()
    }

    the_greatest(w, data) {
        data.xs.iter().map(|x| x * w[0]).fold(0.0, f64::max)
    }

    a_loop_over_two(w, data) {
        let mut s = 0.0; for (x, y) in data.xs.iter().zip(data.ys.iter()) { s += (x * w[0] - y).powi(2); } s
    }

    a_loop(w, data) {
        let mut s = 0.0; for x in &data.xs { s += x * w[0]; } s
    }

    a_loop_by_pattern(w, data) {
        let mut s = 0.0; for &x in &data.xs { s += x * w[0] * x; } s
    }

    for_each(w, data) {
        let mut s = 0.0; data.xs.iter().for_each(|x| s += x * w[0]); s * s
    }

    backwards(w, data) {
        data.xs.iter().rev().skip(1).map(|x| x * w[0] * w[1]).sum::<f64>()
    }

    copies(w, data) {
        data.xs.iter().copied().map(|x| x * w[0]).sum::<f64>()
    }

    chunks(w, data) {
        data.xs.chunks(2).map(|c| c.iter().map(|e| e * w[0]).sum::<f64>().powi(2)).sum::<f64>()
    }

    two_chains(w, data) {
        data.xs.iter().map(|x| *x).zip(data.ys.iter().map(|y| y * 2.0)).map(|(x, y)| x * w[0] * y).sum::<f64>()
    }

    constants_first(w, data) {
        data.xs.iter().map(|x| x * x).map(|s| s * w[0]).sum::<f64>()
    }

    a_variance(w, data) {
        let n = data.xs.len() as f64; let mean = data.xs.iter().sum::<f64>() / n; data.xs.iter().map(|x| (x - mean) * w[0]).map(|e| e * e).sum::<f64>() / n
    }

    by_index(w, data) {
        (0..data.xs.len()).map(|i| data.xs[i] * w[0]).sum::<f64>()
    }

    any(w, data) {
        data.xs.iter().any(|x| *x > w[0]) as u8 as f64 * w[1]
    }

    strides_whose_type_the_data_tell(w, data) {
        let mut s = w[1];
        for i in (0..3).step_by(2) {
            if data.xs[i % data.xs.len()] > 0.7 {
                continue;
            }
            s = s * 0.5 + w[0] * s;
        }
        s
    }

    made_of_what_changes(w, data) {
        let mut k = 1;
        let pairs = data.xs.iter().skip(k).zip(&data.ys);
        k += 1;
        pairs.map(|(x, y)| x * w[0] * y).sum::<f64>() + w[1] * k as f64
    }

    steps_in_a_loop(w, data) {
        let mut s = 0.0;
        for (i, (x, y)) in data.xs.iter().rev().zip(data.ys.iter().skip(1)).enumerate() {
            s += x * w[i % 2] * y;
        }
        s
    }

    an_option(w, data) {
        data.weight.map(|k| k * w[0]).unwrap_or(w[1]) * data.none.map(|k| k * w[0]).unwrap_or(w[1])
    }

    an_option_or_else(w, data) {
        data.weight.map_or(w[1], |k| k * w[0] * w[1]) + data.none.unwrap_or_else(|| w[1] * w[1])
    }

    an_option_by_reference(w, data) {
        data.weight.as_ref().map_or(0.0, |k| k * w[0]) + data.none.unwrap_or(w[0]) * w[1]
    }

    a_result(w, data) {
        data.read.as_ref().map(|k| k * w[0]).unwrap_or(w[1])
    }

    a_method_of_its_own(w, data) {
        data.each().map(|p| p.x * w[0]).sum::<f64>()
    }

    a_method_in_a_loop(w, data) {
        let mut s = 0.0;
        for e in data.each().map(|p| p.x * w[0] + p.y) {
            s += e * e;
        }
        s
    }

    a_method_folded(w, data) {
        data.each().filter(|p| p.x < w[0]).fold(w[1], |s, p| s * p.x + w[0])
    }
}

/// An iterator over a slice is that slice: nothing is copied to a list.
#[test]
fn nothing_is_collected_of_slices() {
    use chainrule::rt::{Items, Iterated, OfAny as _, OfSlice as _};
    let xs = vec![0.5, 1.5];
    let items: &[f64] = Iterated(xs.iter()).items();
    assert!(std::ptr::eq(items, xs.as_slice()));
    assert_eq!((Items::count(&items), Items::item(&items, 1)), (2, &1.5));
    let items: Vec<(usize, &f64)> = Iterated(xs.iter().enumerate()).items();
    assert_eq!((Items::count(&items), Items::item(&items, 1)), (2, (1, &1.5)));
}

/// What does not end is not taken out ahead.
#[test]
#[should_panic(expected = "this one does not end: `take` so many of them first")]
fn an_iterator_without_end() {
    #[differentiate(wrt(w))]
    fn f(w: f64, data: &Dataset) -> f64 {
        data.endless().map(|x| x * w).take(5).sum::<f64>()
    }
    let _ = f::value_and_grad(0.5, &data());
}
