//! What parameters of programs can be: views, references and generic holders of arrays, and arrays
//! that carry no derivative.

use chainrule::differentiate;
use chainrule_tests::arrays::{array_of, matrix, vector};
use ndarray::{
    Array, Array1, Array2, Array3, ArrayBase, ArrayRef, ArrayView3, ArrayViewMut1, ArrayViewMut2,
    Axis, Data, Ix1, Ix2, Ix3, array, s,
};

/// The weights of the sums below: they tell elements apart.
fn expected(x: &Array3<f64>) -> Array3<f64> {
    Array3::from_shape_fn(x.dim(), |(i, j, k)| 2.0 * x[[i, j, k]] * (i + 2 * j + 3 * k) as f64)
}

macro_rules! weighted {
    ($x:ident) => {{
        let mut s = 0.0;
        for ((i, j, k), &v) in $x.indexed_iter() {
            s += v * v * (i + 2 * j + 3 * k) as f64;
        }
        s
    }};
}

#[test]
fn views_and_references() {
    #[differentiate]
    fn view(x: ArrayView3<'_, f64>) -> f64 {
        let mut s = 0.0;
        for ((i, j, k), &v) in x.indexed_iter() {
            s += v * v * (i + 2 * j + 3 * k) as f64;
        }
        s
    }
    #[differentiate]
    fn reference(x: &ArrayRef<f64, Ix3>) -> f64 {
        let mut s = 0.0;
        for ((i, j, k), &v) in x.indexed_iter() {
            s += v * v * (i + 2 * j + 3 * k) as f64;
        }
        s
    }
    let x = array_of((2, 3, 2));
    let mut larger = Array3::zeros((2, 6, 2));
    larger.slice_mut(s![.., ..;-2, ..]).assign(&x);
    let strided = larger.slice(s![.., ..;-2, ..]);
    let plain = weighted!(x);
    assert_eq!(view::value_and_grad(strided), (plain, expected(&x)));
    assert_eq!(reference::value_and_grad(&x), (plain, expected(&x)));
    assert_eq!(reference::value_and_grad(&strided), (plain, expected(&x)));
}

/// Whoever holds the data, of whichever float.
#[test]
fn generic_holders() {
    #[differentiate]
    fn product<S, T>(x: &ArrayBase<S, Ix2>, y: &ArrayBase<T, Ix1>) -> Array1<f64>
    where
        S: Data<Elem = f64>,
        T: Data<Elem = f64>,
    {
        let mut z = Array1::zeros(x.nrows());
        for (z, row) in z.iter_mut().zip(x.rows()) {
            *z = row.dot(y);
        }
        z
    }
    #[differentiate]
    fn of_any_float<F: num_traits::Float, S: Data<Elem = F>>(x: &ArrayBase<S, Ix1>) -> F {
        let mut s = F::zero();
        for &v in x {
            s = s + v * v;
        }
        s
    }
    let (x, y) = (matrix(3, 2), vector(2));
    let (value, (dx, dy)) = product::vjp(&x.t().t(), &y.view(), vector(3));
    assert_eq!(value, x.dot(&y));
    assert_eq!(dx, Array2::from_shape_fn((3, 2), |(i, j)| vector(3)[i] * y[j]));
    assert!((dy - vector(3).dot(&x)).iter().all(|d| d.abs() < 1e-15));
    assert_eq!(of_any_float::grad(&array![1.0f32, -2.0]), array![2.0, -4.0]);
    assert_eq!(
        of_any_float::grad(&array![[1.0f64, 3.0], [-2.0, 0.0]].column(0)),
        array![2.0, -4.0]
    );
}

