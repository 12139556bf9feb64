//! Evidence files on disk: their names, and how they come to be there whole.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::base::digest::Sha256;
use crate::base::file::{self, Access, Draft, FileError, Overwrite};
use crate::format::section::SealedSection;

/// The file that is written where no `-o` says another.
pub const DEFAULT_NAME: &str = "proofmark.sigstore.jsonl";

/// The same for one leg of a matrix: the legs' files are gathered in one folder.
#[must_use]
pub fn default_name(leg: Option<&str>) -> String {
    leg.map_or_else(
        || DEFAULT_NAME.to_owned(),
        |leg| {
            let digest = Sha256::of(leg.as_bytes()).to_string();
            format!("proofmark-{}.sigstore.jsonl", digest.get(..8).unwrap_or(&digest))
        },
    )
}

/// The three files that one bracket may write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    signed: PathBuf,
    sections: PathBuf,
    unsigned: PathBuf,
    overwrite: Overwrite,
}

impl Destination {
    /// The files that belong to `-o PATH`: signed lines go to exactly that path; the others' names
    /// begin with its name without the first of the known endings.
    #[must_use]
    pub fn new(path: &Path, overwrite: Overwrite) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        let endings = [".sigstore.jsonl", ".sigstore.json", ".jsonl", ".json"];
        let text = name.to_string_lossy();
        let stem = endings
            .iter()
            .find_map(|ending| text.strip_suffix(ending).filter(|stem| !stem.is_empty()))
            // A name that isn't UTF-8 is kept whole: cutting a lossy copy would rename it.
            .filter(|_| name.to_str().is_some())
            .map_or_else(|| name.to_owned(), OsString::from);
        let sibling = |ending: &str| {
            let mut file = stem.clone();
            file.push(ending);
            path.with_file_name(file)
        };
        Self {
            signed: path.to_owned(),
            sections: sibling(".sections.jsonl"),
            unsigned: sibling(".unsigned.jsonl"),
            overwrite,
        }
    }

    /// Where signed lines go.
    #[must_use]
    pub fn signed(&self) -> &Path {
        &self.signed
    }

    /// Where an unsigned capture goes.
    #[must_use]
    pub fn unsigned(&self) -> &Path {
        &self.unsigned
    }

    /// Where sealed sections go.
    #[must_use]
    pub fn sections(&self) -> &Path {
        &self.sections
    }

    /// All three, whether written or not: none of them is ever an input.
    #[must_use]
    pub fn all(&self) -> [&Path; 3] {
        [&self.signed, &self.sections, &self.unsigned]
    }

    /// An error if one of the three is there and may not be replaced.
    ///
    /// # Errors
    /// [`FileError::Exists`], or what [`file::check_free`] says of the folder.
    pub fn check_free(&self) -> Result<(), FileError> {
        self.all().into_iter().try_for_each(|path| file::check_free(path, self.overwrite))
    }

    /// Writes the lines, signed or not, and the sections. Both are whole on the disk before either has
    /// its name, so that a full disk leaves older ones as they are.
    ///
    /// # Errors
    /// Where one can't be written, or comes to be there in the meantime.
    pub fn write(
        &self,
        lines: &[Vec<u8>],
        signed: bool,
        sections: &[SealedSection],
    ) -> Result<(), FileError> {
        self.check_free()?;
        let main = if signed { &self.signed } else { &self.unsigned };
        let main = self.draft(main, lines.iter().map(Vec::as_slice))?;
        let sealed = match sections {
            [] => None,
            _ => Some(self.draft(&self.sections, sections.iter().map(|s| s.line.as_slice()))?),
        };
        if self.overwrite == Overwrite::Replace {
            // Sections of one build beside the signed file of another are an error for whoever reads
            // them; none at all are merely unknown. So the old ones go first, and a kill between two
            // steps leaves no pair that doesn't belong together.
            file::remove(&self.sections)?;
            main.place()?;
            if let Some(sealed) = sealed {
                sealed.place()?;
            }
            let _ = file::remove(if signed { &self.unsigned } else { &self.signed });
            return Ok(());
        }
        // Where nothing is there yet the sections come first: whoever sees the signed file finds what
        // it names.
        let has_sections = sealed.is_some();
        if let Some(sealed) = sealed {
            sealed.place()?;
        }
        main.place().inspect_err(|_| {
            if has_sections {
                let _ = file::remove(&self.sections);
            }
        })
    }

    /// Writes signed lines alone, where an unsigned capture and its sections stand already.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub fn write_signed(&self, lines: &[Vec<u8>]) -> Result<(), FileError> {
        self.draft(&self.signed, lines.iter().map(Vec::as_slice))?.place()
    }

    fn draft<'a>(
        &self,
        path: &Path,
        lines: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Draft, FileError> {
        file::draft(path, self.overwrite, Access::Umask, |out| {
            for line in lines {
                out.write_all(line)?;
                out.write_all(b"\n")?;
            }
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_names_begin_with_the_name_without_its_known_ending() {
        for (given, sections) in [
            ("d/a.sigstore.jsonl", "d/a.sections.jsonl"),
            ("a.sigstore.json", "a.sections.jsonl"),
            ("a.b.jsonl", "a.b.sections.jsonl"),
            ("a.json", "a.sections.jsonl"),
            ("a.txt", "a.txt.sections.jsonl"),
            (".json", ".json.sections.jsonl"),
        ] {
            let destination = Destination::new(Path::new(given), Overwrite::Never);
            assert_eq!(destination.sections(), Path::new(sections));
            assert_eq!(destination.signed(), Path::new(given));
        }
    }

    /// `printf %s '{"os": "linux"}' | sha256sum`
    #[test]
    fn each_leg_has_a_file_of_its_own() {
        let name = default_name(Some(r#"{"os": "linux"}"#));
        assert_eq!(name, "proofmark-5e6bd3ee.sigstore.jsonl");
        let destination = Destination::new(Path::new(&name), Overwrite::Never);
        assert_eq!(destination.unsigned(), Path::new("proofmark-5e6bd3ee.unsigned.jsonl"));
        assert_eq!(destination.sections(), Path::new("proofmark-5e6bd3ee.sections.jsonl"));
        assert_ne!(default_name(Some("a")), default_name(Some("b")));
        assert_eq!(default_name(None), DEFAULT_NAME);
    }

    #[test]
    fn any_of_the_three_that_exists_stops_the_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sigstore.jsonl");
        let section = SealedSection::new("s", [0; 16], &1).unwrap();
        let never = Destination::new(&path, Overwrite::Never);
        never.write(&[b"{}".to_vec()], false, std::slice::from_ref(&section)).unwrap();
        assert!(!path.exists());
        assert_eq!(file::read(never.unsigned(), 9).unwrap(), b"{}\n");
        assert!(matches!(never.check_free(), Err(FileError::Exists { .. })));

        let replace = Destination::new(&path, Overwrite::Replace);
        replace.write(&[b"{}".to_vec()], true, &[]).unwrap();
        assert!(path.exists() && !replace.unsigned().exists() && !replace.sections().exists());
    }
}
