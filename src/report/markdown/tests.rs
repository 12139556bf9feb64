//! Pages under attack, and their sizes.

use pulldown_cmark::{Event, Options, Parser, Tag};

use super::super::sample;
use super::{Audience, markdown};
use crate::report::ReportV1;

const BOTH: [Audience; 2] = [Audience::Summary, Audience::Request];

/// The elements that the page itself is made of.
const OURS: &[&str] =
    &["<span>", "</span>", "<code>", "</code>", "<br>", "<details>", "</details>"];

fn all() -> [ReportV1; 4] {
    [sample::first_day(), sample::hundredth_day(), sample::hostile(), sample::huge(2000)]
}

/// Texts, and everything else that a parser sees which isn't of ours.
fn seen(page: &str) -> (String, Vec<String>) {
    let (mut text, mut other, mut in_code) = (String::new(), Vec::new(), false);
    for event in Parser::new_ext(page, Options::all()) {
        match event {
            Event::Text(words) if !in_code => text.push_str(&words),
            Event::Text(_) | Event::Code(_) => {}
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(pulldown_cmark::TagEnd::CodeBlock) => in_code = false,
            Event::Html(html) => {
                let html = html.trim();
                let inner = html
                    .strip_prefix("<summary>")
                    .and_then(|html| html.strip_suffix("</summary>"))
                    .map(|inner| inner.replace("<span></span>", ""));
                let is_ours = html.is_empty()
                    || OURS.contains(&html)
                    || inner.is_some_and(|inner| !inner.contains('<'));
                if !is_ours {
                    other.push(html.to_owned());
                }
            }
            Event::InlineHtml(html) if OURS.contains(&html.trim()) => text.push('\u{1}'),
            Event::SoftBreak | Event::HardBreak | Event::Rule => {}
            Event::Start(
                Tag::Paragraph
                | Tag::Heading { .. }
                | Tag::BlockQuote(_)
                | Tag::List(None)
                | Tag::Item
                | Tag::Table(_)
                | Tag::TableHead
                | Tag::TableRow
                | Tag::TableCell
                | Tag::Strong
                | Tag::HtmlBlock,
            )
            | Event::End(_) => text.push('\n'),
            what => other.push(format!("{what:?}")),
        }
    }
    (text, other)
}

#[test]
fn a_parser_sees_text_alone_in_what_others_chose() {
    for audience in BOTH {
        for report in all() {
            let page = markdown(&report, audience);
            let (text, other) = seen(&page);
            assert_eq!(other, [""; 0], "{audience:?}");
            for link in [
                "@all", "#123", "!45", "://", "www.e", ":smile", "GH-12", "octo/a#5", "a@evil",
                "[[", "::e", "%1 ^1x",
            ] {
                assert!(!text.contains(link), "{link} in {audience:?}");
            }
            assert!(!page.chars().any(|c| c != '\n' && crate::base::text::is_unprintable(c)));
            assert!(page.lines().all(|line| !line.trim_start().starts_with("::")));
            assert!(!page.contains("##["));
        }
    }
}

#[test]
fn every_row_of_a_table_has_the_columns_of_its_heading() {
    for report in all() {
        let page = markdown(&report, Audience::Summary);
        let mut columns = None;
        for line in page.lines() {
            let bars = line.matches('|').count();
            match columns {
                _ if !line.starts_with('|') => columns = None,
                None => columns = Some(bars),
                Some(columns) => assert_eq!(bars, columns, "{}", line.get(..200).unwrap_or(line)),
            }
        }
    }
}

#[test]
fn the_page_has_room_and_says_what_it_left_out() {
    for audience in BOTH {
        for mut report in [sample::hostile(), sample::huge(100_000)] {
            let build = report.builds[0].clone();
            report.builds = vec![build; 50];
            let page = markdown(&report, audience);
            assert!(page.len() < 1 << 20, "{}", page.len());
            assert_eq!(page.matches("UNVERIFIED").count(), 2);
            assert!(page.contains("What this does not show"));
            if audience == Audience::Summary {
                assert!(page.contains("Left out for want of room"));
                assert_eq!(page.matches("<details>").count(), page.matches("</details>").count());
            }
            assert_eq!(seen(&page).1, [""; 0]);
        }
    }
}

#[test]
fn a_comment_is_short() {
    for report in [sample::first_day(), sample::hundredth_day(), sample::huge(100_000)] {
        let page = markdown(&report, Audience::Request);
        assert!(page.lines().count() < 200, "{}", page.lines().count());
        assert!(page.ends_with('\n') && !page.ends_with("\n\n"));
    }
}
