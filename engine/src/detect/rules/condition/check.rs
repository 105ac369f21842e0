//! [`Expr`] -> [`Node`]: gives names their meaning and expressions their types. Takes a parsed condition and the
//! vocabulary, gives a program or the first fault, with both types and the nearest known name. Never sees a message.
//!
//! Calls and macros are in `check_calls.rs`.

use super::program::{How, Made, Node, Path};
use super::syntax::{Comparison, Expr, Fault, Kind, Operator, Word, short};
use super::types::Ty;
use crate::error::nearest;
use crate::facts::names::{Name, RecordType};
use crate::wanted::Wanted;

/// A checked condition.
pub(super) struct Checked {
    pub(super) node: Node,
    pub(super) wanted: Wanted,
    pub(super) hits: Vec<String>,
}

/// Checks a whole condition, which has to be true or false. `text` is what `expr` was parsed from.
pub(super) fn check(expr: &Expr, text: &str) -> Result<Checked, Fault> {
    let mut checker = Checker { text, scope: Vec::new(), wanted: Wanted::NOTHING, hits: Vec::new() };
    let typed = checker.expression(expr)?;
    if typed.ty != Ty::Bool {
        let remedy = match typed.ty {
            Ty::Text | Ty::Mapped => "`!= \"\"` asks whether there is any text",
            Ty::List(..) | Ty::Map => "`.size() > 0` asks whether there is anything in it",
            Ty::Int | Ty::Double => "`> 0` asks whether there is any",
            _ => "",
        };
        let fault = Fault::new(expr.span, format!("a condition is true or false, and this is {}", typed.ty.article()));
        return Err(fault.remedy(remedy));
    }
    Ok(Checked { node: typed.node, wanted: checker.wanted, hits: checker.hits })
}

pub(super) struct Checker<'c> {
    pub(super) text: &'c str,
    /// The variables of the macros around, the innermost last.
    pub(super) scope: Vec<(String, Ty)>,
    pub(super) wanted: Wanted,
    pub(super) hits: Vec<String>,
}

/// A checked expression.
pub(super) struct Typed {
    pub(super) node: Node,
    pub(super) ty: Ty,
    /// Whether it can end in an error.
    pub(super) fallible: bool,
}

impl Typed {
    pub(super) fn new(node: Node, ty: Ty, fallible: bool) -> Typed {
        Typed { node, ty, fallible }
    }

    /// A list that the condition makes.
    pub(super) fn made(how: How, of: Ty, fallible: bool) -> Typed {
        Typed::new(Node::Made(Box::new(Made { how, fallible })), Ty::List(Box::new(of), true), fallible)
    }
}

