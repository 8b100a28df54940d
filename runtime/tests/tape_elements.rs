//! Arrays that change in place and element by element, lanes and masks: against central differences.
#![forbid(unsafe_code)]

mod slopes;

use chainrule::tape::{Tape, Var, general_mat_mul};
use ndarray::{
    Array, Array1, Array2, Axis, Dimension, Ix2, IxDyn, Slice, SliceInfo, SliceInfoElem, Zip, array,
};

type ArrayVar<'t, D> = Var<'t, Array<f64, D>>;

/// A gradient by two arrays is that of differences. The functions are smooth with values near 1.
#[track_caller]
fn check<D: Dimension + 'static, E: Dimension + 'static>(
    a: &Array<f64, D>,
    b: &Array<f64, E>,
    f: impl for<'t> Fn(ArrayVar<'t, D>, ArrayVar<'t, E>) -> Var<'t, f64>,
) {
    slopes::check(a, b, 1e-8, f);
}

fn matrix() -> Array2<f64> {
    array![[0.7, 1.3, 0.9], [1.1, 0.6, 1.4]]
}

/// `s![rows, columns]`, which does not pass under `forbid(unsafe_code)`.
fn part(
    rows: impl Into<Slice>,
    columns: impl Into<Slice>,
) -> SliceInfo<[SliceInfoElem; 2], Ix2, Ix2> {
    [rows.into().into(), columns.into().into()].try_into().unwrap()
}

fn vector() -> Array1<f64> {
    array![0.8, 1.2, 0.5]
}

/// Every element counts differently.
fn weigh<D: Dimension + 'static>(x: ArrayVar<'_, D>) -> Var<'_, f64> {
    let mut weight = 0.5;
    x.fold(Var::from(0.0), |sum, e| {
        weight += 0.25;
        sum + *e * *e * weight
    })
}

#[test]
fn one_element_after_the_other() {
    check(&matrix(), &vector(), |mut x, y| {
        x.set((0, 1), y.at(1) * y.at(0));
        x.set([1, 2], x.at((0, 1)) * x.at((1, 2)));
        x.set((1, 0), 3.0);
        weigh(x)
    });
    // A running product, as a loop writes it.
    check(&vector(), &vector(), |mut x, y| {
        for i in 1..x.len() {
            x.set(i, x.at(i) * x.at(i - 1) + y.at(i));
        }
        weigh(x)
    });
    let of_any_rank = matrix().into_dyn();
    check(&of_any_rank, &vector(), |mut x, y| {
        x.set(&[1, 1][..], y.at(2));
        weigh(x)
    });
}

#[test]
fn all_elements_one_by_one() {
    check(&matrix(), &vector(), |mut x, y| {
        {
            let mut elements = x.elements_mut();
            for i in 0..2 {
                for j in 1..3 {
                    elements[[i, j]] = elements[[i, j]] * elements[[i, j - 1]] + y.at(j);
                }
            }
        }
        weigh(x)
    });
    check(&matrix(), &vector(), |mut x, y| {
        for (k, e) in x.elements_mut().iter_mut().enumerate() {
            if k % 2 == 0 {
                *e *= y.at(k / 2);
            }
        }
        x.zip_mut_with(&y, |e, y| *e += *y * *y);
        weigh(x)
    });
    check(&matrix(), &vector(), |x, y| {
        let elements = x.elements();
        let along: Var<'_, f64> = elements.rows().into_iter().map(|row| row[0] * row[2]).sum();
        let windows = elements.windows((2, 2)).into_iter().map(|w| w[[0, 0]] / w[[1, 1]]);
        let sum: Var<'_, f64> = windows.sum();
        along * sum + y.elements().iter().zip(elements.row(1)).map(|(a, b)| a * b).sum::<Var<_>>()
    });
    check(&vector(), &vector(), |x, y| {
        let product = Zip::from(&x.elements()).and(&y.elements()).map_collect(|&x, &y| x * y.sin());
        let packed = x.tape().pack(product);
        weigh(packed) + x.fold(Var::from(1.0), |all, e| all * e)
    });
    let shape = array![[1.0, 2.0]].t().to_owned();
    let tape = Tape::new();
    assert_eq!(tape.var(shape.clone()).elements().mapv(Var::value), shape);
}

#[test]
fn parts() {
    check(&matrix(), &vector(), |mut x, y| {
        x.row_mut(0).assign(y);
        *x.column_mut(2) *= 3.0;
        weigh(x)
    });
    check(&matrix(), &vector(), |mut x, y| {
        let mut row = x.row_mut(1);
        row += y * y;
        row *= &y;
        row -= 0.25;
        row /= y + 1.0;
        drop(row);
        weigh(x)
    });
    check(&matrix(), &vector(), |mut x, y| {
        x.slice_mut(part(.., Slice::new(0, None, -2))).mapv_inplace(|e| e * e);
        x.slice_mut(part(..1, 1..)).scaled_add(2.0, y.slice_axis(Axis(0), Slice::from(..2)));
        x.index_axis_mut(Axis(1), 1).fill(y.at(0));
        // Parts of parts.
        x.slice_mut(part(1.., ..)).row_mut(0).set(2, y.at(1));
        weigh(x)
    });
    let square = array![[0.7, 1.3], [1.1, 0.6]];
    check(&square, &array![0.4, 1.5], |mut x, y| {
        x.diag_mut().assign(y);
        weigh(x.t().dot(x))
    });
}

