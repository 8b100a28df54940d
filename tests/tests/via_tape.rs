//! `#[differentiate(via = tape)]`: the names and types of always, the derivative by the tape.

#![forbid(unsafe_code)]

use chainrule::check::check_grad;
use chainrule::{Differentiable, differentiate};
use chainrule_test_models::rules::{Steps, softplus, steps};
use ndarray::{Array1, array};
use num_traits::Float;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// An expression in one variable: data that says what is computed.
enum Node {
    X,
    Number(f64),
    Add(Box<Node>, Box<Node>),
    Mul(Box<Node>, Box<Node>),
    Sin(Box<Node>),
}

#[differentiate(via = tape, wrt(x))]
fn evaluate(node: &Node, x: f64) -> f64 {
    match node {
        Node::X => x,
        Node::Number(value) => *value,
        Node::Add(a, b) => evaluate(a, x) + evaluate(b, x),
        Node::Mul(a, b) => evaluate(a, x) * evaluate(b, x),
        Node::Sin(a) => evaluate(a, x).sin(),
    }
}

/// x · sin(x + 2).
fn tree() -> Node {
    let sum = Node::Add(Box::new(Node::X), Box::new(Node::Number(2.0)));
    Node::Mul(Box::new(Node::X), Box::new(Node::Sin(Box::new(sum))))
}

/// A caller that is differentiated statically.
#[differentiate(wrt(x))]
fn squared(node: &Node, x: f64, n: usize) -> f64 {
    let mut sum = 0.0;
    for k in 0..n {
        let y = evaluate(node, x * k as f64);
        sum += y * y;
    }
    sum
}

#[test]
fn recursion_over_data() {
    let (node, x) = (tree(), 0.7_f64);
    let (value, gradient) = evaluate::value_and_grad(&node, x);
    assert_eq!(value, evaluate(&node, x));
    let sum = x + 2.0;
    assert!((gradient - (sum.sin() + x * sum.cos())).abs() < 1e-15);
    assert_eq!(evaluate::grad(&node, x), gradient);
    assert_eq!(evaluate::vjp(&node, x, 8.0), (value, 8.0 * gradient));
    let mut buffer = 1.0;
    assert_eq!(evaluate::value_and_grad_into(&node, x, &mut buffer), value);
    assert_eq!(buffer, gradient);
    evaluate::value_and_grad_add_into(&node, x, &mut buffer);
    assert_eq!(buffer, 2.0 * gradient);
    check_grad::<evaluate>(&node, &x).unwrap();
}

#[test]
fn a_static_caller_stitches_it_in() {
    check_grad::<squared>((&tree(), 3), &0.7).unwrap_or_else(|mismatch| panic!("{mismatch}"));
}

#[test]
fn the_equations_say_so() {
    assert_eq!(
        evaluate::DERIVATION,
        "evaluate(node, x) = y\nx\u{304} by the run-time tape\n\nstores every operation\n"
    );
}

/// What the macro cannot see: generic functions, as other crates have them.
mod generic {
    use num_traits::Float;

    pub(super) fn softplus<T: Float>(x: T) -> T {
        x.max(T::zero()) + (-x.abs()).exp().ln_1p()
    }

    /// Simpson's rule.
    pub(super) fn integral<T: Float>(f: impl Fn(T) -> T, from: T, to: T, n: usize) -> T {
        let (two, four) = (T::one() + T::one(), T::from(4.0).unwrap());
        let h = (to - from) / T::from(2 * n).unwrap();
        let at = |k: usize| f(from + h * T::from(k).unwrap());
        let mut sum = at(0) + at(2 * n);
        for k in 1..2 * n {
            sum = sum + if k % 2 == 1 { four } else { two } * at(k);
        }
        sum * h / T::from(3.0).unwrap()
    }
}

#[differentiate(via = tape)]
fn through_generic(x: f64, y: f64) -> f64 {
    let smooth = generic::softplus::<f64>(x * y);
    smooth * generic::integral::<f64>(|t| (x * t).sin(), 0.0, y, 8)
}

#[test]
fn calls_of_generic_functions() {
    check_grad::<through_generic>((), &(0.8, 1.7)).unwrap();
    let (value, _) = through_generic::value_and_grad(0.8, 1.7);
    assert_eq!(value, through_generic(0.8, 1.7));
}

#[differentiate(via = tape)]
fn boxed_closures(x: f64, ks: &[f64]) -> f64 {
    let fs: Vec<Box<dyn Fn(f64) -> f64>> =
        vec![Box::new(|v| v.sin()), Box::new(move |v| v * x), Box::new(f64::exp)];
    ks.iter().zip(&fs).map(|(k, f)| k * f(*k)).sum::<f64>()
}

