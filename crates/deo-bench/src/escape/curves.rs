//! The measure against the cost, the median run of each method, as an SVG for each problem.
//!
//! Both axes are logarithmic, the measure's only where it is positive throughout. A method is one colour, solid for the
//! first eight and dashed for the next; a run that reached the target ends in a dot.

use super::compare::{Compared, Judged, ProblemFacts};
use super::run::{End, Outcome};
use super::statistics::middle_run;
use crate::drawing::axes;
use plotters::coord::Shift;
use plotters::coord::ranged1d::{AsRangedCoord, Ranged, ValueFormatter};
use plotters::prelude::*;

/// Colours that remain apart in any kind of colour vision (Okabe & Ito 2008), and black.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
    RGBColor(150, 140, 20), // the yellow of the set, darkened: as it is, a thin line of it is lost on white
];

const SIZE: (u32, u32) = (1100, 600);
/// Where the legend begins.
const LEGEND: u32 = 850;

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;
type Panel<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The drawing for a problem.
pub fn svg(compared: &Compared) -> String {
    let mut text = String::new();
    let lines: Vec<Line<'_>> = compared.methods.iter().enumerate().filter_map(Line::new).collect();
    draw(&mut text, &compared.problem, &lines).expect("writing to a string doesn't fail");
    text
}

/// The median run of a method.
struct Line<'a> {
    name: String,
    style: ShapeStyle,
    dashed: bool,
    run: &'a Outcome,
}