impl Checker<'_> {
    pub(super) fn expression(&mut self, expr: &Expr) -> Result<Typed, Fault> {
        match &expr.kind {
            Kind::Bool(value) => Ok(Typed::new(Node::Bool(*value), Ty::Bool, false)),
            Kind::Int(value) => Ok(Typed::new(Node::Int(*value), Ty::Int, false)),
            Kind::Double(value) => Ok(Typed::new(Node::Double(*value), Ty::Double, false)),
            Kind::Text(value) => Ok(Typed::new(Node::Text(value.as_str().into()), Ty::Text, false)),
            Kind::Name(name) => self.name(expr, name),
            Kind::List(items) => self.list(items),
            Kind::Select { of, name } => {
                let of = self.expression(of)?;
                self.select(of, name)
            }
            Kind::Index(pair) => self.index(pair),
            Kind::Call { on, name, arguments } => self.call(expr, on.as_deref(), name, arguments),
            Kind::Not(inner) => {
                let typed = self.truth(inner)?;
                Ok(Typed::new(Node::Not(Box::new(typed.node)), Ty::Bool, typed.fallible))
            }
            Kind::Negative(inner) => {
                let typed = self.expression(inner)?;
                if !typed.ty.is_number() {
                    return Err(Fault::new(
                        expr.span,
                        format!("`-` needs a number, and this is {}", typed.ty.article()),
                    ));
                }
                let fallible = typed.fallible || typed.ty == Ty::Int;
                Ok(Typed::new(Node::Negative(Box::new(typed.node)), typed.ty, fallible))
            }
            Kind::And(terms) => {
                let (nodes, fallible) = self.truths(terms)?;
                Ok(Typed::new(Node::And(nodes, Box::default()), Ty::Bool, fallible))
            }
            Kind::Or(terms) => {
                let (nodes, fallible) = self.truths(terms)?;
                Ok(Typed::new(Node::Or(nodes), Ty::Bool, fallible))
            }
            Kind::Choose(choices, otherwise) => self.choose(choices, otherwise),
            Kind::Compare(comparison, sides) => self.compare(expr, *comparison, sides),
            Kind::In(sides) => self.within(expr, sides),
            Kind::Arithmetic(first, others) => self.arithmetic(first, others),
        }
    }

    /// An expression that has to be true or false.
    pub(super) fn truth(&mut self, expr: &Expr) -> Result<Typed, Fault> {
        let typed = self.expression(expr)?;
        if typed.ty == Ty::Bool {
            return Ok(typed);
        }
        Err(Fault::new(expr.span, format!("a bool should stand here, and this is {}", typed.ty.article())))
    }

    fn truths(&mut self, terms: &[Expr]) -> Result<(Box<[Node]>, bool), Fault> {
        let mut fallible = false;
        let mut nodes = Vec::with_capacity(terms.len());
        for term in terms {
            let typed = self.truth(term)?;
            fallible |= typed.fallible;
            nodes.push(typed.node);
        }
        Ok((nodes.into(), fallible))
    }

    fn name(&mut self, expr: &Expr, name: &str) -> Result<Typed, Fault> {
        let name = short(name);
        if let Some((out, (_, ty))) = self.scope.iter().rev().enumerate().find(|(_, (known, _))| known == name) {
            return Ok(Typed::new(Node::Variable(u32::try_from(out).unwrap_or(u32::MAX)), ty.clone(), false));
        }
        if let Some(known) = RecordType::Message.name(name) {
            return Ok(self.fact(Node::Fact(Path(vec![known])), known, false));
        }
        let variables = self.scope.iter().map(|(known, _)| known.as_str());
        let remedy = nearest(name, RecordType::Message.names().iter().map(|known| known.name).chain(variables));
        let remedy = if remedy.is_empty() { "docs/facts.md lists the facts".to_owned() } else { remedy };
        Err(Fault::new(expr.span, format!("there is no fact named `{name}`")).remedy(remedy))
    }

    /// A fact that is read, at the end of a path that may fail before it.
    fn fact(&mut self, node: Node, name: &'static Name, before: bool) -> Typed {
        self.wanted = self.wanted | name.wants;
        Typed::new(node, Ty::of_fact(name.kind), before || Ty::may_be_absent(name.kind))
    }

    /// `of.name`
    pub(super) fn select(&mut self, of: Typed, name: &Word) -> Result<Typed, Fault> {
        let shown = short(&name.text);
        let record = match &of.ty {
            Ty::Record(record) => *record,
            Ty::Map => {
                return self.key(of, Typed::new(Node::Text(name.text.as_str().into()), Ty::Text, false), name.span);
            }
            other => {
                let fault = Fault::new(name.span, format!("{} has no field `{}`", other.article(), shown));
                return Err(match other {
                    Ty::List(inside, _) if matches!(**inside, Ty::Record(_)) => {
                        fault.remedy(format!("its elements may: `.exists(x, x.{shown} ...)`"))
                    }
                    _ => fault,
                });
            }
        };
        let Some(field) = record.name(&name.text) else {
            let remedy = nearest(shown, record.names().iter().map(|known| known.name));
            let known: Vec<_> = record.names().iter().map(|known| known.name).collect();
            let remedy = if remedy.is_empty() { format!("it has {}", known.join(", ")) } else { remedy };
            let message = format!("{} has no field `{shown}`", record.title());
            return Err(Fault::new(name.span, message).remedy(remedy));
        };
        let node = match of.node {
            Node::Fact(mut path) => {
                path.0.push(field);
                Node::Fact(path)
            }
            Node::Of(variable, mut path) => {
                path.0.push(field);
                Node::Of(variable, path)
            }
            Node::Field(of, mut path) => {
                path.0.push(field);
                Node::Field(of, path)
            }
            Node::Variable(variable) => Node::Of(variable, Path(vec![field])),
            other => Node::Field(Box::new(other), Path(vec![field])),
        };
        Ok(self.fact(node, field, of.fallible))
    }

    /// `map[key]`
    fn key(&mut self, map: Typed, key: Typed, span: crate::text::span::Span) -> Result<Typed, Fault> {
        lower_key(&key, span)?;
        Ok(Typed::new(Node::Key(Box::new([map.node, key.node])), Ty::Text, true))
    }

    fn index(&mut self, pair: &[Expr; 2]) -> Result<Typed, Fault> {
        let [of_expr, at_expr] = pair;
        let of = self.expression(of_expr)?;
        let at = self.expression(at_expr)?;
        match &of.ty {
            Ty::Map if at.ty.is_text() => self.key(of, at, at_expr.span),
            Ty::List(inside, _) if at.ty == Ty::Int => {
                if matches!(**inside, Ty::List(_, true)) {
                    let fault =
                        Fault::new(at_expr.span, "a list that the condition makes cannot be taken out of another");
                    return Err(fault.remedy("`exists` and `all` go through lists of lists"));
                }
                let ty = (**inside).clone();
                Ok(Typed::new(Node::Element(Box::new([of.node, at.node])), ty, true))
            }
            Ty::Map => Err(Fault::new(at_expr.span, format!("a key is text, and this is {}", at.ty.article()))),
            Ty::List(..) => {
                Err(Fault::new(at_expr.span, format!("an index is an int, and this is {}", at.ty.article())))
            }
            Ty::Text | Ty::Mapped => {
                let fault = Fault::new(of_expr.span, "text has no elements");
                Err(fault.remedy("`text.charAt(0)` gives one character"))
            }
            other => Err(Fault::new(of_expr.span, format!("{} has no elements", other.article()))),
        }
    }

    fn list(&mut self, items: &[Expr]) -> Result<Typed, Fault> {
        let mut of = Ty::Nothing;
        let mut fallible = false;
        let mut nodes = Vec::with_capacity(items.len());
        for item in items {
            let typed = self.expression(item)?;
            let message = format!("a list holds one type: {of} stands before, and this is {}", typed.ty.article());
            of = of.join(typed.ty).ok_or_else(|| Fault::new(item.span, message))?;
            fallible |= typed.fallible;
            nodes.push(typed.node);
        }
        Ok(Typed::made(How::Items(nodes.into()), of, fallible))
    }

    fn choose(&mut self, choices: &[[Expr; 2]], otherwise: &Expr) -> Result<Typed, Fault> {
        let mut ty = Ty::Nothing;
        let mut fallible = false;
        let mut nodes = Vec::with_capacity(choices.len());
        for [condition, chosen] in choices {
            let condition = self.truth(condition)?;
            let branch = self.branch(chosen, &mut ty)?;
            fallible |= condition.fallible || branch.fallible;
            nodes.push([condition.node, branch.node]);
        }
        let last = self.branch(otherwise, &mut ty)?;
        let fallible = fallible || last.fallible;
        Ok(Typed::new(Node::Choose(nodes.into(), Box::new(last.node)), ty, fallible))
    }

    fn branch(&mut self, expr: &Expr, ty: &mut Ty) -> Result<Typed, Fault> {
        let typed = self.expression(expr)?;
        let message =
            format!("both branches of `?:` are of one type: {ty} stands before, and this is {}", typed.ty.article());
        *ty = ty.clone().join(typed.ty.clone()).ok_or_else(|| Fault::new(expr.span, message))?;
        Ok(typed)
    }

    fn compare(&mut self, expr: &Expr, comparison: Comparison, sides: &[Expr; 2]) -> Result<Typed, Fault> {
        let [left, right] = [self.expression(&sides[0])?, self.expression(&sides[1])?];
        let equality = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        if !left.ty.comparable(&right.ty) || !(equality || left.ty.is_ordered()) {
            let message = format!(
                "`{}` cannot stand between {} and {}",
                comparison.sign(),
                left.ty.article(),
                right.ty.article()
            );
            let remedy = match (&left.ty, &right.ty) {
                (Ty::Record(record), _) | (_, Ty::Record(record)) => {
                    format!(
                        "compare its fields: {}",
                        record.names().iter().map(|it| it.name).collect::<Vec<_>>().join(", ")
                    )
                }
                (Ty::Text | Ty::Mapped, Ty::Int) | (Ty::Int, Ty::Text | Ty::Mapped) => {
                    "`size(text)` and `int(text)` make a number of text".to_owned()
                }
                (Ty::List(of, _), it) | (it, Ty::List(of, _)) if of.comparable(it) => {
                    "`in` asks whether a value is in a list".to_owned()
                }
                _ => String::new(),
            };
            return Err(Fault::new(expr.span, message).remedy(remedy));
        }
        let doubles = [&left.ty, &right.ty].contains(&&Ty::Double);
        let fallible = left.fallible || right.fallible || (doubles && !equality);
        Ok(Typed::new(Node::Compare(comparison, Box::new([left.node, right.node])), Ty::Bool, fallible))
    }

    fn within(&mut self, expr: &Expr, sides: &[Expr; 2]) -> Result<Typed, Fault> {
        let [item_expr, list_expr] = sides;
        let [item, list] = [self.expression(item_expr)?, self.expression(list_expr)?];
        let fallible = item.fallible || list.fallible;
        match &list.ty {
            Ty::Map if item.ty.is_text() => {
                lower_key(&item, item_expr.span)?;
                Ok(Typed::new(Node::HasKey(Box::new([list.node, item.node])), Ty::Bool, fallible))
            }
            Ty::List(of, _) if item.ty.is_simple() && item.ty.comparable(of) => {
                let node = match constants(&list.node, &item.ty) {
                    Some(Constants::Texts(sorted)) => Node::InTexts(Box::new(item.node), sorted),
                    Some(Constants::Ints(sorted)) => Node::InInts(Box::new(item.node), sorted),
                    None => Node::In(Box::new([item.node, list.node])),
                };
                Ok(Typed::new(node, Ty::Bool, fallible))
            }
            other => {
                let message = format!("{} cannot be in {}", item.ty.article(), other.article());
                let fault = Fault::new(expr.span, message);
                Err(if other.is_text() && item.ty.is_text() {
                    fault.remedy("`text.contains(\"...\")` searches text")
                } else {
                    fault
                })
            }
        }
    }

    fn arithmetic(&mut self, first: &Expr, others: &[(Operator, Expr)]) -> Result<Typed, Fault> {
        let Typed { node, mut ty, mut fallible } = self.expression(first)?;
        let start = node;
        let mut rest = Vec::with_capacity(others.len());
        for (operator, expr) in others {
            let operand = self.expression(expr)?;
            let Some((sum, may_fail)) = result(*operator, &ty, &operand.ty) else {
                let (sign, left, right) = (operator.sign(), ty.article(), operand.ty.article());
                let fault = Fault::new(expr.span, format!("`{sign}` cannot stand between {left} and {right}"));
                return Err(match (&ty, &operand.ty) {
                    (Ty::Int, Ty::Double) | (Ty::Double, Ty::Int) => {
                        fault.remedy("`double(...)` makes a double of an int")
                    }
                    (Ty::Timestamp | Ty::Duration, Ty::Int) => {
                        fault.remedy("a length of time is written `duration(\"1h\")`")
                    }
                    _ => fault,
                });
            };
            fallible |= operand.fallible || may_fail;
            ty = sum;
            rest.push((*operator, operand.node, expr.span));
        }
        match &ty {
            Ty::Text | Ty::Mapped => joined(start, rest),
            Ty::List(of, _) => {
                let lists = [start].into_iter().chain(rest.into_iter().map(|(_, node, _)| node)).collect();
                Ok(Typed::made(How::Joined(lists), (**of).clone(), fallible))
            }
            _ => {
                let rest = rest.into_iter().map(|(operator, node, _)| (operator, node)).collect();
                Ok(Typed::new(Node::Arithmetic(Box::new(start), rest), ty, fallible))
            }
        }
    }
}