#[differentiate(via = tape)]
fn containers(x: f64, y: f64) -> f64 {
    let mut named: HashMap<&str, f64> = HashMap::new();
    named.insert("x", x);
    named.insert("y", y * x);
    let shared = Rc::new(RefCell::new(vec![x, y]));
    shared.borrow_mut().push(named["x"] * named["y"]);
    let product: f64 = shared.borrow().iter().product();
    product
}

/// What the static road refuses and says that the tape serves.
mod refused_statically {
    use chainrule::differentiate;
    use std::cell::Cell;
    use std::collections::{BTreeMap, VecDeque};
    use std::sync::Arc;

    #[differentiate(via = tape)]
    pub(super) fn boxed(x: f64) -> f64 {
        let mut boxed = Box::new(0.0);
        *boxed += x * x;
        *boxed * 2.0
    }

    #[differentiate(via = tape)]
    pub(super) fn cell(x: f64) -> f64 {
        let total = Cell::new(0.0);
        for k in 0..3 {
            total.set(total.get() + x * k as f64);
        }
        total.get() * x
    }

    #[differentiate(via = tape)]
    pub(super) fn arc(x: f64) -> f64 {
        let shared = Arc::new(vec![x, x * x]);
        shared[0] * shared[1]
    }

    #[differentiate(via = tape)]
    pub(super) fn map(x: &[f64]) -> f64 {
        let by_place: BTreeMap<usize, f64> = x.iter().copied().enumerate().collect();
        by_place[&0] * 2.0 * by_place[&2]
    }

    #[differentiate(via = tape)]
    pub(super) fn queue(x: f64, n: usize) -> f64 {
        let mut queue = VecDeque::from([x, 2.0 * x]);
        for _ in 0..n {
            let first = queue.pop_front().unwrap();
            queue.push_back(first * queue[0]);
        }
        queue[1]
    }

    #[differentiate(via = tape)]
    pub(super) fn array_of_closures(x: f64, n: usize) -> f64 {
        let steps: [&dyn Fn(f64) -> f64; 2] = [&|t| t * x, &|t| t + x];
        steps[n](x)
    }

    #[differentiate(via = tape)]
    pub(super) fn options(x: f64) -> f64 {
        let mut found: Vec<Option<f64>> = vec![None; 2];
        found[0] = Some(x);
        found[0].unwrap_or(1.0) * x
    }

    #[differentiate(via = tape)]
    pub(super) fn sorted(x: &[f64]) -> f64 {
        let mut y = x.to_vec();
        y.sort_by(|a, b| a.total_cmp(b));
        y.dedup();
        y[y.len() / 2] * y[0]
    }

    #[differentiate(via = tape)]
    pub(super) fn parted(x: &[f64]) -> f64 {
        let (up, down): (Vec<f64>, Vec<f64>) = x.iter().partition(|e| **e > 0.0);
        up.iter().sum::<f64>() - down.iter().product::<f64>()
    }

    #[differentiate(via = tape)]
    pub(super) fn pairs(x: f64) -> f64 {
        let mut terms: Vec<(usize, f64)> = Vec::new();
        for k in 1..3 {
            terms.push((k, x.powi(k as i32)));
        }
        let mut s = 0.0;
        for (k, e) in &terms {
            s += *k as f64 * e;
        }
        s
    }

    #[differentiate(via = tape)]
    pub(super) fn chosen(x: f64) -> f64 {
        let g: fn(f64) -> f64 = if x > 0.0 { f64::sin } else { f64::cos };
        g(x)
    }
}

#[test]
fn what_the_static_road_refuses() {
    use refused_statically as on_tape;
    check_grad::<on_tape::boxed>((), &0.7).unwrap();
    check_grad::<on_tape::cell>((), &0.7).unwrap();
    check_grad::<on_tape::arc>((), &0.7).unwrap();
    let xs = vec![0.7, -1.2, 0.4];
    check_grad::<on_tape::map>((), &xs).unwrap();
    check_grad::<on_tape::queue>(3, &0.7).unwrap();
    check_grad::<on_tape::array_of_closures>(0, &0.7).unwrap();
    check_grad::<on_tape::array_of_closures>(1, &0.7).unwrap();
    check_grad::<on_tape::options>((), &0.7).unwrap();
    check_grad::<on_tape::sorted>((), &xs).unwrap();
    check_grad::<on_tape::parted>((), &xs).unwrap();
    check_grad::<on_tape::pairs>((), &0.7).unwrap();
    check_grad::<on_tape::chosen>((), &0.7).unwrap();
}

