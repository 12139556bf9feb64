//! Tokens that tell themselves by how they begin.

use std::sync::LazyLock;

use super::entropy;
use super::rule::Rule;
use super::span::{Finds, at, is_base64, is_edge, is_url64, run};

/// The bytes that may follow a prefix.
#[derive(Clone, Copy)]
enum Chars {
    Alnum,
    Word,
    Url,
    Base64,
    Dotted,
    Dollar,
    Hex,
    Capital,
}

impl Chars {
    const fn has(self, b: u8) -> bool {
        match self {
            Self::Alnum => b.is_ascii_alphanumeric(),
            Self::Word => b.is_ascii_alphanumeric() || b == b'_',
            Self::Url => is_url64(b),
            Self::Base64 => is_base64(b) || b == b'=',
            Self::Dotted => is_base64(b) || matches!(b, b'=' | b'.' | b'~' | b':'),
            Self::Dollar => b.is_ascii_alphanumeric() || b == b'$',
            Self::Hex => b.is_ascii_hexdigit(),
            Self::Capital => b.is_ascii_uppercase() || b.is_ascii_digit(),
        }
    }
}

/// How sure a prefix is on its own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sure {
    /// Nothing else looks like this, wherever it begins.
    Anywhere,
    /// Could be the end of a word: must begin at an edge.
    Edge,
    /// Could be the beginning of a name: must begin at an edge and go on as no words do.
    Random,
}

