//! What to do about who can reach the build.

use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Lines, Remedy};

/// Build on the platform's own machines.
pub(super) static HOSTED: Remedy = Remedy {
    id: "build-on-a-hosted-runner",
    text: "Build on a machine that the platform provides and throws away after the job.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "jobs:\n  build:\n    runs-on: ubuntu-24.04",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "build:\n  tags:\n    - saas-linux-small-amd64",
        },
    ],
};

/// Find the witness that is wrong.
pub(super) static WITNESSES: Remedy = Remedy {
    id: "find-the-wrong-witness",
    text: "Look at who says what in the evidence; take out a variable that somebody set by hand, or correct the label that the job asks for.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark inspect --format json proofmark.sigstore.jsonl | grep -A 20 '\"hosting\"'",
    }],
};

/// Start on a clean machine.
pub(super) static FRESH: Remedy = Remedy {
    id: "start-on-a-clean-machine",
    text: "Start each build on a new machine with a new checkout, and compare with the build before: without it nobody can say whether the machine was seen before.",
    lines: &[
        shared::COMPARE,
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "jobs:\n  build:\n    runs-on: ubuntu-24.04",
        },
        Lines { place: "GitLab CI", language: "yaml", text: "variables:\n  GIT_STRATEGY: clone" },
    ],
};

/// State what the job's token may do.
pub(super) static PERMISSIONS: Remedy = Remedy {
    id: "state-least-permissions",
    text: "State at the top of the workflow what its token may do, and give a job more only where it needs more.",
    lines: &[Lines {
        place: "GitHub Actions",
        language: "yaml",
        text: "permissions:\n  contents: read",
    }],
};

/// Take standing credentials out of the job.
pub(super) static CREDENTIALS: Remedy = Remedy {
    id: "take-standing-credentials-out",
    text: "Take the named variables and files out of the job that builds. Where a later step has to log in somewhere, exchange the platform's own token for a credential that ends with the job.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "permissions:\n  contents: read\n  id-token: write",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "deploy:\n  id_tokens:\n    DEPLOY_ID_TOKEN:\n      aud: https://cloud.example.com",
        },
    ],
};

/// Release from what was merged.
pub(super) static TRIGGER: Remedy = Remedy {
    id: "build-releases-from-merged-changes",
    text: "Build what is released only after its change was merged: from a branch or a tag of your own.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "on:\n  push:\n    branches: [main]\n    tags: ['v*']",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "workflow:\n  rules:\n    - if: $CI_COMMIT_TAG\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH",
        },
    ],
};

/// Protect the environment.
pub(super) static ENVIRONMENT: Remedy = Remedy {
    id: "protect-the-environment",
    text: "Let the job use a deployment environment that only protected branches reach and that somebody else has to approve. Put the number of your own team in the place of 1.",
    lines: &[
        Lines {
            place: "GitHub, once by an administrator",
            language: "sh",
            text: r#"gh api --method PUT 'repos/{owner}/{repo}/environments/production' --input - <<'JSON'
{
  "reviewers": [{"type": "Team", "id": 1}],
  "prevent_self_review": true,
  "deployment_branch_policy": {"protected_branches": true, "custom_branch_policies": false}
}
JSON"#,
        },
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "jobs:\n  build:\n    environment: production\n    permissions:\n      contents: read\n      id-token: write\n      actions: read\n    env:\n      GITHUB_TOKEN: ${{ github.token }}",
        },
    ],
};

/// End sessions.
pub(super) static SESSIONS: Remedy = Remedy {
    id: "end-debug-sessions",
    text: "Take debug logging, remote terminals and debugging steps out of the pipeline that builds.",
    lines: &[
        Lines {
            place: "GitHub, once by an administrator",
            language: "sh",
            text: "gh variable delete ACTIONS_STEP_DEBUG\ngh variable delete ACTIONS_RUNNER_DEBUG\ngh secret delete ACTIONS_STEP_DEBUG\ngh secret delete ACTIONS_RUNNER_DEBUG",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "variables:\n  CI_DEBUG_TRACE: \"false\"\n  CI_DEBUG_SERVICES: \"false\"",
        },
    ],
};

/// Build as an ordinary user.
pub(super) static UNPRIVILEGED: Remedy = Remedy {
    id: "build-as-an-ordinary-user",
    text: "Run the build as a user without the rights of the system's administrator.",
    lines: &[
        Lines {
            place: "GitHub Actions, for a job in a container",
            language: "yaml",
            text: "container:\n  image: NAME@sha256:DIGEST\n  options: --user 1001",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "image:\n  name: NAME@sha256:DIGEST\n  docker:\n    user: \"1001\"",
        },
    ],
};

/// Attach the list of second factors.
pub(super) static MFA: Remedy = Remedy {
    id: "attach-an-export-of-second-factors",
    text: "Let an administrator export who has to log in with more than one factor, and attach the export with its date; people read it.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --attach mfa-export=mfa.csv --attach-date mfa-export=YYYY-MM-DD \\\n  --attach-scope mfa-export='all members of the organisation' -a 'dist/*' -- make",
    }],
};

/// Attach the review of access.
pub(super) static REVIEW: Remedy = Remedy {
    id: "attach-a-review-of-access",
    text: "Review who can reach the build environment at least every 90 days, and attach the record with its date; people read it.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --attach access-review=review.pdf --attach-date access-review=YYYY-MM-DD \\\n  --attach-scope access-review='everybody with access to the pipeline' -a 'dist/*' -- make",
    }],
};

/// Attach the test.
pub(super) static TEST: Remedy = Remedy {
    id: "attach-a-penetration-test",
    text: "Let somebody independent try to get into the build environment, and attach the report with its date; people read it.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --attach penetration-test=report.pdf \\\n  --attach-date penetration-test=YYYY-MM-DD \\\n  --attach-scope penetration-test='the build environment' -a 'dist/*' -- make",
    }],
};
