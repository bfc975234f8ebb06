//! Draws docs/src/architecture.svg: the modules of this crate, each above those that it uses.
//!
//! | step | how |
//! |---|---|
//! | edges | the `use` lines as tests/no_circles.rs reads them, less those that follow from others |
//! | layers | the longest path down from a module, then up to right below the lowest of its users |
//! | order in a layer | the mean place of the neighbours, swept up and down; the sweep with the fewest crossings |
//! | places | the mean of the neighbours by least squares, at least so far apart, in turn for each layer |
//!
//! An edge across layers has a place of its own in each, so that it passes between the boxes (Sugiyama, Tagawa & Toda 1981).
//!
//! Run: `cargo run -p deo-core --example module_plot > docs/src/architecture.svg`

#[path = "../tests/no_circles.rs"]
#[allow(dead_code)] // the search for circles is the test's
mod no_circles;

use no_circles::{Uses, read};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// A box, the space between two of them, that beside an edge, and the distance of two layers.
const BOX: [f64; 2] = [108.0, 28.0];
const GAP: f64 = 22.0;
const EDGE: f64 = 12.0;
const LAYER: f64 = 84.0;
const MARGIN: f64 = 20.0;
/// Twice as many sweeps and rounds change nothing.
const SWEEPS: usize = 40;
const ROUNDS: usize = 200;

/// A box, or the place where an edge passes a layer.
struct Node {
    name: Option<String>,
    layer: usize,
    x: f64,
    /// Neighbours in the layer above and in that below.
    beside: [Vec<usize>; 2],
}

/// The nodes, and those of each layer from left to right, the lowest layer first.
struct Picture {
    nodes: Vec<Node>,
    layers: Vec<Vec<usize>>,
}

/// Module → its layer, from 0 at the bottom.
fn layers(uses: &Uses) -> BTreeMap<&str, usize> {
    let mut layers: BTreeMap<&str, usize> = uses.keys().map(|name| (name.as_str(), 0)).collect();
    // No path is longer than the list of modules.
    for _ in uses {
        for (name, used) in uses {
            let longest = used.keys().map(|name| layers[name.as_str()] + 1).max();
            layers.insert(name, longest.unwrap_or(0));
        }
    }
    for _ in uses {
        for name in uses.keys() {
            let users = uses.iter().filter(|(_, used)| used.contains_key(name));
            if let Some(lowest) = users.map(|(user, _)| layers[user.as_str()]).min() {
                layers.insert(name, lowest - 1);
            }
        }
    }
    layers
}

/// Whether a leads to b.
fn leads(uses: &Uses, a: &str, b: &str) -> bool {
    uses[a].keys().any(|next| next == b || leads(uses, next, b))
}

impl Picture {
    fn new(uses: &Uses) -> Self {
        let layer_of = layers(uses);
        let count = layer_of.values().max().map_or(0, |top| top + 1);
        let mut picture = Picture { nodes: Vec::new(), layers: vec![Vec::new(); count] };
        let boxes: BTreeMap<&str, usize> = layer_of
            .iter()
            .map(|(name, layer)| (*name, picture.add(Some(*name), *layer)))
            .collect();
        for (user, used) in uses {
            for name in used.keys() {
                if used.keys().any(|other| other != name && leads(uses, other, name)) {
                    continue;
                }
                let mut above = boxes[user.as_str()];
                for layer in (layer_of[name.as_str()] + 1..layer_of[user.as_str()]).rev() {
                    let passage = picture.add(None, layer);
                    picture.join(above, passage);
                    above = passage;
                }
                picture.join(above, boxes[name.as_str()]);
            }
        }
        picture
    }

