//! What describing does where the environment asks for it, so that one library
//! file shows several moods without a change of its content.

/// Looks at `MISBEHAVING_DESCRIBE`: `aborts`, `exits`, `hangs`, or `lies`, for
/// which it returns true.
pub(crate) fn lies() -> bool {
    match std::env::var("MISBEHAVING_DESCRIBE").as_deref() {
        Ok("aborts") => std::process::abort(),
        Ok("exits") => std::process::exit(3),
        Ok("hangs") => loop {
            std::hint::spin_loop();
        },
        Ok("lies") => true,
        _ => false,
    }
}
