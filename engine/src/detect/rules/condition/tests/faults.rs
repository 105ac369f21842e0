//! What authors see when a condition is wrong: the place, both types, and what to do.

use super::compile;
use crate::detect::rules::condition::{Condition, Origin};

/// The text that is marked, the message, and the remedy.
#[track_caller]
fn fault(condition: &str) -> (String, String, String) {
    let problem = compile(condition).expect_err(condition);
    let marked = problem.text.chars().skip(problem.column as usize - 1).take(problem.length as usize).collect();
    (marked, problem.message, problem.remedy)
}

#[track_caller]
fn shows(condition: &str, marked: &str, message: &str, remedy: &str) {
    let (here, says, helps) = fault(condition);
    assert_eq!(here, marked, "{says}");
    assert!(says.contains(message), "{says:?} should have {message:?}");
    assert!(helps.contains(remedy), "{helps:?} should have {remedy:?}");
    assert!(!remedy.is_empty() || helps.is_empty(), "{helps:?}");
}

#[test]
fn names() {
    shows("subjekt == ''", "subjekt", "no fact named `subjekt`", "did you mean \"subject\"?");
    shows("from.adress == ''", "adress", "Person has no field `adress`", "did you mean \"address\"?");
    shows("from.zzz == ''", "zzz", "Person has no field `zzz`", "it has name, address");
    shows("links.exists(anchor, anchr.is_ip)", "anchr", "no fact named `anchr`", "did you mean \"anchor\"?");
    shows("links.host == ''", "host", "a list of Link has no field `host`", "`.exists(x, x.host ...)`");
    shows("subject.length == 1", "length", "text has no field `length`", "");
    shows("zzzzzz", "zzzzzz", "no fact named", "docs/facts.md");
}

#[test]
fn types() {
    shows("subject", "subject", "this is text", "`!= \"\"`");
    shows("links", "links", "this is a list of Link", ".size() > 0");
    shows("size + 1", "size + 1", "this is an int", "`> 0`");
    shows("subject == 1", "subject == 1", "`==` cannot stand between text and an int", "size(text)");
    shows("from == 'x'", "from == 'x'", "between a Person and text", "compare its fields: name, address");
    shows("defects == 'bare-cr'", "defects == 'bare-cr'", "a list of text and text", "`in`");
    shows("subject < true", "subject < true", "`<` cannot stand between text and a bool", "");
    shows("size + 1.5 > 2.0", "1.5", "`+` cannot stand between an int and a double", "double(");
    shows("date.time + 3600 > date.time", "3600", "a timestamp and an int", "duration(");
    shows("subject && true", "subject", "a bool should stand here, and this is text", "");
    shows("-subject == ''", "-subject", "`-` needs a number", "");
    shows("'a' in subject", "'a' in subject", "text cannot be in text", "contains");
    shows("1 in defects", "1 in defects", "an int cannot be in a list of text", "");
    shows("[1, 'a'].size() == 2", "'a'", "int stands before, and this is text", "");
    shows("(true ? 1 : 'a') == 1", "'a'", "int stands before, and this is text", "");
    shows("links['a'].is_ip", "'a'", "an index is an int, and this is text", "");
    shows("header[1] == ''", "1", "a key is text, and this is an int", "");
    shows("subject[0] == 'a'", "subject", "text has no elements", "charAt");
    shows("subject + from.name == ''", "from.name", "only constant texts", "startsWith");
    shows("links.map(l, [l.port])[0].size() == 1", "0", "cannot be taken out", "exists");
    shows("header['X-Mailer'] == ''", "'X-Mailer'", "lower case", "write \"x-mailer\"");
    shows("'X-Mailer' in header", "'X-Mailer'", "lower case", "write \"x-mailer\"");
}

