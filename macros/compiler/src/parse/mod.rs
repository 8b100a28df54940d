//! From tokens to a [`Function`]: options, signature and types, each checked.

mod checks;
mod fragments;
mod generics;
mod macros;
mod options;
mod types;
mod unpacked;
mod usage;

pub use options::{Check, Derivative, Options};
pub use types::{Type, elem_of, text_of, type_of};
pub use unpacked::{Packed, Unpacked};

pub(crate) use macros::{Matches, Repeated};
pub(crate) use types::{Names, is_integer, is_taken, last_name, strip, type_arguments, understand};
pub(crate) use usage::is_data_in;

use crate::error::Errors;
use checks::{check_forward, check_rule, check_tape, without_vjp_jvp};
use generics::{holders, type_parameters};
use proc_macro2::{Ident, Span};
use quote::format_ident;

/// A function under `#[differentiate]`, its signature understood.
#[derive(Clone)]
pub struct Function {
    /// The item as the user wrote it.
    pub item: syn::ItemFn,
    /// What the attribute asks for.
    pub options: Options,
    /// The parameters, in order.
    pub params: Vec<Param>,
    /// The type of the result.
    pub output: Type,
    /// The type parameters bounded by `Float`, those of the block around a method included.
    pub floats: Vec<String>,
    /// The other type parameters, each with its description: their values are constants.
    pub passive: Vec<(String, String)>,
    /// The type parameters that hold an array's data, `S: Data<Elem = f64>`, each with the type of
    /// its elements.
    pub data: Vec<(String, syn::Type)>,
    /// The `impl` block around it, if it is a method or an associated function.
    pub owner: Option<Owner>,
    /// Where its parameters come from, if structs of arrays among them are unpacked.
    pub unpacked: Option<Unpacked>,
}

/// An `impl` block, as its methods see it.
#[derive(Clone)]
pub struct Owner {
    /// What `Self` is, as written.
    pub ty: syn::Type,
    /// The generics of the block.
    pub generics: syn::Generics,
}

impl Owner {
    /// Whether the type has no type arguments.
    pub(crate) fn is_plain(&self) -> bool {
        matches!(strip(&self.ty), syn::Type::Path(ty)
            if ty.path.segments.iter().all(|segment| segment.arguments.is_none()))
    }
}

/// How a parameter is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// By value.
    Value,
    /// By `&`.
    Shared,
    /// By `&mut`, or as an `ArrayViewMut`: input and output.
    Exclusive,
}

/// One parameter.
#[derive(Clone)]
pub struct Param {
    /// What generated signatures call it: the user's name where it is a plain one.
    pub name: Ident,
    /// The pattern it binds in the body.
    pub pat: syn::Pat,
    /// Its type as written; of `self` the one that its short form stands for.
    pub written: syn::Type,
    /// Its type as understood.
    pub ty: Type,
    /// How it is passed.
    pub passing: Passing,
    /// Whether it is differentiated.
    pub wrt: bool,
}

impl Param {
    /// Whether it is a view of an array, by value.
    pub(crate) fn is_view(&self) -> bool {
        matches!(strip(&self.written), syn::Type::Path(path)
            if path.path.segments.last().is_some_and(|s| s.ident.to_string().starts_with("ArrayView")))
    }
}

/// Whether a type is a view through which an array is changed.
fn is_exclusive_view(path: &syn::TypePath) -> bool {
    let last = path.path.segments.last();
    last.is_some_and(|segment| segment.ident.to_string().starts_with("ArrayViewMut"))
}

impl Function {
    /// The function's name.
    pub fn name(&self) -> String {
        self.item.sig.ident.to_string()
    }

    /// The differentiated parameters.
    pub fn wrt(&self) -> impl Iterator<Item = &Param> {
        self.params.iter().filter(|p| p.wrt)
    }

