//! What to do where a policy's own rule doesn't hold. A question has its own remedy.

use crate::assess::catalogue::{Lines, Remedy};

/// Something else was built, or elsewhere.
pub(super) static EXPECTATION: Remedy = Remedy {
    id: "build-where-the-policy-expects",
    text: "Take an artefact that was built where the policy expects it, or have the policy's owner review what it expects.",
    lines: &[],
};

/// It says what is expected, and nobody but the job vouches for it.
pub(super) static VOUCHED: Remedy = Remedy {
    id: "have-the-platform-vouch",
    text: "Let the platform say it too: give the job a token, and let it ask the platform's API; with your own issuer, name it with --issuer.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "permissions:\n  contents: read\n  actions: read\n  attestations: read\n  id-token: write",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "id_tokens:\n  PROOFMARK_ID_TOKEN:\n    aud: proofmark",
        },
    ],
};

/// Too old, or from the future.
pub(super) static AGE: Remedy = Remedy {
    id: "build-anew",
    text: "Build it anew, or take a newer release; see that the clock here and that of the build machine are right.",
    lines: &[],
};

/// A gap that isn't allowed.
pub(super) static GAP: Remedy = Remedy {
    id: "close-the-gap",
    text: "Close the gap, where the evidence says what would; one that can't be closed is allowed by its part, in the policy.",
    lines: &[Lines {
        place: "policy",
        language: "toml",
        text: "[gaps]\nallow = [\"environment.container\"]",
    }],
};
