//! The path to a place in a JSON text, from the line and column at which reading it failed.
//!
//! Keeping track of the path while reading would do as well, but then every type is compiled a second time for it,
//! which makes a module a third larger.

use std::fmt::Write;

/// What encloses the place.
enum Frame<'a> {
    /// An object, and the last key, as it is written in the text, that was met in it.
    Object { key: Option<&'a str> },
    /// An array, and how many elements were met before.
    Array { index: usize },
}

/// The path, like `.boxes[1].weight`, to the value of which the last byte before the place is a part; empty for the
/// whole text. `line` counts from 1, `column` is the number of bytes before the place in its line.
pub(crate) fn at(text: &str, line: usize, column: usize) -> String {
    let lines_before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let offset = lines_before.map(str::len).sum::<usize>() + column;
    written(&frames(text, offset.min(text.len())))
}

/// What encloses the place behind `end` bytes. The text is JSON at least up to there.
fn frames(text: &str, end: usize) -> Vec<Frame<'_>> {
    let bytes = text.as_bytes();
    let mut frames = Vec::new();
    let mut key_comes = false;
    let mut at = 0;
    while at < end {
        match bytes[at] {
            b'{' => {
                frames.push(Frame::Object { key: None });
                key_comes = true;
            }
            b'[' => {
                frames.push(Frame::Array { index: 0 });
                key_comes = false;
            }
            b'}' | b']' => {
                frames.pop();
                key_comes = false;
            }
            b',' => match frames.last_mut() {
                Some(Frame::Array { index }) => *index += 1,
                Some(Frame::Object { key }) => {
                    *key = None;
                    key_comes = true;
                }
                None => {}
            },
            b'"' => {
                let close = closing_quote(bytes, at + 1);
                if let (true, Some(Frame::Object { key })) = (key_comes, frames.last_mut()) {
                    *key = text.get(at + 1..close);
                    key_comes = false;
                }
                at = close;
            }
            _ => {}
        }
        at += 1;
    }
    frames
}

/// Where the string ends that begins at `at`.
fn closing_quote(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

fn written(frames: &[Frame<'_>]) -> String {
    let mut path = String::new();
    for frame in frames {
        // Writing to a text does not fail.
        let _ = match frame {
            Frame::Object { key: Some(key) } => write!(path, ".{key}"),
            Frame::Object { key: None } => Ok(()),
            Frame::Array { index } => write!(path, "[{index}]"),
        };
    }
    path
}