    /// Understands a type that stands in the function's body; `None` if it is not accepted.
    ///
    /// ```
    /// use chainrule_compiler::error::Errors;
    /// use chainrule_compiler::parse::{Options, Type, parse_function};
    ///
    /// let item = syn::parse_str("fn f<R: Rng>(x: f64, rng: &mut R) -> f64 { x }")?;
    /// let function = parse_function(Options::default(), item, &mut Errors::new()).unwrap();
    /// let ty = function.type_of(&syn::parse_str("&[Layer]")?);
    /// assert_eq!(ty, Some(Type::Slice(Box::new(Type::Struct("Layer".to_string())))));
    /// let ty = function.type_of(&syn::parse_str("R")?);
    /// assert_eq!(ty, Some(Type::Constant("impl Rng".to_string())));
    /// # Ok::<(), syn::Error>(())
    /// ```
    pub fn type_of(&self, ty: &syn::Type) -> Option<Type> {
        understand(ty, self.names(), &mut Errors::new())
    }

    /// What the names in the function's types mean.
    pub(crate) fn names(&self) -> Names<'_> {
        let this = self.owner.as_ref().map(|owner| &owner.ty);
        Names { floats: &self.floats, passive: &self.passive, data: &self.data, this }
    }

    /// Whether tensors alone can serve its signature: `ndarray` arrays, floats, integers, constants
    /// and tuples of those, nothing changed in place.
    pub fn is_of_tensors(&self) -> bool {
        self.owner.is_none()
            && self.output.is_of_tensors()
            && (self.params.iter()).all(|p| {
                p.ty.is_of_tensors()
                    && (p.passing != Passing::Exclusive || !p.ty.is_differentiable())
            })
    }

    /// Whether its derivative is a rule by hand or taken by the tape, so that its body is not
    /// differentiated and its callers call its `vjp`.
    pub fn is_opaque(&self) -> bool {
        self.options.derivative.is_given()
    }

    /// Whether its callers never look into its body, but call its derivative.
    pub(crate) fn is_called(&self) -> bool {
        self.is_opaque() || self.options.recursive.is_some()
    }

    /// Whether it has a `jvp`, which functions that call it may call.
    pub fn has_jvp(&self) -> bool {
        let structs = || self.wrt().any(|param| !param.ty.structs().is_empty());
        self.options.jvp.is_some()
            || matches!(self.options.derivative, Derivative::Partials(_)) && !structs()
    }

    /// Whether its rule is one for second derivatives, too: `hvp` is that of the rule's `jvp`.
    pub(crate) fn has_second_by_rule(&self) -> bool {
        matches!(self.options.derivative, Derivative::Partials(_))
            && self.options.second().next().is_some()
    }

    /// Whether it has a `vjp_jvp`, which the `hvp` of functions that call it calls: if asked for, or
    /// where it is certain to be called, by itself or as a method.
    pub(crate) fn has_vjp_jvp(&self) -> bool {
        let asked = self.options.vjp_jvp.is_some()
            || self.options.second().next().is_some()
                && (self.owner.is_some()
                    || self.options.recursive.is_some()
                    || self.names_itself());
        let possible = without_vjp_jvp(&self.output, &self.params).is_none();
        asked && possible && self.unpacked.is_none() && !self.is_opaque()
    }

    /// Whether its own name stands in its body.
    fn names_itself(&self) -> bool {
        struct Name<'a>(&'a Ident, bool);
        impl<'ast> syn::visit::Visit<'ast> for Name<'_> {
            fn visit_ident(&mut self, ident: &'ast Ident) {
                self.1 |= ident == self.0;
            }
        }
        let mut name = Name(&self.item.sig.ident, false);
        syn::visit::Visit::visit_block(&mut name, &self.item.block);
        name.1
    }

    /// Where the derivative of one that is opaque comes from, in words.
    pub(crate) fn origin(&self) -> &'static str {
        match self.options.derivative.is_by_tape() {
            true => "taken by the tape",
            false => "a rule by hand",
        }
    }

    /// Whether a parameter is a closure or function.
    pub fn takes_functions(&self) -> bool {
        self.params.iter().any(|p| p.ty == Type::Constant("closure".to_string()))
    }

    /// Whether there are arrays of `ndarray` in its signature.
    pub fn mentions_arrays(&self) -> bool {
        self.output.mentions_arrays() || self.params.iter().any(|p| p.ty.mentions_arrays())
    }

    /// Whether the result is a single float, so that the function has a gradient.
    pub fn is_scalar(&self) -> bool {
        matches!(self.output, Type::Float(_))
    }
}

