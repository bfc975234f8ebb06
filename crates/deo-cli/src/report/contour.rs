//! Contour lines by marching squares.
//!
//! Problem: where does a function known at the points of a grid have the value c? On each side of a square whose ends
//! lie on two sides of c there is a crossing, placed by linear interpolation. A square has none, two or four; two are
//! joined, four in the way that the mean of the corners decides.

/// The pieces of the line at `level`, each from point to point; coordinates count columns and rows of the grid, whose
/// rows of `width` values come from below.
pub(super) fn pieces(values: &[f64], width: usize, level: f64) -> Vec<[[f64; 2]; 2]> {
    let mut pieces = Vec::new();
    for row in 0..(values.len() / width).saturating_sub(1) {
        for column in 0..width.saturating_sub(1) {
            square(values, width, level, [column, row], &mut pieces);
        }
    }
    pieces
}

/// The corners of a square, going round.
const CORNERS: [[usize; 2]; 4] = [[0, 0], [1, 0], [1, 1], [0, 1]];

/// Its sides, going round, each from the lower or the left corner: so both squares of a side place the crossing there to
/// the same bits.
const SIDES: [[usize; 2]; 4] = [[0, 1], [1, 2], [3, 2], [0, 3]];

fn square(
    values: &[f64],
    width: usize,
    level: f64,
    [column, row]: [usize; 2],
    pieces: &mut Vec<[[f64; 2]; 2]>,
) {
    let corner = CORNERS.map(|[i, j]| [column + i, row + j]);
    let height = corner.map(|[i, j]| values[j * width + i]);
    let above = height.map(|height| height >= level);
    let crossing = |[a, b]: [usize; 2]| {
        (above[a] != above[b]).then(|| {
            let share = (level - height[a]) / (height[b] - height[a]);
            let along = |k: usize| {
                let (from, to) = (corner[a][k] as f64, corner[b][k] as f64);
                from + share * (to - from)
            };
            [along(0), along(1)]
        })
    };
    let found: Vec<[f64; 2]> = SIDES.into_iter().filter_map(crossing).collect();
    match found[..] {
        [p, q] => pieces.push([p, q]),
        [p, q, r, s] => {
            // Corners 0 and 2 are on one side of the level, 1 and 3 on the other. If the middle is with corner 0, the
            // lines cut off corners 1 and 3, between sides 0, 1 and 2, 3.
            let middle = height.iter().sum::<f64>() / 4.0 >= level;
            pieces.extend(if middle == above[0] { [[p, q], [r, s]] } else { [[s, p], [q, r]] });
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_is_closed_and_round() {
        let (width, centre, radius) = (40, 19.3, 11.0);
        let values: Vec<f64> = (0..width * width)
            .map(|cell| f64::hypot((cell % width) as f64 - centre, (cell / width) as f64 - centre))
            .collect();
        let pieces = pieces(&values, width, radius);
        let mut length = 0.0;
        for [p, q] in &pieces {
            length += f64::hypot(p[0] - q[0], p[1] - q[1]);
            for point in [p, q] {
                let error = f64::hypot(point[0] - centre, point[1] - centre) - radius;
                // Linear interpolation of a curvature of 1/radius over one cell: at most 1/(8 radius).
                assert!(error.abs() < 0.012, "{error}");
                // Every end is the end of exactly one other piece.
                let ends = pieces.iter().flatten();
                assert_eq!(ends.filter(|end| *end == point).count(), 2, "{point:?}");
            }
        }
        assert!((length / (std::f64::consts::TAU * radius) - 1.0).abs() < 3e-3, "{length}");
    }

    #[test]
    fn a_pass_is_cut_as_its_middle_says() {
        // Corners 1, 0, 1, 0 going round: at 0.4 the middle is above, and the two low corners are cut off.
        let square = [1.0, 0.0, 0.0, 1.0];
        let low = pieces(&square, 2, 0.4);
        assert_eq!(low.len(), 2);
        for [p, q] in low {
            let middle = [(p[0] + q[0]) / 2.0, (p[1] + q[1]) / 2.0];
            let near = |x: f64, y: f64| f64::hypot(middle[0] - x, middle[1] - y) < 0.3;
            assert!(near(1.0, 0.0) || near(0.0, 1.0), "{middle:?}");
        }
        for [p, q] in pieces(&square, 2, 0.6) {
            let middle = [(p[0] + q[0]) / 2.0, (p[1] + q[1]) / 2.0];
            let near = |x: f64, y: f64| f64::hypot(middle[0] - x, middle[1] - y) < 0.3;
            assert!(near(0.0, 0.0) || near(1.0, 1.0), "{middle:?}");
        }
        assert!(pieces(&square, 2, 1.5).is_empty() && pieces(&[1.0], 1, 0.5).is_empty());
    }
}
