//! Which structs a function or a struct names, so that their capsules are needed.
//!
//! Only names tell here. A name is a struct's where a type with a derivative is called by it, in a
//! literal or pattern, or in front of `::function`, and where values with a derivative are
//! involved: enums, and structs of constants, have no capsule.

use super::callees::{add_path, path_text, plain};
use super::known::{is_std_constructor, is_std_owner};
use super::taint::Taint;
use crate::error::Errors;
use crate::flow::lower::makes_array;
use crate::parse::{
    Function, Names, Type, is_data_in, last_name, names_of, strip, type_arguments, understand,
};
use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Expr, Pat};

/// The structs that the types of a struct's fields name, but for itself.
pub(crate) fn field_paths(def: &syn::ItemStruct) -> Vec<syn::Path> {
    let parameters: Vec<(String, String)> =
        def.generics.type_params().map(|p| (p.ident.to_string(), String::new())).collect();
    let names = Names { passive: &parameters, ..Names::default() };
    let mut paths = Vec::new();
    for field in def.fields.iter().filter(|field| !is_constant(&field.attrs)) {
        type_paths(&field.ty, names, &mut paths);
    }
    paths.retain(|path| !path.is_ident(&def.ident) && !path.is_ident("Self"));
    paths
}

/// The names in a type alias that are no types known here: other aliases.
pub(crate) fn alias_paths(alias: &syn::ItemType) -> Vec<syn::Path> {
    let parameters: Vec<(String, String)> =
        alias.generics.type_params().map(|p| (p.ident.to_string(), String::new())).collect();
    let names = Names { passive: &parameters, ..Names::default() };
    let mut found = Vec::new();
    type_paths(&alias.ty, names, &mut found);
    let mut paths = Vec::new();
    found.into_iter().for_each(|path| add_path(&mut paths, path));
    paths
}

/// Whether `#[constant]` is among the attributes.
pub(crate) fn is_constant(attrs: &[syn::Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("constant"))
}

/// Items by which rustc says what is missing where a struct in a signature has no capsule: that it
/// is not differentiable. Nothing about structs with type arguments, which may depend on the
/// function's.
pub(crate) fn expectations(function: &Function) -> TokenStream {
    struct Plain<'f>(&'f Function, Vec<syn::Path>);
    impl<'ast> Visit<'ast> for Plain<'_> {
        fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
            let is_struct =
                matches!(self.0.type_of(&syn::Type::Path(ty.clone())), Some(Type::Struct(_)));
            let is_bare = ty.path.segments.iter().all(|segment| segment.arguments.is_none());
            if is_struct && is_bare {
                let path = own(ty.path.clone(), self.0);
                let is_generic = ty.path.is_ident("Self")
                    && self.0.owner.as_ref().is_some_and(|owner| !owner.is_plain());
                if !is_generic {
                    add_path(&mut self.1, path);
                }
            }
            visit::visit_type_path(self, ty);
        }
    }
    let mut plain = Plain(function, vec![]);
    let structs = |param: &&crate::parse::Param| !param.ty.structs().is_empty();
    function.params.iter().filter(structs).for_each(|param| plain.visit_type(&param.written));
    if !function.output.structs().is_empty() {
        plain.visit_return_type(&function.item.sig.output);
    }
    let paths = plain.1;
    quote!(#(const _: fn() = ::chainrule::rt::expect_differentiable::<#paths>;)*)
}

/// The structs that a function's signature names.
pub(super) fn signature_paths(function: &Function) -> Vec<syn::Path> {
    let mut paths = Vec::new();
    for path in written_paths(function) {
        add_path(&mut paths, own(path, function));
    }
    paths
}

/// The structs that a function's signature and body name.
pub(super) fn struct_paths(function: &Function, taint: &Taint) -> Vec<syn::Path> {
    let mut walk = Walk { function, taint, paths: written_paths(function) };
    walk.visit_block(&function.item.block);
    let mut paths = Vec::new();
    for path in walk.paths {
        add_path(&mut paths, own(path, function));
    }
    paths
}

/// The structs that a function's signature names, as it writes them.
fn written_paths(function: &Function) -> Vec<syn::Path> {
    let mut paths = Vec::new();
    for param in function.params.iter().filter(|param| !param.ty.structs().is_empty()) {
        let mut found = Vec::new();
        type_paths(&param.written, function.names(), &mut found);
        found.into_iter().for_each(|path| add_path(&mut paths, path));
    }
    if let syn::ReturnType::Type(_, ty) = &function.item.sig.output
        && !function.output.structs().is_empty()
    {
        type_paths(ty, function.names(), &mut paths);
    }
    paths
}

