//! Assembles THIRD-PARTY-LICENSES.md: reads the output of `cargo about` from standard input, and
//! writes the file to standard output.
//!
//! `.ci/notices` runs it. A binary holds more than packages: the standard library, a C library, and
//! the syntax definitions that colour code on slides.

use std::io::{Read as _, Write as _};

const HEAD: &str = "\
# Third-party licences

What is linked into the binaries of wiretalk, and the licences and notices that go with it. \
                    wiretalk itself is MIT OR Apache-2.0.
`wiretalk licenses` prints this file, and `.ci/notices` makes it; it is not edited by hand.

# Packages
";

const LIBRARIES: &str = "\
# Libraries of the compiler

The Rust standard library is MIT OR Apache-2.0: Copyright (c) The Rust Project Contributors. \
                         Binaries for Linux with musl also
hold musl, under the MIT License: Copyright (c) 2005-2020 Rich Felker, et al. For both:
";

const MIT: &str = include_str!("../LICENSE-MIT");

const SYNTAXES: &str = "\
# Syntax definitions

Code on slides is coloured by syntax definitions that \
                        the package two-face takes from bat
<https://github.com/sharkdp/bat>. These ask for an acknowledgement:
";

fn main() -> anyhow::Result<()> {
    let mut packages = String::new();
    std::io::stdin().read_to_string(&mut packages)?;
    // The file would otherwise lack all packages if `cargo about` failed in a pipe.
    anyhow::ensure!(
        packages.contains("\n- two-face "),
        "standard input lacks the output of `cargo about generate about.hbs`"
    );
    // The core package is ours and not a third party's.
    let ours = |line: &&str| line.starts_with("- wiretalk-core ");
    let packages: Vec<&str> = packages.lines().filter(|line| !ours(line)).collect();
    let packages = packages.join("\n");
    let mut whole =
        format!("{HEAD}\n{}\n\n{LIBRARIES}\n{}\n", tidy(&packages), fenced(permission()));
    whole += &format!("{SYNTAXES}\n");
    for license in two_face::acknowledgement::listing().for_syntaxes() {
        whole += &format!("## {}\n\n{}\n", license.rel_path.display(), fenced(&license.text));
    }
    std::io::stdout().write_all(whole.as_bytes())?;
    Ok(())
}

/// Returns the text of the MIT License without its copyright line, because musl has other owners.
fn permission() -> &'static str {
    let at = MIT.find("Permission is hereby granted").unwrap_or_default();
    &MIT[at..]
}

fn fenced(text: &str) -> String {
    format!("```text\n{}\n```\n", tidy(text))
}

/// Removes blanks at the ends of lines, and blank lines at both ends of the text.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}
