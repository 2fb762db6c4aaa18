//! Bar charts, one bar a map, each with its number.

use std::error::Error;
use std::path::Path;

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::numbers;
use super::palette::{INK, PANEL, colour};
use crate::maps::MapId;

/// A chart with a bar for each map.
pub(super) struct Bars<'a> {
    /// The heading, which names the unit.
    pub(super) title: &'a str,
    /// Whether lengths are logarithmic.
    pub(super) logarithmic: bool,
    /// The bars.
    pub(super) bars: Vec<(MapId, f64)>,
}

const WIDTH: i32 = 880;
const NAMES: i32 = 220;
const ROOM: i32 = 540;
const PITCH: i32 = 30;

impl Bars<'_> {
    /// Draws it.
    pub(super) fn draw(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let count = i32::try_from(self.bars.len())?;
        let height = 64 + PITCH * count;
        let size = (u32::try_from(WIDTH)?, u32::try_from(height)?);
        let root = SVGBackend::new(path, size).into_drawing_area();
        root.fill(&PANEL)?;
        let style = |size: i32, horizontal: HPos| {
            TextStyle::from(("sans-serif", size))
                .color(&INK)
                .pos(Pos::new(horizontal, VPos::Center))
        };
        root.draw(&Text::new(self.title, (WIDTH / 2, 26), style(20, HPos::Center)))?;
        let most = self.bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
        let least = self.bars.iter().map(|bar| bar.1).fold(f64::MAX, f64::min);
        for (index, &(map, value)) in self.bars.iter().enumerate() {
            let middle = 64 + PITCH * i32::try_from(index)?;
            let share = if self.logarithmic {
                let floor = least / 2.0;
                (value / floor).ln() / (most / floor).ln()
            } else {
                value / most
            };
            let end = NAMES + length(share);
            root.draw(&Text::new(map.name(), (NAMES - 10, middle), style(15, HPos::Right)))?;
            let corners = [(NAMES, middle - 10), (end, middle + 10)];
            root.draw(&Rectangle::new(corners, colour(map).filled()))?;
            root.draw(&Text::new(numbers::plain(value), (end + 8, middle), style(15, HPos::Left)))?;
        }
        root.present()?;
        Ok(())
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a chart is hundreds of pixels wide")]
fn length(share: f64) -> i32 {
    (share.clamp(0.0, 1.0) * f64::from(ROOM)).round().max(1.0) as i32
}
