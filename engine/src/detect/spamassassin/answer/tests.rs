//! Expressions are asked for one rule after another until they are decided, and come to what they come to where all is known.

use super::super::expression::Expression;
use super::*;

struct Counts(Vec<f64>);

impl Known for Counts {
    fn standing(&self, rule: u32) -> Standing {
        match self.0[rule as usize] {
            count if count.is_nan() => Standing::Open,
            count => Standing::of(count != 0.0),
        }
    }

    fn count(&self, rule: u32) -> f64 {
        self.0[rule as usize]
    }

    fn most(&self, _: u32) -> f64 {
        2.0
    }

    fn weight(&self, rule: u32) -> Weight {
        Weight { cost: (1 + rule * 7 % 3) as f32, chance: 0.3, sure: true }
    }
}

#[test]
fn what_is_asked_for_decides_as_the_whole_does() {
    let texts = [
        "A && !B && (C || D)",
        "(A || B) && (C + D + E > 1)",
        "A + B + C >= 2 || D && E",
        "!(A || B) || C - D < 0",
        "A ? B : C || D",
        "(A || B || C) * 2 + (D && E) == 3",
        "A && (B && (C && D)) && E",
        "(A ^ B) + C / D",
        "-A < B && 1",
        "0 || A && 0 || B",
    ];
    let mut fewer = 0;
    // All in one piece, as they are.
    let mut flats = Flats::default();
    for text in texts {
        let it = Expression::parse(text).unwrap();
        let root = flats.add(&Tree::of(&it), &|place| Ok(place as u32), &|rule| rule * 7 % 3);
        for number in 0..3usize.pow(5) {
            let count = |place: usize| {
                let letter = it.names[place].bytes().next().unwrap() - b'A';
                ((number / 3usize.pow(u32::from(letter))) % 3) as f64
            };
            let expected = it.value(&mut Vec::new(), &count);
            for truth in [false, true] {
                let mut asked = vec![false; it.names.len()];
                let got = loop {
                    let known =
                        Counts((0..).zip(&asked).map(|(at, it)| if *it { count(at) } else { f64::NAN }).collect());
                    let (span, ask) = flats.answer(root, truth, &known);
                    assert!(truth || (span.least <= expected && expected <= span.most), "{text}: {span:?} {expected}");
                    match span.value() {
                        Some(value) => break value,
                        None if truth && (span.is_zero() || !span.may_be_zero()) => {
                            break f64::from(u8::from(!span.is_zero()));
                        }
                        None => {
                            let place = ask.next.unwrap() as usize;
                            assert!(!asked[place], "{text}: {} twice", it.names[place]);
                            asked[place] = true;
                        }
                    }
                };
                match truth {
                    true => assert_eq!(got != 0.0, expected != 0.0, "{text} {number}"),
                    false => assert_eq!(got, expected, "{text} {number}"),
                }
                fewer += asked.iter().filter(|it| !**it).count();
            }
        }
    }
    assert!(fewer > 2_000, "{fewer}");
}