#[test]
fn lanes() {
    check(&matrix(), &vector(), |x, y| weigh(x.map_axis(Axis(1), |row| row.dot(y))));
    check(&matrix(), &vector(), |x, y| {
        weigh(x.map_axis(Axis(0), |column| column.at(0) / column.at(1)) * y)
    });
    check(&matrix(), &vector(), |x, y| {
        weigh(x.fold_axis(Axis(1), y.at(0), |all, e| *all * *e + y.at(1)))
    });
    check(&matrix(), &vector(), |x, y| weigh(x.product_axis(Axis(0)) * y));
    check(&matrix(), &vector(), |x, y| {
        let (a, b) = x.split_at(Axis(1), 1);
        weigh(a * b) + weigh(y.slice_axis(Axis(0), Slice::new(0, None, 2)))
    });
    check(&matrix(), &vector(), |x, y| {
        let mut z = x.reversed_axes().flatten();
        z.swap(0, 4);
        let found = z.get(2).unwrap() * y.get(1).unwrap();
        assert!(z.get(6).is_none());
        weigh(z) * found
    });
    check(&matrix(), &vector(), |x, y| {
        let mask = x.mask(|e| e > 1.0);
        weigh(x.where_select(&mask, x * 0.1)) * y.at(0)
    });
}

#[test]
fn views() {
    check(&matrix(), &vector(), |x, y| {
        weigh(x.slice(part(Slice::new(0, None, -1), 1..)) * x.column(2).insert_axis(Axis(1)))
            * y.at(0)
    });
    check(&matrix(), &vector(), |mut x, y| {
        x.swap_axes(0, 1);
        x.invert_axis(Axis(0));
        weigh(x * y.insert_axis(Axis(1)).permuted_axes([0, 1]))
    });
    check(&matrix(), &vector(), |x, y| {
        let rows = x.outer_iter().map(|row| (row * y).sum().powi(2)).sum::<Var<'_, f64>>();
        let columns = x.columns().zip(x.axis_iter(Axis(1))).map(|(a, b)| a.dot(b));
        rows + columns.sum::<Var<'_, f64>>() * x.index_axis(Axis(0), 1).dot(y)
    });
    check(&array![[0.7, 1.3], [1.1, 0.6]], &vector(), |x, y| {
        weigh(x.diag()) * y.insert_axis(Axis(0)).remove_axis(Axis(0)).at(x.len_of(Axis(1)))
    });
    let index = array![[2, 0, 2], [1, 1, 0]];
    check(&matrix(), &vector(), |x, y| {
        let (high, low) = (x.argmax_axis(Axis(1)), x.argmin_axis(Axis(1)));
        assert_eq!((high, low), (array![1, 2], array![0, 1]));
        weigh(x.gather(Axis(1), &index) * y)
    });
}

#[test]
fn products_of_matrices_in_place() {
    check(&matrix(), &array![[0.7, 1.3], [1.1, 0.6]], |x, y| {
        let mut c = y;
        general_mat_mul(y.at((0, 1)), &x, &x.t(), 0.5, &mut c);
        weigh(c)
    });
}

#[test]
fn empty_arrays() {
    let tape = Tape::new();
    let mut x = tape.var(Array2::<f64>::zeros((0, 3)));
    assert_eq!(x.elements().dim(), (0, 3));
    x.elements_mut().iter_mut().for_each(|e| *e *= 2.0);
    x.slice_mut(part(.., 1..2)).fill(1.0);
    assert_eq!(x.product_axis(Axis(0)).value(), array![1.0, 1.0, 1.0]);
    assert_eq!(x.map_axis(Axis(1), |row| row.sum()).dim(), 0);
    x.sum().backward();
    let mut scalar = tape.var(ndarray::arr0(2.0));
    scalar.set((), 3.0);
    assert_eq!(scalar.value(), ndarray::arr0(3.0));
}

#[test]
#[should_panic(expected = "index [2] is out of bounds for an array of shape [2]")]
fn an_element_that_is_not_there_panics() {
    Tape::new().var(array![1.0, 2.0]).set(2, 1.0);
}

#[test]
#[should_panic(expected = "`set` of variables of two tapes")]
fn an_element_of_another_tape_panics() {
    let (tape, other) = (Tape::new(), Tape::new());
    tape.var(array![1.0, 2.0]).set(1, other.var(1.0));
}

#[test]
#[should_panic(expected = "`assign` of arrays of shapes [2] and [1]")]
fn a_part_keeps_its_shape() {
    let tape = Tape::new();
    let mut x = tape.var(array![[1.0, 2.0], [3.0, 4.0]]);
    *x.row_mut(0) = tape.var(array![1.0]);
}

/// A panic while elements are changed leaves the variable as it was.
#[test]
fn a_panic_in_between_changes_nothing() {
    let tape = Tape::new();
    let mut x = tape.var(array![1.0, 2.0]);
    let changed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut elements = x.elements_mut();
        elements[0] = Var::from(7.0);
        elements[5] = Var::from(7.0);
    }));
    assert!(changed.is_err());
    assert_eq!(x.value(), array![1.0, 2.0]);
    x.sum().backward();
    assert_eq!(x.grad(), array![1.0, 1.0]);
}

#[test]
fn arrays_of_dynamic_rank() {
    let x = Array::from_shape_vec(IxDyn(&[2, 2]), vec![0.5, 0.6, 0.7, 0.8]).unwrap();
    check(&x, &vector(), |mut x, y| {
        x.index_axis_mut(Axis(0), 1).mapv_inplace(|e| e * y.at(0));
        weigh(x)
    });
}
