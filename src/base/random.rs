//! Randomness from the operating system.

/// The operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct RandomError(#[from] getrandom::Error);

/// `N` random bytes.
///
/// # Errors
/// Where the operating system has none to give; there is no weaker second source.
pub fn bytes<const N: usize>() -> Result<[u8; N], RandomError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

/// 128 random bits in lower-case hexadecimal.
///
/// # Errors
/// As [`bytes`].
pub fn id128() -> Result<String, RandomError> {
    Ok(hex::encode(bytes::<16>()?))
}
