//! What structs are made of, wherever they are named.
//!
//! One struct has several names: that in the function being compiled (the *root*), those in the
//! functions it calls, those in the fields of other structs. Types that are handed out here are
//! written as the root writes them, so that they can be written in the root's derivative; a struct
//! that the root does not name goes by its own name. A struct has one name in all of them.

use super::callees::path_text;
use super::sources::Callees;
use super::structs::is_constant;
use crate::error::Errors;
use crate::hash::HashMap;
use crate::parse::{Function, Names, Type, strip, text_of, type_arguments, understand};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};

impl Callees {
    /// The fields of the struct that a type, as written in a function's signature or body, means
    /// there: their names (`0`, `1` of a tuple struct) and their types, the type arguments in
    /// place.
    ///
    /// In the types, structs are called as the root calls them: ask for their fields by
    /// `fields(callees.root(), text)`. Parameters of the struct that are not given (`Pair { .. }`,
    /// `Pair<_>`) stay as they are; they are types like `Type::Struct("T")`, see
    /// [`parameters`](Self::parameters). `None` if the text does not name a struct here, or if a
    /// struct among the fields cannot be told apart from another of the same name.
    ///
    /// ```
    /// use chainrule_compiler::{capsule::Callees, error::Errors, parse::Type};
    ///
    /// let file = syn::parse_str("
    ///     struct Pair<T> { left: T, right: [T; 2] }
    ///     struct Angle(f64);
    ///     fn f(p: &Pair<Angle>) -> f64 { p.left.0 }
    /// ")?;
    /// let callees = Callees::of_file(&file, &mut Errors::new()).expect("it has a function");
    /// let angle = Type::Struct("Angle".to_string());
    /// assert_eq!(
    ///     callees.fields(callees.root(), "Pair<Angle>"),
    ///     Some(vec![
    ///         ("left".to_string(), angle.clone()),
    ///         ("right".to_string(), Type::Fixed(Box::new(angle), "2".to_string())),
    ///     ])
    /// );
    /// # Ok::<(), syn::Error>(())
    /// ```
    pub fn fields(&self, function: usize, written: &str) -> Option<Vec<(String, Type)>> {
        let path = self.parsed(function, written)?;
        let number = self.struct_meant(function, &path)?;
        let def = self.structure(number)?;
        let given = self.given(function, def, &path)?;
        let names = self.function(function).map(Function::names).unwrap_or_default();
        let names = Names { this: None, ..names };
        let field = |(k, field): (usize, &syn::Field)| {
            let name = match &field.ident {
                Some(name) => name.to_string(),
                None => k.to_string(),
            };
            // The derive has made sure that what is borrowed is constant.
            if is_constant(&field.attrs) || matches!(strip(&field.ty), syn::Type::Reference(_)) {
                return Some((name, Type::Constant(text_of(&field.ty))));
            }
            let mut ty = field.ty.clone();
            let of_struct = def.generics.type_params().map(|p| p.ident.to_string()).collect();
            self.rename(number, &mut ty, of_struct)?;
            given.put_into(&mut ty);
            let ty = match understand(&ty, names, &mut Errors::new())? {
                Type::Option(_) | Type::Result(..) | Type::Unit => Type::Constant(text_of(&ty)),
                ty => ty,
            };
            Some((name, ty))
        };
        def.fields.iter().enumerate().map(field).collect()
    }

    /// The type parameters of the struct that a type means in a function, in order.
    pub fn parameters(&self, function: usize, written: &str) -> Option<Vec<String>> {
        let path = self.parsed(function, written)?;
        let def = self.structure(self.struct_meant(function, &path)?)?;
        Some(def.generics.type_params().map(|p| p.ident.to_string()).collect())
    }

