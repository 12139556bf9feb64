//! `--subject`, `--checksums`, `--image-metadata`, `--sbom`, and images in `-a`: artefacts whose bytes aren't
//! all here, and what is bound to them.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::{Deserialize, Serialize};

use super::capture_args::Scope;
use super::failure::Failure;
use crate::base::digest::Sha256;
use crate::base::name::ArtefactName;
use crate::base::text::{printable, printable_path};
use crate::capture::files;
use crate::capture::redact::Redactor;
use crate::capture::sbom::{self, Sbom};
use crate::capture::subjects::image::{self, Image};
use crate::capture::subjects::{
    Clash, Look, LookError, Subjects, checksums, computed, declared, layout,
};
use crate::format::evidence::Change;
use crate::format::fact::Gap;
use crate::format::statement::Subject;

/// Artefacts that lie elsewhere, and bills of materials.
#[derive(Debug, Args)]
#[command(next_help_heading = "Artefacts elsewhere")]
pub(super) struct SubjectArgs {
    /// An artefact that lies elsewhere, by its digest, which is recorded as told; may be repeated
    #[arg(long = "subject", value_name = "NAME@sha256:HEX", value_parser = subject)]
    subjects: Vec<(ArtefactName, Sha256)>,
    /// Artefacts by the list that sha256sum or `shasum -a 256` wrote; those that are here are compared
    #[arg(long, value_name = "FILE")]
    checksums: Vec<PathBuf>,
    /// Container images by what `docker buildx build --metadata-file` wrote
    #[arg(long, value_name = "FILE")]
    image_metadata: Vec<PathBuf>,
    /// Bind this SBOM (SPDX or CycloneDX, in JSON) to the artefacts; may be repeated
    #[arg(long = "sbom", value_name = "FILE")]
    sboms: Vec<PathBuf>,
}

fn subject(text: &str) -> Result<(ArtefactName, Sha256), String> {
    let expected = || "expected NAME@sha256:HEX".to_owned();
    let (name, digest) = text.rsplit_once('@').ok_or_else(expected)?;
    let hex = digest.strip_prefix("sha256:").ok_or_else(expected)?;
    let sha256 = hex.parse().map_err(|error| format!("sha256: {error}"))?;
    Ok((name.parse().map_err(|error| format!("{error}"))?, sha256))
}

/// An image in `-a`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum ImageArg {
    /// `oci:REGISTRY/REPOSITORY@sha256:HEX`
    Registry(Image),
    /// `oci-layout:DIR[=NAME]`
    Layout { folder: PathBuf, name: Option<ArtefactName> },
}

impl ImageArg {
    /// `None` for what names files. A file that is called like an image is `./oci:..`.
    pub(super) fn parse(given: &str) -> Result<Option<Self>, Failure> {
        let wrong = |error: &dyn std::fmt::Display| {
            Failure::usage(format_args!("--artefact {}: {error}", printable(given)))
        };
        if let Some(text) = given.strip_prefix("oci:") {
            return text.parse().map(|image| Some(Self::Registry(image))).map_err(|error| {
                wrong(&error).hint("a tag can be moved: name the image as the registry has it, REGISTRY/REPOSITORY@sha256:HEX")
            });
        }
        let Some(text) = given.strip_prefix("oci-layout:") else { return Ok(None) };
        let (folder, name) = match text.rsplit_once('=') {
            Some((folder, name)) if !Path::new(text).exists() => {
                (folder, Some(name.parse().map_err(|error| wrong(&error))?))
            }
            _ => (text, None),
        };
        if folder.is_empty() {
            return Err(wrong(&"expected a folder, found none"));
        }
        Ok(Some(Self::Layout { folder: folder.into(), name }))
    }

    /// The same, whatever folder it is looked at from later.
    pub(super) fn seen_from(self, current: &Path) -> Self {
        match self {
            Self::Layout { folder, name } => Self::Layout { folder: current.join(folder), name },
            registry => registry,
        }
    }
}

