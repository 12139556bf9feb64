//! Every form, with bytes flipped, cut and doubled: whatever comes of it, it comes.

use super::*;

const FIXTURES: &[(&str, &str)] = &[
    ("Cargo.lock", super::forms::CARGO4),
    ("Cargo.lock", super::forms::CARGO1),
    ("go.sum", super::forms::GO),
    ("gradle/verification-metadata.xml", super::forms::VERIFICATION),
    ("Gemfile.lock", super::forms::GEMFILE),
    ("package-lock.json", super::javascript::NPM3),
    ("package-lock.json", super::javascript::NPM1),
    ("yarn.lock", super::javascript::YARN1),
    ("yarn.lock", super::javascript::YARN8),
    ("pnpm-lock.yaml", super::javascript::PNPM9),
    ("bun.lock", super::javascript::BUN),
    ("uv.lock", super::python::UV),
    ("poetry.lock", super::python::POETRY2),
    ("pylock.toml", super::python::PYLOCK),
    ("Pipfile.lock", super::python::PIPFILE),
    ("pdm.lock", super::python::PDM),
    ("requirements.txt", super::python::REQUIREMENTS),
];

/// Xorshift: the same on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

#[test]
fn no_damage_to_a_lockfile_makes_the_parsers_panic_or_hang() {
    let folder = Folder::new(&[("Cargo.lock", b"")]);
    let (tree, reader, redactor) =
        (folder.tree(), Reader::open(folder.root()).unwrap(), Redactor::default());
    let pass = Pass::new(&reader, &tree, &redactor);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (mut parsed, mut refused) = (0, 0);
    for (path, whole) in FIXTURES {
        let (folder, name) = split(path.as_bytes());
        let form = find::form(folder, std::str::from_utf8(name).unwrap()).unwrap();
        for _ in 0..300 {
            let mut bytes = whole.as_bytes().to_vec();
            for _ in 0..=dice.below(4) {
                let at = dice.below(bytes.len());
                match dice.below(5) {
                    0 => bytes[at] ^= 1 << dice.below(8),
                    1 => bytes[at] = b"\"'{}[]:,@/\\\n #=<>&*-\t"[dice.below(21)],
                    2 => bytes.truncate(at.max(1)),
                    3 => drop(bytes.remove(at.min(bytes.len() - 1))),
                    _ => bytes.extend_from_within(at..),
                }
                if bytes.is_empty() {
                    bytes.push(b'x');
                }
            }
            let Ok(text) = text(&bytes) else { continue };
            let mut found = Found::at_depth(0);
            match pass.parse(path.as_bytes(), form, &text, &mut found) {
                Ok(()) => parsed += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(parsed > 500 && refused > 500, "{parsed} {refused}");
}
