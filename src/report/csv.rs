//! Rows for a spreadsheet: a claim each, else a question each.
//!
//! RFC 4180. A program that opens them takes a cell for a formula that begins with `=`, `+`, `-` or `@`, and some do
//! after spaces, in full-width letters, or after a tab or a carriage return: such a cell gets an apostrophe in front,
//! which those programs take for the mark of a text.

use super::model::ReportV1;

/// Writes the rows.
#[must_use]
pub fn csv(report: &ReportV1) -> String {
    let mut out = ::csv::WriterBuilder::new()
        .quote_style(::csv::QuoteStyle::Always)
        .terminator(::csv::Terminator::CRLF)
        .from_writer(Vec::new());
    let verified = if report.verified { "verified" } else { "UNVERIFIED" };
    // Nothing that is written to memory fails.
    let mut row = |cells: &[&str]| {
        let _ = out.write_record(cells.iter().map(|cell| harmless(cell)));
    };
    if report.claims.is_empty() {
        row(&QUESTIONS);
        for build in &report.builds {
            for provision in &build.provisions {
                for finding in &provision.findings {
                    row(&[
                        verified,
                        &build.lane,
                        build.repository.as_deref().unwrap_or_default(),
                        build.commit.as_deref().unwrap_or_default(),
                        &provision.number,
                        &provision.standing,
                        &finding.id,
                        &finding.title,
                        &finding.status,
                        finding.assurance.as_deref().unwrap_or_default(),
                        &finding.why,
                        &finding.remedy,
                    ]);
                }
            }
        }
    } else {
        let by = report.statement.as_ref().map(|officer| {
            format!("{}, {}, sha256:{}", officer.name, officer.date, officer.sha256)
        });
        row(&CLAIMS);
        for claim in &report.claims {
            let said = claim.status.is_some() || claim.argument.is_some();
            row(&[
                verified,
                &claim.lane,
                &claim.id,
                &claim.text,
                claim.status.as_deref().unwrap_or_default(),
                &claim.evidence.join(" | "),
                claim.argument.as_deref().unwrap_or_default(),
                &claim.gaps.join(" | "),
                by.as_deref().filter(|_| said).unwrap_or_default(),
            ]);
        }
    }
    out.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

const QUESTIONS: [&str; 12] = [
    "verified",
    "lane",
    "repository",
    "commit",
    "provision",
    "standing",
    "question",
    "title",
    "status",
    "assurance",
    "why",
    "remedy",
];
const CLAIMS: [&str; 9] = [
    "verified",
    "lane",
    "claim",
    "text",
    "status (the vendor's word)",
    "evidence",
    "argument (the vendor's word)",
    "gaps",
    "said by",
];

fn harmless(cell: &str) -> String {
    const FIRST: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let controls = cell.starts_with(['\t', '\r', '\n']);
    if controls || cell.trim_start().starts_with(FIRST) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_cell_is_never_a_formula() {
        for formula in
            ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =HYPERLINK(\"http://x\")", "＝1"]
        {
            assert_eq!(harmless(formula), format!("'{formula}"));
        }
        for plain in ["", "2.1-01", "a=b", "'=1"] {
            assert_eq!(harmless(plain), plain);
        }
    }
}
