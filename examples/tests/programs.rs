//! Each program runs, says what it did, and refuses bad arguments.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const VERSION_TABLE: &str = env!("CARGO_BIN_EXE_version_table");
const TIME_TRAVEL: &str = env!("CARGO_BIN_EXE_time_travel");
const TXN_REGISTRY: &str = env!("CARGO_BIN_EXE_txn_registry");
const REPLICATE: &str = env!("CARGO_BIN_EXE_replicate");
const SOAK: &str = env!("CARGO_BIN_EXE_soak");
const INSPECT: &str = env!("CARGO_BIN_EXE_inspect");
const CHECKPOINT: &str = env!("CARGO_BIN_EXE_checkpoint");
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

/// A new folder, which goes with this.
struct NewFolder(PathBuf);

impl NewFolder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("cowmap-{name}-{}", std::process::id()));
        fs::create_dir(&path).expect("the name is new");
        NewFolder(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("it is ASCII")
    }

    /// The last one of its files whose names begin so.
    fn file(&self, begins: &str) -> PathBuf {
        let files = fs::read_dir(&self.0).expect("it is there");
        let paths = files.map(|entry| entry.expect("it can be read").path());
        let has_name =
            |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(begins);
        paths.filter(has_name).max().expect("there is one")
    }
}

impl Drop for NewFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Inspects a table, and returns the status, and what was said.
fn inspected(folder: &NewFolder) -> (Option<i32>, String) {
    let output = run(INSPECT, &[folder.path()]);
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[track_caller]
fn has(said: &str, words: &[&str]) {
    for word in words {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

/// The second run goes on with the accounts of the first.
#[test]
fn version_table_goes_on_with_what_is_in_a_folder() {
    let folder = NewFolder::new("durable");
    let arguments = ["--durable", folder.path(), "--seconds", "1", "--accounts", "2000"];
    says(VERSION_TABLE, &arguments, &["nothing was there", "each commit is synced", "scans"]);
    let buffered = [&arguments[..], &["--buffered", "--writers", "2"]].concat();
    let words = ["recovered all commits up to", "acknowledged at once", "are on the disk"];
    says(VERSION_TABLE, &buffered, &words);
    refuses(
        VERSION_TABLE,
        &["--durable", folder.path(), "--accounts", "2001"],
        "say --accounts 2000",
    );
    refuses(VERSION_TABLE, &["--durable", folder.path(), "--only", "flat"], "cannot be used with");
    refuses(VERSION_TABLE, &["--buffered"], "--durable <DIR>");
    has(&inspected(&folder).1, &["table \"bank/1\", format 1", "from 1 log"]);
    fs::write(folder.file("log"), "something else").expect("it can be written");
    refuses(VERSION_TABLE, &arguments, "this is no file of a version table");
    let (status, said) = inspected(&folder);
    assert_eq!(status, Some(1), "{said}");
    has(&said, &["opening fails", "this is no file of a version table"]);
}

/// A table with some commits, each of which its log says was on the disk but the last.
fn table_in(folder: &NewFolder) {
    use cowmap_examples::table::{Durability, VersionTable, store::Options};

    let options = Options::new().named("rows/1").durability(Durability::Sync);
    let table: VersionTable<u64, u64> = options.open(&folder.0).expect("the folder is empty");
    for key in 0..6 {
        if key == 3 {
            table.checkpoint().expect("the disk does not fail");
        }
        let mut transaction = table.begin();
        transaction.put(key, key);
        transaction.commit().expect("nobody else writes");
    }
}

/// Changes the bytes of a file.
fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("it is there");
    change(&mut bytes);
    fs::write(path, bytes).expect("it can be written");
}

#[test]
fn inspect_says_what_is_sound_torn_or_damaged() {
    let folder = NewFolder::new("inspected");
    let (status, said) = inspected(&folder);
    assert_eq!(status, Some(0), "{said}");
    has(&said, &["a new table, without rows"]);

    table_in(&folder);
    let (status, said) = inspected(&folder);
    assert_eq!(status, Some(0), "{said}");
    let words = ["3 rows in 2 frames", "3 commits (4 to 6)", "the table after commit 6"];
    has(&said, &words);

    let log = folder.file("log");
    change(&log, |bytes| bytes.truncate(bytes.len() - 1));
    let (status, said) = inspected(&folder);
    assert_eq!(status, Some(0), "{said}");
    has(
        &said,
        &["ends within a frame", "a tear. An opening cuts 34 B", "the table after commit 5"],
    );
    assert_eq!(inspected(&folder), (status, said), "nothing was changed");

    // The first frame of the log, which the next one says was on the disk.
    change(&log, |bytes| {
        let third = bytes.len() - 34 - 2 * 35;
        bytes[third] ^= 1;
    });
    let (status, said) = inspected(&folder);
    assert_eq!(status, Some(1), "{said}");
    has(&said, &["this is damage, and an opening is refused", "opening fails", "wrong: "]);

    fs::remove_file(&log).expect("it is there");
    let (status, said) = inspected(&folder);
    assert_eq!(status, Some(1), "{said}");
    has(&said, &["commits after 3 are missing: there is no file log-00000000000000000003"]);

    fs::write(folder.0.join("full-00000000000000000009.new"), "").expect("it can be written");
    fs::write(folder.0.join("notes"), "").expect("it can be written");
    has(&inspected(&folder).1, &["was never finished", "none of the table's"]);
}

/// It runs beside a process that has the table open, and says so.
#[test]
fn inspect_runs_beside_a_process_that_writes() {
    let folder = NewFolder::new("in-use");
    let arguments =
        ["--durable", folder.path(), "--seconds", "60", "--accounts", "2000", "--buffered"];
    let mut command = Command::new(VERSION_TABLE);
    let mut child = command.args(arguments).stdout(Stdio::null()).spawn().expect("it is there");
    // Looking for a lock takes it for a moment: not while the table is opened.
    let is_open = || fs::read_dir(&folder.0).expect("it is there").count() > 1;
    for _ in 0..600 {
        if is_open() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let mut seen = 0;
    for _ in 0..600 {
        let (status, said) = inspected(&folder);
        assert_eq!(status, Some(0), "{said}");
        seen +=
            u32::from(said.contains("The table is open at this moment") && said.contains("bank/1"));
        if seen == 20 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    child.kill().expect("it runs");
    child.wait().expect("it was killed");
    assert_eq!(seen, 20);
    let (status, said) = inspected(&folder);
    assert!(status == Some(0) && !said.contains("is open"), "{said}");
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

/// The table that is left can be inspected.
#[test]
fn checkpoint_loses_nothing() {
    let folder = NewFolder::new("checkpoint");
    let words = ["killed", "every acknowledged commit was there"];
    says(CHECKPOINT, &["--seconds", "2", "--dir", folder.path()], &words);
    let (status, said) = inspected(&folder);
    assert_eq!(status, Some(0), "{said}");
    has(&said, &["table \"crashes/1\"", "opening gives the table after commit"]);
}

/// A run whose files are damaged says so, ends with status 1, and leaves them.
#[test]
fn checkpoint_finds_damage() {
    let folder = NewFolder::new("damaged");
    let mut command = Command::new(CHECKPOINT);
    command.args(["--seconds", "60", "--dir", folder.path(), "--durability", "sync"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut child = child.expect("the program is there");
    while child.try_wait().expect("it is ours").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(100));
        for entry in fs::read_dir(&folder.0).expect("it is there") {
            let path = entry.expect("it can be read").path();
            // It may be gone, or get another name.
            if let Ok(mut file) = fs::OpenOptions::new().write(true).open(path) {
                use std::io::Write;
                file.write_all(b"C").expect("it can be written");
            }
        }
    }
    let output = child.wait_with_output().expect("it has ended");
    let complained = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{complained}");
    has(&complained, &["wrong: ", "this is no file of a version table", "the files are in "]);
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
    for program in [VERSION_TABLE, TIME_TRAVEL, TXN_REGISTRY, REPLICATE, CHECKPOINT, SOAK] {
        refuses(program, &["--seconds", "0"], "0 is not in 1..=");
        refuses(program, &["--second", "1"], "unexpected argument");
        says(program, &["--help"], &["--seconds", "Usage"]);
    }
    refuses(VERSION_TABLE, &["--accounts", "1"], "1 is not in 2..=");
    refuses(VERSION_TABLE, &["--only", "btree"], "paged, flat, rwlock");
    refuses(TIME_TRAVEL, &["--keep", "400"], "there are not so many days to keep");
    refuses(REPLICATE, &["--follow", "here"], "invalid socket address");
    refuses(CHECKPOINT, &["--durability", "never"], "sync, buffered, both");
    refuses(CHECKPOINT, &["--dir", env!("CARGO_MANIFEST_DIR")], "choose an empty one");
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
    // It connects twice. Both get a frame that claims to have four gigabytes, but not before both
    // are there, because it ends at the first.
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
    let programs = [VERSION_TABLE, TIME_TRAVEL, TXN_REGISTRY, REPLICATE, CHECKPOINT, SOAK];
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
