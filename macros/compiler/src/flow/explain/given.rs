//! `DERIVATION` of a function whose derivative is a rule by hand, or taken by the tape.

use super::bar;
use crate::parse::{Derivative, Function, Passing};
use quote::ToTokens;
use std::fmt::Write;

/// What is known: which rule is called, and with what.
pub fn given(function: &Function) -> String {
    let params: Vec<String> = function.params.iter().map(|p| p.name.to_string()).collect();
    let params = params.join(", ");
    let wrt: Vec<String> = function.wrt().map(|p| p.name.to_string()).collect();
    let (y, name) = (free(&wrt, "y"), function.name());
    let bars = listed(wrt.iter().map(|name| bar(name)).collect());
    let mut out = String::new();
    let _ = writeln!(out, "{name}({params}) = {y}");
    if function.options.derivative.is_by_tape() {
        let _ = writeln!(out, "{bars} by the run-time tape\n\nstores every operation");
        return out;
    }
    let _ = writeln!(out, "its derivative is a rule by hand:");
    let rule = function.options.derivative.rule().map(|path| path.to_token_stream().to_string());
    let rule = rule.unwrap_or_default().replace(' ', "");
    match &function.options.derivative {
        Derivative::Partials(_) => {
            let partials = wrt.iter().map(|name| format!("∂{y}/∂{name}"));
            let partials = listed(partials.collect());
            let _ = writeln!(out, "  ({y}, {partials}) = {rule}({params})");
            for name in &wrt {
                let _ = writeln!(out, "  {} = {}·∂{y}/∂{name}", bar(name), bar(&y));
            }
        }
        Derivative::Jvp(_) => {
            let _ = writeln!(out, "  {bars} by that, one direction after the other");
        }
        _ => {
            let exclusive = function.wrt().filter(|p| p.passing == Passing::Exclusive);
            let cotangents: Vec<String> = std::iter::once(bar(&y))
                .chain(exclusive.map(|p| bar(&p.name.to_string())))
                .collect();
            let cotangents = cotangents.join(", ");
            let _ = writeln!(out, "  ({y}, {bars}) = {rule}({params}; {cotangents})");
        }
    }
    if let Some(path) = &function.options.jvp_rule {
        let rule = path.to_token_stream().to_string().replace(' ', "");
        let dots: Vec<String> = wrt.iter().map(|name| dot(name)).collect();
        let exclusive = function.wrt().filter(|p| p.passing == Passing::Exclusive);
        let results = std::iter::once(dot(&y)).chain(exclusive.map(|p| dot(&p.name.to_string())));
        let results = results.collect::<Vec<_>>().join(", ");
        let _ = writeln!(out, "  ({y}, {results}) = {rule}({params}; {})", dots.join(", "));
    }
    let _ = writeln!(out, "\nstores what {rule} stores");
    out
}

/// The tangent of a name.
fn dot(name: &str) -> String {
    format!("{name}\u{307}")
}

/// One as it is, several as a tuple.
fn listed(parts: Vec<String>) -> String {
    match &parts[..] {
        [one] => one.clone(),
        parts => format!("({})", parts.join(", ")),
    }
}

/// A name for the result that no parameter has.
fn free(taken: &[String], name: &str) -> String {
    let mut name = name.to_string();
    while taken.contains(&name) {
        name.push('\'');
    }
    name
}
