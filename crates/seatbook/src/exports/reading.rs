//! A list on its way into a file, portion by portion.

use std::sync::Arc;

use store::Stride;

use super::{lists, model::Asked};
use crate::{
    app::App,
    console::format,
    error::Result,
    files::Column,
    gate::Caller,
    listings::{Listing, Portion, Reader},
    organizations,
    scope::Permission,
};

/// What a list says of itself, once its first rows are read.
pub struct Told {
    /// Its columns.
    pub columns: Vec<Column>,
    /// What is to be known about it.
    pub notes: Vec<String>,
}

/// A list on its way: each portion is read in a snapshot of its own, and aside where others read.
pub struct Pages {
    app: App,
    reader: Arc<Reader>,
    listing: Box<dyn Listing>,
    stride: Stride,
}

impl Pages {
    /// At its beginning.
    pub fn open(app: &App, asked: &Asked, reader: &Arc<Reader>) -> Result<Pages> {
        Ok(Pages {
            app: app.clone(),
            reader: Arc::clone(reader),
            listing: lists::open(app, asked, reader)?,
            stride: Stride::default(),
        })
    }

    /// The next rows, and the list behind them.
    pub async fn next(self) -> Result<(Pages, Portion)> {
        let (app, reader) = (self.app, self.reader);
        let (mut listing, mut stride) = (self.listing, self.stride);
        let as_reader = Arc::clone(&reader);
        let read = stride.read(app.gate.db(), move |mut tx| {
            Box::pin(async move {
                let portion = listing.next(&mut tx, &as_reader).await;
                portion.map(|portion| (listing, portion))
            })
        });
        let (listing, portion) = read.await??;
        let rest = Pages {
            app,
            reader,
            listing,
            stride,
        };
        Ok((rest, portion))
    }

    /// How many rows there are, where that is soon known.
    pub async fn count(self) -> Result<(Pages, Option<i64>)> {
        let (listing, reader) = (self.listing, Arc::clone(&self.reader));
        let read = self.app.read(move |mut tx| {
            Box::pin(async move {
                let total = listing.count(&mut tx, &reader).await?;
                Ok((listing, total))
            })
        });
        let (listing, total) = read.await?;
        Ok((Pages { listing, ..self }, total))
    }

    /// What the list says of itself.
    pub fn told(&self) -> Told {
        Told {
            columns: self.listing.columns(),
            notes: self.listing.notes(),
        }
    }

    /// The permissions that filled it, beyond what the list takes.
    pub fn needs(&self) -> Vec<Permission> {
        self.listing.needs()
    }
}

/// Who reads the list: the caller with the rights they have now, by the clock of the organization acted for.
pub async fn reader(app: &App, caller: &Caller, asked: &Asked) -> Result<Reader> {
    let (scope, asked) = (caller.scope.clone(), asked.clone());
    let organization_id = asked.organization_id;
    let zone = app.read(move |mut tx| {
        Box::pin(async move {
            lists::check_place(&mut tx, &scope, &asked).await?;
            organizations::queries::find(&mut tx, organization_id).await
        })
    });
    let zone = zone.await?.map(|it| it.time_zone).unwrap_or_default();
    let moment = format::Moment::new(app.gate.now(), &zone);
    Ok(Reader {
        actor_id: caller.actor_id,
        scope: caller.scope.clone(),
        organization_id,
        now: moment.now,
        zone: moment.zone,
    })
}
