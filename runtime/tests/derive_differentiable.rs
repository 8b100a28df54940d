//! `#[derive(Differentiable)]`: structs as their own tangents, for generated code and optimisers.

#![forbid(unsafe_code)]
#![cfg(feature = "ndarray")]

use chainrule::Differentiable;
use chainrule::optim::{Adam, Optimizer, Sgd};
use chainrule::rt::Tangent;
use ndarray::{Array1, Array2, array};
use std::collections::HashMap;
use std::marker::PhantomData;

#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Line {
    slope: f64,
    offset: f64,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Angle(f64, usize);

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Pair<T> {
    left: T,
    right: T,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Model {
    name: String,
    line: Line,
    pairs: Vec<Pair<Line>>,
    weights: Vec<[f64; 2]>,
    angle: Angle,
    steps: usize,
    flags: (bool, [u8; 2]),
    of: &'static str,
    #[constant]
    rates: HashMap<String, f64>,
}

/// A kind that carries no derivative.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Bent,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Layer<F, const N: usize, K = Kind>
where
    F: std::fmt::Debug,
{
    rows: [[F; N]; 2],
    bias: (F, F),
    #[constant]
    kind: K,
    of: PhantomData<K>,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Tensors<F> {
    weights: Array2<F>,
    biases: Array1<F>,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Tree {
    value: f32,
    children: Vec<Tree>,
}

/// Generic in several ways at once.
#[derive(Clone, Differentiable)]
struct Mixed<A, B> {
    list: Vec<A>,
    one: A,
    pair: Pair<B>,
    more: Vec<Pair<A>>,
    other: B,
}

/// One parameter and a float.
#[derive(Clone, Differentiable)]
struct Scaled<T> {
    of: T,
    by: f64,
}

#[allow(unreachable_pub, reason = "capsules of `pub` structs are exported")]
mod shapes {
    use chainrule::Differentiable;

    /// Private fields, public struct.
    #[derive(Clone, Debug, PartialEq, Differentiable)]
    pub struct Circle {
        inner: Inner,
        pub radius: f32,
    }

    #[derive(Clone, Debug, PartialEq, Differentiable)]
    struct Inner {
        x: f32,
    }

    impl Circle {
        pub fn new(x: f32, radius: f32) -> Circle {
            Circle { inner: Inner { x }, radius }
        }
    }
}

fn model() -> Model {
    let line = Line { slope: 1.0, offset: 2.0 };
    Model {
        name: "m".to_string(),
        line,
        pairs: vec![Pair { left: line, right: Line { slope: 3.0, offset: 4.0 } }],
        weights: vec![[5.0, 6.0], [7.0, 8.0]],
        angle: Angle(9.0, 3),
        steps: 4,
        flags: (true, [1, 2]),
        of: "x",
        rates: HashMap::from([("a".to_string(), 0.5)]),
    }
}

fn floats(of: &impl Tangent) -> Vec<f64> {
    let mut all = Vec::new();
    of.save(&mut |float| all.push(float));
    all
}

fn scalars<P: Differentiable>(of: &P) -> Vec<P::Scalar> {
    let mut all = Vec::new();
    of.for_each_leaf(&mut |leaf| all.extend_from_slice(leaf));
    all
}

#[test]
fn floats_come_in_the_order_of_the_fields() {
    let expected = [1.0, 2.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
    assert_eq!(floats(&model()), expected);
    assert_eq!(scalars(&model()), expected);
}

#[test]
fn zeros_keep_what_is_constant() {
    for zeros in [Tangent::zeros_like(&model()), Differentiable::zeros_like(&model())] {
        assert_eq!(floats(&zeros), [0.0; 11]);
        assert_eq!((zeros.name.as_str(), zeros.steps, zeros.of), ("m", 4, "x"));
        assert_eq!((zeros.angle.1, zeros.flags), (3, (true, [1, 2])));
        assert_eq!(zeros.rates, model().rates);
    }
    let mut model = model();
    model.set_zero();
    assert_eq!(model, Tangent::zeros_like(&model));
}

#[test]
fn tangents_add_and_come_back() {
    let (mut sum, other) = (model(), model());
    sum.add_assign(&other);
    assert_eq!(floats(&sum), floats(&other).iter().map(|x| 2.0 * x).collect::<Vec<_>>());
    let mut saved = floats(&other).into_iter();
    sum.restore(&mut || saved.next().unwrap_or(f64::NAN));
    assert_eq!(sum, other);
}

#[test]
fn vectors_of_other_lengths_are_told() {
    let (mut a, b) = (model(), model());
    assert_eq!(a.mismatch(&b), None);
    a.weights.push([0.0; 2]);
    assert_eq!(a.mismatch(&b), Some((3, 2)));
    a.pairs.clear();
    assert_eq!(a.mismatch(&b), Some((0, 1)));
}

#[test]
fn generic_structs_are_differentiable_where_their_fields_are() {
    let layer = |k: f32| Layer::<f32, 3> {
        rows: [[k; 3], [2.0; 3]],
        bias: (3.0, 4.0),
        kind: Kind::Bent,
        of: PhantomData,
    };
    let mut sum = layer(1.0);
    sum.add_assign(&layer(0.5));
    assert_eq!(
        sum,
        layer(1.5).tap(|sum| {
            sum.rows[1] = [4.0; 3];
            sum.bias = (6.0, 8.0);
        })
    );
    assert_eq!(scalars(&layer(1.0)), [1.0_f32, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 4.0]);
    let scaled = Scaled { of: Scaled { of: model().line, by: 3.0 }, by: 4.0 };
    assert_eq!(scalars(&scaled), [1.0, 2.0, 3.0, 4.0]);
    let mixed = Mixed {
        list: vec![1.0],
        one: 2.0,
        pair: Pair { left: model().line, right: model().line },
        more: vec![],
        other: model().line,
    };
    assert_eq!(scalars(&mixed), [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]);
    let pair = Pair { left: vec![1.0_f32], right: vec![2.0, 3.0] };
    assert_eq!(scalars(&pair), [1.0_f32, 2.0, 3.0]);
}

trait Tap: Sized {
    fn tap(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
impl<T> Tap for T {}

#[test]
fn arrays_of_ndarray_are_fields_too() {
    let tensors = Tensors { weights: array![[1.0, 2.0]], biases: array![3.0] };
    let mut sum = tensors.clone();
    sum.add_assign(&tensors);
    assert_eq!(sum, Tensors { weights: array![[2.0, 4.0]], biases: array![6.0] });
    let other = Tensors { weights: array![[1.0], [2.0]], biases: array![3.0] };
    assert_eq!(tensors.mismatch(&other), Some((1, 2)));
    assert_eq!(scalars(&Differentiable::zeros_like(&tensors)), [0.0; 3]);
}

#[test]
#[should_panic(expected = "a cotangent of length 2 is added to one of length 1")]
fn arrays_of_other_shapes_do_not_add() {
    let of = |weights: Array2<f64>| Tensors { weights, biases: array![0.0] };
    of(array![[1.0, 2.0]]).add_assign(&of(array![[1.0], [2.0]]));
}

#[test]
fn a_struct_may_hold_itself() {
    let leaf = Tree { value: 1.0, children: vec![] };
    let tree = Tree { value: 2.0, children: vec![leaf.clone(), leaf] };
    assert_eq!(scalars(&tree), [2.0_f32, 1.0, 1.0]);
    assert_eq!(tree.mismatch(&Tree { value: 0.0, children: vec![] }), Some((2, 0)));
}

#[test]
fn optimisers_step_through_a_struct() -> Result<(), chainrule::optim::OptimError> {
    let (mut params, mut grad) = (model(), Tangent::zeros_like(&model()));
    grad.line.slope = 2.0;
    grad.pairs[0].right.offset = -4.0;
    grad.angle.0 = 10.0;
    Sgd::new(0.5)?.step(&mut params, &grad);
    let mut expected = model();
    expected.line.slope = 0.0;
    expected.pairs[0].right.offset = 6.0;
    expected.angle.0 = 4.0;
    assert_eq!(params, expected);

    let mut circle = shapes::Circle::new(1.0, 2.0);
    let mut adam = Adam::new(0.1)?;
    let grad = shapes::Circle::new(1.0, -1.0);
    adam.step(&mut circle, &grad);
    assert!((circle.radius - 2.1).abs() < 1e-5, "{circle:?}");
    Ok(())
}

#[test]
fn structs_stand_in_functions_too() {
    #[derive(Clone, Differentiable)]
    struct Local {
        line: Line,
    }
    let local = Local { line: Line { slope: 1.0, offset: 2.0 } };
    assert_eq!(scalars(&local), [1.0, 2.0]);
}