/// All subjects of a statement, and what is bound to them.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) subjects: Vec<Subject>,
    pub(super) sboms: Vec<Sbom>,
    pub(super) gaps: Vec<Gap>,
}

impl SubjectArgs {
    /// Whether no flag names an artefact.
    pub(super) fn is_empty(&self, scope: &Scope) -> bool {
        scope.wanted.images.is_empty()
            && self.subjects.is_empty()
            && self.checksums.is_empty()
            && self.image_metadata.is_empty()
    }

    /// What can be wrong before a build: paths outside of the root, an SBOM of nothing.
    pub(super) fn check(&self, scope: &Scope) -> Result<(), Failure> {
        let layouts = scope.wanted.images.iter().filter_map(|image| match image {
            ImageArg::Layout { folder, .. } => Some(("--artefact", folder)),
            ImageArg::Registry(_) => None,
        });
        let files = [
            ("--checksums", &self.checksums),
            ("--image-metadata", &self.image_metadata),
            ("--sbom", &self.sboms),
        ];
        let files = files.iter().flat_map(|(flag, paths)| paths.iter().map(|path| (*flag, path)));
        for (flag, path) in files.chain(layouts) {
            scope.below_root(flag, &path.to_string_lossy())?;
        }
        if !self.sboms.is_empty() && scope.wanted.artefacts.is_empty() && self.is_empty(scope) {
            return Err(Failure::usage(
                "--sbom without an artefact: there is nothing to bind it to",
            )
            .hint("name what it describes with -a or --subject"));
        }
        Ok(())
    }

    /// Adds to `found`, the files that are artefacts, what the flags name; reads the SBOMs.
    ///
    /// In a bracket a file that tells artefacts must be one that the build made or changed, unless
    /// `allow_unchanged`: yesterday's metadata names yesterday's image.
    pub(super) fn complete(
        &self,
        found: Vec<Subject>,
        scope: &Scope,
        look: Look<'_>,
        redactor: &Redactor,
        allow_unchanged: bool,
    ) -> Result<Told, Failure> {
        let reading = Reading { scope, look, allow_unchanged };
        let mut subjects = Subjects::default();
        for subject in found {
            subjects.add(subject).map_err(|clash| clashing(&clash))?;
        }
        let mut add = |subject: Subject| {
            if let Some(rule) = subject.name.as_deref().and_then(|name| sbom::told(name, redactor))
            {
                let message = format_args!(
                    "expected an artefact's name, found what looks like a credential (rule {rule})"
                );
                let hint = "revoke the credential, and name the artefact otherwise";
                return Err(Failure::trouble(message).hint(hint));
            }
            subjects.add(subject).map_err(|clash| clashing(&clash))
        };
        for (name, sha256) in &self.subjects {
            add(declared(name, *sha256))?;
        }
        for path in &self.checksums {
            reading.checksums(path)?.into_iter().try_for_each(&mut add)?;
        }
        for path in &self.image_metadata {
            let bytes = reading.told("--image-metadata", path, image::METADATA_MAX)?;
            let images = image::metadata(&bytes).map_err(|error| {
                trouble("--image-metadata", path, &error)
                    .hint("give the file that buildx writes for an image with a name: buildx build -t NAME --metadata-file FILE")
            })?;
            images.into_iter().try_for_each(&mut add)?;
        }
        for image in &scope.wanted.images {
            match image {
                ImageArg::Registry(image) => add(image.subject())?,
                ImageArg::Layout { folder, name } => {
                    reading.layout(folder, name.as_ref())?.into_iter().try_for_each(&mut add)?;
                }
            }
        }
        let subjects = subjects.into_vec();
        let sboms = self.sboms.iter().map(|path| reading.sbom(path, redactor));
        let mut sboms = sboms.collect::<Result<Vec<_>, _>>()?;
        sboms.sort_by_key(Sbom::order);
        sboms.dedup_by_key(|sbom| sbom.order());
        let mut gaps = Vec::new();
        if subjects.is_empty() && !sboms.is_empty() {
            let reason = "no SBOM is bound: there is no artefact that it could be of";
            gaps.push(Gap::new("companions", reason, "see that the build makes what -a names"));
        }
        Ok(Told { subjects, sboms, gaps })
    }
}

