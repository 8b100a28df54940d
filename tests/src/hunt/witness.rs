//! Programs in dual numbers: the same source with another type of number.

use super::emit::Modes;
use super::program::Program;
use super::signature::{Gives, Param, Takes};
use quote::ToTokens;
use std::collections::BTreeSet;
use std::fmt::Write;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};

/// How many derivatives are nested: of gradients in gradients, two more for the second derivative.
const LEVELS: usize = 4;

/// The module of programs in numbers of a level: at 0 those that are compared.
pub(super) fn module(modes: Modes, level: usize) -> String {
    match modes {
        Modes::Reverse => format!("first{level}"),
        Modes::Every => format!("second{level}"),
    }
}

/// The numbers of level 0.
pub(super) fn number(modes: Modes) -> &'static str {
    match modes {
        Modes::Reverse => "First",
        Modes::Every => "Second",
    }
}

/// Modules of programs in dual numbers: in each those that are needed there, at first `needed`.
pub(super) fn modules(
    programs: &[Program],
    mut needed: BTreeSet<String>,
    common: &str,
    modes: Modes,
) -> String {
    let (mut text, mut lifts) = (String::new(), String::new());
    let mut number = number(modes).to_owned();
    for level in 0..LEVELS {
        let here: Vec<&Program> = with_callees(programs, &needed);
        if here.is_empty() {
            break;
        }
        let _ = writeln!(
            text,
            "mod {} {{\n{USES}\npub type F = {number};\n{}",
            module(modes, level),
            in_dual_numbers(common)
        );
        if level == 0 && here.iter().any(|program| has_body(program)) {
            let _ = writeln!(
                lifts,
                "chainrule_tests::lifts!(Body => {}::Body, chainrule_tests::dual::{number} {{ at, speed, trail }});",
                module(modes, level)
            );
        }
        needed = here.iter().flat_map(|program| program.gradients.clone()).collect();
        for program in &here {
            let _ = writeln!(text, "{}", in_dual_numbers(&program.source));
        }
        for program in programs.iter().filter(|program| needed.contains(&program.name)) {
            let _ = writeln!(text, "{}", gradient(program, &module(modes, level + 1)));
        }
        text.push_str("}\n");
        number = format!("Dual<{number}>");
    }
    text + &lifts
}

/// Whether a program takes a struct.
pub(super) fn has_body(program: &Program) -> bool {
    program.params.iter().any(|param| param.takes == Takes::Body)
}

/// What programs in dual numbers name.
const USES: &str = "use chainrule::ndarray::*;\nuse chainrule_tests::dual::{Dual, First, Float, Model, Second, gradient_and_value};\nuse chainrule_tests::Fixed;";

fn with_callees<'a>(programs: &'a [Program], needed: &BTreeSet<String>) -> Vec<&'a Program> {
    let mut all = needed.clone();
    // Callees stand before their callers.
    for program in programs.iter().rev() {
        if all.contains(&program.name) {
            all.extend(program.calls.iter().cloned());
        }
    }
    programs.iter().filter(|program| all.contains(&program.name)).collect()
}

/// Functions `p_grad` and `p_value_and_grad` beside a program `p`, by dual numbers of the next level.
fn gradient(program: &Program, next: &str) -> String {
    let Program { name, params, .. } = program;
    let listed: Vec<String> =
        params.iter().map(|param| format!("{}: {}", param.name, param.ty())).collect();
    let join =
        |f: &dyn Fn(&Param) -> String| params.iter().map(f).collect::<Vec<String>>().join(", ");
    let owned = join(&|param| match param.fixed {
        true => format!("Fixed({})", param.owned()),
        false => param.owned(),
    });
    let patterns = join(&|param| param.pattern());
    let arguments = join(&|param| param.argument());
    let active: Vec<&Param> = params.iter().filter(|param| param.is_active()).collect();
    let only = |of: &dyn Fn(&Param) -> String| {
        let parts: Vec<String> = active.iter().map(|param| of(param)).collect();
        match parts.as_slice() {
            [one] => one.clone(),
            _ => format!("({})", parts.join(", ")),
        }
    };
    let ty = only(&Param::owned_ty);
    let parts = only(&|param| param.name.clone());
    let text = format!(
        "pub fn {name}_value_and_grad({listed}) -> (f64, {ty}) {{
            let (value, ({patterns},)) =
                gradient_and_value(&({owned},), |({patterns},)| super::{next}::{name}({arguments}));
            (value, {parts})
        }}
        pub fn {name}_grad({listed}) -> {ty} {{
            {name}_value_and_grad({names}).1
        }}",
        listed = listed.join(", "),
        names = join(&|param| param.name.clone()),
    );
    in_dual_numbers(&text)
}

