//! `COMMANDS.md`: the commands that check a pack again.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::contents::Contents;
use crate::base::digest::Sha256;
use crate::format::pack::{POLICY, STATEMENT, TrustSnapshot};

/// Most artefacts that have a command of their own.
const ARTEFACTS_MAX: usize = 100;

/// Nothing in it is a text of somebody else's: names are the archive's own, digests are digits, and an issuer's
/// address that a shell would read otherwise is left out.
pub(super) fn text(
    contents: &Contents<'_>,
    artefacts: &BTreeSet<Sha256>,
    trust: &TrustSnapshot,
) -> String {
    let mut text = String::from(
        "# How to check this archive again

What stands in an archive is true because it can be checked, and not because it stands there. Get the vendor's
public keys from the vendor, and not from this archive: `trust.json` says which keys its maker trusted, to be
compared with yours.

Set these to your own copies:

```sh
PACK=proofmark-pack.tar.gz
",
    );
    let numbers = 1..=trust.keys.len();
    let mut flags = String::new();
    for number in numbers {
        let _ = writeln!(text, "KEY_{number}=vendor-{number}.pub");
        let _ = write!(flags, " --key \"$KEY_{number}\"");
    }
    if trust.threshold > 1 {
        let _ = write!(flags, " --threshold {}", trust.threshold);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || ":/._-".contains(c);
    for issuer in trust.issuers.iter().filter(|issuer| issuer.chars().all(plain)) {
        let _ = write!(flags, " --issuer {issuer}");
    }
    if trust.issuer_keys_sha256.is_some() {
        text.push_str("ISSUER_KEYS=issuer.jwks.json\n");
        flags.push_str(" --issuer-jwks \"$ISSUER_KEYS\"");
    }
    let _ = write!(
        text,
        "```

The archive, its evidence, and whether its report is what the evidence says (0: yes; 1: no; 3: it can't be told):

```sh
proofmark verify --pack \"$PACK\"{flags}
```

"
    );
    if !artefacts.is_empty() {
        text.push_str(
            "The artefacts, by their digests; a file takes the place of its digest:\n\n```sh\n",
        );
        for sha256 in artefacts.iter().take(ARTEFACTS_MAX) {
            let _ = writeln!(text, "proofmark verify --pack \"$PACK\"{flags} sha256:{sha256}");
        }
        text.push_str("```\n\n");
        if artefacts.len() > ARTEFACTS_MAX {
            let more = artefacts.len() - ARTEFACTS_MAX;
            let _ = writeln!(text, "The evidence names {more} more.\n");
        }
    }
    text.push_str(
        "The report and the chain of builds, made from the files alone:\n\n```sh\nmkdir pack && tar -xzf \"$PACK\" -C pack\n",
    );
    let _ = write!(text, "proofmark report pack/evidence{flags}");
    for (name, _) in &contents.sections {
        let _ = write!(text, " --sections pack/{name}");
    }
    for (there, flag, name) in [
        (contents.has_policy(), "--policy", POLICY),
        (contents.has_statement(), "--statement", STATEMENT),
    ] {
        if there {
            let _ = write!(text, " {flag} pack/{name}");
        }
    }
    let keys = flags.split(" --issuer").next().unwrap_or_default();
    let _ = write!(text, "\nproofmark log pack/evidence{keys}\n```\n");
    text
}
