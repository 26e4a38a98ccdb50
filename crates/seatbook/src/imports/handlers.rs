//! The pages of an import: upload, columns, check, result.

use askama::Template;
use axum::{
    extract::{Multipart, Path, RawQuery, State},
    http::StatusCode,
    response::IntoResponse,
};
use uuid::Uuid;

use super::{
    applying::{self, Application, INLINE_ROWS, RequestImport},
    commands::MapImport,
    model::{Import, ImportRow, Mapped, Mode, State as Stage},
    pages::{
        ImportKind as KindRow, ImportMappingPage, ImportPreviewPage, ImportResultPage,
        ImportStartPage, MappingRow, column_choices, counted, place, results, row_list, said,
        samples, table, takes_away,
    },
    queries, runs, uploads,
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::{go, html},
        fields::Field,
        form::{Form, pairs, value},
        format,
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    gate::Key,
    organizations,
    scope::Permission,
    sheets::{ImportKind, Mapping, Outcome},
    workbooks::{self, keys},
};

/// Rows of a file on one page.
const PAGE: i64 = 100;
/// Earlier imports shown beside the form.
const RECENT: i64 = 8;

/// `/imports/new`: which kind, which file.
pub async fn start(State(app): State<App>, frame: Frame, RawQuery(query): RawQuery) -> PageResult {
    let page = start_page(&app, &frame, query.as_deref(), None).await?;
    Ok(html(StatusCode::OK, page.render()))
}

async fn start_page(
    app: &App,
    frame: &Frame,
    query: Option<&str>,
    refused: Option<&Error>,
) -> Result<ImportStartPage> {
    let (scope, pairs) = (frame.caller.scope.clone(), pairs(query));
    let chosen = value(&pairs, "kind").to_owned();
    let whose = value(&pairs, "organization_id").parse();
    let whose = whose.unwrap_or(frame.visitor.organization_id);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            let found = organizations::queries::find_visible(&mut tx, &scope, whose).await?;
            let found = found.ok_or_else(Error::not_found)?;
            Ok((found, queries::list(&mut tx, &scope, None, RECENT).await?))
        })
    });
    let (organization, recent) = read.await?;
    let now = app.gate.now().get();
    let recent = recent.into_iter().map(|import| {
        let when = format::ago(import.created_at.get(), now);
        (
            when,
            import.file_name.clone(),
            said(&import),
            place(&import),
        )
    });
    let kinds = ImportKind::ALL.into_iter().map(|kind| KindRow {
        value: kind.as_str().into(),
        label: kind.label().into(),
        needs: kind.needs().into(),
        sample_href: match kind.has_sample() {
            true => format!("/imports/samples/{}", kind.as_str()),
            false => String::new(),
        },
        chosen: kind.as_str() == chosen,
    });
    Ok(ImportStartPage {
        shell: frame.shell("Import", "imports"),
        organization: (organization.id.to_string(), organization.name),
        kinds: kinds.collect(),
        chosen,
        limit: "32 MiB and 200,000 rows".into(),
        recent: recent.collect(),
        error: refused.map(|error| error.message.clone()),
    })
}

/// `/imports/samples/{file}`: a file to start from.
pub async fn sample(_: Frame, Path(file): Path<String>) -> PageResult {
    Ok(uploads::sample(&file)?.into_response())
}

