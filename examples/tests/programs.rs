//! Each program runs, says what it did, and refuses bad arguments.

use std::process::{Command, Output, Stdio};

const VERSION_TABLE: &str = env!("CARGO_BIN_EXE_version_table");
const TIME_TRAVEL: &str = env!("CARGO_BIN_EXE_time_travel");
const TXN_REGISTRY: &str = env!("CARGO_BIN_EXE_txn_registry");
const REPLICATE: &str = env!("CARGO_BIN_EXE_replicate");
const SOAK: &str = env!("CARGO_BIN_EXE_soak");
const INSPECT: &str = env!("CARGO_BIN_EXE_inspect");
const CUSTOM_ID: &str = env!("CARGO_BIN_EXE_custom_id");

fn run(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().expect("the program is there")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs a program, which must end well, say all these and nothing on standard error.
#[track_caller]
fn says(program: &str, arguments: &[&str], words: &[&str]) {
    let output = run(program, arguments);
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{said}{complained}");
    assert_eq!(complained, "");
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

/// Runs a program, which must refuse the arguments, with a sentence that has these words.
#[track_caller]
fn refuses(program: &str, arguments: &[&str], words: &str) {
    let output = run(program, arguments);
    let complained = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{complained}");
    assert!(complained.starts_with("error: ") && complained.contains(words), "{complained}");
}

#[test]
fn version_table_runs_all_three_beside_each_other() {
    let stores = ["CowMap", "FlatCowMap", "RwLock<HashMap>"];
    let words = [&stores[..], &["commits/s", "99.9 %", "longest", "scans"]].concat();
    says(VERSION_TABLE, &["--seconds", "1", "--accounts", "2000", "--writers", "2"], &words);
}

#[test]
fn version_table_runs_one_of_the_three() {
    let output = run(VERSION_TABLE, &["--seconds", "1", "--accounts", "2000", "--only", "rwlock"]);
    let said = text(&output.stdout);
    assert!(said.contains("RwLock<HashMap>") && !said.contains("CowMap"), "{said}");
}

#[test]
fn time_travel_answers_and_counts() {
    let words = ["what happened to article 0", "has been forgotten", "copies"];
    says(TIME_TRAVEL, &["--seconds", "1", "--articles", "500"], &words);
}

#[test]
fn txn_registry_loses_no_id() {
    says(TXN_REGISTRY, &["--seconds", "1"], &["no id was lost", "500"]);
}

#[test]
fn replicate_becomes_equal() {
    let words = ["follower killed", "the follower is equal at commit"];
    says(REPLICATE, &["--seconds", "1", "--rows", "2000"], &words);
}

#[test]
fn soak_finds_no_difference() {
    says(SOAK, &["--seconds", "1", "--keys", "1000"], &["no difference"]);
}

#[test]
fn custom_id_runs() {
    says(CUSTOM_ID, &[], &["today"]);
}

#[test]
fn bad_arguments_are_refused_with_a_sentence() {
    for program in [VERSION_TABLE, TIME_TRAVEL, TXN_REGISTRY, REPLICATE, SOAK] {
        refuses(program, &["--seconds", "0"], "0 is not in 1..=");
        refuses(program, &["--second", "1"], "unexpected argument");
        says(program, &["--help"], &["--seconds", "Usage"]);
    }
    refuses(VERSION_TABLE, &["--accounts", "1"], "1 is not in 2..=");
    refuses(VERSION_TABLE, &["--only", "btree"], "paged, flat, rwlock");
    refuses(TIME_TRAVEL, &["--keep", "400"], "there are not so many days to keep");
    refuses(REPLICATE, &["--follow", "here"], "invalid socket address");
    refuses(INSPECT, &[], "required arguments");
    refuses(INSPECT, &["/no/such/folder"], "there is no folder /no/such/folder");
}

/// A follower whose leader makes no sense says so, and ends with status 1.
#[test]
fn a_follower_ends_when_its_leader_makes_no_sense() {
    use std::io::Write;

    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = listener.local_addr().expect("it has an address").to_string();
    let mut follower = Command::new(REPLICATE)
        .args(["--follow", &address])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program is there");
    // It ends when this is dropped, with status 0.
    let _input = follower.stdin.take();
    // It connects twice. Both get a frame that claims to have four gigabytes, but not before both are
    // there, because it ends at the first.
    let mut streams = [(); 2].map(|()| listener.accept().expect("the follower connects").0);
    for stream in &mut streams {
        // It may have ended.
        let _ = stream.write_all(&[0xff; 8]);
    }
    let output = follower.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let complained = text(&output.stderr);
    assert!(complained.contains("a frame of 4294967295 bytes"), "{complained}");
}

/// Waits until a program catches the signal of Ctrl-C.
#[cfg(target_os = "linux")]
fn wait_until_it_catches_interrupts(pid: u32) {
    use std::fs::read_to_string;
    use std::thread::sleep;
    use std::time::Duration;

    for _ in 0..6_000 {
        let status =
            read_to_string(format!("/proc/{pid}/status")).expect("it has not been waited for");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        // SIGINT is the second signal.
        if caught.is_some_and(|mask| mask & 2 != 0) {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("process {pid} does not catch SIGINT");
}

/// Ctrl-C, which a terminal sends as this signal.
#[cfg(target_os = "linux")]
#[test]
fn ctrl_c_ends_programs_early_with_a_summary() {
    let programs = [VERSION_TABLE, TIME_TRAVEL, TXN_REGISTRY, REPLICATE, SOAK];
    let running = programs.map(|program| {
        let mut command = Command::new(program);
        command.args(["--seconds", "3600"]).stdout(Stdio::piped());
        match program {
            VERSION_TABLE => command.args(["--accounts", "1000"]),
            TIME_TRAVEL => command.args(["--articles", "100"]),
            _ => &mut command,
        };
        command.spawn().expect("the program is there")
    });
    for child in &running {
        wait_until_it_catches_interrupts(child.id());
        let interrupt = format!("kill -INT {}", child.id());
        let sent = Command::new("sh").args(["-c", &interrupt]).status().expect("there is a shell");
        assert!(sent.success());
    }
    for (program, child) in programs.into_iter().zip(running) {
        let output = child.wait_with_output().expect("it ends");
        let said = text(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{program}: {said}");
        assert!(said.lines().count() > 4, "{program}: {said}");
    }
}
