//! Shows how a derivative comes about: the source, the program after each pass, its loops, and the
//! Rust that `#[differentiate]` hands to the compiler.
//!
//! ```text
//! cargo run --example derivation
//! cargo run --example derivation -- FILE.rs
//! ```
//!
//! FILE holds one function under `#[differentiate(..)]` and, above it, those it calls. A mistake in
//! it is a line that names the file and the line, and the exit code 2.

mod source;

use chainrule_compiler::capsule::Callees;
use chainrule_compiler::driver::{Compiled, compile};
use chainrule_compiler::emit::emit;
use chainrule_compiler::error::Errors;
use proc_macro2::TokenStream;
use source::{located, read};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use syn::{Expr, ExprBlock, Item, ItemConst, Stmt};

/// Scalar code: a population in a year's steps, which crashes beyond what the land feeds.
const SCALAR: &str = "\
#[differentiate]
fn population(start: f64, growth: f64, years: usize) -> f64 {
    let mut p = start;
    for _ in 0..years {
        p = if p > 1.0 { 0.5 * p } else { p + growth * p * (1.0 - p) };
    }
    p
}
";

/// Three functions that become one: a model, a loss, an objective.
const LOSS: &str = "\
#[differentiate]
fn linear_regression(x: &Array2<f32>, w: &Array1<f32>, b: f32) -> Array1<f32> {
    x.dot(w) + b
}

#[differentiate]
fn mean_squared_error(y_pred: &Array1<f32>, y_true: &Array1<f32>) -> f32 {
    (y_pred - y_true).mapv(|e| e * e).mean().unwrap()
}

#[differentiate(wrt(w, b))]
fn loss(x: &Array2<f32>, y: &Array1<f32>, w: &Array1<f32>, b: f32) -> f32 {
    mean_squared_error(&linear_regression(x, w, b), y)
}
";

fn main() -> ExitCode {
    match run() {
        Ok(text) => {
            // Whoever closed the output (`| head`) has seen enough.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(messages) => {
            for message in messages {
                let _ = writeln!(io::stderr(), "error: {}", message.replace(char::is_control, " "));
            }
            ExitCode::from(2)
        }
    }
}

/// What is to be printed, or the error messages.
fn run() -> Result<String, Vec<String>> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [] => Ok(show("scalar example", SCALAR)? + "\n\n" + &show("array example", LOSS)?),
        [path] => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path);
            show(&name, &text.map_err(|error| vec![format!("{name}: cannot be read: {error}")])?)
        }
        [_, extra, ..] => {
            let extra = extra.display();
            Err(vec![format!("unexpected argument `{extra}`: give one file, or none")])
        }
    }
}

/// Every stage of the last function in a source text, or its mistakes.
fn show(name: &str, text: &str) -> Result<String, Vec<String>> {
    let shown = read(text).and_then(|assembly| {
        let (mut errors, callees) = (Errors::new(), assembly.callees());
        let compiled = compile(&callees, &mut errors);
        compiled.map(|compiled| stages(text, &compiled, &callees)).ok_or_else(|| located(errors))
    });
    let message = |(line, message): (usize, String)| format!("{name}, line {line}: {message}");
    shown.map_err(|mistakes| mistakes.into_iter().map(message).collect())
}

fn stages(text: &str, compiled: &Compiled<'_>, callees: &Callees) -> String {
    let mut stages = vec![("source".to_owned(), text.to_owned())];
    let mut stage = |title: &str, text: String| stages.push((title.to_owned(), text));
    match compiled {
        Compiled::Scalars(of) => {
            stage("lowered: one program, what it calls inlined", of.lowered.to_string());
            stage("with its reverse sweep", of.programs.adjoint.program.to_string());
        }
        Compiled::Given(_) => {}
        Compiled::Tensors(of) => {
            let (version, what) = match &of.gradient {
                Some(version) => (version, "value and gradient"),
                None => (&of.pullback, "value and vector-Jacobian product"),
            };
            stage("lowered: one program, what it calls inlined", of.lowered.to_string());
            stage("simplified", of.primal.to_string());
            stage(&format!("differentiated: {what}"), version.reverse.to_string());
            stage("simplified", version.simplified.to_string());
            stage("factors pulled out of sums, so that one pass does", version.program.to_string());
            stage("planned: its loops", version.nest.show(&version.program));
        }
    }
    stage("explained: DERIVATION", compiled.derivation().to_owned());
    stage("emitted: the Rust beside the function", formatted(emit(compiled, callees)));
    let section =
        |(title, text): &(String, String)| format!("── {title} ──\n\n{}\n", text.trim_end());
    stages.iter().map(section).collect::<Vec<_>>().join("\n")
}

/// Emitted items as a person would write them.
fn formatted(rust: TokenStream) -> String {
    let Ok(mut file) = syn::parse2::<syn::File>(rust.clone()) else {
        return rust.to_string();
    };
    // The implementations of the runtime's traits stand in a macro that passes them on where there
    // is a runtime; the formatter leaves what a macro holds as it is.
    for item in &mut file.items {
        if let Item::Const(ItemConst { expr, .. }) = item
            && let Expr::Block(ExprBlock { block, .. }) = expr.as_mut()
            && let [Stmt::Macro(passed_on)] = block.stmts.as_slice()
            && let Ok(passed_on) = passed_on.mac.parse_body::<syn::File>()
        {
            block.stmts = passed_on.items.into_iter().map(Stmt::Item).collect();
        }
    }
    prettyplease::unparse(&file)
}
