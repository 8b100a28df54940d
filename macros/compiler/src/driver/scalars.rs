//! The scalar road: every stage, in order, up to the programs that are emitted.

use super::Scalars;
use crate::capsule::Callees;
use crate::error::Errors;
use crate::flow;
use crate::hash::HashSet;
use crate::parse::Function;

/// Compiles a function as scalar code, with what its options ask for.
pub(super) fn compile_scalars<'f>(
    callees: &'f Callees,
    errors: &mut Errors,
) -> Option<Scalars<'f>> {
    let function = callees.function(callees.root())?;
    let mut lowered = flow::lower::lower(callees, errors)?;
    let gradients: Vec<_> = lowered.inner.iter().map(|i| (i.name.clone(), i.span)).collect();
    if function.options.tape {
        for (name, span) in &gradients {
            errors.at(
                *span,
                format!(
                    "the option `tape` cannot look into the gradient of `{name}`: leave `tape` out"
                ),
            );
        }
    }
    if !errors.any() {
        flow::inner::expand(&mut lowered, errors);
    }
    flow::inner::prepare(&mut lowered);
    flow::inner::check(&lowered, &gradients, errors);
    verified(&lowered, &[], errors);
    let wrt: Vec<bool> = function.params.iter().map(|param| param.wrt).collect();
    let activity = flow::activity::activity(&lowered, &wrt, errors);
    if errors.any() {
        return None;
    }
    let mut adjoint = flow::adjoint::differentiate(&lowered, &wrt, &activity);
    let options = &function.options;
    let mut apart = options
        .pullback
        .is_some()
        .then(|| flow::adjoint::differentiate_apart(&lowered, &wrt, &activity));
    let jvp = options.jvp.is_some().then(|| {
        let guarded = forward(&lowered, &wrt, 1, errors);
        let may_run_again = !errors.any() && flow::emit::may_run_again(function);
        let unguarded = may_run_again.then(|| flow::tangent::unguarded(&lowered, &wrt, errors));
        flow::emit::Jvp {
            guarded,
            unguarded: unguarded.flatten().map(|forward| settled(forward, errors)),
        }
    });
    let by_sites = options.hessian.is_some().then(|| flow::tangent::gradient(&adjoint));
    let names: Vec<String> = function.params.iter().map(|p| p.name.to_string()).collect();
    let derivation = flow::explain::explain(&adjoint, &names);
    let of_sweep = prepare(&mut adjoint);
    let second = options.second().next().is_some();
    let gradient = second.then(|| flow::tangent::gradient(&adjoint));
    let hvp = (gradient.as_ref().filter(|_| options.hvp.is_some()))
        .map(|gradient| forward(gradient, &wrt, 1, errors));
    let vjp_jvp = function.has_vjp_jvp().then(|| vjp_jvp(&adjoint, &wrt, errors));
    let hessian = (gradient.as_ref().zip(by_sites))
        .map(|(gradient, by_sites)| hessian(function, by_sites, gradient, &wrt, errors));
    let jacobian = options.jacobian.is_some().then(|| jacobian(function, &lowered, &wrt, errors));
    if errors.any() {
        return None;
    }
    let of_pullback = apart.as_mut().map(prepare);
    flow::jam::jam(&mut adjoint.program);
    let rows = apart.as_mut().and_then(flow::rows::rows);
    flow::vanish::vanish(&mut adjoint, &of_sweep);
    if let (Some(apart), Some(within)) = (&mut apart, &of_pullback) {
        flow::vanish::vanish(apart, within);
    }
    let programs =
        flow::emit::Programs { adjoint, apart, rows, jvp, hvp, vjp_jvp, hessian, jacobian };
    Some(Scalars { function, lowered, programs, derivation })
}

/// Makes a program with its reverse sweep faster. Returns shadows that hand nothing from one
/// iteration to the next.
fn prepare(adjoint: &mut flow::ir::Adjoint) -> HashSet<flow::ir::MemId> {
    flow::frames::frames(&mut adjoint.program, &mut adjoint.reverse);
    flow::join::join(&mut adjoint.program, &mut adjoint.reverse);
    let within = flow::fresh::fresh(&mut adjoint.program);
    flow::pair::pair(&mut adjoint.program, &mut adjoint.reverse);
    within
}

/// A program with tangents in so many directions.
fn forward(
    program: &flow::ir::Program,
    wrt: &[bool],
    directions: usize,
    errors: &mut Errors,
) -> flow::tangent::Forward {
    settled(flow::tangent::differentiate(program, wrt, directions, errors), errors)
}

