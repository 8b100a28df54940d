//! The driver: every stage, in order, on one screen.

mod scalars;

use crate::aliases;
use crate::capsule::{self, Assembly, Callees};
use crate::differentiate::{Seed, check_active, differentiate as reverse};
use crate::emit;
use crate::error::Errors;
use crate::explain::explain;
use crate::flow;
use crate::ir::{Program, ValueId};
use crate::lower::{Broadcasting, lower};
use crate::methods;
use crate::nest::{Nest, plan, plan_for_small_matrices};
use crate::one_pass::one_pass;
use crate::parse::{Function, Options, Type, parse_function};
use crate::simplify::simplify;
use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use scalars::compile_scalars;
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
    /// Its loops, and its products of matrices.
    pub nest: Nest,
    /// Its loops where matrices are small, if there are products of matrices.
    pub small: Option<Nest>,
}

/// A function with its derivatives.
pub enum Compiled<'f> {
    /// A function of arrays.
    Tensors(Box<Tensors<'f>>),
    /// Scalar code.
    Scalars(Box<Scalars<'f>>),
    /// A function whose derivative is a rule by hand or taken by the tape.
    Given(Given<'f>),
}

/// A function whose derivative is not derived from its body.
pub struct Given<'f> {
    /// The function.
    pub function: &'f Function,
    /// The equations as text.
    pub derivation: String,
}

/// A function of arrays with its derivatives.
pub struct Tensors<'f> {
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
    /// What options ask for beyond that, from the function as scalar code.
    pub further: Option<Box<flow::emit::Programs>>,
    /// The equations as text.
    pub derivation: String,
}

/// Scalar code with its derivatives.
pub struct Scalars<'f> {
    /// The function.
    pub function: &'f Function,
    /// The function itself, with its callees inlined.
    pub lowered: flow::ir::Program,
    /// The function with its derivatives.
    pub programs: flow::emit::Programs,
    /// The equations as text.
    pub derivation: String,
}

impl<'f> Compiled<'f> {
    /// The function.
    pub fn function(&self) -> &'f Function {
        match self {
            Compiled::Tensors(of) => of.function,
            Compiled::Scalars(of) => of.function,
            Compiled::Given(of) => of.function,
        }
    }

    /// The equations as text.
    pub fn derivation(&self) -> &str {
        match self {
            Compiled::Tensors(of) => &of.derivation,
            Compiled::Scalars(of) => &of.derivation,
            Compiled::Given(of) => &of.derivation,
        }
    }

    /// The function as one of arrays, if it is one.
    pub fn tensors(&self) -> Option<&Tensors<'f>> {
        match self {
            Compiled::Tensors(of) => Some(of),
            Compiled::Scalars(_) | Compiled::Given(_) => None,
        }
    }

    /// The function as scalar code, if it is that.
    pub fn scalars(&self) -> Option<&Scalars<'f>> {
        match self {
            Compiled::Tensors(_) | Compiled::Given(_) => None,
            Compiled::Scalars(of) => Some(of),
        }
    }
}

/// Runs the compiler on a function and what it calls.
///
/// Straight-line code of arrays is fused as such; what has loops, conditions or memory that is
/// changed in place is scalar code, whose arrays are memories. So is every function, where an option
/// asks for what only scalar code has: `pullback`, forward mode, matrices of derivatives.
pub fn compile<'f>(callees: &'f Callees, errors: &mut Errors) -> Option<Compiled<'f>> {
    let function = callees.function(callees.root())?;
    emit::check::possible(function, errors);
    if let (Some(option), Some(reason)) = (&function.options.recursive, not_recursive(function)) {
        errors.at(option, format!("the option `recursive` is for functions that are called by their derivatives, and {reason}"));
        return None;
    }
    if function.is_opaque() {
        emit::tape::check(function, callees, errors);
        if errors.any() {
            return None;
        }
        let derivation = flow::explain::given(function);
        return Some(Compiled::Given(Given { function, derivation }));
    }
    if function.options.tape && callees.any_opaque() {
        errors.at(&function.item.sig.ident, "the option `tape` cannot look into functions under `vjp`, `partials` or `via`, and such are called: leave `tape` out");
    }
    if function.options.tape && callees.any_recursive() {
        errors.at(&function.item.sig.ident, "the option `tape` cannot look into functions under `recursive`, and such are called: leave `tape` out");
    }
    if !callees.any_arrays() {
        return Some(Compiled::Scalars(Box::new(compile_scalars(callees, errors)?)));
    }
    if errors.any() {
        return None;
    }
    let mut of_tensors = Errors::new();
    if let Some(mut compiled) = compile_tensors(callees, &mut of_tensors)
        && !of_tensors.any()
    {
        compiled.further = further(callees, errors);
        if errors.any() {
            return None;
        }
        return Some(Compiled::Tensors(Box::new(compiled)));
    }
    let mut of_scalars = Errors::new();
    if let Some(compiled) = compile_scalars(callees, &mut of_scalars)
        && !of_scalars.any()
    {
        return Some(Compiled::Scalars(Box::new(compiled)));
    }
    // Of straight-line code the tensors' messages say more.
    errors.append(match callees.any_statements() {
        true => of_scalars,
        false => of_tensors,
    });
    None
}

