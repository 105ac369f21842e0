//! What a reply or a forwarded letter quotes, and what its writer wrote now. Takes the visible text, gives both apart, each
//! with its way back to where it stands.
//!
//! Quoted is, in plain text, what stands behind `>`, with the line that says who wrote it (`On ... wrote:`); in HTML,
//! `<blockquote>`, with that line; in both, all from a line such as `-----Original Message-----` or from the header that a mail
//! program copies into the text (`From:`, `Sent:`, `To:`, `Subject:`) to the end of its part.

use std::ops::Range;
use std::sync::Arc;

use super::{Piece, TextView};
use crate::limits::Budget;
use crate::place::View;
use crate::unpack::{Content, Text};

/// Most lines of one part that are told apart; what is behind them is in both texts.
const MOST_LINES: usize = 50_000;
/// Most changes between quoted and current text; what is behind them is in both texts.
const MOST_RANGES: usize = 4_096;
/// Longest line that says who wrote what is quoted, in bytes; and of any line what is looked at.
const LONGEST: usize = 400;
/// Lines within which a header that was copied into the text has its subject.
const HEADER_LINES: usize = 7;

/// What mail programs call the sender in a header that they copy into the text.
const FROM: &[&str] = &[
    "from",
    "von",
    "de",
    "da",
    "van",
    "från",
    "fra",
    "od",
    "от",
    "від",
    "expéditeur",
    "mittente",
    "afzender",
    "lähettäjä",
    "feladó",
    "kimden",
    "gönderen",
    "από",
    "发件人",
    "寄件者",
    "差出人",
    "보낸 사람",
];
/// And the subject.
const SUBJECT: &[&str] = &[
    "subject",
    "betreff",
    "objet",
    "asunto",
    "oggetto",
    "onderwerp",
    "assunto",
    "ämne",
    "emne",
    "temat",
    "předmět",
    "predmet",
    "тема",
    "aihe",
    "tárgy",
    "konu",
    "θέμα",
    "主题",
    "主旨",
    "件名",
    "제목",
];
/// What stands between dashes before an older letter.
const OLDER: &[&str] = &[
    "original message",
    "original appointment",
    "forwarded message",
    "ursprüngliche nachricht",
    "originalnachricht",
    "weitergeleitete nachricht",
    "message d'origine",
    "message original",
    "message transféré",
    "mensaje original",
    "mensaje reenviado",
    "messaggio originale",
    "messaggio inoltrato",
    "oorspronkelijk bericht",
    "doorgestuurd bericht",
    "mensagem original",
    "mensagem encaminhada",
    "ursprungligt meddelande",
    "oprindelig meddelelse",
    "wiadomość oryginalna",
    "исходное сообщение",
];
/// How a line begins that says when somebody wrote, and goes on in the next.
const WHEN: &[&str] = &["On ", "Am ", "Le ", "El ", "Il ", "Op ", "Em ", "Den ", "Dnia ", "W dniu ", "Dne "];

/// A line of a part.
struct Line {
    range: Range<usize>,
    quoted: bool,
}

/// The current and the quoted text.
pub(super) fn split(
    visible: &TextView<'_>,
    content: &Content<'_>,
    budget: &mut Budget<'_>,
) -> (TextView<'static>, TextView<'static>) {
    let [mut current, mut quoted] = [(); 2].map(|()| TextView::default());
    let ends = visible.pieces.iter().skip(1).map(|next| (next.start as usize).saturating_sub(1));
    for (piece, end) in visible.pieces.iter().zip(ends.chain([visible.text.len()])) {
        let text = visible.text.get(piece.start as usize..end).unwrap_or_default();
        if !budget.work(text.len() as u64 * 2, || visible.place(piece.start as usize, end)) {
            break;
        }
        let marks = content.items.get(piece.item as usize).and_then(|item| match &item.text {
            Text::Html(document) => Some(document.quotes.as_slice()),
            _ => None,
        });
        let (lines, end) = lines(text, marks);
        let mut at = 0;
        while let Some(first) = lines.get(at) {
            let run = lines.get(at..).unwrap_or_default().iter().take_while(|line| line.quoted == first.quoted).count();
            at += run.max(1);
            let last = lines.get(at - 1).unwrap_or(first);
            let range = first.range.start..last.range.end;
            if current.pieces.len() + quoted.pieces.len() >= MOST_RANGES {
                add(&mut current, piece, text, range.start..text.len());
                add(&mut quoted, piece, text, range.start..text.len());
                break;
            }
            add(if first.quoted { &mut quoted } else { &mut current }, piece, text, range);
        }
        if end < text.len() && current.pieces.len() + quoted.pieces.len() < MOST_RANGES {
            add(&mut current, piece, text, end..text.len());
            add(&mut quoted, piece, text, end..text.len());
        }
    }
    (current, quoted)
}

