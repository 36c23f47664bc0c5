//! Errors of engines are types: callers match on variants, and `Display` has the sentences.

use crate::{floor, sources, top};

/// Returns the type arguments of every `Result<...>` in `code`, with the number of the line that it
/// begins on.
fn result_arguments(code: &str) -> Vec<(usize, Vec<&str>)> {
    let begins = code.match_indices("Result<").map(|(at, name)| at + name.len());
    begins
        .map(|begin| {
            let (mut depth, mut from, mut arguments, mut before) = (1, begin, Vec::new(), ' ');
            for (at, letter) in
                code[begin..].char_indices().map(|(at, letter)| (begin + at, letter))
            {
                match letter {
                    '<' | '(' | '[' => depth += 1,
                    // The `>` of `->` closes nothing.
                    '>' if before == '-' => {}
                    '>' | ')' | ']' => depth -= 1,
                    _ => {}
                }
                if depth == 0 || (depth == 1 && letter == ',') {
                    arguments.push(code[from..at].trim());
                    from = at + 1;
                }
                if depth == 0 {
                    break;
                }
                before = letter;
            }
            (code[..begin].lines().count(), arguments)
        })
        .collect()
}

#[test]
fn errors_of_floors_0_and_1_are_types_and_not_sentences() {
    let prose = ["String", "std::string::String", "&str", "&'static str"];
    for source in sources::all() {
        // The app, the commands and the demos show errors to people and may use text.
        if top(&source).and_then(floor).is_none_or(|floor| floor >= 2) {
            continue;
        }
        for (line, arguments) in result_arguments(&source.code) {
            let error = arguments.get(1).copied().unwrap_or_default();
            assert!(!prose.contains(&error), "{:?}:{line}: the error is a {error}", source.path);
        }
        for associated in ["type Err = ", "type Error = "] {
            for rest in source.code.split(associated).skip(1) {
                let error = rest.split(';').next().unwrap_or_default().trim();
                assert!(!prose.contains(&error), "{:?}: `{associated}{error}`", source.path);
            }
        }
    }
    // The parser finds nested and multi-line arguments, so the check above can fail.
    let code = "fn a() -> Result<Vec<u8>,\n String,\n> {}\nfn b() -> Result<Box<dyn Fn(u8, u8) -> \
                u8>, Error> {}";
    let found = result_arguments(code);
    assert_eq!(found[0], (1, vec!["Vec<u8>", "String", ""]));
    assert_eq!(found[1], (4, vec!["Box<dyn Fn(u8, u8) -> u8>", "Error"]));
}
