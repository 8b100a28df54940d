//! Structs under `#[derive(Differentiable)]`.
//!
//! The rewritten functions stand in a block of their own, and in it, under its own name, each
//! struct stands again with variables for floats. So literals, patterns and fields in the source
//! stay as they are; only where parameters enter and gradients leave is one made of the other,
//! field by field, the gradients on their way out of the block as tuples.

use super::types::{Variables, mentions_floats};
use crate::parse::type_arguments;
use proc_macro2::{Ident, Literal, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::parse_quote;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};

/// What a field may be, beside arrays and lists.
const NUMBERS: &[&str] = &[
    "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32", "u64", "u128",
    "usize", "bool", "char",
];

/// The definitions of structs that a function may mention.
#[derive(Clone, Copy, Default)]
pub(super) struct Structs<'d>(pub(super) &'d [syn::ItemStruct]);

impl<'d> Structs<'d> {
    /// The struct that a path means, by its last name.
    pub(super) fn find(self, path: &syn::Path) -> Option<&'d syn::ItemStruct> {
        let name = &path.segments.last()?.ident;
        self.0.iter().find(|def| def.ident == *name)
    }

    /// The struct that a type is, if it is one.
    pub(super) fn of_type(self, ty: &syn::Type) -> Option<(&'d syn::ItemStruct, &syn::TypePath)> {
        match ty {
            syn::Type::Path(path) => self.find(&path.path).map(|def| (def, path)),
            _ => None,
        }
    }

    /// Whether the struct holds variables whatever its type arguments are.
    pub(super) fn holds_variables(self, def: &syn::ItemStruct) -> bool {
        self.any_part(def, self.0.len(), &|path| {
            let name = path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            matches!(name.as_str(), "f32" | "f64") || name.starts_with("Array")
        })
    }

    fn is_copy(self, def: &syn::ItemStruct) -> bool {
        !self.any_part(def, self.0.len(), &|path| {
            let name = path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
            matches!(name.as_str(), "Vec" | "String" | "Box" | "Rc" | "Arc")
                || name.ends_with("Map")
                || name.ends_with("Set")
        })
    }

    /// Whether a path in the fields, or in those of structs among them, is such a one.
    fn any_part(
        self,
        def: &syn::ItemStruct,
        depth: usize,
        is: &dyn Fn(&syn::Path) -> bool,
    ) -> bool {
        struct Parts<'s> {
            structs: Structs<'s>,
            depth: usize,
            is: &'s dyn Fn(&syn::Path) -> bool,
            found: bool,
        }
        impl<'ast> Visit<'ast> for Parts<'_> {
            fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
                self.found |= (self.is)(&path.path);
                if let (Some(def), Some(depth)) =
                    (self.structs.find(&path.path), self.depth.checked_sub(1))
                {
                    self.found |= self.structs.any_part(def, depth, self.is);
                }
                visit::visit_type_path(self, path);
            }
        }
        let mut parts = Parts { structs: self, depth, is, found: false };
        def.fields.iter().for_each(|field| parts.visit_type(&field.ty));
        parts.found
    }

    /// All structs once more, of variables.
    pub(super) fn mirrored(self) -> TokenStream {
        self.0.iter().map(|def| self.mirror(def)).collect()
    }

    fn mirror(self, def: &syn::ItemStruct) -> TokenStream {
        let copy = self.is_copy(def).then(|| quote!(Copy,));
        let mut mirror = def.clone();
        mirror.attrs = vec![parse_quote!(#[derive(#copy Clone)])];
        mirror.vis = syn::Visibility::Inherited;
        mirror.generics.where_clause = None;
        mirror.generics.type_params_mut().for_each(|param| param.bounds.clear());
        if self.holds_variables(def) {
            mirror.generics.params.insert(0, parse_quote!('__t));
        }
        for field in &mut mirror.fields {
            field.attrs.clear();
            field.vis = syn::Visibility::Inherited;
            Variables { floats: &[], structs: self }.visit_type_mut(&mut field.ty);
        }
        mirror.into_token_stream()
    }

    /// What shows structs to code that is not rewritten, as the user's own: names for those beside
    /// the block in which their own names mean variables, and in it how one is made of the other.
    ///
    /// ```text
    /// type __PlainPoint = Point;
    /// {
    ///     struct Point<'__t> { x: Var<'__t, f64> }
    ///     impl<'__t> OnTape for Point<'__t> { type Plain = __PlainPoint; … }
    /// }
    /// ```
    pub(super) fn shown(self, function: &syn::ItemFn) -> (TokenStream, TokenStream) {
        // Where the function takes or makes one, its fields are visible.
        struct Bare(Vec<Ident>);
        impl<'ast> Visit<'ast> for Bare {
            fn visit_type_path(&mut self, ty: &'ast syn::TypePath) {
                self.0.extend(ty.path.get_ident().cloned());
                visit::visit_type_path(self, ty);
            }
            fn visit_block(&mut self, block: &'ast syn::Block) {
                Made(&mut self.0).visit_block(block);
            }
        }
        struct Made<'m>(&'m mut Vec<Ident>);
        impl<'ast> Visit<'ast> for Made<'_> {
            fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
                self.0.extend(made.path.get_ident().cloned());
                visit::visit_expr_struct(self, made);
            }
            fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
                if let syn::Expr::Path(of) = &*call.func {
                    self.0.extend(of.path.get_ident().cloned());
                }
                visit::visit_expr_call(self, call);
            }
        }
        let mut bare = Bare(vec![]);
        bare.visit_item_fn(function);
        let is_shown = |def: &&syn::ItemStruct| self.is_shown(def, &bare.0, self.0.len());
        let (mut names, mut made) = (TokenStream::new(), TokenStream::new());
        for def in self.0.iter().filter(is_shown) {
            let name = &def.ident;
            let plain = format_ident!("__Plain{name}");
            let lifetime = self.holds_variables(def).then(|| quote!(<'__t>));
            let fields: Vec<TokenStream> =
                def.fields.iter().enumerate().map(|(k, field)| field_name(k, field)).collect();
            names.extend(quote!(#[allow(dead_code)] type #plain = #name;));
            made.extend(quote! {
                impl #lifetime ::chainrule::rt::OnTape for #name #lifetime {
                    type Plain = #plain;
                    fn plain(&self) -> #plain {
                        #plain { #(#fields: ::chainrule::rt::OnTape::plain(&self.#fields)),* }
                    }
                    fn is_tracked(&self) -> bool {
                        false #(|| ::chainrule::rt::OnTape::is_tracked(&self.#fields))*
                    }
                }
            });
        }
        (names, made)
    }

    /// Whether a struct, one of those with these names, is made of what can be shown.
    fn is_shown(self, def: &syn::ItemStruct, names: &[Ident], depth: usize) -> bool {
        def.generics.params.is_empty()
            && names.contains(&def.ident)
            && def.fields.iter().all(|field| self.has_plain(&field.ty, names, depth))
    }

    fn has_plain(self, ty: &syn::Type, names: &[Ident], depth: usize) -> bool {
        match ty {
            syn::Type::Paren(inner) => self.has_plain(&inner.elem, names, depth),
            syn::Type::Group(inner) => self.has_plain(&inner.elem, names, depth),
            syn::Type::Array(array) => self.has_plain(&array.elem, names, depth),
            syn::Type::Tuple(tuple) => {
                let mut parts = tuple.elems.iter();
                (1..=6).contains(&parts.len()) && parts.all(|ty| self.has_plain(ty, names, depth))
            }
            syn::Type::Path(path) => match (self.of_type(ty), depth.checked_sub(1)) {
                (Some((def, _)), Some(depth)) => self.is_shown(def, names, depth),
                (Some(_), None) => false,
                (None, _) => {
                    let mut given = type_arguments(&path.path).into_iter();
                    let of = path.path.segments.last().map(|s| s.ident.to_string());
                    match of.as_deref() {
                        Some("Vec" | "Option") => given.all(|ty| self.has_plain(ty, names, depth)),
                        Some(of) => NUMBERS.contains(&of) || of.starts_with("Array"),
                        None => false,
                    }
                }
            },
            _ => false,
        }
    }

    /// Whether a type has one of the structs in it.
    pub(super) fn are_in(self, ty: &syn::Type) -> bool {
        struct Look<'s>(Structs<'s>, bool);
        impl<'ast> Visit<'ast> for Look<'_> {
            fn visit_type_path(&mut self, path: &'ast syn::TypePath) {
                self.1 |= self.0.find(&path.path).is_some();
                visit::visit_type_path(self, path);
            }
        }
        let mut look = Look(self, false);
        look.visit_type(ty);
        look.1
    }

    /// Variables of a plain value.
    pub(super) fn enter(
        self,
        ty: &syn::Type,
        place: &TokenStream,
        tracked: bool,
        floats: &[String],
    ) -> TokenStream {
        self.convert(ty, place, &|ty, plain| match mentions_floats(ty, floats, self) {
            true => quote!(::chainrule::rt::Enter::enter(&#plain, &__tape, #tracked)),
            false => quote!(#plain.clone()),
        })
    }

    pub(super) fn convert(
        self,
        ty: &syn::Type,
        place: &TokenStream,
        leaf: &dyn Fn(&syn::Type, &TokenStream) -> TokenStream,
    ) -> TokenStream {
        if !self.are_in(ty) {
            return leaf(ty, place);
        }
        match ty {
            syn::Type::Paren(inner) => self.convert(&inner.elem, place, leaf),
            syn::Type::Group(inner) => self.convert(&inner.elem, place, leaf),
            syn::Type::Reference(inner) => self.convert(&inner.elem, place, leaf),
            syn::Type::Tuple(tuple) => {
                let parts = tuple.elems.iter().enumerate().map(|(k, part)| {
                    let k = Literal::usize_unsuffixed(k);
                    self.convert(part, &quote!(#place.#k), leaf)
                });
                quote!((#(#parts,)*))
            }
            syn::Type::Array(array) => {
                let of = self.convert(&array.elem, &quote!(__e), leaf);
                quote!(#place.each_ref().map(|__e| #of))
            }
            syn::Type::Slice(slice) => self.convert_list(&slice.elem, place, leaf),
            other => match self.of_type(other) {
                Some((def, path)) => {
                    let fields = fields(def, path).into_iter().map(|(name, ty)| {
                        let value = self.convert(&ty, &quote!(#place.#name), leaf);
                        quote!(#name: #value)
                    });
                    let name = &def.ident;
                    quote!(#name { #(#fields),* })
                }
                None => match element(other) {
                    Some(of) => self.convert_list(of, place, leaf),
                    None => leaf(other, place),
                },
            },
        }
    }

    fn convert_list(
        self,
        of: &syn::Type,
        place: &TokenStream,
        leaf: &dyn Fn(&syn::Type, &TokenStream) -> TokenStream,
    ) -> TokenStream {
        let of = self.convert(of, &quote!(__e), leaf);
        quote!(#place.iter().map(|__e| #of).collect::<::std::vec::Vec<_>>())
    }

    /// What `take` makes of each variable (its gradient, its plain value), structs as tuples of
    /// their fields.
    pub(super) fn taken(
        self,
        ty: &syn::Type,
        place: &TokenStream,
        floats: &[String],
        take: &TokenStream,
    ) -> TokenStream {
        if !self.are_in(ty) {
            return match mentions_floats(ty, floats, self) {
                true => quote!(#take(&#place)),
                false => quote!(#place.clone()),
            };
        }
        match ty {
            syn::Type::Paren(inner) => self.taken(&inner.elem, place, floats, take),
            syn::Type::Group(inner) => self.taken(&inner.elem, place, floats, take),
            syn::Type::Reference(inner) => self.taken(&inner.elem, place, floats, take),
            syn::Type::Tuple(tuple) => {
                let parts = tuple.elems.iter().enumerate().map(|(k, part)| {
                    let k = Literal::usize_unsuffixed(k);
                    self.taken(part, &quote!(#place.#k), floats, take)
                });
                quote!((#(#parts,)*))
            }
            syn::Type::Array(array) => {
                let of = self.taken(&array.elem, &quote!(__e), floats, take);
                quote!(#place.each_ref().map(|__e| #of))
            }
            syn::Type::Slice(slice) => self.taken_each(&slice.elem, place, floats, take),
            other => match self.of_type(other) {
                Some((def, path)) => {
                    let parts = fields(def, path)
                        .into_iter()
                        .map(|(name, ty)| self.taken(&ty, &quote!(#place.#name), floats, take));
                    quote!((#(#parts,)*))
                }
                None => match element(other) {
                    Some(of) => self.taken_each(of, place, floats, take),
                    None => quote!(#place.clone()),
                },
            },
        }
    }

    fn taken_each(
        self,
        of: &syn::Type,
        place: &TokenStream,
        floats: &[String],
        take: &TokenStream,
    ) -> TokenStream {
        let of = self.taken(of, &quote!(__e), floats, take);
        quote!(#place.iter().map(|__e| #of).collect::<::std::vec::Vec<_>>())
    }

    /// Statements that link variables with numbers, field by field.
    pub(super) fn linked(
        self,
        ty: &syn::Type,
        place: &TokenStream,
        numbers: &TokenStream,
        floats: &[String],
    ) -> TokenStream {
        if !self.are_in(ty) {
            return match mentions_floats(ty, floats, self) {
                true => quote!(::chainrule::rt::Linked::link(&#place, &#numbers, &mut __links);),
                false => TokenStream::new(),
            };
        }
        match ty {
            syn::Type::Paren(inner) => self.linked(&inner.elem, place, numbers, floats),
            syn::Type::Group(inner) => self.linked(&inner.elem, place, numbers, floats),
            syn::Type::Reference(inner) => self.linked(&inner.elem, place, numbers, floats),
            syn::Type::Tuple(tuple) => {
                let parts = tuple.elems.iter().enumerate().map(|(k, part)| {
                    let k = Literal::usize_unsuffixed(k);
                    self.linked(part, &quote!(#place.#k), &quote!(#numbers.#k), floats)
                });
                parts.collect()
            }
            syn::Type::Array(array) => self.linked_each(&array.elem, place, numbers, floats),
            syn::Type::Slice(slice) => self.linked_each(&slice.elem, place, numbers, floats),
            other => match self.of_type(other) {
                Some((def, path)) => {
                    let parts = fields(def, path).into_iter().map(|(name, ty)| {
                        let (place, numbers) = (quote!(#place.#name), quote!(#numbers.#name));
                        self.linked(&ty, &place, &numbers, floats)
                    });
                    parts.collect()
                }
                None => match element(other) {
                    Some(of) => self.linked_each(of, place, numbers, floats),
                    None => TokenStream::new(),
                },
            },
        }
    }

    fn linked_each(
        self,
        of: &syn::Type,
        place: &TokenStream,
        numbers: &TokenStream,
        floats: &[String],
    ) -> TokenStream {
        let of = self.linked(of, &quote!(__e), &quote!(__n), floats);
        quote! {
            ::chainrule::rt::expect_length(#place.len(), #numbers.len());
            for (__e, __n) in #place.iter().zip(#numbers.iter()) { #of }
        }
    }

    /// The user's own structs out of such tuples.
    pub(super) fn rebuilt(self, ty: &syn::Type, place: &TokenStream) -> TokenStream {
        if !self.are_in(ty) {
            return place.clone();
        }
        match ty {
            syn::Type::Paren(inner) => self.rebuilt(&inner.elem, place),
            syn::Type::Group(inner) => self.rebuilt(&inner.elem, place),
            syn::Type::Reference(inner) => self.rebuilt(&inner.elem, place),
            syn::Type::Tuple(tuple) => {
                let parts = tuple.elems.iter().enumerate().map(|(k, part)| {
                    let k = Literal::usize_unsuffixed(k);
                    self.rebuilt(part, &quote!(#place.#k))
                });
                quote!((#(#parts,)*))
            }
            syn::Type::Array(array) => {
                let of = self.rebuilt(&array.elem, &quote!(__e));
                quote!(#place.map(|__e| #of))
            }
            syn::Type::Slice(slice) => self.rebuilt_list(&slice.elem, place),
            other => match self.of_type(other) {
                Some((def, path)) => {
                    let fields =
                        fields(def, path).into_iter().enumerate().map(|(k, (name, ty))| {
                            let k = Literal::usize_unsuffixed(k);
                            let value = self.rebuilt(&ty, &quote!(#place.#k));
                            quote!(#name: #value)
                        });
                    let mut name = path.path.clone();
                    if let Some(last) = name.segments.last_mut() {
                        last.arguments = syn::PathArguments::None;
                    }
                    quote!(#name { #(#fields),* })
                }
                None => match element(other) {
                    Some(of) => self.rebuilt_list(of, place),
                    None => place.clone(),
                },
            },
        }
    }

    fn rebuilt_list(self, of: &syn::Type, place: &TokenStream) -> TokenStream {
        let of = self.rebuilt(of, &quote!(__e));
        quote!(#place.into_iter().map(|__e| #of).collect::<::std::vec::Vec<_>>())
    }
}

/// What a `Vec` holds.
pub(super) fn element(ty: &syn::Type) -> Option<&syn::Type> {
    let syn::Type::Path(path) = ty else { return None };
    path.path.segments.last().filter(|segment| segment.ident == "Vec")?;
    type_arguments(&path.path).into_iter().next()
}

/// The fields of a struct: names or numbers, and their types for the type arguments given.
pub(super) fn fields(def: &syn::ItemStruct, path: &syn::TypePath) -> Vec<(TokenStream, syn::Type)> {
    struct Given(Vec<(Ident, syn::Type)>);
    impl VisitMut for Given {
        fn visit_type_mut(&mut self, ty: &mut syn::Type) {
            if let syn::Type::Path(path) = ty
                && let Some((_, given)) = self.0.iter().find(|(p, _)| path.path.is_ident(p))
            {
                *ty = given.clone();
                return;
            }
            visit_mut::visit_type_mut(self, ty);
        }
    }
    let params = def.generics.type_params().map(|param| param.ident.clone());
    let mut given = Given(params.zip(type_arguments(&path.path).into_iter().cloned()).collect());
    let field = |(k, field): (usize, &syn::Field)| {
        let name = field_name(k, field);
        let mut ty = field.ty.clone();
        given.visit_type_mut(&mut ty);
        (name, ty)
    };
    def.fields.iter().enumerate().map(field).collect()
}

/// The name of the field of this number.
fn field_name(k: usize, field: &syn::Field) -> TokenStream {
    match &field.ident {
        Some(name) => name.to_token_stream(),
        None => Literal::usize_unsuffixed(k).to_token_stream(),
    }
}

/// The name of a method's derivative by the tape.
pub(super) fn entry_name(method: Option<&Ident>) -> Ident {
    match method {
        Some(method) => format_ident!("{method}_tape_value_and_grad"),
        None => format_ident!("tape_value_and_grad"),
    }
}
