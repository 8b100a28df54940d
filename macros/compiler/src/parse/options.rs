//! The arguments of the attribute: `#[differentiate(wrt(w, b), tape)]`.

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Token, parenthesized};

/// What the attribute asks for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The parameters to differentiate by; all that can be where not given.
    pub wrt: Option<Vec<Ident>>,
    /// Whether `tape_value_and_grad` is generated.
    pub tape: bool,
    /// `pullback`, if it is generated.
    pub pullback: Option<Ident>,
    /// Where the derivative comes from.
    pub derivative: Derivative,
    /// Whether a test of the gradient is generated.
    pub check: Option<Check>,
    /// `jvp`, if it is generated.
    pub jvp: Option<Ident>,
    /// The rule by hand that it is then, if there is one: it takes the arguments, then the tangents,
    /// and returns value and tangent, as `f::jvp` does.
    pub jvp_rule: Option<syn::Path>,
    /// `hvp`, if it is generated.
    pub hvp: Option<Ident>,
    /// `vjp_jvp`, if it is generated whoever calls the function.
    pub vjp_jvp: Option<Ident>,
    /// `hessian`, if it is generated.
    pub hessian: Option<Ident>,
    /// `jacobian`, if it is generated.
    pub jacobian: Option<Ident>,
    /// The matrices that are sparse: `hessian(sparse)`, `jacobian(sparse)`.
    pub sparse: Vec<Ident>,
    /// `recursive`: whoever calls the function calls its derivative, so that its source travels
    /// without those of its callees, and functions may call each other.
    pub recursive: Option<Ident>,
}

/// A test of the gradient that is asked for.
#[derive(Clone, Debug)]
pub struct Check {
    /// Where.
    pub span: Span,
    /// The values that are given for parameters; the others are sampled.
    pub values: Vec<(Ident, syn::Expr)>,
}

/// Where the derivative of a function comes from.
#[derive(Clone, Debug, Default)]
pub enum Derivative {
    /// From its body, while it compiles.
    #[default]
    Body,
    /// From a rule by hand: it takes the arguments, then the cotangents, and returns value and
    /// gradient, as `f::vjp` does.
    Vjp(syn::Path),
    /// From a rule by hand: it takes the arguments and returns the value and its partial
    /// derivatives.
    Partials(syn::Path),
    /// From a rule by hand for `jvp` alone, which is the same path.
    Jvp(syn::Path),
    /// From the run-time tape, while the function runs; the option's place.
    Tape(Span),
}

impl Derivative {
    /// The rule by hand, if there is one.
    pub fn rule(&self) -> Option<&syn::Path> {
        match self {
            Derivative::Body | Derivative::Tape(_) => None,
            Derivative::Vjp(path) | Derivative::Partials(path) | Derivative::Jvp(path) => {
                Some(path)
            }
        }
    }

    /// The option that says so.
    pub(crate) fn option(&self) -> &'static str {
        match self {
            Derivative::Body => "",
            Derivative::Vjp(_) => "vjp",
            Derivative::Partials(_) => "partials",
            Derivative::Jvp(_) => "jvp",
            Derivative::Tape(_) => "via",
        }
    }

    /// Where it is given.
    pub(crate) fn span(&self) -> Span {
        match self {
            Derivative::Body => Span::call_site(),
            Derivative::Vjp(path) | Derivative::Partials(path) | Derivative::Jvp(path) => {
                path.span()
            }
            Derivative::Tape(span) => *span,
        }
    }

    /// Whether the body is not differentiated while it compiles.
    pub fn is_given(&self) -> bool {
        !matches!(self, Derivative::Body)
    }

    /// Whether the tape takes it.
    pub fn is_by_tape(&self) -> bool {
        matches!(self, Derivative::Tape(_))
    }
}

const SUPPORTED: &str = "`wrt(..)`, `tape`, `pullback`, `jvp`, `hvp`, `vjp_jvp`, `hessian`, `jacobian`, `recursive`, `check`, `vjp = rule`, `jvp = rule`, `partials = rule` and `via = tape`";

impl Options {
    /// The options of forward mode that are given.
    pub(crate) fn forward(&self) -> impl Iterator<Item = &Ident> {
        self.jvp.iter().chain(self.second()).chain(&self.vjp_jvp).chain(&self.jacobian)
    }

    /// The options that ask for more than reverse mode by `vjp`.
    pub(crate) fn further(&self) -> impl Iterator<Item = &Ident> {
        self.pullback.iter().chain(self.forward())
    }

    /// Whether a matrix is sparse.
    pub(crate) fn is_sparse(&self, name: &str) -> bool {
        self.sparse.iter().any(|option| option == name)
    }

    /// The options that ask for second derivatives.
    pub(crate) fn second(&self) -> impl Iterator<Item = &Ident> {
        self.hvp.iter().chain(&self.hessian)
    }

