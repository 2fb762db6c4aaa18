//! The line that shows a running program: redrawn in place on a terminal, one line a second
//! elsewhere.

use std::io::{IsTerminal, Write};
use std::thread;
use std::time::{Duration, Instant};

/// Waits until `duration` has passed or `stopped` says so, and shows meanwhile on standard error
/// what `line` gives.
pub fn watch(duration: Duration, stopped: impl Fn() -> bool, line: impl Fn() -> String) {
    let terminal = std::io::stderr().is_terminal();
    let between = Duration::from_millis(if terminal { 100 } else { 1000 });
    let start = Instant::now();
    let mut shown = Duration::ZERO;
    while start.elapsed() < duration && !stopped() {
        let left = duration.saturating_sub(start.elapsed());
        thread::sleep(left.min(Duration::from_millis(50)));
        if start.elapsed() - shown >= between {
            shown = start.elapsed();
            let text = format!("{:5.1} s  {}", shown.as_secs_f64(), line());
            show(terminal, &text);
        }
    }
    if terminal {
        show(terminal, "");
    }
}

fn show(terminal: bool, text: &str) {
    let mut stderr = std::io::stderr().lock();
    // A closed standard error is no reason to end the program.
    let _ = if terminal {
        write!(stderr, "\r\x1b[K{text}").and_then(|()| stderr.flush())
    } else {
        writeln!(stderr, "{text}")
    };
}

/// A number with a comma before every group of three digits.
///
/// # Examples
///
/// ```
/// use cowmap_examples::progress::grouped;
/// assert_eq!([7, 1234, 1_000_000].map(grouped), ["7", "1,234", "1,000,000"]);
/// ```
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
