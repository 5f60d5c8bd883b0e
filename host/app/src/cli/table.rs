//! Columns of text for people, out of JSON.

use serde_json::Value;

/// Rows under a heading, each column as wide as its widest text; the last is left as it is. A control character,
/// which a vendor may have sent, is never written to a terminal.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = rows
        .iter()
        .map(|row| std::array::from_fn(|column| plain(&row[column]).replace('\n', " ")))
        .collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.chain([heading[column].len()]).max().unwrap_or(0)
    };
    let line = |texts: [&str; N]| {
        let columns = texts.iter().enumerate().map(|(column, text)| match column + 1 {
            last if last == N => (*text).to_owned(),
            _ => format!("{text:width$}", width = width(column)),
        });
        columns.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let heading = std::iter::once(line(heading));
    let lines = heading.chain(rows.iter().map(|row| line(row.each_ref().map(String::as_str))));
    lines.collect::<Vec<_>>().join("\n")
}

/// A text without control characters, but for line ends and tabs.
pub(super) fn plain(text: &str) -> String {
    let harmless = |c: char| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c };
    text.chars().map(harmless).collect()
}

/// What stands at that JSON pointer, as text; empty where nothing does.
pub(super) fn text(value: &Value, pointer: &str) -> String {
    match value.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let rows = [["a".to_owned(), "longer text".into()], ["bcd".into(), String::new()]];
        assert_eq!(table(["ID", "WHY"], &rows), "ID   WHY\na    longer text\nbcd");
    }

    #[test]
    fn no_control_character_reaches_a_terminal() {
        assert_eq!(table(["A"], &[["\u{1b}[2J\nx".to_owned()]]), "A\n\u{fffd}[2J x");
        assert_eq!(plain("a\n\tb\r"), "a\n\tb\u{fffd}");
    }

    #[test]
    fn what_is_not_there_is_empty() {
        let value = json!({ "a": { "b": 1, "c": null, "d": "e" } });
        let found = ["/a/b", "/a/c", "/a/d", "/x"].map(|pointer| text(&value, pointer));
        assert_eq!(found, ["1", "", "e", ""]);
    }
}
