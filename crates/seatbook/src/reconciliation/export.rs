//! A reconciliation as a file: typed rows, CSV or a workbook.

use std::io::Read;

use axum::{
    extract::{RawQuery, State},
    http::HeaderName,
    response::IntoResponse,
};

use super::{
    api::Asking,
    gathering::{Setting, page},
    list,
    model::{Line, Question},
};
use crate::{
    app::App,
    console::{
        form::{pairs, value},
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    files::{Cell, Column, ColumnKind, Format, Sheet},
    gate::Caller,
    imports::{runs, uploads::attachment},
    listings::{maybe, text},
    scope::Permission,
    statements::model::Month,
};

/// Lines in one file at most.
const ROWS: usize = 100_000;

/// `/reconciliation/export`: everything that search and filters of the list find.
pub async fn download(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
) -> PageResult {
    frame.caller.scope.require(Permission::AllocationsRead)?;
    let pairs = pairs(query.as_deref());
    let asking = list::asking(&frame, &pairs);
    let format = Format::parse(value(&pairs, "format")).unwrap_or(Format::Xlsx);
    let file = file(&app, &frame.caller, asking, format).await?;
    Ok(file.into_response())
}

/// A file and what it is called.
pub type Named = ([(HeaderName, String); 2], Vec<u8>);

/// All lines that are asked for as one file.
pub async fn file(app: &App, caller: &Caller, asking: Asking, format: Format) -> Result<Named> {
    let (scope, now) = (caller.scope.clone(), app.gate.now());
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let tx = &mut tx;
            let setting = Setting::read(tx, &scope, asking.organization_id, now).await?;
            let question = asking.question(&setting, ROWS + 1)?;
            let found = Found::read(tx, &setting, question).await?;
            Ok((found, setting))
        })
    });
    let (found, setting) = read.await?;
    let name = format!("reconciliation-{}.{}", found.month, format.as_str());
    let written = runs::blocking(move || found.write(&setting, format)).await?;
    Ok((attachment(&name, format), written))
}

/// All lines of a month.
struct Found {
    month: Month,
    lines: Vec<Line>,
    billing: bool,
    statement: bool,
}

impl Found {
    async fn read(
        tx: &mut store::Tx<'_>,
        setting: &Setting,
        mut question: Question,
    ) -> Result<Found> {
        let mut found = Found {
            month: question.month,
            lines: vec![],
            billing: setting.billing,
            statement: false,
        };
        loop {
            let page = page(tx, setting, &question).await?;
            found.statement = page.is_stated();
            found.lines.extend(page.lines);
            if found.lines.len() > ROWS {
                let message =
                    "A file has at most 100,000 lines; narrow the list by a search or a filter.";
                return Err(Error::invalid("q", "export.too_large", message));
            }
            match page.next {
                Some(next) => (question.from, question.order) = (Some(next), page.order),
                None => return Ok(found),
            }
        }
    }

    fn write(self, setting: &Setting, format: Format) -> Result<Vec<u8>> {
        let mut sheet = Sheet::new(format, "Reconciliation", &self.columns())?;
        for words in self.notes(setting) {
            sheet.note(&words)?;
        }
        for line in &self.lines {
            sheet.row(&self.cells(line))?;
        }
        let mut bytes = Vec::new();
        let mut file = sheet.finish()?;
        file.read_to_end(&mut bytes).map_err(Error::internal)?;
        Ok(bytes)
    }

    fn columns(&self) -> Vec<Column> {
        let column = |title: &str, kind, width| Column {
            title: title.into(),
            kind,
            width,
            total: kind == ColumnKind::Number,
            hidden: false,
        };
        let text = |title, width| column(title, ColumnKind::Text, width);
        let number = |title| column(title, ColumnKind::Number, 12);
        let mut columns = vec![
            text("Customer", 32),
            text("Customer reference", 20),
            text("Product", 32),
            text("Product code", 20),
            number("Purchased"),
            number("Allocated"),
            number("In use"),
        ];
        if self.billing {
            columns.extend([number("Invoiced"), number("Not billed")]);
        }
        if self.statement {
            columns.extend([number("Distributor says"), number("Beyond what is held")]);
        }
        columns.push(text("Difference", 48));
        columns
    }

    fn cells(&self, line: &Line) -> Vec<Cell> {
        let number = |units: Option<i64>| units.map_or(Cell::Empty, Cell::Number);
        let mut cells = vec![
            text(&line.organization_name),
            maybe(line.organization_reference.as_ref()),
            text(&line.product_name),
            text(&line.product_code),
            Cell::Number(line.purchased),
            Cell::Number(line.allocated),
            Cell::Number(line.in_use),
        ];
        if self.billing {
            cells.extend([number(line.invoiced), number(line.unbilled)]);
        }
        if self.statement {
            cells.extend([number(line.stated), number(line.overstated)]);
        }
        cells.push(text(&line.difference));
        cells
    }

    fn notes(&self, setting: &Setting) -> Vec<String> {
        let mut notes = vec![
            format!(
                "Customers of {}, {}.",
                setting.organization,
                self.month.label()
            ),
            "Purchased: units of licenses that were sold to the customer. Allocated: units that it was passed. In use: \
             units of both that it has bound to holders or passed on."
                .into(),
            "The numbers are those at the end of the month, or now in the present one; of a license that ended within \
             the month, those at its end."
                .into(),
        ];
        if self.billing {
            notes.push(
                "Invoiced: units on finalized invoices for days of the month, credit notes taken off."
                    .into(),
            );
        }
        notes
    }
}