/// Understands the options and the signature of a function.
pub fn parse_function(
    options: Options,
    item: syn::ItemFn,
    errors: &mut Errors,
) -> Option<Function> {
    if let Some(receiver) = item.sig.receiver() {
        errors.at(
            receiver,
            "a method is differentiated with its block: put `#[differentiate]` on the `impl` block around it",
        );
        return None;
    }
    parse(options, item, None, errors)
}

/// Understands the options and the signature of a method or associated function.
pub fn parse_method(
    options: Options,
    method: &syn::ImplItemFn,
    owner: &Owner,
    errors: &mut Errors,
) -> Option<Function> {
    let item = syn::ItemFn {
        attrs: method.attrs.clone(),
        vis: method.vis.clone(),
        modifiers: method.modifiers.clone(),
        sig: method.sig.clone(),
        block: Box::new(method.block.clone()),
    };
    parse(options, item, Some(owner.clone()), errors)
}

fn parse(
    options: Options,
    mut item: syn::ItemFn,
    owner: Option<Owner>,
    errors: &mut Errors,
) -> Option<Function> {
    let before = errors.count();
    fragments::ungroup(&mut item.block);
    let sig = &item.sig;
    check_qualifiers(sig, owner.is_some(), errors);
    let (mut floats, mut passive) = (Vec::new(), Vec::new());
    if let Some(owner) = &owner {
        type_parameters(&owner.generics, &mut floats, &mut passive, None);
    }
    type_parameters(&sig.generics, &mut floats, &mut passive, Some(errors));
    let this = owner.as_ref().map(|owner| &owner.ty);
    let mut data = Vec::new();
    if let Some(owner) = &owner {
        data.extend(holders(&owner.generics));
    }
    data.extend(holders(&sig.generics));
    let names = Names { floats: &floats, passive: &passive, data: &data, this };
    let output = output(sig, names, errors);
    let mut params = Vec::new();
    for (k, input) in sig.inputs.iter().enumerate() {
        params.extend(parameter(k, input, names, &options, &item.block, output.as_ref(), errors));
    }
    if options.tape && (!floats.is_empty() || !matches!(output, None | Some(Type::Float(_)))) {
        errors.at(
            &sig.ident,
            "the option `tape` needs a function that returns a float and has no type parameters",
        );
    }
    if options.pullback.is_some() && params.iter().any(|p| p.passing == Passing::Exclusive) {
        errors.at(
            &sig.ident,
            "the option `pullback` needs parameters that the function does not change: take `&` instead of `&mut`, or call `vjp`",
        );
    }
    if errors.count() == before {
        choose_wrt(&options, &mut params, sig.ident.span(), errors);
    }
    let in_place = params.iter().any(|p| p.wrt && p.passing == Passing::Exclusive);
    if let Some(output) = &output {
        check_rule(&options, output, &params, errors);
        check_forward(&options, output, &params, errors);
        if let (Derivative::Tape(span), true) = (&options.derivative, errors.count() == before) {
            check_tape(*span, &params, errors);
        }
    }
    let without_value = match &output {
        Some(Type::Unit) => true,
        Some(Type::Option(of) | Type::Result(of, _)) => **of == Type::Unit,
        _ => false,
    };
    if errors.count() == before && without_value && !in_place {
        errors.at(
            &sig.ident,
            "nothing to differentiate: the function returns no value; give it a float, array or tuple result",
        );
    }
    match output {
        Some(output) if errors.count() == before => Some(Function {
            item,
            options,
            params,
            output,
            floats,
            passive,
            data,
            owner,
            unpacked: None,
        }),
        _ => None,
    }
}