    /// The method or associated function `name` of the struct that `owner` means in a function, if
    /// it stands in the `impl` block being compiled: `at` of `line.at(x)` and of `Line::at(..)`.
    pub fn method(&self, function: usize, owner: &str, name: &str) -> Option<usize> {
        let path = self.parsed(function, owner)?;
        let target = self.struct_meant(function, &path);
        let this = self.function(function).and_then(|function| function.owner.as_ref());
        self.numbers().find(|&number| {
            let Some(candidate) = self.function(number) else { return false };
            let Some(of) = candidate.owner.as_ref().filter(|_| candidate.name() == name) else {
                return false;
            };
            let syn::Type::Path(own) = strip(&of.ty) else { return false };
            let same_struct = match target {
                Some(target) => self.struct_meant(number, &own.path) == Some(target),
                // Without a capsule it is known in its own block only.
                None => this.is_some() && path_text(&own.path) == path_text(&path),
            };
            let (given, of_block) = (type_arguments(&path), type_arguments(&own.path));
            let is_generic = of.generics.type_params().next().is_some();
            let texts = |types: &[&syn::Type]| types.iter().map(text_of).collect::<Vec<_>>();
            same_struct && (is_generic || given.is_empty() || texts(&given) == texts(&of_block))
        })
    }

    /// A type as text as the path it is, `Self` replaced by what it stands for.
    fn parsed(&self, function: usize, written: &str) -> Option<syn::Path> {
        match strip(&syn::parse_str(written).ok()?) {
            syn::Type::Path(path) if path.qself.is_none() => {
                Some(self.without_self(function, &path.path))
            }
            _ => None,
        }
    }

    fn without_self(&self, function: usize, path: &syn::Path) -> syn::Path {
        let owner = self.function(function).and_then(|function| function.owner.as_ref());
        match owner.map(|owner| strip(&owner.ty)) {
            Some(syn::Type::Path(this)) if path.is_ident("Self") => this.path.clone(),
            _ => path.clone(),
        }
    }

    /// The number of the struct that a path means in an item: by the names there, by those in the
    /// root, or because all that call something so mean the same.
    fn struct_meant(&self, item: usize, path: &syn::Path) -> Option<usize> {
        let text = path_text(path);
        let own = self.structure(item).filter(|def| path.is_ident(&def.ident)).map(|_| item);
        let target = own
            .or_else(|| self.meant(item, &text))
            .or_else(|| self.meant(self.root(), &text))
            .or_else(|| self.agreed(&text))?;
        self.structure(target).map(|_| target)
    }

    /// What all items that know a name mean by it; `None` if they differ.
    fn agreed(&self, text: &str) -> Option<usize> {
        let mut meanings = self.numbers().filter_map(|item| {
            let own = self.structure(item).filter(|def| def.ident == text).map(|_| item);
            own.or_else(|| self.meant(item, text))
        });
        let first = meanings.next()?;
        meanings.all(|other| other == first).then_some(first)
    }

    /// What a struct is called in the root: the name it has there, or else the first of those it
    /// has elsewhere that means nothing else. `None` if all of them mean something else too.
    fn name_in_root(&self, target: usize) -> Option<syn::Path> {
        let id = &self.entries()[target].id;
        let names = |item: usize| {
            let calls = self.entries()[item].calls.iter().filter(|(_, meant)| meant == id);
            calls.filter_map(|(text, _)| syn::parse_str(text).ok())
        };
        if let Some(name) = names(self.root()).next() {
            return Some(name);
        }
        let own = self.structure(target).map(|def| syn::Path::from(def.ident.clone()));
        let is_meant = |path: &syn::Path| self.struct_meant(self.root(), path) == Some(target);
        self.numbers().flat_map(names).chain(own).find(is_meant)
    }

    /// Calls the structs in a type, as an item writes it, as the root calls them, all but `except`.
    fn rename(&self, item: usize, ty: &mut syn::Type, except: Vec<String>) -> Option<()> {
        struct Rename<'c> {
            callees: &'c Callees,
            item: usize,
            except: Vec<String>,
            is_ambiguous: bool,
        }
        impl VisitMut for Rename<'_> {
            fn visit_type_path_mut(&mut self, ty: &mut syn::TypePath) {
                visit_mut::visit_type_path_mut(self, ty);
                let is_parameter = |name: &syn::Ident| self.except.iter().any(|e| name == e);
                if ty.qself.is_some() || ty.path.get_ident().is_some_and(is_parameter) {
                    return;
                }
                let Some(target) = self.callees.struct_meant(self.item, &ty.path) else { return };
                match self.callees.name_in_root(target) {
                    Some(mut name) => {
                        let arguments = ty.path.segments.pop().map(|last| last.arguments);
                        if let (Some(last), Some(arguments)) = (name.segments.last_mut(), arguments)
                        {
                            last.arguments = arguments;
                        }
                        ty.path = name;
                    }
                    None => self.is_ambiguous = true,
                }
            }
        }
        let mut rename = Rename { callees: self, item, except, is_ambiguous: false };
        rename.visit_type_mut(ty);
        (!rename.is_ambiguous).then_some(())
    }

    /// The arguments that a path gives to the parameters of a struct, as the root writes them.
    fn given(&self, function: usize, def: &syn::ItemStruct, path: &syn::Path) -> Option<Given> {
        Given::of(&def.generics, path, |ty| self.rename(function, ty, vec![]))
    }
}

