//! `std::array::from_fn`: an array whose length and elements' type are those that are asked for.

use super::Lowerer;
use super::iter::It;
use super::loops::Header;
use super::val::Val;
use super::wanted::Wanted;
use crate::flow::ir::{Init, Kind, MemId, Place, Proj};
use crate::parse::Type;
use proc_macro2::Span;
use quote::ToTokens;
use std::rc::Rc;
use syn::{ExprCall, GenericArgument, PathArguments};

/// Whether a path is that of `std::array::from_fn`.
pub(super) fn is_from_fn(path: &syn::Path) -> bool {
    let mut segments = path.segments.iter().rev();
    let is = |segment: Option<&syn::PathSegment>, name: &str| {
        segment.is_some_and(|segment| segment.ident == name)
    };
    is(segments.next(), "from_fn") && is(segments.next(), "array")
}

impl Lowerer<'_> {
    pub(super) fn array_from_fn(
        &mut self,
        call: &ExprCall,
        path: &syn::Path,
        wanted: Option<Wanted>,
        span: Span,
    ) -> Val {
        let Some(f) = call.args.first() else { return Val::Error };
        let (of, len) = match (wanted, written_length(path)) {
            (Some(Wanted::Type(Type::Fixed(of, len))), _) => (*of, len),
            (_, Some(len)) => (self.float_type(), len),
            _ => {
                return self.error(span, "how many elements this array has is not known here: bind it first with its type, `let list: [f64; 3] = std::array::from_fn(..);`");
            }
        };
        let f = self.function_value(f);
        let Some(mem) = self.zeros(&of, len, span) else { return Val::Error };
        let (zero, count) = (self.int(0, span), self.length(&Place::whole(mem), span));
        self.as_index(zero);
        let it = Rc::new(It::Range(zero, Some(count)));
        self.for_each(&it, &Header::default(), span, &mut |this, item| {
            let Val::Scalar(at) = item else { return };
            if let Val::Closure(closure) = &f {
                this.want(&closure.expr.body, Wanted::Type(of.clone()));
            }
            let val = this.apply(&f, vec![Val::Scalar(at)], span);
            if !val.is_silent() && this.expect_type(&val, &of, span) {
                let to = Place { mem, proj: vec![Proj::Index(at)] };
                this.write_place(to, val, span);
            }
        });
        self.fresh_place(mem)
    }

    /// A new array of zeros, of floats or of arrays of them.
    fn zeros(&mut self, of: &Type, len: String, span: Span) -> Option<MemId> {
        let init = match of {
            Type::Float(elem) => {
                let zero = self.number(0.0, super::Slot::Unknown, span);
                self.expect_elem(zero, elem);
                Init::Filled(zero, None)
            }
            Type::Fixed(inner, count) => {
                let row = self.zeros(inner, count.clone(), span)?;
                Init::FilledWith(Place::whole(row), None)
            }
            _ => {
                self.error(span, "`from_fn` is supported for arrays of floats, and for arrays of such arrays: write the elements out, or fill the array in a loop");
                return None;
            }
        };
        let mem = self.memory("array", Type::Fixed(Box::new(of.clone()), len), span);
        self.emit(Kind::Alloc(mem, init), span);
        Some(mem)
    }
}

/// `from_fn::<_, 3, _>`
fn written_length(path: &syn::Path) -> Option<String> {
    let PathArguments::AngleBracketed(args) = &path.segments.last()?.arguments else { return None };
    match args.args.iter().nth(1)? {
        GenericArgument::Const(len) => Some(len.to_token_stream().to_string()),
        GenericArgument::Type(len) => Some(len.to_token_stream().to_string()),
        _ => None,
    }
}
