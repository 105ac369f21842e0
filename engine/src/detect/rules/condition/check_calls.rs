//! Calls and macros, resolved and typed: the half of the checker that knows functions.

use memchr::memmem::Finder;
use regex::RegexBuilder;

use super::check::{Checker, Typed};
use super::functions::{FORMS, Function, LEFT_OUT, OTHER_NAMES, Signature, Takes, signatures};
use super::moment;
use super::program::{How, Needle, Node, Quantifier};
use super::syntax::{Expr, Fault, Kind, Word, short};
use super::types::Ty;
use crate::error::nearest;
use crate::text::span::Span;

/// How many variables of macros may be in sight at once. Each is a loop inside another; real conditions reach 2.
const MAX_SCOPE: usize = 8;
/// The compiled size of a pattern, in bytes: over a hundred times what a pattern on mail needs.
const PATTERN_BYTES: usize = 1 << 20;

impl Checker<'_> {
    pub(super) fn call(
        &mut self,
        expr: &Expr,
        on: Option<&Expr>,
        name: &Word,
        arguments: &[Expr],
    ) -> Result<Typed, Fault> {
        match (name.text.as_str(), on, arguments) {
            ("has", None, [of]) => self.has(of),
            ("hit", None, [rule]) => self.hit(rule),
            ("size", Some(of), []) | ("size", None, [of]) => self.size(of),
            ("matches", Some(text), [pattern]) | ("matches", None, [text, pattern]) => self.matches(text, pattern),
            ("split", Some(text), [by]) => self.split(text, by),
            ("all", Some(list), [name, body]) => self.quantified(Quantifier::All, list, name, body),
            ("exists", Some(list), [name, body]) => self.quantified(Quantifier::Exists, list, name, body),
            ("exists_one", Some(list), [name, body]) => self.quantified(Quantifier::ExistsOne, list, name, body),
            ("filter", Some(list), [name, keep]) => self.filter(list, name, keep),
            ("map", Some(list), [name, to]) => self.map(list, name, None, to),
            ("map", Some(list), [name, keep, to]) => self.map(list, name, Some(keep), to),
            _ => self.function(expr, on, name, arguments),
        }
    }

    /// A function of the table.
    fn function(&mut self, expr: &Expr, on: Option<&Expr>, name: &Word, arguments: &[Expr]) -> Result<Typed, Fault> {
        let named = || signatures().filter(|it| it.name == name.text);
        if named().all(|it| it.on.is_some() != on.is_some()) {
            return Err(unknown(name, on.is_some()));
        }
        let mut nodes = Vec::with_capacity(arguments.len() + 1);
        let mut types = Vec::with_capacity(arguments.len() + 1);
        let mut fallible = false;
        for argument in on.into_iter().chain(arguments) {
            let typed = self.expression(argument)?;
            fallible |= typed.fallible;
            nodes.push(typed.node);
            types.push(typed.ty);
        }
        let alike = || named().filter(|it| it.on.is_some() == on.is_some());
        let Some(signature) = alike().find(|it| fits(it, &types)) else {
            return Err(misfit(expr, on, name, arguments, &types, alike));
        };
        let fallible = fallible || signature.fallible;
        let mut gives = signature.gives.clone();
        if gives == Ty::Text && types.first() == Some(&Ty::Mapped) {
            gives = Ty::Mapped;
        }
        let last = arguments.last().map_or(expr.span, |it| it.span);
        let node = match (signature.function, nodes.as_mut_slice()) {
            (Function::ToTimestamp, [Node::Text(text)]) => {
                let fault = Fault::new(last, "this is no timestamp").remedy("such as \"2026-11-24T04:15:00Z\"");
                Node::Timestamp(moment::timestamp(text).ok_or(fault)?)
            }
            (Function::ToDuration, [Node::Text(text)]) => {
                let fault = Fault::new(last, "this is no duration").remedy("such as \"1h30m\": h, m, s, ms, us, ns");
                Node::Duration(moment::duration(text).ok_or(fault)?)
            }
            (Function::Time(_), [_, Node::Text(zone)]) if moment::zone(zone).is_none() => {
                let fault = Fault::new(last, "this is no time zone");
                return Err(fault.remedy("\"UTC\", or an offset such as \"+02:00\": there is no table of zones here"));
            }
            (Function::Contains, [_, Node::Text(needle)]) => {
                let text = std::mem::take(needle);
                let finder = Finder::new(text.as_bytes()).into_owned();
                let haystack = nodes.swap_remove(0);
                Node::Contains(Box::new(haystack), Box::new(Needle { text, finder }))
            }
            (Function::Same, [_]) => nodes.swap_remove(0),
            (function, _) => Node::Call(function, nodes.into()),
        };
        // Constants were read when loaded, and fail no more.
        let fallible = fallible && !matches!(node, Node::Timestamp(_) | Node::Duration(_));
        Ok(Typed::new(node, gives, fallible))
    }

    /// `has(record.field)`
    fn has(&mut self, of: &Expr) -> Result<Typed, Fault> {
        let Kind::Select { of: record, name } = &of.kind else {
            let fault = Fault::new(of.span, "`has` asks for a field, as in `has(date.time)`");
            return Err(match &of.kind {
                Kind::Index(_) => fault.remedy("`\"key\" in header` asks for a key"),
                _ => fault,
            });
        };
        let record = self.expression(record)?;
        let before = record.fallible;
        let field = self.select(record, name)?;
        let node = match field.node {
            Node::Key(pair) => Node::HasKey(pair),
            _ if !field.fallible && field.ty != Ty::Bool => {
                let remedy = if field.ty == Ty::Text { "`!= \"\"` asks whether there is any text" } else { "" };
                let remedy =
                    if matches!(field.ty, Ty::List(..)) { "`.size() > 0` asks whether it is empty" } else { remedy };
                let message = format!("`{}` is always there, and empty where a message has none", name.text);
                return Err(Fault::new(of.span, message).remedy(remedy));
            }
            node => Node::Has(Box::new(node)),
        };
        Ok(Typed::new(node, Ty::Bool, before))
    }

    /// `hit("rule")`
    fn hit(&mut self, rule: &Expr) -> Result<Typed, Fault> {
        let Kind::Text(name) = &rule.kind else {
            return Err(Fault::new(rule.span, "`hit` needs the name of a rule as a constant: `hit(\"my-rule\")`"));
        };
        let index = self.hits.iter().position(|known| known == name).unwrap_or_else(|| {
            self.hits.push(name.clone());
            self.hits.len() - 1
        });
        Ok(Typed::new(Node::Hit(index), Ty::Bool, false))
    }

    fn size(&mut self, of: &Expr) -> Result<Typed, Fault> {
        let typed = self.expression(of)?;
        let fallible = typed.fallible;
        let node = match &typed.ty {
            Ty::Text | Ty::Mapped | Ty::List(..) => typed.node,
            Ty::Map => keys(typed).node,
            other => return Err(Fault::new(of.span, format!("{} has no size", other.article()))),
        };
        Ok(Typed::new(Node::Length(Box::new(node)), Ty::Int, fallible))
    }

    /// `text.matches("pattern")`
    fn matches(&mut self, text: &Expr, pattern: &Expr) -> Result<Typed, Fault> {
        let typed = self.expression(text)?;
        if typed.ty == Ty::Mapped {
            return Err(
                mapped(text.span, "matches").remedy("leave the call out, and let the pattern begin with `(?i)`")
            );
        }
        if typed.ty != Ty::Text {
            return Err(Fault::new(text.span, format!("`matches` looks at text, and this is {}", typed.ty.article())));
        }
        // Through the checker, so that constants may be put together with `+`.
        let Node::Text(source) = self.expression(pattern)?.node else {
            let fault = Fault::new(pattern.span, "a pattern has to be a constant text: it is compiled when loaded");
            return Err(fault.remedy("`contains` searches for text that a message brings"));
        };
        if let Err(error) = regex_syntax::Parser::new().parse(&source) {
            return Err(self.broken_pattern(pattern.span, &source, &error));
        }
        let regex = RegexBuilder::new(&source).size_limit(PATTERN_BYTES).build().map_err(|_| {
            Fault::new(pattern.span, "this pattern is too large once compiled").remedy("repeat less often")
        })?;
        Ok(Typed::new(Node::Matches(Box::new(typed.node), Box::new(regex)), Ty::Bool, typed.fallible))
    }

    /// The fault of a broken pattern, at the place in the pattern where it can be found in the condition.
    fn broken_pattern(&self, span: Span, pattern: &str, error: &regex_syntax::Error) -> Fault {
        let (message, within) = match error {
            regex_syntax::Error::Parse(error) => (error.kind().to_string(), Some(*error.span())),
            regex_syntax::Error::Translate(error) => (error.kind().to_string(), Some(*error.span())),
            _ => (error.to_string(), None),
        };
        let literal = self.text.get(span.start as usize..span.end as usize).unwrap_or_default();
        // A pattern with escapes does not stand in the condition as it is; then the literal as a whole is shown.
        let exact = within.zip(literal.find(pattern)).map(|(within, at)| {
            let start = span.start as usize + at;
            Span::new(start + within.start.offset, (start + within.end.offset).max(start + within.start.offset + 1))
        });
        Fault::new(exact.unwrap_or(span), format!("this pattern is broken: {message}"))
    }

    fn split(&mut self, text: &Expr, by: &Expr) -> Result<Typed, Fault> {
        let [text_typed, by_typed] = [self.expression(text)?, self.expression(by)?];
        for (typed, expr) in [(&text_typed, text), (&by_typed, by)] {
            if !typed.ty.is_text() {
                let message = format!("`split` takes text, and this is {}", typed.ty.article());
                return Err(Fault::new(expr.span, message));
            }
        }
        let fallible = text_typed.fallible || by_typed.fallible;
        Ok(Typed::made(How::Split { text: text_typed.node, by: by_typed.node }, text_typed.ty, fallible))
    }

    /// What a macro goes through, and the type of its elements. Of a map, its keys.
    fn range(&mut self, list: &Expr) -> Result<(Typed, Ty), Fault> {
        let typed = self.expression(list)?;
        match &typed.ty {
            Ty::List(of, _) => {
                let of = (**of).clone();
                Ok((typed, of))
            }
            Ty::Map => Ok((keys(typed), Ty::Text)),
            other => {
                let fault = Fault::new(list.span, format!("{} cannot be gone through", other.article()));
                Err(fault.remedy("lists can: links, files, parts, headers, hops, to, cc, ..."))
            }
        }
    }

    /// Checks `body` with a variable in sight.
    fn with<R>(&mut self, name: &Expr, of: &Ty, body: impl FnOnce(&mut Self) -> Result<R, Fault>) -> Result<R, Fault> {
        let Kind::Name(variable) = &name.kind else {
            return Err(Fault::new(
                name.span,
                "the name of a variable should stand here, as in `links.exists(x, ...)`",
            ));
        };
        if self.scope.len() >= MAX_SCOPE {
            let message = format!("more than {MAX_SCOPE} loops stand in one another");
            return Err(Fault::new(name.span, message));
        }
        self.scope.push((variable.clone(), of.clone()));
        let result = body(self);
        self.scope.pop();
        result
    }

    fn quantified(&mut self, quantifier: Quantifier, list: &Expr, name: &Expr, body: &Expr) -> Result<Typed, Fault> {
        let (list, of) = self.range(list)?;
        let body = self.with(name, &of, |checker| checker.truth(body))?;
        let fallible = list.fallible || body.fallible;
        Ok(Typed::new(Node::Quantified(quantifier, Box::new([list.node, body.node])), Ty::Bool, fallible))
    }

    fn filter(&mut self, list: &Expr, name: &Expr, keep: &Expr) -> Result<Typed, Fault> {
        let (list, of) = self.range(list)?;
        let keep = self.with(name, &of, |checker| checker.truth(keep))?;
        let fallible = list.fallible || keep.fallible;
        Ok(Typed::made(How::Filter { list: list.node, keep: keep.node }, of, fallible))
    }

    fn map(&mut self, list: &Expr, name: &Expr, keep: Option<&Expr>, to: &Expr) -> Result<Typed, Fault> {
        let (list, of) = self.range(list)?;
        let (keep, to) = self.with(name, &of, |checker| {
            let keep = keep.map(|keep| checker.truth(keep)).transpose()?;
            Ok((keep, checker.expression(to)?))
        })?;
        let fallible = list.fallible || to.fallible || keep.as_ref().is_some_and(|keep| keep.fallible);
        let how = How::Map { list: list.node, keep: keep.map(|keep| keep.node), to: to.node };
        Ok(Typed::made(how, to.ty, fallible))
    }
}