/// The gradient by any cotangent and its tangent.
fn vjp_jvp(adjoint: &flow::ir::Adjoint, wrt: &[bool], errors: &mut Errors) -> flow::emit::VjpJvp {
    let seeded = flow::tangent::seeded(adjoint);
    let cotangents = seeded.params[wrt.len()..].to_vec();
    let wrt: Vec<bool> = wrt.iter().copied().chain(vec![true; cotangents.len()]).collect();
    let mut forward = forward(&seeded, &wrt, 1, errors);
    // What exclusive parameters hold at the end is no result here.
    if let Some(flow::ir::Tree::Tuple(parts)) = &mut forward.program.result {
        parts.truncate(2);
    }
    let (seed, result) = (adjoint.seed.clone(), adjoint.program.result.clone());
    flow::emit::VjpJvp { forward, cotangents, seed, result }
}

/// What is behind tangents.
fn settled(mut forward: flow::tangent::Forward, errors: &mut Errors) -> flow::tangent::Forward {
    flow::moved::moved(&mut forward.program);
    flow::room::room(&mut forward.program);
    verified(&forward.program, &forward.tangents.concat(), errors);
    forward
}

/// The Hessian, by the sites of the gradient as it was derived, or by columns of the one that was made
/// faster.
fn hessian(
    function: &Function,
    mut by_sites: flow::ir::Program,
    gradient: &flow::ir::Program,
    wrt: &[bool],
    errors: &mut Errors,
) -> flow::emit::Hessian {
    flow::number::number(&mut by_sites);
    let sparse = function.options.is_sparse("hessian");
    match flow::tangent::hessian(&by_sites, wrt, sparse, errors) {
        Some(program) if sparse => {
            verified(&program, &[], errors);
            flow::emit::Hessian::Sparse(program)
        }
        None if sparse => {
            let option = function.options.hessian.as_ref();
            let span = option.map_or_else(proc_macro2::Span::call_site, proc_macro2::Ident::span);
            errors.at(span, "`hessian(sparse)` wants a sum of terms, each of a few elements of the parameters that are known while this compiles; this function reads more, or combines what it reads in memories, records or over iterations: leave `(sparse)` out, or use `hvp` along the directions that are needed");
            flow::emit::Hessian::Sparse(flow::ir::Program::default())
        }
        Some(program) => {
            verified(&program, &[], errors);
            flow::emit::Hessian::Sites(program)
        }
        None => {
            let columns = flow::emit::columns(function);
            flow::emit::Hessian::Columns(forward(gradient, wrt, columns, errors))
        }
    }
}

/// The Jacobian: columns of few inputs by themselves, where they can be told apart.
fn jacobian(
    function: &Function,
    program: &flow::ir::Program,
    wrt: &[bool],
    errors: &mut Errors,
) -> flow::emit::Jacobian {
    if function.options.is_sparse("jacobian") {
        let entries = flow::tangent::jacobian(program, wrt, errors);
        return match entries {
            Some(entries) => {
                verified(&entries.program, &[], errors);
                flow::emit::Jacobian::Sparse(Box::new(entries))
            }
            // What was refused has been said.
            None => flow::emit::Jacobian::Rows,
        };
    }
    let Some(columns) = flow::emit::at_once(function) else { return flow::emit::Jacobian::Rows };
    let few = flow::emit::few(function);
    let by_units = few.and_then(|sizes| flow::tangent::by_units(program, wrt, &sizes, errors));
    if let Some(forward) = by_units {
        verified(&forward.program, &[], errors);
        return flow::emit::Jacobian::Columns(Box::new(forward));
    }
    if let Some(directions) = flow::emit::directions(function) {
        let before = errors.count();
        let one = forward(program, wrt, 1, errors);
        if errors.count() > before {
            return flow::emit::Jacobian::Columns(Box::new(one));
        }
        if let Some(wide) = flow::tangent::wide(&one, program, directions) {
            verified(&wide.program, &wide.tangents.concat(), errors);
            return flow::emit::Jacobian::Wide(Box::new(wide), directions);
        }
    }
    flow::emit::Jacobian::Columns(Box::new(forward(program, wrt, columns, errors)))
}

/// Reports a value that is used where it is not certain to be defined: what no source should lead to.
fn verified(
    program: &flow::ir::Program,
    further: &[Option<flow::ir::ParamIs>],
    errors: &mut Errors,
) {
    if let Some((span, name)) = flow::verify::undefined(program, further) {
        errors.at(span, format!("`{name}` was lost on the way through the compiler: this is a bug in chainrule, please report it"));
    }
}
