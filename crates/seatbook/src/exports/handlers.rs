//! The button over every list, and the file behind a job's.

use axum::extract::{RawQuery, State};
use uuid::Uuid;

use super::{
    lists::List,
    model::Asked,
    taking::{self, Taken},
};
use crate::{
    api::Id,
    app::App,
    console::{
        answer::go,
        form::{Form, KEY_FIELD, pairs, value},
        frame::{Frame, PageResult},
    },
    error::{Error, Result},
    files::Format,
};

/// `/exports?list=…&of=…`: the list of a page as it is shown, which the form says: a file at once, or a job.
pub async fn take(
    State(app): State<App>,
    frame: Frame,
    RawQuery(query): RawQuery,
    form: Form,
) -> PageResult {
    let asked = asked(&frame, &pairs(query.as_deref()), &form)?;
    Ok(
        match taking::take(&app, &frame.caller, asked, form.key).await? {
            Taken::File(file) => file,
            Taken::Job(job_id) => go(frame.fragment, &format!("/jobs/{job_id}")),
        },
    )
}

fn asked(frame: &Frame, address: &[(String, String)], form: &Form) -> Result<Asked> {
    let list = List::parse(value(address, "list")).ok_or_else(Error::not_found)?;
    let subject_id = match value(address, "of") {
        "" => None,
        of => Some(of.parse::<Uuid>().map_err(|_| Error::not_found())?),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &form.pairs {
        if !value.is_empty() && !["format", KEY_FIELD].contains(&name.as_str()) {
            query.append_pair(name, value);
        }
    }
    Ok(Asked {
        list,
        organization_id: frame.visitor.organization_id,
        subject_id,
        query: query.finish(),
        format: Format::parse(form.text("format")).unwrap_or(Format::Xlsx),
    })
}

/// `/exports/{id}/file`, for whoever asked for it.
pub async fn download(State(app): State<App>, frame: Frame, id: Result<Id>) -> PageResult {
    Ok(taking::file(&app, &frame.caller, id?.0).await?)
}
