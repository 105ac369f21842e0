//! What is tried, and when: made once, when rules are loaded. Takes rules, gives for each how it is found out whether it hits, about what
//! that costs, and which rules have to be seen before a meta is worth a look.

use super::answer::{Flats, Known, Root, Standing};
use super::asking::Weight;
use super::expression::Expression;
use super::lists::{Lists, Piece, User, Wake};
use super::matcher::Tried;
use super::part_fields::PartField;
use super::pattern::Pattern;
use super::tree::Tree;
use super::{HeaderGroup, SpamAssassin};

/// What more metas than so many ask for is worth no more.
const MOST_USERS: usize = 16;

/// More literals or sequences of a pattern than so many make it no dearer.
const MOST_WAYS: usize = 64;

/// How it is found out whether a rule hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Source {
    /// It never does, or is switched off.
    #[default]
    Nothing,
    /// A field of this group of header rules is there.
    Exists(u32),
    /// A member of a set.
    Member(u32, u32),
    Template(u32),
    Mime(u32),
    UriDetail(u32),
    Eval(u32),
    Meta(u32),
}

/// What is read of a rule in each message that it is tried in, or hits: in one line of the caches, since rules lie far apart.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub(super) struct Row {
    pub(super) source: Source,
    /// Whether it can have a score.
    pub(super) is_scored: bool,
    /// Of metas it is another for each message.
    pub(super) weight: Weight,
    /// What it costs more for each place where something of it was noted.
    pub(super) place_cost: f32,
    /// Where in their lists the metas stand that are worth a look where it may hit, and those that ask for it and that a score hangs on.
    wakes: Piece,
    users: Piece,
    /// How often it may hit at most.
    most: f64,
}

/// An expression, and when it is worth a look.
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) rule: u32,
    pub(super) expression: Expression,
    /// The rules behind the expression's names.
    pub(super) parts: Vec<Option<u32>>,
    pub(super) off: bool,
}

/// What of a meta is read for each message: little, and in the order of metas.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) rule: u32,
    pub(super) root: Root,
    /// Whether more is asked of it than if it hits.
    pub(super) by_value: bool,
    /// Whether it can have a score; and whether it can, or anything that may hang on it.
    pub(super) is_scored: bool,
    pub(super) is_needed: bool,
}

/// Members of a set that may hit, or do, where nothing was noted of them.
#[derive(Debug, Default)]
pub(super) struct Unseen {
    /// Where the text is there: what may match anywhere, and what is negated.
    pub(super) present: Vec<u32>,
    /// Where it is not.
    pub(super) absent: Vec<u32>,
}

/// For all rules, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Plan {
    rows: Vec<Row>,
    wakes: Lists<Wake>,
    /// What is known of each before a message is looked at: that it does not hit, but for metas that are worth a look always.
    pub(super) standings: Vec<Standing>,
    /// The latter, by their numbers.
    pub(super) awake: Vec<u64>,
    /// Metas, in their order, and their expressions.
    pub(super) metas: Vec<Asked>,
    pub(super) flats: Flats,
    users: Lists<User>,
    /// The metas that a meta asks for.
    pub(super) parts: Lists<u32>,
    pub(super) part_fields: Vec<PartField>,
    /// By sets, whether anything that looks at its text may count, and by groups of header rules, whether it counts if a field is there.
    pub(super) needed_sets: Vec<bool>,
    pub(super) needed_groups: Vec<bool>,
    /// By sets.
    pub(super) unseen: Vec<Unseen>,
    /// Rules that can have a score.
    pub(super) scored: Vec<u32>,
    /// Whether a rule is one of them, or anything that they may hang on.
    needed: Vec<bool>,
}

impl Plan {
    /// Makes it; the trees of metas are made by the way.
    pub(super) fn of(program: &mut SpamAssassin) -> Plan {
        let rules = program.rules.len();
        let mut plan = Plan {
            rows: vec![Row { most: 1.0, ..Row::default() }; rules],
            standings: vec![Standing::Missed; rules],
            needed: vec![false; rules],
            ..Plan::default()
        };
        let mut often = vec![0; rules];
        plan.leaves(program, &mut often);
        plan.metas(program, &mut often);
        plan.part_fields = PartField::all(program);
        plan.scored = (0u32..)
            .zip(&program.rules)
            .filter(|(number, rule)| plan.source(*number) != Source::Nothing && !rule.name.starts_with("__"))
            .map(|(number, _)| number)
            .collect();
        for rule in &plan.scored {
            if let Some(row) = plan.rows.get_mut(*rule as usize) {
                row.is_scored = true;
            }
        }
        plan.needs(program);
        plan.find_users(program);
        plan
    }

