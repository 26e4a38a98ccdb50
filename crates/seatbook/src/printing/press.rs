//! The server's side of setting pages: it starts the children that do it, hands them invoices, and watches them.

use std::{
    mem,
    process::Stdio,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use documents::{Brand, Invoice, Logo, RenderError};
use tokio::{
    io::AsyncWriteExt,
    process::{Child, ChildStdin, ChildStdout},
    sync::Semaphore,
    time::timeout,
};

use super::setter::{
    BRAND, FONT, INVOICE, LOGO_PNG, LOGO_SVG, MAX_PAGE_BYTES, MAX_TOLD_BYTES, NAME, PAGE, WRONG,
};
use crate::{
    confined::{
        Program,
        frames::{self, Frames},
        limit_met,
    },
    error::{Error, Kind, Result},
};

/// Children at once. Each may take half a gigabyte of the machine, and a core.
const AT_ONCE: usize = 2;
/// Invoices that one child sets: what a page leaves behind goes with it.
const INVOICES_EACH: u32 = 200;
/// How long one invoice may compute.
const COMPUTE_SECONDS: u64 = 20;
/// How long is waited for one: a busy machine serves people first.
const PATIENCE: Duration = Duration::from_secs(90);

/// What became of an invoice: a PDF, or what is wrong with brand or template.
pub(super) type Set = std::result::Result<Vec<u8>, RenderError>;

/// Sets pages, in processes of their own.
#[derive(Debug)]
pub struct Press {
    program: Program,
    /// What a child is told first, in frames.
    brand: Vec<u8>,
    compute_seconds: u64,
    turns: Semaphore,
    /// Children that wait for their next invoice.
    idle: Mutex<Vec<Setter>>,
}

impl Press {
    /// Sets pages in this brand.
    pub fn new(program: Program, brand: &Brand) -> Result<Press> {
        Ok(Press {
            program,
            brand: told(brand)?,
            compute_seconds: COMPUTE_SECONDS,
            turns: Semaphore::new(AT_ONCE),
            idle: Mutex::default(),
        })
    }

    /// The same, with so many seconds of computing for one invoice.
    pub fn within(self, compute_seconds: u64) -> Press {
        Press {
            compute_seconds,
            ..self
        }
    }

    /// The invoice as PDF, or why there is none.
    pub async fn print(&self, invoice: &Invoice) -> Result<Vec<u8>> {
        self.set(invoice).await?.map_err(|wrong| no_page(&wrong))
    }

    /// The same, as somebody wants it who knows the files of the brand.
    pub(super) async fn set(&self, invoice: &Invoice) -> Result<Set> {
        let _turn = self.turns.acquire().await.map_err(Error::internal)?;
        let mut order = Vec::new();
        frames::write(&mut order, INVOICE, &serde_json::to_vec(invoice)?)?;
        let waiting = self.waiting().pop();
        // A child that has set others may have grown by them, or have ended: then it is not this invoice's fault.
        if let Some(setter) = waiting
            && let Told::Set(set) = self.ask(setter, &order).await?
        {
            return Ok(set);
        }
        order.splice(0..0, self.brand.iter().copied());
        match self.ask(self.start()?, &order).await? {
            Told::Set(set) => Ok(set),
            Told::Down(None) => Err(Error::internal("a child that sets pages ended")),
            Told::Down(Some(limit)) => Ok(Err(RenderError::Template {
                line: None,
                message: format!("the page cannot be set: {limit}; is there a loop without end?"),
            })),
        }
    }

    /// Ends the children that have had nothing to do since this was last called.
    pub fn retire_idle(&self) {
        let mut waiting = self.waiting();
        waiting.retain(|setter| !setter.is_rested);
        waiting
            .iter_mut()
            .for_each(|setter| setter.is_rested = true);
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Setter>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn start(&self) -> Result<Setter> {
        let mut command = self.program.child(NAME);
        command.arg(self.compute_seconds.to_string());
        // A page is set in one thread: each further one wants address space for itself.
        command.env("RAYON_NUM_THREADS", "1").stdin(Stdio::piped());
        let mut child = command.spawn().map_err(Error::internal)?;
        let (input, output) = (child.stdin.take(), child.stdout.take());
        let missing = || Error::internal("a child has neither input nor output");
        Ok(Setter {
            input: input.ok_or_else(missing)?,
            output: Frames::new(output.ok_or_else(missing)?, MAX_PAGE_BYTES),
            child,
            invoices: 0,
            is_rested: false,
        })
    }

    /// Asks a child, and lets it wait for the next invoice if it is still there. Whoever stops waiting for the answer
    /// ends the child with that.
    async fn ask(&self, mut setter: Setter, order: &[u8]) -> Result<Told> {
        let Ok(answered) = timeout(PATIENCE, setter.answer(order)).await else {
            return Ok(Told::Down(Some("it takes too long")));
        };
        let Some(set) = answered? else {
            return setter.last_words().await;
        };
        setter.invoices += 1;
        setter.is_rested = false;
        if setter.invoices < INVOICES_EACH {
            self.waiting().push(setter);
        }
        Ok(Told::Set(set))
    }
}

/// What came of asking a child.
enum Told {
    Set(Set),
    /// It ended, at this limit if at any.
    Down(Option<&'static str>),
}

/// A child that sets pages.
#[derive(Debug)]
struct Setter {
    child: Child,
    input: ChildStdin,
    output: Frames<ChildStdout>,
    invoices: u32,
    is_rested: bool,
}

impl Setter {
    /// Its answer; none where it has ended.
    async fn answer(&mut self, order: &[u8]) -> Result<Option<Set>> {
        // One that is gone does not listen either, and that is no error.
        if self.input.write_all(order).await.is_err() || self.input.flush().await.is_err() {
            return Ok(None);
        }
        match self.output.next().await? {
            None => Ok(None),
            Some((PAGE, pdf)) => Ok(Some(Ok(pdf.into()))),
            Some((WRONG, wrong)) => Ok(Some(Err(serde_json::from_slice(&wrong)?))),
            Some(_) => Err(Error::internal("a child answered what is no frame")),
        }
    }

    async fn last_words(self) -> Result<Told> {
        let Setter {
            mut child, input, ..
        } = self;
        // Else one that only closed its output would wait for us.
        drop(input);
        let status = child.wait().await.map_err(Error::internal)?;
        tracing::info!(%status, "a page brought its child down, which is what the child is for");
        Ok(Told::Down(limit_met(status)))
    }
}

/// The brand as a child is told it: files as they are, and the rest as JSON.
fn told(brand: &Brand) -> Result<Vec<u8>> {
    let mut rest = brand.clone();
    let mut frames = Vec::new();
    let mut tell = |kind, content: &[u8]| match content.len() <= MAX_TOLD_BYTES {
        true => frames::write(&mut frames, kind, content),
        false => Err(Error::internal("a file of the brand is too large")),
    };
    match rest.logo.take() {
        Some(Logo::Png(bytes)) => tell(LOGO_PNG, &bytes)?,
        Some(Logo::Svg(bytes)) => tell(LOGO_SVG, &bytes)?,
        None => {}
    }
    for font in mem::take(&mut rest.fonts) {
        tell(FONT, &font)?;
    }
    tell(BRAND, &serde_json::to_vec(&rest)?)?;
    Ok(frames)
}

/// The operator can mend it, and then the same work goes through: so it is a failure, not a refusal.
fn no_page(wrong: &RenderError) -> Error {
    Error::new(Kind::Internal, "invoice.no_page", wrong.to_string())
}