/// `Self` as the type that it stands for, at the place where it is written.
fn own(path: syn::Path, function: &Function) -> syn::Path {
    match &function.owner {
        Some(owner) if path.is_ident("Self") => match strip(&owner.ty) {
            syn::Type::Path(this) => {
                let mut this = plain(&this.path);
                for segment in &mut this.segments {
                    segment.ident.set_span(segment.ident.span().located_at(path.span()));
                }
                this
            }
            _ => path,
        },
        _ => path,
    }
}

/// The structs that a type names, its type arguments included.
fn type_paths(ty: &syn::Type, names: Names<'_>, paths: &mut Vec<syn::Path>) {
    match strip(ty) {
        syn::Type::Reference(inner) => type_paths(&inner.elem, names, paths),
        syn::Type::Array(inner) => type_paths(&inner.elem, names, paths),
        syn::Type::Slice(inner) => type_paths(&inner.elem, names, paths),
        syn::Type::Tuple(tuple) => {
            tuple.elems.iter().for_each(|part| type_paths(part, names, paths));
        }
        syn::Type::Path(path) => {
            let arguments = type_arguments(&path.path);
            match understand(ty, names, &mut Errors::new()) {
                Some(Type::Struct(_)) => {
                    paths.push(plain(&path.path));
                    arguments.into_iter().for_each(|of| type_paths(of, names, paths));
                }
                Some(Type::Vec(_) | Type::Option(_) | Type::Result(..)) => {
                    arguments.into_iter().take(1).for_each(|of| type_paths(of, names, paths));
                }
                _ => {}
            }
        }
        _ => {}
    }
}

struct Walk<'f> {
    function: &'f Function,
    taint: &'f Taint,
    paths: Vec<syn::Path>,
}

impl Walk<'_> {
    /// Whether a path, of a literal, a pattern, or in front of `::function`, is that of a struct.
    fn is_struct(&self, path: &syn::Path) -> bool {
        let upper =
            |segment: &syn::PathSegment| segment.ident.to_string().starts_with(char::is_uppercase);
        let mut segments = path.segments.iter().rev();
        let Some(last) = segments.next() else { return false };
        // `Kind::Variant` is no struct.
        if !upper(last) || segments.next().is_some_and(upper) {
            return false;
        }
        let name = last.ident.to_string();
        if path.is_ident("Self") {
            return self.function.owner.is_some();
        }
        let ty = syn::Type::Path(syn::TypePath { attrs: vec![], qself: None, path: path.clone() });
        !is_std_owner(&name)
            && !is_std_constructor(&name)
            && matches!(self.function.type_of(&ty), Some(Type::Struct(_)))
    }

    fn add(&mut self, path: &syn::Path) {
        if self.is_struct(path) {
            self.paths.push(plain(path));
            for of in type_arguments(path) {
                self.add_types(of);
            }
        }
    }

    fn add_types(&mut self, ty: &syn::Type) {
        type_paths(ty, self.function.names(), &mut self.paths);
    }

    /// The types in the generic arguments of a call.
    fn add_arguments(&mut self, arguments: &syn::AngleBracketedGenericArguments) {
        for arg in &arguments.args {
            if let syn::GenericArgument::Type(ty) = arg {
                self.add_types(ty);
            }
        }
    }

    /// Structs that a pattern takes apart.
    fn pattern(&mut self, pat: &Pat) {
        struct Parts<'w, 'f>(&'w mut Walk<'f>);
        impl<'ast> Visit<'ast> for Parts<'_, '_> {
            fn visit_pat_struct(&mut self, pat: &'ast syn::PatStruct) {
                self.0.add(&pat.path);
                visit::visit_pat_struct(self, pat);
            }
            fn visit_pat_tuple_struct(&mut self, pat: &'ast syn::PatTupleStruct) {
                self.0.add(&pat.path);
                visit::visit_pat_tuple_struct(self, pat);
            }
            fn visit_expr(&mut self, _: &'ast Expr) {}
        }
        Parts(self).visit_pat(pat);
    }

    /// A struct that is made of constants first, and of what is differentiated later.
    fn start(&mut self, value: &Expr) {
        match value {
            Expr::Struct(literal) => self.add(&literal.path),
            Expr::Call(call) => {
                if let Expr::Path(function) = &*call.func {
                    self.called(&function.path);
                }
            }
            Expr::Path(constant) if constant.path.segments.len() > 1 => {
                self.add(&without_last(&constant.path));
            }
            Expr::Array(array) => array.elems.iter().for_each(|of| self.start(of)),
            Expr::Repeat(repeat) => self.start(&repeat.expr),
            Expr::Tuple(tuple) => tuple.elems.iter().for_each(|of| self.start(of)),
            _ => {}
        }
    }

    /// `Angle(x)`, `Line::at_rest(x)`.
    fn called(&mut self, path: &syn::Path) {
        if makes_array(path) {
            return;
        }
        self.add(path);
        let is_function = path
            .segments
            .last()
            .is_some_and(|segment| !segment.ident.to_string().starts_with(char::is_uppercase));
        if is_function && path.segments.len() > 1 {
            let of = without_last(path);
            // The functions of an `impl` block know each other, whatever they belong to.
            let own = own(syn::parse_quote!(Self), self.function);
            if !of.is_ident("Self") && path_text(&of) != path_text(&own) {
                self.add(&of);
            }
        }
    }
}

