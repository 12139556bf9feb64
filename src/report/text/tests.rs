//! Reports under attack, at every width.

use unicode_width::UnicodeWidthStr as _;

use super::super::sample;
use super::{Style, text};

const WIDTHS: [usize; 4] = [40, 60, 80, 120];

fn plain(report: &crate::report::ReportV1, width: usize) -> String {
    text(report, Style { width, colour: false })
}

#[test]
fn lines_fit_the_terminal_but_for_what_is_to_be_copied() {
    for report in [sample::first_day(), sample::hundredth_day()] {
        for width in WIDTHS {
            for line in plain(&report, width).lines() {
                let words = line.split_whitespace().map(str::width).max().unwrap_or_default();
                let is_copied = report
                    .builds
                    .iter()
                    .flat_map(|one| &one.remedies)
                    .flat_map(|one| &one.lines)
                    .any(|one| one.text.contains(line.trim()))
                    || report.builds.iter().any(|one| one.check.as_deref() == Some(line.trim()));
                assert!(
                    line.width() <= width || is_copied || words + 9 > width.saturating_sub(9),
                    "{width}: {line}"
                );
                assert_eq!(line, line.trim_end());
            }
        }
    }
}

#[test]
fn what_others_chose_is_text() {
    for width in WIDTHS {
        let shown = plain(&sample::hostile(), width);
        for line in shown.lines() {
            assert!(!line.trim_start().starts_with("::") && !line.contains("##["), "{line}");
            assert!(!line.chars().any(crate::base::text::is_unprintable), "{line}");
            assert!(line.width() <= 2100, "{line}");
        }
        assert!(shown.len() < 4 << 20, "{}", shown.len());
    }
}

#[test]
fn colours_are_shown_to_those_alone_who_asked_and_say_nothing_by_themselves() {
    let report = sample::hundredth_day();
    let coloured = text(&report, Style { width: 80, colour: true });
    let mut bare = coloured.clone();
    for code in ["1", "1;31", "32", "33", "0"] {
        bare = bare.replace(&format!("\u{1b}[{code}m"), "");
    }
    assert_ne!(bare, coloured);
    assert_eq!(bare, plain(&report, 80));
}

#[test]
fn what_was_not_verified_says_so_first_and_last() {
    for width in WIDTHS {
        let shown = plain(&sample::hostile(), width);
        let lines: Vec<_> = shown.lines().collect();
        assert!(lines[1].starts_with("UNVERIFIED"), "{}", lines[1]);
        let last = lines.iter().rposition(|line| line.starts_with("UNVERIFIED")).unwrap();
        assert!(last + 8 > lines.len());
        assert!(!plain(&sample::hundredth_day(), width).contains("UNVERIFIED"));
    }
}

#[test]
fn however_much_there_is_what_this_does_not_show_stays() {
    let shown = plain(&sample::huge(100_000), 80);
    assert!(shown.contains("WHAT THIS DOES NOT SHOW") && shown.len() < 1 << 20);
    assert!(shown.contains("more: see --format json"));
    assert!(shown.ends_with("!\n"));
}
