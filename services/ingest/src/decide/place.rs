//! Finding the field at a line and column of a JSON text, because `serde_json` does not name it.

enum Level {
    Object(Option<String>),
    Array(usize),
}

/// The path to the value at that line and column (both from 1), such as `record.tax.igst`; empty for the whole.
pub(crate) fn path_at(json: &[u8], line: usize, column: usize) -> String {
    let end = offset_of(json, line, column);
    let mut levels: Vec<Level> = Vec::new();
    let mut at = 0;
    let mut key_expected = false;
    while at < end.min(json.len()) {
        match json[at] {
            b'{' => {
                levels.push(Level::Object(None));
                key_expected = true;
            }
            b'[' => levels.push(Level::Array(0)),
            // The error of a whole object is told at its end; then the object is meant.
            b'}' | b']' => {
                levels.pop();
                key_expected = false;
            }
            b',' => match levels.last_mut() {
                Some(Level::Object(_)) => key_expected = true,
                Some(Level::Array(index)) => *index += 1,
                None => {}
            },
            b'"' => {
                let close = end_of_text(json, at);
                if let (true, Some(Level::Object(key))) = (key_expected, levels.last_mut()) {
                    *key = Some(String::from_utf8_lossy(&json[at + 1..close.min(json.len())]).into_owned());
                    key_expected = false;
                }
                at = close;
            }
            _ => {}
        }
        at += 1;
    }
    written(&levels)
}

fn offset_of(json: &[u8], line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        match json[start..].iter().position(|byte| *byte == b'\n') {
            Some(position) => start += position + 1,
            None => return json.len(),
        }
    }
    start + column
}

/// The position of the quotation mark that ends the text which begins at `start`.
fn end_of_text(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < json.len() && json[at] != b'"' {
        at += if json[at] == b'\\' { 2 } else { 1 };
    }
    at
}

fn written(levels: &[Level]) -> String {
    let mut path = String::new();
    for level in levels {
        match level {
            Level::Object(Some(key)) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Level::Object(None) => {}
            Level::Array(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::path_at;

    #[test]
    fn the_field_at_a_place_is_named() {
        let json = br#"{"a":1,"list":[{"x":"}"},{"tax":{"igst":"1.005"}}]}"#;
        let column = json.iter().position(|byte| *byte == b'5').unwrap() + 2;
        assert_eq!(path_at(json, 1, column), "list[1].tax.igst");
        assert_eq!(path_at(b"{\n\"a\":\n5}", 3, 1), "a");
        assert_eq!(path_at(b"", 1, 1), "");
    }
}
