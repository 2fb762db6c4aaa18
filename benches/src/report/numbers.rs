//! Numbers as people read them.

/// Three significant digits, thousands set apart: `4.31`, `21.4`, `19,200`.
pub(super) fn plain(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    match value.abs() {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        ..1_000.0 => format!("{value:.0}"),
        _ => {
            // Three significant digits and zeros: more would pretend.
            let unit = 10_f64.powf(value.abs().log10().floor() - 2.0);
            grouped(&format!("{:.0}", (value / unit).round() * unit))
        }
    }
}

/// A ratio: `0.93`, or `1/6,200` where two decimals would say nothing.
pub(super) fn ratio(value: f64) -> String {
    match value {
        ..0.000_001 => "0".into(),
        ..0.0195 => format!("1/{}", plain_integer(1.0 / value)),
        ..100.0 => format!("{value:.2}"),
        _ => plain(value),
    }
}

fn plain_integer(value: f64) -> String {
    grouped(&format!("{value:.0}"))
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A duration on an axis: `5 ns`, `20 µs`, `3 ms`.
pub(super) fn duration(nanos: f64) -> String {
    let (value, unit) = match nanos {
        ..1e3 => (nanos, "ns"),
        ..1e6 => (nanos / 1e3, "µs"),
        ..1e9 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    let digits = format!("{value:.1}");
    format!("{} {unit}", digits.trim_end_matches('0').trim_end_matches('.'))
}

/// A size on an axis: `10k`, `1M`.
pub(super) fn size(entries: f64) -> String {
    let (value, unit) = match entries {
        ..1e3 => (entries, ""),
        ..1e6 => (entries / 1e3, "k"),
        _ => (entries / 1e6, "M"),
    };
    let digits = format!("{value:.1}");
    format!("{}{unit}", digits.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::{duration, plain, ratio, size};

    #[test]
    fn numbers_have_three_significant_digits() {
        assert_eq!(plain(4.314), "4.31");
        assert_eq!(plain(43.14), "43.1");
        assert_eq!(plain(431.4), "431");
        assert_eq!(plain(19_237_111.0), "19,200,000");
    }

    #[test]
    fn small_ratios_are_written_as_fractions() {
        assert_eq!(ratio(0.5), "0.50");
        assert_eq!(ratio(1.0 / 6_200.0), "1/6,200");
    }

    #[test]
    fn axes_are_labelled_in_round_units() {
        assert_eq!(duration(20_000.0), "20 µs");
        assert_eq!(duration(5.0), "5 ns");
        assert_eq!(size(10_000.0), "10k");
        assert_eq!(size(1_500_000.0), "1.5M");
    }
}
