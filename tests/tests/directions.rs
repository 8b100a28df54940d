//! `jacobian` in many directions side by side, against tangents in one after the other, `jvp` of
//! units: the same numbers. Those are tested against differences.

#![forbid(unsafe_code)]

use chainrule::differentiate;
use chainrule_tests::Scalars;
use chainrule_tests::forward::rows;

/// Whether the columns of a Jacobian are the tangents along units.
#[track_caller]
fn same(jacobian: &[Vec<f64>], inputs: usize, along: impl Fn(&[f64]) -> Vec<f64>) {
    for k in 0..inputs {
        let mut unit = vec![0.0; inputs];
        unit[k] = 1.0;
        let column = along(&unit);
        assert_eq!(jacobian.len(), column.len());
        for (i, (row, b)) in jacobian.iter().zip(&column).enumerate() {
            let a = row[k];
            assert!(a == *b || (a.is_nan() && b.is_nan()), "entry {i}, {k}: {a} {b}");
        }
    }
}

fn some(n: usize) -> Vec<f64> {
    (0..n).map(|k| (k as f64 * 0.7).sin() + 1.2).collect()
}

/// The same of a function of a slice.
macro_rules! of_slice {
    ($f:ident, $n:expr) => {
        let at = some($n);
        let jacobian: Vec<Vec<f64>> = $f::jacobian(&at).to_vec();
        same(&jacobian, $n, |unit| $f::jvp(&at, unit.to_vec()).1.to_vec());
    };
}

/// As many as there are, eight at a time.
#[test]
fn any_number_of_inputs() {
    #[differentiate(jvp, jacobian)]
    fn f(x: &[f64]) -> Vec<f64> {
        let mut sums = Vec::new();
        let mut s = 0.0;
        for (i, e) in x.iter().enumerate() {
            s = s * 0.5 + e * x[(i * 3) % x.len()];
            sums.push(s.sin());
        }
        sums
    }
    for n in [0, 1, 7, 8, 9, 16, 27] {
        of_slice!(f, n);
    }
}

/// Variables that leave conditions, and that change places in a loop.
#[test]
fn what_loops_and_conditions_hand_on() {
    #[differentiate(jvp, jacobian)]
    fn f(x: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; x.len()];
        let (mut a, mut b, mut c) = (x[0], 1.0, x[1] * x[2]);
        for i in 0..x.len() {
            (a, b) = (b * x[i], a + c);
            let (low, high) = if x[i] > 1.0 {
                (x[i].ln(), a)
            } else if i % 2 == 0 {
                (0.0, x[i] * b)
            } else {
                continue;
            };
            c = low;
            out[i] += high * low + c;
        }
        out[0] = a - b;
        out
    }
    of_slice!(f, 11);
}

/// Memories of all kinds: lists, arrays of arrays, copies, exchanged and filled ones.
#[test]
fn memories() {
    #[differentiate(jvp, jacobian)]
    fn f(x: &[f64]) -> Vec<f64> {
        let mut m = [[0.0; 3]; 4];
        for i in 0..4 {
            m[i] = [x[i], x[i] * x[i + 1], 2.0];
        }
        let kept = m;
        m.swap(0, 2);
        m[1].fill(0.5);
        m[3] = kept[0];
        let mut stack = vec![x[5], m[0][1]];
        stack.push(kept[3][1] * m[3][0]);
        let mut rows: Vec<[f64; 2]> = Vec::new();
        for row in &m {
            rows.push([row[0] + row[1], row[2] * stack[1]]);
        }
        let mut out = Vec::new();
        for row in &rows {
            out.push(row[0] * row[1]);
        }
        out.push(stack[2] * stack[0]);
        out
    }
    of_slice!(f, 9);
}

/// Statements that are not taken side by side are taken one direction after the other.
#[test]
fn what_is_taken_one_by_one() {
    #[differentiate(jvp, jacobian)]
    fn f(x: &[f64]) -> Vec<f64> {
        let mut stack = x.to_vec();
        let mut out = Vec::new();
        while stack.len() > 1 {
            let (a, b) = (stack.pop().unwrap(), stack.pop().unwrap());
            stack.push(a * b + 0.5);
            out.push(a - b * b);
        }
        out
    }
    of_slice!(f, 10);
}

