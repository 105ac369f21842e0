//! Rules on header fields of parts: which may hit is told by one look at each field of all parts, for the literals of all rules on it.

use aho_corasick::{AhoCorasick, AhoCorasickKind};

use super::SpamAssassin;
use super::answer::{Known, Standing};
use super::trial::Trial;

/// Rules on one header field of parts.
#[derive(Debug, Default)]
pub(super) struct PartField {
    /// Its name in lower case; empty for rules that may hit without it.
    pub(super) name: String,
    /// Whether they look at it as it is written.
    pub(super) raw: bool,
    /// Those that have no literals.
    pub(super) always: Vec<u32>,
    /// The rules of literals, and these in lower case.
    pub(super) owners: Vec<u32>,
    pub(super) literals: Option<AhoCorasick>,
}

impl PartField {
    /// Those of all rules.
    pub(super) fn all(program: &SpamAssassin) -> Vec<PartField> {
        let mut fields: Vec<PartField> = Vec::new();
        let mut all: Vec<Vec<&Vec<u8>>> = Vec::new();
        // A rule that counts no hits has none.
        for rule in program.mime.iter().filter(|rule| rule.most > 0) {
            let shortest = program.patterns.get(rule.pattern as usize).map_or(0, |pattern| pattern.shortest);
            let is_told = shortest > 0 && rule.unset.is_empty() && !rule.negated && !rule.concat && rule.name != "ALL";
            let name = if is_told { rule.name.to_ascii_lowercase() } else { String::new() };
            let literals = program.patterns.get(rule.pattern as usize).and_then(|pattern| pattern.literals.as_ref());
            let literals = literals.filter(|_| is_told);
            let found = fields.iter().position(|known| known.name == name && known.raw == rule.raw);
            let place = found.unwrap_or_else(|| {
                fields.push(PartField { name, raw: rule.raw, ..PartField::default() });
                all.push(Vec::new());
                all.len() - 1
            });
            if let (Some(field), Some(all)) = (fields.get_mut(place), all.get_mut(place)) {
                match literals {
                    Some(literals) => {
                        field.owners.extend(literals.iter().map(|_| rule.rule));
                        all.extend(literals);
                    }
                    None => field.always.push(rule.rule),
                }
            }
        }
        for (field, literals) in fields.iter_mut().zip(all) {
            match AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(literals) {
                Ok(literals) => field.literals = Some(literals),
                Err(_) => field.always.append(&mut field.owners),
            }
        }
        fields
    }
}

impl Trial<'_> {
    /// Takes what can be known of these rules for nothing.
    pub(super) fn look_at_parts(&mut self) {
        let program = self.program;
        for field in &program.plan.part_fields {
            let text = self.part_fields(&field.name, field.raw);
            if text.is_empty() && !field.name.is_empty() {
                continue;
            }
            field.always.iter().for_each(|rule| self.first(*rule, f64::NAN));
            for hit in field.literals.iter().flat_map(|literals| literals.find_overlapping_iter(&text)) {
                if let Some(rule) =
                    field.owners.get(hit.pattern().as_usize()).filter(|rule| self.standing(**rule) == Standing::Missed)
                {
                    self.first(*rule, f64::NAN);
                }
            }
        }
    }

    /// All header fields of a name that parts have, in lower case.
    fn part_fields(&self, name: &str, raw: bool) -> Vec<u8> {
        let mut text = Vec::new();
        let fields = self.context.views.message.nodes.iter().flat_map(|node| node.fields.iter());
        for field in fields.filter(|field| field.is_named(name)) {
            text.extend_from_slice(if raw { field.raw } else { field.value });
            text.push(b'\n');
        }
        text.make_ascii_lowercase();
        text
    }
}
