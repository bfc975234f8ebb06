//! The heights of a surface in bands, with contour lines between, its axes, and where a point lies on the paper.

use super::super::contour;
use super::super::frame::Frame;
use super::super::html::Html;
use super::super::scale::{Axis, Kind};
use super::marks::{Ink, fill, label, stroke};
use super::{FRAME, Point, Surface};

/// Cells in each direction: three units each, and neighbours of one band are drawn as one.
const CELLS: usize = 116;

const BANDS: usize = 24;

/// Every second edge of a band is drawn as a line; more would run together on steep slopes.
const LINE: usize = 2;

/// The box of the landscape with this share of it on each side.
const MARGIN: f64 = 0.15;

/// What isn't higher than the bands by this share of the saddle's height is in them.
const ABOVE: f64 = 0.5;

/// Heights at the centres of cells, row after row from below.
pub(super) struct Grid {
    x: [f64; 2],
    y: [f64; 2],
    /// The heights of the lowest and of the highest band's edge.
    heights: [f64; 2],
    /// In units of bands: 0 at the lowest point, [`BANDS`] at the top and above.
    levels: Vec<f64>,
}

impl Grid {
    pub(super) fn new(surface: &mut Surface) -> Self {
        let domain = surface.landscape.domain();
        let side = |i: usize| {
            let margin = MARGIN * (domain[i].1 - domain[i].0);
            // Saddles and minima outside of the box are worth a larger paper; the ways of failed searches are not.
            let all = surface.saddles.iter().chain(&surface.minima).map(|x| x[i]);
            let reach = |ends: [f64; 2], x: f64| [ends[0].min(x - margin), ends[1].max(x + margin)];
            all.fold([domain[i].0 - margin, domain[i].1 + margin], reach)
        };
        let (x, y) = (side(0), side(1));
        let centre = |ends: [f64; 2], i: usize| {
            ends[0] + (ends[1] - ends[0]) * (i as f64 + 0.5) / CELLS as f64
        };
        let value = |cell: usize| {
            surface.landscape.value(&[centre(x, cell % CELLS), centre(y, cell / CELLS)])
        };
        let heights: Vec<f64> = (0..CELLS * CELLS).map(value).collect();
        let finite = || heights.iter().copied().filter(|height| height.is_finite());
        let lowest = finite().fold(f64::INFINITY, f64::min);
        let top = if surface.highest > lowest {
            surface.highest + ABOVE * (surface.highest - lowest)
        } else {
            finite().fold(f64::NEG_INFINITY, f64::max)
        };
        let level = |height: &f64| {
            let share = (height - lowest) / (top - lowest);
            if share.is_finite() && share < 1.0 { share * BANDS as f64 } else { BANDS as f64 }
        };
        Grid { x, y, heights: [lowest, top], levels: heights.iter().map(level).collect() }
    }

    /// Where a point lies on the paper, if it does.
    pub(super) fn place(&self, p: &Point) -> Option<Point> {
        let share = |ends: [f64; 2], x: f64| (x - ends[0]) / (ends[1] - ends[0]);
        let (u, v) = (share(self.x, p[0]), share(self.y, p[1]));
        let on_paper = (0.0..=1.0).contains(&u) && (0.0..=1.0).contains(&v);
        on_paper.then(|| self.at([u * CELLS as f64, v * CELLS as f64]))
    }

    /// Where a place counted in cells lies on the paper.
    fn at(&self, [u, v]: Point) -> Point {
        let Frame { left, right, top, bottom, .. } = FRAME;
        let cells = CELLS as f64;
        [left + (right - left) * u / cells, bottom - (bottom - top) * v / cells]
    }

    /// A way; one that leaves the paper ends at its edge.
    pub(super) fn path(&self, way: &[Point]) -> String {
        let mut d = String::new();
        for [x, y] in way.iter().map_while(|p| self.place(p)) {
            d += &format!("{}{x:.1} {y:.1}", if d.is_empty() { 'M' } else { 'L' });
        }
        d
    }

    /// The bands, each as one path, and the lines between.
    pub(super) fn draw(&self, html: &mut Html, ink: Ink) {
        let mut bands = vec![String::new(); BANDS];
        for (row, first, end, band) in self.stretches().filter(|stretch| stretch.3 < BANDS) {
            let [left, top] = self.at([first as f64, (row + 1) as f64]);
            let [right, bottom] = self.at([end as f64, row as f64]);
            let (width, height) = (right - left, bottom - top);
            bands[band] += &format!("M{left:.0} {top:.0}h{width:.0}v{height:.0}h-{width:.0}z");
        }
        html.open("g", &[("shape-rendering", "crispEdges")]);
        for (band, d) in bands.iter().enumerate() {
            fill(html, d, ink.of("c0"), &shade(band));
        }
        html.close("g");
        let mut lines = String::new();
        for level in (LINE..=BANDS).step_by(LINE) {
            // Half a thousandth below the top: what is above it lies exactly at the top.
            for [p, q] in
                contour::pieces(&self.levels, CELLS, (level as f64).min(BANDS as f64 - 5e-4))
            {
                // Heights belong to the centres of cells.
                let [p, q] = [p, q].map(|[u, v]| self.at([u + 0.5, v + 0.5]));
                lines += &format!("M{:.1} {:.1}L{:.1} {:.1}", p[0], p[1], q[0], q[1]);
            }
        }
        stroke(html, &lines, ink.of("ink"), "0.7", "0.3");
    }

