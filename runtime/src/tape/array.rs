//! Arrays: the tape keeps the value, shared and never changed; the node carries a pullback.

use ndarray::{ArcArray, Array, Dimension, Zip};

use super::Tape;
use super::broadcast::{Side, elementwise, elementwise_of_three};
use super::error::{Failure, TapeError, or_panic, shapes};
use super::graph::{NodeId, Pullback};
use super::map::pack;
use super::number::Term;
use super::replay::{Fresh, Handle, Kept, by_rule};
use super::rule::{Rule, pass};
use super::scalar;
use super::value::{Part, Real, Value};
use super::var::{Var, same_tape};

/// Where the tape keeps the array of a variable.
#[derive(Debug, Clone, Copy)]
pub struct ArraySlot(usize);

/// Records an array. Without a pullback it is a constant.
pub(super) fn record<F: Real, D: Dimension + 'static>(
    tape: &Tape,
    value: ArcArray<F, D>,
    pullback: Option<Pullback>,
) -> Fresh<'_, Array<F, D>> {
    let mut graph = tape.graph.borrow_mut();
    let slot = graph.push_value(Box::new(value));
    let node = match pullback {
        Some(_) => graph.push_extended(F::SINGLE, Some(slot), pullback),
        None => NodeId::NONE,
    };
    Fresh(Var { tape: Some(tape), node, slot: ArraySlot(slot) })
}

/// Keeps an array that is a constant.
pub(super) fn constant<F: Real, D: Dimension + 'static>(
    tape: &Tape,
    value: ArcArray<F, D>,
) -> Var<'_, Array<F, D>> {
    record(tape, value, None).0
}

/// Records a scalar computed from arrays. Without a pullback it is a constant.
pub(super) fn record_scalar<F: Real>(
    tape: &Tape,
    value: F,
    pullback: Option<Pullback>,
) -> Fresh<'_, F> {
    let node = match pullback {
        Some(_) => tape.graph.borrow_mut().push_extended(F::SINGLE, None, pullback),
        None => NodeId::NONE,
    };
    Fresh(Var { tape: Some(tape), node, slot: value })
}

impl<F: Real, D: Dimension + 'static> Var<'_, Array<F, D>> {
    /// The value, shared with the tape.
    pub(super) fn data(self) -> ArcArray<F, D> {
        self.home().graph.borrow().value(self.slot.0).clone()
    }

    /// The array as an operand of an elementwise operation.
    pub(super) fn side(self) -> Side<F, D> {
        Side::Array { operand: self.handle(), data: self.data() }
    }
}