/// The keys of a map as a list.
fn keys(map: Typed) -> Typed {
    let fallible = map.fallible;
    Typed::made(How::Keys(map.node), Ty::Text, fallible)
}

fn fits(signature: &Signature, types: &[Ty]) -> bool {
    let takes = || signature.on.iter().chain(signature.takes);
    takes().count() == types.len() && takes().zip(types).all(|(takes, ty)| takes.takes(ty))
}

fn mapped(span: Span, name: &str) -> Fault {
    Fault::new(span, format!("`{name}` needs text as it stands, and this went through `lowerAscii` or `upperAscii`"))
}

/// A name that no function has, or not in this place.
fn unknown(name: &Word, method: bool) -> Fault {
    let text = short(&name.text);
    if let Some((_, ours)) = OTHER_NAMES.iter().find(|(other, _)| *other == text) {
        return Fault::new(name.span, format!("there is no function named `{text}`"))
            .remedy(format!("CEL has `{ours}`"));
    }
    if let Some((_, why)) = LEFT_OUT.iter().find(|(known, _)| *known == text) {
        return Fault::new(name.span, format!("`{text}` is left out here: {why}"));
    }
    let known = || signatures().map(|it| (it.name, it.on.is_some())).chain(FORMS.iter().copied());
    if known().any(|it| it == (text, method)) {
        return Fault::new(name.span, format!("`{text}` takes {}", shapes(text)));
    }
    if known().any(|(known, _)| known == text) {
        let message = if method { "stands by itself" } else { "stands behind a point" };
        return Fault::new(name.span, format!("`{text}` {message}: `{}`", shapes(text)));
    }
    let remedy = nearest(text, known().map(|(known, _)| known));
    let remedy = if remedy.is_empty() { "docs/rules.md lists the functions".to_owned() } else { remedy };
    Fault::new(name.span, format!("there is no function named `{text}`")).remedy(remedy)
}