    /// The axes, and the scale of heights beside the paper.
    pub(super) fn axes(&self, html: &mut Html, ink: Ink) {
        let Frame { left, right, top, bottom, .. } = FRAME;
        let axis = |ends: [f64; 2]| Axis::over(Kind::Linear, 0.0, ends.into_iter());
        let (Some(x), Some(y), Some(z)) = (axis(self.x), axis(self.y), axis(self.heights)) else {
            return;
        };
        let mut ticks = String::new();
        let quiet = ink.of("quiet");
        for (value, text) in x.ticks() {
            let at = FRAME.across(&x, value);
            ticks += &format!("M{at:.1} {bottom}v5");
            label(html, at, bottom + 20.0, "middle", quiet, &text);
        }
        for (value, text) in y.ticks() {
            let at = FRAME.up(&y, value);
            ticks += &format!("M{left} {at:.1}h-5");
            label(html, left - 8.0, at + 4.5, "end", quiet, &text);
        }
        let height = (bottom - top) / BANDS as f64;
        for band in 0..BANDS {
            let foot = bottom - height * band as f64;
            let d = format!("M{} {foot:.1}v-{height:.1}h12v{height:.1}z", right + 14.0);
            fill(html, &d, ink.of("c0"), &shade(band));
        }
        for (value, text) in z.ticks() {
            let at = FRAME.up(&z, value);
            ticks += &format!("M{} {at:.1}h4", right + 26.0);
            label(html, right + 33.0, at + 4.5, "", quiet, &text);
        }
        ticks +=
            &format!("M{left} {top}V{bottom}H{right}M{} {top}v{}h12", right + 14.0, bottom - top);
        stroke(html, &ticks, quiet, "1", "1");
        label(html, (left + right) / 2.0, bottom + 40.0, "middle", quiet, "x");
        label(html, 12.0, (top + bottom) / 2.0, "middle", quiet, "y");
        label(html, right + 32.0, bottom + 20.0, "middle", quiet, "energy");
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

/// How much of the colour a band has: most in the valleys, none at the top.
fn shade(band: usize) -> String {
    format!("{:.3}", 0.8 * (1.0 - (band as f64 + 0.5) / BANDS as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn stretches_cover_every_cell_once() {
        let levels = (0..CELLS * CELLS).map(|cell| (cell * cell / 977 % 5) as f64 + 0.25).collect();
        let grid = Grid { x: [0.0, 1.0], y: [0.0, 1.0], heights: [0.0, 1.0], levels };
        let mut seen = vec![0; CELLS * CELLS];
        for (row, first, end, band) in grid.stretches() {
            for cell in first..end {
                seen[row * CELLS + cell] += 1;
                assert_eq!(grid.levels[row * CELLS + cell] as usize, band);
            }
        }
        assert!(seen.iter().all(|&times| times == 1));
    }

    #[test]
    fn a_record_without_ways_still_has_its_surface_and_another_none() {
        let at = |x: f64, y: f64| json!({"x": [x, y], "energy": -40.0});
        let mut record = json!({
            "settings": {"potential": {"kind": "landscape", "name": "muller-brown"}},
            "results": {"distinct": [at(-0.8, 0.6)], "minima": [at(0.6, 0.0)]},
        });
        let svg = Surface::of_record(&record).unwrap().svg();
        assert!(svg.starts_with("<svg xmlns") && svg.contains("1 saddles, 1 minima; 0 of 0"));
        assert!(
            !svg.contains("NaN") && !svg.contains("var(") && !svg.contains("searches that failed")
        );
        record["settings"]["potential"]["name"] = json!("lj13");
        assert!(Surface::of_record(&record).is_none());
        // Points of another shape, and far outside.
        record["settings"]["potential"]["name"] = json!("muller-brown");
        record["results"]["minima"] = json!([{"x": [1]}, {"x": "a"}, null]);
        (record["ways"], record["descents"]) =
            (json!([[[1e300, 0]], 5]), json!([[[0, 0.5], [0.1, null]]]));
        record["results"]["searches"] = json!([{"status": "budget"}, {"status": "converged"}]);
        let svg = Surface::of_record(&record).unwrap().svg();
        assert!(
            svg.contains("1 of 2 searches") && svg.contains("searches that failed"),
            "{svg:.3000}"
        );
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}
