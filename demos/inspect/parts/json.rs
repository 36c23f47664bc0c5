//! JSON in payloads: recognized, and folded into lines. Its text stays as it was sent.

use serde::de::IgnoredAny;

/// The most bytes of a text that is looked at.
const MAX_JSON_BYTES: usize = 64 << 10;

/// Whether a text is a JSON object or array.
pub(crate) fn is_json(text: &[u8]) -> bool {
    let begins = text.trim_ascii_start().first().is_some_and(|first| matches!(first, b'{' | b'['));
    begins && text.len() <= MAX_JSON_BYTES && serde_json::from_slice::<IgnoredAny>(text).is_ok()
}

/// Returns JSON with each member and element in a line of its own, two blanks deeper than what it
/// is in; `None` if the text is not JSON. Numbers and strings are not changed.
pub(crate) fn folded(text: &str) -> Option<String> {
    if !is_json(text.as_bytes()) {
        return None;
    }
    let (mut out, mut depth, mut in_string, mut is_escaped) =
        (String::new(), 0_usize, false, false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if in_string {
            out.push(letter);
            in_string = is_escaped || letter != '"';
            is_escaped = letter == '\\' && !is_escaped;
            continue;
        }
        match letter {
            '"' => {
                in_string = true;
                out.push(letter);
            }
            '{' | '[' => {
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                out.push(letter);
                // Nothing is folded that has nothing in it.
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(letter);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            blank if blank.is_ascii_whitespace() => {}
            other => out.push(other),
        }
    }
    Some(out)
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    out.push_str(&"  ".repeat(depth));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_and_elements_have_lines_of_their_own() {
        assert_eq!(
            folded(r#"{"n": 31,"price":42.310e0,"tags":[ "a, b","c\"]"],"none":{ },"no":[]}"#)
                .unwrap(),
            "{\n  \"n\": 31,\n  \"price\": 42.310e0,\n  \"tags\": [\n    \"a, b\",\n    \"c\\\"]\"\n  ],\n  \
             \"none\": {},\n  \"no\": []\n}"
        );
    }

    #[test]
    fn what_is_folded_is_the_same_json() {
        for text in
            [r#"[1,[2,{"a":"\\\\"}],null]"#, r#"{"\u00e9":"[{]},:"}"#, "[]", r#" {"a":[{}]} "#]
        {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            let folded = folded(text).unwrap();
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&folded).unwrap(),
                value,
                "{folded}"
            );
        }
    }

    #[test]
    fn other_texts_are_not_json() {
        for text in ["", "42", "\"{}\"", "{a:1}", "[1,2", "{} {}", "a{}"] {
            assert_eq!(folded(text), None, "{text}");
        }
    }
}