#[test]
fn closures_in_boxes_and_values_in_containers() {
    check_grad::<boxed_closures>((), &(0.3, vec![0.5, -0.4, 1.1])).unwrap();
    check_grad::<containers>((), &(0.3, -1.2)).unwrap();
}

fn hypotenuse_partials(a: f64, b: f64) -> (f64, (f64, f64)) {
    let y = a.hypot(b);
    (y, (a / y, b / y))
}

#[differentiate(partials = hypotenuse_partials)]
fn hypotenuse(a: f64, b: f64) -> f64 {
    a.hypot(b)
}

/// Constants of its own place, which have the same name elsewhere.
mod weights {
    use chainrule::differentiate;

    const SCALE: f64 = 3.0;

    #[differentiate]
    pub(super) fn weighted(x: &[f64], w: [f64; 2], n: usize) -> f64 {
        let mut sum = 0.0;
        for _ in 0..n {
            sum += SCALE * (x[0] * w[0] + x[1] * x[2] * w[1]);
        }
        sum
    }
}

#[allow(dead_code)]
const SCALE: f64 = 7.0;

#[differentiate]
fn generic_square<T: Float>(x: T) -> T {
    x * x
}

#[differentiate(wrt(x))]
fn held(x: f64, k: f64) -> f64 {
    x * k
}

#[differentiate(via = tape)]
fn calls_annotated(x: f64, y: f64) -> f64 {
    let h = hypotenuse(x, y * 2.0);
    let list = vec![x, h, y];
    let all: f64 = list.iter().map(|v| generic_square(*v)).sum();
    all * weights::weighted(&list, [h, x], 2) + held(h, 2.0)
}

#[differentiate(via = tape)]
fn loses(x: f64) -> f64 {
    held(x, x)
}

#[test]
fn calls_of_annotated_functions() {
    check_grad::<calls_annotated>((), &(0.6, -0.9)).unwrap();
    let (value, _) = calls_annotated::value_and_grad(0.6, -0.9);
    assert_eq!(value, calls_annotated(0.6, -0.9));
}

#[test]
#[should_panic(expected = "a parameter that its `wrt(..)` leaves out")]
fn what_would_be_lost_panics() {
    let _ = loses::grad(1.0);
}

#[differentiate(via = tape)]
fn several(x: [f64; 2], k: f64) -> (f64, Vec<f64>) {
    (x[0] * k, vec![x[1].sin(), x[0] * x[1]])
}

#[differentiate(via = tape)]
fn perhaps(x: f64) -> Option<f64> {
    (x > 0.0).then(|| x.sqrt())
}

#[differentiate(via = tape)]
fn of_constants(x: f64, n: i32) -> f64 {
    if n > 0 { x.powi(n) } else { 1.0 }
}

#[test]
fn results_of_other_types() {
    let (value, ([dx, dy], dk)) = several::vjp([2.0, 0.0], 3.0, (10.0, vec![1.0, 100.0]));
    assert_eq!(value, (6.0, vec![0.0, 0.0]));
    assert_eq!((dx, dy, dk), (30.0, 1.0 + 200.0, 20.0));
    assert_eq!(perhaps::value_and_grad(4.0), Some((2.0, 0.25)));
    assert_eq!(perhaps::vjp(4.0, 2.0), Some((2.0, 0.5)));
    assert_eq!(perhaps::grad(-1.0), None);
    assert_eq!(of_constants::value_and_grad(2.0, 3), (8.0, 12.0));
    assert_eq!(of_constants::value_and_grad(2.0, 0), (1.0, 0.0));
}

#[test]
#[should_panic(
    expected = "a cotangent or gradient has length 1, but what it belongs to has length 2"
)]
fn a_cotangent_of_another_length_panics() {
    let _ = several::vjp([2.0, 0.0], 3.0, (10.0, vec![1.0]));
}

#[differentiate]
fn single(x: f32, y: f32) -> f32 {
    x * y.sin()
}

#[differentiate(via = tape)]
fn of_both_floats(x: &[f32], k: f64) -> f32 {
    let boxed = Box::new(single(x[0], x[1]) * k as f32);
    *boxed * x[1]
}

#[differentiate(via = tape)]
fn of_arrays(x: &Array1<f64>, k: f64) -> f64 {
    let boxed = Box::new(x.mapv(|e| e * e).sum() * k);
    *boxed * x.dot(x) + x[0]
}

