//! What the arguments of `verify` mean.

use std::path::{Path, PathBuf};

use super::bundles::{Bundle, Bundles};
use super::label;
use crate::base::digest::Sha256;
use crate::base::text::printable;
use crate::base::tree::patterns::is_glob;
use crate::base::tree::{Patterns, Tree, Walk};
use crate::capture::subjects::image::Image;
use crate::cli::check_args::bundle_of;
use crate::cli::failure::Failure;
use crate::cli::talk::sayable;
use crate::verify::ArtefactKind;
use crate::write::DEFAULT_NAME;

/// One artefact to be checked.
pub(super) struct Item {
    /// What to call it in the output.
    pub(super) label: String,
    /// Its base name, or the name that it is to be checked under.
    pub(super) name: Option<String>,
    /// Where its bytes are.
    pub(super) source: Source,
    /// The evidence file that was found for it, where the place beside it isn't the only one.
    pub(super) bundle: Option<PathBuf>,
}

pub(super) enum Source {
    File(PathBuf),
    Tree {
        path: PathBuf,
        root: Sha256,
        bytes: u64,
    },
    Digest(Sha256),
    /// A container image: its digest, and a name that counts.
    Image(Sha256),
    Missing(String),
    /// Something is there that nobody looks into: it must not pass as if it weren't.
    Unseen(String),
}

impl Item {
    pub(super) fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) | Source::Tree { path, .. } => Some(path),
            Source::Digest(_) | Source::Image(_) | Source::Missing(_) | Source::Unseen(_) => None,
        }
    }

    pub(super) const fn kind(&self) -> ArtefactKind {
        match self.source {
            Source::Tree { .. } => ArtefactKind::Tree,
            Source::Digest(_) | Source::Image(_) => ArtefactKind::Digest,
            Source::File(_) | Source::Missing(_) | Source::Unseen(_) => ArtefactKind::File,
        }
    }
}

