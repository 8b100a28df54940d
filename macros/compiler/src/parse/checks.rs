//! Reports options that a function cannot have, by its signature.

use super::{Derivative, Options, Param, Passing, Type, strip};
use crate::error::Errors;
use proc_macro2::{Ident, Span};

/// Reports what the tape cannot differentiate.
pub(super) fn check_tape(span: Span, params: &[Param], errors: &mut Errors) {
    let is_changed_view = |p: &&Param| {
        p.passing == Passing::Exclusive
            && p.ty.is_differentiable()
            && !matches!(strip(&p.written), syn::Type::Reference(_))
    };
    if params.iter().any(|p| is_changed_view(&p)) {
        errors.at(
            span,
            "`via = tape` changes arrays as a whole: take `&mut Array` instead of a view",
        );
    }
}

/// Reports what does not go with a rule by hand.
pub(super) fn check_rule(options: &Options, output: &Type, params: &[Param], errors: &mut Errors) {
    let in_place = params.iter().any(|p| p.wrt && p.passing == Passing::Exclusive);
    let (given, span) = (options.derivative.option(), options.derivative.span());
    if !options.derivative.is_given() {
        return;
    }
    if options.tape && options.derivative.is_by_tape() {
        errors.at(span, "with `via = tape` every derivative is by the tape: leave `tape` out");
    } else if options.tape {
        errors.at(span, format!("`{given}` and `tape` exclude each other: with a rule the body is not looked at; to test a rule, call `chainrule::check::check_rule`"));
    }
    if options.pullback.is_some() {
        errors.at(
            span,
            format!("`{given}` and `pullback` exclude each other: call `vjp` for each cotangent"),
        );
    }
    let value = match output {
        Type::Option(of) | Type::Result(of, _) => of,
        whole => whole,
    };
    if matches!(options.derivative, Derivative::Partials(_))
        && (in_place || !matches!(value, Type::Float(_)))
    {
        errors.at(span, "`partials` is for functions that return a float and change nothing in place: give `vjp = rule`");
    }
    let structs = params.iter().any(|p| p.wrt && !p.ty.structs().is_empty());
    let changes = params.iter().any(|p| p.passing == Passing::Exclusive);
    if matches!(options.derivative, Derivative::Jvp(_))
        && (changes || structs || !value.structs().is_empty())
    {
        errors.at(span, "a rule for `jvp` alone is for functions without structs that change nothing in place: give `vjp = rule` beside it");
    }
}

/// Why a function cannot have a `vjp_jvp`, with what to do instead.
pub(super) fn without_vjp_jvp(output: &Type, params: &[Param]) -> Option<&'static str> {
    if output.mentions_arrays() || params.iter().any(|p| p.ty.mentions_arrays()) {
        Some("functions of `ndarray` arrays are not: take slices, `&[f64]`, instead of arrays")
    } else if matches!(output, Type::Option(_) | Type::Result(..)) {
        Some("functions that return an `Option` or `Result` are not: return a plain value")
    } else {
        None
    }
}