/// Reports what stands before a function's name and cannot be differentiated, and the name itself.
fn check_qualifiers(sig: &syn::Signature, is_method: bool, errors: &mut Errors) {
    if let Some(token) = &sig.asyncness {
        errors.at(token, "an `async` function cannot be differentiated: take the `async` off, or differentiate the function it awaits");
    }
    if let syn::Safety::Unsafe(token) = &sig.safety {
        errors.at(
            token,
            "an `unsafe` function cannot be differentiated: chainrule reads safe Rust only",
        );
    }
    if let Some(abi) = &sig.abi {
        errors.at(
            abi,
            "an `extern` function cannot be differentiated: annotate a Rust function that calls it",
        );
    }
    let primitives = ["f32", "f64", "bool", "char", "str"];
    let name = sig.ident.to_string();
    let is_type = primitives.contains(&name.as_str()) || types::INTEGERS.contains(&name.as_str());
    if is_type && !is_method {
        errors.at(
            &sig.ident,
            format!("the struct beside a function named `{name}` would hide the type of that name: rename the function"),
        );
    }
}

/// The type of the result; reports one that cannot carry a derivative.
fn output(sig: &syn::Signature, names: Names<'_>, errors: &mut Errors) -> Option<Type> {
    let syn::ReturnType::Type(_, ty) = &sig.output else {
        return Some(Type::Unit);
    };
    let output = understand(ty, names, errors)?;
    let inside = match &output {
        Type::Option(of) | Type::Result(of, _) => of,
        whole => whole,
    };
    if !inside.is_differentiable() && *inside != Type::Unit {
        errors.at(ty, "nothing to differentiate: the result is not a float, an array of floats or a tuple of those");
        return None;
    }
    if is_fallible_inside(inside) {
        errors.at(ty, "`Option` and `Result` are supported as the whole of a result only");
        return None;
    }
    if matches!(strip(ty), syn::Type::Reference(_)) && !matches!(output, Type::Array(..)) {
        errors.at(ty, "a result behind a reference is not supported: return the value itself, `f64`, or a `Vec`");
        return None;
    }
    Some(output)
}

fn is_fallible_inside(ty: &Type) -> bool {
    match ty {
        Type::Option(_) | Type::Result(..) => true,
        Type::Tuple(parts) => parts.iter().any(is_fallible_inside),
        Type::Fixed(of, _) | Type::Slice(of) | Type::Vec(of) => is_fallible_inside(of),
        _ => false,
    }
}

/// Understands one parameter; whether it is differentiated is decided later.
fn parameter(
    k: usize,
    input: &syn::FnArg,
    names: Names<'_>,
    options: &Options,
    block: &syn::Block,
    output: Option<&Type>,
    errors: &mut Errors,
) -> Option<Param> {
    let (name, pat, written) = match input {
        syn::FnArg::Receiver(receiver) => receiver_parts(receiver),
        syn::FnArg::Typed(typed) => {
            let name = match &*typed.pat {
                syn::Pat::Ident(pat) => pat.ident.clone(),
                _ => format_ident!("arg{k}"),
            };
            (name, (*typed.pat).clone(), (*typed.ty).clone())
        }
    };
    let passing = match strip(&written) {
        syn::Type::Reference(r) if r.mutability.is_some() => Passing::Exclusive,
        syn::Type::Reference(_) => Passing::Shared,
        // What is written through a view is the caller's.
        syn::Type::Path(path) if is_exclusive_view(path) => Passing::Exclusive,
        _ => Passing::Value,
    };
    let constant = || Type::Constant(text_of(strip_reference(&written)));
    let asked = options.wrt.as_ref().map(|wrt| wrt.contains(&name));
    let ty = match asked {
        // What is held constant need not be understood.
        Some(false) => match understand(&written, names, &mut Errors::new()) {
            Some(ty) if ty.structs().is_empty() => ty,
            _ => constant(),
        },
        Some(true) => understand(&written, names, errors)?,
        None => {
            let ty = understand(&written, names, errors)?;
            let is_data = || {
                let mut bound = Vec::new();
                names_of(&pat, &mut bound);
                let returned = |ty| output.is_some_and(|output| output.structs().contains(&ty));
                usage::is_destructured(&pat)
                    || ty
                        .structs()
                        .into_iter()
                        .any(|ty| returned(ty) || usage::is_data(block, &bound, last_name(ty)))
            };
            if ty.structs().is_empty() || is_data() { ty } else { constant() }
        }
    };
    let ty = match ty {
        Type::Option(_) | Type::Result(..) | Type::Unit => constant(),
        ty if is_fallible_inside(&ty) => constant(),
        ty => ty,
    };
    Some(Param { name, pat, written, ty, passing, wrt: false })
}

