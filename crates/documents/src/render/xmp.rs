//! Telling readers of the PDF, by its metadata, that there is an electronic invoice inside.
//!
//! Factur-X 1.0 wants four properties in the XMP packet, and PDF/A wants their schema described there. Typst has no
//! way to say so (github.com/typst/typst, issue 5667), so the packet is rewritten in place: its object grows, and the
//! offsets behind it move. An incremental update would be shorter to write, but leaves a document with a history.
//!
//! The structure is the one that Typst's writer makes: one classic table of cross references, and the packet as a
//! plain stream. Anything else is an error, never a guess.

use super::RenderError;

/// The four properties; their prefix and namespace are Factur-X's.
const PROPERTIES: &str = concat!(
    r#"<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">"#,
    "<fx:DocumentType>INVOICE</fx:DocumentType>",
    "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>",
    "<fx:Version>1.0</fx:Version>",
    "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
    "</rdf:Description>",
);

const DESCRIPTIONS: [(&str, &str); 4] = [
    ("DocumentType", "The type of the document"),
    ("DocumentFileName", "The name of the embedded XML document"),
    (
        "Version",
        "The version of the standard that the XML document follows",
    ),
    (
        "ConformanceLevel",
        "The conformance level of the XML document",
    ),
];

/// The same PDF, its metadata saying that it is a Factur-X document.
pub fn declare_facturx(pdf: &[u8]) -> Result<Vec<u8>, RenderError> {
    let table = Table::read(pdf)?;
    let objects = &pdf[..table.begin];
    let catalog = table.object(table.trailer_reference("/Root")?)?;
    let metadata = reference(object(objects, catalog)?, "/Metadata")?;
    let begin = table.object(metadata)?;
    let old = object(objects, begin)?;
    let new = rewritten(metadata, old)?;
    let mut result = Vec::with_capacity(pdf.len() + new.len());
    result.extend_from_slice(&objects[..begin]);
    result.extend_from_slice(new.as_bytes());
    result.extend_from_slice(&objects[begin + old.len()..]);
    let growth = new.len().checked_sub(old.len());
    let growth = growth.ok_or_else(|| strange("its metadata became shorter"))?;
    table.write(&mut result, begin, growth);
    Ok(result)
}

/// The table of cross references, and what follows it.
struct Table<'a> {
    /// Where it begins.
    begin: usize,
    /// Where each object begins; none for those that are free.
    offsets: Vec<Option<usize>>,
    /// The lines of the entries as they are.
    entries: &'a str,
    trailer: &'a str,
}

/// An entry is always so long, its end of line included.
const ENTRY: usize = 20;

impl<'a> Table<'a> {
    fn read(pdf: &'a [u8]) -> Result<Self, RenderError> {
        let mark = b"startxref\n";
        let tail = last(pdf, mark).ok_or_else(|| strange("it has no startxref"))?;
        let offset = text(&pdf[tail + mark.len()..])?;
        let begin: usize = number(offset).ok_or_else(|| strange("startxref is no number"))?;
        let table = pdf
            .get(begin..tail)
            .ok_or_else(|| strange("startxref leads nowhere"))?;
        // Plain ASCII, so that places in it are places between letters.
        let table = text(table).ok().filter(|table| table.is_ascii());
        let table = table.ok_or_else(|| strange("its table is not plain text"))?;
        let body = table
            .strip_prefix("xref\n0 ")
            .ok_or_else(|| strange("its cross references are not one classic table"))?;
        let (count, body) = body.split_once('\n').unwrap_or_default();
        let count: usize = count
            .trim()
            .parse()
            .map_err(|_| strange("its table has no size"))?;
        let (entries, trailer) = body
            .split_at_checked(count.saturating_mul(ENTRY))
            .ok_or_else(|| strange("its table is short"))?;
        let offsets = (0..count).map(|entry| {
            let entry = &entries[entry * ENTRY..][..ENTRY];
            let used = entry.as_bytes()[17] == b'n';
            used.then(|| entry[..10].parse().ok()).flatten()
        });
        Ok(Self {
            begin,
            offsets: offsets.collect(),
            entries,
            trailer,
        })
    }

