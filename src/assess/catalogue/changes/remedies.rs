//! What to do for provision 2.2.

use crate::assess::catalogue::remedies as shared;
use crate::assess::catalogue::{Lines, Remedy};

/// Build on top of what was built before.
pub(super) static DESCEND: Remedy = Remedy {
    id: "build-on-what-was-built",
    text: "Compare with the build before on a checkout with its whole history; where that was rewritten, find out who did it, and forbid forced pushes.",
    lines: &[
        Lines {
            place: "command",
            language: "sh",
            text: "git fetch --unshallow --tags || git fetch --tags\nproofmark run --baseline auto -a 'dist/*' -- make",
        },
        shared::WHOLE_HISTORY_GITHUB,
        shared::WHOLE_HISTORY_GITLAB,
    ],
};

/// Sign commits, and say who may.
pub(super) static SIGN_COMMITS: Remedy = Remedy {
    id: "sign-commits",
    text: "Sign commits with SSH keys, keep the list of allowed signers in the repository, and fix it by its digest.",
    lines: &[
        Lines {
            place: "command",
            language: "sh",
            text: "git config gpg.format ssh\ngit config user.signingkey ~/.ssh/id_ed25519.pub\ngit config commit.gpgsign true\nmkdir -p .ci\necho \"$(git config user.email) $(cat ~/.ssh/id_ed25519.pub)\" >> .ci/allowed_signers\nsha256sum .ci/allowed_signers",
        },
        Lines {
            place: "proofmark.toml",
            language: "toml",
            text: "[changes]\nallowed_signers = { path = \".ci/allowed_signers\", sha256 = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\" }",
        },
    ],
};

/// Build what was committed.
pub(super) static CHECK_OUT: Remedy = Remedy {
    id: "build-what-was-committed",
    text: "Build on a checkout of the run's own commit, and let nothing write to pipeline definitions before the build; this lists what differs.",
    lines: &[
        Lines {
            place: "command",
            language: "sh",
            text: "git status --short -- .github .gitlab-ci.yml",
        },
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "- uses: actions/checkout@COMMIT",
        },
    ],
};

/// Say which tools to look for.
pub(super) static NAME_TOOLS: Remedy = Remedy {
    id: "name-the-tools",
    text: "Run the build under proofmark as a user who may read its tools, and name tools beside the usual ones.",
    lines: &[
        Lines { place: "proofmark.toml", language: "toml", text: "[tools]\nnames = [\"protoc\"]" },
        shared::RUN,
    ],
};

/// Install before, build after.
pub(super) static TOOLS_FIRST: Remedy = Remedy {
    id: "install-tools-before-the-build",
    text: "Install and update tools in a step before the one that is bracketed.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "- run: make tools\n- run: proofmark run -a 'dist/*' -- make",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "script:\n  - make tools\n  - proofmark run -a 'dist/*' -- make",
        },
    ],
};

/// Build without variables that wrap.
pub(super) static UNWRAP: Remedy = Remedy {
    id: "unset-variables-that-wrap",
    text: "Build without the variables that the answer names.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "env -u LD_PRELOAD -u LD_LIBRARY_PATH -u RUSTC_WRAPPER proofmark run -a 'dist/*' -- make",
    }],
};

/// Name an exact image.
pub(super) static NAME_IMAGE: Remedy = Remedy {
    id: "name-an-exact-image",
    text: "Build on a runner that names its image, or in a container that is named by its digest.",
    lines: &[
        Lines { place: "GitHub Actions", language: "yaml", text: "runs-on: ubuntu-24.04" },
        Lines { place: "GitLab CI", language: "yaml", text: "image: NAME@sha256:DIGEST" },
    ],
};

/// Find out what changed, and explain it.
pub(super) static EXPLAIN: Remedy = Remedy {
    id: "explain-changes",
    text: "Compare each build with the one before it; see what nothing explains, then put the change into a reviewed commit, or approve it in proofmark.lock before it is made.",
    lines: &[
        shared::COMPARE,
        Lines {
            place: "command",
            language: "sh",
            text: "proofmark diff before.sigstore.jsonl proofmark.sigstore.jsonl --key build.pub --fail-on unexplained\nproofmark lock --from proofmark.sigstore.jsonl --trust-key build.pub",
        },
    ],
};

/// Have the lock cover this lane, by the defaults.
pub(super) static COVER: Remedy = Remedy {
    id: "cover-the-environment",
    text: "Write a section for builds of this kind into proofmark.lock, and take classes out of its [classes] that are compared less closely than by default.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark lock --from proofmark.sigstore.jsonl\nproofmark lock --check --from proofmark.sigstore.jsonl",
    }],
};

/// Keep the evidence of every run.
pub(super) static KEEP_EVIDENCE: Remedy = Remedy {
    id: "keep-every-run-s-evidence",
    text: "Keep the evidence of every run, failed ones too, and ask the platform about runs that left none.",
    lines: &[
        Lines {
            place: "GitHub Actions",
            language: "yaml",
            text: "- uses: actions/upload-artifact@COMMIT\n  if: always()\n  with:\n    name: proofmark\n    path: proofmark.*.jsonl",
        },
        Lines {
            place: "GitLab CI",
            language: "yaml",
            text: "artifacts:\n  when: always\n  paths:\n    - proofmark.*.jsonl",
        },
        Lines {
            place: "command",
            language: "sh",
            text: "proofmark log evidence --key build.pub --ask --strict",
        },
    ],
};

/// Check the log under a known key.
pub(super) static AUDIT: Remedy = Remedy {
    id: "check-the-log",
    text: "Sign the evidence, check it under a key that came to you on another way, and ask which of several histories was published.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark log evidence --key build.pub --strict",
    }],
};

/// Seal what names people or helps attackers.
pub(super) static SEAL: Remedy = Remedy {
    id: "seal-personal-and-secret-values",
    text: "Take what is personal or secret out of [disclosure] publish; what stands under seal goes into the file of sections alone.",
    lines: &[Lines {
        place: "proofmark.toml",
        language: "toml",
        text: "[disclosure]\nseal = [\n  \"changes.commits.people\",\n  \"changes.details\",\n  \"controls.details\",\n  \"environment.git_configuration.values\",\n  \"environment.path\",\n  \"environment.variables\",\n  \"identity.people\",\n  \"source.people.names\",\n]\npublish = []",
    }],
};

/// Attach an extract of the audit log.
pub(super) static ATTACH_LOG: Remedy = Remedy {
    id: "attach-the-audit-log",
    text: "Export the platform's audit log outside of the build, and attach the extract with its date and scope; people read it.",
    lines: &[Lines {
        place: "command",
        language: "sh",
        text: "proofmark run --attach audit-log=audit.json --attach-date audit-log=YYYY-MM-DD \\\n  -a 'dist/*' -- make",
    }],
};