/// Reports options of forward mode that a function cannot have.
pub(super) fn check_forward(
    options: &Options,
    output: &Type,
    params: &[Param],
    errors: &mut Errors,
) {
    if options.derivative.is_given() {
        let given = options.derivative.option();
        let structs = params.iter().any(|p| p.wrt && !p.ty.structs().is_empty());
        for option in options.forward() {
            let message = match (&options.derivative, option == "jvp") {
                (_, true) if options.jvp_rule.is_some() => continue,
                (Derivative::Partials(_), _)
                    if !structs && option != "jacobian" && option != "vjp_jvp" =>
                {
                    continue;
                }
                (Derivative::Partials(_), true) => "the option `jvp` of a function with `partials` is not supported yet for structs: give `vjp = rule` and `jvp = rule`".to_string(),
                (Derivative::Vjp(_), true) => "`vjp = rule` says nothing of forward mode: give it a rule, too, `jvp = rule`".to_string(),
                _ => format!("`{given}` and `{option}` exclude each other: the body is not looked at, and the derivative of a rule is not known; leave one of the two out"),
            };
            errors.at(option, message);
        }
        return;
    }
    let value = match output {
        Type::Option(of) | Type::Result(of, _) => of,
        whole => whole,
    };
    let in_place = |p: &&Param| p.wrt && p.passing == Passing::Exclusive;
    for option in options.second() {
        if !matches!(value, Type::Float(_)) {
            errors.at(option, format!("the option `{option}` needs a function that returns a float: a gradient is that of one number"));
        } else if params.iter().any(|p| in_place(&p)) {
            errors.at(option, format!("the option `{option}` needs parameters that the function does not change: take `&` instead of `&mut`"));
        }
    }
    if let (Some(option), Some(reason)) = (&options.vjp_jvp, without_vjp_jvp(output, params)) {
        errors.at(option, format!("the option `vjp_jvp` is for functions that are called by their derivatives, and {reason}"));
    }
    if let Some(option) = &options.hessian {
        check_blocks(option, params, errors);
        let rows = params.iter().filter(|p| p.wrt).map(|p| (format!("`{}`", p.name), &p.ty));
        if !options.is_sparse("hessian") {
            check_ranks(option, rows, params, "`hvp`", errors);
        }
    }
    if let Some(option) = &options.jacobian {
        if matches!(value, Type::Float(_)) {
            errors.at(option, "the option `jacobian` needs a function that returns several numbers: of one it is the gradient, call `grad`");
        } else if !value.structs().is_empty() {
            errors.at(option, "the option `jacobian` is not supported yet for results with structs: return their fields, or use `jvp` or `vjp` along each direction");
        } else if !value.is_differentiable() && *value != Type::Unit {
            errors.at(option, "the option `jacobian` needs a result that is made of floats");
        } else if params.iter().any(|p| in_place(&p)) {
            errors.at(option, "the option `jacobian` needs parameters that the function does not change: take `&` instead of `&mut`");
        }
        check_blocks(option, params, errors);
        let of_params = params.iter().filter(|p| p.wrt).flat_map(|p| p.ty.floats()).next();
        if of_params.is_some_and(|elem| value.floats().into_iter().any(|of| of != elem)) {
            errors.at(
                option,
                format!("the option `{option}` needs a result of the parameters' float type"),
            );
        }
        let rows = value.leaves().into_iter().map(|ty| ("the result".to_string(), ty));
        if !options.is_sparse("jacobian") {
            check_ranks(option, rows, params, "`jvp` or `vjp`", errors);
        }
    }
}

/// Reports blocks of a matrix of derivatives that would have more axes than arrays have.
fn check_ranks<'t>(
    option: &Ident,
    mut rows: impl Iterator<Item = (String, &'t Type)>,
    params: &[Param],
    instead: &str,
    errors: &mut Errors,
) {
    let rank = |ty: &Type| if let Type::Array(_, rank) = ty { *rank } else { 0 };
    let too_many = rows.find_map(|(row, ty)| {
        let of_column = |p: &&Param| p.wrt && rank(ty) > 0 && rank(ty) + rank(&p.ty) > MOST_AXES;
        Some((row, rank(ty), params.iter().find(of_column)?))
    });
    if let Some((row, axes, column)) = too_many {
        let (of, all) = (&column.name, axes + rank(&column.ty));
        errors.at(option, format!("the option `{option}` makes of {row} by `{of}` an array with the axes of both, {all} of them, and {MOST_AXES} are the most: use {instead} along the directions that are needed"));
    }
}

/// So many axes an array has at most.
const MOST_AXES: usize = 6;

/// Reports parameters by which there are no matrices of derivatives.
fn check_blocks(option: &Ident, params: &[Param], errors: &mut Errors) {
    let mut floats = Vec::new();
    for param in params {
        let (name, wrt) = (&param.name, param.wrt);
        if !wrt && param.passing == Passing::Exclusive {
            errors.at(option, format!("the option `{option}` runs the function several times, and it changes `{name}`: take `&` instead of `&mut`"));
        }
        if wrt && !param.ty.structs().is_empty() {
            errors.at(option, format!("the option `{option}` is not supported yet for structs, and `{name}` is one: take its fields as parameters, or use `jvp` or `hvp` along each direction"));
        }
        floats.extend(wrt.then(|| param.ty.floats()).into_iter().flatten());
    }
    if floats.iter().any(|elem| *elem != floats[0]) {
        errors.at(option, format!("the option `{option}` needs parameters of one float type"));
    }
}