#[test]
fn calls() {
    shows("subject.contain('x')", "contain", "no function named `contain`", "did you mean \"contains\"?");
    shows("subject.contains(1)", "1", "`contains` needs text here, and this is an int", "");
    shows("size.contains('1')", "size", "`contains` needs text here, and this is an int", "");
    shows("defects.contains('x')", "defects", "and this is a list of text", "`x in list`");
    shows("contains(subject, 'x')", "contains", "stands behind a point: `text.contains(text)`", "");
    shows("subject.int() == 1", "int", "stands by itself: `int(int), int(double)", "");
    shows("subject.contains() ", "subject.contains()", "`contains` is called like this: text.contains(text)", "");
    shows("subject.replace('a', 'b') == ''", "replace", "left out here: it makes new text", "");
    shows("string(size) == '1'", "size", "`string` needs text or bool here", "allocated");
    shows("links.any(l, l.is_ip)", "any", "no function named `any`", "CEL has `list.exists");
    shows("links.exists(l.host, true)", "l.host", "the name of a variable", "");
    shows("links.exists(l)", "exists", "`exists` takes list.exists(x, condition on x)", "");
    shows("links.exists(l, l.port)", "l.port", "a bool should stand here, and this is an int", "");
    shows("subject.exists(c, true)", "subject", "text cannot be gone through", "lists can");
    shows("hit(subject)", "subject", "needs the name of a rule as a constant", "");
    shows("has(subject)", "subject", "`has` asks for a field", "");
    shows("has(header['a'])", "header['a']", "`has` asks for a field", "`\"key\" in header`");
    shows("has(from.name)", "from.name", "always there, and empty", "`!= \"\"`");
    shows("has(html.forms)", "html.forms", "always there, and empty", "size() > 0");
    shows("domain(from.host.lowerAscii()) == ''", "from.host.lowerAscii()", "text as it stands", "");
    shows("timestamp('yesterday') > date.time", "'yesterday'", "no timestamp", "2026-11-24T");
    shows("duration('1d') > duration('1h')", "'1d'", "no duration", "h, m, s");
    shows("date.time.getHours('Europe/Paris') == 1", "'Europe/Paris'", "no time zone", "offset");
}

#[test]
fn patterns() {
    shows("subject.matches('a(b')", "(", "this pattern is broken: unclosed group", "");
    shows("subject.matches('é[z-a]')", "z-a", "this pattern is broken: invalid character class range", "");
    shows("subject.matches('\\\\d(')", "(", "this pattern is broken", "");
    shows("subject.matches('\\x28')", "'\\x28'", "this pattern is broken", "");
    shows("subject.matches(from.name)", "from.name", "has to be a constant text", "contains");
    shows("subject.matches('a(?=b)')", "(?=", "look-around", "");
    shows("subject.lowerAscii().matches('a')", "subject.lowerAscii()", "text as it stands", "(?i)");
    shows("links.matches('a')", "links", "`matches` looks at text, and this is a list of Link", "");
}

#[test]
fn grammar() {
    shows("", "", "the condition is empty", "");
    shows("true &&", "", "ends too early", "");
    shows("subject = ''", "=", "no meaning", "`==`");
    shows("true and false", "and", "should end here", "`&&`");
    shows("not true", "true", "should end here", "");
    shows("(true", "", "`)` should stand here, to close the brackets", "");
    shows("true ? 1", "", "`:` should stand here", "");
    shows("{'a': 1}.a == 1", "{", "a value should stand here", "maps and messages");
    shows("size == null", "null", "no fact is null", "has(date.time)");
    shows("size > 1u", "1u", "unsigned", "leave the `u` out");
    shows("for == 1", "for", "CEL keeps for itself", "");
    shows("subject. == 1", "==", "a name should stand behind the point", "");
    shows("size > 9223372036854775808", "9223372036854775808", "too large", "");
    shows("subject.contains('a',)", ")", "a value should stand here", "");
}

#[test]
fn the_place_is_that_of_the_file() {
    let file = "[rule.a]\nwhen = '''\n  from.is_free_mail &&\n  subjekt == \"\"'''\n";
    let start = file.find("from.").unwrap();
    let condition = "from.is_free_mail &&\n  subjekt == \"\"";
    let problem = Condition::compile(condition, Origin { source: "a.toml", text: file, start }).unwrap_err();
    assert_eq!((problem.line, problem.column, problem.length), (4, 3, 7));
    assert!(problem.to_string().contains("  4 |   subjekt == "), "{problem}");
    // A TOML string with escapes does not hold the condition as it is: its beginning is shown.
    let file = "when = \"subjekt == \\\"\\\"\"";
    let problem = Condition::compile("subjekt == \"\"", Origin { source: "a.toml", text: file, start: 8 }).unwrap_err();
    assert_eq!((problem.line, problem.column), (1, 9));
}
