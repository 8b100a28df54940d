//! The source of a crate of programs: the programs, the same in dual numbers, and their checks.

use super::program::Program;
use super::signature::{POINTS, Param, Takes, result_type};
use super::witness;
use std::collections::BTreeSet;
use std::fmt::Write;

/// What all programs may use: functions that change their arguments, and a struct. They are
/// inlined: what names a struct, and a method, is called by its `vjp` and has first derivatives only.
pub(super) const COMMON: &str = "\
#[differentiate]
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
}

#[derive(Clone, Debug, PartialEq, Differentiable)]
pub struct Body {
    pub at: f64,
    pub speed: [f64; 2],
    pub trail: Vec<f64>,
}

#[differentiate]
fn energy(body: &Body, k: f64) -> f64 {
    let of_trail = body.trail.iter().map(|t| (t * body.at).sin()).sum::<f64>();
    (body.speed[0] * body.speed[1] - k * body.at).tanh() + of_trail * 0.3
}

#[differentiate]
fn drift(body: &mut Body, k: f64) -> f64 {
    let before = body.at;
    body.at = (body.at + body.speed[0] * k).sin();
    if body.at > before {
        body.speed.swap(0, 1);
    }
    for t in body.trail.iter_mut() {
        *t = (*t * before).cos();
    }
    body.speed[1] *= 0.8;
    body.at - before
}

#[differentiate]
fn between(one: &Body, other: &Body) -> f64 {
    one.at * other.speed[1] + (one.speed[0] - other.at).max(0.1) + one.trail[0] * other.trail[0]
}";

/// What stands above all modules of a crate. ndarray's `s!` does not pass where `unsafe` is
/// forbidden.
pub(super) const ATTRIBUTES: &str = "#![allow(warnings)]\n#![deny(unsafe_code)]\n";

const HEAD: &str = "\
use chainrule::differentiate;
use chainrule::ndarray::*;
use chainrule::tensor::TensorExt;
use chainrule_tests::hunt::check::{Check, Witness, laid_out};
use chainrule_tests::hunt::complaint::Complaint;
use chainrule_tests::{Fixed, Scalars};
";

const USES: &str = "\
use chainrule::{Differentiable, differentiate};
use chainrule::ndarray::*;
use chainrule::tensor::TensorExt;";

/// What a struct is compared by.
const SCALARS: &str =
    "chainrule_tests::scalars!(Body { at: f64, speed: [f64; 2], trail: Vec<f64> });\n";

/// Which derivatives of a program are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Modes {
    /// Gradients: every function of the macro's reverse mode, and the tape.
    Reverse,
    /// Forward mode, second derivatives and Jacobians too.
    Every,
}

/// How a program is checked.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) modes: Modes,
    /// One function alone.
    pub(super) engine: Option<String>,
    /// One point alone.
    pub(super) point: Option<usize>,
    /// What is known already, in place of dual numbers, as source text.
    pub(super) known: Option<String>,
}

impl Plan {
    /// All of these modes.
    pub(super) fn of(modes: Modes) -> Plan {
        Plan { modes, engine: None, point: None, known: None }
    }

    /// The functions that are compared.
    fn engines(&self, program: &Program) -> Vec<&'static str> {
        let scalar = witness::is_scalar(&program.result);
        let every = self.modes == Modes::Every;
        // A matrix is not taken by structs.
        let blocks =
            every && !program.params.iter().any(|of| of.is_active() && of.takes == Takes::Body);
        let all = [
            ("vjp", true),
            ("pullback", !changes_arguments(program)),
            ("value_and_grad", is_gradient(program)),
            ("tape_value_and_grad", is_taped(program)),
            ("value_and_grad_into", is_gradient(program)),
            ("jvp", every),
            ("hvp", every && is_gradient(program)),
            ("hessian", blocks && is_gradient(program)),
            ("jacobian", blocks && !scalar && !changes_arguments(program)),
        ];
        let all = all.into_iter().filter(|(_, runs)| *runs).map(|(name, _)| name);
        match &self.engine {
            None => all.collect(),
            Some(one) => {
                let only: Vec<&str> =
                    all.clone().filter(|name| name == one || *one == add_into(name)).collect();
                if only.is_empty() { all.collect() } else { only }
            }
        }
    }

    /// The options under which a program is differentiated.
    pub(super) fn options(&self, program: &Program) -> String {
        let mut options = Vec::new();
        if program.params.iter().any(|param| param.fixed) {
            let active = program.params.iter().filter(|param| param.is_active());
            let names: Vec<&str> = active.map(|param| param.name.as_str()).collect();
            options.push(format!("wrt({})", names.join(", ")));
        }
        for engine in self.engines(program) {
            match engine {
                "tape_value_and_grad" => options.push("tape".into()),
                "pullback" | "jvp" | "hvp" | "hessian" | "jacobian" => options.push(engine.into()),
                _ => {}
            }
        }
        options.join(", ")
    }
}

/// The function that adds to buffers, beside the one that overwrites them.
fn add_into(engine: &str) -> &str {
    if engine == "value_and_grad_into" { "value_and_grad_add_into" } else { "" }
}

