//! What the functions of `functions.rs` do. Texts that they give are pieces of texts that they take.

use super::evaluate::Evaluator;
use super::functions::Function;
use super::moment::{self, Moment, Part};
use super::program::Node;
use super::text::{Stop, Text};
use super::value::{Env, Val};
use crate::text::{fold, host};

/// Steps for each byte that is folded.
const FOLDED: usize = 10;

impl<'v> Evaluator<'v, '_> {
    pub(super) fn call<'e>(
        &mut self,
        function: Function,
        arguments: &'v [Node],
        env: Env<'v, 'e>,
    ) -> Result<Val<'v, 'e>, Stop> {
        let Some((first, rest)) = arguments.split_first() else { return Err(Stop::Error) };
        match function {
            Function::Contains => {
                let [text, other] = self.two_texts(first, rest, env)?;
                Ok(Val::Bool(text.find(other, 0, &mut self.purse)?.is_some()))
            }
            Function::StartsWith => {
                let [text, other] = self.two_texts(first, rest, env)?;
                text.starts_with(other, &mut self.purse).map(Val::Bool)
            }
            Function::EndsWith => {
                let [text, other] = self.two_texts(first, rest, env)?;
                text.ends_with(other, &mut self.purse).map(Val::Bool)
            }
            Function::Under => {
                let [host, domain] = self.two_texts(first, rest, env)?;
                self.under(host, domain).map(Val::Bool)
            }
            Function::Distance => {
                let [text, other] = self.two_texts(first, rest, env)?;
                text.distance(other, &mut self.purse).map(Val::Int)
            }
            Function::LooksLike => {
                let [text, other] = self.two_texts(first, rest, env)?;
                let (text, other) = (text.as_is().ok_or(Stop::Error)?, other.as_is().ok_or(Stop::Error)?);
                self.purse.pay(text.len().saturating_add(other.len()).saturating_mul(FOLDED))?;
                Ok(Val::Bool(fold::look_alike(text, other)))
            }
            Function::LowerAscii => Ok(Val::Text(self.text(first, env)?.lower())),
            Function::UpperAscii => Ok(Val::Text(self.text(first, env)?.upper())),
            Function::Trim => Ok(Val::Text(self.text(first, env)?.trim(&mut self.purse)?)),
            Function::CharAt => {
                let text = self.text(first, env)?;
                let at = self.int(rest.first().ok_or(Stop::Error)?, env)?;
                self.char_at(text, at).map(Val::Text)
            }
            Function::Substring => {
                let text = self.text(first, env)?;
                let start = self.int(rest.first().ok_or(Stop::Error)?, env)?;
                let end = rest.get(1).map(|end| self.int(end, env)).transpose()?;
                self.substring(text, start, end).map(Val::Text)
            }
            Function::IndexOf | Function::LastIndexOf => {
                let [text, other] = self.two_texts(first, rest, env)?;
                let from = rest.get(1).map(|from| self.int(from, env)).transpose()?;
                self.index_of(text, other, from, function == Function::LastIndexOf).map(Val::Int)
            }
            Function::Domain => {
                let text = self.text(first, env)?.as_is().ok_or(Stop::Error)?;
                self.purse.pay(text.len())?;
                Ok(Val::Text(Text::plain(host::registrable(text))))
            }
            Function::Time(part) => self.time(part, first, rest, env).map(Val::Int),
            Function::Same
            | Function::ToInt
            | Function::ToDouble
            | Function::ToText
            | Function::ToBool
            | Function::ToTimestamp
            | Function::ToDuration => {
                let value = self.value(first, env)?;
                if let Val::Text(text) = value {
                    self.purse.pay(text.len())?;
                }
                convert(function, value).ok_or(Stop::Error)
            }
        }
    }

    fn two_texts(&mut self, first: &'v Node, rest: &'v [Node], env: Env<'v, '_>) -> Result<[Text<'v>; 2], Stop> {
        let text = self.text(first, env)?;
        let other = self.text(rest.first().ok_or(Stop::Error)?, env)?;
        Ok([text, other])
    }

    /// Whether `host` is `domain`, or a name below it.
    fn under(&mut self, host: Text<'v>, domain: Text<'v>) -> Result<bool, Stop> {
        if !host.ends_with(domain, &mut self.purse)? || domain.len() == 0 {
            return Ok(false);
        }
        let head = host.slice(0, host.len().saturating_sub(domain.len())).ok_or(Stop::Error)?;
        Ok(head.len() == 0 || head.ends_with(Text::plain("."), &mut self.purse)?)
    }

    /// One character; none at the index past the last.
    fn char_at(&mut self, text: Text<'v>, at: i64) -> Result<Text<'v>, Stop> {
        let start = text.offset(at, &mut self.purse)?;
        let rest = text.slice(start, text.len()).ok_or(Stop::Error)?;
        if rest.len() == 0 {
            return Ok(rest);
        }
        let end = rest.offset(1, &mut self.purse)?;
        rest.slice(0, end).ok_or(Stop::Error)
    }

    fn substring(&mut self, text: Text<'v>, start: i64, end: Option<i64>) -> Result<Text<'v>, Stop> {
        let start = text.offset(start, &mut self.purse)?;
        let end = end.map(|end| text.offset(end, &mut self.purse)).transpose()?.unwrap_or(text.len());
        text.slice(start, end).ok_or(Stop::Error)
    }

    /// The index of the first or last `other`, in characters; -1 where there is none. `from` has to be inside of the
    /// text, unless the empty text is looked for, which is everywhere.
    fn index_of(&mut self, text: Text<'v>, other: Text<'v>, from: Option<i64>, last: bool) -> Result<i64, Stop> {
        let edge = if last { text.len() } else { 0 };
        let start = match from {
            None => edge,
            Some(from) if other.len() == 0 => {
                let length = i64::try_from(text.code_points(&mut self.purse)?).map_err(|_| Stop::Error)?;
                return if from < 0 { Err(Stop::Error) } else { Ok(from.min(length)) };
            }
            Some(from) => {
                let start = text.offset(from, &mut self.purse)?;
                if start >= text.len() {
                    return Err(Stop::Error);
                }
                start
            }
        };
        let found =
            if last { text.rfind(other, start, &mut self.purse)? } else { text.find(other, start, &mut self.purse)? };
        found.map_or(Ok(-1), |at| text.index(at, &mut self.purse))
    }

    fn time(&mut self, part: Part, first: &'v Node, rest: &'v [Node], env: Env<'v, '_>) -> Result<i64, Stop> {
        match self.value(first, env)? {
            Val::Timestamp(moment) => {
                let zone = rest.first().map(|zone| self.text(zone, env)).transpose()?;
                let offset = match zone {
                    Some(zone) => zone.as_is().and_then(moment::zone).ok_or(Stop::Error)?,
                    None => 0,
                };
                Ok(part.of(moment, offset))
            }
            Val::Duration(duration) => part.of_duration(duration).ok_or(Stop::Error),
            _ => Err(Stop::Error),
        }
    }
}

fn convert<'v, 'e>(function: Function, value: Val<'v, 'e>) -> Option<Val<'v, 'e>> {
    Some(match (function, value) {
        (Function::ToInt, Val::Double(it)) => Val::Int(whole(it)?),
        (Function::ToInt, Val::Text(it)) => Val::Int(it.as_is()?.parse().ok()?),
        (Function::ToInt, Val::Timestamp(it)) => Val::Int(it.seconds),
        (Function::ToDouble, Val::Int(it)) => Val::Double(it as f64),
        (Function::ToDouble, Val::Text(it)) => Val::Double(it.as_is()?.parse().ok()?),
        (Function::ToText, Val::Bool(it)) => Val::Text(Text::plain(if it { "true" } else { "false" })),
        (Function::ToBool, Val::Text(it)) => Val::Bool(match it.as_is()? {
            "1" | "t" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "false" | "FALSE" | "False" => false,
            _ => return None,
        }),
        (Function::ToTimestamp, Val::Int(it)) => Val::Timestamp(Moment::seconds(it).as_timestamp()?),
        (Function::ToTimestamp, Val::Text(it)) => Val::Timestamp(moment::timestamp(it.as_is()?)?),
        (Function::ToDuration, Val::Text(it)) => Val::Duration(moment::duration(it.as_is()?)?),
        (Function::Same, it) => it,
        _ => return None,
    })
}

/// A double as an int, cut towards zero; none outside of the range, whose edges doubles cannot tell apart.
fn whole(double: f64) -> Option<i64> {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    (double > -BEYOND && double < BEYOND).then_some(double as i64)
}