/// What the arguments gave.
#[derive(Default)]
pub(super) struct Found {
    pub(super) items: Vec<Item>,
    /// What lies in folders and is no artefact, and why.
    pub(super) passed_over: Vec<(String, &'static str)>,
}

/// Why a link is passed over.
const NO_FILE: &str = "a link or special file, not checked";
/// Why evidence in a folder is passed over.
const EVIDENCE: &str = "evidence, no artefact";

/// Evidence beside artefacts: never an artefact itself.
const EVIDENCE_ENDINGS: [&str; 5] =
    [".sigstore.json", ".sigstore.jsonl", ".intoto.jsonl", ".sections.jsonl", ".unsigned.jsonl"];

pub(super) fn find(
    arguments: &[String],
    name: Option<&str>,
    bundles: &mut Bundles,
) -> Result<Found, Failure> {
    let mut found = Found::default();
    for argument in arguments {
        let path = Path::new(argument);
        if let Some(hex) = argument.strip_prefix("sha256:") {
            let digest: Sha256 =
                hex.parse().map_err(|error| Failure::usage(format_args!("sha256: {error}")))?;
            found.items.push(Item {
                label: format!("sha256:{digest}"),
                name: name.map(str::to_owned),
                source: Source::Digest(digest),
                bundle: None,
            });
        } else if let Some(reference) = argument.strip_prefix("oci:") {
            let image: Image = reference.parse().map_err(|error| {
                Failure::usage(format_args!("{}: {error}", printable(argument)))
                    .hint("name the image by its digest: oci:REGISTRY/REPOSITORY@sha256:HEX")
            })?;
            found.items.push(Item {
                label: format!("oci:{}@sha256:{}", image.name, image.sha256),
                name: Some(name.map_or_else(|| image.name.to_string(), str::to_owned)),
                source: Source::Image(image.sha256),
                bundle: None,
            });
        } else if path.is_dir() {
            folder(path, name, bundles, &mut found);
        } else if path.exists() || !is_glob(argument) {
            found.items.push(file(path, name));
        } else {
            glob(argument, name, &mut found)?;
        }
    }
    Ok(found)
}

fn file(path: &Path, name: Option<&str>) -> Item {
    // `..` and the like have no file name of their own: the argument itself stands for it.
    let own = || {
        let name = path.file_name().unwrap_or(path.as_os_str());
        name.to_string_lossy().into_owned()
    };
    let missing = !path.exists();
    Item {
        label: label(path),
        name: Some(name.map_or_else(own, str::to_owned)),
        source: if missing {
            let url = path.to_string_lossy().contains("://");
            let why = "no such file: expected an artefact, found nothing";
            let url_why = "expected a file: this version takes no URLs; download it first";
            Source::Missing(if url { url_why } else { why }.to_owned())
        } else {
            Source::File(path.to_owned())
        },
        bundle: None,
    }
}

/// A glob that the shell didn't expand; relative to the folder before its first wildcard.
fn glob(argument: &str, name: Option<&str>, found: &mut Found) -> Result<(), Failure> {
    let wildcard = argument.find(['*', '?', '[', '{']).unwrap_or(0);
    let (folder, pattern) = match argument.get(..wildcard).and_then(|start| start.rfind('/')) {
        Some(slash) => argument.split_at(slash + 1),
        None => ("", argument),
    };
    let root = if folder.is_empty() { Path::new(".") } else { Path::new(folder) };
    let patterns = Patterns::new(&[pattern]).map_err(Failure::usage)?;
    let before = found.items.len();
    // As in a shell, what can't be looked into matches nothing.
    for entry in below(root).into_iter().filter_map(Result::ok) {
        let is_file = entry.file_type().is_file();
        let path = entry.into_path();
        let Ok(relative) = path.strip_prefix(root) else { continue };
        let bytes = relative.as_os_str().as_encoded_bytes();
        let slashed = bytes.iter().map(|b| if cfg!(windows) && *b == b'\\' { b'/' } else { *b });
        if patterns.matches_glob(&slashed.collect::<Vec<_>>()) {
            if !is_file {
                found.passed_over.push((label(&path), NO_FILE));
                continue;
            }
            let shown = if folder.is_empty() { relative.to_owned() } else { path };
            found.items.push(file(&shown, name));
        }
    }
    if found.items.len() == before {
        found.items.push(Item {
            label: sayable(&printable(argument)),
            name: None,
            source: Source::Missing("the glob matches no file".to_owned()),
            bundle: None,
        });
    }
    Ok(())
}

/// All below `root` that is no folder, sorted, and what can't be looked into; links aren't followed.
fn below(root: &Path) -> Vec<Result<walkdir::DirEntry, walkdir::Error>> {
    let entries = walkdir::WalkDir::new(root).follow_links(false).sort_by_file_name().into_iter();
    entries.filter(|entry| !entry.as_ref().is_ok_and(|entry| entry.file_type().is_dir())).collect()
}

fn folder(folder: &Path, name: Option<&str>, bundles: &mut Bundles, found: &mut Found) {
    let bundle = bundles.named.clone().or_else(|| {
        let inside = folder.join(DEFAULT_NAME);
        if inside.exists() { Some(inside) } else { bundle_of(None, folder) }
    });
    if let Some(bundle) = &bundle
        && let Some((item, skipped)) = as_tree(folder, name, bundles.load(bundle))
    {
        found.items.push(item);
        let skipped = skipped.iter().map(|path| (label(&folder.join(path)), EVIDENCE));
        found.passed_over.extend(skipped);
        return;
    }
    let before = found.items.len();
    for entry in below(folder) {
        let path = match entry {
            Ok(entry) if entry.file_type().is_file() => entry.into_path(),
            Ok(entry) => {
                found.passed_over.push((label(entry.path()), NO_FILE));
                continue;
            }
            Err(error) => {
                found.items.push(hidden(folder, &error));
                continue;
            }
        };
        let text = path.to_string_lossy();
        if EVIDENCE_ENDINGS.iter().any(|ending| text.ends_with(ending)) {
            found.passed_over.push((label(&path), EVIDENCE));
            continue;
        }
        let mut item = file(&path, name);
        item.bundle = bundle_of(None, &path).or_else(|| bundle.clone());
        found.items.push(item);
    }
    if found.items.len() == before {
        found.items.push(Item {
            label: label(folder),
            name: None,
            source: Source::Missing(
                "the folder has no artefact: expected regular files".to_owned(),
            ),
            bundle: None,
        });
    }
}

/// A part of a folder that can't be looked into: what lies there is checked by nobody, and must not
/// pass as if it weren't there.
fn hidden(folder: &Path, error: &walkdir::Error) -> Item {
    let kind = error.io_error().map_or(std::io::ErrorKind::Other, std::io::Error::kind);
    Item {
        label: label(error.path().unwrap_or(folder)),
        name: None,
        source: Source::Unseen(format!("cannot look into it: {kind}")),
        bundle: None,
    }
}

/// The folder as one artefact, if a verified statement has its root digest; and the evidence in it,
/// which the digest leaves out.
fn as_tree(folder: &Path, name: Option<&str>, bundle: &Bundle) -> Option<(Item, Vec<PathBuf>)> {
    let (_, authenticated) = bundle.content.as_ref().ok()?;
    let wanted: Vec<Sha256> = authenticated
        .verified
        .iter()
        .flat_map(|statement| &statement.get().subjects)
        .filter(|subject| crate::verify::is_tree(subject))
        .filter_map(|subject| subject.digest.get(Sha256::ALGORITHM)?.parse().ok())
        .collect();
    if wanted.is_empty() {
        return None;
    }
    // The evidence may lie in the folder that it is about.
    let destination =
        crate::write::Destination::new(&bundle.path, crate::base::file::Overwrite::Never);
    let root = folder.canonicalize().ok()?;
    let skip: Vec<PathBuf> = [destination.signed(), destination.sections()]
        .iter()
        .filter_map(|path| path.canonicalize().ok()?.strip_prefix(&root).ok().map(Path::to_owned))
        .collect();
    let walk = Walk {
        root: folder,
        exclude: &Patterns::default(),
        skip: &skip,
        stop: &|| false,
        progress: &|_, _| (),
    };
    let tree = Tree::read(&walk).ok()?;
    let digest = tree.root_digest(|_| true);
    // A file that could not be read has no digest in the records: such a root is of no folder.
    if !tree.problems().is_empty() || !wanted.contains(&digest) {
        return None;
    }
    // Whoever adds a `.git` adds code that git runs, and the root digest would not show it.
    let mut all = walkdir::WalkDir::new(&root).into_iter().filter_map(Result::ok);
    if let Some(git) = all.find(|entry| entry.file_name() == ".git") {
        let path = git.path().strip_prefix(&root).unwrap_or(git.path());
        let why = format!(
            "the root digest leaves out what is named .git: expected a folder without, found {}",
            label(path)
        );
        let source = Source::Unseen(why);
        return Some((Item { label: label(folder), name: None, source, bundle: None }, skip));
    }
    let own = || root.file_name().map(|name| name.to_string_lossy().into_owned());
    let item = Item {
        label: label(folder),
        name: name.map(str::to_owned).or_else(own),
        source: Source::Tree { path: folder.to_owned(), root: digest, bytes: tree.totals().bytes },
        bundle: Some(bundle.path.clone()),
    };
    Some((item, skip))
}
