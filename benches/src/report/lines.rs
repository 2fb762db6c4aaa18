//! Line charts on logarithmic axes.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;

use super::numbers;
use super::palette::{GRID, INK, PANEL, colour, stroke};
use crate::maps::MapId;

/// Room at the right for the names of the maps.
const NAMES: i32 = 210;

/// A chart with a line for each map.
pub(super) struct Lines<'a> {
    /// The heading.
    pub(super) title: &'a str,
    /// What the horizontal axis is.
    pub(super) across: &'a str,
    /// Whether that axis is logarithmic.
    pub(super) logarithmic: bool,
    /// Whether points are marked.
    pub(super) marked: bool,
    /// The lines.
    pub(super) lines: Vec<(MapId, Vec<(f64, f64)>)>,
}

impl Lines<'_> {
    /// Draws it.
    pub(super) fn draw(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let root = SVGBackend::new(path, (880, 480)).into_drawing_area();
        root.fill(&PANEL)?;
        let points = || self.lines.iter().flat_map(|line| &line.1);
        let least = |pick: fn(&(f64, f64)) -> f64| points().map(pick).fold(f64::MAX, f64::min);
        let most = |pick: fn(&(f64, f64)) -> f64| points().map(pick).fold(0.0, f64::max);
        let up = (least(|point| point.1) * 0.7..most(|point| point.1) * 1.5).log_scale();
        let (left, right) = (least(|point| point.0), most(|point| point.0));
        if self.logarithmic {
            self.plot(&root, (left..right).log_scale(), up)?;
        } else {
            self.plot(&root, left..right, up)?;
        }
        root.present()?;
        Ok(())
    }

    fn plot<X, Y>(
        &self,
        root: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
        across: X,
        up: Y,
    ) -> Result<(), Box<dyn Error>>
    where
        X: plotters::coord::ranged1d::AsRangedCoord<Value = f64>,
        X::CoordDescType: plotters::coord::ranged1d::ValueFormatter<f64>,
        Y: plotters::coord::ranged1d::AsRangedCoord<Value = f64>,
        Y::CoordDescType: plotters::coord::ranged1d::ValueFormatter<f64>,
    {
        let mut chart = ChartBuilder::on(root)
            .caption(self.title, ("sans-serif", 20, &INK))
            .margin(14)
            .margin_right(NAMES)
            .x_label_area_size(44)
            .y_label_area_size(74)
            .build_cartesian_2d(across, up)?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", 14, &INK))
            .x_desc(self.across)
            .y_labels(6)
            .x_label_formatter(&|&value| numbers::size(value))
            .y_label_formatter(&|&value| numbers::duration(value))
            .draw()?;
        for (map, points) in &self.lines {
            let colour = colour(*map);
            let style = colour.stroke_width(stroke(*map));
            chart.draw_series(LineSeries::new(points.iter().copied(), style))?;
            if self.marked {
                chart.draw_series(
                    points.iter().map(|&point| Circle::new(point, 3, colour.filled())),
                )?;
            }
        }
        let mut names: Vec<(f64, MapId, (f64, f64))> = Vec::new();
        for (map, points) in &self.lines {
            if let Some(&last) = points.last() {
                let place = chart.backend_coord(&last);
                names.push((f64::from(place.1), *map, (f64::from(place.0), f64::from(place.1))));
            }
        }
        spread(&mut names);
        for (height, map, (x, _)) in names {
            let colour = colour(map);
            let style = TextStyle::from(("sans-serif", 14)).color(&colour);
            let at = (pixel(x) + 10, pixel(height) - 7);
            root.draw(&Text::new(map.name(), at, style))?;
        }
        Ok(())
    }
}

/// Moves names apart that would overlap.
fn spread(names: &mut [(f64, MapId, (f64, f64))]) {
    const APART: f64 = 16.0;
    names.sort_by(|one, other| one.0.total_cmp(&other.0));
    for _ in 0..50 {
        for next in 1..names.len() {
            let overlap = APART - (names[next].0 - names[next - 1].0);
            if overlap > 0.0 {
                names[next - 1].0 -= overlap / 2.0;
                names[next].0 += overlap / 2.0;
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a chart is hundreds of pixels wide")]
fn pixel(place: f64) -> i32 {
    place.round() as i32
}
