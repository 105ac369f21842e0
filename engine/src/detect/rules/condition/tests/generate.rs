//! Conditions by chance, from a seed: well typed ones, and those that a slip of the pen makes of them.

/// Numbers by chance (splitmix64): the same ones on every machine.
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % bound as u64) as usize
    }

    pub(super) fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }
}

/// What an expression is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bool,
    Int,
    Double,
    Text,
    Time,
    Length,
    Link,
    File,
    Person,
    Ints,
    Texts,
    Lists,
    Links,
    Files,
    People,
}

use Kind::*;

pub(super) struct Generator {
    pub(super) chance: Chance,
    scope: Vec<(String, Kind)>,
}

impl Generator {
    pub(super) fn new(seed: u64) -> Generator {
        Generator { chance: Chance(seed), scope: Vec::new() }
    }

    pub(super) fn condition(&mut self) -> String {
        let depth = 1 + self.chance.below(4);
        self.make(Bool, depth)
    }

    fn make(&mut self, kind: Kind, depth: usize) -> String {
        // A variable of the kind, where there is one.
        let fitting: Vec<usize> = (0..self.scope.len()).filter(|at| self.scope[*at].1 == kind).collect();
        if !fitting.is_empty() && self.chance.below(3) > 0 {
            return self.scope[fitting[self.chance.below(fitting.len())]].0.clone();
        }
        if depth > 0 && self.chance.below(12) == 0 {
            let [condition, a, b] =
                [self.make(Bool, depth - 1), self.make(kind, depth - 1), self.make(kind, depth - 1)];
            return format!("({condition} ? {a} : {b})");
        }
        let less = depth.saturating_sub(1);
        match kind {
            Bool => self.bool(depth),
            Int => self.int(depth),
            Double if depth == 0 => self.chance.one(&["0.0", "1.5", "-2.0", "1e300", "3.0"]).into(),
            Double => match self.chance.below(4) {
                0 => format!("double({})", self.make(Int, less)),
                1 => self.make(Double, 0),
                _ => self.infix(Double, &["+", "-", "*", "/"], less),
            },
            Text => self.text(depth),
            Time if depth == 0 => {
                self.chance.one(&["date.time", "received.time", "timestamp('2024-02-29T23:59:59.5Z')"]).into()
            }
            Time => match self.chance.below(4) {
                0 => format!("({} + {})", self.make(Time, less), self.make(Length, less)),
                1 => format!("({} - {})", self.make(Time, less), self.make(Length, less)),
                2 => format!("timestamp({})", self.make(Int, 0)),
                _ => self.make(Time, 0),
            },
            Length if depth == 0 => self
                .chance
                .one(&["duration('1h')", "duration('-90m')", "duration('1.5s')", "duration('26h3ms')"])
                .into(),
            Length => match self.chance.below(3) {
                0 => format!("({} - {})", self.make(Time, less), self.make(Time, less)),
                1 => self.infix(Length, &["+", "-"], less),
                _ => self.make(Length, 0),
            },
            Link => self.element(Links, &["links[0]", "links[2]"], depth),
            File => self.element(Files, &["files[0]", "files[1]"], depth),
            Person => self.element(People, &["from", "to[1]", "reply_to"], depth),
            Ints => self.list(Ints, Int, &["[1, 2, 3]", "[0, -1, 4321]", "[]"], depth),
            Texts => {
                self.list(Texts, Text, &["defects", "body.scripts", "['Ann', 'a.example']", "files[0].names"], depth)
            }
            Lists => self.list(Lists, Ints, &["[[1, 2], []]", "[[0]]", "links.map(l, [l.port])"], depth),
            Links => self.list(Links, Link, &["links"], depth),
            Files => self.list(Files, File, &["files"], depth),
            People => self.list(People, Person, &["to", "cc"], depth),
        }
    }

    fn infix(&mut self, kind: Kind, operators: &[&str], depth: usize) -> String {
        let [left, right] = [self.make(kind, depth), self.make(kind, depth)];
        format!("({left} {} {right})", self.chance.one(operators))
    }