    fn add(&mut self, name: Option<&str>, layer: usize) -> usize {
        let beside = [Vec::new(), Vec::new()];
        self.nodes.push(Node { name: name.map(str::to_owned), layer, x: 0.0, beside });
        self.layers[layer].push(self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    fn join(&mut self, above: usize, below: usize) {
        self.nodes[above].beside[1].push(below);
        self.nodes[below].beside[0].push(above);
    }

    /// The place of each node in its layer.
    fn places(&self) -> Vec<usize> {
        let mut places = vec![0; self.nodes.len()];
        for layer in &self.layers {
            layer.iter().enumerate().for_each(|(place, node)| places[*node] = place);
        }
        places
    }

    fn crossings(&self) -> usize {
        let places = self.places();
        let crossings_below = |layer: &Vec<usize>| {
            let below = |node: &usize| self.nodes[*node].beside[1].iter().map(|b| places[*b]);
            let edges: Vec<[usize; 2]> =
                layer.iter().flat_map(|node| below(node).map(|b| [places[*node], b])).collect();
            let pairs = edges.iter().flat_map(|a| edges.iter().map(move |b| (a, b)));
            pairs.filter(|(a, b)| a[0] < b[0] && a[1] > b[1]).count()
        };
        self.layers.iter().map(crossings_below).sum()
    }

    /// Puts the nodes of each layer in an order in which few edges cross.
    fn order(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            let side = sweep % 2;
            for i in 0..self.layers.len() {
                // By the layer above from the top down, by that below from the bottom up.
                let i = if side == 0 { self.layers.len() - 1 - i } else { i };
                let (places, mut layer) = (self.places(), std::mem::take(&mut self.layers[i]));
                let wanted = |node: &usize| {
                    let beside = &self.nodes[*node].beside[side];
                    let sum: usize = beside.iter().map(|other| places[*other]).sum();
                    let own = places[*node] as f64;
                    if beside.is_empty() { own } else { sum as f64 / beside.len() as f64 }
                };
                layer.sort_by(|a, b| wanted(a).total_cmp(&wanted(b)));
                self.layers[i] = layer;
            }
            self.swap_neighbours();
            if self.crossings() < best.0 {
                best = (self.crossings(), self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    /// Swaps neighbours while that leaves fewer crossings.
    fn swap_neighbours(&mut self) {
        let mut fewest = self.crossings();
        let pairs: Vec<[usize; 2]> = (0..self.layers.len())
            .flat_map(|i| (1..self.layers[i].len()).map(move |j| [i, j]))
            .collect();
        loop {
            let before = fewest;
            for [i, j] in &pairs {
                self.layers[*i].swap(j - 1, *j);
                let now = self.crossings();
                if now < fewest {
                    fewest = now;
                } else {
                    self.layers[*i].swap(j - 1, *j);
                }
            }
            if fewest == before {
                return;
            }
        }
    }

    fn width(&self, node: usize) -> f64 {
        if self.nodes[node].name.is_some() { BOX[0] + GAP } else { EDGE }
    }

    /// Gives each node its x.
    fn place(&mut self) {
        for _ in 0..ROUNDS {
            for layer in &self.layers {
                let wanted = layer.iter().map(|node| {
                    let beside: Vec<usize> = self.nodes[*node].beside.concat();
                    let sum: f64 = beside.iter().map(|other| self.nodes[*other].x).sum();
                    if beside.is_empty() { self.nodes[*node].x } else { sum / beside.len() as f64 }
                });
                let widths: Vec<f64> = layer.iter().map(|node| self.width(*node)).collect();
                let xs = apart(&wanted.collect::<Vec<_>>(), &widths);
                layer.iter().zip(xs).for_each(|(node, x)| self.nodes[*node].x = x);
            }
        }
        let left = (0..self.nodes.len()).map(|node| self.nodes[node].x - self.width(node) / 2.0);
        let shift = MARGIN - GAP / 2.0 - left.fold(f64::INFINITY, f64::min);
        self.nodes.iter_mut().for_each(|node| node.x = (node.x + shift).round());
    }

    /// The upper edge of a layer's boxes.
    fn top(&self, layer: usize) -> f64 {
        MARGIN + LAYER * (self.layers.len() - 1 - layer) as f64
    }

    fn draw(&self, library: &str) -> Result<String, std::fmt::Error> {
        let right = (0..self.nodes.len()).map(|node| self.nodes[node].x + self.width(node) / 2.0);
        let width = right.fold(0.0, f64::max) - GAP / 2.0 + MARGIN;
        let height = self.top(0) + BOX[1] + MARGIN;
        let mut svg = String::new();
        writeln!(
            svg,
            r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">"#
        )?;
        writeln!(svg, r##"<rect width="{width}" height="{height}" fill="#fff"/>"##)?;
        writeln!(svg, r##"<g fill="none" stroke="#777">"##)?;
        for node in &self.nodes {
            let (x, bottom) = (node.x, self.top(node.layer) + BOX[1]);
            if node.name.is_none() {
                writeln!(svg, r#"<path d="M{x} {}V{bottom}"/>"#, self.top(node.layer))?;
            }
            for below in &node.beside[1] {
                let (to, top) = (self.nodes[*below].x, bottom + LAYER - BOX[1]);
                let middle = (bottom + top) / 2.0;
                writeln!(
                    svg,
                    r#"<path d="M{x} {bottom}C{x} {middle} {to} {middle} {to} {top}"/>"#
                )?;
            }
        }
        writeln!(svg, "</g>")?;
        for node in &self.nodes {
            let Some(name) = &node.name else { continue };
            let (x, y, [w, h]) = (node.x, self.top(node.layer), BOX);
            let public = library.contains(&format!("pub mod {name};"));
            let fill = if public { "#e8f1f8" } else { "#fff" };
            let left = x - w / 2.0;
            writeln!(
                svg,
                r##"<rect x="{left}" y="{y}" width="{w}" height="{h}" rx="4" fill="{fill}" stroke="#0072b2"/>"##
            )?;
            writeln!(svg, r#"<text x="{x}" y="{}" text-anchor="middle">{name}</text>"#, y + 19.0)?;
        }
        svg.push_str("</svg>");
        Ok(svg)
    }
}

/// The x nearest to the wanted ones, in the sum of squares, in this order and without overlap: pooled neighbours.
fn apart(wanted: &[f64], widths: &[f64]) -> Vec<f64> {
    let (mut offsets, mut end) = (Vec::new(), 0.0);
    for width in widths {
        offsets.push(end + width / 2.0);
        end += width;
    }
    // Sum and count of the nodes that touch one another.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (wanted, offset) in wanted.iter().zip(&offsets) {
        let mut pool = (wanted - offset, 1);
        while let Some(last) = pools.pop_if(|last| last.0 / last.1 as f64 >= pool.0 / pool.1 as f64)
        {
            pool = (pool.0 + last.0, pool.1 + last.1);
        }
        pools.push(pool);
    }
    let starts = pools.iter().flat_map(|(sum, n)| std::iter::repeat_n(sum / *n as f64, *n));
    starts.zip(offsets).map(|(start, offset)| start + offset).collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut picture = Picture::new(&read(&source));
    picture.order();
    picture.place();
    println!("{}", picture.draw(&std::fs::read_to_string(source.join("lib.rs"))?)?);
    Ok(())
}
