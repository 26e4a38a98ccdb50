//! The tree of organizations below the one acted for.

use std::collections::HashMap;

use askama::Template;
use axum::{
    extract::{RawQuery, State},
    http::StatusCode,
};
use store::Tx;
use uuid::Uuid;

use super::counts::{self, COUNTED, Filter};
use crate::{
    app::App,
    console::{
        answer::html,
        form::{pairs, value},
        frame::{Frame, PageResult},
        table::ListView,
    },
    error::{Error, Result},
    organizations::{
        self,
        model::Organization,
        pages::{OrganizationRow, OrganizationsPage, organization_list},
    },
    scope::{self, Permission, Scope},
};

/// Rows on one page of the list.
const PAGE: i64 = 100;
/// A tree up to this size is shown whole; of a larger one, one level at a time.
const WHOLE: i64 = 5_000;
/// The depth up to which rows are set in.
const DEEPEST: i64 = 8;

/// `/organizations`: parents before children; while something narrows the list, flat and by name.
pub async fn list(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let pairs = pairs(query.as_deref());
    let list = organization_list().read(&pairs);
    let acting = frame.visitor.organization_id;
    let top = value(&pairs, "below").parse().unwrap_or(acting);
    let filter = filter(&list, top, value(&pairs, "cursor"));
    let (scope, flat) = (frame.caller.scope.clone(), list.narrowed());
    let seen = app.read(move |mut tx| {
        Box::pin(async move { Seen::read(&mut tx, &scope, acting, (filter, flat)).await })
    });
    let page = seen.await?.page(&frame, list);
    let rendered = if frame.fragment.0 {
        page.as_rows().render()
    } else {
        page.render()
    };
    Ok(html(StatusCode::OK, rendered))
}

fn filter(list: &ListView, top: Uuid, cursor: &str) -> Filter {
    Filter {
        top,
        children: false,
        keyword: Some(list.q.clone()).filter(|q| !q.trim().is_empty()),
        kind: Some(list.chosen("kind").to_owned()).filter(|kind| !kind.is_empty()),
        suspended: !list.chosen("suspended").is_empty(),
        descending: list.sort.starts_with('-'),
        offset: cursor.parse().unwrap_or(0_i64).max(0),
        limit: PAGE + 1,
    }
}

/// What the list needs of the book, read in one snapshot.
struct Seen {
    top: Organization,
    above: Vec<(Uuid, String)>,
    filter: Filter,
    /// Shown as a tree, not by name.
    is_tree: bool,
    found: Vec<(Uuid, i64)>,
    total: i64,
    rows: HashMap<Uuid, OrganizationRow>,
    paths: HashMap<Uuid, String>,
    shows_licenses: bool,
}

impl Seen {
    async fn read(
        tx: &mut Tx<'_>,
        scope: &Scope,
        acting: Uuid,
        (mut filter, flat): (Filter, bool),
    ) -> Result<Seen> {
        let top = organizations::queries::find_visible(tx, scope, filter.top).await?;
        let top = top.ok_or_else(Error::not_found)?;
        let outline = match flat {
            false => counts::outline(tx, top.id, WHOLE + 1).await?,
            true => vec![],
        };
        let is_tree = !flat && outline.len() as i64 <= WHOLE;
        filter.children = !flat && !is_tree;
        let (found, total) = match is_tree {
            true => (preorder(top.id, &outline), outline.len() as i64),
            false => {
                let found = counts::matching(tx, &filter).await?;
                let found = found.into_iter().map(|id| (id, 0)).collect();
                (found, counts::count(tx, &filter).await?)
            }
        };
        let left_out = if is_tree { filter.offset } else { 0 };
        let found = found
            .into_iter()
            .skip(left_out as usize)
            .take(PAGE as usize + 1);
        let found: Vec<(Uuid, i64)> = found.collect();
        let ids: Vec<Uuid> = found.iter().map(|(id, _)| *id).collect();
        // In a tree only the first row of a further page cannot be seen below its parent.
        let lost = if is_tree {
            usize::from(filter.offset > 0)
        } else {
            ids.len()
        };
        let seen = scope::queries::check_visible(tx, scope, Permission::LicensesRead, top.id).await;
        Ok(Seen {
            above: way_down(counts::above(tx, scope, top.id).await?, acting),
            rows: counts::rows(tx, &ids).await?,
            paths: counts::paths(tx, top.id, &ids[..lost.min(ids.len())]).await?,
            shows_licenses: seen.is_ok(),
            top,
            filter,
            is_tree,
            found,
            total,
        })
    }

