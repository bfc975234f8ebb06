//! A surface of two dimensions in bands of equal height with contour lines between, and the ways of the searches, as
//! an SVG.
//!
//! A surface like Müller and Brown's rises by e⁵⁰ at the edge of the paper, and equal bands would show nothing of the
//! valleys: bands reach from the lowest point to one and a half times as high as the highest known saddle, and what is
//! above is one colour. Colours are of even steps in lightness, so that they read without hue.

use super::contour;
use super::run::Run;
use deo_models::landscapes::Landscape;
use plotters::prelude::*;

const SIZE: (u32, u32) = (900, 760);

/// Cells in each direction: four pixels each, and neighbours of one band are drawn as one.
const CELLS: usize = 200;

const BANDS: usize = 24;

/// Every second edge of a band is drawn as a line; more would run together on steep slopes.
const LINE: usize = 2;

/// The box of the landscape with this share of it on each side.
const MARGIN: f64 = 0.15;

/// What isn't higher than the bands by this share of the saddle's height is in them.
const ABOVE: f64 = 0.5;

const BLUE: RGBColor = RGBColor(0, 60, 110);
const VERMILION: RGBColor = RGBColor(213, 94, 0);

type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// The drawing.
pub(super) fn svg(mut landscape: Box<dyn Landscape>, run: &Run) -> String {
    let grid = Grid::new(&mut *landscape, run);
    let mut text = String::new();
    draw(&mut text, landscape.name(), &grid, run).expect("writing to a string doesn't fail");
    text
}

/// Heights at the centres of cells, row after row from below.
struct Grid {
    x: [f64; 2],
    y: [f64; 2],
    /// In units of bands: 0 at the lowest point, [`BANDS`] at the top and above.
    levels: Vec<f64>,
}

impl Grid {
    fn new(landscape: &mut dyn Landscape, run: &Run) -> Self {
        let domain = landscape.domain();
        let side = |i: usize| {
            let margin = MARGIN * (domain[i].1 - domain[i].0);
            // Saddles and minima outside of the box are worth a larger paper; the ways of failed searches are not.
            let found = run.results.distinct.iter().map(|saddle| saddle.x[i]);
            let all = found.chain(run.results.minima.iter().map(|minimum| minimum.x[i]));
            let reach = |ends: [f64; 2], x: f64| [ends[0].min(x - margin), ends[1].max(x + margin)];
            all.fold([domain[i].0 - margin, domain[i].1 + margin], reach)
        };
        let (x, y) = (side(0), side(1));
        let centre = |ends: [f64; 2], i: usize| {
            ends[0] + (ends[1] - ends[0]) * (i as f64 + 0.5) / CELLS as f64
        };
        let heights: Vec<f64> = (0..CELLS * CELLS)
            .map(|cell| landscape.value(&[centre(x, cell % CELLS), centre(y, cell / CELLS)]))
            .collect();
        let finite = || heights.iter().copied().filter(|height| height.is_finite());
        let lowest = finite().fold(f64::INFINITY, f64::min);
        let saddles = run.results.distinct.iter().map(|saddle| saddle.energy);
        let highest = saddles.fold(f64::NEG_INFINITY, f64::max);
        let top = if highest > lowest {
            highest + ABOVE * (highest - lowest)
        } else {
            finite().fold(f64::NEG_INFINITY, f64::max)
        };
        let level = |height: &f64| {
            let share = (height - lowest) / (top - lowest);
            if share.is_finite() && share < 1.0 { share * BANDS as f64 } else { BANDS as f64 }
        };
        Grid { x, y, levels: heights.iter().map(level).collect() }
    }

    /// The line at `level` in pieces, in the units of the axes.
    fn line(&self, level: f64) -> Vec<[(f64, f64); 2]> {
        // Heights belong to the centres of cells.
        let place =
            |ends: [f64; 2], u: f64| ends[0] + (ends[1] - ends[0]) * (u + 0.5) / CELLS as f64;
        let place = |[u, v]: [f64; 2]| (place(self.x, u), place(self.y, v));
        contour::pieces(&self.levels, CELLS, level)
            .into_iter()
            .map(|ends| ends.map(place))
            .collect()
    }