/// A prefix, its rule, what follows and how much at least, and how sure it is.
struct Token(&'static str, Rule, Chars, usize, Sure);

use Chars::{Alnum, Base64, Capital, Dollar, Dotted, Hex, Url, Word};
use Rule::{
    AgeKey, AiProviderKey, AwsAccessKey, CratesIoToken, DatabricksToken, DigitaloceanToken,
    DockerToken, DopplerToken, GithubToken, GitlabToken, GoogleToken, HuggingFaceToken, NpmToken,
    PrivateKey, PypiToken, RubygemsToken, SendgridKey, SlackToken, StripeKey, TwilioKey,
    VaultToken, VendorToken,
};
use Sure::{Anywhere, Edge, Random};

const TOKENS: &[Token] = &[
    Token("ghp_", GithubToken, Alnum, 20, Anywhere),
    Token("gho_", GithubToken, Alnum, 20, Anywhere),
    Token("ghu_", GithubToken, Alnum, 20, Anywhere),
    Token("ghs_", GithubToken, Alnum, 20, Anywhere),
    Token("ghs_", GithubToken, Dotted, 36, Random),
    Token("ghr_", GithubToken, Alnum, 20, Anywhere),
    Token("github_pat_", GithubToken, Word, 20, Anywhere),
    Token("glpat-", GitlabToken, Dotted, 20, Anywhere),
    Token("gldt-", GitlabToken, Dotted, 20, Anywhere),
    Token("glrt-", GitlabToken, Dotted, 20, Anywhere),
    Token("glrtr-", GitlabToken, Dotted, 20, Anywhere),
    Token("glcbt-", GitlabToken, Dotted, 20, Anywhere),
    Token("glptt-", GitlabToken, Dotted, 20, Anywhere),
    Token("glft-", GitlabToken, Dotted, 20, Anywhere),
    Token("glsoat-", GitlabToken, Dotted, 20, Anywhere),
    Token("gloas-", GitlabToken, Dotted, 20, Anywhere),
    Token("glagent-", GitlabToken, Dotted, 20, Random),
    Token("glimt-", GitlabToken, Dotted, 20, Anywhere),
    Token("glffct-", GitlabToken, Dotted, 20, Anywhere),
    Token("glwt-", GitlabToken, Dotted, 20, Anywhere),
    Token("GR1348941", GitlabToken, Url, 20, Edge),
    Token("AKIA", AwsAccessKey, Capital, 16, Edge),
    Token("ASIA", AwsAccessKey, Capital, 16, Edge),
    Token("ABIA", AwsAccessKey, Capital, 16, Edge),
    Token("ACCA", AwsAccessKey, Capital, 16, Edge),
    Token("AIza", GoogleToken, Url, 35, Anywhere),
    Token("ya29.", GoogleToken, Dotted, 20, Edge),
    Token("GOCSPX-", GoogleToken, Url, 20, Anywhere),
    Token("1//0", GoogleToken, Url, 30, Edge),
    Token("xoxb-", SlackToken, Url, 10, Anywhere),
    Token("xoxp-", SlackToken, Url, 10, Anywhere),
    Token("xoxa-", SlackToken, Url, 10, Anywhere),
    Token("xoxs-", SlackToken, Url, 10, Anywhere),
    Token("xoxo-", SlackToken, Url, 10, Anywhere),
    Token("xoxr-", SlackToken, Url, 10, Anywhere),
    Token("xoxe-", SlackToken, Url, 10, Anywhere),
    Token("xoxe.", SlackToken, Dotted, 10, Anywhere),
    Token("xoxd-", SlackToken, Dotted, 10, Anywhere),
    Token("xapp-1-", SlackToken, Url, 10, Edge),
    Token("sk_live_", StripeKey, Alnum, 16, Anywhere),
    Token("rk_live_", StripeKey, Alnum, 16, Anywhere),
    Token("sk_test_", StripeKey, Alnum, 16, Edge),
    Token("rk_test_", StripeKey, Alnum, 16, Edge),
    Token("whsec_", StripeKey, Base64, 20, Edge),
    Token("SK", TwilioKey, Hex, 32, Edge),
    Token("SG.", SendgridKey, Dotted, 60, Edge),
    Token("npm_", NpmToken, Alnum, 30, Edge),
    Token("pypi-AgE", PypiToken, Url, 40, Anywhere),
    Token("cio", CratesIoToken, Alnum, 32, Edge),
    Token("rubygems_", RubygemsToken, Hex, 32, Anywhere),
    Token("dckr_pat_", DockerToken, Url, 20, Anywhere),
    Token("dckr_oat_", DockerToken, Url, 20, Anywhere),
    Token("hf_", HuggingFaceToken, Alnum, 30, Edge),
    Token("api_org_", HuggingFaceToken, Alnum, 30, Edge),
    Token("sk-ant-", AiProviderKey, Url, 20, Edge),
    Token("sk-proj-", AiProviderKey, Url, 20, Random),
    Token("sk-", AiProviderKey, Url, 20, Random),
    Token("gsk_", AiProviderKey, Alnum, 30, Edge),
    Token("xai-", AiProviderKey, Alnum, 40, Edge),
    Token("pplx-", AiProviderKey, Alnum, 40, Edge),
    Token("r8_", AiProviderKey, Alnum, 30, Edge),
    Token("dop_v1_", DigitaloceanToken, Hex, 32, Anywhere),
    Token("doo_v1_", DigitaloceanToken, Hex, 32, Anywhere),
    Token("dor_v1_", DigitaloceanToken, Hex, 32, Anywhere),
    Token("dp.pt.", DopplerToken, Alnum, 20, Edge),
    Token("dp.st.", DopplerToken, Dotted, 20, Edge),
    Token("dp.ct.", DopplerToken, Alnum, 20, Edge),
    Token("dp.sa.", DopplerToken, Alnum, 20, Edge),
    Token("dp.scim.", DopplerToken, Alnum, 20, Edge),
    Token("dp.audit.", DopplerToken, Alnum, 20, Edge),
    Token("hvs.", VaultToken, Url, 20, Edge),
    Token("hvb.", VaultToken, Url, 20, Edge),
    Token("hvr.", VaultToken, Url, 20, Edge),
    // What Vault gave out before its version 1.10.
    Token("s.", VaultToken, Alnum, 24, Random),
    Token("dapi", DatabricksToken, Hex, 32, Edge),
    Token("AGE-SECRET-KEY-", AgeKey, Url, 20, Anywhere),
    Token("age-secret-key-", AgeKey, Url, 20, Anywhere),
    Token("AGE-PLUGIN-", AgeKey, Url, 20, Random),
    // Private keys in DER, as base64 without armour.
    Token("MC4CAQAwBQYDK2V", PrivateKey, Base64, 20, Anywhere),
    Token("MFECAQEwBQYDK2V", PrivateKey, Base64, 20, Anywhere),
    Token("MFMCAQEwBQYDK2V", PrivateKey, Base64, 20, Anywhere),
    Token("MEcCAQAwBQYDK2V", PrivateKey, Base64, 20, Anywhere),
    Token("MHcCAQEEI", PrivateKey, Base64, 40, Anywhere),
    Token("MIGkAgEBBD", PrivateKey, Base64, 40, Anywhere),
    Token("MIGHAgEAMBMGByqGSM49", PrivateKey, Base64, 40, Anywhere),
    Token("MIG2AgEAMBAGByqGSM49", PrivateKey, Base64, 40, Anywhere),
    Token("b3BlbnNzaC1rZXktdjE", PrivateKey, Base64, 20, Anywhere),
    // minisign and signify: the algorithm is the first thing encoded.
    Token("RWRTY0Iy", PrivateKey, Base64, 40, Anywhere),
    Token("RWRCSw", PrivateKey, Base64, 60, Edge),
    Token("lin_api_", VendorToken, Alnum, 30, Anywhere),
    Token("lin_oauth_", VendorToken, Alnum, 30, Anywhere),
    Token("ntn_", VendorToken, Alnum, 30, Edge),
    Token("figd_", VendorToken, Url, 30, Anywhere),
    Token("shpat_", VendorToken, Hex, 32, Anywhere),
    Token("shpca_", VendorToken, Hex, 32, Anywhere),
    Token("shppa_", VendorToken, Hex, 32, Anywhere),
    Token("shpss_", VendorToken, Hex, 32, Anywhere),
    Token("sq0atp-", VendorToken, Url, 20, Anywhere),
    Token("sq0csp-", VendorToken, Url, 20, Anywhere),
    Token("PMAK-", VendorToken, Url, 30, Anywhere),
    Token("NRAK-", VendorToken, Alnum, 20, Anywhere),
    Token("glsa_", VendorToken, Word, 30, Edge),
    Token("glc_", VendorToken, Base64, 30, Edge),
    Token("sntrys_", VendorToken, Dotted, 30, Anywhere),
    Token("sntryu_", VendorToken, Hex, 32, Anywhere),
    Token("pscale_tkn_", VendorToken, Dotted, 20, Anywhere),
    Token("pscale_pw_", VendorToken, Dotted, 20, Anywhere),
    Token("pscale_oauth_", VendorToken, Dotted, 20, Anywhere),
    Token("sbp_", VendorToken, Hex, 32, Edge),
    Token("nfp_", VendorToken, Alnum, 30, Edge),
    Token("fm1r_", VendorToken, Base64, 40, Edge),
    Token("fm2_", VendorToken, Base64, 40, Edge),
    Token("ATATT3", VendorToken, Base64, 40, Anywhere),
    Token("ATCTT3", VendorToken, Base64, 40, Anywhere),
    Token("ATBB", VendorToken, Alnum, 28, Edge),
    Token("HRKU-", VendorToken, Url, 30, Anywhere),
    Token("key-", VendorToken, Hex, 32, Edge),
    Token("pul-", VendorToken, Hex, 32, Edge),
    Token("AKCp", VendorToken, Alnum, 50, Edge),
    Token("cmVmdGtu", VendorToken, Base64, 40, Edge),
    Token("tskey-", VendorToken, Url, 16, Edge),
    Token("bkua_", VendorToken, Hex, 32, Edge),
    Token("CCIPAT_", VendorToken, Word, 30, Anywhere),
    Token("CCIPRJ_", VendorToken, Word, 30, Anywhere),
    Token("sgp_", VendorToken, Word, 40, Edge),
    Token("squ_", VendorToken, Hex, 32, Edge),
    Token("sqp_", VendorToken, Hex, 32, Edge),
    Token("sqa_", VendorToken, Hex, 32, Edge),
    Token("CLOJARS_", VendorToken, Hex, 32, Anywhere),
    Token("oy2", VendorToken, Alnum, 40, Edge),
    Token("phx_", VendorToken, Alnum, 30, Edge),
    Token("lsv2_pt_", VendorToken, Word, 30, Anywhere),
    Token("lsv2_sk_", VendorToken, Word, 30, Anywhere),
    Token("dt0c01.", VendorToken, Dotted, 60, Edge),
    Token("v1.0-", VendorToken, Url, 140, Edge),
    Token("access_token$production$", VendorToken, Dollar, 30, Anywhere),
    Token("access_token$sandbox$", VendorToken, Dollar, 30, Anywhere),
    Token("LTAI", VendorToken, Alnum, 16, Edge),
    Token("FlyV1 ", VendorToken, Dotted, 20, Edge),
    Token("Q~", Rule::AzureSecret, Dotted, 31, Anywhere),
    Token(".atlasv1.", Rule::TerraformToken, Dotted, 40, Anywhere),
];

/// The table by first byte.
static BY_FIRST: LazyLock<Vec<Vec<&'static Token>>> = LazyLock::new(|| {
    (0..=u8::MAX)
        .map(|first| TOKENS.iter().filter(|t| t.0.as_bytes().first() == Some(&first)).collect())
        .collect()
});

