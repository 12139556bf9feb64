//! The predicate types under which a bill of materials is stated (in-toto/attestation, `spec/predicates`
//! `spdx2.md`, `spdx3.md`, `cyclonedx.md`).

/// SPDX 2 in JSON; which version of it stands in the document.
pub const SPDX_2: &str = "https://spdx.dev/Document";
/// SPDX 3 in JSON.
pub const SPDX_3: &str = "https://spdx.dev/Document/v3";
/// CycloneDX in JSON; which version of it stands in the document.
pub const CYCLONEDX: &str = "https://cyclonedx.org/bom";

/// Whether statements of this type hold a bill of materials, of whatever version.
#[must_use]
pub fn is_sbom(predicate_type: &str) -> bool {
    [SPDX_2, CYCLONEDX].iter().any(|known| {
        let rest = predicate_type.strip_prefix(known);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("/v"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_and_neighbours_are_not() {
        for sbom in [SPDX_2, SPDX_3, CYCLONEDX, "https://cyclonedx.org/bom/v1.4"] {
            assert!(is_sbom(sbom), "{sbom}");
        }
        for other in ["", "https://spdx.dev/Documents", "https://cyclonedx.org/bomb", "CycloneDX"] {
            assert!(!is_sbom(other), "{other}");
        }
    }
}