/// Several parameters of a known number of floats, all at once; several results.
#[test]
fn parameters_and_results_of_all_kinds() {
    #[differentiate(jvp, jacobian)]
    fn f(x: [f64; 6], k: f64, m: &[[f64; 2]; 3]) -> Option<([f64; 4], Vec<[f64; 2]>)> {
        if k < 0.0 {
            return None;
        }
        let mut first = [0.0; 4];
        let mut second = Vec::new();
        for i in 0..3 {
            let s = m[i][0] * x[i] + m[i][1] * x[i + 3];
            first[i + 1] = (s * k).sin();
            second.push([s, first[i] * k]);
        }
        Some((first, second))
    }
    let at = some(13);
    let array = |x: &[f64]| -> [f64; 6] { x[..6].try_into().unwrap() };
    let matrix = |x: &[f64]| [[x[7], x[8]], [x[9], x[10]], [x[11], x[12]]];
    assert!(f::jacobian(array(&at), -1.0, &matrix(&at)).is_none());
    let jacobian = f::jacobian(array(&at), at[6], &matrix(&at)).unwrap();
    let jacobian = rows(&jacobian.flat(), &[4, 6], &[6, 1, 6]).unwrap();
    let along = |unit: &[f64]| {
        let tangents = (array(unit), unit[6], matrix(unit));
        let done = f::jvp(array(&at), at[6], &matrix(&at), tangents.0, tangents.1, tangents.2);
        done.unwrap().1.flat()
    };
    same(&jacobian, 13, along);
}

/// Floats of another type, and of any.
#[test]
fn floats_of_any_kind() {
    #[differentiate(jvp, jacobian)]
    fn f<T: num_traits::Float>(x: [T; 10]) -> Vec<T> {
        let mut out = Vec::new();
        let mut s = T::one();
        for i in 0..10 {
            s = s * x[i] + x[9 - i].sqrt();
            out.push(s);
        }
        out
    }
    let at: [f32; 10] = std::array::from_fn(|k| 0.5 + k as f32 * 0.1);
    let jacobian: Vec<[f32; 10]> = f::jacobian(at);
    for k in 0..10 {
        let unit = std::array::from_fn(|j| if j == k { 1.0 } else { 0.0 });
        let column = f::jvp(at, unit).1;
        assert!(jacobian.iter().zip(&column).all(|(row, b)| row[k] == *b));
    }
}

/// Behind a root at zero a tangent is infinite, through memories too; zero times it is zero.
#[test]
fn infinite_tangents() {
    #[differentiate(jvp, jacobian)]
    fn f(x: &[f64]) -> Vec<f64> {
        let n = x.len();
        let mut roots = vec![0.0; n];
        let mut plain = vec![0.0; n];
        for i in 0..n {
            roots[i] = x[i].sqrt();
            plain[i] = x[i] * 3.0;
        }
        let mut out = Vec::new();
        for i in 0..n {
            out.push(roots[i] * plain[n - 1 - i] + plain[i] * plain[0]);
        }
        out
    }
    let at = [0.0, 2.0, 0.0];
    let jacobian = f::jacobian(&at);
    same(&jacobian, 3, |unit| f::jvp(&at, unit.to_vec()).1);
    // √x · 3 z + 9 x² by x, where x and z are zero.
    assert_eq!(jacobian[0], [0.0, 0.0, 0.0]);
}

/// The same of a function of an array.
macro_rules! of_array {
    ($f:ident, $n:literal $(, $more:expr)*) => {
        let at: [f64; $n] = std::array::from_fn(|k| some($n)[k]);
        let jacobian: Vec<Vec<f64>> = $f::jacobian(&at $(, $more)*).iter().map(|row| row.to_vec()).collect();
        same(&jacobian, $n, |unit| {
            let unit: [f64; $n] = std::array::from_fn(|k| unit[k]);
            $f::jvp(&at $(, $more)*, unit).1.to_vec()
        });
    };
}

