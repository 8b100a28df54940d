//! The source of a crate of programs: the programs, the same in dual numbers, and their checks.

use super::program::Program;
use super::signature::{POINTS, Param, result_type};
use super::witness;
use std::fmt::Write;

/// A function that changes its argument, which all programs may call.
pub(super) const STIR: &str = "\
fn stir(v: &mut [f64], k: f64) -> f64 {
    let mut s = 0.1;
    for i in 0..v.len() {
        v[i] = (v[i] * k + s).sin();
        s += v[i] * v[0];
        if s > 1.2 {
            return s * k;
        }
    }
    s
}";

/// ndarray's `s!` does not pass where `unsafe` is forbidden.
const HEAD: &str = "\
#![allow(warnings)]
#![deny(unsafe_code)]
use chainrule::differentiate;
use chainrule::ndarray::*;
use chainrule::tensor::TensorExt;
use chainrule_tests::hunt::check::{Check, laid_out};
use chainrule_tests::{Fixed, Scalars};
use array_code::*;
use scalar_code::*;
";

const USES: &str = "\
use chainrule::differentiate;
use chainrule::ndarray::*;
use chainrule::tensor::TensorExt;";

/// The options under which a program is differentiated.
pub(super) fn options(program: &Program) -> String {
    let mut options = Vec::new();
    if program.params.iter().any(|param| param.fixed) {
        let active = program.params.iter().filter(|param| param.is_active());
        let names: Vec<&str> = active.map(|param| param.name.as_str()).collect();
        options.push(format!("wrt({})", names.join(", ")));
    }
    if is_taped(program) {
        options.push("tape".into());
    }
    let modes: &[&str] = match witness::is_scalar(&program.result) {
        _ if changes_arguments(program) => &["jvp"],
        true => &["pullback", "jvp", "hvp", "hessian"],
        false => &["pullback", "jvp", "jacobian"],
    };
    options.extend(modes.iter().map(|mode| (*mode).to_owned()));
    options.join(", ")
}

/// The tape differentiates what returns a float.
fn is_taped(program: &Program) -> bool {
    program.taped && witness::is_scalar(&program.result)
}

fn changes_arguments(program: &Program) -> bool {
    program.params.iter().any(Param::is_in_out)
}

/// The source of a crate.
pub(super) fn source(programs: &[Program]) -> String {
    let mut text = format!(
        "{HEAD}\n#[forbid(unsafe_code)]\nmod scalar_code {{\n{USES}\n#[differentiate]\n{STIR}\n"
    );
    let (arrays, scalars): (Vec<&Program>, Vec<&Program>) =
        programs.iter().partition(|program| program.kind.is_of_arrays());
    for program in scalars {
        let _ = writeln!(text, "#[differentiate({})]\npub {}", options(program), program.source);
    }
    let _ = writeln!(text, "}}\nmod array_code {{\n{USES}");
    for program in arrays {
        let _ = writeln!(text, "#[differentiate({})]\npub {}", options(program), program.source);
    }
    text.push_str("}\n");
    text.push_str(&witness::modules(programs, STIR));
    for program in programs {
        text.push_str(&check(program));
    }
    let checks: Vec<String> =
        programs.iter().map(|program| format!("check_{}", program.name)).collect();
    let _ = writeln!(
        text,
        "fn main() {{\n    chainrule_tests::hunt::run::report(&[{}]);\n}}",
        checks.join(", ")
    );
    text
}

