//! Losses against gradients spent, as an SVG.
//!
//! Each run has one colour: a thin line for the loss of the training batches, averaged over stretches of the run, and a
//! thick one with dots for the validation loss. The abscissa is the cost in gradients, losses counted at a third,
//! so that runs with and without DEO are compared at equal cost. What a monitor saw is drawn by [`curvature`].

pub mod curvature;

use deo_bench::drawing::axes;
use plotters::prelude::*;

/// The losses of a run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Curve {
    /// The run's name.
    pub name: String,
    /// (gradients spent, loss of the batch), one for each step.
    pub training: Vec<(f64, f64)>,
    /// (gradients spent, validation loss).
    pub validation: Vec<(f64, f64)>,
}

impl Curve {
    /// A run without steps.
    pub fn new(name: &str) -> Self {
        Curve { name: name.to_owned(), ..Curve::default() }
    }
}

/// Points of an averaged line: enough for the eye, and few enough to average the noise of single batches away.
const POINTS: usize = 100;

const SIZE: (u32, u32) = (960, 600);

/// Colours that remain apart in any kind of colour vision (Okabe & Ito 2008), blue and vermilion first.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(213, 94, 0), RGBColor(0, 158, 115), RGBColor(204, 121, 167)];

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The drawing.
///
/// Losses that aren't finite are left out.
pub fn svg(title: &str, curves: &[Curve]) -> String {
    let mut text = String::new();
    draw(&mut text, title, curves).expect("writing to a string doesn't fail");
    text
}

fn draw(text: &mut String, title: &str, curves: &[Curve]) -> Drawn {
    let lines: Vec<_> = curves.iter().map(|curve| (curve, averaged(&curve.training))).collect();
    let shown = || lines.iter().flat_map(|(curve, line)| line.iter().chain(&curve.validation));
    let finite = || shown().filter(|(_, loss)| loss.is_finite());
    let end = shown().map(|(spent, _)| *spent).fold(1.0, f64::max);
    let lowest = finite().map(|(_, loss)| *loss).fold(f64::INFINITY, f64::min);
    let highest = finite().map(|(_, loss)| *loss).fold(f64::NEG_INFINITY, f64::max);
    // No finite loss at all, or a constant one, still needs an axis with an extent.
    let (lowest, highest) =
        if lowest < highest { (lowest, highest) } else { (0.0, highest.max(1.0)) };
    let margin = 0.04 * (highest - lowest);

    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .caption(title, ("sans-serif", 20))
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..end, lowest - margin..highest + margin)?;
    axes(&mut chart.configure_mesh())
        .x_desc("gradients spent (a loss counts a third)")
        .y_desc("loss, nats per character")
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| format!("{y:.2}"))
        .draw()?;
    for ((curve, line), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        let thin = colour.mix(0.55).stroke_width(1);
        let thick = colour.stroke_width(3);
        chart
            .draw_series(LineSeries::new(kept(line), thin))?
            .label(format!("{}, training", curve.name))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 28, y)], thin));
        chart
            .draw_series(LineSeries::new(kept(&curve.validation), thick))?
            .label(format!("{}, validation", curve.name))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 28, y)], thick));
        let dots = kept(&curve.validation).map(|point| Circle::new(point, 4, colour.filled()));
        chart.draw_series(dots)?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .legend_area_size(40)
        .label_font(("sans-serif", 15))
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(200, 200, 200))
        .draw()?;
    area.present()
}

fn kept(points: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    points.iter().copied().filter(|(_, loss)| loss.is_finite())
}

/// At most [`POINTS`] means of as many steps each, at the cost where each stretch ends.
fn averaged(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let stretch = points.len().div_ceil(POINTS).max(1);
    let mean = |part: &[(f64, f64)]| {
        let sum: f64 = part.iter().map(|(_, loss)| loss).sum();
        (part[part.len() - 1].0, sum / part.len() as f64)
    };
    points.chunks(stretch).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(name: &str) -> Curve {
        let training = (1..=1000).map(|i| (f64::from(i), 4.0 / f64::from(i).sqrt())).collect();
        Curve {
            name: name.to_owned(),
            training,
            validation: vec![(500.0, 0.5), (1000.0, f64::NAN)],
        }
    }

    #[test]
    fn runs_are_drawn_with_their_names() {
        let svg = svg("tiny", &[curve("adamw"), curve("adamw+escape")]);
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        for label in ["adamw, training", "adamw+escape, validation", "gradients spent"] {
            assert!(svg.contains(label), "{label}");
        }
        assert!(!svg.contains("NaN"));
        // 100 points of 10 bytes for each of two lines, and the axes.
        assert!(svg.len() < 30_000, "{} bytes", svg.len());
    }

    #[test]
    fn a_run_without_finite_losses_leaves_an_empty_plot() {
        let empty = Curve { training: vec![(1.0, f64::NAN)], ..Curve::new("sgd") };
        assert!(svg("nothing", &[empty]).contains("</svg>"));
        assert!(svg("nothing", &[]).contains("</svg>"));
    }

    #[test]
    fn averages_are_of_equal_stretches() {
        let points: Vec<_> = (0..450).map(|i| (f64::from(i), f64::from(i % 3))).collect();
        let line = averaged(&points);
        assert_eq!(line.len(), 90);
        // The mean of 0, 1, 2, 0, 1.
        assert_eq!(line[0], (4.0, 0.8));
    }
}
