//! How much tests do, in one place: less where each step is slow, under Miri, or with
//! `COWMAP_TEST_REDUCED` set, as under a sanitizer or valgrind.

/// `full`, or `reduced` where steps are slow.
pub fn scaled<T>(full: T, reduced: T) -> T {
    if cfg!(miri) || std::env::var_os("COWMAP_TEST_REDUCED").is_some() { reduced } else { full }
}