    #[inline]
    pub(super) fn row(&self, rule: u32) -> Row {
        self.rows.get(rule as usize).copied().unwrap_or_default()
    }

    #[inline]
    pub(super) fn source(&self, rule: u32) -> Source {
        self.rows.get(rule as usize).map_or(Source::Nothing, |row| row.source)
    }

    /// Whether a rule can have a score.
    #[inline]
    pub(super) fn is_scored(&self, rule: u32) -> bool {
        self.rows.get(rule as usize).is_some_and(|row| row.is_scored)
    }

    /// How often a rule may hit at most.
    #[inline]
    pub(super) fn most(&self, rule: u32) -> f64 {
        self.rows.get(rule as usize).map_or(f64::INFINITY, |row| row.most)
    }

    /// The metas that are worth a look where a rule may hit.
    #[inline]
    pub(super) fn wakes(&self, rule: u32) -> &[Wake] {
        self.wakes.piece(self.rows.get(rule as usize).map_or(Piece::default(), |row| row.wakes))
    }

    /// The metas that ask for a rule, and that a score hangs on.
    #[inline]
    pub(super) fn users(&self, rule: u32) -> &[User] {
        self.users.piece(self.rows.get(rule as usize).map_or(Piece::default(), |row| row.users))
    }

    /// Whether a rule is one that can, or anything that such may hang on.
    pub(super) fn is_needed(&self, rule: u32) -> bool {
        self.needed.get(rule as usize) == Some(&true)
    }

    fn set(&mut self, rule: u32, source: Source, weight: Weight) {
        if let Some(row) = self.rows.get_mut(rule as usize) {
            (row.source, row.weight) = (source, weight);
        }
    }

    fn leaves(&mut self, program: &SpamAssassin, often: &mut [u32]) {
        let mut hits = |rule: u32, times: u32| {
            if let Some(slot) = often.get_mut(rule as usize) {
                *slot = times;
            }
        };
        for (number, set) in program.sets() {
            let group = number.checked_sub(SpamAssassin::TEXTS).and_then(|group| program.headers.get(group));
            let mut unseen = Unseen::default();
            for (place, member) in (0u32..).zip(&set.members) {
                let other = group.and_then(|group: &HeaderGroup| group.others.get(&place));
                let is_negated = other.is_some_and(|(negated, _)| *negated);
                let is_noted = set.near(place).is_some_and(|near| near.tried == Tried::Noted && !near.waits);
                let pattern = program.patterns.get(member.pattern as usize);
                if is_negated || !is_noted {
                    unseen.present.push(place);
                }
                if other.is_some() || pattern.is_some_and(|it| it.shortest == 0) {
                    unseen.absent.push(place);
                }
                let times = match (other, is_noted) {
                    (Some(_), _) => 1_000,
                    (None, true) => 5,
                    (None, false) => 100,
                };
                hits(member.rule, times);
                let (cost, place_cost) = cost(pattern, group, number, is_noted);
                if let Some(row) = self.rows.get_mut(member.rule as usize) {
                    row.most = if member.most > 1 { f64::INFINITY } else { 1.0 };
                    row.place_cost = place_cost;
                }
                let chance = if is_negated { 0.5 } else { 0.1 };
                let set = u32::try_from(number).unwrap_or(u32::MAX);
                self.set(member.rule, Source::Member(set, place), Weight { cost, chance, sure: true });
            }
            self.unseen.push(unseen);
        }
        for (number, group) in (0u32..).zip(&program.headers) {
            for rule in &group.exists {
                hits(*rule, 300);
                self.set(*rule, Source::Exists(number), Weight { cost: 1.0, chance: 0.3, sure: true });
            }
        }
        let templates =
            (0..).zip(&program.templates).map(|(number, it)| (it.rule, Source::Template(number), 1.0, 30.0));
        let mime =
            (0..).zip(&program.mime).map(|(number, it)| (it.rule, Source::Mime(number), f64::from(it.most), 10.0));
        let details =
            (0..).zip(&program.uri_details).map(|(number, it)| (it.rule, Source::UriDetail(number), 1.0, 40.0));
        let evals = (0..).zip(&program.evals).map(|(number, it)| (it.rule, Source::Eval(number), 1.0, 20.0));
        for (rule, source, most, cost) in templates.chain(mime).chain(details).chain(evals) {
            hits(rule, 50);
            self.set(rule, source, Weight { cost, chance: 0.1, sure: true });
            if let Some(row) = self.rows.get_mut(rule as usize) {
                row.most = most;
            }
        }
    }

