//! The page: what was stuck, how it was left, what others need, how to repeat it.

use super::figure::{Figure, Series};
use super::rivals::{BUDGET, Rival};
use super::story::{Move, Story, Told};
use super::terminal::{curvature, short, stood};
use crate::report::html::Html;
use crate::report::scale::Kind;
use crate::report::table::{Cell, Table};
use deo_models::landscapes::IdenticalUnits;

/// The style of deo report, and the names at the lines.
const STYLE: &str = concat!(include_str!("../report/page.css"), include_str!("page.css"));

/// Nothing may be loaded or run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const TITLE: &str = "Leaving a saddle point";

/// The page of these results.
pub(super) fn page(story: &Story, rivals: &[Rival]) -> String {
    let mut html = Html::new();
    html.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    html.open("meta", &[("http-equiv", "Content-Security-Policy"), ("content", POLICY)]).raw("\n");
    html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    html.line("title", TITLE);
    html.raw("<style>\n").raw(STYLE).raw("</style>\n</head>\n<body>\n<header>\n");
    html.line("h1", TITLE);
    html.raw("</header>\n<main>\n");
    head(&mut html, story);
    html.raw("<div class=\"charts\">\n");
    html.append(losses(story).html("losses"));
    html.append(fits(story).html("fits"));
    html.raw("</div>\n");
    left(&mut html, story);
    html.raw("<div class=\"charts\">\n");
    html.append(section(story).html("section"));
    html.raw("</div>\n");
    compared(&mut html, rivals);
    repeat(&mut html, story);
    html.raw("</main>\n</body>\n</html>\n");
    html.into_string()
}

fn head(html: &mut Html, story: &Story) {
    html.line(
        "p",
        "A small network has four hidden units, and all of them start alike. Then their gradients are alike too, for ever: no \
         method that follows the gradient can tell them apart, and together they do what one unit can. Where such a run ends the \
         gradient vanishes and the loss still falls to both sides of one direction. That is a saddle point.",
    );
    html.line("p", &format!("{} {}", stood(story), helped(story)));
}

/// What came of the run with DEO, in a sentence.
fn helped(story: &Story) -> String {
    let Told { loss, cost, solved, .. } = &story.helped;
    let end = if *solved { "came to" } else { "ended at" };
    format!(
        "The same run with DEO beside it, same start and same rate, {end} a loss of {} within {cost:.0} gradients, those that \
         DEO asked for included.",
        short(*loss)
    )
}

fn losses(story: &Story) -> Figure {
    let Story { alone, helped, .. } = story;
    let at = |told: &Told| told.curve.last().copied();
    let kicks =
        |told: &Told| told.moves.iter().filter(|m| m.kick).map(|m| (m.cost, m.after)).collect();
    let first = helped.kick().map(|m| (m.cost, m.after));
    Figure {
        title: "Loss against gradients spent",
        abscissa: "gradients (a loss alone counts a third)",
        words: format!(
            "The run alone stays at {} up to {} gradients; with DEO the loss falls to {} within {:.0}.",
            short(alone.loss),
            BUDGET,
            short(helped.loss),
            helped.cost
        ),
        y: Kind::Log,
        series: vec![
            Series::line("c5", alone.curve.clone()).named(
                "heavy ball alone",
                at(alone),
                (0.0, 16.0),
                "end",
            ),
            Series::line("c0", helped.curve.clone()).named(
                "with DEO",
                at(helped),
                (8.0, 0.0),
                "start",
            ),
            Series::dots("c1", kicks(helped)).named(
                "moved along the axis",
                first,
                (9.0, -14.0),
                "start",
            ),
        ],
    }
}

/// The output of the net at each place, from the vector (w, b, v, c) of [`IdenticalUnits`].
fn output(x: &[f64], place: f64) -> f64 {
    let units = (x.len() - 1) / 3;
    let unit = |j: usize| x[2 * units + j] * (x[j] * place + x[units + j]).tanh();
    (0..units).map(unit).sum::<f64>() + x[3 * units]
}

fn fits(story: &Story) -> Figure {
    let places = || (-40..=40).map(|i| f64::from(i) / 20.0);
    let of = |x: &[f64]| -> Vec<(f64, f64)> { places().map(|p| (p, output(x, p))).collect() };
    let (alone, helped) = (of(&story.alone.end), of(&story.helped.end));
    let wanted = IdenticalUnits::default().samples().collect::<Vec<_>>();
    let at = |curve: &[(f64, f64)], place: usize| curve.get(place).copied();
    Figure {
        title: "What the network learned",
        abscissa: "input",
        words: "The points that are to be fitted, the fit of the run alone, which is that of a single unit, and that of the run \
                with DEO, which goes through the points."
            .to_owned(),
        y: Kind::Linear,
        series: vec![
            Series::dots("c4", wanted.clone()).named("to be fitted", at(&wanted, 6), (-10.0, 2.0), "end"),
            Series::line("c5", alone.clone()).named("alone", at(&alone, 10), (0.0, 14.0), "middle"),
            Series::line("c0", helped.clone()).named("with DEO", at(&helped, 64), (0.0, 18.0), "middle"),
        ],
    }
}

