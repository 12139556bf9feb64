//! The usual tools, and how each is made to say its version.

/// How a tool's version is learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ask {
    /// It is run with these arguments.
    Run(&'static [&'static str]),
    /// It has no such option; nothing is missing.
    No,
    /// To ask could download something, run the project's code or change the home: its digest is all.
    Never,
    /// The `package.json` of its package: to run these could download another version of themselves.
    Node,
    /// The metadata of this Python package, beside the program: to start it takes half a second.
    Python(&'static str),
    /// The jar of this name in `../lib`: to start it takes seconds, and reads `~/.mavenrc` and the like.
    Jar(&'static str),
    /// The `release` file of a Java installation, else the program is run with this.
    Java(&'static [&'static str]),
}

/// What a name from the configuration is asked.
pub(super) const OTHER: Ask = Ask::Run(&["--version"]);

const DASHES: Ask = OTHER;
const WORD: Ask = Ask::Run(&["version"]);

/// Sorted by name.
pub(super) const TABLE: &[(&str, Ask)] = &[
    ("ant", Ask::Never),
    ("ar", DASHES),
    ("as", DASHES),
    ("autoconf", DASHES),
    ("automake", DASHES),
    ("bash", DASHES),
    ("bazel", Ask::Never),
    ("bazelisk", Ask::Never),
    ("buildah", DASHES),
    ("bun", DASHES),
    // The binstub chooses, and may install, the bundler that a lockfile names.
    ("bundle", Ask::Never),
    ("bunx", Ask::Never),
    ("c++", DASHES),
    ("cabal", Ask::Run(&["--numeric-version"])),
    ("cargo", DASHES),
    ("cc", DASHES),
    ("ccache", DASHES),
    ("clang", DASHES),
    ("clang++", DASHES),
    ("cmake", DASHES),
    // Its plugins are PHP that it loads.
    ("composer", Ask::Never),
    ("corepack", Ask::Node),
    ("cosign", WORD),
    ("curl", DASHES),
    ("dash", Ask::No),
    ("deno", DASHES),
    ("docker", DASHES),
    ("dotnet", DASHES),
    ("flutter", Ask::Never),
    ("g++", DASHES),
    ("gcc", DASHES),
    ("gem", DASHES),
    ("gfortran", DASHES),
    ("ghc", Ask::Run(&["--numeric-version"])),
    ("git", DASHES),
    ("go", WORD),
    ("gpg", DASHES),
    ("gradle", Ask::Jar("gradle-core-")),
    ("gradlew", Ask::Never),
    ("helm", Ask::Run(&["version", "--short"])),
    ("java", Ask::Java(&["-version"])),
    ("javac", Ask::Java(&["-version"])),
    // It starts a JVM, and the compiler's jar beside it names no version.
    ("kotlinc", Ask::Never),
    ("ld", DASHES),
    ("ld.lld", DASHES),
    ("lld", Ask::No),
    ("llvm-ar", DASHES),
    ("m4", DASHES),
    ("make", DASHES),
    ("meson", DASHES),
    ("mold", DASHES),
    ("mvn", Ask::Jar("maven-core-")),
    ("mvnw", Ask::Never),
    ("nasm", Ask::Run(&["-v"])),
    ("ninja", DASHES),
    ("nm", DASHES),
    ("node", DASHES),
    ("npm", Ask::Node),
    // It installs and runs whatever it is named.
    ("npx", Ask::Node),
    ("objcopy", DASHES),
    ("openssl", WORD),
    ("perl", Ask::Run(&["-v"])),
    ("php", DASHES),
    ("pip", Ask::Python("pip")),
    ("pip3", Ask::Python("pip")),
    ("pkg-config", DASHES),
    ("pnpm", Ask::Node),
    ("pnpx", Ask::Never),
    ("podman", DASHES),
    ("poetry", Ask::Python("poetry")),
    ("protoc", DASHES),
    ("python", DASHES),
    ("python3", DASHES),
    ("ranlib", DASHES),
    ("ruby", DASHES),
    ("rustc", DASHES),
    ("rustup", DASHES),
    ("sbt", Ask::Never),
    ("scala", Ask::Never),
    ("scalac", Ask::Never),
    ("sccache", DASHES),
    ("sh", Ask::No),
    ("skopeo", DASHES),
    // It makes `~/.stack` and may ask its mirrors.
    ("stack", Ask::Never),
    ("strip", DASHES),
    ("swift", DASHES),
    ("swiftc", DASHES),
    ("syft", DASHES),
    ("tar", DASHES),
    ("terraform", WORD),
    ("tsc", Ask::Node),
    ("unzip", Ask::Run(&["-v"])),
    ("uv", DASHES),
    ("uvx", Ask::Never),
    ("wget", DASHES),
    ("xz", DASHES),
    ("yarn", Ask::Node),
    ("yarnpkg", Ask::Node),
    ("zig", WORD),
    ("zip", Ask::Run(&["-v"])),
    ("zsh", DASHES),
];

/// What a name of the configuration must be like: nothing that could be a path or an option.
pub(super) fn is_plain(name: &str) -> bool {
    let first = name.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.len() <= 64
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_of_plain_names() {
        assert!(TABLE.is_sorted_by(|(one, _), (two, _)| one < two));
        assert!(TABLE.iter().all(|(name, _)| is_plain(name)));
        for name in ["npx", "mvnw", "gradlew", "yarn", "pnpm", "sbt"] {
            let (_, ask) = TABLE.iter().find(|(known, _)| *known == name).unwrap();
            assert!(!matches!(ask, Ask::Run(_) | Ask::Java(_)), "{name} must never be run");
        }
    }

    #[test]
    fn paths_and_options_are_no_plain_names() {
        for name in ["", "a/b", "../x", "-rf", ".x", "a b", "a\n", "ä", "a;b", &"x".repeat(65)] {
            assert!(!is_plain(name), "{name:?}");
        }
        assert!(is_plain("clang++-17.1"));
    }
}
