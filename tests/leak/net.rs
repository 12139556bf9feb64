//! Finds pieces of secrets in large outputs, however they are spelled.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Length of the pieces that are looked for: what is shorter isn't told from chance.
const PIECE: usize = 10;
const HEAD: usize = 8;

/// Every spelling of every piece, by its first bytes; and a table of which of these there are, since nearly
/// everything is something else.
pub(crate) struct Net {
    spellings: HashMap<[u8; HEAD], Vec<(Vec<u8>, String)>>,
    heads: Vec<bool>,
}

/// A place in the table for four bytes.
fn slot(head: &[u8]) -> usize {
    let number = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
    (number.wrapping_mul(0x9e37_79b1) >> 10) as usize
}

impl Net {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut net = Self { spellings: HashMap::new(), heads: vec![false; 1 << 22] };
        for (kind, secret) in secrets {
            assert!(secret.len() >= PIECE, "{kind}: too short to be looked for");
            for piece in pieces(secret) {
                for spelling in spellings(piece) {
                    let head: [u8; HEAD] = spelling[..HEAD].try_into().unwrap();
                    net.heads[slot(&head)] = true;
                    net.spellings
                        .entry(head)
                        .or_default()
                        .push((spelling, format!("{kind} ({piece})")));
                }
            }
        }
        net
    }

    /// The kinds that show.
    pub(crate) fn caught(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = Vec::new();
        for (at, window) in bytes.windows(HEAD).enumerate() {
            if !self.heads[slot(window)] {
                continue;
            }
            let head: [u8; HEAD] = window.try_into().unwrap();
            let spellings = self.spellings.get(&head).into_iter().flatten();
            let here = spellings.filter(|(spelling, _)| bytes[at..].starts_with(spelling));
            found.extend(here.map(|(_, kind)| kind.as_str()));
        }
        found.sort_unstable();
        found.dedup();
        found
    }
}

/// All of it, without gaps.
fn pieces(secret: &str) -> Vec<&str> {
    let last = secret.len() - PIECE;
    let mut starts: Vec<_> = (0..=last).step_by(PIECE / 2).collect();
    starts.push(last);
    starts.dedup();
    starts.into_iter().map(|start| &secret[start..start + PIECE]).collect()
}

fn spellings(piece: &str) -> Vec<Vec<u8>> {
    let mut all = vec![
        piece.as_bytes().to_vec(),
        hex::encode(piece).into_bytes(),
        hex::encode_upper(piece).into_bytes(),
        piece.bytes().map(|b| format!("%{b:02X}")).collect::<String>().into_bytes(),
    ];
    let escape = |b: u8| match b {
        b if b.is_ascii_alphanumeric() || b"-_.~".contains(&b) => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    all.push(piece.bytes().map(escape).collect::<String>().into_bytes());
    for shift in 0..3 {
        let padded = [vec![b'-'; shift], piece.as_bytes().to_vec()].concat();
        // The characters at the edges have bits of the neighbours in them.
        let range = (shift * 8).div_ceil(6)..padded.len() * 8 / 6;
        for encoded in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            all.push(encoded.as_bytes()[range.clone()].to_vec());
        }
    }
    all.sort();
    all.dedup();
    all
}

#[test]
fn the_net_catches_every_spelling_at_every_place() {
    let secret = "s3cret/with+signs-in.it";
    let net = Net::new([("x", secret)]);
    for lead in ["", "a", "ab"] {
        let whole = format!("{lead}{secret}zz");
        for text in [
            whole.clone(),
            hex::encode(&whole),
            hex::encode_upper(&whole),
            STANDARD_NO_PAD.encode(&whole),
            URL_SAFE_NO_PAD.encode(&whole),
            "s3cret%2Fwith%2Bsigns-in.it".to_owned(),
            whole[..lead.len() + 15].to_owned(),
        ] {
            assert!(!net.caught(text.as_bytes()).is_empty(), "{text}");
        }
    }
    assert!(net.caught(b"s3cret and something else").is_empty());
}