    fn object(&self, number: usize) -> Result<usize, RenderError> {
        let offset = self.offsets.get(number).copied().flatten();
        offset
            .filter(|offset| *offset < self.begin)
            .ok_or_else(|| strange("an object is missing"))
    }

    fn trailer_reference(&self, name: &str) -> Result<usize, RenderError> {
        reference(self.trailer.as_bytes(), name)
    }

    /// Writes the table where the result now ends, the objects behind `place` moved.
    fn write(&self, result: &mut Vec<u8>, place: usize, distance: usize) {
        let begin = result.len();
        result.extend_from_slice(format!("xref\n0 {}\n", self.offsets.len()).as_bytes());
        for (number, offset) in self.offsets.iter().enumerate() {
            let entry = &self.entries[number * ENTRY..][..ENTRY];
            match offset {
                Some(offset) if *offset > place => {
                    let moved = format!("{:010}{}", offset + distance, &entry[10..]);
                    result.extend_from_slice(moved.as_bytes());
                }
                _ => result.extend_from_slice(entry.as_bytes()),
            }
        }
        result.extend_from_slice(self.trailer.as_bytes());
        result.extend_from_slice(format!("startxref\n{begin}\n%%EOF").as_bytes());
    }
}

/// The metadata object with the properties and their schema in its packet.
fn rewritten(number: usize, old: &[u8]) -> Result<String, RenderError> {
    let old = text(old)?;
    let (head, rest) = old
        .split_once("stream\n")
        .ok_or_else(|| strange("its metadata is no stream"))?;
    let (packet, _) = rest
        .split_once("\nendstream")
        .ok_or_else(|| strange("its metadata has no end"))?;
    if head.contains("/Filter") || !head.starts_with(&format!("{number} 0 obj")) {
        return Err(strange("its metadata is not as a plain object"));
    }
    let schemas = "</rdf:Bag></pdfaExtension:schemas>";
    let end = "</rdf:RDF>";
    if packet.matches(schemas).count() != 1 || packet.matches(end).count() != 1 {
        return Err(strange("its metadata has no place for a schema"));
    }
    let packet = packet
        .replace(schemas, &format!("{}{schemas}", schema()))
        .replace(end, &format!("{PROPERTIES}{end}"));
    let length = packet.len();
    Ok(format!(
        "{number} 0 obj\n<<\n  /Length {length}\n  /Type /Metadata\n  /Subtype /XML\n>>\n\
         stream\n{packet}\nendstream\nendobj"
    ))
}

/// The schema of the four properties, as PDF/A has them described.
fn schema() -> String {
    let property = |(name, description): &(&str, &str)| {
        format!(
            "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>{name}</pdfaProperty:name>\
             <pdfaProperty:valueType>Text</pdfaProperty:valueType>\
             <pdfaProperty:category>external</pdfaProperty:category>\
             <pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        )
    };
    let properties: String = DESCRIPTIONS.iter().map(property).collect();
    format!(
        "<rdf:li rdf:parseType=\"Resource\">\
         <pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>\
         <pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>\
         <pdfaSchema:prefix>fx</pdfaSchema:prefix>\
         <pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )
}

/// The bytes of the object that begins here.
fn object(pdf: &[u8], begin: usize) -> Result<&[u8], RenderError> {
    let mark = b"endobj";
    let end = first(&pdf[begin..], mark).ok_or_else(|| strange("an object has no end"))?;
    Ok(&pdf[begin..begin + end + mark.len()])
}

/// The number of the object that a dictionary names so.
fn reference(dictionary: &[u8], name: &str) -> Result<usize, RenderError> {
    let missing = || strange(&format!("there is no {name}"));
    let at = first(dictionary, name.as_bytes()).ok_or_else(missing)?;
    let rest = &dictionary[at + name.len()..];
    let digits: Vec<u8> = rest
        .trim_ascii_start()
        .iter()
        .copied()
        .take_while(u8::is_ascii_digit)
        .collect();
    number(text(&digits)?).ok_or_else(missing)
}

fn number(text: &str) -> Option<usize> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .map_or(text, |end| &text[..end]);
    digits.parse().ok()
}

fn text(bytes: &[u8]) -> Result<&str, RenderError> {
    std::str::from_utf8(bytes).map_err(|_| strange("bytes stand where there should be text"))
}

fn first(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len())
        .position(|window| window == needle)
}

