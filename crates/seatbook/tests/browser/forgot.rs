//! Somebody forgot a password, asks for a link, and is in again.

use crate::{
    axe::{self, Rules},
    harness::{Engine, PostOffice},
    on_both,
    stage::Stage,
    visitor::{Look, Visitor},
};

on_both!(a_forgotten_password);

async fn a_forgotten_password(engine: Engine) {
    let mut post = PostOffice::open().await;
    let stage = Stage::with_mail(engine, &post.url()).await;
    drop(stage.member(stage.app.provider, "reader").await);
    post.next().await;
    let petra = stage.visitor(Look::Light).await;
    petra.opens("/sign-in").await;
    petra.follows("Forgot your password?").await;
    petra.sees("you get a link to choose a new password").await;
    is_clean(&petra).await;
    petra.fills("E-mail", "reader@example.com").await;
    petra.presses("Send the link").await;
    petra.sees("If there is an account with this address").await;
    is_clean(&petra).await;

    let mail = post.next().await;
    let text = mail["text"].as_str().expect("text");
    let link = text.lines().find(|line| line.contains("/reset/"));
    petra.opens(link.expect("a link")).await;
    petra.sees("For reader@example.com.").await;
    petra.fills("New password", "a wholly new password").await;
    petra.presses("Set password").await;
    petra.sees("The new password counts from now on.").await;
    petra
        .signs_in("reader@example.com", "a wholly new password")
        .await;
    stage.app.prove();
    drop(petra);
    stage.end().await;
}

async fn is_clean(petra: &Visitor) {
    let found = axe::complaints(petra, &axe::source(), Rules::All).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}
