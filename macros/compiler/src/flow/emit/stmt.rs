//! Statements that are not control flow.

use super::block::Body;
use super::names;
use super::types;
use crate::emit::element::{cast, elem_type};
use crate::flow::ir::{
    By, Init, Kind, MemId, Mode, Origin, Pass, Place, Proj, Source, Stmt, Ty, V,
};
use crate::ir::Elem;
use crate::parse::Type;
use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

/// Methods of passive values that take their argument by reference.
const BY_REFERENCE: &[&str] =
    &["cmp", "partial_cmp", "total_cmp", "eq", "ne", "lt", "le", "gt", "ge", "contains"];

impl Body<'_> {
    /// One statement.
    pub(super) fn statement(&mut self, stmt: &Stmt) -> TokenStream {
        match &stmt.kind {
            Kind::Const(..) => TokenStream::new(),
            Kind::Prim(out, row, args) => {
                let value = self.primitive(*out, row, args);
                self.define(*out, &value)
            }
            Kind::Cast(out, arg) => {
                let value = self.converted(*out, *arg);
                self.define(*out, &value)
            }
            Kind::Pass(out, pass, args) => {
                let value = self.passive(pass, args);
                self.define(*out, &value)
            }
            Kind::Opaque { out, code, .. } => {
                let code = self.code(code);
                match out {
                    Some(out) => self.define(*out, &code),
                    None => quote!(#code;),
                }
            }
            Kind::Load(out, place) => {
                let place = self.place(place);
                self.define(*out, &place)
            }
            Kind::Store(place, v, mode) => self.store(place, *v, *mode),
            Kind::Alloc(mem, init) => self.alloc(*mem, init),
            Kind::Assign { to, from, moved } => self.assign(to, from, *moved),
            Kind::Push(place, source) => {
                let value = self.source(source);
                let place = self.place_mut(place);
                quote!(#place.push(#value);)
            }
            Kind::Pop(out, place) => {
                let place = self.place_mut(place);
                self.define(*out, &quote!(::chainrule::rt::recall(&mut #place)))
            }
            Kind::Fill(place, v) => {
                let ty = self.type_at(place);
                let value = self.value(*v);
                types::fill(ty.as_ref(), &self.place_mut(place), &value)
            }
            Kind::AddAll(to, from) => {
                let ty = self.type_at(to).or_else(|| self.type_at(from));
                types::add_all(ty.as_ref(), &self.place_mut(to), &self.place(from))
            }
            Kind::SumAll(out, place) => {
                let value = types::sum_all(self.type_at(place).as_ref(), &self.place(place));
                self.define(*out, &value)
            }
            Kind::Swap(a, b) => self.swap(a, b),
            Kind::If { cond, then, other, outs } => {
                let mut out = Vec::new();
                self.conditional(*cond, (then, other), outs, &mut out);
                out.into_iter().collect()
            }
            Kind::Loop(lp) => self.repeat(lp),
            Kind::Call(call) => self.call(call),
            Kind::Pull { call, ct, outs, along } => {
                self.pull(call, ct.as_ref(), outs, along.as_deref())
            }
            Kind::Fail(code) => {
                let code = self.code(code);
                quote!(return #code;)
            }
            Kind::Diverge(code) => {
                let code = self.code(code);
                quote!(#code;)
            }
            Kind::Declare(record, room) => self.declare(*record, room),
            Kind::Keep(record, values, mems) => self.keep(*record, values, mems),
            Kind::Recall(record, values, mems) => self.recall(*record, values, mems),
            Kind::Save(record, place) => {
                let record = names::record(*record);
                types::save(self.type_at(place).as_ref(), &self.place(place), &quote!(#record))
            }
            Kind::Restore(record, place) => {
                let record = names::record(*record);
                types::restore(
                    self.type_at(place).as_ref(),
                    &self.place_mut(place),
                    &quote!(#record),
                )
            }
            Kind::DropLast(place) => {
                let place = self.place_mut(place);
                quote!(let _ = #place.pop();)
            }
            Kind::Entry(list, row, column, v) => {
                let list = self.place_mut(&Place::whole(*list));
                let [row, column, v] = [row, column, v].map(|v| self.value(*v));
                quote!(#list.push((#row as u32, #column as u32, #v));)
            }
        }
    }

    /// The entries of one list with which some statements begin, put on it together, and their number.
    pub(super) fn entries(&mut self, stmts: &[Stmt]) -> Option<(TokenStream, usize)> {
        let Kind::Entry(list, ..) = &stmts.first()?.kind else { return None };
        let entries: Vec<TokenStream> = (stmts.iter())
            .map_while(|stmt| match &stmt.kind {
                Kind::Entry(of, row, column, v) if of == list => {
                    let [row, column, v] = [row, column, v].map(|v| self.value(*v));
                    Some(quote!((#row as u32, #column as u32, #v)))
                }
                _ => None,
            })
            .collect();
        let count = entries.len();
        let list = self.place_mut(&Place::whole(*list));
        (count > 1).then(|| (quote!(#list.extend([#(#entries),*]);), count))
    }

    pub(super) fn define(&mut self, out: V, value: &TokenStream) -> TokenStream {
        let declared = self.declared(out);
        // What is absent on other paths is present where it is defined.
        let value = match self.facts.optional.contains(&out) {
            true => quote!(::core::option::Option::Some(#value)),
            false if self.pinned.contains(&out) => quote!(::core::hint::black_box(#value)),
            false => value.clone(),
        };
        self.bind(declared, &value)
    }

    fn converted(&self, out: V, arg: V) -> TokenStream {
        let to = self.program.float(out).cloned().unwrap_or(Elem::F64);
        let value = self.value(arg);
        match &self.program.of(arg).ty {
            Ty::Float(from) => cast(from, &to, &value),
            Ty::Int(Some(name)) => cast(&Elem::Int(name.clone()), &to, &value),
            _ => cast(&Elem::Var(0), &to, &value),
        }
    }

    fn passive(&self, pass: &Pass, args: &[V]) -> TokenStream {
        let values: Vec<TokenStream> = args.iter().map(|v| self.value(*v)).collect();
        match (pass, &values[..]) {
            (Pass::Binary(symbol), [a, b]) => {
                let symbol = types::tokens(symbol);
                quote!(#a #symbol #b)
            }
            (Pass::Unary(symbol), [a]) => {
                let symbol = types::tokens(symbol);
                quote!(#symbol #a)
            }
            (Pass::Cast(ty), [a]) => match args.first().and_then(|v| self.program.float(*v)) {
                Some(elem @ Elem::Param(_)) => {
                    let elem = elem_type(elem);
                    quote!(::chainrule::rt::cast::<#elem, #ty>(#a))
                }
                _ => quote!((#a as #ty)),
            },
            (Pass::Method(name), [receiver, rest @ ..]) => {
                let by_reference = BY_REFERENCE.contains(&name.as_str());
                let name = Ident::new(name, Span::call_site());
                match by_reference {
                    true => quote!(#receiver.#name(#(&#rest),*)),
                    false => quote!(#receiver.#name(#(#rest),*)),
                }
            }
            (Pass::AddScaled, [sum, term]) => quote!(::chainrule::rt::add_scaled(#sum, #term)),
            (Pass::Successor, [a]) => quote!(::chainrule::rt::successor(#a)),
            (Pass::Len(place), _) => {
                let place = self.place(place);
                quote!(#place.len())
            }
            (Pass::Path(path), _) => path.clone(),
            _ => quote!(::core::unreachable!()),
        }
    }

    /// A value or a place, as the user's code or a call takes it.
    pub(super) fn lent(&self, source: &Source, by: By) -> TokenStream {
        match (source, by) {
            (source, By::Value | By::Tangent) => self.source(source),
            (Source::Value(v), _) if self.reborrowed.contains(v) => self.moved(*v),
            (Source::Value(v), By::Ref) => {
                let value = self.value(*v);
                quote!(&#value)
            }
            (Source::Value(v), By::Mut) => {
                let value = self.value(*v);
                quote!(&mut #value)
            }
            (Source::Place(place), By::Ref) => {
                let place = self.place(place);
                quote!(&#place)
            }
            (Source::Place(place), By::Mut) => {
                let place = self.place_mut(place);
                quote!(&mut #place)
            }
        }
    }

    /// A value, or a copy of a place.
    pub(super) fn source(&self, source: &Source) -> TokenStream {
        match source {
            Source::Value(v) => self.moved(*v),
            Source::Place(place) => self.copied(place),
        }
    }

    pub(super) fn copied(&self, place: &Place) -> TokenStream {
        let ty = self.type_at(place);
        self.moved_or_copied(place, ty.as_ref())
    }

    /// A memory as a part of another: moved where it is not used again.
    fn moved_or_copied(&self, place: &Place, ty: Option<&Type>) -> TokenStream {
        match ty {
            Some(ty) if place.proj.is_empty() && self.program.moved.contains(&place.mem) => {
                self.taken(place, ty)
            }
            ty => types::copy(ty, &self.place(place)),
        }
    }

    fn store(&self, place: &Place, v: V, mode: Mode) -> TokenStream {
        let generic = matches!(self.program.float(v), Some(Elem::Param(_)));
        let to = self.place_mut(place);
        let value = match (mode, generic) {
            // `x - (a + b)`
            (Mode::Add | Mode::Sub, true) => self.value(v),
            _ => self.alone(v),
        };
        match (mode, generic) {
            (Mode::Set, _) => quote!(#to = #value;),
            (Mode::Add, false) => quote!(#to += #value;),
            (Mode::Sub, false) => quote!(#to -= #value;),
            (Mode::Add, true) => quote!(#to = #to + #value;),
            (Mode::Sub, true) => quote!(#to = #to - #value;),
        }
    }

    /// A new memory: declared here, or assigned where it was declared ahead.
    fn alloc(&mut self, mem: MemId, init: &Init) -> TokenStream {
        if self.facts.cuts.contains_key(&mem) {
            return TokenStream::new();
        }
        if self.facts.borrowed.contains(&mem) {
            return self.made(mem, Some(quote!(&[])));
        }
        let ty = self.program.at(mem).ty.clone();
        let unset = matches!(init, Init::Unset);
        let Some(value) = self.initial(&ty, init) else {
            // Nothing can stand in: it stays undeclared until it is assigned.
            return self.made(mem, None);
        };
        if unset && !self.is_home(mem) {
            return TokenStream::new();
        }
        self.made(mem, Some(value))
    }

    /// Whether this statement declares a memory.
    pub(super) fn is_home(&self, mem: MemId) -> bool {
        let Some((&at, block)) = self.path.split_last() else { return true };
        self.facts
            .homes
            .get(&mem)
            .is_none_or(|home| !home.ahead && home.stmt == at && home.block == block)
    }

    pub(super) fn made(&mut self, mem: MemId, value: Option<TokenStream>) -> TokenStream {
        let declared = self.declared_mem(mem);
        let name = declared.name.clone();
        match (self.is_home(mem), value) {
            (true, Some(value)) => self.bind(declared, &value),
            (true, None) => {
                let ty = declared.ty;
                quote!(let mut #name: #ty;)
            }
            (false, Some(value)) if self.lazy.contains_key(&mem) => {
                quote!(#name = ::core::option::Option::Some(#value);)
            }
            (false, Some(value)) => quote!(#name = #value;),
            (false, None) => TokenStream::new(),
        }
    }

    /// What a new memory holds.
    fn initial(&self, ty: &Type, init: &Init) -> Option<TokenStream> {
        let fixed = match ty {
            Type::Fixed(_, len) => Some(types::tokens(len)),
            _ => None,
        };
        let part = types::element(ty);
        let list = |parts: Vec<TokenStream>| match &fixed {
            Some(_) => quote!([#(#parts),*]),
            None => quote!(::std::vec![#(#parts),*]),
        };
        let length = |len: &Option<V>| len.map(|len| self.index(len)).or_else(|| fixed.clone());
        let filled = |value: TokenStream, len: &Option<V>| {
            let len = length(len).unwrap_or_else(|| quote!(0));
            match &fixed {
                Some(_) if part.is_some_and(|part| types::constant_zero(part).is_none()) => {
                    quote!(::core::array::from_fn(|_| #value))
                }
                Some(_) => quote!([#value; #len]),
                None => quote!(::std::vec![#value; #len]),
            }
        };
        Some(match init {
            Init::Filled(v, len) => filled(self.value(*v), len),
            Init::FilledWith(place, len) => {
                filled(types::copy(part.or(self.type_at(place).as_ref()), &self.place(place)), len)
            }
            Init::List(values) => list(values.iter().map(|v| self.value(*v)).collect()),
            Init::ListOf(places) => {
                list(places.iter().map(|place| self.moved_or_copied(place, part)).collect())
            }
            Init::Empty(None) => quote!(::std::vec::Vec::new()),
            Init::Empty(Some(room)) => {
                let room = self.index(*room);
                quote!(::std::vec::Vec::with_capacity(#room))
            }
            Init::Copy(place) => types::copy(Some(ty), &self.place(place)),
            Init::Move(place) => self.taken(place, ty),
            Init::ZerosLike(place) => types::zeros_like(ty, &self.place(place)),
            Init::Lent(v) => {
                let value = self.value(*v);
                match ty {
                    Type::Slice(_) => quote!(&#value[..]),
                    // A reference already.
                    Type::Struct(_) => value,
                    _ => quote!(&#value),
                }
            }
            Init::Unset => return types::anything(ty),
            Init::Fields(fields) => match ty {
                Type::Struct(name) => {
                    let path = without_generics(name);
                    let fields = fields.iter().map(|(name, source)| {
                        let value = self.source(source);
                        let named = types::field(&TokenStream::new(), name);
                        let name = named.into_iter().last();
                        quote!(#name: #value)
                    });
                    quote!(#path { #(#fields,)* })
                }
                _ => {
                    let parts = fields.iter().map(|(_, source)| self.source(source));
                    quote!((#(#parts,)*))
                }
            },
        })
    }

    /// A memory that is not used again.
    pub(super) fn taken(&self, place: &Place, ty: &Type) -> TokenStream {
        let whole = place.proj.is_empty();
        let owned = matches!(self.program.at(place.mem).origin, Origin::Local | Origin::Owned);
        let here = self.facts.homes.get(&place.mem).is_some_and(|home| {
            self.path.split_last().is_some_and(|(_, block)| home.block == block)
        });
        let is_vec = |ty: &Type| matches!(ty, Type::Vec(_) | Type::Slice(_));
        let kept_in_vec = self.type_at(place).as_ref().is_some_and(is_vec)
            && !matches!(place.proj.last(), Some(Proj::Range(..)));
        let resizable = owned || self.facts.resized.contains(&place.mem) || !whole;
        match () {
            () if whole && owned && here && !self.lazy.contains_key(&place.mem) => {
                self.place(place)
            }
            () if kept_in_vec
                && is_vec(ty)
                && resizable
                && self.program.at(place.mem).origin != Origin::Shared =>
            {
                let place = self.place_mut(place);
                quote!(::core::mem::take(&mut #place))
            }
            () => types::copy(Some(ty), &self.place(place)),
        }
    }

    fn assign(&self, to: &Place, from: &Place, moved: bool) -> TokenStream {
        if let Some(len) = self.facts.cuts.get(&from.mem) {
            let (list, len) = (self.place_mut(to), self.value(*len));
            return quote!(#list.truncate(#len););
        }
        if self.facts.borrowed.contains(&to.mem) {
            let (name, list) = (names::mem(self.program, to.mem), self.place(from));
            return quote!(#name = &#list[..];);
        }
        let ty = self.type_at(to).or_else(|| self.type_at(from));
        let value = match (moved, &ty) {
            _ if self.is_slice(to, ty.as_ref()) => self.place(from),
            (true, Some(ty)) => self.taken(from, ty),
            _ => types::copy(ty.as_ref(), &self.place(from)),
        };
        self.put(to, ty.as_ref(), &value)
    }

    /// Whether a place is a slice, which can be overwritten but not replaced.
    pub(super) fn is_slice(&self, place: &Place, ty: Option<&Type>) -> bool {
        let reference =
            matches!(self.program.at(place.mem).origin, Origin::Shared | Origin::Exclusive);
        let range = matches!(place.proj.last(), Some(Proj::Range(..)));
        matches!(ty, Some(Type::Slice(_))) && (range || (place.proj.is_empty() && reference))
    }

    /// `place = value;` for an owned value; of a slice it is overwritten with a place.
    pub(super) fn put(&self, to: &Place, ty: Option<&Type>, value: &TokenStream) -> TokenStream {
        if self.is_slice(to, ty) {
            let target = self.place_mut(to);
            return quote!(#target.clone_from_slice(&#value[..]););
        }
        if to.proj.is_empty() && self.lazy.contains_key(&to.mem) {
            let name = names::mem(self.program, to.mem);
            return quote!(#name = ::core::option::Option::Some(#value););
        }
        let target = self.place_mut(to);
        quote!(#target = #value;)
    }

    fn swap(&mut self, a: &Place, b: &Place) -> TokenStream {
        let same_array = a.mem == b.mem && a.proj.len() == b.proj.len() && !a.proj.is_empty() && {
            let n = a.proj.len() - 1;
            a.proj[..n] == b.proj[..n]
        };
        if same_array
            && let (Some(Proj::Index(i)), Some(Proj::Index(j))) = (a.proj.last(), b.proj.last())
        {
            let array = self.place_of(a.mem, &a.proj[..a.proj.len() - 1], true);
            let (i, j) = (self.index(*i), self.index(*j));
            return quote!(#array.swap(#i, #j););
        }
        let (x, y) = (self.place_mut(a), self.place_mut(b));
        let slices = [a, b].iter().any(|p| {
            matches!(p.proj.last(), Some(Proj::Range(..)))
                || (p.proj.is_empty()
                    && self.is_reference(p.mem)
                    && matches!(self.program.at(p.mem).ty, Type::Slice(_)))
        });
        match (slices, a.mem == b.mem) {
            (true, _) => quote!(#x.swap_with_slice(&mut #y);),
            (false, false) => quote!(::core::mem::swap(&mut #x, &mut #y);),
            (false, true) => {
                let held = self.fresh("held");
                let (first, second) = (self.copied(a), self.copied(b));
                quote!({ let #held = #first; #x = #second; #y = #held; })
            }
        }
    }
}

/// `Point<T>` as a path of expressions: `Point`.
fn without_generics(name: &str) -> TokenStream {
    match syn::parse_str::<syn::Path>(name) {
        Ok(mut path) => {
            for segment in &mut path.segments {
                segment.arguments = syn::PathArguments::None;
            }
            quote!(#path)
        }
        Err(_) => types::tokens(name),
    }
}