/// What stands in front of the last `::`.
fn without_last(path: &syn::Path) -> syn::Path {
    let mut path = path.clone();
    path.segments.pop();
    path.segments.pop_punct();
    path
}

impl<'ast> Visit<'ast> for Walk<'_> {
    fn visit_item(&mut self, _: &'ast syn::Item) {}

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if is_constant(&local.attrs) {
            return;
        }
        visit::visit_local(self, local);
        // Without an `else` a pattern that takes something apart is that of a struct.
        let (has_else, value) = match &local.init {
            Some(init) => (init.diverge.is_some(), Some(&*init.expr)),
            None => (false, None),
        };
        let is_tainted = self.taint.is_bound(&local.pat)
            || value.is_some_and(|value| self.taint.is_tainted(value));
        if !has_else || is_tainted {
            self.pattern(&local.pat);
        }
        if is_tainted {
            if let Pat::Type(typed) = &local.pat {
                self.add_types(&typed.ty);
            }
            if let Some(value) = value {
                self.start(value);
            }
        }
    }

    fn visit_expr_let(&mut self, binding: &'ast syn::ExprLet) {
        visit::visit_expr_let(self, binding);
        if self.taint.is_tainted(&binding.expr) {
            self.pattern(&binding.pat);
        }
    }

    fn visit_expr_match(&mut self, matched: &'ast syn::ExprMatch) {
        visit::visit_expr_match(self, matched);
        if self.taint.is_tainted(&matched.expr) {
            matched.arms.iter().for_each(|arm| self.pattern(&arm.pat));
        }
    }

    fn visit_expr_for_loop(&mut self, looped: &'ast syn::ExprForLoop) {
        visit::visit_expr_for_loop(self, looped);
        self.pattern(&looped.pat);
    }

    fn visit_expr_closure(&mut self, closure: &'ast syn::ExprClosure) {
        visit::visit_expr_closure(self, closure);
        for input in &closure.inputs {
            self.pattern(input);
            let Pat::Type(typed) = input else { continue };
            let Some(ty) = self.function.type_of(&typed.ty) else { continue };
            let mut names = Vec::new();
            names_of(input, &mut names);
            let is_data = |ty: &&str| is_data_in(&closure.body, &names, last_name(ty));
            let is_used = ty.structs().iter().any(is_data);
            if is_used {
                self.add_types(&typed.ty);
            }
        }
        if let syn::ReturnType::Type(_, ty) = &closure.output
            && self.taint.is_tainted(&closure.body)
        {
            self.add_types(ty);
        }
    }

    fn visit_expr_struct(&mut self, literal: &'ast syn::ExprStruct) {
        visit::visit_expr_struct(self, literal);
        let mut values = literal.fields.iter().map(|field| &field.expr);
        let of_rest = literal.rest.as_ref().is_some_and(|rest| self.taint.is_tainted(rest));
        if of_rest || values.any(|value| self.taint.is_tainted(value)) {
            self.add(&literal.path);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        visit::visit_expr_call(self, call);
        if let Expr::Path(function) = &*call.func
            && call.args.iter().any(|arg| self.taint.is_tainted(arg))
        {
            self.called(&function.path);
            for segment in &function.path.segments {
                if let syn::PathArguments::AngleBracketed(list) = &segment.arguments {
                    self.add_arguments(list);
                }
            }
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        visit::visit_expr_method_call(self, call);
        let constructors = call.args.iter().filter_map(|arg| match arg {
            Expr::Path(path) if is_camel_case(&path.path) => Some(&path.path),
            _ => None,
        });
        let constructors: Vec<&syn::Path> = constructors.collect();
        if (call.turbofish.is_some() || !constructors.is_empty())
            && self.taint.is_tainted(&call.receiver)
        {
            call.turbofish.iter().for_each(|list| self.add_arguments(list));
            constructors.into_iter().for_each(|path| self.add(path));
        }
    }
}

/// Whether a path ends like the name of a type, and not like that of a constant.
fn is_camel_case(path: &syn::Path) -> bool {
    path.segments.last().is_some_and(|segment| {
        let name = segment.ident.to_string();
        name.starts_with(char::is_uppercase) && name.contains(char::is_lowercase)
    })
}
