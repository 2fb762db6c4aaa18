//! Where the numbers were taken: processor, compiler, peers, date. Never a path or a name of the
//! machine.

use std::env;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// The lock file of the workspace at build time: which versions of the peers were measured.
const LOCK: &str = include_str!("../../Cargo.lock");

/// The crates whose versions the page names.
const PEERS: [&str; 8] =
    ["hashbrown", "foldhash", "rustc-hash", "dashmap", "papaya", "imbl", "rpds", "cowmap"];

/// The lines of the table.
pub fn describe() -> Vec<(&'static str, String)> {
    let peers: Vec<String> =
        PEERS.iter().filter_map(|&name| Some(format!("{name} {}", locked(name)?))).collect();
    vec![
        ("processor", processor()),
        ("caches", caches()),
        ("cores", thread::available_parallelism().map_or("?".into(), |cores| cores.to_string())),
        ("system", format!("{} {}", env::consts::OS, env::consts::ARCH)),
        ("transparent huge pages", huge_pages()),
        ("compiler", compiler()),
        ("target features", "the baseline of the architecture".into()),
        ("versions", peers.join(", ")),
        ("date", date()),
    ]
}

/// The highest version of a crate in the lock file (some are also there in older versions, for
/// other crates).
fn locked(name: &str) -> Option<String> {
    let mut versions: Vec<Vec<u32>> = LOCK
        .split("[[package]]")
        .filter(|package| package.contains(&format!("name = \"{name}\"\n")))
        .filter_map(|package| package.split("version = \"").nth(1)?.split('"').next())
        .map(|version| version.split('.').filter_map(|part| part.parse().ok()).collect())
        .collect();
    versions.sort();
    let parts: Vec<String> = versions.pop()?.iter().map(u32::to_string).collect();
    Some(parts.join("."))
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    field(&info, "model name").unwrap_or_else(|| "?".into())
}

fn caches() -> String {
    let mut caches = Vec::new();
    for index in 0..8 {
        let read = |file: &str| {
            fs::read_to_string(format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{file}"))
                .map(|text| text.trim().to_string())
        };
        let (Ok(level), Ok(kind), Ok(size)) = (read("level"), read("type"), read("size")) else {
            continue;
        };
        if kind != "Instruction" {
            caches.push(format!("L{level} {size}"));
        }
    }
    if caches.is_empty() { "?".into() } else { caches.join(", ") }
}

fn huge_pages() -> String {
    let modes = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    let chosen =
        modes.ok().and_then(|modes| Some(modes.split_once('[')?.1.split_once(']')?.0.to_string()));
    chosen.unwrap_or_else(|| "?".into())
}

fn compiler() -> String {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let output = Command::new(rustc).arg("--version").output();
    let version = output.ok().and_then(|output| String::from_utf8(output.stdout).ok());
    version.map_or("?".into(), |version| version.trim().to_string())
}

/// The value of a `name : value` line.
fn field(text: &str, name: &str) -> Option<String> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_string())
}

/// The most memory this process has had resident, in bytes; `None` where the kernel does not
/// tell.
pub fn peak_resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let kilobytes: usize = field(&status, "VmHWM")?.split(' ').next()?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Today, as year, month and day.
fn date() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(now.as_secs() / 86_400);
    format!("{year}-{month:02}-{day:02}")
}

/// The civil date of a day since 1970, counted in years that begin in March.
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let era = day / 146_097;
    let day = day % 146_097;
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{civil, locked};

    #[test]
    fn days_since_1970_are_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(20_454), (2026, 1, 1));
    }

    #[test]
    fn the_lock_file_names_the_peers() {
        assert!(locked("imbl").is_some_and(|version| version.starts_with("7.")));
    }
}