/// Finds every token of the table.
///
/// A candidate is decided on its first few bytes and only then followed to its end, which is
/// where the scan goes on: no input makes this quadratic.
pub(super) fn scan(bytes: &[u8], finds: &mut Finds) {
    let table = &*BY_FIRST;
    let mut i = 0;
    while i < bytes.len() {
        let candidates = table.get(usize::from(at(bytes, i))).map_or(&[][..], Vec::as_slice);
        i = match candidates.iter().find_map(|token| token_at(bytes, i, token)) {
            Some((start, end, rule)) => {
                finds.add(start..end, rule);
                end.max(i + 1)
            }
            None => der_key_at(bytes, i).map_or(i + 1, |end| {
                finds.add(i..end, PrivateKey);
                end
            }),
        };
    }
}

fn token_at(bytes: &[u8], i: usize, token: &Token) -> Option<(usize, usize, Rule)> {
    let &Token(prefix, rule, chars, least, sure) = token;
    if !bytes.get(i..)?.starts_with(prefix.as_bytes()) || (sure != Anywhere && !is_edge(bytes, i)) {
        return None;
    }
    let from = i + prefix.len();
    let head = bytes.get(from..from + least)?;
    if !head.iter().all(|&b| chars.has(b)) || (sure == Random && !is_made(bytes, from, chars)) {
        return None;
    }
    // Two kinds carry a part of the secret before the part that tells.
    let start = match rule {
        Rule::AzureSecret => back_from(bytes, i, 4, 4)?,
        Rule::TerraformToken => back_from(bytes, i, 10, 20)?,
        _ => i,
    };
    Some((start, run(bytes, from, |b| chars.has(b)), rule))
}

/// Whether no one would give such a name: pairs that words haven't, or all three classes.
fn is_made(bytes: &[u8], from: usize, chars: Chars) -> bool {
    let window = bytes.get(from..bytes.len().min(from + 48)).unwrap_or_default();
    let text = window.get(..run(window, 0, |b| chars.has(b))).unwrap_or_default();
    let classes = [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit];
    entropy::is_random(text) || classes.iter().all(|class| text.iter().any(class))
}

fn back_from(bytes: &[u8], to: usize, least: usize, most: usize) -> Option<usize> {
    let start = super::span::run_back(bytes, to, most, |b| is_url64(b) || matches!(b, b'~' | b'.'));
    (to - start >= least).then_some(start)
}

/// RSA keys in PKCS#1 and PKCS#8: their length stands before the part that tells.
fn der_key_at(bytes: &[u8], i: usize) -> Option<usize> {
    let head = bytes.get(i..i + 40)?;
    let tells = head.starts_with(b"MII") && matches!(head.get(6..10)?, b"IBAA" | b"IBAD");
    (tells && head.iter().all(|&b| is_base64(b))).then(|| run(bytes, i, |b| Base64.has(b)))
}
