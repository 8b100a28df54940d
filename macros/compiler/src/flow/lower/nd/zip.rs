//! `Zip::from(&mut y).and(&x).for_each(|y, &x| ..)`, `azip!((y in &mut y, &x in &x) ..)`

use super::check::Said;
use super::parts::{Kind as Part, Parts, elements};
use super::{Arr, Layout};
use crate::flow::ir::{Kind, Mode, Proj, V};
use crate::flow::lower::loops::{Header, Run};
use crate::flow::lower::val::Val;
use crate::flow::lower::{Lowerer, Slot};
use proc_macro2::Span;
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::{Expr, ExprMethodCall, Pat, Token};

/// What is done with a part of each array, at its index.
type Body<'b, L> = &'b mut dyn FnMut(&mut L, Vec<Val>, &[V]);

impl<'a> Lowerer<'a> {
    /// `Zip::from(x)`, `Zip::indexed(x)`
    pub(super) fn zip_from(&mut self, val: Val, indexed: bool, span: Span) -> Val {
        let Some(parts) = self.producer(val, span) else { return Val::Error };
        Val::Zip(match indexed {
            true => vec![Parts { kind: Part::Indices, ..parts.clone() }, parts],
            false => vec![parts],
        })
    }

    /// A method of a `Zip`.
    pub(in crate::flow::lower) fn zip_method(
        &mut self,
        mut zip: Vec<Parts>,
        call: &ExprMethodCall,
    ) -> Val {
        let span = call.method.span();
        let name = call.method.to_string();
        let args: Vec<&Expr> = call.args.iter().collect();
        let extents = zip[0].extents.clone();
        match (name.as_str(), &args[..]) {
            ("and", [other]) => {
                let val = self.expr(other);
                let Some(parts) = self.producer(val, other.span()) else { return Val::Error };
                if parts.extents.len() != extents.len() {
                    return self.error(*other, "the arrays of a `Zip` have the same rank");
                }
                let (first, own) = (self.said_of(&zip[0]), self.said_of(&parts));
                self.same_shape(&first, &own, span);
                zip.push(parts);
                Val::Zip(zip)
            }
            ("and_broadcast", [other]) => {
                let val = self.expr(other);
                let Some(parts) = self.producer(val, other.span()) else { return Val::Error };
                if parts.extents.len() > extents.len() || !matches!(parts.kind, Part::Elements) {
                    return self.error(*other, "an array that is broadcast has no higher rank than the first of the `Zip`");
                }
                let (first, own) = (self.said_of(&zip[0]), self.said_of(&parts));
                let fits = self.is_stretched(&parts.extents, &extents, span);
                self.fit(fits, "fail_broadcast", &first, &own, span);
                let array = self.stretched_view(&parts.array, &extents, span);
                zip.push(elements(array));
                Val::Zip(zip)
            }
            ("for_each" | "apply", [f]) => {
                let f = self.function_value(f);
                self.zipped(&zip, None, span, &mut |this, items, _| {
                    this.apply(&f, items, span);
                });
                Val::Unit
            }
            ("map_collect", [f]) => {
                let f = self.function_value(f);
                let zero = self.number(0.0, Slot::Unknown, span);
                let out = self.filled_array("collected", zero, extents, span);
                self.zipped_into(&zip, &out, &f, span);
                Val::Array(Box::new(out))
            }
            ("map_assign_into" | "map_collect_into", [into, f]) => {
                let val = self.expr(into);
                let Some(parts) = self.producer(val, into.span()) else { return Val::Error };
                let (first, own) = (self.said_of(&zip[0]), self.said_of(&parts));
                self.same_shape(&first, &own, span);
                let f = self.function_value(f);
                self.zipped_into(&zip, &parts.array, &f, span);
                Val::Unit
            }
            ("fold", [init, f]) => {
                let init = self.expr(init);
                let init = self.owned(init, true, span);
                let f = self.function_value(f);
                let acc = self.variable("acc", init, true);
                self.zipped(&zip, None, span, &mut |this, items, _| {
                    let mut args = vec![this.vars[acc].val.clone()];
                    args.extend(items);
                    let val = this.apply(&f, args, span);
                    let val = this.owned(val, true, span);
                    this.set(acc, val);
                });
                self.vars[acc].val.clone()
            }
            ("all" | "any", [f]) => {
                let f = self.function_value(f);
                let start = self.boolean(name == "all", span);
                let found = self.variable("found", Val::Scalar(start), true);
                self.zipped(&zip, None, span, &mut |this, items, _| {
                    let before = this.vars[found].val.clone();
                    // What is decided stays so, and the function is not asked again.
                    let asked = |this: &mut Lowerer<'a>| {
                        let val = this.apply(&f, items, span);
                        this.plain(val, span)
                    };
                    let now = match name.as_str() {
                        "all" => this.branch(before, span, asked, |_| Val::Bool(false)),
                        _ => this.branch(before, span, |_| Val::Bool(true), asked),
                    };
                    let Some(now) = this.scalar(now, span) else { return };
                    this.set(found, Val::Scalar(now));
                });
                self.vars[found].val.clone()
            }
            _ => self.error(&call.method, format!("`{name}` of a `Zip` is not supported in a function with loops or conditions: supported are `and`, `and_broadcast`, `for_each`, `map_collect`, `map_assign_into`, `fold`, `all` and `any`")),
        }
    }

    fn said_of(&self, parts: &Parts) -> Said<'static> {
        let array = Arr { extents: parts.extents.clone(), ..parts.array.clone() };
        self.said(&array)
    }

    /// Puts what a function gives for the parts into an array.
    fn zipped_into(&mut self, zip: &[Parts], out: &Arr, f: &Val, span: Span) {
        let class = self.element_class(out);
        self.zipped(zip, Some(out), span, &mut |this, items, at| {
            let val = this.apply(f, items, span);
            let Some(v) = this.scalar(val, span) else { return };
            let own = this.class(v);
            if !this.types.unify(class, own) {
                this.error(
                    span,
                    "this closure must return a number or a condition, always of one type",
                );
            }
            let mut place = out.place.clone();
            match (at, out.rank()) {
                ([number], rank) if rank != 1 => place.proj.push(Proj::Index(*number)),
                (at, _) => place = this.element_place(out, at, span),
            }
            this.emit(Kind::Store(place, v, Mode::Set), span);
        });
    }

    /// Runs over the parts and, where there is one, an array that has as many elements; where all
    /// lie one behind the other, by number.
    fn zipped(&mut self, zip: &[Parts], beside: Option<&Arr>, span: Span, body: Body<'_, Self>) {
        let extents = zip[0].extents.clone();
        let flat = extents.len() > 1
            && zip
                .iter()
                .all(|parts| matches!(parts.kind, Part::Elements) && parts.array.is_rows())
            && beside.is_none_or(Arr::is_rows);
        if flat {
            let count = self.count_all(&extents, span);
            let zero = self.index(0, span);
            let run = Run::Range(zero, count, false);
            self.looped(run, &Header::default(), span, &mut |this, at| {
                let Some(at) = at else { return };
                let items = zip.iter().map(|parts| {
                    let extents = vec![extents[0]];
                    let array = Arr { extents, layout: Layout::Rows, ..parts.array.clone() };
                    this.element_of_array(&array, &[at], span)
                });
                let items: Vec<Val> = items.collect();
                body(this, items, &[at]);
            });
            return;
        }
        self.nested(&extents, &mut vec![], span, &mut |this, at| {
            let items = zip.iter().map(|parts| this.part_at(parts, at, span));
            let items: Vec<Val> = items.collect();
            body(this, items, at);
        });
    }

    /// `azip!((index i, a in &mut a, &b in &b) body)`
    pub(in crate::flow::lower) fn azip(&mut self, mac: &syn::Macro) -> Val {
        match azip_chain(mac) {
            Some(chain) => self.expr(&chain),
            None => self.error(mac, "the arguments of `azip!` are not understood: write `azip!((a in &mut a, &b in &b) *a += b)`"),
        }
    }
}