/// Reads what the flags name, where the command looks at it.
struct Reading<'a> {
    scope: &'a Scope,
    look: Look<'a>,
    allow_unchanged: bool,
}

impl Reading<'_> {
    /// A path as the look takes it.
    fn path(&self, flag: &str, given: &Path) -> Result<PathBuf, Failure> {
        match self.look {
            Look::Disk => Ok(given.to_owned()),
            Look::Bracket { .. } => self.scope.relative(given).ok_or_else(|| {
                trouble(
                    flag,
                    given,
                    &"expected it below the root, found it elsewhere or not at all",
                )
            }),
        }
    }

    /// A file that tells artefacts.
    fn told(&self, flag: &str, given: &Path, cap: u64) -> Result<Vec<u8>, Failure> {
        let path = self.path(flag, given)?;
        let (bytes, change) =
            self.look.read(&path, cap).map_err(|error| unreadable(flag, given, &error))?;
        self.check_new(flag, given, change)?;
        Ok(bytes)
    }

    fn check_new(&self, flag: &str, given: &Path, change: Option<Change>) -> Result<(), Failure> {
        if change == Some(Change::Unchanged) && !self.allow_unchanged {
            let message =
                "expected a file that the build made or changed, found one that was there before";
            return Err(trouble(flag, given, &message)
                .hint("remove it before the build, or allow it with --allow-unchanged"));
        }
        Ok(())
    }

    /// What a list names. What lies beside it is compared: a list that is wrong about one file is wrong.
    fn checksums(&self, given: &Path) -> Result<Vec<Subject>, Failure> {
        let flag = "--checksums";
        let bytes = self.told(flag, given, checksums::FILE_MAX)?;
        let listed = checksums::parse(&bytes).map_err(|error| {
            trouble(flag, given, &error).hint("make the list again with sha256sum")
        })?;
        let path = self.path(flag, given)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let mut subjects = Vec::with_capacity(listed.len());
        for (name, sha256) in listed {
            let beside = folder.join(name.as_str());
            let seen = match self.look.at(&beside) {
                Ok(seen) => seen,
                // A folder of that name is something else than the file that was listed.
                Err(LookError::NotRegular { .. }) | Err(LookError::Hash(_))
                    if self.look.place(&beside).is_dir() =>
                {
                    None
                }
                Err(error) => return Err(unreadable(flag, &self.look.place(&beside), &error)),
            };
            subjects.push(match seen {
                None => declared(&name, sha256),
                Some(seen) if seen.sha256 == sha256 => {
                    self.check_new(flag, &self.look.place(&beside), seen.change)?;
                    computed(&name, &seen)
                }
                Some(seen) => {
                    let found = seen.sha256;
                    let message = format_args!(
                        "{name} lies beside it and is another file: expected sha256:{sha256}, found sha256:{found}"
                    );
                    return Err(trouble(flag, given, &message)
                        .hint("make the list after the last change of the files that it lists"));
                }
            });
        }
        Ok(subjects)
    }

    fn layout(&self, given: &Path, name: Option<&ArtefactName>) -> Result<Vec<Subject>, Failure> {
        let flag = "--artefact oci-layout:";
        let path = self.path(flag, given)?;
        let read = layout::read(&self.look.place(&path), name);
        let mut subjects = read.map_err(|error| {
            let failure = trouble(flag, given, &error);
            match error {
                layout::LayoutError::Name(_) | layout::LayoutError::Clash(_) => {
                    failure.hint("give it a name: -a oci-layout:DIR=NAME")
                }
                _ => failure.hint("write the layout again, and let nothing change it afterwards"),
            }
        })?;
        if let Look::Bracket { .. } = self.look {
            // By the manifests, not by the index: that has the time of the export in it.
            let changes = subjects.iter_mut().map(|subject| self.mark(&path, subject));
            let changes = changes.collect::<Result<Vec<_>, _>>();
            let changes = changes.map_err(|error| unreadable(flag, given, &error))?;
            let unchanged = changes.iter().all(|change| *change == Change::Unchanged);
            self.check_new(flag, given, unchanged.then_some(Change::Unchanged))?;
        }
        Ok(subjects)
    }

    /// Records what the build did to the manifest that a subject is about.
    fn mark(&self, layout: &Path, subject: &mut Subject) -> Result<Change, LookError> {
        let hex = subject.digest.get(Sha256::ALGORITHM).map(String::as_str).unwrap_or_default();
        let seen = self.look.at(&layout.join("blobs/sha256").join(hex))?;
        let change = seen.ok_or(LookError::Missing)?.change.ok_or(LookError::NotLookedAt)?;
        subject.annotations.insert("change".to_owned(), files::word(change).into());
        Ok(change)
    }

    /// An SBOM may be older than the build: what it describes need not have changed.
    fn sbom(&self, given: &Path, redactor: &Redactor) -> Result<Sbom, Failure> {
        let path = self.path("--sbom", given)?;
        let read = self.look.read(&path, sbom::FILE_MAX);
        let (bytes, _) = read.map_err(|error| unreadable("--sbom", given, &error))?;
        Sbom::parse(&bytes, redactor)
            .map_err(|error| trouble("--sbom", given, &error).hint(error.hint()))
    }
}