/// How a form or function is written.
fn shapes(name: &str) -> String {
    let form = match name {
        "all" | "exists" | "exists_one" => "list.NAME(x, condition on x)",
        "filter" => "list.filter(x, condition on x)",
        "map" => "list.map(x, value of x)",
        "split" => "text.split(\",\")",
        "size" => "size(list), size(text)",
        "matches" => "text.matches(\"pattern\")",
        "has" => "has(date.time)",
        "hit" => "hit(\"rule\")",
        _ => "",
    };
    if !form.is_empty() {
        return form.replace("NAME", name);
    }
    let each = signatures().filter(|it| it.name == name).map(|it| {
        let takes: Vec<_> = it.takes.iter().map(|takes| takes.name()).collect();
        let on = it.on.map(|on| format!("{}.", on.name())).unwrap_or_default();
        format!("{on}{name}({})", takes.join(", "))
    });
    let mut each: Vec<_> = each.collect();
    each.dedup();
    each.join(", ")
}

/// Arguments that no way to call a function takes.
fn misfit<I: Iterator<Item = &'static Signature>>(
    expr: &Expr,
    on: Option<&Expr>,
    name: &Word,
    arguments: &[Expr],
    types: &[Ty],
    alike: impl Fn() -> I,
) -> Fault {
    let spans: Vec<_> = on.into_iter().chain(arguments).map(|it| it.span).collect();
    // An argument that no signature takes at its place is what is wrong.
    for (place, (ty, span)) in types.iter().zip(&spans).enumerate() {
        let takes: Vec<Takes> = alike()
            .filter(|it| it.takes.len() + usize::from(it.on.is_some()) == types.len())
            .filter_map(|it| it.on.iter().chain(it.takes).nth(place).copied())
            .collect();
        if takes.is_empty() || takes.iter().any(|takes| takes.takes(ty)) {
            continue;
        }
        if *ty == Ty::Mapped && takes.contains(&Takes::Plain) {
            return mapped(*span, &name.text);
        }
        let mut names: Vec<_> = takes.iter().map(|takes| takes.name()).collect();
        names.dedup();
        let message = format!("`{}` needs {} here, and this is {}", name.text, names.join(" or "), ty.article());
        let fault = Fault::new(*span, message);
        return match (name.text.as_str(), place, ty) {
            ("contains", 0, Ty::List(..) | Ty::Map) => fault.remedy("`x in list` asks whether a list holds a value"),
            ("string", ..) => fault.remedy("a number as text would have to be allocated; compare numbers as numbers"),
            _ => fault,
        };
    }
    Fault::new(expr.span, format!("`{}` is called like this: {}", name.text, shapes(&name.text)))
}