/// Why a function cannot be under `recursive`, with what to do instead.
fn not_recursive(function: &Function) -> Option<&'static str> {
    let structs = |ty: &Type| !ty.structs().is_empty();
    if function.owner.is_some() {
        Some("the methods of a block see each other without it: leave it out")
    } else if function.is_opaque() {
        Some("this one has a derivative of its own already: leave it out")
    } else if function.options.tape {
        Some("the tape looks into bodies: leave `tape` out")
    } else if function.takes_functions() {
        Some("functions of functions are not: write the function out that is passed")
    } else if function.mentions_arrays() {
        Some("functions of `ndarray` arrays cannot be: take slices, `&[f64]`, instead of arrays")
    } else if matches!(function.output, Type::Option(_) | Type::Result(..)) {
        Some("functions that return an `Option` or `Result` cannot be: return a plain value")
    } else if structs(&function.output) || function.params.iter().any(|p| structs(&p.ty)) {
        Some(
            "functions of structs are not yet: make the functions methods of one `impl` block under `#[differentiate]`, which see each other",
        )
    } else {
        None
    }
}

/// What options ask for of a function of tensors, from the function as scalar code.
fn further(callees: &Callees, errors: &mut Errors) -> Option<Box<flow::emit::Programs>> {
    let option = callees.function(callees.root())?.options.further().next()?;
    let mut refused = Errors::new();
    let compiled = compile_scalars(callees, &mut refused);
    if refused.any() {
        errors.at(option, format!("the option `{option}` takes a function of arrays as code with loops is taken, where less of `ndarray` is supported: write what is refused in another way, or leave the option out"));
        errors.append(refused);
    }
    Some(Box::new(compiled?.programs))
}

fn compile_tensors<'f>(callees: &'f Callees, errors: &mut Errors) -> Option<Tensors<'f>> {
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
        let has_products = nest.products().next().is_some();
        let small = has_products.then(|| plan_for_small_matrices(&program));
        Version { reverse, simplified, program, nest, small }
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
    Some(Tensors {
        function,
        lowered,
        primal,
        gradient,
        pullback,
        general,
        further: None,
        derivation,
    })
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