/// A view that is written through is input and output.
#[test]
fn exclusive_views() {
    #[differentiate]
    fn scale_rows(x: &mut ArrayViewMut2<'_, f64>, w: &Array1<f64>) {
        for (mut row, &w) in x.outer_iter_mut().zip(w) {
            row *= w;
        }
    }
    #[differentiate(jvp)]
    fn own(mut x: ArrayViewMut1<'_, f64>, n: usize) -> f64 {
        for i in 1..n {
            x[i] += x[i - 1] * x[i - 1];
        }
        x.sum()
    }
    let (mut x, w) = (matrix(3, 2), vector(3));
    let before = x.clone();
    let ((), (dx, dw)) = scale_rows::vjp(&mut x.view_mut(), &w, matrix(3, 2));
    assert_eq!(x, &before * &w.view().insert_axis(Axis(1)));
    assert_eq!(dx, matrix(3, 2) * w.view().insert_axis(Axis(1)));
    assert_eq!(dw, (matrix(3, 2) * before).sum_axis(Axis(1)));

    // y1 = 2 + 1, y2 = 3 + y1², of which the sum depends on the first by 1 + 2 · (1 + 2 · y1).
    let mut y = array![1.0, 2.0, 3.0];
    let (value, dy) = own::vjp(y.view_mut(), 3, 1.0, Array1::zeros(3));
    assert_eq!((value, dy), (16.0, array![15.0, 7.0, 1.0]));
    assert_eq!(y, array![1.0, 3.0, 12.0]);
    let mut z = array![[1.0, 0.0], [2.0, 0.0], [3.0, 0.0]];
    let (value, dz) = own::value_and_grad(z.column_mut(0), 3);
    assert_eq!((value, dz), (16.0, array![15.0, 7.0, 1.0]));
    assert_eq!(z, array![[1.0, 0.0], [3.0, 0.0], [12.0, 0.0]]);
    let tangent = array![1.0, 0.0, 0.0];
    let mut y = array![1.0, 2.0, 3.0];
    assert_eq!(own::jvp(y.view_mut(), 3, tangent), (16.0, 15.0, array![1.0, 2.0, 12.0]));
}

/// Arrays of integers and conditions are constants without being said to be.
#[test]
fn constants() {
    #[differentiate]
    fn chosen(x: &Array1<f64>, at: &Array1<usize>, mask: Array1<bool>) -> f64 {
        let mut s = 0.0;
        for (i, k) in at.iter().enumerate() {
            if mask[i] {
                s += x[*k] * x[*k];
            }
        }
        s
    }
    #[differentiate]
    fn straight(x: &Array<f64, Ix2>, at: &Array1<usize>) -> f64 {
        x[[at[0], at[1]]] * x.select(Axis(0), at.as_slice().unwrap()).sum()
    }
    #[differentiate]
    fn counted(x: &Array1<f64>, counts: &mut Array1<usize>) -> f64 {
        let mut s = 0.0;
        for i in 0..x.len() {
            counts[i] += 1;
            s += x[i] * counts[i] as f64;
        }
        s
    }
    let (x, at) = (array![1.0, 2.0, 3.0], array![2, 0, 2]);
    let (value, dx) = chosen::value_and_grad(&x, &at, array![true, true, false]);
    assert_eq!((value, dx), (10.0, array![2.0, 0.0, 6.0]));

    let (value, dx) = straight::value_and_grad(&array![[1.0, 2.0], [3.0, 4.0]], &array![1, 0]);
    assert_eq!((value, dx), (30.0, array![[3.0, 3.0], [13.0, 3.0]]));

    let mut counts = array![0, 1, 2];
    let (value, dx) = counted::value_and_grad(&x, &mut counts);
    assert_eq!((value, dx, counts), (14.0, array![1.0, 2.0, 3.0], array![1, 2, 3]));
}

/// Integers take no part in what is differentiated twice or forwards.
#[test]
fn constants_in_other_modes() {
    #[differentiate(pullback, jvp, hvp, hessian)]
    fn cubes(x: &Array1<f64>, at: &Array1<usize>) -> f64 {
        let mut s = 0.0;
        for &k in at {
            s += x[k] * x[k] * x[k];
        }
        s
    }
    let (x, at) = (array![1.0, 2.0], array![1, 1]);
    assert_eq!(cubes::jvp(&x, &at, array![1.0, 0.5]), (16.0, 12.0));
    assert_eq!(cubes::hvp(&x, &at, array![1.0, 0.5]), (array![0.0, 24.0], array![0.0, 12.0]));
    let (value, back) = cubes::pullback(&x, &at);
    assert_eq!((value, back(2.0)), (16.0, array![0.0, 48.0]));
    assert_eq!(cubes::hessian(&x, &at)[[1, 1]], 24.0);
}