    /// Metas stand behind what they ask for.
    fn metas(&mut self, program: &mut SpamAssassin, often: &mut [u32]) {
        let mut wakes = Vec::new();
        self.awake = vec![0; program.metas.len().div_ceil(64)];
        let mut trees = Vec::with_capacity(program.metas.len());
        let mut flats = Flats::default();
        for (number, meta) in (0u32..).zip(&program.metas) {
            let part = |place: usize| meta.parts.get(place).copied().flatten();
            let times = |rule: u32| often.get(rule as usize).copied().unwrap_or(0);
            let tree = Tree::of(&meta.expression);
            let rule = |place: usize| part(place).ok_or_else(|| constant(&meta.expression, place));
            let root = flats.add(&tree, &rule, &times);
            let whole = flats.answer(root, false, &Unknown { plan: self, without: &[] }).0;
            let wakers = tree.wakers(&|place| part(place).map_or(0, times));
            let wakers = wakers.map(|(often, names)| (often, names.into_iter().filter_map(part).collect::<Vec<u32>>()));
            let may = match &wakers {
                Some((_, wakers)) => !flats.answer(root, true, &Unknown { plan: self, without: wakers }).0.is_zero(),
                None => true,
            };
            let (times, wakers) = wakers.filter(|_| !may).unwrap_or((1_000, Vec::new()));
            trees.push(tree);
            let rule = meta.rule;
            self.metas.push(Asked { rule, root, by_value: false, is_scored: false, is_needed: false });
            if meta.off {
                continue;
            }
            if let (true, Some(slot)) = (may, self.standings.get_mut(meta.rule as usize)) {
                *slot = Standing::Open;
                if let Some(word) = self.awake.get_mut(number as usize / 64) {
                    *word |= 1 << (number % 64);
                }
            }
            let is_leaf = |rule: &u32| !matches!(self.source(*rule), Source::Meta(_));
            for waker in wakers {
                let guard = flats.needed(root).filter(is_leaf).find(|rule| *rule != waker);
                wakes.push((waker, Wake { meta: number, rule: meta.rule, guard }));
            }
            if let Some(row) = self.rows.get_mut(meta.rule as usize) {
                row.most = whole.most.max(1.0);
            }
            if let Some(slot) = often.get_mut(meta.rule as usize) {
                *slot = times;
            }
            self.set(meta.rule, Source::Meta(number), Weight::default());
        }
        self.wakes = Lists::of(wakes, program.rules.len());
        for (rule, row) in (0u32..).zip(&mut self.rows) {
            row.wakes = self.wakes.piece_of(rule);
        }
        self.flats = flats;
        let mut by_value = vec![false; program.rules.len()];
        for ((meta, asked), tree) in program.metas.iter().zip(&mut self.metas).zip(&trees).rev() {
            asked.by_value = by_value.get(meta.rule as usize) == Some(&true);
            let values = tree.values(!asked.by_value);
            for rule in values.into_iter().filter_map(|place| meta.parts.get(place).copied().flatten()) {
                if let Some(slot) = by_value.get_mut(rule as usize) {
                    *slot = true;
                }
            }
        }
    }

