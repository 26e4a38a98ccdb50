//! Writing XML: elements that close themselves, and text that cannot break out.
//!
//! Owns: the markup of a document as text.
//! Does not own: which elements there are.
//! Keeps true: what is written is well formed, whatever the text in it.

use std::fmt::Write;

use crate::terms::present;

/// A document being written, from its root inwards.
pub struct Xml {
    text: String,
}

impl Xml {
    /// A whole document: the declaration and one root with its namespaces.
    pub fn document(
        root: &str,
        attributes: &[(&str, &str)],
        body: impl FnOnce(&mut Self),
    ) -> String {
        let mut xml = Self {
            text: String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"),
        };
        xml.element_with(root, attributes, body);
        xml.text.push('\n');
        xml.text
    }

    /// An element of elements.
    pub fn element(&mut self, name: &str, body: impl FnOnce(&mut Self)) {
        self.element_with(name, &[], body);
    }

    /// An element of text.
    pub fn leaf(&mut self, name: &str, text: &str) {
        self.leaf_with(name, &[], text);
    }

    /// An element of text, if there is any: the standard does not allow empty ones.
    pub fn leaf_if(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = present(text) {
            self.leaf(name, text);
        }
    }

    /// An element of text with attributes.
    pub fn leaf_with(&mut self, name: &str, attributes: &[(&str, &str)], text: &str) {
        self.element_with(name, attributes, |xml| xml.escaped(text));
    }

    fn element_with(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
        body: impl FnOnce(&mut Self),
    ) {
        let _ = write!(self.text, "<{name}");
        for (attribute, value) in attributes {
            let _ = write!(self.text, " {attribute}=\"");
            self.escaped(value);
            self.text.push('"');
        }
        self.text.push('>');
        body(self);
        let _ = write!(self.text, "</{name}>");
    }

    /// Text as character data; characters that XML 1.0 does not know are left out.
    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '"' => self.text.push_str("&quot;"),
                '\t' | '\n' => self.text.push(character),
                '\u{fffe}' | '\u{ffff}' => {}
                _ if character.is_control() => {}
                _ => self.text.push(character),
            }
        }
    }
}