    /// The rules by hand.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &syn::Path> {
        self.derivative.rule().into_iter().chain(&self.jvp_rule)
    }

    /// `vjp = path`, `jvp = path`, `partials = path`.
    fn rule(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let what = match name.to_string().as_str() {
            "vjp" => {
                "takes the function's arguments, then the cotangent of its result, and returns `(value, gradient)`"
            }
            "jvp" => {
                "takes the function's arguments, then a tangent for each differentiated one, and returns `(value, tangent)`"
            }
            _ => "takes the function's arguments and returns `(value, partial derivatives)`",
        };
        let given = input.parse::<Token![=]>().and_then(|_| input.parse::<syn::Path>());
        let Ok(path) = given else {
            return Err(syn::Error::new(
                name.span(),
                format!("`{name}` needs a rule, `{name} = path`: a function that {what}"),
            ));
        };
        match name.to_string().as_str() {
            "jvp" => {
                (self.jvp, self.jvp_rule) = (Some(name.clone()), Some(path));
                Ok(())
            }
            "vjp" => self.set(name, Derivative::Vjp(path)),
            _ => self.set(name, Derivative::Partials(path)),
        }
    }

    /// Where the derivative comes from, with a rule for `jvp`.
    fn with_jvp_rule(mut self) -> syn::Result<Self> {
        let (Some(path), Some(name)) = (&self.jvp_rule, &self.jvp) else { return Ok(self) };
        let instead = match &self.derivative {
            Derivative::Body => {
                self.derivative = Derivative::Jvp(path.clone());
                return Ok(self);
            }
            Derivative::Vjp(_) | Derivative::Jvp(_) => return Ok(self),
            Derivative::Partials(_) => "serves `jvp` too",
            Derivative::Tape(_) => "says already where the derivative comes from",
        };
        let given = self.derivative.option();
        let message = format!("`{given}` {instead}: leave `jvp = rule` out");
        Err(syn::Error::new(name.span(), message))
    }

    /// `via = tape`.
    fn via(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match input.parse::<Token![=]>().and_then(|_| input.parse::<Ident>()) {
            Ok(tape) if tape == "tape" => self.set(name, Derivative::Tape(name.span())),
            _ => Err(syn::Error::new(
                name.span(),
                "`via` knows the run-time tape only: `via = tape`",
            )),
        }
    }

    /// `check`, `check(x = 0.5, table = &Table::new())`.
    fn check(&mut self, name: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let mut values = Vec::new();
        if input.peek(syn::token::Paren) {
            let list;
            parenthesized!(list in input);
            while !list.is_empty() {
                let param = list.call(Ident::parse_any)?;
                list.parse::<Token![=]>()?;
                values.push((param, list.parse()?));
                if list.is_empty() {
                    break;
                }
                list.parse::<Token![,]>()?;
            }
        }
        self.check = Some(Check { span: name.span(), values });
        Ok(())
    }

    fn set(&mut self, name: &Ident, derivative: Derivative) -> syn::Result<()> {
        if self.derivative.is_given() {
            return Err(syn::Error::new(
                name.span(),
                format!(
                    "`{}` says already where the derivative comes from: leave one of the two out",
                    self.derivative.option()
                ),
            ));
        }
        self.derivative = derivative;
        Ok(())
    }
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut options = Options::default();
        while !input.is_empty() {
            let name: Ident = input.parse()?;
            match name.to_string().as_str() {
                "wrt" => {
                    if options.wrt.is_some() {
                        return Err(syn::Error::new(name.span(), "`wrt` is given twice"));
                    }
                    let list;
                    parenthesized!(list in input);
                    let names = Punctuated::<Ident, Token![,]>::parse_terminated_with(
                        &list,
                        Ident::parse_any,
                    )?;
                    if names.is_empty() {
                        return Err(syn::Error::new(
                            name.span(),
                            "`wrt()` names no parameter: name at least one, or leave `wrt` out to differentiate by all",
                        ));
                    }
                    options.wrt = Some(names.into_iter().collect());
                }
                "tape" => options.tape = true,
                "pullback" => options.pullback = Some(name),
                "vjp" | "partials" => options.rule(&name, input)?,
                "check" => options.check(&name, input)?,
                "via" => options.via(&name, input)?,
                "jvp" if input.peek(Token![=]) => options.rule(&name, input)?,
                "jvp" => options.jvp = Some(name),
                "hvp" => options.hvp = Some(name),
                "vjp_jvp" => options.vjp_jvp = Some(name),
                "hessian" | "jacobian" => {
                    if input.peek(syn::token::Paren) {
                        let inner;
                        parenthesized!(inner in input);
                        let word: Ident = inner.parse().unwrap_or_else(|_| name.clone());
                        if word != "sparse" || !inner.is_empty() {
                            return Err(syn::Error::new(
                                name.span(),
                                format!("`{name}` takes one option, `{name}(sparse)`"),
                            ));
                        }
                        options.sparse.push(name.clone());
                    }
                    match name == "hessian" {
                        true => options.hessian = Some(name),
                        false => options.jacobian = Some(name),
                    }
                }
                "recursive" => options.recursive = Some(name),
                other => {
                    return Err(syn::Error::new(
                        name.span(),
                        format!("unknown option `{other}`; supported are {SUPPORTED}"),
                    ));
                }
            }
            if input.is_empty() {
                break;
            }
            input.parse::<Token![,]>()?;
        }
        options.with_jvp_rule()
    }
}
