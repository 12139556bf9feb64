//! What an attacker, and what a build without measure, would have reported.

use super::{finding, first_day, hundredth_day, text};
use crate::report::model::*;

/// What an attacker would write wherever they can.
const ATTACK: &str = "\u{1b}[2J\u{202e}::error::x ##[command]y\n::warning::z | `a` ``b`` ```\n<img src=x onerror=alert(1)><!-- --> [l](javascript:x) ![i](https://evil.example/p.png) https://evil.example www.evil.example a@evil.example @all @octo-org/admins #123 octo/a#5 GH-12 !45 :smile: $x$ ~~s~~ **b** __b__ </details></table> &lt;b&gt; \\| %1 ^1 [[x]] {{7*7}} =cmd|' /C calc'!A0 \u{200b}\u{feff}\u{0}";

/// A report with an attack in every text.
pub(crate) fn hostile() -> ReportV1 {
    fn poison(value: &mut serde_json::Value, long: &str) {
        match value {
            serde_json::Value::String(one) => {
                let is_ours = one.len() == 64 && one.bytes().all(|byte| byte.is_ascii_hexdigit());
                let is_time = one.ends_with('Z') && one.parse::<jiff::Timestamp>().is_ok();
                if !is_ours && !is_time {
                    *one = long.to_owned();
                }
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(|one| poison(one, long)),
            serde_json::Value::Object(members) => {
                members.values_mut().for_each(|one| poison(one, long))
            }
            _ => {}
        }
    }
    let mut good = hundredth_day();
    good.repositories = vec![RepositoryV1 {
        repository: text("x"),
        standings: vec![ValueV1 { name: text("2.1"), value: text("contradicted") }],
        failed: 3,
        lanes: 2,
        builds: 7,
        first_remedy: Some(text("x")),
    }];
    let statuses: Vec<_> = good
        .builds
        .iter()
        .flat_map(|build| &build.provisions)
        .flat_map(|one| &one.findings)
        .map(|one| one.status.clone())
        .collect();
    let mut value = serde_json::to_value(&good).unwrap();
    poison(&mut value, &ATTACK.repeat(10_000 / ATTACK.len() + 1));
    let mut bad: ReportV1 = serde_json::from_value(value).unwrap();
    let findings = bad
        .builds
        .iter_mut()
        .flat_map(|build| &mut build.provisions)
        .flat_map(|one| &mut one.findings);
    findings.zip(statuses).for_each(|(one, status)| one.status = status);
    bad.verified = false;
    bad
}

/// A report with as many findings as nobody has.
pub(crate) fn huge(findings: usize) -> ReportV1 {
    let mut report = first_day();
    let one = finding((
        "references-are-pinned",
        "References are pinned",
        "fail",
        Some("self-asserted"),
        "expected every action, image and include to be pinned, found one that can move",
        "pin-references",
    ));
    for (index, provision) in report.builds[0].provisions.iter_mut().enumerate() {
        if index < 2 {
            provision.findings = (0..findings / 2)
                .map(|number| {
                    let place = PlaceV1 {
                        path: text("a.yml"),
                        line: Some(number as u64 + 1),
                        what: text("x"),
                    };
                    FindingV1 { places: vec![place], ..one.clone() }
                })
                .collect();
        }
    }
    report.verified = false;
    report
}