/// The same items with `F` for `f64`, public.
fn in_dual_numbers(source: &str) -> String {
    let Ok(mut file) = syn::parse_file(source) else { return source.to_owned() };
    Rewriter.visit_file_mut(&mut file);
    file.into_token_stream().to_string()
}

struct Rewriter;

impl Rewriter {
    fn replace(expr: &mut syn::Expr, with: impl ToTokens) {
        let (tokens, old) = (with.to_token_stream(), expr.clone());
        *expr = syn::parse2(tokens).unwrap_or(old);
    }
}

impl VisitMut for Rewriter {
    fn visit_item_struct_mut(&mut self, item: &mut syn::ItemStruct) {
        item.attrs = vec![syn::parse_quote!(#[derive(Clone)])];
        item.vis = syn::parse_quote!(pub);
        visit_mut::visit_item_struct_mut(self, item);
    }

    fn visit_item_fn_mut(&mut self, item: &mut syn::ItemFn) {
        item.attrs.clear();
        item.vis = syn::parse_quote!(pub);
        visit_mut::visit_item_fn_mut(self, item);
    }

    fn visit_ident_mut(&mut self, ident: &mut syn::Ident) {
        if *ident == "f64" {
            *ident = syn::Ident::new("F", ident.span());
        }
    }

    fn visit_expr_mut(&mut self, expr: &mut syn::Expr) {
        match expr {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Float(number), .. }) => {
                let number: f64 = number.base10_parse().unwrap_or(f64::NAN);
                Self::replace(expr, quote::quote!(F::constant(#number)));
            }
            syn::Expr::Cast(cast) => {
                // Casts are of integers, in which there is no float.
                let from = &cast.expr;
                let tokens = quote::quote!(F::constant((#from) as f64));
                Self::replace(expr, tokens);
            }
            syn::Expr::Macro(call) => {
                self.visit_macro_mut(&mut call.mac);
            }
            syn::Expr::Path(path) if path.path.segments.len() == 2 => {
                // A program's gradient.
                let (of, what) = (&path.path.segments[0].ident, &path.path.segments[1].ident);
                if *what == "grad" || *what == "value_and_grad" {
                    let name = quote::format_ident!("{of}_{what}");
                    Self::replace(expr, name);
                } else {
                    visit_mut::visit_expr_mut(self, expr);
                }
            }
            syn::Expr::Binary(binary) if is_assignment(&binary.op) => {
                // Of floats the right side comes first, of other numbers the left one.
                visit_mut::visit_expr_binary_mut(self, binary);
                let (left, op, right) = (&binary.left, &binary.op, &binary.right);
                let tokens = quote::quote!({ let right = #right; #left #op right });
                Self::replace(expr, tokens);
            }
            _ => {
                if let syn::Expr::ForLoop(inside) = expr {
                    inside.attrs.clear();
                }
                visit_mut::visit_expr_mut(self, expr);
            }
        }
    }

    /// `vec![..]` and the like hold expressions, `s![..]` does not.
    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        if mac.path.is_ident("s") {
            return;
        }
        let parser = Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        if let Ok(mut parts) = mac.parse_body_with(parser) {
            parts.iter_mut().for_each(|part| self.visit_expr_mut(part));
            mac.tokens = parts.into_token_stream();
            return;
        }
        let repeated = |input: syn::parse::ParseStream<'_>| {
            let element: syn::Expr = input.parse()?;
            input.parse::<syn::Token![;]>()?;
            Ok((element, input.parse::<syn::Expr>()?))
        };
        if let Ok((mut element, count)) = mac.parse_body_with(repeated) {
            self.visit_expr_mut(&mut element);
            mac.tokens = quote::quote!(#element; #count);
        }
    }
}

fn is_assignment(op: &syn::BinOp) -> bool {
    use syn::BinOp::{AddAssign, DivAssign, MulAssign, SubAssign};
    matches!(op, AddAssign(_) | SubAssign(_) | MulAssign(_) | DivAssign(_))
}

/// Whether a result is one float.
pub(super) fn is_scalar(result: &[Gives]) -> bool {
    result == [Gives::Float]
}