    /// What many metas ask for costs each of them less.
    fn find_users(&mut self, program: &SpamAssassin) {
        let (mut users, mut parts) = (Vec::new(), Vec::new());
        let metas = program.metas.iter().zip(&self.metas);
        for (meta, asked) in metas.filter(|(meta, asked)| !meta.off && asked.is_needed) {
            for rule in meta.parts.iter().flatten().copied() {
                let (missed, hit) = self.flats.told_by(asked.root, rule, !asked.by_value);
                users.push((rule, User { rule: meta.rule, missed, hit }));
                if let Source::Meta(_) = self.source(rule) {
                    parts.push((meta.rule, rule));
                }
            }
        }
        self.users = Lists::of(users, program.rules.len());
        self.parts = Lists::of(parts, program.rules.len());
        for (rule, row) in (0u32..).zip(&mut self.rows) {
            row.users = self.users.piece_of(rule);
            let users = (self.users.get(rule).len().clamp(1, MOST_USERS) as f32).sqrt();
            row.weight.cost /= users;
            // What has a score is tried anyway.
            row.place_cost = if row.is_scored { 0.0 } else { row.place_cost / users };
        }
    }

    fn needs(&mut self, program: &SpamAssassin) {
        self.rules_needed(program);
        self.needed_sets =
            program.sets().map(|(_, set)| set.members.iter().any(|member| self.is_needed(member.rule))).collect();
        self.needed_groups =
            program.headers.iter().map(|group| group.exists.iter().any(|rule| self.is_needed(*rule))).collect();
    }

    fn rules_needed(&mut self, program: &SpamAssassin) {
        for rule in &self.scored {
            if let Some(slot) = self.needed.get_mut(*rule as usize) {
                *slot = true;
            }
        }
        for meta in program.metas.iter().rev().filter(|meta| !meta.off) {
            if self.needed.get(meta.rule as usize) == Some(&true) {
                for rule in meta.parts.iter().flatten() {
                    if let Some(slot) = self.needed.get_mut(*rule as usize) {
                        *slot = true;
                    }
                }
            }
        }
        for asked in &mut self.metas {
            asked.is_scored = self.rows.get(asked.rule as usize).is_some_and(|row| row.is_scored);
            asked.is_needed = self.needed.get(asked.rule as usize) == Some(&true);
        }
    }
}

/// What it costs to try a member, in about a tenth of a microsecond, and how much more for each place of a text where something of it was
/// noted.
fn cost(pattern: Option<&Pattern>, group: Option<&HeaderGroup>, set: usize, is_noted: bool) -> (f32, f32) {
    let Some(pattern) = pattern else { return (0.0, 0.0) };
    let sequences = || pattern.sequences.as_ref().map_or(0, |it| it.sequences.len());
    let ways = || pattern.literals.as_ref().map_or_else(sequences, Vec::len).min(MOST_WAYS) as f32;
    let (times, place) = match (pattern.is_fancy(), pattern.longest) {
        (true, None) => (8.0, 2.0),
        (true, Some(_)) => (2.0, 2.0),
        // Large ones have a coarse form.
        _ if pattern.is_new(true) => (10.0, 2.0),
        _ => (1.0, 1.0),
    };
    // A field is short, and a text is not; nor are all fields.
    let (noted, other, place) = match (group, set) {
        (Some(group), _) if group.is_field => (5.0, 10.0, 0.0),
        (Some(group), _) if group.selector.starts_with("ALL") => (20.0, 50.0, 0.0),
        (Some(_), _) => (10.0, 20.0, 0.0),
        (None, 2) => (5.0, 40.0, place),
        (None, 3) => (40.0, 160.0, place),
        (None, _) => (8.0 + ways(), 80.0, place),
    };
    if is_noted { (times * noted, place) } else { (times * other, 0.0) }
}

/// What is known of rules before there is a message: nothing, or that some do not hit.
struct Unknown<'p> {
    plan: &'p Plan,
    without: &'p [u32],
}

impl Known for Unknown<'_> {
    fn standing(&self, rule: u32) -> Standing {
        if self.without.contains(&rule) || self.most(rule) == 0.0 { Standing::Missed } else { Standing::Open }
    }

    fn count(&self, _: u32) -> f64 {
        0.0
    }

    fn most(&self, rule: u32) -> f64 {
        self.plan.most(rule)
    }

    fn weight(&self, _: u32) -> Weight {
        Weight::default()
    }
}

/// What a name counts as that is no rule.
pub(super) fn constant(expression: &Expression, place: usize) -> f64 {
    f64::from(u8::from(expression.names.get(place).is_some_and(|name| name == "local_tests_only")))
}
