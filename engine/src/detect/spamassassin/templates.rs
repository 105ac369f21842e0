//! Patterns with `%{NAME}` in them: what another rule matched. Takes the text of a pattern, gives names, and the pattern filled in.

/// The names of groups whose matches other rules may ask for: in capitals.
pub(super) fn captures_of(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    for sign in ["(?<", "(?P<", "(?'"] {
        for (at, _) in pattern.match_indices(sign) {
            let rest = pattern.get(at + sign.len()..).unwrap_or_default();
            if let Some(end) = rest.find(['>', '\''])
                && let Some(name) = rest.get(..end)
                && name.starts_with(|it: char| it.is_ascii_uppercase())
                && name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_')
            {
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// The names of `%{NAME}` in a pattern.
pub(super) fn names_of(pattern: &str) -> Vec<String> {
    let mut found = Vec::new();
    let _ = fill(pattern, |name| {
        found.push(name.to_owned());
        Some(String::new())
    });
    found
}

/// Whether every match has what stands for a `%{NAME}` in it: one of them stands in no group and no choice, and is not repeated.
pub(super) fn is_needed(pattern: &str) -> bool {
    let (mut depth, mut found, mut escaped) = (0u32, false, false);
    for (at, it) in pattern.char_indices() {
        let behind = || pattern.get(at..).and_then(|rest| rest.split_once('}')).map_or("", |(_, behind)| behind);
        match it {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // What a class is made of is not told from what stands for itself.
            '[' => return false,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return false,
            '%' if depth == 0 && pattern.get(at..).is_some_and(|rest| rest.starts_with("%{")) => {
                found |= !behind().starts_with(['?', '*', '{']);
            }
            _ => {}
        }
    }
    found
}

/// The pattern of what stands before the one `%{NAME}` that a pattern ends in, up to there; `None` where the two cannot be told apart:
/// nothing of the one may look at the other, nor say how it is read.
pub(super) fn before_of(pattern: &str, flags: &str) -> Option<String> {
    let (before, name) = pattern.rsplit_once("%{")?;
    let is_last = name.strip_suffix('}').is_some_and(|name| names_of(pattern) == [name]);
    let looks = ["$", "\\z", "\\Z", "\\b", "\\B", "\\G", "\\Q"].iter().any(|it| before.contains(it));
    let is_plain = |sign: &str| [":", "<!", "<="].iter().any(|known| sign.starts_with(known));
    let is_told = before.match_indices("(?").all(|(at, _)| before.get(at + 2..).is_some_and(is_plain));
    let fits = is_last && is_needed(pattern) && is_told && !looks && !flags.contains('x');
    fits.then(|| format!("(?:{before})\\z"))
}

/// Replaces each `%{NAME}`; `None` where one has no value.
pub(super) fn fill(pattern: &str, mut value: impl FnMut(&str) -> Option<String>) -> Option<String> {
    let mut out = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("%{") {
        let name = after.split('}').next().unwrap_or_default();
        let is_name = name.starts_with(|it: char| it.is_ascii_uppercase())
            && name.chars().all(|it| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_')
            && after.len() > name.len();
        out.push_str(before);
        if is_name {
            out.push_str(&value(name)?);
            rest = after.get(name.len() + 1..).unwrap_or_default();
        } else {
            out.push_str("%{");
            rest = after;
        }
    }
    out.push_str(rest);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_captured_is_needed_where_it_stands_by_itself() {
        for (pattern, needed) in [
            (r"^https?://.{4,128}\#%{A}", true),
            (r"(?:x|y)=%{A}$", true),
            (r"x%{A}?", false),
            (r"x(?:%{A})?", false),
            (r"x|%{A}", false),
            (r"[x%{A}]", false),
            (r"\%{A}", false),
        ] {
            assert_eq!(is_needed(pattern), needed, "{pattern}");
        }
        for (pattern, before) in [
            (r"^x(?<!y)%{A}", Some(r"(?:^x(?<!y))\z")),
            (r"x\b%{A}", None),
            (r"x(?=y)%{A}", None),
            (r"(?i)x%{A}", None),
            (r"x%{A}y", None),
            (r"%{B}%{A}", None),
            (r"x%{A}+", None),
            (r"y|x%{A}", None),
        ] {
            assert_eq!(before_of(pattern, "i").as_deref(), before, "{pattern}");
        }
        assert_eq!(before_of("x%{A}", "ix"), None);
        assert_eq!(names_of("a%{B}c%{D}"), ["B", "D"]);
        assert_eq!(captures_of("(?<B>x)(?<c>y)"), ["B"]);
    }
}
