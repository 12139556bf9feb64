//! The report as Markdown: for a job's summary, or for a comment on a merge request.
//!
//! Both GitHub's and GitLab's. Whatever comes from outside goes through [`escaped`], [`code`] or [`block`].

mod build;
mod page;
mod request;
mod whole;

#[cfg(test)]
mod tests;

use super::model::ReportV1;
use page::Page;

/// Where it will stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// A job's summary, which takes 1 MiB.
    Summary,
    /// A merge request's comment: what moved and what to do.
    Request,
}

/// Writes the report as Markdown, always under 1 MiB.
#[must_use]
pub fn markdown(report: &ReportV1, audience: Audience) -> String {
    let mut page = Page::default();
    whole::top(report, &mut page);
    match audience {
        Audience::Summary => summary(report, &mut page),
        Audience::Request => request::write(report, &mut page),
    }
    whole::bottom(report, audience, &mut page);
    page.finish()
}

fn summary(report: &ReportV1, page: &mut Page) {
    whole::repositories(report, page);
    whole::moved(report, page, page::ROWS_MAX);
    whole::policy(report, page, page::ROWS_MAX);
    for (index, one) in report.builds.iter().enumerate() {
        build::write(one, index, report.builds.len(), page);
    }
    whole::claims(report, page);
    whole::officer(report, page);
    whole::not_verified(report, page);
}
