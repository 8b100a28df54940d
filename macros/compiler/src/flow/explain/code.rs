//! Code of the user's that is taken as it stands, as text.

use super::Writer;
use crate::flow::ir::{Bind, Code, Source};
use proc_macro2::TokenStream;

impl Writer<'_> {
    /// The code, with what stands in for values in it under their names.
    pub(super) fn code_text(&mut self, code: &Code) -> String {
        let binds: Vec<Bind> = stand_ins(code).cloned().collect();
        self.with_values(plain(&code.tokens), &binds)
    }

    /// A text with the values' names in the place of those that they are bound to.
    pub(super) fn with_values(&mut self, mut text: String, binds: &[Bind]) -> String {
        for bind in binds.iter().rev() {
            if let Source::Value(v) = bind.what {
                text = text.replace(&bind.name.to_string(), &self.operand(v, 0));
            }
        }
        text
    }
}

/// The names in a piece of code that stand in for values: those that are not the user's.
pub(super) fn stand_ins(code: &Code) -> impl Iterator<Item = &Bind> {
    code.binds.iter().filter(|bind| bind.name.to_string().starts_with("__"))
}

/// `f(a, b; ct)`, `a.f(b; ct)`
pub(super) fn called(
    name: &TokenStream,
    method: bool,
    mut args: Vec<String>,
    ct: String,
) -> String {
    let receiver = if method { args.remove(0) + "." } else { String::new() };
    format!("{receiver}{}({}{ct})", plain(name), args.join(", "))
}

/// Tokens as people write them, nearly.
pub(super) fn plain(tokens: &TokenStream) -> String {
    const TIGHT: &[(&str, &str)] = &[
        (" :: ", "::"),
        (":: ", "::"),
        ("::core::", ""),
        ("::chainrule::rt::items!", "items"),
        ("::chainrule::", ""),
        (" . ", "."),
        (" (", "("),
        ("( ", "("),
        (" )", ")"),
        (" [", "["),
        ("[ ", "["),
        (" ]", "]"),
        (" ,", ","),
        (" ;", ";"),
        (" !", "!"),
        ("(& ", "(&"),
        (", & ", ", &"),
    ];
    let text = tokens.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let text = TIGHT.iter().fold(text, |text, (loose, tight)| text.replace(loose, tight));
    text.strip_prefix("& ").map_or(text.clone(), |referred| format!("&{referred}"))
}
