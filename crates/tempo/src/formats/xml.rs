//! XML from strangers, read from front to back. What lives here: elements,
//! attributes and the text of leaves, all of it well-formed to the last tag. What
//! does not: what the elements mean (`dawproject`, `musicxml`).
//!
//! Source: Extensible Markup Language 1.0 (<https://www.w3.org/TR/xml/>), through
//! the crate `quick-xml`. A document type is passed over; of entities only the five
//! built-in ones and numbered characters are known, so that nothing expands.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::{Format, number, refused, shown};
use crate::TempoError;

/// How deep elements may nest.
const MAX_DEPTH: usize = 256;

/// The bytes of a document as text: UTF-8, or UTF-16 with its byte order mark.
pub(super) fn text(bytes: &[u8], format: Format) -> Result<String, TempoError> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        _ => return super::text(bytes, format).map(str::to_owned),
    };
    let (units, rest) = bytes[2..].as_chunks();
    match String::from_utf16(&units.iter().map(|pair| unit(*pair)).collect::<Vec<_>>()) {
        Ok(text) if rest.is_empty() => Ok(text),
        _ => Err(refused(format, "it is no UTF-16 text")),
    }
}

/// The name of the outermost element; none where no element begins.
pub(super) fn root(text: &str) -> Option<String> {
    let mut xml = Xml::new(text, Format::Musicxml);
    match xml.next().ok()? {
        Node::Open(_) => Some(xml.name().to_owned()),
        Node::Close | Node::End => None,
    }
}

/// What comes next in a document.
pub(super) enum Node<'a> {
    /// An element begins: it is [`Xml::name`] now.
    Open(BytesStart<'a>),
    /// The element [`Xml::name`] ends; its text is [`Xml::text`].
    Close,
    /// The document ends.
    End,
}

/// A document on its way from the first element to the last.
pub(super) struct Xml<'a> {
    reader: Reader<&'a [u8]>,
    format: Format,
    /// The elements that are open, from the outermost.
    open: Vec<String>,
    /// Whether the last of them is closed.
    closed: bool,
    seen_root: bool,
    /// The text of the innermost element since its last child.
    text: String,
}

