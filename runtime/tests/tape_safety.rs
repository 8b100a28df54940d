//! What users might do to a tape: no borrow panics, whatever closures do; mistakes have messages;
//! size does not matter.
#![forbid(unsafe_code)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use chainrule::tape::{
    HigherOrderTape, Links, Tape, TapeError, Var, concatenate, general_mat_mul, stack,
};
use ndarray::{Array1, Array2, Array3, Array4, Axis, Ix1, array};

type ArrayVar<'t, D> = Var<'t, ndarray::Array<f64, D>>;

/// All that a closure may do with a tape while an operation of the tape runs it.
fn meddle(tape: &Tape, x: ArrayVar<'_, Ix1>) {
    let y = x.sin().sum();
    y.backward();
    x.zero_grad();
    tape.zero_grad();
    let _ = (tape.len(), format!("{tape:?} {x:?}"), x.grad(), y.try_backward());
    let _ = x.try_backward().and_then(|()| x.try_add(tape.var(1.0)).map(|_| ()));
    tape.pack(x.elements()).mapv_each(|e| e * 2.0).sum().backward();
    tape.zero_grad();
}

/// Closures run between borrows: each may use the tape as it likes.
#[test]
fn closures_use_the_tape_meanwhile() {
    let tape = Tape::new();
    let x = tape.var(array![0.5, 1.5]);
    let m = tape.var(array![[0.5, 1.5], [2.0, 3.0]]);
    let used = || meddle(&tape, x);
    let mut z = x;
    let sum = x
        .mapv(|e| {
            used();
            e * e
        })
        .sum()
        + x.mapv_each(|e| {
            used();
            e * e
        })
        .sum()
        + x.map(|e| {
            used();
            *e
        })
        .sum()
        + x.map_each(|e| {
            used();
            *e
        })
        .sum()
        + x.fold(Var::from(0.0), |all, e| {
            used();
            all + e
        })
        + m.map_axis(Axis(0), |lane| {
            used();
            lane.sum()
        })
        .sum()
        + m.fold_axis(Axis(1), 0.0, |all, e| {
            used();
            *all + e
        })
        .sum();
    z.mapv_inplace(|e| {
        used();
        e * 2.0
    });
    z.mapv_inplace_each(|e| {
        used();
        e * 2.0
    });
    z.zip_mut_with(&x, |e, _| used_with(&used, e));
    let _ = x.mask(|e| {
        used();
        e > 1.0
    });
    for e in z.elements_mut().iter_mut() {
        used();
        *e += 1.0;
    }
    let mut rows = m;
    {
        let mut row = rows.row_mut(0);
        used();
        row += 1.0;
        used();
    }
    let partial: Var<'_, f64> = x
        .elements()
        .iter()
        .map(|e| {
            used();
            *e
        })
        .sum();
    (sum + partial + z.sum()).backward();
    assert_eq!(x.grad(), array![2.0 * 2.0 * 0.5 + 8.0, 2.0 * 2.0 * 1.5 + 8.0]);
}

fn used_with(used: &impl Fn(), e: &mut Var<'_, f64>) {
    used();
    *e += 0.0;
}

fn ignored<T>(_: T) {}