fn left(html: &mut Html, story: &Story) {
    html.line("h2", "How it was left");
    let Some(kick) = story.helped.kick() else {
        html.line("p", "In this run DEO made no move along an axis; another --seed may show one.");
        return;
    };
    html.line(
        "p",
        "DEO (dimer-enhanced optimization) stands beside an optimizer and watches the run. Where it makes no progress, DEO asks for \
         the gradient at a second point nearby: the difference of the two gradients says how the loss curves along the line between \
         them. Turning that line, one gradient per turn, finds the axis along which the loss curves downwards most.",
    );
    html.line(
        "p",
        &format!(
            "Here the curvature along the axis was {}, found after {:.0} gradients in all. DEO then tried lengths along it by \
             losses alone, took {} of length, and the loss fell from {} to {}. All further steps are the optimizer's own{}.",
            curvature(&kick.curvature),
            kick.cost,
            short(kick.length),
            short(kick.loss),
            short(kick.after),
            further(&story.helped.moves),
        ),
    );
}

fn further(moves: &[Move]) -> String {
    match moves.len() {
        0 | 1 => String::new(),
        2 => ", but for one more move".to_owned(),
        n => format!(", but for {} more moves", n - 1),
    }
}

fn section(story: &Story) -> Figure {
    let Some(kick) = story.helped.kick() else {
        return Figure {
            title: "",
            abscissa: "",
            words: String::new(),
            y: Kind::Linear,
            series: vec![],
        };
    };
    let near = |a: f64| a.abs() <= 0.8 * kick.length;
    let parabola = |a: f64| kick.loss + 0.5 * kick.curvature.value * a * a;
    let parabola: Vec<(f64, f64)> =
        story.section.iter().filter(|p| near(p.0)).map(|p| (p.0, parabola(p.0))).collect();
    Figure {
        title: "The loss along the axis",
        abscissa: "distance along the axis",
        words: "The loss falls to both sides. Nearby it follows the parabola of the curvature that was measured."
            .to_owned(),
        y: Kind::Linear,
        series: vec![
            Series::line("c5 d1", parabola.clone()).named(
                "½ C a², as measured",
                parabola.last().copied(), (-8.0, 12.0), "end",
            ),
            Series::line("c0", story.section.clone()).named("loss", story.section.first().copied(), (6.0, -12.0), "start"),
            Series::dots("c5", vec![(0.0, kick.loss)]).named("before the move", Some((0.0, kick.loss)), (0.0, -14.0), "middle"),
            Series::dots("c1", vec![(kick.length, kick.after)]).named(
                "moved to here",
                Some((kick.length, kick.after)),
                (8.0, 36.0), "middle"),
        ],
    }
}

fn compared(html: &mut Html, rivals: &[Rival]) {
    html.line("h2", "What others need");
    html.line(
        "p",
        &format!(
            "Gradients until the loss is 1e-5, the median of five fresh starts and their range; the learning rate of every method, \
             and for random kicks their size, spacing and threshold too, are those that were best on five other starts. A loss alone \
             counts a third of a gradient. Every run may spend {BUDGET} gradients.",
        ),
    );
    let columns = ["method", "reached it", "median", "range", "tuned to"];
    let mut table = Table::new("The best median is marked", columns);
    for rival in rivals {
        let median = if rival.best { format!("★ {}", rival.median()) } else { rival.median() };
        table.row([
            Cell::text(rival.name),
            Cell::Shown(rival.solved()),
            Cell::Shown(median),
            Cell::Shown(rival.range()),
            Cell::text(rival.tuned()),
        ]);
    }
    html.append(table.html());
    html.line(
        "p",
        "“With a random axis” is the control: everything that DEO does, but along a direction drawn at random. Random directions break \
         the symmetry as well; what they lack is the right one. Random kicks beside Adam get off too, and when they are tuned at four \
         times this budget they need fewer gradients than DEO, which has nothing to tune. On problems without saddles, as in ordinary training under a tuned \
         Adam, DEO gains nothing and costs next to nothing.",
    );
}

fn repeat(html: &mut Html, story: &Story) {
    html.line("h2", "To repeat it");
    let command = format!("deo demo --seed {}", story.seed >> 20);
    html.raw("<pre>").text(&command).raw("</pre>\n");
    let made = format!(
        "Made by deo {}. The story is that of the first of the five starts, at the rate {}. The method: the book’s pages Method and \
         Where it helps.",
        env!("CARGO_PKG_VERSION"),
        story.rate
    );
    html.element("p", &[("class", "quiet")], &made).raw("\n");
}
