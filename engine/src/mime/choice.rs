//! Points at which mail programs read differently, and which way a reading takes at each.

macro_rules! choices {
    ($($(#[$_doc:meta])* $variant:ident: $what:literal,)*) => {
        /// A point at which programs differ. What is written here is what the less strict, or the other, of them does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Choice { $(#[doc = $what] $variant,)* }

        impl Choice {
            const ALL: &'static [Choice] = &[$(Choice::$variant,)*];

            fn what(self) -> &'static str {
                match self { $(Choice::$variant => $what,)* }
            }
        }
    };
}

choices! {
    TypeLast: "the last Content-Type counts",
    BoundarySecond: "the second boundary that is given counts",
    BoundaryThird: "the third boundary that is given counts",
    AsMultipart: "a boundary makes a multipart, whatever the type",
    SniffBoundary: "a boundary is taken from the first line that looks like a delimiter",
    BrokenLineEnds: "a line that is no field ends the header",
    BrokenLineSkipped: "a line that is no field is left out, and the header goes on to the blank line",
    BlankLineEnds: "a line of blanks ends the header",
    EmptyLineSkipped: "fields behind an empty line belong to the header",
    JunkBeforeName: "control characters around a field's name are left out",
    BlankBehindName: "a name with blanks before its colon is no field",
    IndentedField: "an indented Content- line is a field of its own",
    CrIsText: "a carriage return alone ends no line",
    CrBeforeEnd: "several carriage returns before a line feed are one line end",
    Prefix: "a line that begins with the delimiter is one, whatever follows",
    Indented: "a delimiter may be indented",
    BehindClose: "parts behind the closing delimiter count",
    OuterFirst: "a delimiter of two multiparts belongs to the outer one",
    OuterInside: "only a delimiter of its own ends a multipart",
    InnerLasts: "that holds as long as delimiters of its own follow",
    LookOutside: "what looks like a part before the first delimiter or behind the last is one",
    MidLine: "a delimiter may stand in the middle of a line",
    AsMessage: "whatever is called a message is one",
}

/// Which way a reading takes, and which points it met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Choices {
    /// A bit for each choice that is taken the other way.
    pub(super) taken: u32,
    pub(super) met: u32,
}

impl Choices {
    /// Marks a point as met, and tells whether it is taken the other way.
    pub(super) fn other(&mut self, choice: Choice) -> bool {
        self.met |= 1 << choice as u32;
        self.takes(choice)
    }

    /// Whether it is taken the other way, without saying that it matters here.
    pub(super) fn takes(self, choice: Choice) -> bool {
        self.taken & (1 << choice as u32) != 0
    }

    /// The same without one that is taken.
    pub(super) fn but(self, choice: Choice) -> Choices {
        Choices { taken: self.taken & !(1 << choice as u32), ..self }
    }

    pub(super) fn meet(&mut self, choice: Choice) {
        self.met |= 1 << choice as u32;
    }

    /// What is done otherwise, in words.
    pub(super) fn words(taken: u32) -> Vec<&'static str> {
        let taken = |choice: &&Choice| taken & (1 << **choice as u32) != 0;
        Choice::ALL.iter().filter(taken).map(|choice| choice.what()).collect()
    }
}