/// `#[differentiate(attr)] item`: the item as it stands, and its derivatives; if it needs other
/// items' sources, by way of their capsules.
pub fn differentiate(attr: TokenStream, item: TokenStream) -> TokenStream {
    let message = match syn::parse2::<syn::Item>(item.clone()) {
        Ok(syn::Item::Fn(function)) => return of_function(attr, function, item),
        Ok(syn::Item::Impl(block)) => return methods::expand(attr, block),
        Ok(syn::Item::Type(alias)) => return aliases::expand(attr, &alias),
        Ok(syn::Item::Struct(_)) => {
            "`#[differentiate]` goes on functions and `impl` blocks: a struct of parameters takes `#[derive(chainrule::Differentiable)]`"
        }
        _ => "`#[differentiate]` goes on a function, an `impl` block or a type alias",
    };
    let error = syn::Error::new_spanned(&item, message).to_compile_error();
    quote!(#item #error)
}

/// The last link of the chain of capsules: every source is there.
pub fn assemble(input: TokenStream) -> TokenStream {
    match syn::parse2::<Assembly>(input) {
        Ok(assembly) => match &assembly.item {
            syn::Item::Struct(_) => capsule::capsule(&assembly.callees(), false),
            syn::Item::Impl(block) => methods::finish(&assembly, block),
            syn::Item::Type(alias) => aliases::finish(&assembly, alias),
            _ => finish(&assembly.callees(), Errors::new()),
        },
        Err(error) => error.to_compile_error(),
    }
}

/// A function, as parsed and as its tokens: those are passed on where nothing in them changes, since
/// to print what was parsed takes as long as to parse it.
fn of_function(attr: TokenStream, item: syn::ItemFn, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::new();
    let text = tokens.to_string();
    let (id, name, vis) =
        (unique(&text, &item.sig.ident), item.sig.ident.clone(), item.vis.clone());
    let plain = match emit::has_own_attributes(&text) {
        true => emit::plain_function(&item).to_token_stream(),
        false => tokens.clone(),
    };
    let options = syn::parse2::<Options>(attr.clone()).map_err(|error| errors.push(error)).ok();
    let in_block = item.sig.receiver().is_some().then(|| item.clone());
    let function = parse_function(options.clone().unwrap_or_default(), item, &mut errors);
    let beside = match function {
        Some(function) if options.is_some() => {
            let early = early_capsule(&id, &attr, &function, &tokens);
            let paths = capsule::callee_paths(&function);
            if paths.is_empty() {
                let done = finish(&Callees::of_source(&id, attr, function, tokens), errors);
                quote!(#early #done)
            } else {
                let chain = capsule::chain(&id, &attr, &tokens, &paths);
                let expectations = capsule::expectations(&function);
                quote!(#early #chain #expectations)
            }
        }
        function => {
            if let Some(method) = in_block {
                // Inside an `impl` neither a struct nor a macro can stand.
                let errors = errors.into_tokens();
                let block = &method.block;
                let mut item = emit::plain_function(&method);
                item.block = syn::parse_quote!({ #errors #block });
                return quote!(#[allow(dead_code)] #item);
            }
            let stub = function.as_ref().map(emit::stub);
            let capsule = capsule::broken_capsule(&id, &name, &vis);
            let errors = errors.into_tokens();
            quote!(#stub #capsule #errors)
        }
    };
    // A function may be used through its derivatives only.
    quote!(#[allow(dead_code)] #plain #beside)
}

/// The capsule of a function under `recursive`, which waits for no other.
fn early_capsule(
    id: &str,
    options: &TokenStream,
    function: &Function,
    tokens: &TokenStream,
) -> Option<TokenStream> {
    function.options.recursive.as_ref()?;
    let syn::ItemFn { vis, sig, .. } = &function.item;
    Some(match not_recursive(function) {
        Some(_) => capsule::broken_capsule(id, &sig.ident, vis),
        None => capsule::capsule_alone(id, options, tokens),
    })
}

/// Compiles a function; what was refused is reported once, where it stands.
fn finish(callees: &Callees, mut errors: Errors) -> TokenStream {
    let derived = derivatives(callees, &mut errors);
    let broken = derived.is_none();
    let derivatives = match (derived, callees.function(callees.root())) {
        (Some(derivatives), _) => derivatives,
        // A function of functions: its callers inline it, each with functions that are known.
        (None, Some(function))
            if function.takes_functions()
                && function.options.recursive.is_none()
                && !callees.any_broken() =>
        {
            let capsule = capsule::capsule(callees, false);
            let alone = emit::without_derivative(function);
            return quote!(#alone #capsule);
        }
        (None, Some(function)) => emit::stub(function),
        (None, None) => TokenStream::new(),
    };
    // One under `recursive` has its capsule already.
    let has_capsule =
        callees.function(callees.root()).is_some_and(|f| f.options.recursive.is_some());
    let capsule = (!has_capsule).then(|| capsule::capsule(callees, broken));
    let errors = errors.into_tokens();
    quote!(#derivatives #capsule #errors)
}

/// Compiles a function, and what stands beside it; `None` in error.
pub(crate) fn derivatives(callees: &Callees, errors: &mut Errors) -> Option<TokenStream> {
    if callees.any_broken() {
        return None;
    }
    let before = errors.count();
    let unpacked = flow::unpack::unpack(callees, errors).map(|root| callees.with_root(root));
    if errors.count() > before {
        return None;
    }
    let callees = unpacked.as_ref().unwrap_or(callees);
    compile(callees, errors).map(|compiled| emit::emit(&compiled, callees))
}

/// A name that no other item has, in this crate or another.
pub(crate) fn unique(text: &str, name: &impl ToString) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let mut hasher = DefaultHasher::new();
    for variable in ["CARGO_PKG_NAME", "CARGO_PKG_VERSION", "CARGO_CRATE_NAME"] {
        std::env::var(variable).unwrap_or_default().hash(&mut hasher);
    }
    text.hash(&mut hasher);
    let name = name.to_string();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("__chainrule_{}_{:x}_{count}", name.trim_start_matches("r#"), hasher.finish())
}