impl<F: Real, D: Dimension + 'static> Value for Array<F, D> {
    type Elem = F;
    type Cast<G: Real> = Array<G, D>;
    type Slot = ArraySlot;

    fn enter(self, tape: &Tape, tracked: bool) -> Var<'_, Self> {
        let mut constant = constant(tape, self.into_shared());
        if tracked {
            let value = Some(constant.slot.0);
            constant.node = tape.graph.borrow_mut().push_extended(F::SINGLE, value, None);
        }
        constant
    }

    fn read(var: Var<'_, Self>) -> Self {
        var.data().into_owned()
    }

    fn gradient(var: Var<'_, Self>) -> Self {
        let graph = var.home().graph.borrow();
        match graph.array_gradient(var.node) {
            Some(gradient) => gradient.clone(),
            None => Self::zeros(graph.value::<F, D>(var.slot.0).raw_dim()),
        }
    }

    fn backward(var: Var<'_, Self>) -> Result<(), Failure> {
        let data = var.data();
        if data.len() != 1 {
            return Err(Failure::new(TapeError::NonScalar { shape: data.shape().to_vec() }));
        }
        Self::backward_with(var, Self::ones(data.raw_dim()))
    }

    fn backward_with(var: Var<'_, Self>, ct: Self) -> Result<(), Failure> {
        let data = var.data();
        if data.shape() != ct.shape() {
            return Err(Failure::new(TapeError::CotangentShape {
                expected: data.shape().to_vec(),
                found: ct.shape().to_vec(),
            }));
        }
        var.home().graph.borrow_mut().backward_array(var.node, Box::new(ct));
        Ok(())
    }

    fn slot(kept: Kept) -> ArraySlot {
        match kept {
            Kept::Array(slot) => ArraySlot(slot),
            Kept::Scalar(_) => unreachable!("a scalar's handle taken for an array's"),
        }
    }

    fn kept(slot: ArraySlot) -> Kept {
        Kept::Array(slot.0)
    }

    fn seed(y: Var<'_, Self>) -> Result<Var<'_, Self>, Failure> {
        let data = y.data();
        if data.len() != 1 {
            return Err(Failure::new(TapeError::NonScalar { shape: data.shape().to_vec() }));
        }
        Ok(y.home().constant(Self::ones(data.raw_dim())))
    }

    fn fits(y: Var<'_, Self>, ct: Var<'_, Self>) -> Result<(), Failure> {
        let (expected, found) = (y.shape(), ct.shape());
        match expected == found {
            true => Ok(()),
            false => Err(Failure::new(TapeError::CotangentShape { expected, found })),
        }
    }

    fn zeros_like(var: Var<'_, Self>) -> Var<'_, Self> {
        var.home().constant(Self::zeros(var.raw_dim()))
    }

    fn constant_term(var: Var<'_, Self>) -> Term<'_, Self> {
        Term::Whole(var)
    }

    fn gathered<'t>(of: Var<'t, Self>, elements: &[(usize, Handle)]) -> Var<'t, Self> {
        let mut sums: Vec<Option<Var<'t, F>>> = vec![None; of.len()];
        for &(position, ct) in elements {
            let ct = ct.on::<F>(of.home());
            sums[position] = Some(sums[position].map_or(ct, |sum| sum + ct));
        }
        let sums: Vec<_> = sums.into_iter().map(Option::unwrap_or_default).collect();
        pack(of.home(), of.raw_dim(), &sums)
    }

    fn map_terms<const M: usize>(
        at: [Term<'_, Self>; M],
        f: impl Fn([F; M]) -> F,
    ) -> Term<'_, Self> {
        match mapped(at, f) {
            Mapped::One(value) => Term::Constant(value),
            Mapped::Each(tape, values) => Term::Whole(constant(tape, values.into_shared())),
        }
    }

    fn choose<'t, const M: usize>(
        at: [Term<'t, Self>; M],
        condition: impl Fn([F; M]) -> bool,
        yes: Term<'t, Self>,
        no: Term<'t, Self>,
    ) -> Term<'t, Self> {
        match mapped(at, condition) {
            Mapped::One(true) => yes,
            Mapped::One(false) => no,
            Mapped::Each(tape, mask) => {
                let whole = |term| match term {
                    Term::Constant(value) => tape.constant(Self::from_elem(mask.raw_dim(), value)),
                    Term::Whole(var) => var,
                };
                Term::Whole(whole(yes).where_select(&mask, whole(no)))
            }
        }
    }

    fn binary<'t, R: Rule<2>>(x: Part<'t, Self>, y: Part<'t, Self>, rule: R) -> Var<'t, Self> {
        or_panic(match (x, y) {
            (Part::Whole(x), Part::Whole(y)) => elementwise(x.home(), x.side(), y.side(), rule),
            (Part::Whole(x), Part::Scalar(y)) => {
                elementwise(x.home(), x.side(), scalar::side(y), rule)
            }
            (Part::Scalar(x), Part::Whole(y)) => {
                elementwise(y.home(), scalar::side(x), y.side(), rule)
            }
            (Part::Scalar(_), Part::Scalar(_)) => unreachable!("no operand is whole"),
        })
    }

    fn unary<'t, R: Rule<1>>(x: Var<'t, Self>, rule: R) -> Var<'t, Self> {
        let (data, node) = (x.data(), x.node);
        let value = data.mapv(|x| rule.value([x])).into_shared();
        if !node.is_tracked() {
            return constant(x.home(), value);
        }
        let z = value.clone();
        let pullback: Pullback = Box::new(move |ct, sink| {
            let partial = Zip::from(ct.array::<F, D>())
                .and(&data)
                .and(&z)
                .map_collect(|&ct, &x, &z| pass(R::ZERO_IS_EXACT, ct, rule.partial(0, [x], z)));
            sink.add_array(node, partial);
        });
        by_rule(record(x.home(), value, Some(pullback)), [x], rule)
    }

    fn ternary<'t, R: Rule<3>>(
        x: Var<'t, Self>,
        a: Part<'t, Self>,
        b: Part<'t, Self>,
        rule: R,
    ) -> Result<Var<'t, Self>, Failure> {
        let side = |part| match part {
            Part::Scalar(var) => same_tape(x.tape, var.tape, R::NAME).map(|_| Side::scalar(var)),
            Part::Whole(var) => same_tape(x.tape, var.tape, R::NAME).map(|_| var.side()),
        };
        let sides = [x.side(), side(a)?, side(b)?];
        elementwise_of_three(x.home(), sides, x.data().raw_dim(), rule)
    }

    fn cast<G: Real>(x: Var<'_, Self>) -> Var<'_, Array<G, D>> {
        let node = x.node;
        let value = x.data().mapv(|x| G::from_wide(x.to_wide())).into_shared();
        let pullback: Pullback = Box::new(move |ct, sink| {
            let ct = ct.array::<G, D>();
            sink.add_array(node, ct.mapv(|ct| F::from_wide(ct.to_wide())));
        });
        record(x.home(), value, node.is_tracked().then_some(pullback)).replayed(
            &[node],
            move |sweep, _, ct| {
                sweep.add(node, Array::<G, D>::cast::<F>(ct));
                Ok(())
            },
        )
    }

    fn same_shape(
        a: Var<'_, Self>,
        b: Var<'_, Self>,
        operation: &'static str,
    ) -> Result<(), Failure> {
        let (a, b) = (a.data(), b.data());
        if a.shape() == b.shape() {
            return Ok(());
        }
        Err(shapes(operation, a.shape(), b.shape()))
    }
}

/// What a closure makes of the values of terms: one value, where all are constants, or an array.
enum Mapped<'t, B, D: Dimension> {
    One(B),
    Each(&'t Tape, Array<B, D>),
}

fn mapped<'t, F: Real, D: Dimension + 'static, B, const M: usize>(
    at: [Term<'t, Array<F, D>>; M],
    f: impl Fn([F; M]) -> B,
) -> Mapped<'t, B, D> {
    let whole = at.iter().find_map(|term| match term {
        Term::Whole(var) => Some((var.home(), var.raw_dim())),
        Term::Constant(_) => None,
    });
    let numbers = |term: Term<'t, Array<F, D>>| match term {
        Term::Constant(value) => vec![value],
        Term::Whole(var) => var.data().iter().copied().collect(),
    };
    let numbers = at.map(numbers);
    let of = |position: usize| {
        numbers.each_ref().map(|all| all[if all.len() == 1 { 0 } else { position }])
    };
    match whole {
        None => Mapped::One(f(of(0))),
        Some((tape, shape)) => {
            let mut results = (0..shape.size()).map(|position| f(of(position)));
            let next = || results.next().expect("a result for each element");
            Mapped::Each(tape, Array::from_shape_simple_fn(shape, next))
        }
    }
}