fn is_gradient(program: &Program) -> bool {
    witness::is_scalar(&program.result) && !changes_arguments(program)
}

/// The tape differentiates what returns a float.
fn is_taped(program: &Program) -> bool {
    program.taped && is_gradient(program)
}

fn changes_arguments(program: &Program) -> bool {
    program.params.iter().any(Param::is_in_out)
}

/// What programs need of what they have in common: all or nothing.
fn common<'a>(programs: impl Iterator<Item = &'a Program>) -> &'static str {
    let mut sources = programs.map(|program| program.source.as_str());
    let is_used = sources.any(|source| source.contains("stir(") || source.contains("Body"));
    if is_used { COMMON } else { "" }
}

/// The programs themselves, in a module for each kind.
fn modules(programs: &[(Program, Plan)]) -> String {
    let (arrays, scalars): (Vec<_>, Vec<_>) =
        programs.iter().partition(|(program, _)| program.kind.is_of_arrays());
    let written = |(program, plan): &(Program, Plan)| {
        format!("#[differentiate({})]\npub {}\n", plan.options(program), program.source)
    };
    let mut text = String::new();
    for (name, attribute, programs) in
        [("scalar_code", "#[forbid(unsafe_code)]\n", scalars), ("array_code", "", arrays)]
    {
        if programs.is_empty() {
            continue;
        }
        let common = common(programs.iter().map(|(program, _)| program));
        let _ = writeln!(text, "use {name}::*;\n{attribute}mod {name} {{\n{USES}\n{common}");
        text.extend(programs.into_iter().map(written));
        text.push_str("}\n");
    }
    if programs.iter().any(|(program, _)| witness::has_body(program)) {
        text.push_str(SCALARS);
    }
    text
}

/// The source of a crate, without [`ATTRIBUTES`]; of the programs outside of `checked` others only
/// need the definition.
pub(super) fn source(programs: &[(Program, Plan)], checked: &dyn Fn(&Program) -> bool) -> String {
    let mut text = format!("{HEAD}\n{}", modules(programs));
    let checked: Vec<&(Program, Plan)> =
        programs.iter().filter(|(program, _)| checked(program)).collect();
    let all: Vec<Program> = programs.iter().map(|(program, _)| program.clone()).collect();
    for modes in [Modes::Reverse, Modes::Every] {
        let needed = checked.iter().filter(|(_, plan)| plan.modes == modes && plan.known.is_none());
        let needed: BTreeSet<String> = needed.map(|(program, _)| program.name.clone()).collect();
        text.push_str(&witness::modules(&all, needed, COMMON, modes));
    }
    for (program, plan) in &checked {
        text.push_str(&check(program, plan));
    }
    let checks: Vec<String> = checked.iter().map(|(p, _)| format!("check_{}", p.name)).collect();
    let _ = writeln!(
        text,
        "fn main() {{\n    chainrule_tests::hunt::run::report(&[{}]);\n}}",
        checks.join(", ")
    );
    text
}

/// The programs alone, annotated or not.
pub(super) fn plain_source(programs: &[Program], annotated: bool) -> String {
    let mut text = format!("{USES}\n");
    let attribute = if annotated { "#[differentiate]\n" } else { "" };
    text.push_str(common(programs.iter()));
    for program in programs {
        let _ = writeln!(text, "\n{attribute}{}", program.source);
    }
    text.push_str("fn main() {}\n");
    text
}

/// A test of one program, the last, against what is known of it.
pub(super) fn test_source(name: &str, what: &str, programs: &[(Program, Plan)]) -> String {
    let checked = programs.last().map(|(program, plan)| check(program, plan));
    format!(
        "/// {what}\nmod {name} {{\n{HEAD}\n{}{}#[test]\nfn is_right() {{\n    assert_eq!(check_{name}(), []);\n}}\n}}\n",
        modules(programs),
        checked.unwrap_or_default()
    )
}