/// `self` as a parameter like any other.
fn receiver_parts(receiver: &syn::Receiver) -> (Ident, syn::Pat, syn::Type) {
    let this = Ident::new("self", receiver.self_token.span);
    let ident = syn::PatIdent {
        attrs: vec![],
        by_ref: None,
        mutability: receiver.mutability,
        ident: this.clone(),
        subpat: None,
    };
    let written = match &receiver.kind {
        syn::ReceiverKind::Reference(and, lifetime, mutability) => {
            let this = Ident::new("Self", receiver.self_token.span);
            syn::parse_quote!(#and #lifetime #mutability #this)
        }
        syn::ReceiverKind::Typed(_, ty) => (**ty).clone(),
        _ => {
            let this = Ident::new("Self", receiver.self_token.span);
            syn::parse_quote!(#this)
        }
    };
    (this, syn::Pat::Ident(ident), written)
}

fn strip_reference(ty: &syn::Type) -> &syn::Type {
    match strip(ty) {
        syn::Type::Reference(reference) => strip_reference(&reference.elem),
        other => other,
    }
}

/// Whether an operator is one of `+=` and the like.
pub(crate) fn is_compound(op: &syn::BinOp) -> bool {
    use syn::BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign,
        ShlAssign, ShrAssign, SubAssign,
    };
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | BitXorAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// The names a pattern binds.
pub(crate) fn names_of(pat: &syn::Pat, names: &mut Vec<String>) {
    names.extend(idents_of(pat).iter().map(ToString::to_string));
}

/// The same as they are written there.
pub(crate) fn idents_of(pat: &syn::Pat) -> Vec<Ident> {
    struct Bound(Vec<Ident>);
    impl<'ast> syn::visit::Visit<'ast> for Bound {
        fn visit_pat_ident(&mut self, pat: &'ast syn::PatIdent) {
            self.0.push(pat.ident.clone());
            syn::visit::visit_pat_ident(self, pat);
        }
        fn visit_expr(&mut self, _: &'ast syn::Expr) {}
    }
    let mut bound = Bound(Vec::new());
    syn::visit::Visit::visit_pat(&mut bound, pat);
    bound.0
}

/// Marks the differentiated parameters: those the option names, or all that can be.
fn choose_wrt(options: &Options, params: &mut [Param], span: Span, errors: &mut Errors) {
    let Some(names) = &options.wrt else {
        for param in params.iter_mut() {
            param.wrt = param.ty.is_differentiable();
        }
        if !params.iter().any(|p| p.wrt) {
            errors.at(
                span,
                "nothing to differentiate: no parameter is a float or an array of floats",
            );
        }
        return;
    };
    for name in names {
        match params.iter_mut().find(|p| p.name == *name) {
            None => {
                let list: Vec<_> = params.iter().map(|p| format!("`{}`", p.name)).collect();
                errors.at(name, format!("no parameter is called `{name}`; the parameters are {}", list.join(", ")));
            }
            Some(param) if !param.ty.is_differentiable() => errors.at(
                name,
                format!("`{name}` cannot carry a derivative: it is not a float, an array of floats or a tuple of those"),
            ),
            Some(param) => param.wrt = true,
        }
    }
}