/// `check_p`: the program `p` at all points.
fn check(program: &Program) -> String {
    let Program { name, params, .. } = program;
    let join =
        |of: &dyn Fn(&Param) -> String| params.iter().map(of).collect::<Vec<String>>().join(", ");
    let (patterns, arguments) = (join(&Param::pattern), join(&Param::argument));
    let patterns = format!("({patterns},)");
    let active: Vec<&Param> = params.iter().filter(|param| param.is_active()).collect();
    let in_out: Vec<&Param> = params.iter().filter(|param| param.is_in_out()).collect();
    // A direction has the parts of the point under other names.
    let tangents = join(&|param| match param.is_active() {
        true => format!("d_{}", param.name),
        false => "_".into(),
    });
    let tangents = format!("({tangents},)");
    let listed: Vec<String> = active.iter().map(|param| format!("d_{}", param.name)).collect();
    let all = format!("{arguments}, {}", listed.join(", "));
    let outputs: String = in_out.iter().map(|param| format!(", {}", param.name)).collect();
    let cotangents: String = in_out.iter().map(|param| format!(", ct_{}", param.name)).collect();
    let result = result_type(&program.result);
    let (plain, dual, result) = match in_out.is_empty() {
        true => (format!("{name}({arguments})"), format!("dual0::{name}({arguments})"), result),
        false => {
            let with = |call: String| format!("{{ let r = {call}; (r{outputs}) }}");
            let types: String =
                in_out.iter().map(|param| format!(", {}", param.owned_ty())).collect();
            (
                with(format!("{name}({arguments})")),
                with(format!("dual0::{name}({arguments})")),
                format!("({result}{types})"),
            )
        }
    };
    let points: Vec<String> = POINTS
        .iter()
        .map(|point| {
            let values: Vec<String> =
                params.iter().enumerate().map(|(k, param)| param.value(point, k)).collect();
            format!("        ({},),", values.join(", "))
        })
        .collect();
    let exact = !program.kind.is_of_arrays() && program.gradients.is_empty();
    let mut text = format!(
        "fn check_{name}() -> Vec<String> {{
    let points = [
{points}
    ];
    let mut all = Vec::new();
    for (k, at) in points.into_iter().enumerate() {{
        let plain = |{patterns}: ({types},)| -> {result} {{ {plain} }};
        let mut check = Check::new({name:?}, k, at, {exact}, plain, |{patterns}| {dual});
",
        points = points.join("\n"),
        types = join(&|param| match param.fixed {
            true => format!("Fixed<{}>", param.owned_ty()),
            false => param.owned_ty(),
        }),
    );
    let mut add = |line: String| {
        let _ = writeln!(text, "        check.{line};");
    };
    let widths = {
        let widths: Vec<String> =
            active.iter().map(|param| format!("{}.flat().len()", param.name)).collect();
        format!("|{}| vec![{}]", patterns, widths.join(", "))
    };
    if in_out.is_empty() {
        add(format!("vjp(plain, |{patterns}, ct| {name}::vjp({arguments}, ct))"));
        add(format!("jvp(|{patterns}, {tangents}| {name}::jvp({all}))"));
        add(format!(
            "pullback(plain, |{patterns}, cts| {{ let (value, back) = {name}::pullback({arguments}); (value, cts.into_iter().map(|ct| back(ct)).collect()) }})"
        ));
    } else {
        add(format!(
            "vjp(plain, |{patterns}, (ct{cotangents})| {{ let (r, g) = {name}::vjp({arguments}, ct{cotangents}); ((r{outputs}), g) }})"
        ));
        add(format!(
            "jvp(|{patterns}, {tangents}| {{ let (r, t{cotangents}) = {name}::jvp({all}); ((r{outputs}), (t{cotangents})) }})"
        ));
    }
    if witness::is_scalar(&program.result) && in_out.is_empty() {
        for (engine, runs) in [("value_and_grad", true), ("tape_value_and_grad", is_taped(program))]
        {
            if runs {
                add(format!("gradient({engine:?}, |{patterns}| {name}::{engine}({arguments}))"));
            }
        }
        add(format!("hvp(|{patterns}, {tangents}| {name}::hvp({all}))"));
        add(format!("hessian({widths}, |{patterns}| {name}::hessian({arguments}))"));
        let buffers: Vec<String> = active.iter().map(|param| format!("d_{}", param.name)).collect();
        let into = |function: &str| {
            format!(
                "|{patterns}, {tangents}| {name}::{function}({arguments}, {})",
                buffers.join(", ")
            )
        };
        add(format!(
            "into_buffers({}, {})",
            into("value_and_grad_into"),
            into("value_and_grad_add_into")
        ));
    } else if in_out.is_empty() {
        let heights = match program.result.as_slice() {
            [_] => format!("vec![{plain}.flat().len()]"),
            parts => {
                let parts: Vec<String> =
                    (0..parts.len()).map(|k| format!("r.{k}.flat().len()")).collect();
                format!("{{ let r = {plain}; vec![{}] }}", parts.join(", "))
            }
        };
        add(format!(
            "jacobian(|{patterns}| {heights}, {widths}, |{patterns}| {name}::jacobian({arguments}))"
        ));
    }
    text.push_str("        all.extend(check.complaints());\n    }\n    all\n}\n");
    text
}
