//! What to do, where several questions have one remedy.

use super::{Lines, Remedy};

/// Bracket the build.
pub(super) const RUN: Lines =
    Lines { place: "command", language: "sh", text: "proofmark run -a 'dist/*' -- make" };
/// Compare with the build before.
pub(super) const COMPARE: Lines = Lines {
    place: "command",
    language: "sh",
    text: "proofmark run --baseline auto -a 'dist/*' -- make",
};
/// Check out the whole history.
pub(super) const WHOLE_HISTORY_GITHUB: Lines = Lines {
    place: "GitHub Actions",
    language: "yaml",
    text: "- uses: actions/checkout@COMMIT\n  with:\n    fetch-depth: 0",
};
/// Check out the whole history.
pub(super) const WHOLE_HISTORY_GITLAB: Lines =
    Lines { place: "GitLab CI", language: "yaml", text: "variables:\n  GIT_DEPTH: 0" };

/// Give the job a token of the platform's.
pub(super) static TOKEN: Remedy = Remedy {
    id: "give-the-job-a-token",
    text: "Let the platform give the job a token that says who runs it; with --embed-token customers can check it themselves.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "permissions:\n  contents: read\n  id-token: write",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "default:\n  id_tokens:\n    PROOFMARK_ID_TOKEN:\n      aud: \"proofmark:$CI_PROJECT_ID:$CI_PIPELINE_ID\"",
        },
    ],
};

/// Sign in a job of its own.
pub(super) static SEPARATE_JOB: Remedy = Remedy {
    id: "sign-in-a-job-of-its-own",
    text: "Capture without a key in the job that builds, and sign in another that runs no code of the project.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --sign never -a 'dist/*' -- make\nproofmark sign proofmark.unsigned.jsonl --artefacts dist",
    }],
};

/// Compare with the build before.
pub(super) static BASELINE: Remedy = Remedy {
    id: "compare-with-the-build-before",
    text: "Compare each build with the one before it, on a checkout with its whole history.",
    lines: &[COMPARE, WHOLE_HISTORY_GITHUB, WHOLE_HISTORY_GITLAB],
};

/// Approve the environment in a reviewed file.
pub(super) static LOCK: Remedy = Remedy {
    id: "approve-the-environment",
    text: "Write the approved build environment into proofmark.lock, and have it reviewed like any lockfile.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark lock --from proofmark.sigstore.jsonl",
    }],
};

/// Pin what the pipeline names from elsewhere.
pub(super) static PIN: Remedy = Remedy {
    id: "pin-references",
    text: "Pin every action, image and include by commit or digest.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "- uses: OWNER/ACTION@0123456789abcdef0123456789abcdef01234567 # v1.2.3",
        },
        Lines { place: "GitLab CI", language: "yaml", text: "image: NAME@sha256:DIGEST" },
    ],
};

/// Nothing in the user's hands yet.
pub(super) static LATER: Remedy = Remedy {
    id: "wait-for-a-later-version",
    text: "Nothing in your hands: this version of proofmark neither makes nor reads such evidence.",
    lines: &[],
};

/// Bracket the build.
pub(super) static BRACKET: Remedy = Remedy {
    id: "bracket-the-build",
    text: "Run the build under proofmark, in a pipeline, so that its evidence is whole.",
    lines: &[RUN],
};

/// Attach what the vendor decided.
pub(super) static ATTACH_POLICY: Remedy = Remedy {
    id: "attach-the-policy",
    text: "Attach the policy, the decision or the notes that show it, with their date; people read them.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --attach policy=policies.pdf --attach-date policy=YYYY-MM-DD \\\n  --attach-scope policy='access, roles, retention, releases' -a 'dist/*' -- make",
    }],
};

/// Have the platform guard the branch, and let the job see it.
pub(super) static PROTECT_BRANCH: Remedy = Remedy {
    id: "protect-the-branch",
    text: "Let the platform demand reviews and forbid forced pushes and deletion on the branch, and let the job ask about it. On GitLab protect the branch in the settings, and attach a document that shows its rules.",
    lines: &[
        Lines {
            place: "command (GitHub)",
            language: "sh",
            text: "gh api --method POST 'repos/{owner}/{repo}/rulesets' --input - <<'EOF'\n{\"name\": \"Reviewed, not forced\", \"target\": \"branch\", \"enforcement\": \"active\",\n \"conditions\": {\"ref_name\": {\"include\": [\"~DEFAULT_BRANCH\"], \"exclude\": []}},\n \"rules\": [{\"type\": \"deletion\"}, {\"type\": \"non_fast_forward\"},\n  {\"type\": \"pull_request\", \"parameters\": {\"required_approving_review_count\": 1,\n   \"dismiss_stale_reviews_on_push\": true, \"require_code_owner_review\": false,\n   \"require_last_push_approval\": true, \"required_review_thread_resolution\": false}}]}\nEOF",
        },
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "permissions:\n  contents: read\n  actions: read\nenv:\n  GITHUB_TOKEN: ${{ github.token }}",
        },
        Lines {
            place: "GitLab, once by a maintainer",
            language: "sh",
            text: "glab api --method POST 'projects/:id/protected_branches?name=main&push_access_level=0&merge_access_level=40'",
        },
        Lines {
            place: "command (GitLab)",
            language: "sh",
            text: "proofmark run --attach policy=rules.pdf --attach-date policy=YYYY-MM-DD -a 'dist/*' -- make",
        },
    ],
};
