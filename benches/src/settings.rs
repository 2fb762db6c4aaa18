//! What was asked for: sizes, keys, maps, and how much effort.

use std::time::Duration;

use crate::keys::Family;
use crate::maps::{MapId, Peer};
use crate::values::Value;

/// The choices of a run.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Less of everything: under two minutes in all.
    pub quick: bool,
    /// Sizes instead of each workload's own.
    pub sizes: Option<Vec<usize>>,
    /// Key families instead of each workload's own.
    pub keys: Option<Vec<Family>>,
    /// Only these maps.
    pub maps: Option<Vec<MapId>>,
    /// Only these operations of a workload that measures several.
    pub operations: Option<Vec<String>>,
    /// Rounds instead of the default number.
    pub repeats: Option<usize>,
}

impl Settings {
    /// The sizes to run: what was asked for, else the workload's.
    pub fn sizes(&self, full: &[usize], quick: &[usize]) -> Vec<usize> {
        match &self.sizes {
            Some(sizes) => sizes.clone(),
            None if self.quick => quick.to_vec(),
            None => full.to_vec(),
        }
    }

    /// The key families to run.
    pub fn keys(&self, full: &[Family], quick: &[Family]) -> Vec<Family> {
        match &self.keys {
            Some(keys) => keys.clone(),
            None if self.quick => quick.to_vec(),
            None => full.to_vec(),
        }
    }

    /// Those of `peers` that take part.
    pub fn choose<V: Value>(&self, mut peers: Vec<Peer<V>>) -> Vec<Peer<V>> {
        match &self.maps {
            Some(maps) => peers.retain(|peer| maps.contains(&peer.id)),
            // The slowest, and a second hasher.
            None if self.quick => {
                peers.retain(|peer| !matches!(peer.id, MapId::Rpds | MapId::HashbrownFx));
            }
            None => {}
        }
        peers
    }

    /// Whether an operation of a workload is to be measured.
    pub fn wants(&self, operation: &str) -> bool {
        self.operations.as_ref().is_none_or(|wanted| wanted.iter().any(|name| name == operation))
    }

    /// How often every map takes its turn at one size.
    pub fn rounds(&self, size: usize) -> usize {
        self.repeats.unwrap_or(match (self.quick, size) {
            (true, _) => 3,
            (false, ..3_000_000) => 9,
            (false, _) => 5,
        })
    }

    /// The sizes that stand for `nominal` where the load of a table counts: a whole doubling,
    /// from 0.7 times to just under 1.4 times, in equal ratios and off the powers of two.
    pub fn doubling(&self, nominal: usize) -> Vec<usize> {
        let steps = match (self.quick, nominal) {
            (false, ..300_000) => 8,
            (false, ..3_000_000) => 5,
            (false, _) | (true, ..300_000) => 3,
            (true, _) => 2,
        };
        (0..steps)
            .map(|step| scaled(nominal, 0.7 * f64::exp2(step as f64 / steps as f64)))
            .collect()
    }

    /// Fewer sizes of the same doubling, for what depends less on the load.
    pub fn few(&self, nominal: usize) -> Vec<usize> {
        let one = self.quick || nominal > 3_000_000;
        let factors: &[f64] = if one { &[1.008] } else { &[0.8, 1.008, 1.27] };
        factors.iter().map(|&factor| scaled(nominal, factor)).collect()
    }

    /// How long one map may take for its share of a round where an operation can take anything
    /// from a microsecond to a second.
    pub fn budget(&self) -> Duration {
        Duration::from_millis(if self.quick { 8 } else { 40 })
    }
}

/// `size` times `factor`, rounded.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "sizes are far below 2^53"
)]
pub fn scaled(size: usize, factor: f64) -> usize {
    (size as f64 * factor).round() as usize
}

/// A size as people write it: `1e6`, `100k`, `1M`, `12345`.
///
/// # Errors
///
/// If it is none, or below 4 or above 2^28.
pub fn parse_size(text: &str) -> Result<usize, String> {
    let (number, unit) = match text.strip_suffix(['k', 'K', 'm', 'M']) {
        Some(number) if text.ends_with(['k', 'K']) => (number, 1_000),
        Some(number) => (number, 1_000_000),
        None => (text, 1),
    };
    let number: f64 = number.parse().map_err(|_| format!("{text} is no size"))?;
    if !(4.0..=268_435_456.0).contains(&(number * f64::from(unit))) {
        return Err("sizes are 4 to 2^28".into());
    }
    Ok(scaled(1, number * f64::from(unit)))
}

/// A size as the report writes it.
pub fn size_name(size: usize) -> String {
    match size {
        0 => "–".into(),
        _ if size.is_multiple_of(1_000_000) => format!("{}M", size / 1_000_000),
        _ if size.is_multiple_of(1_000) => format!("{}k", size / 1_000),
        _ => size.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Settings, parse_size, size_name};

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!(parse_size("1e3"), Ok(1_000));
        assert_eq!(parse_size("100k"), Ok(100_000));
        assert_eq!(parse_size("1.5M"), Ok(1_500_000));
        assert!(parse_size("many").is_err());
        assert!(parse_size("1e12").is_err());
        assert_eq!(size_name(10_000_000), "10M");
        assert_eq!(size_name(1_000), "1k");
    }

    #[test]
    fn a_doubling_is_off_the_powers_of_two_and_never_full_circle() {
        for nominal in [1_000, 10_000, 100_000, 1_000_000, 10_000_000] {
            let sizes = Settings::default().doubling(nominal);
            assert!(sizes.iter().all(|size| !size.is_power_of_two()));
            assert!(sizes[sizes.len() - 1] < 2 * sizes[0]);
        }
    }
}
