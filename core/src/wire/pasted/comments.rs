//! Comments in pasted text: `#` and `//` to the end of the line, `/* */`, and `;` after a blank.

/// Returns `text` with a space in place of each character of a comment. Lines and columns stay
/// where they are. Quoted text has no comments.
pub(super) fn blank_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut quote: Option<char> = None;
    let mut previous = '\n';
    while let Some(char) = chars.next() {
        match (quote, char) {
            (Some(_), '\\') => {
                out.push(char);
                out.extend(chars.next());
            }
            (Some(open), _) => {
                // A quote ends with its line: an apostrophe may stand alone.
                if char == open || char == '\n' {
                    quote = None;
                }
                out.push(char);
            }
            (None, '"' | '\'') => {
                quote = Some(char);
                out.push(char);
            }
            (None, '/') if chars.peek() == Some(&'*') => {
                out.push(' ');
                let mut last = ' ';
                for inside in chars.by_ref() {
                    out.push(if inside == '\n' { '\n' } else { ' ' });
                    if last == '*' && inside == '/' {
                        break;
                    }
                    last = inside;
                }
            }
            // A number of Erlang: `16#81`.
            (None, '#')
                if out.ends_with("16") && chars.peek().is_some_and(char::is_ascii_hexdigit) =>
            {
                out.push(char);
            }
            (None, _) if starts_line_comment(previous, char, chars.peek().copied()) => {
                out.push(' ');
                while chars.next_if(|inside| *inside != '\n').is_some() {
                    out.push(' ');
                }
            }
            (None, _) => out.push(char),
        }
        previous = char;
    }
    out
}

/// Whether `char` begins a comment that extends to the end of the line. `;` also separates, so it
/// needs a blank before it.
fn starts_line_comment(previous: char, char: char, next: Option<char>) -> bool {
    match char {
        '#' => true,
        '/' => next == Some('/') && previous.is_whitespace(),
        ';' => previous.is_whitespace(),
        _ => false,
    }
}
