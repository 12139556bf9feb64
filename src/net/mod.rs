//! The one HTTP client: caps, time limits, redirect rule, tokens bound to an origin.