/// The arguments of a struct's parameters.
#[derive(Default)]
pub(super) struct Given {
    types: HashMap<String, syn::Type>,
    values: HashMap<String, syn::Expr>,
}

impl Given {
    /// The arguments that a path gives to these parameters, as they are written.
    pub(super) fn as_written(generics: &syn::Generics, path: &syn::Path) -> Given {
        Given::of(generics, path, |_| Some(())).unwrap_or_default()
    }

    fn of(
        generics: &syn::Generics,
        path: &syn::Path,
        rename: impl Fn(&mut syn::Type) -> Option<()>,
    ) -> Option<Given> {
        let mut given = Given::default();
        let arguments: Vec<syn::GenericArgument> = match path.segments.last().map(|s| &s.arguments)
        {
            Some(syn::PathArguments::AngleBracketed(list)) => list.args.iter().cloned().collect(),
            _ => vec![],
        };
        let mut arguments =
            arguments.into_iter().filter(|arg| !matches!(arg, syn::GenericArgument::Lifetime(_)));
        for param in &generics.params {
            match param {
                syn::GenericParam::Lifetime(_) => {}
                syn::GenericParam::Type(param) => {
                    let ty = match arguments.next() {
                        Some(syn::GenericArgument::Type(syn::Type::Infer(_))) => None,
                        Some(syn::GenericArgument::Type(mut ty)) => {
                            rename(&mut ty)?;
                            Some(ty)
                        }
                        _ => param.default.clone().map(|(_, ty)| ty),
                    };
                    given.types.extend(ty.map(|ty| (param.ident.to_string(), ty)));
                }
                syn::GenericParam::Const(param) => {
                    let value = match arguments.next() {
                        Some(syn::GenericArgument::Const(value)) => Some(value),
                        Some(syn::GenericArgument::Type(syn::Type::Path(name))) => {
                            syn::parse2(name.to_token_stream()).ok()
                        }
                        _ => param
                            .default
                            .clone()
                            .and_then(|(_, value)| syn::parse2(quote!(#value)).ok()),
                    };
                    given.values.extend(value.map(|value| (param.ident.to_string(), value)));
                }
            }
        }
        Some(given)
    }

    pub(super) fn put_into(&self, ty: &mut syn::Type) {
        struct Put<'g>(&'g Given);
        impl VisitMut for Put<'_> {
            fn visit_type_mut(&mut self, ty: &mut syn::Type) {
                if let syn::Type::Path(path) = ty
                    && let Some(name) = path.path.get_ident()
                    && let Some(given) = self.0.types.get(&name.to_string())
                {
                    *ty = given.clone();
                    return;
                }
                visit_mut::visit_type_mut(self, ty);
            }
            fn visit_generic_argument_mut(&mut self, arg: &mut syn::GenericArgument) {
                // `Other<N>`: that `N` is a constant is not to be seen in it.
                if let syn::GenericArgument::Type(syn::Type::Path(path)) = arg
                    && let Some(name) = path.path.get_ident()
                    && let Some(value) = self.0.values.get(&name.to_string())
                {
                    *arg = syn::GenericArgument::Const(value.clone());
                    return;
                }
                visit_mut::visit_generic_argument_mut(self, arg);
            }
            fn visit_expr_mut(&mut self, expr: &mut syn::Expr) {
                if let syn::Expr::Path(path) = expr
                    && let Some(name) = path.path.get_ident()
                    && let Some(value) = self.0.values.get(&name.to_string())
                {
                    *expr = value.clone();
                    return;
                }
                visit_mut::visit_expr_mut(self, expr);
            }
        }
        Put(self).visit_type_mut(ty);
    }
}