#[differentiate]
fn of_many_methods<F>(x: &ArrayRef<F, Ix2>, one: F, n: usize) -> F
where
    F: num_traits::Float + num_traits::NumAssign + num_traits::FromPrimitive + 'static,
{
    let mut s = F::zero();
    for k in 0..n {
        let y = ndarray::concatenate![Axis(0), x.view(), x.select(Axis(0), &[k, 0])];
        let spread = y.var_axis(Axis(1), one).sum() + y.std_axis(Axis(0), F::zero()).sum();
        let means = y.mean_axis(Axis(0)).unwrap();
        s += spread * means.product() + y.map_axis(Axis(1), |row| row[0] * row[1]).sum();
    }
    s
}

/// The same function of `f32`, `f64`, and of `f64` alone.
#[test]
fn generic_over_the_float() {
    let x = matrix(3, 2);
    let (value, (gradient, by_one)) = of_many_methods::value_and_grad(&x, 1.0, 2);
    let single = x.mapv(|e| e as f32);
    let (of_single, (gradient_of_single, _)) = of_many_methods::value_and_grad(&single, 1.0, 2);
    assert!((value - f64::from(of_single)).abs() < 1e-4 * value.abs());
    for (a, b) in gradient.iter().zip(&gradient_of_single) {
        assert!((a - f64::from(*b)).abs() < 1e-3 * a.abs().max(1.0), "{a}, {b}");
    }
    let slope =
        chainrule_tests::differences(|(x, one)| of_many_methods(x, *one, 2), &(x.clone(), 1.0));
    chainrule_tests::assert_close("differences", &(gradient, by_one), &slope, 1e-8);
}

#[differentiate]
fn picked(x: &Array2<f64>, at: &Array1<usize>) -> Array1<f64> {
    let mut y = Array1::zeros(at.len());
    for (i, &k) in at.iter().enumerate() {
        y[i] = x[[i, k]] * x[[i, k]];
    }
    y
}

/// Callees are inlined with what they take, arrays of integers too.
#[test]
fn calls() {
    #[differentiate]
    fn total(x: &Array2<f64>, at: &Array1<usize>, w: &Array1<f64>) -> f64 {
        (picked(&(x * 2.0), at) * w).sum() + picked(x, at).dot(w)
    }
    #[differentiate]
    fn in_a_loop(x: &Array3<f64>, labels: &Array2<usize>) -> f64 {
        let mut s = 0.0;
        for (part, at) in x.outer_iter().zip(labels.rows()) {
            s += picked(&part.to_owned(), &at.to_owned()).sum();
        }
        s
    }
    #[differentiate]
    fn square(x: f64) -> f64 {
        x * x
    }
    #[differentiate]
    fn in_macros(x: &Array2<f64>, at: &Array1<usize>) -> f64 {
        let both = ndarray::stack![Axis(0), picked(x, at), picked(&(x + 1.0), at)];
        let mut sums = ndarray::array![square(x[[0, 0]]), 0.0];
        ndarray::azip!((s in &mut sums, row in both.rows()) *s += square(row.sum()));
        sums.sum()
    }
    let x = array![[1.0, 2.0], [3.0, 4.0]];
    let (value, dx) = in_macros::value_and_grad(&x, &array![1, 0]);
    assert_eq!(value, 1.0 + 169.0 + 625.0);
    // 2 · 13 · 2x + 2 · 25 · 2(x + 1) where it is picked.
    assert_eq!(dx, array![[2.0, 404.0], [556.0, 0.0]]);

    let (x, at, w) = (matrix(2, 3), array![2, 0], vector(2));
    let (value, (dx, dw)) = total::value_and_grad(&x, &at, &w);
    assert!((value - total(&x, &at, &w)).abs() < 1e-14);
    let mut expected = Array2::zeros((2, 3));
    expected[[0, 2]] = 10.0 * x[[0, 2]] * w[0];
    expected[[1, 0]] = 10.0 * x[[1, 0]] * w[1];
    chainrule_tests::assert_close("by x", &dx, &expected, 1e-14);
    chainrule_tests::assert_close("by w", &dw, &(picked(&x, &at) * 5.0), 1e-14);

    let (x, labels) = (array_of((2, 2, 3)), array![[0, 1], [2, 2]]);
    let gradient = in_a_loop::grad(&x, &labels);
    let expected = Array3::from_shape_fn((2, 2, 3), |(i, j, k)| {
        if labels[[i, j]] == k { 2.0 * x[[i, j, k]] } else { 0.0 }
    });
    assert_eq!(gradient, expected);
}
