//! Gradle: its lockfiles, and `verification-metadata.xml` with the checksums.

use quick_xml::events::{BytesStart, Event};

use super::checksum;
use super::found::{Bad, Found, Origin};

/// `group:name:version=configuration,..`, in old files without what follows the version.
pub(super) fn lockfile(text: &str, file: &str, found: &mut Found) -> Result<(), Bad> {
    found.form = file.to_owned();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') || line.starts_with("empty=") {
            continue;
        }
        let coordinates = line.split('=').next().unwrap_or_default();
        match coordinates.rsplit_once(':') {
            Some((name, version)) if name.contains(':') => {
                found.add(name, Some(version), Origin::Unstated, Vec::new());
            }
            _ => found.unfit(),
        }
    }
    Ok(())
}

/// The component that is being read.
struct Component {
    name: String,
    version: String,
    checksums: Vec<Option<String>>,
}

/// Events only: no tree is built, and no entity but XML's own five is known.
pub(super) fn verification(text: &str, found: &mut Found) -> Result<(), Bad> {
    found.form = "Gradle verification-metadata.xml".to_owned();
    let mut reader = quick_xml::Reader::from_str(text);
    let mut component: Option<Component> = None;
    let mut outermost = None;
    loop {
        let event = reader.read_event();
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let line = || text.get(..before).unwrap_or(text).matches('\n').count() + 1;
        let bad = || Bad::Syntax { language: "XML", line: line() };
        let Ok(event) = event else { return Err(bad()) };
        match event {
            Event::Eof => break,
            Event::DocType(_) => return Err(Bad::Shape("a document type declaration")),
            Event::Start(tag) | Event::Empty(tag) if tag.local_name().as_ref() == "component" => {
                hand_over(component.take(), found);
                let part = |key| attribute(&tag, key).ok_or_else(bad);
                component = Some(Component {
                    name: format!("{}:{}", part("group")?, part("name")?),
                    version: part("version")?,
                    checksums: Vec::new(),
                });
            }
            Event::Start(tag) | Event::Empty(tag) => {
                let name = tag.local_name();
                outermost.get_or_insert_with(|| name.as_ref() == "verification-metadata");
                let algorithm = match name.as_ref() {
                    "sha256" => "sha256",
                    "sha512" => "sha512",
                    "sha1" => "sha1",
                    "md5" => "md5",
                    _ => continue,
                };
                if let Some(component) = &mut component {
                    let value = attribute(&tag, "value");
                    component
                        .checksums
                        .push(value.and_then(|value| checksum::hex(algorithm, &value)));
                }
            }
            Event::End(tag) if tag.local_name().as_ref() == "component" => {
                hand_over(component.take(), found);
            }
            _ => {}
        }
    }
    hand_over(component, found);
    if outermost == Some(true) { Ok(()) } else { Err(Bad::Shape("the outermost element")) }
}

fn hand_over(component: Option<Component>, found: &mut Found) {
    if let Some(component) = component {
        let checksums = found.checksums(component.checksums);
        found.add(&component.name, Some(&component.version), Origin::Unstated, checksums);
    }
}

fn attribute(tag: &BytesStart<'_>, key: &str) -> Option<String> {
    let attribute = tag.try_get_attribute(key).ok()??;
    quick_xml::escape::unescape(&attribute.value).ok().map(std::borrow::Cow::into_owned)
}