fn last(hay: &[u8], needle: &[u8]) -> Option<usize> {
    hay.windows(needle.len())
        .rposition(|window| window == needle)
}

fn strange(what: &str) -> RenderError {
    RenderError::Unexpected(format!(
        "The PDF is not as the typesetter makes them: {what}."
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PACKET: &str =
        "<rdf:RDF><pdfaExtension:schemas><rdf:Bag></rdf:Bag></pdfaExtension:schemas></rdf:RDF>";

    /// A PDF of three objects: its metadata, its catalog and one behind them.
    fn small() -> Vec<u8> {
        let length = PACKET.len();
        let objects = [
            format!(
                "1 0 obj\n<</Length {length}/Type/Metadata/Subtype/XML>>\nstream\n{PACKET}\nendstream\nendobj\n\n"
            ),
            "2 0 obj\n<</Type/Catalog/Metadata 1 0 R>>\nendobj\n\n".to_owned(),
            "3 0 obj\n<<>>\nendobj\n\n".to_owned(),
        ];
        let mut text = "%PDF-1.7\n".to_owned();
        let mut entries = "0000000000 65535 f\r\n".to_owned();
        for object in objects {
            entries.push_str(&format!("{:010} 00000 n\r\n", text.len()));
            text.push_str(&object);
        }
        let begin = text.len();
        text.push_str(&format!(
            "xref\n0 4\n{entries}trailer\n<</Size 4/Root 2 0 R>>\nstartxref\n{begin}\n%%EOF"
        ));
        text.into_bytes()
    }

    #[test]
    fn objects_behind_the_metadata_are_found_where_they_are() {
        let pdf = declare_facturx(&small()).unwrap();
        let table = Table::read(&pdf).unwrap();
        for number in 1..=3 {
            let begin = table.object(number).unwrap();
            assert!(pdf[begin..].starts_with(format!("{number} 0 obj").as_bytes()));
        }
        let whole = String::from_utf8(pdf).unwrap();
        let stream = whole
            .split_once("stream\n")
            .unwrap()
            .1
            .split_once("\nendstream")
            .unwrap()
            .0;
        assert!(whole.contains(&format!("/Length {}\n", stream.len())));
        assert!(stream.contains("<fx:Version>1.0</fx:Version>"));
        assert!(stream.contains("<pdfaSchema:prefix>fx</pdfaSchema:prefix>"));
    }

    #[test]
    fn another_structure_is_an_error() {
        let small = String::from_utf8(small()).unwrap();
        for (old, new) in [
            ("xref\n0 4", "xref\n1 3"),
            ("/Metadata 1", "/Nothing  1"),
            ("/Root 2", "/Root 9"),
            ("</rdf:Bag>", "</rdf:Box>"),
            ("/Type/Metadata", "/Filter/Flate0"),
            ("startxref", "startyref"),
        ] {
            let changed = small.replacen(old, new, 1);
            assert!(declare_facturx(changed.as_bytes()).is_err(), "{old}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(place in any::<prop::sample::Index>(), byte: u8, cut: bool) {
            let mut pdf = small();
            let place = place.index(pdf.len());
            if cut { pdf.truncate(place) } else { pdf[place] = byte }
            let _ = declare_facturx(&pdf);
        }
    }
}