fn unreadable(flag: &str, path: &Path, error: &LookError) -> Failure {
    let failure = trouble(flag, path, error);
    match error {
        LookError::Missing => failure.hint("check the path, and that the build writes the file"),
        LookError::NotLookedAt => failure.hint("let --exclude leave the file in"),
        LookError::NotRegular { .. } => failure.hint("name the file itself"),
        LookError::Changed => failure.hint("stop whatever writes to it"),
        LookError::Unreadable | LookError::File(_) | LookError::Hash(_) => failure,
    }
}

fn trouble(flag: &str, path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::trouble(format_args!("{flag} {}: {error}", printable_path(path)))
}

fn clashing(clash: &Clash) -> Failure {
    Failure::trouble(clash)
        .hint(format!("name one of them otherwise, as in -a PATH={}-2", clash.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";

    #[test]
    fn a_subject_has_a_name_and_a_whole_sha256() {
        let (name, sha256) = subject(&format!("dist/a@b.tgz@sha256:{HEX}")).unwrap();
        assert_eq!((name.as_str(), sha256), ("dist/a@b.tgz", Sha256::of(b"1")));
        for bad in [
            "a".to_owned(),
            format!("a@{HEX}"),
            format!("@sha256:{HEX}"),
            format!("../a@sha256:{HEX}"),
            format!("a@sha256:{HEX}0"),
            format!("a@sha512:{HEX}"),
        ] {
            assert!(subject(&bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_image_is_told_from_a_file_by_its_prefix() {
        let parse = |text: &str| ImageArg::parse(text);
        for file in ["app", "./oci:x", "dist/oci-layout:x", "oci", "OCI:x"] {
            assert!(parse(file).unwrap().is_none(), "{file}");
        }
        let image = parse(&format!("oci:ghcr.io/o/app:1@sha256:{HEX}")).unwrap().unwrap();
        assert!(
            matches!(image, ImageArg::Registry(image) if image.name.as_str() == "ghcr.io/o/app")
        );
        let tag = parse("oci:ghcr.io/o/app:1").unwrap_err();
        assert!(tag.hint.unwrap().contains("sha256:HEX"));
        let folder = |text: &str, name: Option<&str>| ImageArg::Layout {
            folder: text.into(),
            name: name.map(|name| name.parse().unwrap()),
        };
        assert_eq!(parse("oci-layout:out").unwrap(), Some(folder("out", None)));
        let named = Some(folder("out", Some("ghcr.io/o/app")));
        assert_eq!(parse("oci-layout:out=ghcr.io/o/app").unwrap(), named);
        assert!(parse("oci-layout:").is_err());
        assert!(parse("oci-layout:out=../x").is_err());
    }
}