#[differentiate(via = tape)]
fn fails(x: f64) -> Result<f64, String> {
    let found = if x > 0.0 { Ok(x.sqrt()) } else { Err("negative".to_string()) };
    let root: f64 = found?;
    Ok(root * softplus(root))
}

#[test]
fn arguments_of_other_types() {
    let (value, (dx, dk)) = of_both_floats::value_and_grad(&[0.5, 1.5], 2.0);
    let (sin, cos) = 1.5_f32.sin_cos();
    assert_eq!(value, 0.5 * sin * 2.0 * 1.5);
    assert!((dx[0] - 3.0 * sin).abs() < 1e-6 && (dx[1] - (1.5 * cos + sin)).abs() < 1e-6);
    assert!((dk - f64::from(0.75 * sin)).abs() < 1e-6);
    check_grad::<of_arrays>((), &(array![0.4, -1.0], 0.7)).unwrap();
}

#[test]
fn a_question_mark_leaves_early() {
    let (value, gradient) = fails::value_and_grad(4.0).unwrap();
    let ((soft, slope), root) = (softplus::value_and_grad(2.0), 2.0);
    assert_eq!(value, root * soft);
    assert!((gradient - (soft + root * slope) / (2.0 * root)).abs() < 1e-15);
    assert_eq!(fails::grad(-4.0), Err("negative".to_string()));
}

#[differentiate(wrt(x))]
fn of_another_crate(of: &Steps, x: f64) -> f64 {
    steps(of, x) * softplus(x)
}

#[test]
fn callers_in_other_crates() {
    let twice = Steps::Twice(Box::new(Steps::Scale(3.0)));
    check_grad::<of_another_crate>(&twice, &0.4).unwrap();
}

#[test]
fn a_zero_cotangent_passes_on_zero() {
    assert_eq!(perhaps::vjp(f64::MIN_POSITIVE, 0.0).unwrap().1, 0.0);
    assert_eq!(hypot_of_tape::vjp(0.0, 0.0, 0.0).1, (0.0, 0.0));
}

#[differentiate(via = tape)]
fn hypot_of_tape(x: f64, y: f64) -> f64 {
    hypotenuse(x, y)
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Layer {
    weights: Vec<f64>,
    bias: f64,
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Net {
    layers: Vec<Layer>,
    scale: f64,
}

#[differentiate(via = tape, wrt(net, x))]
fn run(net: &Net, x: f64) -> f64 {
    let mut states: HashMap<usize, f64> = HashMap::new();
    states.insert(0, x);
    for (k, layer) in net.layers.iter().enumerate() {
        let sum: f64 = layer.weights.iter().map(|w| w * states[&k]).sum();
        states.insert(k + 1, (sum + layer.bias).tanh());
    }
    net.scale * states[&net.layers.len()]
}

/// A static caller that takes the struct.
#[differentiate(wrt(net))]
fn loss(net: &Net, xs: &[f64]) -> f64 {
    let mut sum = 0.0;
    for &x in xs {
        let error = run(net, x) - x;
        sum += error * error;
    }
    sum
}

#[test]
fn structs() {
    let layer = |w: f64| Layer { weights: vec![w, 0.3 - w], bias: 0.1 * w };
    let net = Net { layers: vec![layer(0.5), layer(-0.7)], scale: 1.5 };
    check_grad::<run>((), &(net.clone(), 0.4)).unwrap();
    check_grad::<loss>(&[0.4, -0.9], &net).unwrap();
}

/// Of the layer alone, whose numbers are all constants here.
#[differentiate]
fn first_weight(layer: &Layer, scale: f64) -> f64 {
    layer.weights[0] * scale + layer.bias
}

#[differentiate(via = tape)]
fn beside_a_struct_of_constants(x: f64) -> f64 {
    let layer = Layer { weights: vec![0.5, 2.0], bias: 0.25 };
    let net = Net { layers: vec![layer.clone()], scale: 3.0 };
    first_weight(&layer, 2.0) * x * net.scale
}

/// A call without anything to differentiate by takes the struct as it is.
#[test]
fn structs_of_constants() {
    assert_eq!(beside_a_struct_of_constants::value_and_grad(2.0), (7.5, 3.75));
}

struct Rig {
    factor: f64,
}

#[differentiate]
impl Rig {
    #[differentiate(via = tape, wrt(x))]
    fn tower(&self, x: f64, n: usize) -> f64 {
        if n == 0 { x } else { self.factor * self.tower(x * x, n - 1) }
    }
}

#[test]
fn methods() {
    let rig = Rig { factor: 2.0 };
    // 2 · 2 · x⁴
    assert_eq!(rig.tower_value_and_grad(1.5, 2), (20.25, 54.0));
}