    fn bool(&mut self, depth: usize) -> String {
        if depth == 0 {
            let known = ["true", "false", "from.is_free_mail", "hit('yes')", "hit('no')", "has(date.zone_minutes)"];
            return self.chance.one(&known).into();
        }
        let less = depth - 1;
        match self.chance.below(14) {
            0 => {
                let terms: Vec<_> = (0..2 + self.chance.below(3)).map(|_| self.make(Bool, less)).collect();
                format!("({})", terms.join([" && ", " || "][self.chance.below(2)]))
            }
            1 => format!("!{}", self.make(Bool, less)),
            2 => format!("{} || {} && {}", self.make(Bool, less), self.make(Bool, less), self.make(Bool, less)),
            3 | 4 => {
                let kind = [Int, Double, Text, Text, Time, Length, Bool][self.chance.below(7)];
                self.infix(kind, &["==", "!=", "<", "<=", ">", ">="], less)
            }
            5 => {
                let sides = [self.make(Int, less), self.make(Double, less)];
                format!("({} {} {})", sides[0], self.chance.one(&["==", "!=", "<", ">="]), sides[1])
            }
            6 => {
                let kind = [Ints, Texts][self.chance.below(2)];
                self.infix(kind, &["==", "!="], less)
            }
            7 => {
                let (item, list) = [(Int, Ints), (Text, Texts)][self.chance.below(2)];
                format!("({} in {})", self.make(item, less), self.make(list, less))
            }
            8 => format!("({} in header)", self.make(Text, less)),
            9 => {
                let function = self.chance.one(&["contains", "startsWith", "endsWith"]);
                format!("{}.{function}({})", self.make(Text, less), self.make(Text, less))
            }
            10 => {
                let field = self.chance.one(&["is_ip", "in_html"]);
                let pattern = self.chance.one(&["a.*e", "^[a-z]+$", "(?i)URGENT", "\\\\d{2}", "", "é|Ç"]);
                match self.chance.below(3) {
                    0 => format!("{}.{field}", self.make(Link, less)),
                    1 => format!("{}.is_disguised", self.make(File, less)),
                    _ => format!(
                        "{}.matches('{pattern}')",
                        self.chance.one(&["subject", "from.address", "body.visible"])
                    ),
                }
            }
            _ => {
                let (list, of) =
                    [(Links, Link), (Files, File), (People, Person), (Ints, Int), (Texts, Text), (Lists, Ints)]
                        [self.chance.below(6)];
                let list = self.make(list, less);
                let quantifier = self.chance.one(&["all", "exists", "exists", "exists_one"]);
                self.over(&list, quantifier, of, less)
            }
        }
    }

    /// `list.MACRO(x, condition)`
    fn over(&mut self, list: &str, call: &str, of: Kind, depth: usize) -> String {
        let (name, body) = self.with(of, Bool, depth);
        format!("{list}.{call}({name}, {body})")
    }

    fn with(&mut self, of: Kind, body: Kind, depth: usize) -> (String, String) {
        // Now and then a name that hides a variable, or a fact.
        let name = match self.chance.below(8) {
            0 => "x".to_owned(),
            1 => "size".to_owned(),
            _ => format!("v{}", self.scope.len()),
        };
        let outer = std::mem::take(&mut self.scope);
        self.scope = outer.iter().filter(|(known, _)| *known != name).cloned().collect();
        self.scope.push((name.clone(), of));
        // `size` as a variable hides the fact, not the function.
        let body = self.make(body, depth);
        self.scope = outer;
        (name, body)
    }