/// Adds a range of a part's text, without empty lines around it.
fn add(to: &mut TextView<'static>, of: &Piece, text: &str, range: Range<usize>) {
    let piece = text.get(range.clone()).unwrap_or_default();
    let trimmed = piece.trim_matches('\n');
    if trimmed.is_empty() {
        return;
    }
    let before = piece.len() - piece.trim_start_matches('\n').len();
    let whole = to.text.to_mut();
    if !whole.is_empty() {
        whole.push('\n');
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let start = count(whole.len());
    whole.push_str(trimmed);
    to.view = View::Visible;
    to.pieces.push(Piece {
        start,
        from: of.from.saturating_add(count(range.start + before)),
        item: of.item,
        path: Arc::clone(&of.path),
        readings: of.readings,
    });
}

/// The lines of a part, and where those end that were looked at. `marks` are the ranges that HTML quotes; none for plain text.
fn lines(text: &str, marks: Option<&[(u32, u32)]>) -> (Vec<Line>, usize) {
    let mut lines: Vec<Line> = Vec::new();
    let (mut at, mut mark, mut older) = (0, 0, false);
    while at < text.len() && lines.len() < MOST_LINES {
        let rest = text.get(at..).unwrap_or_default();
        let length = memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
        let line = rest.get(..length).unwrap_or_default();
        let behind = rest.get(length + 1..).unwrap_or_default();
        let quoted = match marks {
            None => line.starts_with('>') && !line.starts_with(">From "),
            Some(marks) => {
                while marks.get(mark).is_some_and(|(_, end)| *end as usize <= at) {
                    mark += 1;
                }
                marks.get(mark).is_some_and(|(start, _)| *start as usize <= at)
            }
        };
        if quoted && !older && lines.last().is_some_and(|line| !line.quoted) {
            attribution(text, &mut lines);
        }
        older |= !quoted && begins_older(line, behind);
        lines.push(Line { range: at..at + length, quoted: quoted || older });
        at += length + 1;
    }
    (lines, at.min(text.len()))
}

/// Lines at the end that say who wrote what is quoted behind them are quoted, too.
fn attribution(text: &str, lines: &mut [Line]) {
    let of = |line: &Line| text.get(line.range.clone()).unwrap_or_default().trim();
    let is_empty = |line: &Line| of(line).is_empty();
    let tells = |line: &str| line.contains('@') || line.bytes().any(|byte| byte.is_ascii_digit());
    let behind = lines.iter().rev().take(2).take_while(|line| is_empty(line)).count();
    let Some(last) = lines.len().checked_sub(behind + 1) else { return };
    let (Some(said), before) = (lines.get(last).map(of), last.checked_sub(1).and_then(|at| lines.get(at)).map(of))
    else {
        return;
    };
    if said.len() > LONGEST || !said.ends_with([':', '：']) || lines.get(last).is_none_or(|line| line.quoted) {
        return;
    }
    let goes_on = |it: &&str| {
        it.len() <= LONGEST
            && tells(it)
            && (WHEN.iter().any(|when| it.starts_with(when)) || (!tells(said) && said.len() <= 60))
    };
    let first = match before
        .filter(|_| said.starts_with('<') || !tells(said) || !WHEN.iter().any(|when| said.starts_with(when)))
    {
        Some(it) if goes_on(&it) => last - 1,
        _ if tells(said) => last,
        _ => return,
    };
    lines.iter_mut().skip(first).for_each(|line| line.quoted = true);
}

/// Whether an older letter begins with a line, to the end of the part. `behind` is what follows the line.
fn begins_older(line: &str, behind: &str) -> bool {
    match line.bytes().next() {
        Some(b'-') if line.len() <= LONGEST && line.starts_with("--") && line.ends_with("--") => {
            let inside = line.trim_matches('-').trim().to_lowercase();
            OLDER.iter().any(|words| inside.contains(words)) || (!inside.starts_with("begin ") && header_next(behind))
        }
        Some(b'_') if line.len() >= 10 && line.bytes().all(|byte| byte == b'_') => header_next(behind),
        _ => is_header(line, behind),
    }
}

/// Whether the next line that is not empty begins a header.
fn header_next(text: &str) -> bool {
    let text = text.trim_start_matches('\n');
    let (line, behind) = text.split_once('\n').unwrap_or((text, ""));
    is_header(line, behind)
}

/// Whether a header that was copied into the text begins with a line: the sender, and below it the subject.
fn is_header(line: &str, behind: &str) -> bool {
    if !label(line).is_some_and(|label| FROM.contains(&label.as_str())) {
        return false;
    }
    let labels = behind.split('\n').filter(|line| !line.is_empty()).take(HEADER_LINES).filter_map(label);
    labels.into_iter().any(|label| SUBJECT.contains(&label.as_str()))
}

/// What stands before the colon of a line, in lower case.
fn label(line: &str) -> Option<String> {
    let head = line.get(..line.floor_char_boundary(60)).unwrap_or_default();
    let at = head.find([':', '：'])?;
    let label = head.get(..at)?.trim_matches(['*', ' ', '\u{a0}']);
    let fits = !label.is_empty() && label.chars().all(|it| it.is_alphabetic() || it == ' ');
    fits.then(|| label.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quoted lines of plain text, or of HTML's with ranges.
    fn quoted<'t>(text: &'t str, marks: Option<&[(u32, u32)]>) -> Vec<&'t str> {
        let (lines, end) = lines(text, marks);
        assert_eq!(end, text.len());
        lines.iter().filter(|line| line.quoted).map(|line| &text[line.range.clone()]).collect()
    }

    #[test]
    fn what_stands_behind_signs_is_quoted_with_who_wrote_it() {
        let text =
            "Yes.\nOn Mon, 1 Jan 2024, Ann <ann@a.example> wrote:\n\n> Shall we?\n> Ann\nNo, wait.\n> Or not?\nBye";
        assert_eq!(
            quoted(text, None),
            ["On Mon, 1 Jan 2024, Ann <ann@a.example> wrote:", "", "> Shall we?", "> Ann", "> Or not?"]
        );
        let two = "Ja\nAm 01.01.2024 um 10:00 schrieb Ann\n<ann@a.example>:\n> Gut?";
        assert_eq!(quoted(two, None).len(), 3);
        let wrapped = "x 1\nOn Mon, Jan 1, 2024 at 10:00 Ann Longname\nwrote:\n> Well?";
        assert_eq!(quoted(wrapped, None).len(), 3);
        // Not who wrote, not a sign of a quotation.
        assert_eq!(quoted("These are the terms:\n> one", None), ["> one"]);
        assert_eq!(quoted("a > b\n->x\n>From here on", None), Vec::<&str>::new());
    }

    #[test]
    fn older_letters_go_on_to_the_end() {
        let header = "From: Ann\nSent: Monday, 1 January 2024\nTo: Bob\nSubject: Plan\n\nHello\nbye";
        for (before, count) in [
            ("Yes\n", 7),
            ("Yes\n-----Original Message-----\n", 8),
            ("Yes\n________________________________\n", 8),
            ("Yes\n----- Something that nobody knows -----\n", 8),
        ] {
            assert_eq!(quoted(&format!("{before}{header}"), None).len(), count, "{before}");
            assert_eq!(quoted(&format!("{before}{header}"), Some(&[])).len(), count, "{before}");
        }
        assert_eq!(quoted("a\n---------- Forwarded message ---------\nanything", None).len(), 2);
        assert_eq!(quoted("a\n*Von:* Ann\n*Gesendet:* heute\n*Betreff:* Plan\nText", None).len(), 4);
        for honest in [
            "From: London\nTo: Paris\nDate: 3 May\nFare: 20",
            "-- \nAnn\n-----------\nPhone: 1",
            "---- Our offers ----\nTea",
            "-----BEGIN PGP MESSAGE-----\nFrom: a\nSubject: b",
            "Subject: x\nFrom: y",
        ] {
            let expected = if honest.starts_with("-----BEGIN") { 2 } else { 0 };
            assert_eq!(quoted(honest, None).len(), expected, "{honest}");
        }
    }

    #[test]
    fn html_says_itself_what_it_quotes() {
        let text = "Yes\nOn 1 Jan Ann wrote:\nShall we?\n> an arrow";
        let at = text.find("Shall").unwrap();
        let range = (u32::try_from(at).unwrap(), u32::try_from(at + 9).unwrap());
        assert_eq!(quoted(text, Some(&[range])), ["On 1 Jan Ann wrote:", "Shall we?"]);
        assert_eq!(quoted(text, Some(&[])), Vec::<&str>::new());
    }
}
