//! D3: telephone extensions by a file, every row checked before anything happens.

use crate::{
    harness::Engine,
    on_both,
    stage::{Kept, Stage},
    visitor::Visitor,
};

on_both!(a_file_is_checked_and_applied);

const ROWS: &str = "Ext Key,User,Addon license 1,Addon license 2\n\
    0101,Anna Berg,call_recording,device_mobile_app\n\
    102,Bruno Koch,device_mobile_app,\n\
    12,,,\n\
    103,Nobody Known,,\n";

async fn sends(who: &Visitor, file: &Kept) {
    who.page().follows("Configuration").await;
    who.follows("Mass configuration").await;
    who.types("File", &file.path()).await;
    who.presses("Upload and go on").await;
    who.sees("Which column is which?").await;
    who.sees("Guessed from the heading").await;
    who.presses("Check every row").await;
    who.sees("Check before importing").await;
}

async fn a_file_is_checked_and_applied(engine: Engine) {
    let (stage, file) = (
        Stage::set_up(engine).await,
        Kept::csv(engine, "phones", ROWS),
    );
    let book = stage.app.telephones(4).await;
    let petra = stage.member(book.customer, "customer_administrator").await;
    sends(&petra, &file).await;
    petra.row("0101").sees("New").await;
    let too_short = petra.row("An extension has 3 to 5 digits");
    too_short.sees("Problem").await;
    let unknown = petra.row("The organization has no user");
    unknown.sees("Nobody Known").await;

    // With a bad row, all or nothing is nothing.
    petra.ticks("All or nothing").await;
    petra.presses("Import").await;
    petra
        .sees("Some rows have a problem, so nothing was imported")
        .await;
    petra.ticks("The 2 good rows").await;
    petra.presses("Import").await;
    petra.sees("The good rows are in the book.").await;
    petra.finds("link", "Result file (CSV)").await;
    petra.finds("link", "Result file (XLSX)").await;
    petra.follows("Configuration").await;
    for words in ["0101", "Call Recording", "Mobile"] {
        petra.row("Anna Berg").sees(words).await;
    }
    petra.row("Bruno Koch").sees("102").await;

    // The same content again is asked for: its rows are in the book, so all of them are problems now.
    sends(&petra, &file).await;
    petra.row("0101").sees("Problem").await;

    petra.follows("Imports").await;
    petra.follows(file.name()).await;
    stage.app.prove();
    drop(petra);
    stage.end().await;
}
