//! What the platform's token may do.

use std::collections::BTreeMap;

use github_actions_models::common::{BasePermission, Permission, Permissions as Model};

use super::{At, Look, NOT_DECIDABLE, Table, is_made};
use crate::capture::markup::node::{Node, has_twice};
use crate::format::evidence::Permissions;

/// Most scopes of one table; the platform has some twenty.
const SCOPES_MAX: usize = 100;

impl Look {
    /// Those of a workflow or a job, where it states some.
    pub(super) fn permissions_at(&mut self, table: &Table) -> Option<Permissions> {
        match self.at(table, "permissions") {
            At::Is(node) => Some(self.permissions(node)),
            At::Nothing => None,
            At::Unclear => Some(all(NOT_DECIDABLE)),
        }
    }

    fn permissions(&mut self, node: &Node) -> Permissions {
        if let Node::Map(entries) = node.plain() {
            return self.scopes(entries);
        }
        match self.model::<Model>(node) {
            Some(Model::Base(BasePermission::ReadAll)) => all("read"),
            Some(Model::Base(BasePermission::WriteAll)) => all("write"),
            _ => {
                self.unclear("has permissions that aren't as the platform wants them");
                all(NOT_DECIDABLE)
            }
        }
    }

    /// A table of scopes takes everything from those that it doesn't name.
    fn scopes(&mut self, entries: &Table) -> Permissions {
        if has_twice(entries) || entries.iter().any(|(name, _)| is_made(name)) {
            self.unclear("has permissions that aren't as the platform wants them");
            return all(NOT_DECIDABLE);
        }
        if entries.len() > SCOPES_MAX {
            self.unclear("has permissions for more than the platform has");
            return all(NOT_DECIDABLE);
        }
        let mut scopes = BTreeMap::new();
        for (scope, level) in entries {
            let level = match self.model::<Permission>(level) {
                Some(Permission::Read) => "read",
                Some(Permission::Write) => "write",
                Some(Permission::None) => "none",
                None => {
                    self.unclear("has permissions that aren't as the platform wants them");
                    NOT_DECIDABLE
                }
            };
            scopes.insert(scope.clone(), level.to_owned());
        }
        Permissions { scopes, ..all("none") }
    }

    pub(super) fn broad(&mut self, place: impl Into<String>, permissions: Option<&Permissions>) {
        if permissions.is_some_and(|permissions| permissions.others == "write") {
            let what = "the token may write everything (`write-all`)";
            self.mark("broad-permissions", place, what);
        }
    }
}

fn all(others: &str) -> Permissions {
    Permissions { others: others.to_owned(), scopes: BTreeMap::new() }
}
