//! Files of others in JSON, TOML and YAML, as one kind of tree.

pub(in crate::capture) mod lines;
pub(in crate::capture) mod model;
pub(in crate::capture) mod node;
pub(in crate::capture) mod yaml;

/// Why a file was not parsed. None of the words repeat what stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::capture) enum Bad {
    #[error("isn't {language} (line {line})")]
    Syntax { language: &'static str, line: usize },
    #[error("{0} isn't what it should be")]
    Shape(&'static str),
    #[error("a key stands twice in one table")]
    Twice,
    #[error("has aliases, which no tool writes")]
    Alias,
    #[error("has an alias that stands in what it names")]
    Loop,
    #[error("is nested too deeply")]
    TooDeep,
    #[error("has too many values")]
    TooMuch,
}
