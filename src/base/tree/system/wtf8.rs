//! WTF-8: UTF-16 with unpaired surrogates as bytes, and back, without loss.
//!
//! A surrogate that has no partner becomes three bytes that are no UTF-8; all else is UTF-8.

/// Appends the bytes of `wide`.
pub(super) fn encode(wide: impl Iterator<Item = u16>, into: &mut Vec<u8>) {
    for unit in char::decode_utf16(wide) {
        match unit {
            Ok(c) => into.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                into.push(0xe0 | (high >> 4));
                into.push(0x80 | ((high & 0x0f) << 2) | (low >> 6));
                into.push(0x80 | (low & 0x3f));
            }
        }
    }
}

/// The UTF-16 that [`encode`] wrote as `bytes`.
pub(super) fn decode(bytes: &[u8]) -> Vec<u16> {
    let mut wide = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let valid = match std::str::from_utf8(rest) {
            Ok(text) => text,
            Err(error) => {
                let (valid, _) = rest.split_at(error.valid_up_to());
                std::str::from_utf8(valid).unwrap_or_default()
            }
        };
        wide.extend(valid.encode_utf16());
        rest = match rest.get(valid.len()..) {
            Some([a, b, c, rest @ ..]) => {
                let (a, b, c) = (u16::from(*a), u16::from(*b), u16::from(*c));
                wide.push((a << 12) | ((b & 0x3f) << 6) | (c & 0x3f));
                rest
            }
            _ => &[],
        };
    }
    wide
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpaired_surrogates_come_back_as_they_were() {
        for wide in [
            "dist/ü\u{1f980}.txt".encode_utf16().collect::<Vec<_>>(),
            vec![0xd800],
            vec![0x61, 0xdc00, 0xd800, 0x62, 0xdfff],
            vec![],
        ] {
            let mut bytes = Vec::new();
            encode(wide.iter().copied(), &mut bytes);
            assert_eq!(decode(&bytes), wide);
            assert_eq!(std::str::from_utf8(&bytes).is_ok(), String::from_utf16(&wide).is_ok());
        }
    }
}
