//! A tree on its way to another process of this machine: rows in the order of the walk.
//!
//! Form is all that is checked on the way back: whether the bytes are those that were written, their
//! keeper must know. No path that comes back is ever opened: the second look walks by itself.

use super::system::Stamp;
use super::table::{Builder, Row, Tree};
use super::{Kind, Problem, Problems, Trouble};
use crate::base::digest::Sha256;
use crate::base::pack::{Masks, Packer, Unmask, UnpackError, Unpacker};

/// Beside the flags of a row: it has a digest.
const DIGEST: u8 = 64;

impl Tree {
    /// Packs all of it.
    pub fn pack(&self, into: &mut Packer, masks: &Masks<'_>) {
        into.number(self.blocks.iter().map(|block| block.len() as u64).sum());
        for (path, row) in self.blocks.iter().flat_map(super::table::Block::iter) {
            into.byte(match row.kind {
                Kind::File => 0,
                Kind::Link => 1,
                Kind::Other => 2,
            });
            into.byte(row.flags | if row.digest.is_some() { DIGEST } else { 0 });
            for number in [row.stamp.dev, row.stamp.ino, row.stamp.size] {
                into.number(number);
            }
            into.raw(&row.stamp.mtime.to_le_bytes());
            into.raw(&row.stamp.ctime.to_le_bytes());
            if let Some(digest) = &row.digest {
                into.raw(digest.as_bytes());
            }
            into.path(path, masks);
        }
        let problems = self.all_problems();
        into.number(problems.list.len() as u64);
        for Problem { path, trouble } in &problems.list {
            let (tag, why) = match trouble {
                Trouble::Unreadable(why) => (0, why.as_str()),
                Trouble::UnreadableFolder(why) => (1, why.as_str()),
                Trouble::ChangedWhileRead => (2, ""),
                Trouble::NotReached => (3, ""),
            };
            into.byte(tag);
            into.bytes(why.as_bytes());
            into.path(path, masks);
        }
        into.number(problems.not_reached);
        into.byte(u8::from(self.is_complete()));
    }

    /// Reads what [`Self::pack`] wrote.
    ///
    /// # Errors
    /// Anything else.
    pub fn unpack(from: &mut Unpacker<'_>, unmask: Unmask<'_>) -> Result<Self, UnpackError> {
        let mut rows = Builder::default();
        for _ in 0..from.count()? {
            let kind = match from.byte()? {
                0 => Kind::File,
                1 => Kind::Link,
                2 => Kind::Other,
                _ => return Err(UnpackError),
            };
            let flags = from.byte()?;
            let [dev, ino, size] = [from.number()?, from.number()?, from.number()?];
            let mtime = i64::from_le_bytes(from.array()?);
            let ctime = i64::from_le_bytes(from.array()?);
            let digest = match flags & DIGEST {
                0 => None,
                _ => Some(Sha256::from_bytes(from.array()?)),
            };
            let stamp = Stamp { dev, ino, size, mtime, ctime };
            let row = Row { stamp, end: 0, digest, kind, flags: flags & !DIGEST };
            rows.push(&from.path(unmask)?, row);
        }
        let mut problems = Problems::default();
        for _ in 0..from.count()? {
            let tag = from.byte()?;
            let why = std::str::from_utf8(from.bytes()?).or(Err(UnpackError))?.to_owned();
            let trouble = match tag {
                0 => Trouble::Unreadable(why),
                1 => Trouble::UnreadableFolder(why),
                2 => Trouble::ChangedWhileRead,
                3 => Trouble::NotReached,
                _ => return Err(UnpackError),
            };
            let path = from.path(unmask)?.into_owned();
            problems.list.push(Problem { path, trouble });
        }
        problems.not_reached = from.number()?;
        let complete = match from.byte()? {
            0 => false,
            1 => true,
            _ => return Err(UnpackError),
        };
        Ok(Self::of(rows.finish(), problems, complete))
    }
}