    fn page(mut self, frame: &Frame, mut list: ListView) -> OrganizationsPage {
        let more = self.found.len() as i64 > PAGE;
        self.found.truncate(PAGE as usize);
        let offset = self.filter.offset;
        list.shown = self.found.len() as i64;
        list.total = Some(self.total.min(COUNTED));
        list.more = self.total > COUNTED;
        list.next = more.then(|| (offset + PAGE).to_string());
        list.previous = (offset > 0).then(|| (offset - PAGE).max(0).to_string());
        list.columns
            .retain(|column| self.shows_licenses || !matches!(column.key, "licenses" | "units"));
        for column in list
            .columns
            .iter_mut()
            .filter(|column| column.key == "name")
        {
            column.sortable = !self.is_tree;
        }
        if self.top.id != frame.visitor.organization_id {
            list.keep = vec![("below".into(), self.top.id.to_string())];
        }
        let text = |(id, name): (Uuid, String)| (id.to_string(), name);
        OrganizationsPage {
            shell: frame.shell("Organizations", "organizations"),
            list,
            rows: self.rows(),
            may_create: frame.may(Permission::OrganizationsCreate),
            above: self.above.into_iter().map(text).collect(),
            top: (self.top.id.to_string(), self.top.name),
        }
    }

    fn rows(&mut self) -> Vec<OrganizationRow> {
        let mut rows = Vec::with_capacity(self.found.len());
        for (id, depth) in &self.found {
            let Some(row) = self.rows.remove(id) else {
                continue;
            };
            let path = self.paths.remove(id).unwrap_or_default();
            rows.push(OrganizationRow {
                depth: (*depth).min(DEEPEST),
                path,
                ..row
            });
        }
        rows
    }
}

/// From the organization acted for down; all of it where that one is not on the way.
fn way_down(above: Vec<(Uuid, String)>, acting: Uuid) -> Vec<(Uuid, String)> {
    let start = above
        .iter()
        .position(|(id, _)| *id == acting)
        .unwrap_or_default();
    above.into_iter().skip(start).collect()
}

/// Every organization behind its parent, with its depth below `top`; children in the order given.
fn preorder(top: Uuid, outline: &[(Uuid, Uuid)]) -> Vec<(Uuid, i64)> {
    let mut children: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
    for (id, parent) in outline {
        children.entry(*parent).or_default().push(*id);
    }
    let mut ordered = Vec::with_capacity(outline.len());
    let mut waiting: Vec<(Uuid, i64)> = vec![(top, -1)];
    while let Some((id, depth)) = waiting.pop() {
        if depth >= 0 {
            ordered.push((id, depth));
        }
        let below = children.remove(&id).unwrap_or_default();
        waiting.extend(below.into_iter().rev().map(|child| (child, depth + 1)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_stand_before_their_children() {
        let id = Uuid::from_u128;
        let outline = [
            (id(5), id(2)),
            (id(1), id(0)),
            (id(2), id(0)),
            (id(4), id(1)),
            (id(6), id(2)),
        ];
        let ordered: Vec<(u128, i64)> = preorder(id(0), &outline)
            .into_iter()
            .map(|(id, depth)| (id.as_u128(), depth))
            .collect();
        assert_eq!(ordered, [(1, 0), (4, 1), (2, 0), (5, 1), (6, 1)]);
    }
}