    fn int(&mut self, depth: usize) -> String {
        if depth == 0 {
            let known = ["0", "1", "-1", "2", "7", "4321", "9223372036854775807", "from_count", "date.zone_minutes"];
            return self.chance.one(&known).into();
        }
        let less = depth - 1;
        match self.chance.below(9) {
            0..=2 => self.infix(Int, &["+", "-", "*", "/", "%"], less),
            3 => format!("{}.size()", self.make(Text, less)),
            4 => {
                let list = [Ints, Texts, Links, Files, Lists][self.chance.below(5)];
                format!("{}.size()", self.make(list, less))
            }
            5 => format!("{}.port", self.make(Link, less)),
            6 => {
                let text = [self.make(Text, less), self.make(Text, less)];
                match self.chance.below(3) {
                    0 => format!("{}.indexOf({}, {})", text[0], text[1], self.make(Int, 0)),
                    1 => format!("{}.lastIndexOf({})", text[0], text[1]),
                    _ => format!("{}.indexOf({})", text[0], text[1]),
                }
            }
            7 => {
                let of_time = ["getFullYear", "getMonth", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear"];
                let of_both = ["getHours", "getMinutes", "getSeconds", "getMilliseconds"];
                match self.chance.below(3) {
                    0 => format!("{}.{}()", self.make(Time, less), self.chance.one(&of_time)),
                    1 => format!("{}.{}('+05:30')", self.make(Time, less), self.chance.one(&of_both)),
                    _ => format!("{}.{}()", self.make(Length, less), self.chance.one(&of_both)),
                }
            }
            _ => {
                let of = [Double, Time, Int][self.chance.below(3)];
                format!("int({})", self.make(of, less))
            }
        }
    }

    fn text(&mut self, depth: usize) -> String {
        if depth == 0 {
            let known = [
                "''",
                "'a'",
                "'é'",
                "'a.example'",
                "'received'",
                "'Ann'",
                "subject",
                "from.name",
                "envelope.helo",
                "header['x-mailer']",
                "header['list-id']",
                "header.from",
                "reply_to.address",
                "r'\\d'",
                "'Ça'",
            ];
            return self.chance.one(&known).into();
        }
        let less = depth - 1;
        match self.chance.below(7) {
            0 => {
                let field = self.chance.one(&["host", "domain", "scheme", "shown_host", "url"]);
                format!("{}.{field}", self.make(Link, less))
            }
            1 => format!("{}.{}", self.make(File, less), self.chance.one(&["name", "extension", "kind"])),
            2 => format!("{}.{}", self.make(Person, less), self.chance.one(&["name", "address", "local"])),
            3 => format!("{}.{}()", self.make(Text, less), self.chance.one(&["lowerAscii", "upperAscii", "trim"])),
            4 => format!("{}.substring({}, {})", self.make(Text, less), self.make(Int, 0), self.make(Int, less)),
            5 => format!("{}.charAt({})", self.make(Text, less), self.make(Int, less)),
            _ => format!("{}[{}]", self.make(Texts, less), self.make(Int, less)),
        }
    }

    fn element(&mut self, list: Kind, known: &[&'static str], depth: usize) -> String {
        if depth == 0 || self.chance.below(2) == 0 {
            return self.chance.one(known).into();
        }
        format!("{}[{}]", self.make(list, depth - 1), self.make(Int, 0))
    }

    fn list(&mut self, list: Kind, of: Kind, known: &[&'static str], depth: usize) -> String {
        if depth == 0 {
            return self.chance.one(known).into();
        }
        let less = depth - 1;
        match self.chance.below(7) {
            0 => {
                let items: Vec<_> = (0..self.chance.below(4)).map(|_| self.make(of, less)).collect();
                format!("[{}]", items.join(", "))
            }
            1 => {
                let all = self.make(list, less);
                self.over(&all, "filter", of, less)
            }
            2 => {
                let (from, element) = [(Links, Link), (Ints, Int), (Texts, Text), (Files, File)][self.chance.below(4)];
                let all = self.make(from, less);
                let (name, to) = self.with(element, of, less);
                format!("{all}.map({name}, {to})")
            }
            3 => {
                let (from, element) = [(Links, Link), (Ints, Int)][self.chance.below(2)];
                let all = self.make(from, less);
                let before = self.scope.len();
                let (name, to) = self.with(element, of, less);
                self.scope.truncate(before);
                let keep = format!("{} > 0", if element == Int { name.clone() } else { format!("{name}.port") });
                format!("{all}.map({name}, {keep}, {to})")
            }
            4 if list == Texts => {
                format!("{}.split({})", self.make(Text, less), self.chance.one(&["','", "'.'", "''", "'a'"]))
            }
            4 => format!("({} + {})", self.make(list, less), self.make(list, less)),
            _ => self.make(list, 0),
        }
    }
}

/// The condition with a slip of the pen: a word left out, doubled, or taken from elsewhere.
pub(super) fn slip(condition: &str, chance: &mut Chance) -> String {
    let mut words: Vec<String> = Vec::new();
    for letter in condition.chars() {
        let joins = |word: &String| word.chars().all(|it| it.is_alphanumeric() || it == '_');
        match words.last_mut() {
            Some(word) if joins(word) && (letter.is_alphanumeric() || letter == '_') => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    for _ in 0..1 + chance.below(2) {
        let at = chance.below(words.len());
        match chance.below(4) {
            0 => words[at].clear(),
            1 => words[at] = words[chance.below(words.len())].clone(),
            2 => {
                let other =
                    ["!", "-", "true", "0", "1.5", "''", "links", "subject", "==", "||", "&&", "+", "size", "x", "[0]"];
                words[at] = chance.one(&other).into();
            }
            _ => {
                let doubled = words[at].clone();
                words.insert(at, doubled);
            }
        }
    }
    words.concat()
}