impl<'a> Xml<'a> {
    pub(super) fn new(text: &'a str, format: Format) -> Self {
        let mut reader = Reader::from_str(text);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, format, open: Vec::new(), closed: false, seen_root: false, text: String::new() }
    }

    /// The element that begins or ends here, without its prefix.
    pub(super) fn name(&self) -> &str {
        self.ancestor(0)
    }

    /// The element around it.
    pub(super) fn parent(&self) -> &str {
        self.ancestor(1)
    }

    fn ancestor(&self, above: usize) -> &str {
        let at = self.open.len().checked_sub(above + 1);
        at.and_then(|at| self.open.get(at)).map_or("", String::as_str)
    }

    /// The text of the element that ends here.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// That text as a number.
    pub(super) fn number(&self) -> Result<f64, TempoError> {
        number(&self.text).ok_or_else(|| {
            refused(self.format, format!("{} {} is no number", self.name(), shown(self.text())))
        })
    }

    /// What comes next. The end comes only when all elements are closed.
    pub(super) fn next(&mut self) -> Result<Node<'a>, TempoError> {
        if std::mem::take(&mut self.closed) {
            self.open.pop();
            self.text.clear();
        }
        loop {
            let event = self.reader.read_event().map_err(|error| self.broken(&error))?;
            match event {
                Event::Start(start) => {
                    if self.open.len() >= MAX_DEPTH {
                        return Err(refused(self.format, format!("elements nest deeper than {MAX_DEPTH}")));
                    }
                    if self.open.is_empty() && std::mem::replace(&mut self.seen_root, true) {
                        return Err(refused(self.format, "it has more than one root element"));
                    }
                    self.text.clear();
                    self.open.push(start.local_name().as_ref().to_owned());
                    return Ok(Node::Open(start));
                }
                Event::End(_) => {
                    self.closed = true;
                    return Ok(Node::Close);
                }
                Event::Text(text) => self.text.push_str(&text),
                Event::CData(text) => self.text.push_str(&text),
                Event::GeneralRef(reference) => {
                    let known = match &*reference {
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "amp" => Some('&'),
                        "apos" => Some('\''),
                        "quot" => Some('"'),
                        _ => reference.resolve_char_ref().map_err(|error| self.broken(&error))?,
                    };
                    // Entities of the document's own are left out, not expanded.
                    self.text.extend(known);
                }
                Event::Eof if self.open.is_empty() && self.seen_root => return Ok(Node::End),
                Event::Eof => return Err(refused(self.format, "it is cut off")),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            }
        }
    }

    /// An attribute; none where there is none.
    pub(super) fn attribute(&self, start: &BytesStart<'_>, name: &str) -> Result<Option<String>, TempoError> {
        let Some(found) = start.try_get_attribute(name).map_err(|error| self.broken(&error))? else {
            return Ok(None);
        };
        match found.normalized_value(XmlVersion::Implicit1_0) {
            Ok(value) => Ok(Some(value.into_owned())),
            Err(error) => Err(self.broken(&error)),
        }
    }

    /// An attribute that has to be a number; none where there is none.
    pub(super) fn number_of(&self, start: &BytesStart<'_>, name: &str) -> Result<Option<f64>, TempoError> {
        let Some(value) = self.attribute(start, name)? else { return Ok(None) };
        match number(&value) {
            Some(number) => Ok(Some(number)),
            None => Err(refused(self.format, format!("{name} {} is no number", shown(&value)))),
        }
    }

    fn broken(&self, error: &dyn std::fmt::Display) -> TempoError {
        let at = self.reader.buffer_position();
        refused(self.format, format!("byte {at} of the XML: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts of the leaves named `a`, or the error.
    fn leaves(text: &str) -> Result<Vec<String>, String> {
        let mut xml = Xml::new(text, Format::Musicxml);
        let mut found = Vec::new();
        loop {
            match xml.next().map_err(|error| error.to_string())? {
                Node::Close if xml.name() == "a" => found.push(xml.text().to_owned()),
                Node::End => return Ok(found),
                Node::Open(_) | Node::Close => {}
            }
        }
    }

    #[track_caller]
    fn check(text: &str, expect: Result<&[&str], &str>) {
        match (leaves(text), expect) {
            (Ok(found), Ok(expect)) => assert_eq!(found, expect, "{text}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{text}: {error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    #[test]
    fn leaves_and_what_is_broken() {
        check("<r><a> 1 </a><n:a xmlns:n='u'>2</n:a><b/></r>", Ok(&["1", "2"]));
        check("<!DOCTYPE r [<!ENTITY e 'boom'>]><r><a>x&e;y&amp;&#65;</a></r>", Ok(&["xy&A"]));
        check("<?xml version='1.0'?><!-- no --><r><a><![CDATA[<]]></a></r>", Ok(&["<"]));
        check("<r><a>1</a>", Err("cut off"));
        check("<r><a>1</b></r>", Err("byte"));
        check("<r/><r/>", Err("more than one root"));
        check("", Err("cut off"));
        check(&"<a>".repeat(300), Err("deeper than 256"));
        check("<r><a>&#xffffffff;</a></r>", Err("byte"));
    }

    #[test]
    fn utf_16() {
        for order in [u16::to_be_bytes, u16::to_le_bytes] {
            let bytes: Vec<u8> = "\u{feff}<r>é</r>".encode_utf16().flat_map(order).collect();
            assert_eq!(text(&bytes, Format::Musicxml).unwrap(), "<r>é</r>");
            assert!(text(&bytes[..bytes.len() - 1], Format::Musicxml).is_err());
        }
    }
}