/// What an operator gives between two types, and whether it can end in an error.
fn result(operator: Operator, left: &Ty, right: &Ty) -> Option<(Ty, bool)> {
    use Operator::{Add, Remainder, Subtract};
    match (left, right) {
        (Ty::Int, Ty::Int) => Some((Ty::Int, true)),
        (Ty::Double, Ty::Double) if operator != Remainder => Some((Ty::Double, false)),
        (Ty::Timestamp, Ty::Duration) if matches!(operator, Add | Subtract) => Some((Ty::Timestamp, true)),
        (Ty::Duration, Ty::Timestamp) if operator == Add => Some((Ty::Timestamp, true)),
        (Ty::Timestamp, Ty::Timestamp) if operator == Subtract => Some((Ty::Duration, true)),
        (Ty::Duration, Ty::Duration) if matches!(operator, Add | Subtract) => Some((Ty::Duration, true)),
        (Ty::Text | Ty::Mapped, Ty::Text | Ty::Mapped) if operator == Add => Some((Ty::Text, false)),
        (Ty::List(..), Ty::List(..)) if operator == Add => Some((left.clone().join(right.clone())?, false)),
        _ => None,
    }
}

/// Constant texts, put together when loaded.
fn joined(start: Node, rest: Vec<(Operator, Node, crate::text::span::Span)>) -> Result<Typed, Fault> {
    let span = rest.first().map(|(_, _, span)| *span).unwrap_or_default();
    let variable = |span| {
        let fault = Fault::new(span, "only constant texts can be put together: conditions never allocate");
        Err(fault.remedy("compare the pieces: `startsWith`, `endsWith`, `substring`"))
    };
    let Node::Text(start) = start else { return variable(span) };
    let mut text = String::from(start);
    for (_, node, span) in rest {
        let Node::Text(more) = node else { return variable(span) };
        text.push_str(&more);
    }
    Ok(Typed::new(Node::Text(text.into()), Ty::Text, false))
}