/// What `azip!` stands for: `Zip::from(&mut a).and(&b).for_each(|a, &b| *a += b)`.
pub(crate) fn azip_chain(mac: &syn::Macro) -> Option<Expr> {
    let Azip { indexed, producers, body } = mac.parse_body::<Azip>().ok()?;
    let (mut pats, mut arrays) = (Vec::new(), Vec::new());
    pats.extend(&indexed);
    for (pat, array) in &producers {
        pats.push(pat);
        arrays.push(array);
    }
    let (first, others) = arrays.split_first()?;
    let from = match indexed {
        Some(_) => quote!(Zip::indexed),
        None => quote!(Zip::from),
    };
    syn::parse2(quote!(#from(#first)#(.and(#others))*.for_each(|#(#pats),*| #body))).ok()
}

/// The arguments of `azip!`.
struct Azip {
    indexed: Option<Pat>,
    producers: Vec<(Pat, Expr)>,
    body: Expr,
}

impl Parse for Azip {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let list;
        syn::parenthesized!(list in input);
        let (mut indexed, mut producers) = (None, Vec::new());
        while !list.is_empty() {
            let fork = list.fork();
            let is_index = fork.parse::<syn::Ident>().is_ok_and(|name| name == "index")
                && !fork.peek(Token![in]);
            if is_index {
                list.parse::<syn::Ident>()?;
                indexed = Some(Pat::parse_single(&list)?);
            } else {
                let pat = Pat::parse_single(&list)?;
                list.parse::<Token![in]>()?;
                producers.push((pat, list.parse()?));
            }
            if !list.is_empty() {
                list.parse::<Token![,]>()?;
            }
        }
        Ok(Azip { indexed, producers, body: input.parse()? })
    }
}