/// After a panic in the middle of an operation the tape goes on.
#[test]
fn a_panic_leaves_the_tape_usable() {
    let tape = Tape::new();
    let x = tape.var(array![0.5, 1.5]);
    let attempts: [&dyn Fn(); 5] = [
        &|| ignored(x.mapv_each(|_| -> Var<'_, f64> { panic!("by the user") })),
        &|| ignored(x + array![1.0, 2.0, 3.0]),
        &|| ignored(x.at(2)),
        &|| x.backward(),
        &|| x.backward_with(array![1.0]),
    ];
    for attempt in attempts {
        assert!(catch_unwind(AssertUnwindSafe(attempt)).is_err());
        tape.zero_grad();
        (x * x).sum().backward();
        assert_eq!(x.grad(), array![1.0, 3.0]);
    }
}

/// Every operation of several operands says so where they live on two tapes.
type Operation<'a> = Box<dyn Fn() + 'a>;

#[test]
fn variables_of_two_tapes() {
    let (tape, other) = (Tape::new(), Tape::new());
    let (x, y) = (tape.var(array![0.5, 1.5]), other.var(array![0.5, 1.5]));
    let (m, n) = (tape.var(array![[0.5, 1.5]]), other.var(array![[0.5], [1.5]]));
    let (s, r) = (tape.var(0.5), other.var(0.5));
    let (images, kernels) =
        (tape.var(Array4::<f64>::ones((1, 1, 2, 2))), other.var(Array4::ones((1, 1, 1, 1))));
    let (signals, taps) =
        (tape.var(Array3::<f64>::ones((1, 1, 2))), other.var(Array3::ones((1, 1, 1))));
    let operations: Vec<(&str, Operation<'_>)> = vec![
        ("+", Box::new(|| ignored(s + r))),
        ("-", Box::new(|| ignored(x - y))),
        ("*", Box::new(|| ignored(x * r))),
        ("/", Box::new(|| ignored(s / y))),
        ("%", Box::new(|| ignored(x % y))),
        (
            "+=",
            Box::new(|| {
                let mut z = x;
                z += y;
            }),
        ),
        ("max", Box::new(|| ignored(s.max(r)))),
        ("powf", Box::new(|| ignored(x.powf(y)))),
        ("mul_add", Box::new(|| ignored(x.mul_add(y, 1.0)))),
        ("clamp", Box::new(|| ignored(s.clamp(r, 1.0)))),
        ("dot", Box::new(|| ignored(x.dot(y)))),
        ("dot of matrices", Box::new(|| ignored(m.dot(n)))),
        ("matmul", Box::new(|| ignored(m.matmul(n)))),
        (
            "general_mat_mul",
            Box::new(|| {
                let mut c = tape.var(Array2::ones((1, 1)));
                general_mat_mul(1.0, &m, &n, 1.0, &mut c);
            }),
        ),
        (
            "assign",
            Box::new(|| {
                let mut z = x;
                z.assign(y);
            }),
        ),
        (
            "fill",
            Box::new(|| {
                let mut z = x;
                z.fill(r);
            }),
        ),
        (
            "scaled_add",
            Box::new(|| {
                let mut z = x;
                z.scaled_add(1.0, y);
            }),
        ),
        (
            "set",
            Box::new(|| {
                let mut z = x;
                z.set(0, r);
            }),
        ),
        (
            "elements_mut",
            Box::new(|| {
                let mut z = x;
                z.elements_mut()[0] = r;
            }),
        ),
        (
            "row_mut",
            Box::new(|| {
                let mut z = m;
                *z.row_mut(0) = y;
            }),
        ),
        (
            "zip_mut_with",
            Box::new(|| {
                let mut z = x;
                z.zip_mut_with(&y, |x, y| *x *= *y);
            }),
        ),
        ("mapv_each", Box::new(|| ignored(x.mapv_each(|_| r)))),
        ("mapv", Box::new(|| ignored(x.mapv(|_| r)))),
        ("map_axis", Box::new(|| ignored(m.map_axis(Axis(0), |_| r)))),
        ("pack", Box::new(|| ignored(tape.pack(array![s, r])))),
        ("concatenate", Box::new(|| ignored(concatenate(Axis(0), &[x, y])))),
        ("stack", Box::new(|| ignored(stack(Axis(0), &[x, y])))),
        ("where_select", Box::new(|| ignored(x.where_select(&array![true, false], y)))),
        ("leaky_relu", Box::new(|| ignored(x.leaky_relu(r)))),
        ("layer_norm", Box::new(|| ignored(m.layer_norm(y, y, 0.1)))),
        ("cross_entropy", Box::new(|| ignored(m.cross_entropy(n.t())))),
        ("conv1d", Box::new(|| ignored(signals.conv1d(taps, 1, 0)))),
        ("conv2d", Box::new(|| ignored(images.conv2d(kernels, [1, 1], [0, 0])))),
        ("a sum", Box::new(|| ignored([s, r].into_iter().sum::<Var<'_, f64>>()))),
        (
            "links",
            Box::new(|| {
                let mut links = Links::default();
                links.add(s, 1.0);
                links.add(r, 1.0);
            }),
        ),
    ];
    for (name, operation) in &operations {
        let panic = catch_unwind(AssertUnwindSafe(operation)).unwrap_err();
        let message = panic.downcast_ref::<String>().cloned().unwrap_or_default();
        assert!(message.contains("two tapes"), "{name}: {message:?}");
    }
    assert!(matches!(x.try_add(y), Err(TapeError::ForeignTape { .. })));
    assert!(matches!(x.try_dot(y), Err(TapeError::ForeignTape { .. })));
    // Both go on.
    (x.sum() * s).backward();
    (y.sum() * r).backward();
    assert_eq!((x.grad(), y.grad()), (array![0.5, 0.5], array![0.5, 0.5]));
}

/// Tapes move between threads; variables do not, for two threads would record at once.
#[test]
fn what_is_sent() {
    fn is_send<T: Send>() {}
    fn is_shared<T: Send + Sync>() {}
    is_send::<Tape>();
    is_send::<HigherOrderTape>();
    is_shared::<TapeError>();
    let tape = HigherOrderTape::new();
    {
        let x = tape.var(2.0);
        x.powi(3).backward();
    }
    let second = std::thread::spawn(move || {
        let x = tape.var(array![3.0]);
        let first = tape.grad((x * x * x).sum(), x);
        tape.grad(first.sum(), x).value()[0]
    });
    assert_eq!(second.join().unwrap(), 18.0);
}

/// Neither a sweep nor the drop recurses, whatever the nodes are.
#[test]
fn a_million_nodes() {
    let n = 1_000_000;
    let tape = Tape::new();
    let x = tape.var(Array1::from_elem(n, 0.5));
    // Elements, a sum of all, and an array of them.
    let elements = x.elements();
    let sum: Var<'_, f64> = elements.iter().sum();
    let packed = tape.pack(elements.mapv(|e| e * 2.0));
    assert!(tape.len() > 3 * n);
    (sum + packed.sum()).backward();
    assert!(x.grad().iter().all(|&slope| slope == 3.0));
}

#[test]
fn a_million_nodes_of_a_higher_order_tape() {
    let tape = HigherOrderTape::new();
    let x = tape.var(1.0_f64);
    let y = (0..1_000_000).fold(x, |y, _| y * 0.999_999_9);
    assert!(tape.len() >= 1_000_000);
    y.backward();
    let slope = 0.999_999_9_f64.powi(1_000_000);
    assert!((x.grad() - slope).abs() < 1e-9);
    assert!((tape.grad(y, x).value() - slope).abs() < 1e-9);
    drop(tape);
}
