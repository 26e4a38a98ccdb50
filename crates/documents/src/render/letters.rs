//! Whether there is a glyph for every letter.
//!
//! A typesetter without a glyph leaves the letter out. On an invoice that is a wrong name, so it is an error instead,
//! found before the page is set and saying which letters want a font.

use serde_json::Value;
use typst::text::Font;

use super::RenderError;

/// The texts without what is no letter at all; an error where no font has one.
pub fn settled(value: &mut Value, fonts: &[Font]) -> Result<(), RenderError> {
    let mut missing = String::new();
    walk(value, &mut |text| {
        text.retain(|letter| letter == '\n' || !letter.is_control());
        let unknown = text.chars().filter(|letter| !is_known(*letter, fonts));
        for letter in unknown {
            if !missing.contains(letter) {
                missing.push(letter);
            }
        }
    });
    if missing.is_empty() {
        return Ok(());
    }
    Err(RenderError::Brand(format!(
        "No font has `{missing}`: add one to the brand that does."
    )))
}

fn walk(value: &mut Value, visit: &mut impl FnMut(&mut String)) {
    match value {
        Value::String(text) => visit(text),
        Value::Array(values) => values.iter_mut().for_each(|value| walk(value, visit)),
        Value::Object(fields) => fields.values_mut().for_each(|value| walk(value, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn is_known(letter: char, fonts: &[Font]) -> bool {
    let code = u32::from(letter);
    letter.is_ascii()
        || is_invisible(letter)
        || fonts.iter().any(|font| font.info().coverage.contains(code))
}

/// What shapes its neighbours, and has no glyph itself.
fn is_invisible(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}