/// `check_p`: the program `p` at all points.
fn check(program: &Program, plan: &Plan) -> String {
    let Program { name, params, .. } = program;
    let join =
        |of: &dyn Fn(&Param) -> String| params.iter().map(of).collect::<Vec<String>>().join(", ");
    let (patterns, arguments) = (join(&Param::pattern), join(&Param::argument));
    let patterns = format!("({patterns},)");
    let outputs: String = outputs(program, "").concat();
    let result = result_type(&program.result);
    let dual = witness::module(plan.modes, 0);
    let (plain, dual, result) = match changes_arguments(program) {
        false => (format!("{name}({arguments})"), format!("{dual}::{name}({arguments})"), result),
        true => {
            let with = |call: String| format!("{{ let r = {call}; (r{outputs}) }}");
            let types: String = (params.iter().filter(|param| param.is_in_out()))
                .map(|param| format!(", {}", param.owned_ty()))
                .collect();
            (
                with(format!("{name}({arguments})")),
                with(format!("{dual}::{name}({arguments})")),
                format!("({result}{types})"),
            )
        }
    };
    let points: Vec<String> = POINTS
        .iter()
        .enumerate()
        .filter(|(k, _)| plan.point.is_none_or(|only| only == *k))
        .map(|(number, point)| {
            let values: Vec<String> =
                params.iter().enumerate().map(|(k, param)| param.value(point, k)).collect();
            format!("        ({number}, ({},)),", values.join(", "))
        })
        .collect();
    let exact = !program.kind.is_of_arrays() && program.gradients.is_empty();
    let number = witness::number(plan.modes);
    let made = match &plan.known {
        None => format!(
            "Check::new::<chainrule_tests::dual::{number}, _, _>({name:?}, k, at, {exact}, plain, |{patterns}| {dual})"
        ),
        Some(known) => format!(
            "{{ let value = plain(at.clone()).flat(); Check::known({name:?}, k, at, {exact}, value, {known}) }}"
        ),
    };
    let mut text = format!(
        "fn check_{name}() -> Vec<Complaint> {{
    let points = [
{points}
    ];
    let mut all = Vec::new();
    for (k, at) in points.into_iter() {{
        let plain = |{patterns}: ({types},)| -> {result} {{ {plain} }};
        let mut check = {made};
",
        points = points.join("\n"),
        types = join(&|param| match param.fixed {
            true => format!("Fixed<{}>", param.owned_ty()),
            false => param.owned_ty(),
        }),
    );
    for engine in plan.engines(program) {
        let _ = writeln!(text, "        check.{};", line(program, engine, &plain));
    }
    if plan.engine.is_some() && plan.known.is_none() {
        text.push_str("        all.push(check.told());\n");
    }
    text.push_str("        all.extend(check.complaints());\n    }\n    all\n}\n");
    text
}

/// The parameters that are changed, under these names.
fn outputs(program: &Program, prefix: &str) -> Vec<String> {
    let of = program.params.iter().filter(|param| param.is_in_out());
    of.map(|param| format!(", {prefix}{}", param.name)).collect()
}

/// The call that compares one function.
fn line(program: &Program, engine: &str, plain: &str) -> String {
    let Program { name, params, .. } = program;
    let join =
        |of: &dyn Fn(&Param) -> String| params.iter().map(of).collect::<Vec<String>>().join(", ");
    let (patterns, arguments) = (join(&Param::pattern), join(&Param::argument));
    let patterns = format!("({patterns},)");
    // A direction has the parts of the point under other names.
    let tangents = join(&|param| match param.is_active() {
        true => format!("d_{}", param.name),
        false => "_".into(),
    });
    let tangents = format!("({tangents},)");
    let active: Vec<&Param> = params.iter().filter(|param| param.is_active()).collect();
    let listed: Vec<String> = active.iter().map(|param| format!("d_{}", param.name)).collect();
    let listed = listed.join(", ");
    let all = format!("{arguments}, {listed}");
    let (outputs, cotangents) = (outputs(program, "").concat(), outputs(program, "ct_").concat());
    let widths: Vec<String> =
        active.iter().map(|param| format!("{}.flat().len()", param.name)).collect();
    let widths = format!("|{patterns}| vec![{}]", widths.join(", "));
    match engine {
        "vjp" if changes_arguments(program) => format!(
            "vjp(plain, |{patterns}, (ct{cotangents})| {{ let (r, g) = {name}::vjp({arguments}, ct{cotangents}); ((r{outputs}), g) }})"
        ),
        "vjp" => format!("vjp(plain, |{patterns}, ct| {name}::vjp({arguments}, ct))"),
        "jvp" if changes_arguments(program) => format!(
            "jvp(|{patterns}, {tangents}| {{ let (r, t{cotangents}) = {name}::jvp({all}); ((r{outputs}), (t{cotangents})) }})"
        ),
        "jvp" => format!("jvp(|{patterns}, {tangents}| {name}::jvp({all}))"),
        "pullback" => format!(
            "pullback(plain, |{patterns}, cts| {{ let (value, back) = {name}::pullback({arguments}); (value, cts.into_iter().map(|ct| back(ct)).collect()) }})"
        ),
        "hvp" => format!("hvp(|{patterns}, {tangents}| {name}::hvp({all}))"),
        "hessian" => format!("hessian({widths}, |{patterns}| {name}::hessian({arguments}))"),
        "value_and_grad_into" => {
            let into = |function: &str| {
                format!("|{patterns}, {tangents}| {name}::{function}({arguments}, {listed})")
            };
            let (set, add) = (into("value_and_grad_into"), into("value_and_grad_add_into"));
            format!("into_buffers({set}, {add})")
        }
        "jacobian" => {
            let heights = match program.result.as_slice() {
                [_] => format!("vec![{plain}.flat().len()]"),
                parts => {
                    let parts: Vec<String> =
                        (0..parts.len()).map(|k| format!("r.{k}.flat().len()")).collect();
                    format!("{{ let r = {plain}; vec![{}] }}", parts.join(", "))
                }
            };
            format!(
                "jacobian(|{patterns}| {heights}, {widths}, |{patterns}| {name}::jacobian({arguments}))"
            )
        }
        _ => format!("gradient({engine:?}, |{patterns}| {name}::{engine}({arguments}))"),
    }
}
