//! Settings that variables give to every git: `GIT_CONFIG_COUNT` with its pairs, and
//! `GIT_CONFIG_PARAMETERS`, by which git hands the settings of `git -c` on.

use std::iter::Peekable;
use std::str::Chars;

use crate::capture::environment::Variables;

/// Most pairs that are read.
const PAIRS_MAX: u32 = 10_000;

/// Gives name and value of each setting; says what could not be read.
pub(super) fn read(
    variables: &Variables,
    each: &mut dyn FnMut(&str, &str),
) -> Result<(), &'static str> {
    let pairs = counted(variables, each);
    match variables.text("GIT_CONFIG_PARAMETERS").map(parameters) {
        None => pairs,
        Some(Ok(settings)) => {
            settings.iter().for_each(|(name, value)| each(&normal(name), value));
            pairs
        }
        Some(Err(())) => Err("GIT_CONFIG_PARAMETERS isn't as git writes it"),
    }
}

fn counted(variables: &Variables, each: &mut dyn FnMut(&str, &str)) -> Result<(), &'static str> {
    let Some(count) = variables.text("GIT_CONFIG_COUNT") else { return Ok(()) };
    let count: u32 = count.parse().or(Err("GIT_CONFIG_COUNT is no number"))?;
    for n in 0..count.min(PAIRS_MAX) {
        let text = |what| {
            let value = variables.raw(&format!("GIT_CONFIG_{what}_{n}"));
            value.map(|value| value.to_string_lossy().into_owned())
        };
        // A value that is empty is one; a name is not, and git stops there.
        let name = text("KEY").ok_or("GIT_CONFIG_COUNT counts more pairs than there are")?;
        each(&normal(&name), &text("VALUE").unwrap_or_default());
    }
    if count > PAIRS_MAX { Err("GIT_CONFIG_COUNT counts more than 10000 pairs") } else { Ok(()) }
}

/// Section and last part in lower case, as libgit2 gives them.
fn normal(name: &str) -> String {
    match (name.find('.'), name.rfind('.')) {
        (Some(first), Some(last)) => {
            let (section, rest) = name.split_at(first);
            let (subsection, end) = rest.split_at(last - first);
            format!("{}{subsection}{}", section.to_ascii_lowercase(), end.to_ascii_lowercase())
        }
        _ => name.to_ascii_lowercase(),
    }
}

/// `'name=value' ..` of older versions, `'name'='value' ..` of newer ones, where `'name'=` has no value.
fn parameters(text: &str) -> Result<Vec<(String, String)>, ()> {
    let mut settings = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(char::is_ascii_whitespace).is_some() {}
        if chars.peek().is_none() {
            return Ok(settings);
        }
        let word = quoted(&mut chars)?;
        if chars.next_if_eq(&'=').is_some() {
            let has_value = chars.peek() == Some(&'\'');
            let value = if has_value { quoted(&mut chars)? } else { "true".to_owned() };
            settings.push((word, value));
        } else {
            let (name, value) = word.split_once('=').unwrap_or((&word, "true"));
            settings.push((name.to_owned(), value.to_owned()));
        }
    }
}

/// One word in single quotes; outside of them stand only `\'` and `\!`.
fn quoted(chars: &mut Peekable<Chars<'_>>) -> Result<String, ()> {
    let mut word = String::new();
    chars.next_if_eq(&'\'').ok_or(())?;
    loop {
        match chars.next().ok_or(())? {
            '\'' if chars.next_if_eq(&'\\').is_some() => {
                word.push(chars.next_if(|c| matches!(c, '\'' | '!')).ok_or(())?);
                chars.next_if_eq(&'\'').ok_or(())?;
            }
            '\'' => return Ok(word),
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> (Vec<String>, Result<(), &'static str>) {
        let mut found = Vec::new();
        let variables = Variables::new(pairs.iter().copied());
        let read = read(&variables, &mut |name, value| found.push(format!("{name}={value}")));
        (found, read)
    }

    #[test]
    fn counted_pairs_are_read() {
        let (found, read) = given(&[
            ("GIT_CONFIG_COUNT", "2"),
            ("GIT_CONFIG_KEY_0", "URL.https://Host/A.insteadOf"),
            ("GIT_CONFIG_VALUE_0", "x"),
            ("GIT_CONFIG_KEY_1", "core.hooksPath"),
            ("GIT_CONFIG_VALUE_1", ""),
            ("GIT_CONFIG_KEY_2", "not.counted"),
        ]);
        assert_eq!(found, ["url.https://Host/A.insteadof=x", "core.hookspath="]);
        assert_eq!(read, Ok(()));
    }

    #[test]
    fn both_forms_of_parameters_are_read() {
        let (found, read) = given(&[(
            "GIT_CONFIG_PARAMETERS",
            r"'core.sshCommand=ssh -x' 'a.B'='it'\''s'  'http.sslVerify=false' 'c.d'= 'e.f' 'g.h'='a'\!'b'",
        )]);
        let expected = [
            "core.sshcommand=ssh -x",
            "a.b=it's",
            "http.sslverify=false",
            "c.d=true",
            "e.f=true",
            "g.h=a!b",
        ];
        assert_eq!((&found[..], read), (&expected.map(str::to_owned)[..], Ok(())));
    }

    #[test]
    fn what_is_malformed_is_said_and_ends() {
        for text in ["x", "'", "'a", "'a'\\", "'a'\\x'b'", "'a'='", "'a'x", "\""] {
            assert!(given(&[("GIT_CONFIG_PARAMETERS", text)]).1.is_err(), "{text}");
        }
        for count in ["-1", "x", "1", "4294967295", "99999999999"] {
            assert!(given(&[("GIT_CONFIG_COUNT", count)]).1.is_err(), "{count}");
        }
        let names: Vec<_> =
            (0..=PAIRS_MAX).map(|n| (format!("GIT_CONFIG_KEY_{n}"), "a.b")).collect();
        let mut pairs: Vec<_> = names.iter().map(|(name, value)| (name.as_str(), *value)).collect();
        pairs.push(("GIT_CONFIG_COUNT", "10001"));
        let (found, read) = given(&pairs);
        assert_eq!((found.len(), read.is_err()), (PAIRS_MAX as usize, true));
    }
}