/// Rows that depend on a few of the inputs, which is known while the program runs: on others in the
/// next iteration, on none, on more and on fewer than before.
#[test]
fn few_of_many_directions() {
    #[differentiate(jvp, jacobian)]
    fn f(x: &[f64; 14], picks: &[usize]) -> Vec<f64> {
        let mut kept = [[0.0; 2]; 3];
        let mut last = 1.0;
        let mut out = Vec::new();
        for (n, &k) in picks.iter().enumerate() {
            let mut pair = [x[k] * x[k], 0.5];
            if n % 3 == 1 {
                pair[1] = x[(k + 5) % 14] * last;
                last = x[k].sin();
            } else if n % 3 == 2 {
                last = 2.0;
            }
            kept[n % 3] = pair;
            out.push(kept[0][0] + kept[1][1] * kept[2][0]);
            out.push(last);
            kept[(n + 1) % 3][1] = x[13] * pair[0];
        }
        out
    }
    of_array!(f, 14, &[]);
    of_array!(f, 14, &[13]);
    of_array!(f, 14, &[0, 13, 5, 5, 2, 9, 1, 0, 12]);
}

/// Arrays that change places, are copied, filled, put together and taken apart.
#[test]
fn arrays_of_few_directions() {
    #[differentiate(jvp, jacobian)]
    fn f(x: &[f64; 16], n: usize) -> [f64; 6] {
        let mut rows = [[0.0; 3]; 4];
        for k in 0..4 {
            rows[k] = [x[k], x[k + 4] * x[k], 1.0];
        }
        let before = rows;
        for k in 0..n {
            rows.swap(k % 4, (k * 3 + 1) % 4);
            let row = rows[k % 4];
            rows[(k + 2) % 4][k % 3] += row[1] * x[15 - k];
            if k % 2 == 1 {
                rows[k % 4] = [0.0; 3];
            }
            if k == 3 {
                rows[0].fill(3.0);
            }
        }
        let cubes = [before, rows];
        let mut sums = [0.0; 6];
        for k in 0..2 {
            for row in &cubes[k] {
                for (j, e) in row.iter().enumerate() {
                    sums[3 * k + j] += e * e;
                }
            }
        }
        sums
    }
    for n in [0, 1, 2, 5, 9] {
        of_array!(f, 16, n);
    }
}

/// Arrays that are made anew in each iteration, of which some parts are written.
#[test]
fn arrays_made_again_for_few_directions() {
    #[differentiate(jvp, jacobian)]
    fn f(x: &[f64; 12]) -> Vec<f64> {
        let mut sums = Vec::new();
        for k in 0..12 {
            let mut table = [[0.0; 2]; 2];
            table[k % 2][0] = x[k] * x[11 - k];
            if k % 3 == 0 {
                table[1] = [x[3], x[k].max(x[5])];
            }
            let mut other = table;
            other[0][1] = table[1][0] - x[6];
            other[1][1] += other[0][1] * table[0][0];
            sums.push(other[0][0] + other[0][1]);
            sums.push(other[1][0] * 2.0 - other[1][1]);
        }
        sums
    }
    of_array!(f, 12);
}

/// Several parameters, of which the first ones are floats and arrays of arrays.
#[test]
fn few_directions_of_several_parameters() {
    #[differentiate(jvp, jacobian)]
    fn f(a: f64, x: [[f64; 3]; 3], y: &[f64; 4]) -> Vec<f64> {
        let mut out = Vec::new();
        for row in &x {
            for (e, f) in row.iter().zip(y) {
                out.push(e * f + a);
            }
        }
        out
    }
    let (x, y) = ([[0.7, 1.3, -0.2], [0.4, 0.9, 0.5], [-0.6, 0.8, 0.1]], [1.1, 0.3, -0.7, 2.0]);
    let blocks = f::jacobian(0.6, x, &y);
    for k in 0..14 {
        let unit = |at: usize| if at == k { 1.0 } else { 0.0 };
        let of_x = std::array::from_fn(|i| std::array::from_fn(|j| unit(1 + 3 * i + j)));
        let (_, column) = f::jvp(0.6, x, &y, unit(0), of_x, std::array::from_fn(|i| unit(10 + i)));
        for (i, entry) in column.iter().enumerate() {
            let here = match k {
                0 => blocks.0[i],
                1..10 => blocks.1[i][(k - 1) / 3][(k - 1) % 3],
                _ => blocks.2[i][k - 10],
            };
            assert_eq!(here, *entry, "entry {i}, {k}");
        }
    }
}
