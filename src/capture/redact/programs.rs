//! Programs that take a secret behind a short flag, which tells nothing by itself: `-p` is a password for one
//! and a port, a path or a process for others.

/// The flags of some programs that are followed by a password or a key.
#[derive(Debug)]
pub(super) struct Program {
    names: &'static [&'static str],
    /// The secret is the next word.
    apart: &'static [&'static str],
    /// The secret follows in the same word.
    joined: &'static [&'static str],
}

const PROGRAMS: &[Program] = &[
    // `docker login`, `az login`, `helm registry login` and others.
    Program {
        names: &["login", "sshpass", "twine", "mongo", "mongosh", "mongodump", "mongorestore"],
        apart: &["p"],
        joined: &["p"],
    },
    // `-p NAME` asks for the password; NAME is a database.
    Program {
        names: &[
            "mysql",
            "mysqladmin",
            "mysqlcheck",
            "mysqldump",
            "mysqlimport",
            "mysqlshow",
            "mariadb",
            "mariadb-admin",
            "mariadb-dump",
            "mariadb-import",
        ],
        apart: &[],
        joined: &["p"],
    },
    Program {
        names: &["7z", "7za", "7zr", "7zz", "rar", "unrar"],
        apart: &[],
        joined: &["p", "hp"],
    },
    Program {
        names: &["zip", "unzip", "zipcloak", "sqlcmd", "bcp", "ipmitool"],
        apart: &["P"],
        joined: &["P"],
    },
    Program {
        names: &[
            "ldapadd",
            "ldapcompare",
            "ldapdelete",
            "ldapmodify",
            "ldappasswd",
            "ldapsearch",
            "ldapwhoami",
        ],
        apart: &["w"],
        joined: &["w"],
    },
    Program { names: &["redis-cli", "valkey-cli"], apart: &["a"], joined: &[] },
    Program { names: &["openssl"], apart: &["k", "K", "hmac"], joined: &[] },
    Program { names: &["plink", "pscp", "psftp"], apart: &["pw"], joined: &[] },
];

impl Program {
    /// The program of this name, without folder and `.exe`.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        PROGRAMS.iter().find(|program| program.names.contains(&name))
    }

    /// Whether the word behind this flag is a secret; the flag is without its dash.
    pub(super) fn takes(&self, flag: &str) -> bool {
        self.apart.contains(&flag)
    }

    /// Length of the flag that this word begins with, if the secret is the rest of it.
    pub(super) fn takes_rest(&self, word: &str) -> Option<usize> {
        let flag = |flag: &&&str| word.len() > flag.len() && word.starts_with(**flag);
        self.joined.iter().filter(flag).map(|flag| flag.len()).max()
    }
}
