//! What all charts drawn by plotters have in common.

use plotters::chart::MeshStyle;
use plotters::prelude::*;

/// Two colours that remain apart in any kind of colour vision (Okabe & Ito 2008).
pub const BLUE: RGBColor = RGBColor(0, 114, 178);
/// The other one.
pub const VERMILION: RGBColor = RGBColor(213, 94, 0);

/// Light grid lines, grey axes, and letters of the size of text beside a chart 960 wide.
pub fn axes<'mesh, 'a, 'b, X: Ranged, Y: Ranged, B: DrawingBackend>(
    mesh: &'mesh mut MeshStyle<'a, 'b, X, Y, B>,
) -> &'mesh mut MeshStyle<'a, 'b, X, Y, B> {
    mesh.light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 225))
        .axis_style(RGBColor(90, 90, 90))
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 16))
}