impl<'a> Line<'a> {
    fn new((index, judged): (usize, &'a Judged)) -> Option<Self> {
        let style = COLOURS[index % COLOURS.len()].stroke_width(2);
        let (name, dashed) = (judged.method.name(), (index / COLOURS.len()) % 2 == 1);
        Some(Line { name, style, dashed, run: middle_run(&judged.runs)? })
    }

    fn measures(&self) -> impl Iterator<Item = f64> {
        self.run.curve.iter().map(|(_, measure)| *measure).filter(|measure| measure.is_finite())
    }

    /// From the cost of 1 on, since a logarithm knows no 0, and no further than the paper.
    fn points(&self, within: [f64; 2]) -> impl Iterator<Item = (f64, f64)> + Clone {
        let finite = self.run.curve.iter().filter(|(_, measure)| measure.is_finite());
        finite.map(move |(cost, measure)| (cost.max(1.0), measure.clamp(within[0], within[1])))
    }
}

fn draw(text: &mut String, problem: &ProblemFacts, lines: &[Line<'_>]) -> Drawn {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let (panel, legend) = area.split_horizontally(LEGEND);
    let end = lines.iter().map(|line| line.run.cost).fold(10.0, f64::max);
    let [lowest, highest] = extent(problem, lines);
    if lowest > 0.0 {
        let range = lowest / 1.5..highest * 1.5;
        chart(&panel, problem, lines, end, range.log_scale(), [lowest, highest])?;
    } else {
        let margin = 0.04 * (highest - lowest);
        let range = lowest - margin..highest + margin;
        chart(&panel, problem, lines, end, range, [lowest, highest])?;
    }
    names(&legend, lines)?;
    area.present()
}

/// How far above the starts the paper ends: a run that fails passes through hundreds of decades.
const ABOVE_STARTS: f64 = 10.0;

/// How far below its top the paper ends where no target says more.
const DECADES: f64 = 1e-12;

/// The lowest and the highest measure on the paper, apart from each other; the lowest is above 0 if there is a logarithm.
fn extent(problem: &ProblemFacts, lines: &[Line<'_>]) -> [f64; 2] {
    let starts = || lines.iter().filter_map(|line| line.measures().next());
    let lowest = lines.iter().flat_map(Line::measures).fold(f64::INFINITY, f64::min);
    let top = starts().fold(f64::NEG_INFINITY, f64::max);
    if !(top.is_finite() && lowest.is_finite()) {
        return [0.0, 1.0];
    }
    let target = problem.target.filter(|&target| target > 0.0 && top > target);
    if top > 0.0 && (lowest > 0.0 || target.is_some()) {
        // A run that overshoots its target doesn't deserve ten decades of paper, and 0 has no logarithm.
        let floor = target.map_or(DECADES * top, |target| target / 10.0);
        return [lowest.max(floor), ABOVE_STARTS * top];
    }
    let highest = top + (top - lowest);
    if lowest < highest { [lowest, highest] } else { [lowest - 1.0, lowest + 1.0] }
}

fn chart<Y>(
    panel: &Panel<'_>,
    problem: &ProblemFacts,
    lines: &[Line<'_>],
    end: f64,
    range: Y,
    within: [f64; 2],
) -> Drawn
where
    Y: AsRangedCoord<Value = f64>,
    Y::CoordDescType: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    let mut chart = ChartBuilder::on(panel)
        .margin(16)
        .caption(&problem.name, ("sans-serif", 20))
        .x_label_area_size(48)
        .y_label_area_size(76)
        .build_cartesian_2d((1.0..end * 1.1).log_scale(), range)?;
    let number = |value: &f64| super::markdown::short(*value);
    axes(&mut chart.configure_mesh())
        .x_desc("gradients spent (a loss counts a third)")
        .y_desc("measure, median run")
        .x_label_formatter(&number)
        .y_label_formatter(&number)
        .draw()?;
    if let Some(target) =
        problem.target.filter(|&target| within[0] <= target && target <= within[1])
    {
        let across = [(1.0, target), (end * 1.1, target)];
        chart.draw_series(DashedLineSeries::new(across, 2, 4, RGBColor(90, 90, 90).into()))?;
    }
    for line in lines {
        if line.dashed {
            chart.draw_series(DashedLineSeries::new(line.points(within), 7, 4, line.style))?;
        } else {
            chart.draw_series(LineSeries::new(line.points(within), line.style))?;
        }
        let arrival = line.points(within).last().filter(|_| line.run.end == End::Solved);
        chart.draw_series(arrival.map(|point| Circle::new(point, 4, line.style.filled())))?;
    }
    Ok(())
}

fn names(legend: &Panel<'_>, lines: &[Line<'_>]) -> Drawn {
    for (row, line) in (0..).zip(lines) {
        let y = 60 + 26 * row;
        let stroke = |from, to| PathElement::new([(from, y), (to, y)], line.style);
        if line.dashed {
            for x in [0, 11, 22] {
                legend.draw(&stroke(x, x + 7))?;
            }
        } else {
            legend.draw(&stroke(0, 29))?;
        }
        legend.draw(&Text::new(line.name.clone(), (38, y - 8), ("sans-serif", 16)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::escape::kinds::MethodKind;
    use crate::escape::statistics::tests::outcome;
    use crate::escape::tuning::Tuning;

    fn compared(target: Option<f64>, measure: impl Fn(f64) -> f64) -> Compared {
        let judged = |&method: &MethodKind| {
            let mut run = outcome(End::Solved, 500.0, 0.0);
            run.curve = (0..=500).map(|cost| (f64::from(cost), measure(f64::from(cost)))).collect();
            let runs = vec![run];
            let trial = |_: f64, _: &[f64], _| runs.clone();
            let (best, tried) = Tuning::new(trial, 500, 0, 1, method.knobs()).search();
            Judged { method, lr: best.lr, knobs: best.knobs, tried, runs }
        };
        let problem = ProblemFacts {
            name: "valley".to_owned(),
            dimension: 3,
            target,
            budget: 500,
            batches: false,
        };
        Compared { problem, methods: MethodKind::DEFAULT.iter().map(judged).collect() }
    }

    #[test]
    fn every_method_is_drawn_and_named() {
        let svg = svg(&compared(Some(1e-3), |cost| 2.0 / (1.0 + cost).powi(2)));
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for kind in MethodKind::DEFAULT {
            assert!(svg.contains(&kind.name()), "{}", kind.name());
        }
        assert!(svg.contains("gradients spent") && svg.contains("valley") && !svg.contains("NaN"));
    }

    #[test]
    fn a_run_that_blows_up_does_not_stretch_the_paper() {
        let blown = |cost: f64| if cost > 5.0 { 1e300 } else { 0.03 * (1.0 + cost) };
        let facts = compared(Some(1e-5), blown);
        let lines: Vec<Line<'_>> = facts.methods.iter().enumerate().filter_map(Line::new).collect();
        assert_eq!(extent(&facts.problem, &lines), [0.03, 0.3]);
        // Three hundred decades kept the axis' ticks busy for hours.
        assert!(svg(&facts).contains("</svg>"));
    }

    #[test]
    fn measures_without_a_logarithm_are_drawn_too() {
        for measure in
            [f64::sin as fn(f64) -> f64, |_| 0.0, |_| f64::NAN, |_| f64::INFINITY, |_| 3.0]
        {
            for target in [None, Some(-0.5), Some(1e-6)] {
                let svg = svg(&compared(target, measure));
                assert!(svg.contains("</svg>") && !svg.contains("NaN"));
            }
        }
    }
}
