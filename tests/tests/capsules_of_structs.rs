//! Structs whose fields and methods the macro knows across modules and crates, under other names,
//! in functions, generic, and beside structs of the same name.

#![forbid(unsafe_code)]

use chainrule::rt::Tangent;
use chainrule::{Differentiable, differentiate};
use chainrule_test_models::shapes::{self, Line as Straight, Weighted, weighted};
use chainrule_tests::assert_close;

/// The macro agrees with central differences of the plain function, struct by struct.
fn agree<P>(f: impl Fn(&P) -> f64, at: &P, value: f64, gradient: &P)
where
    P: Differentiable<Scalar = f64> + Tangent,
{
    assert_eq!(f(at).to_bits(), value.to_bits());
    let leaves = |of: &P| {
        let mut all = Vec::new();
        of.save(&mut |x| all.push(x));
        all
    };
    let (point, found) = (leaves(at), leaves(gradient));
    let expected: Vec<f64> = (0..point.len())
        .map(|k| {
            let moved = |by: f64| {
                let (mut moved, mut n) = (at.clone(), 0..);
                moved.restore(&mut || {
                    let n = n.next().unwrap_or(0);
                    point[n] + if n == k { by } else { 0.0 }
                });
                f(&moved)
            };
            let central = |h: f64| (moved(h) - moved(-h)) / (2.0 * h);
            (4.0 * central(1e-3) - central(2e-3)) / 3.0
        })
        .collect();
    assert_close("differences", &found, &expected, 1e-8);
}

const LINE: Straight = Straight { slope: 0.7, offset: -0.2 };

/// Called by another name than its own.
#[differentiate(wrt(line))]
fn under_another_name(line: &Straight, x: f64) -> f64 {
    let mut line = *line;
    line.lift(x);
    let steeper = shapes::Line { slope: line.slope * 2.0, ..line };
    line.slope.sin() * steeper.at(x) + steeper.offset
}

#[test]
fn a_struct_of_another_crate_has_fields_and_methods() {
    let (value, gradient) = under_another_name::value_and_grad(&LINE, 0.5);
    agree(|line| under_another_name(line, 0.5), &LINE, value, &gradient);
    let (value, gradient) = LINE.at_value_and_grad(2.0);
    assert_eq!((value, gradient.0, gradient.1), (1.2, Straight { slope: 2.0, offset: 1.0 }, 0.7));
}

/// `Line` here is not the `Line` that `Weighted` is a struct of.
#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Line {
    rise: f64,
    of: Weighted<Straight>,
}

#[differentiate(wrt(line))]
fn beside_a_namesake(line: &Line, x: f64) -> f64 {
    let Line { rise, of } = line;
    rise * of.left.slope + weighted(of, x) * of.right.at(x * rise)
}

#[test]
fn structs_of_one_name_are_told_apart() {
    let of = Weighted::new(LINE, Straight { slope: 0.3, offset: 1.1 }, 0.9, 3);
    let line = Line { rise: 1.3, of };
    let (value, gradient) = beside_a_namesake::value_and_grad(&line, 0.5);
    agree(|line| beside_a_namesake(line, 0.5), &line, value, &gradient);
    assert_eq!(gradient.of.times, 3);
}

mod outer {
    pub(super) mod parts {
        use chainrule::Differentiable;

        #[derive(Clone, Debug, PartialEq, Differentiable)]
        pub(in super::super) struct Part {
            pub(in super::super) sizes: Vec<f64>,
            pub(in super::super) name: String,
        }
    }

    use chainrule::Differentiable;
    use parts::Part as Piece;

    /// The caller does not import `Piece`.
    #[derive(Clone, Debug, PartialEq, Differentiable)]
    pub(super) struct Whole<const N: usize> {
        pub(super) pieces: [Piece; N],
        pub(super) scale: f64,
    }
}

#[differentiate]
fn of_what_is_not_imported(whole: &outer::Whole<2>) -> f64 {
    let mut sum = 0.0;
    for piece in &whole.pieces {
        for size in &piece.sizes {
            sum += size * size * whole.scale;
        }
    }
    sum + whole.pieces[1].sizes[0]
}

#[test]
fn structs_inside_a_struct_need_no_import() {
    let piece = |sizes: &[f64]| outer::parts::Part { sizes: sizes.to_vec(), name: "p".to_string() };
    let whole = outer::Whole { pieces: [piece(&[0.5, 1.5]), piece(&[0.2])], scale: 0.7 };
    let (value, gradient) = of_what_is_not_imported::value_and_grad(&whole);
    agree(of_what_is_not_imported, &whole, value, &gradient);
    assert_eq!(gradient.pieces[0].name, "p");
}

#[test]
fn structs_and_functions_within_a_function() {
    #[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
    struct Local(f64, shapes::Line);

    #[differentiate]
    impl Local {
        fn squared(&self) -> f64 {
            self.0 * self.0
        }

        fn both(&self, x: f64) -> f64 {
            self.squared() * self.1.at(x)
        }
    }

    #[differentiate(wrt(local))]
    fn f(local: &Local, x: f64) -> f64 {
        local.both(x) + local.1.slope
    }

    let local = Local(0.4, LINE);
    let (value, gradient) = f::value_and_grad(&local, 0.5);
    agree(|local| f(local, 0.5), &local, value, &gradient);
    let (value, (gradient, _)) = local.both_value_and_grad(0.5);
    agree(|local| local.both(0.5), &local, value, &gradient);
}

/// Methods of one kind of a generic struct.
#[derive(Clone, Copy, Debug, PartialEq, Differentiable)]
struct Pair<T> {
    left: T,
    right: T,
}

#[differentiate]
impl Pair<f64> {
    #[differentiate(wrt(self))]
    fn weighted(&self, by: f64) -> f64 {
        self.left * by + Self::softened(self.right)
    }

    fn softened(x: f64) -> f64 {
        (1.0 + x * x).sqrt()
    }

    /// Not of interest to the macro.
    fn len(&self) -> usize {
        2
    }
}

#[test]
fn methods_of_one_kind_of_a_generic_struct() {
    let pair = Pair { left: 0.7, right: 1.3 };
    let (value, gradient) = pair.weighted_value_and_grad(2.0);
    agree(|pair| pair.weighted(2.0), &pair, value, &gradient);
    assert_eq!(Pair::softened_value_and_grad(0.0), (1.0, 0.0));
    assert!(Pair::<f64>::WEIGHTED_DERIVATION.contains("weighted"), "{}", Pair::WEIGHTED_DERIVATION);
    assert_eq!(pair.len(), 2);
}

/// A field marked constant keeps what it holds.
#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Scaled {
    x: f64,
    #[constant]
    scale: f64,
    #[constant]
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Bent,
    Straight,
}

#[differentiate]
fn of_constants(of: &Scaled) -> f64 {
    match of.kind {
        Kind::Bent => of.x.sin() * of.scale,
        Kind::Straight => of.x * of.scale,
    }
}

#[test]
fn constant_fields_have_no_derivative() {
    for (kind, slope) in [(Kind::Bent, 0.0_f64.cos()), (Kind::Straight, 1.0)] {
        let gradient = of_constants::grad(&Scaled { x: 0.0, scale: 3.0, kind });
        assert_eq!(gradient, Scaled { x: 3.0 * slope, scale: 3.0, kind });
    }
}
