//! The driver: every stage, in order, on one screen.

use crate::capsule::{self, Assembly, Callees};
use crate::differentiate::{Seed, check_active, differentiate as reverse};
use crate::emit;
use crate::error::Errors;
use crate::explain::explain;
use crate::ir::{Program, ValueId};
use crate::lower::{Broadcasting, lower};
use crate::nest::{Nest, plan};
use crate::one_pass::one_pass;
use crate::parse::{Function, Options, Type, parse_function};
use crate::simplify::simplify;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};

/// One version of a derivative: what it computes, and in which loops.
pub struct Version {
    /// The program with its reverse sweep, as differentiated.
    pub reverse: Program,
    /// The same, simplified.
    pub simplified: Program,
    /// The same, with factors pulled out of sums: what is emitted.
    pub program: Program,
    /// Its loops.
    pub nest: Nest,
}

/// A function with its derivatives.
pub struct Compiled<'f> {
    /// The function.
    pub function: &'f Function,
    /// The function itself, as lowered, with its callees inlined.
    pub lowered: Program,
    /// The function itself, simplified.
    pub primal: Program,
    /// Value and gradient, where the result is a float.
    pub gradient: Option<Version>,
    /// Value and vector-Jacobian product.
    pub pullback: Version,
    /// The same for shapes that broadcast while the program runs, where there can be such.
    pub general: Option<Version>,
    /// The equations as text.
    pub derivation: String,
}

/// Runs the compiler on a function and what it calls.
pub fn compile<'f>(callees: &'f Callees, errors: &mut Errors) -> Option<Compiled<'f>> {
    let function = callees.function(callees.root())?;
    let lowered = lower(callees, Broadcasting::Assumed, errors)?;
    let primal = simplify(&lowered);
    let wrt = differentiated(function, &primal);
    check_active(&primal, &wrt, errors);
    if errors.any() {
        return None;
    }
    let version = |primal: &Program, seed: Seed| {
        let reverse = reverse(primal, &wrt, seed);
        let simplified = simplify(&reverse);
        let program = simplify(&one_pass(&simplified));
        let nest = plan(&program);
        Version { reverse, simplified, program, nest }
    };
    let gradient = function.is_scalar().then(|| version(&primal, Seed::One));
    let pullback = version(&primal, Seed::Parameter);
    let general = match primal.assumed.is_empty() {
        true => None,
        false => {
            let primal = simplify(&lower(callees, Broadcasting::AtRunTime, errors)?);
            Some(version(&primal, Seed::Parameter))
        }
    };
    let derivation = explain(gradient.as_ref().unwrap_or(&pullback));
    Some(Compiled { function, lowered, primal, gradient, pullback, general, derivation })
}

/// The values of the differentiated parameters.
fn differentiated(function: &Function, program: &Program) -> Vec<ValueId> {
    let leaves = function.params.iter().flat_map(|p| {
        let leaves = p.ty.leaves().into_iter();
        leaves.filter(|ty| is_computed(ty)).map(|_| p.wrt)
    });
    leaves.zip(&program.params).filter(|(wrt, _)| *wrt).map(|(_, &id)| id).collect()
}

/// Whether a leaf of a parameter is a value of the program.
fn is_computed(ty: &Type) -> bool {
    matches!(ty, Type::Float(_) | Type::Array(..) | Type::Int(_))
}

/// `#[differentiate(attr)] item`: the item as it stands, and its derivatives; if it calls other
/// annotated functions, by way of their capsules.
pub fn differentiate(attr: TokenStream, item: TokenStream) -> TokenStream {
    let item: syn::ItemFn = match syn::parse2(item.clone()) {
        Ok(item) => item,
        Err(_) => {
            let message = "`#[differentiate]` goes on a function: methods and other items are not supported yet";
            let error = syn::Error::new_spanned(&item, message).to_compile_error();
            return quote!(#item #error);
        }
    };
    let mut errors = Errors::new();
    let id = unique(&item);
    let options = syn::parse2::<Options>(attr.clone()).map_err(|error| errors.push(error)).ok();
    let function = parse_function(options.clone().unwrap_or_default(), item.clone(), &mut errors);
    let beside = match function {
        Some(function) if options.is_some() => {
            let paths = capsule::callee_paths(&function);
            if paths.is_empty() {
                let callees = Callees::alone(&id, function);
                finish(Assembly { id, options: attr, callees }, errors)
            } else {
                capsule::chain(&id, &attr, &function, &paths)
            }
        }
        function => {
            if item.sig.receiver().is_some() {
                // Inside an `impl` neither a struct nor a macro can stand.
                let errors = errors.iter().map(syn::Error::to_compile_error);
                let block = &item.block;
                let errors: TokenStream = errors.collect();
                let mut item = item.clone();
                item.block = syn::parse_quote!({ #errors #block });
                return quote!(#[allow(dead_code)] #item);
            }
            let stub = function.as_ref().map(emit::stub);
            let (capsule, errors) = (capsule::broken_capsule(&id, &item), errors.into_tokens());
            quote!(#stub #capsule #errors)
        }
    };
    // A function may be used through its derivatives only.
    quote!(#[allow(dead_code)] #item #beside)
}

/// The last link of the chain of capsules: every body is there.
pub fn assemble(input: TokenStream) -> TokenStream {
    match syn::parse2::<Assembly>(input) {
        Ok(assembly) => finish(assembly, Errors::new()),
        Err(error) => error.to_compile_error(),
    }
}

/// Compiles an assembled function; what was refused is reported once, where it stands.
fn finish(assembly: Assembly, mut errors: Errors) -> TokenStream {
    let compiled = match assembly.callees.any_broken() {
        true => None,
        false => compile(&assembly.callees, &mut errors),
    };
    let derivatives = match (&compiled, assembly.callees.function(0)) {
        (Some(compiled), _) => emit::emit(compiled, &assembly.callees),
        (None, Some(function)) => emit::stub(function),
        (None, None) => TokenStream::new(),
    };
    let capsule = capsule::capsule(&assembly, compiled.is_none());
    let errors = errors.into_tokens();
    quote!(#derivatives #capsule #errors)
}

/// A name that no other function has, in this crate or another.
fn unique(item: &syn::ItemFn) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let mut hasher = DefaultHasher::new();
    for variable in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_CRATE_NAME"] {
        std::env::var(variable).unwrap_or_default().hash(&mut hasher);
    }
    item.to_token_stream().to_string().hash(&mut hasher);
    let name = item.sig.ident.to_string();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("__chainrule_{}_{:x}_{count}", name.trim_start_matches("r#"), hasher.finish())
}