/// Takes a file in.
pub async fn upload(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
    parts: Multipart,
) -> PageResult {
    let done = match uploads::read(&frame.caller, parts).await {
        Ok(upload) => runs::upload(&app, &frame.caller, Key::mint()?, upload).await,
        Err(error) => Err(error),
    };
    match done {
        // The columns of a workbook that came back are Seatbook's own.
        Ok(import) if takes_away(&import) => Ok(go(frame.fragment, &place(&import))),
        Ok(import) => Ok(go(
            frame.fragment,
            &format!("/imports/{}/mapping", import.id),
        )),
        Err(error) if error.is_refusal() => {
            let page = start_page(&app, &frame, query.as_deref(), Some(&error)).await?;
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/imports/{id}/mapping`: which column is which.
pub async fn mapping(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let page = mapping_page(&app, &frame, id, None).await?;
    Ok(html(StatusCode::OK, page.render()))
}

async fn mapping_page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    refused: Option<&Error>,
) -> Result<ImportMappingPage> {
    let import = runs::visible(app, &frame.caller, id).await?;
    let read = app.read(move |mut tx| {
        Box::pin(async move { queries::rows(&mut tx, id, None, (0, 20)).await })
    });
    let rows = read.await?;
    let guessed = import.kind.guess(&import.headings);
    let targets = import.kind.fields().iter().map(|field| {
        let place = import.mapping.get(field.name).copied();
        let name = format!("mapping.{}", field.name);
        let wrong = refused.and_then(|error| error.fields.iter().find(|wrong| wrong.field == name));
        let select = Field {
            choices: column_choices(&import.headings),
            error: wrong.map(|wrong| wrong.message.clone()),
            required: field.required,
            ..Field::select(&format!("map.{}", field.name), field.label, &[])
                .value(place.map_or_else(String::new, |place| place.to_string()))
                .hint(field.hint)
        };
        MappingRow {
            field: select,
            known: match import.mapped {
                _ if place.is_none() => "",
                Mapped::Remembered => "As last time",
                _ if guessed.get(field.name).copied() == place => "Guessed from the heading",
                _ => "",
            },
            samples: place.map_or_else(Vec::new, |place| samples(&rows, place)),
        }
    });
    Ok(ImportMappingPage {
        shell: frame.shell("Columns", "imports"),
        id: id.to_string(),
        kind: import.kind.label().into(),
        file: import.file_name.clone(),
        row_count: import.row_count,
        read_as: import.read_as(),
        as_last_time: import.mapped == Mapped::Remembered,
        oddities: import
            .oddities
            .iter()
            .map(|oddity| oddity.message.clone())
            .collect(),
        targets: targets.collect(),
        back: "/imports/new".into(),
        error: refused.map(|error| error.message.clone()),
    })
}

/// Takes the mapping and checks every row.
pub async fn map(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    let named = form.pairs.iter().filter_map(|(name, place)| {
        Some((name.strip_prefix("map.")?.to_owned(), place.parse().ok()?))
    });
    let mapping: Mapping = named.collect();
    let command = MapImport {
        id,
        version: None,
        mapping,
    };
    match runs::map(&app, &frame.caller, form.key.clone(), command).await {
        Ok(import) => Ok(go(frame.fragment, &place(&import))),
        Err(error) if error.is_refusal() => {
            let page = mapping_page(&app, &frame, id, Some(&error)).await?;
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

/// `/imports/{id}/preview`: every row judged before anything happens.
pub async fn preview(
    State(app): State<App>,
    frame: Frame,
    Id(id): Id,
    RawQuery(query): RawQuery,
) -> PageResult {
    let page = preview_page(&app, &frame, id, (&pairs(query.as_deref()), None)).await?;
    let rendered = if frame.fragment.0 {
        page.as_rows().render()
    } else {
        page.render()
    };
    Ok(html(StatusCode::OK, rendered))
}

async fn preview_page(
    app: &App,
    frame: &Frame,
    id: Uuid,
    (pairs, refused): (&[(String, String)], Option<&Error>),
) -> Result<ImportPreviewPage> {
    let import = runs::visible(app, &frame.caller, id).await?;
    let mut list = row_list(&import).read(pairs);
    let outcome = Outcome::parse(list.chosen("outcome"));
    let after: i64 = value(pairs, "cursor").parse().unwrap_or_default();
    let changed_first = takes_away(&import) && outcome.is_none();
    let portion = (after, PAGE + 1);
    let read = app.read(move |mut tx| {
        Box::pin(async move {
            match changed_first {
                true => queries::changed_first(&mut tx, id, portion).await,
                false => queries::rows(&mut tx, id, outcome, portion).await,
            }
        })
    });
    let mut rows = read.await?;
    let more = rows.len() as i64 > PAGE;
    rows.truncate(PAGE as usize);
    list.shown = rows.len() as i64;
    let behind = |last: &ImportRow| match changed_first {
        true => queries::place(last),
        false => last.number,
    };
    list.next = rows
        .last()
        .filter(|_| more)
        .map(|last| behind(last).to_string());
    let counts = import.counts;
    let license_id = license_of(app, &import).await?;
    let (columns, rows) = table(&import, rows);
    Ok(ImportPreviewPage {
        shell: frame.shell("Check before importing", "imports"),
        id: id.to_string(),
        kind: import.kind.label().into(),
        file: import.file_name.clone(),
        read_as: import.read_as(),
        creates: counts.create,
        updates: counts.update,
        same: counts.same,
        bad: counts.bad,
        oddities: import
            .oddities
            .iter()
            .map(|oddity| oddity.message.clone())
            .collect(),
        removes: counts.remove,
        license_id: license_id.map_or_else(String::new, |id| id.to_string()),
        rows,
        columns,
        list,
        fingerprint: import.fingerprint,
        mode: if counts.bad > 0 {
            "good".into()
        } else {
            "all".into()
        },
        asks_again: refused.is_some_and(|error| error.code == "import.applied_before"),
        error: refused.map(|error| error.message.clone()),
    })
}

/// Applies the file, at once or by a job.
pub async fn apply(State(app): State<App>, frame: Frame, Id(id): Id, form: Form) -> PageResult {
    match applied(&app, &frame, id, &form).await {
        Ok(place) => Ok(go(frame.fragment, &place)),
        Err(error) if error.is_refusal() => {
            let page = preview_page(&app, &frame, id, (&[], Some(&error))).await?;
            Ok(html(StatusCode::UNPROCESSABLE_ENTITY, page.render()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn applied(app: &App, frame: &Frame, id: Uuid, form: &Form) -> Result<String> {
    let mode = if form.text("mode") == "good" {
        Mode::Good
    } else {
        Mode::All
    };
    let fingerprint = Some(form.text("fingerprint").to_owned()).filter(|mark| !mark.is_empty());
    let how = Application {
        mode,
        again: !form.text("again").is_empty(),
        fingerprint,
    };
    let import = runs::visible(app, &frame.caller, id).await?;
    let key = form.key.clone();
    if import.row_count > INLINE_ROWS {
        applying::check_again(app, &frame.caller, &import, mode).await?;
        let command = RequestImport { id, how };
        let queued = app.gate.submit(&frame.caller, key, command).await?;
        return Ok(format!("/jobs/{}", queued.outcome.job_id));
    }
    applying::apply(app, &frame.caller, key, (id, how)).await?;
    Ok(format!("/imports/{id}"))
}

/// `/imports/{id}`: what became of a file.
pub async fn show(State(app): State<App>, frame: Frame, Id(id): Id) -> PageResult {
    let import = runs::visible(&app, &frame.caller, id).await?;
    let applied = import.state == Stage::Applied;
    let license_id = license_of(&app, &import).await?;
    let next = match (applied, license_id) {
        (true, Some(id)) => (
            "See the customers".to_owned(),
            format!("/licenses/{id}/customers"),
        ),
        (true, None) => (
            import.kind.label().to_owned(),
            import.kind.place().to_owned(),
        ),
        (false, _) => ("Go on".to_owned(), place(&import)),
    };
    let page = ImportResultPage {
        shell: frame.shell(import.file_name.clone(), "imports"),
        id: id.to_string(),
        kind: import.kind.label().into(),
        said: said(&import),
        results: results(&import),
        counts: counted(&import),
        oddities: import
            .oddities
            .iter()
            .map(|oddity| oddity.message.clone())
            .collect(),
        offers_shareable: applied
            && import.kind == ImportKind::Catalog
            && frame.may(Permission::CatalogEdit),
        undo: undo_place(&app, &import).await?,
        undone: import.undone_at.is_some(),
        file: import.file_name,
        next,
    };
    Ok(html(StatusCode::OK, page.render()))
}

/// The license whose customers a workbook holds, while that is remembered.
async fn license_of(app: &App, import: &Import) -> Result<Option<Uuid>> {
    let named = |heading: &String| keys::workbook_of(heading);
    let workbook = import.headings.iter().find_map(named);
    let Some(id) = workbook.filter(|_| takes_away(import)) else {
        return Ok(None);
    };
    let read = app
        .read(move |mut tx| Box::pin(async move { workbooks::queries::find(&mut tx, id).await }));
    Ok(read.await?.map(|workbook| workbook.license_id))
}

/// Where an applied file can be taken back: at any of its journal entries.
async fn undo_place(app: &App, import: &Import) -> Result<String> {
    if import.state != Stage::Applied || import.undone_at.is_some() {
        return Ok(String::new());
    }
    let import = import.clone();
    let read =
        app.read(move |mut tx| Box::pin(async move { queries::entries(&mut tx, &import).await }));
    let place = |id: &Uuid| format!("/journal/{id}/undo");
    Ok(read.await?.last().map(place).unwrap_or_default())
}
