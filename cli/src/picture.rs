//! Scores -> a picture of how well they tell spam from ham: the ROC curve, and beside it, of a run that learns, the learning
//! curve, or of a model, how often what it said was so.

use std::fmt::Write;
use std::path::Path;

use tamis_common::measure::{one_minus_roca_percent, reliability, share_interval};
use tamis_engine::Label;

/// A run, in the order of its messages.
pub(crate) struct Curve {
    pub(crate) name: String,
    pub(crate) scores: Vec<(f64, Label)>,
}

/// What stands beside the ROC curve.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    Nothing,
    /// For scores in the order in which messages came.
    Learning,
    /// For scores that are log-odds.
    Reliability,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 340.0;
const LEFT: f64 = 62.0;
const TOP: f64 = 36.0;
const COLOURS: [&str; 4] = ["#0b62a4", "#c4501b", "#3a7d44", "#7a3b8f"];

/// A page with the pictures and the figures; where the file's name ends in `.svg`, the pictures alone.
pub(crate) fn page(curves: &[Curve], figures: &str, file: Option<&Path>, beside: Beside) -> String {
    let count = if beside == Beside::Nothing { 1.0 } else { 2.0 };
    let (width, height) = (count * (WIDTH + LEFT + 30.0), TOP + HEIGHT + 56.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\"><rect width=\"{width}\" height=\"{height}\" fill=\"white\"/>"
    );
    roc(&mut svg, curves);
    let _ = write!(svg, "<g transform=\"translate({},0)\">", WIDTH + LEFT + 30.0);
    match beside {
        Beside::Nothing => {}
        Beside::Learning => over_time(&mut svg, curves),
        Beside::Reliability => said(&mut svg, curves),
    }
    svg += "</g>";
    svg += "</svg>\n";
    if file.is_some_and(|file| file.extension().is_some_and(|it| it == "svg")) {
        return svg;
    }
    format!(
        "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>How well spam is told from ham</title>\n\
         <body style=\"font-family:sans-serif;margin:2em\"><h1 style=\"font-size:1.2em\">How well spam is told from ham</h1>\n\
         {svg}<pre>{}</pre></body></html>\n",
        escape(figures)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// An axis of powers of ten, in percent, from 10^-`decades` x 100 to 100.
struct Log {
    least: f64,
}

impl Log {
    fn at(&self, percent: f64) -> f64 {
        let decades = 2.0 - self.least.log10();
        ((percent.max(self.least).log10() - self.least.log10()) / decades).clamp(0.0, 1.0)
    }

    fn marks(&self) -> impl Iterator<Item = f64> + use<> {
        let first = self.least.log10().round() as i32;
        (first..=2).map(|power| 10f64.powi(power))
    }
}

fn frame(svg: &mut String, title: &str, below: &str, beside: &str) {
    let _ = write!(
        svg,
        "<text x=\"{LEFT}\" y=\"20\" font-weight=\"bold\">{title}</text>\
         <rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"none\" stroke=\"#444\"/>\
         <text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{below}</text>\
         <text transform=\"translate(14,{}) rotate(-90)\" text-anchor=\"middle\">{beside}</text>",
        LEFT + WIDTH / 2.0,
        TOP + HEIGHT + 42.0,
        TOP + HEIGHT / 2.0,
    );
}

fn line(svg: &mut String, points: &[(f64, f64)], colour: &str) {
    let points: Vec<String> =
        points.iter().map(|(x, y)| format!("{:.1},{:.1}", LEFT + x * WIDTH, TOP + (1.0 - y) * HEIGHT)).collect();
    let _ = write!(
        svg,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\"/>",
        points.join(" ")
    );
}

fn key(svg: &mut String, number: usize, name: &str) -> &'static str {
    let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or("#000");
    let y = TOP + 18.0 + 16.0 * number as f64;
    let _ = write!(
        svg,
        "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\" fill=\"{colour}\">{}</text>",
        LEFT + WIDTH - 8.0,
        escape(name)
    );
    colour
}

fn x_mark(svg: &mut String, at: f64, text: &str) {
    let x = LEFT + at * WIDTH;
    let _ = write!(
        svg,
        "<line x1=\"{x:.1}\" y1=\"{TOP}\" x2=\"{x:.1}\" y2=\"{}\" stroke=\"#ddd\"/>\
         <text x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
        TOP + HEIGHT,
        TOP + HEIGHT + 18.0
    );
}

fn y_mark(svg: &mut String, at: f64, text: &str) {
    let y = TOP + (1.0 - at) * HEIGHT;
    let _ = write!(
        svg,
        "<line x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\" stroke=\"#ddd\"/>\
         <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{text}</text>",
        LEFT + WIDTH,
        LEFT - 6.0,
        y + 4.0
    );
}

/// Both kinds of mistakes at each threshold, in powers of ten: filters are told apart below one in a hundred.
fn roc(svg: &mut String, curves: &[Curve]) {
    let axis = Log { least: 0.01 };
    frame(svg, "ROC: the lower left is better", "ham taken for spam, %", "spam missed, %");
    for mark in axis.marks() {
        x_mark(svg, axis.at(mark), &mark.to_string());
        y_mark(svg, axis.at(mark), &mark.to_string());
    }
    for (number, curve) in curves.iter().enumerate() {
        let of = |class: Label| {
            let mut all: Vec<f64> = curve.scores.iter().filter(|it| it.1 == class).map(|it| it.0).collect();
            all.sort_by(f64::total_cmp);
            all
        };
        let (ham, spam) = (of(Label::Ham), of(Label::Spam));
        let mut thresholds: Vec<f64> = curve.scores.iter().map(|it| it.0).collect();
        thresholds.sort_by(f64::total_cmp);
        thresholds.dedup();
        let percent = |count: usize, all: usize| 100.0 * count as f64 / all.max(1) as f64;
        let mut points = vec![(axis.at(100.0), axis.at(0.0))];
        for threshold in thresholds {
            let lost = ham.len() - ham.partition_point(|it| *it <= threshold);
            let missed = spam.partition_point(|it| *it <= threshold);
            let point = (axis.at(percent(lost, ham.len())), axis.at(percent(missed, spam.len())));
            // A step, as there is nothing between two thresholds; those that cannot be seen are left out.
            if points.last().is_none_or(|last: &(f64, f64)| (last.0 - point.0).abs() + (last.1 - point.1).abs() > 0.001)
            {
                points.push((point.0, points.last().map_or(point.1, |last| last.1)));
                points.push(point);
            }
        }
        let area = one_minus_roca_percent(&curve.scores).unwrap_or(0.0);
        let colour = key(svg, number, &format!("{}: 1-ROCA {area:.4} %", curve.name));
        line(svg, &points, colour);
    }
}

/// What a model said, and what was so, on axes of log-odds: near certainty is where most messages are.
fn said(svg: &mut String, curves: &[Curve]) {
    const FURTHEST: f64 = 9.0;
    let at = |share: f64| {
        let odds = (share.max(1e-9) / (1.0 - share).max(1e-9)).ln();
        ((odds + FURTHEST) / (2.0 * FURTHEST)).clamp(0.0, 1.0)
    };
    frame(
        svg,
        "Reliability: on the line is right",
        "probability of spam that was said, %",
        "share that is spam, %, and 95 %",
    );
    for mark in [0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999] {
        let text = format!("{}", (mark * 1e6f64).round() / 1e4);
        x_mark(svg, at(mark), &text);
        y_mark(svg, at(mark), &text);
    }
    line(svg, &[(0.0, 0.0), (1.0, 1.0)], "#999");
    for (number, curve) in curves.iter().enumerate() {
        let colour = COLOURS.get(number % COLOURS.len()).copied().unwrap_or("#000");
        for it in reliability(&curve.scores) {
            let share = it.spam as f64 / it.messages.max(1) as f64;
            let (low, high) = share_interval(it.spam, it.messages).unwrap_or_default();
            line(svg, &[(at(it.said), at(low)), (at(it.said), at(high))], colour);
            let _ = write!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\" fill=\"{colour}\"><title>{} messages</title></circle>",
                LEFT + at(it.said) * WIDTH,
                TOP + (1.0 - at(share)) * HEIGHT,
                it.messages
            );
        }
    }
}

/// Messages that each point of the learning curve looks back on, as a share of the run.
const POINTS: usize = 40;

/// 1-ROCA of all messages up to each point, as they were scored when they came.
fn over_time(svg: &mut String, curves: &[Curve]) {
    let axis = Log { least: 0.001 };
    frame(svg, "Learning: lower is better", "messages", "1-ROCA of all messages until then, %");
    for mark in axis.marks() {
        y_mark(svg, axis.at(mark), &mark.to_string());
    }
    let most = curves.iter().map(|curve| curve.scores.len()).max().unwrap_or(1).max(1);
    for quarter in 0..=4 {
        let count = most * quarter / 4;
        x_mark(svg, quarter as f64 / 4.0, &count.to_string());
    }
    for (number, curve) in curves.iter().enumerate() {
        let points: Vec<(f64, f64)> = (1..=POINTS)
            .filter_map(|point| {
                let count = curve.scores.len() * point / POINTS;
                let area = one_minus_roca_percent(curve.scores.get(..count)?)?;
                Some((count as f64 / most as f64, axis.at(area)))
            })
            .collect();
        let colour = key(svg, number, &curve.name);
        line(svg, &points, colour);
    }
}