    /// (row, first cell, one past the last, band) of each stretch of one band.
    fn stretches(&self) -> impl Iterator<Item = (usize, usize, usize, usize)> {
        self.levels.chunks(CELLS).enumerate().flat_map(|(row, levels)| {
            let band = |i: usize| levels[i] as usize;
            let mut first = 0;
            let ends = (1..=CELLS).filter(move |&i| i == CELLS || band(i) != band(i - 1));
            ends.map(move |end| {
                let stretch = (row, first, end, band(first));
                first = end;
                stretch
            })
        })
    }
}

/// Dark blue for the valleys to nearly white.
fn colour(band: usize) -> RGBColor {
    let share = band as f64 / BANDS as f64;
    let mix = |low: f64, high: f64| (low + (high - low) * share).round() as u8;
    RGBColor(mix(72.0, 250.0), mix(124.0, 250.0), mix(168.0, 246.0))
}

fn draw(text: &mut String, name: &str, grid: &Grid, run: &Run) -> Drawn {
    let area = SVGBackend::with_string(text, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .caption(format!("{name}: ways of the searches, and the saddles"), ("sans-serif", 18))
        .x_label_area_size(40)
        .y_label_area_size(56)
        .build_cartesian_2d(grid.x[0]..grid.x[1], grid.y[0]..grid.y[1])?;
    chart
        .configure_mesh()
        .disable_mesh()
        .x_desc("x")
        .y_desc("y")
        .axis_style(RGBColor(90, 90, 90))
        .label_style(("sans-serif", 15))
        .draw()?;
    let at = |ends: [f64; 2], i: usize| ends[0] + (ends[1] - ends[0]) * i as f64 / CELLS as f64;
    chart.draw_series(grid.stretches().map(|(row, first, end, band)| {
        let corners =
            [(at(grid.x, first), at(grid.y, row)), (at(grid.x, end), at(grid.y, row + 1))];
        Rectangle::new(corners, colour(band).filled())
    }))?;
    for level in (LINE..=BANDS).step_by(LINE) {
        // Half a thousandth below the top: what is above it lies exactly at the top.
        let line = grid.line((level as f64).min(BANDS as f64 - 5e-4));
        let shade = RGBColor(40, 60, 75).mix(0.45).stroke_width(1);
        chart.draw_series(line.into_iter().map(|ends| PathElement::new(ends, shade)))?;
    }
    let inside = |p: &[f64; 2]| {
        (grid.x[0]..=grid.x[1]).contains(&p[0]) && (grid.y[0]..=grid.y[1]).contains(&p[1])
    };
    for (way, search) in run.ways.iter().zip(&run.results.searches) {
        let shade = if search.is_converged() { VERMILION.mix(0.8) } else { BLACK.mix(0.35) };
        // A way that leaves the paper ends at its edge.
        let points = way.iter().take_while(|p| inside(p)).map(|p| (p[0], p[1]));
        chart.draw_series(LineSeries::new(points, shade.stroke_width(1)).point_size(1))?;
        let start = way.first().filter(|p| inside(p)).map(|p| (p[0], p[1]));
        chart.draw_series(start.map(|start| Circle::new(start, 3, shade.filled())))?;
    }
    let minima = run.results.minima.iter().map(|minimum| (minimum.x[0], minimum.x[1]));
    chart.draw_series(minima.map(|x| Circle::new(x, 6, BLUE.stroke_width(2))))?;
    let saddles = run.results.distinct.iter().map(|saddle| (saddle.x[0], saddle.x[1]));
    chart.draw_series(saddles.map(|x| Cross::new(x, 8, BLACK.stroke_width(3))))?;
    area.present()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_cover_every_cell_once() {
        let levels = (0..CELLS * CELLS).map(|cell| (cell * cell / 977 % 5) as f64 + 0.25).collect();
        let grid = Grid { x: [0.0, 1.0], y: [0.0, 1.0], levels };
        let mut seen = vec![0; CELLS * CELLS];
        for (row, first, end, band) in grid.stretches() {
            for cell in first..end {
                seen[row * CELLS + cell] += 1;
                assert_eq!(grid.levels[row * CELLS + cell] as usize, band);
            }
        }
        assert!(seen.iter().all(|&times| times == 1));
    }
}
