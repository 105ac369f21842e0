//! A smaller pattern that matches wherever a large one does. `a{0,2048}` is two thousand states, of which `a*` is one: what this says
//! no to, which is nearly every text, the pattern itself need not look at, nor be compiled for.

use regex_syntax::hir::{Hir, HirKind, Repetition};

/// A repetition of more states than this is made one without limits.
const LARGE_REPETITION: u64 = 24;
/// A pattern of fewer states is as fast as its coarse form.
const LARGE: u64 = 200;
/// What must come several times is kept so often in no more states than this.
const MOST_WITH_TIMES: u64 = 10_000;

/// About how many states a pattern comes to.
pub(crate) fn size(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(text) => text.0.len() as u64,
        HirKind::Capture(capture) => size(&capture.sub),
        HirKind::Repetition(it) => copies(it).saturating_mul(size(&it.sub)),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(0, |sum: u64, part| sum.saturating_add(size(part)))
        }
    }
}

fn copies(it: &Repetition) -> u64 {
    u64::from(it.max.unwrap_or(it.min).max(1))
}

/// Whether the coarse form of a pattern pays.
pub(crate) fn pays(hir: &Hir) -> bool {
    let all = size(hir);
    all > LARGE && size(&with_times(hir)) < all / 2
}

/// The coarse form.
pub(crate) fn of(hir: &Hir) -> Hir {
    form(hir, 0)
}

/// A form that is less coarse: what must come several times still must, where that is more than single bytes. One line of a form to fill in
/// is in much mail, and five of them are not.
pub(crate) fn with_times(hir: &Hir) -> Hir {
    form(hir, MOST_WITH_TIMES)
}

fn form(hir: &Hir, most: u64) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) | HirKind::Literal(_) => hir.clone(),
        HirKind::Capture(capture) => form(&capture.sub, most),
        HirKind::Repetition(it) => {
            let sub = form(&it.sub, most);
            let large = copies(it).saturating_mul(size(&it.sub)) > LARGE_REPETITION && copies(it) > 1;
            let times = size(&sub).saturating_mul(u64::from(it.min));
            let is_kept = !matches!(sub.kind(), HirKind::Class(_)) && times <= most;
            let min = if large && !is_kept { it.min.min(1) } else { it.min };
            let max = if large { None } else { it.max };
            Hir::repetition(Repetition { min, max, greedy: it.greedy, sub: Box::new(sub) })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(|it| form(it, most)).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(|it| form(it, most)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;
    use regex_automata::{Anchored, Input};

    use super::*;

    fn parsed(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
    }

    #[test]
    fn what_comes_several_times_is_kept() {
        let line = "(?:name|address|telephone): ?[._]{3,80}";
        assert_eq!(of(&parsed(&format!("(?:{line}){{5}}"))), parsed("(?:(?:name|address|telephone): ?[._]+)+"));
        assert_eq!(
            with_times(&parsed(&format!("(?:{line}){{5,9}}"))),
            parsed("(?:(?:name|address|telephone): ?[._]+){5,}")
        );
        assert_eq!(with_times(&parsed("[a-z]{50,60}")), parsed("[a-z]+"), "that is single bytes");
        assert_eq!(with_times(&parsed(&format!("(?:{line}){{900}}"))), of(&parsed(&format!("(?:{line}){{900}}"))));
    }

    #[test]
    fn where_a_pattern_matches_its_coarse_forms_do() {
        for (pattern, text) in [
            ("(?i)(?:(?:your )?(?:first|last) name: ?_{3,90}){2}", "Your first name:___ last name: ____, name: ___"),
            ("a literal that is long|another one", "another one, a literal that is long, a literal that is short"),
            (r"\bx*(?:ab|c[0-9]{3,}){0,3}z", "z abz xc123z, c12z xxababz xxabababababz"),
        ] {
            let whole = parsed(pattern);
            let begins = |hir: &Hir, at: usize| {
                let it = Regex::builder().build_from_hir(hir).unwrap();
                it.is_match(Input::new(text).range(at..).anchored(Anchored::Yes))
            };
            for coarse in [of(&whole), with_times(&whole)] {
                let is_where_it_is = |at: usize| begins(&coarse, at) || !begins(&whole, at);
                assert!((0..=text.len()).all(is_where_it_is), "{pattern}: {coarse:?}");
            }
        }
    }
}
