//! Time: the one place where the clock is read, RFC 3339 in and out.

use std::fmt;
use std::str::FromStr;

/// Why a text is no time or no span.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum TimeError {
    /// Not RFC 3339 with an offset.
    #[error("expected an RFC 3339 time such as 2026-01-31T12:00:00Z")]
    NotRfc3339,
    /// Not `YYYY-MM-DD`.
    #[error("expected a day such as 2026-01-31")]
    NotADay,
    /// Not `<number><s|m|h|d|w>`.
    #[error("expected a whole number and a unit, such as 30d, 12h, 45m")]
    NotASpan,
}

/// A moment in UTC, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(jiff::Timestamp);

impl Time {
    /// Reads the clock. Trust logic takes its result as an argument and never calls this.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one door to the clock")]
    pub fn now() -> Self {
        let now = jiff::Timestamp::now();
        Self(jiff::Timestamp::from_second(now.as_second()).unwrap_or(now))
    }

    /// So many seconds after 1970; what lies before the year 0 or after 9999 becomes that end. For times that
    /// others wrote down.
    #[must_use]
    pub fn saturating(seconds: i64) -> Self {
        // Years that RFC 3339 can't write would not be read again.
        const YEAR_0: i64 = -62_167_219_200;
        let latest = jiff::Timestamp::MAX.as_second();
        let seconds = seconds.clamp(YEAR_0, latest);
        Self(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
    }

    /// Seconds from `earlier` to `self`; negative where `self` comes first.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.as_second().saturating_sub(earlier.0.as_second())
    }

    /// The day that it falls on, in UTC.
    #[must_use]
    pub fn day(self) -> Day {
        Day(jiff::tz::Offset::UTC.to_datetime(self.0).date())
    }
}

/// A day of the calendar, written `2026-01-31`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(jiff::civil::Date);

/// `2026-01-31`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl FromStr for Day {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        // The parser takes other forms too, and days with a time after them.
        let form = |(at, byte): (usize, u8)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        if text.len() != 10 || !text.bytes().enumerate().all(form) {
            return Err(TimeError::NotADay);
        }
        text.parse().map(Self).or(Err(TimeError::NotADay))
    }
}

/// The clock in nanoseconds since 1970, to be compared with the times of files; see [`Time::now`].
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one door to the clock")]
pub fn nanoseconds() -> i64 {
    i64::try_from(jiff::Timestamp::now().as_nanosecond()).unwrap_or(i64::MAX)
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        // The length is checked first: the parser also takes forms that RFC 3339 doesn't know.
        if text.len() < 20 || text.len() > 40 || !text.is_ascii() {
            return Err(TimeError::NotRfc3339);
        }
        text.parse().map(Self).or(Err(TimeError::NotRfc3339))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl serde::Serialize for Time {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Time {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Time {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Time".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "format": "date-time" })
    }
}

/// A span of time in seconds, written `30d`, `12h`, `45m`, `90s` or `2w`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    /// Seconds.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }
}

impl FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match text.strip_prefix(digits) {
            Some("s") => 1,
            Some("m") => 60,
            Some("h") => 3600,
            Some("d") => 86_400,
            Some("w") => 604_800,
            _ => return Err(TimeError::NotASpan),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(TimeError::NotASpan);
        }
        let number: i64 = digits.parse().or(Err(TimeError::NotASpan))?;
        number.checked_mul(factor).map(Self).ok_or(TimeError::NotASpan)
    }
}

/// The largest unit that fits, rounded down: `3 days`, `5 hours`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, unit) = match self.0 {
            s if s >= 172_800 => (s / 86_400, "days"),
            s if s >= 7200 => (s / 3600, "hours"),
            s if s >= 120 => (s / 60, "minutes"),
            s => (s, "seconds"),
        };
        write!(f, "{number} {unit}")
    }
}

/// A [`Span`] of so many seconds.
#[must_use]
pub const fn span(seconds: i64) -> Span {
    Span(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_it_was_read() {
        let time: Time = "2026-01-31T12:00:00Z".parse().unwrap();
        assert_eq!(time.to_string(), "2026-01-31T12:00:00Z");
        assert_eq!("2026-01-31T13:00:00+01:00".parse::<Time>().unwrap(), time);
        for bad in ["", "2026-01-31", "2026-01-31T12:00:00", "yesterday", "2026-13-31T12:00:00Z"] {
            assert_eq!(bad.parse::<Time>(), Err(TimeError::NotRfc3339), "{bad:?}");
        }
    }

    #[test]
    fn a_day_is_written_in_one_form_and_a_time_falls_on_one_in_utc() {
        let day: Day = "2026-02-28".parse().unwrap();
        let time = |text: &str| text.parse::<Time>().unwrap().day();
        assert_eq!(time("2026-02-28T23:59:59Z"), day);
        assert_eq!(time("2026-03-01T00:30:00+01:00"), day);
        assert!(time("2026-03-01T00:00:00Z") > day);
        for bad in
            ["", "2026-2-28", "2026-02-30", "20260228", "2026-02-28T", "+026-02-28", "2026/02/28"]
        {
            assert_eq!(bad.parse::<Day>(), Err(TimeError::NotADay), "{bad:?}");
        }
    }

    #[test]
    fn absurd_seconds_become_the_ends_of_time_and_can_be_read_again() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (i64::MIN, "0000-01-01T00:00:00Z"),
            (i64::MAX, "9999-12-30T22:00:00Z"),
        ] {
            let time = Time::saturating(seconds);
            assert_eq!(time.to_string(), text);
            assert_eq!(text.parse::<Time>().unwrap(), time);
        }
    }

    #[test]
    fn spans_need_a_number_and_a_known_unit() {
        assert_eq!("30d".parse::<Span>().unwrap().seconds(), 2_592_000);
        for bad in ["", "d", "30", "-1d", "1y", "1.5h", "99999999999999999d", "+1d"] {
            assert_eq!(bad.parse::<Span>(), Err(TimeError::NotASpan), "{bad:?}");
        }
    }
}
