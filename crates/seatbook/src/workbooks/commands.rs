//! The verb of workbooks. Their rows travel outside of it, as those of imported files do.

use serde::Serialize;
use uuid::Uuid;

use super::{model::Workbook, queries};
use crate::{
    error::{Error, Result},
    gate::{Command, Tx},
    licenses::pools,
    scope::Permission,
};

/// For so long a workbook can come back.
const KEPT_SECONDS: i64 = 90 * 86_400;
/// The longest keyword.
const LONGEST_KEYWORD: usize = 200;

/// Exports the customers of a pool as a workbook. Its rows follow.
#[derive(Clone, Debug, Serialize)]
pub struct ExportWorkbook {
    /// The pool whose customers.
    pub pool_id: Uuid,
    /// Those of them with this in their name, reference, web site or tax number.
    pub keyword: Option<String>,
}

impl Command for ExportWorkbook {
    const NAME: &'static str = "workbooks.export";
    type Outcome = Workbook;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Workbook> {
        let pool = pools::find(tx, self.pool_id).await?;
        let pool = pool.ok_or_else(Error::not_found)?;
        // Who may not bring it back has lists as files.
        tx.require(Permission::ImportsRun, pool.organization_id)
            .await?;
        tx.require(Permission::AllocationsRead, pool.organization_id)
            .await?;
        let keyword = self.keyword.as_deref().map(rules::text::normalize_key);
        let keyword = keyword.filter(|keyword| !keyword.is_empty());
        if keyword
            .as_ref()
            .is_some_and(|it| it.chars().count() > LONGEST_KEYWORD)
        {
            let message = format!("At most {LONGEST_KEYWORD} characters.");
            return Err(Error::invalid("q", "too_long", message));
        }
        let workbook = Workbook {
            id: tx.new_id(),
            pool_id: pool.id,
            license_id: pool.license_id,
            organization_id: pool.organization_id,
            keyword,
            row_count: 0,
            read_only: false,
            ready: false,
            created_by: tx.actor_id(),
            created_at: tx.now(),
            expires_at: tx.now().plus_seconds(KEPT_SECONDS),
        };
        queries::insert(tx, &workbook).await?;
        Ok(workbook)
    }
}
