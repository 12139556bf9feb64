//! What the checker expects of the accepted statements.

use crate::base::text::Printable;
use crate::base::time::{Span, Time, span};
use crate::format::claims::Claims;
use crate::format::repository::same_repository;

/// A statement from further ahead than this is refused: clocks differ, but not by more.
const FUTURE_MAX: i64 = 300;

/// Everything that was asked for. Unset is not asked; each that is set can refuse on its own.
#[derive(Debug, Clone, Default)]
pub struct Expectations {
    /// The source repository, compared as [`same_repository`] does.
    pub source: Option<String>,
    /// The full commit id.
    pub commit: Option<String>,
    /// The full ref.
    pub ref_name: Option<String>,
    /// `builder.id`, exactly.
    pub builder: Option<String>,
    /// The largest age.
    pub max_age: Option<Span>,
}

/// One expectation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expectation {
    /// `--source`
    Source,
    /// `--commit`
    Commit,
    /// `--ref`
    Ref,
    /// `--builder`
    Builder,
    /// `--max-age`
    MaxAge,
}

impl Expectation {
    /// The word for it in text and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Source => "repository",
            Self::Commit => "commit",
            Self::Ref => "ref",
            Self::Builder => "builder",
            Self::MaxAge => "age",
        }
    }
}

/// An expectation that doesn't hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    /// Which one.
    pub expectation: Expectation,
    /// What was asked for.
    pub expected: String,
    /// What the statement says; `None` where no accepted statement has the field.
    pub found: Option<String>,
}

impl Expectations {
    /// Those that were asked for.
    #[must_use]
    pub fn asked(&self) -> Vec<Expectation> {
        [
            (Expectation::Source, self.source.is_some()),
            (Expectation::Commit, self.commit.is_some()),
            (Expectation::Ref, self.ref_name.is_some()),
            (Expectation::Builder, self.builder.is_some()),
            (Expectation::MaxAge, self.max_age.is_some()),
        ]
        .into_iter()
        .filter_map(|(expectation, asked)| asked.then_some(expectation))
        .collect()
    }

    /// Each expectation must hold in every accepted statement that has the field, and in at least one.
    ///
    /// # Errors
    /// The first that doesn't.
    pub(super) fn check(&self, accepted: &[&Claims], now: Time) -> Result<(), Unmet> {
        for expectation in self.asked() {
            let mut seen = false;
            for claims in accepted {
                let Some((expected, found, holds)) = self.compare(expectation, claims, now) else {
                    continue;
                };
                seen = true;
                if !holds {
                    return Err(Unmet { expectation, expected, found: Some(found) });
                }
            }
            if !seen {
                let expected = self.wish(expectation);
                return Err(Unmet { expectation, expected, found: None });
            }
        }
        Ok(())
    }

    fn wish(&self, expectation: Expectation) -> String {
        let text = match expectation {
            Expectation::Source => self.source.as_deref(),
            Expectation::Commit => self.commit.as_deref(),
            Expectation::Ref => self.ref_name.as_deref(),
            Expectation::Builder => self.builder.as_deref(),
            Expectation::MaxAge => return self.max_age.map(at_most).unwrap_or_default(),
        };
        text.unwrap_or_default().to_owned()
    }

    /// Expected, found, and whether they agree; `None` where the statement doesn't have the field.
    fn compare(
        &self,
        expectation: Expectation,
        claims: &Claims,
        now: Time,
    ) -> Option<(String, String, bool)> {
        let wish = self.wish(expectation);
        if expectation == Expectation::MaxAge {
            let max = self.max_age?;
            let finished = claims.finished?;
            let age = now.seconds_since(finished);
            let holds = age <= max.seconds() && age >= -FUTURE_MAX;
            let found = if age < 0 {
                format!("{} in the future ({finished})", span(-age))
            } else {
                format!("{} ({finished})", span(age))
            };
            return Some((wish, found, holds));
        }
        let (found, holds) = match expectation {
            Expectation::Source => {
                let found = claims.source.as_ref()?;
                (found, same_repository(&wish, found))
            }
            Expectation::Commit => {
                let found = claims.commit.as_ref()?;
                (found, wish.eq_ignore_ascii_case(found))
            }
            Expectation::Ref => claims.ref_name.as_ref().map(|found| (found, wish == *found))?,
            Expectation::Builder => claims.builder.as_ref().map(|found| (found, wish == *found))?,
            Expectation::MaxAge => return None,
        };
        Some((wish, Printable(found).to_string(), holds))
    }
}

fn at_most(max: Span) -> String {
    format!("at most {max}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expectation_that_no_statement_answers_is_unmet() {
        let expectations = Expectations { commit: Some("ab".into()), ..Expectations::default() };
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let silent = Claims::default();
        let unmet = expectations.check(&[&silent], now).unwrap_err();
        assert_eq!((unmet.expectation, unmet.found), (Expectation::Commit, None));
        let right = Claims { commit: Some("ab".into()), ..Claims::default() };
        assert_eq!(expectations.check(&[&silent, &right], now), Ok(()));
        let wrong = Claims { commit: Some("abc".into()), ..Claims::default() };
        assert!(expectations.check(&[&right, &wrong], now).is_err());
    }

    #[test]
    fn age_is_refused_when_too_old_and_when_from_the_future() {
        let expectations = Expectations { max_age: "1d".parse().ok(), ..Expectations::default() };
        let check = |finished: &str| {
            let claims = Claims { finished: finished.parse().ok(), ..Claims::default() };
            expectations.check(&[&claims], "2026-01-10T00:00:00Z".parse().unwrap())
        };
        assert!(check("2026-01-09T00:00:00Z").is_ok());
        assert!(check("2026-01-08T23:59:59Z").is_err());
        assert!(check("2026-01-10T00:05:00Z").is_ok());
        assert!(check("2026-01-10T00:05:01Z").is_err());
    }
}
