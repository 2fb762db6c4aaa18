//! Colours. Charts carry their own light panel, so that they read the same on light and dark
//! pages.

use plotters::style::RGBColor;

use crate::maps::MapId;

/// The panel.
pub(super) const PANEL: RGBColor = RGBColor(250, 250, 247);
/// Text and axes.
pub(super) const INK: RGBColor = RGBColor(40, 42, 48);
/// Grid lines.
pub(super) const GRID: RGBColor = RGBColor(222, 222, 216);

/// A map's colour: cowmap warm and strong, flat tables blue, tries green, the rest grey and violet.
pub(super) fn colour(map: MapId) -> RGBColor {
    match map {
        MapId::CowMap => RGBColor(208, 52, 32),
        MapId::FlatCowMap => RGBColor(236, 140, 32),
        MapId::SeededCowMap => RGBColor(150, 70, 50),
        MapId::Hashbrown => RGBColor(28, 84, 178),
        MapId::HashbrownFx => RGBColor(98, 158, 226),
        MapId::Std => RGBColor(112, 118, 132),
        MapId::ArcHashbrown => RGBColor(84, 60, 160),
        MapId::Dashmap => RGBColor(178, 98, 196),
        MapId::Papaya => RGBColor(222, 122, 160),
        MapId::Imbl => RGBColor(24, 128, 80),
        MapId::Rpds => RGBColor(136, 176, 72),
        MapId::OrdMap => RGBColor(60, 160, 150),
        MapId::Redb => RGBColor(170, 30, 90),
        MapId::Arc => RGBColor(0, 0, 0),
    }
}

/// How thick a map's line is.
pub(super) fn stroke(map: MapId) -> u32 {
    if matches!(map, MapId::CowMap | MapId::FlatCowMap) { 3 } else { 2 }
}
