//! `Authentication-Results` (RFC 8601) -> results. Takes values of the field, gives what servers say that we believe.

use tamis_engine::AuthResults;

/// Methods that rules know.
const METHODS: &[&str] = &["spf", "dkim", "dmarc", "arc"];

/// The results in `values` of servers that call themselves one of `believed`.
pub fn results<'v>(values: impl IntoIterator<Item = &'v str>, believed: &[String]) -> Vec<AuthResults> {
    let mut found = Vec::new();
    for value in values {
        let plain = without_comments(value);
        let mut pieces = plain.split(';');
        // `authserv-id [version]`
        let server = pieces.next().unwrap_or_default().split_whitespace().next().unwrap_or_default();
        if server.is_empty() || !believed.iter().any(|it| it.eq_ignore_ascii_case(server)) {
            continue;
        }
        for piece in pieces.take(100) {
            let mut words = piece.split_whitespace();
            let Some((method, result)) = words.next().and_then(|word| word.split_once('=')) else { continue };
            // `dkim/1` is dkim in version 1.
            let method = method.split('/').next().unwrap_or_default().to_ascii_lowercase();
            if !METHODS.contains(&method.as_str()) {
                continue;
            }
            let mut domain = "";
            for (name, value) in words.filter_map(|word| word.split_once('=')) {
                let name = name.to_ascii_lowercase();
                if matches!(name.as_str(), "header.d" | "header.from" | "smtp.mailfrom") {
                    domain = value.trim_matches('"').rsplit('@').next().unwrap_or_default();
                }
            }
            found.push(AuthResults {
                method,
                result: result.to_ascii_lowercase(),
                domain: domain.to_ascii_lowercase(),
            });
        }
    }
    found
}

/// A value without what stands in round brackets, however deep (RFC 5322, 3.2.2).
fn without_comments(value: &str) -> String {
    let (mut out, mut depth, mut quoted, mut escaped) = (String::with_capacity(value.len()), 0u32, false, false);
    for c in value.chars() {
        let literal = std::mem::take(&mut escaped);
        match c {
            '\\' if !literal && (quoted || depth > 0) => {
                escaped = true;
                continue;
            }
            '"' if !literal && depth == 0 => quoted = !quoted,
            '(' if !literal && !quoted => {
                // A comment parts words as a blank does: `mx.exam()ple` is not our server.
                if depth == 0 {
                    out.push(' ');
                }
                depth = depth.saturating_add(1);
                continue;
            }
            ')' if !literal && !quoted && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_that_are_believed_are_heard() {
        let believed = vec!["mx.example".to_owned()];
        let values = [
            " (by)MX.example(us) 1; spf=pass (ok; dmarc=pass) smtp.mailfrom=a@b.example;\n dkim=FAIL header.d=C.example; x=y",
            " evil.example; dmarc=pass header.from=b.example",
            " mx.example.evil; dmarc=pass",
            " mx.exam()ple; dmarc=pass",
            "(mx.example); dmarc=pass",
            " mx.example; none",
            "",
        ];
        let found: Vec<_> =
            results(values, &believed).into_iter().map(|it| (it.method, it.result, it.domain)).collect();
        let expected = [("spf", "pass", "b.example"), ("dkim", "fail", "c.example")];
        assert_eq!(found, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
        assert_eq!(results(values, &[]), []);
    }
}