enum Constants {
    Texts(Box<[Box<str>]>),
    Ints(Box<[i64]>),
}

/// A list of constants that is looked up by halving, where `item` can be looked up so.
fn constants(list: &Node, item: &Ty) -> Option<Constants> {
    let Node::Made(made) = list else { return None };
    let How::Items(items) = &made.how else { return None };
    if item.is_text() {
        let texts = items.iter().map(|node| if let Node::Text(text) = node { Some(text.clone()) } else { None });
        let mut texts: Vec<_> = texts.collect::<Option<_>>()?;
        texts.sort_unstable();
        Some(Constants::Texts(texts.into()))
    } else if *item == Ty::Int {
        let ints = items.iter().map(|node| if let Node::Int(int) = node { Some(*int) } else { None });
        let mut ints: Vec<_> = ints.collect::<Option<_>>()?;
        ints.sort_unstable();
        Some(Constants::Ints(ints.into()))
    } else {
        None
    }
}

/// Header names are kept in lower case: a key that is not would never be found.
fn lower_key(key: &Typed, span: crate::text::span::Span) -> Result<(), Fault> {
    match &key.node {
        Node::Text(text) if text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            let fault = Fault::new(span, "header names are in lower case here, so this one is never found");
            Err(fault.remedy(format!("write {:?}", text.to_ascii_lowercase())))
        }
        _ => Ok(()),
    }
}
