//! Tests that no word of a deck is lost, whatever stands around it.

use proptest::collection::vec;
use proptest::sample::select;

use crate::deck::parse;

/// What a deck can begin with. Each `W` becomes a word of its own.
const OPENINGS: [&str; 12] = [
    "",
    "---\n",
    "---\n\n",
    "---\ntitle: W\nauthor: [W, W]\n---\n",
    "---\ntitle: W\nauthor: W\n\n# W\n\n---\n",
    "---\ntitle: W\nW\n---\n",
    "---\ntitle: \"W\n---\n",
    "---\n# W\n---\n",
    "---\nW W.\n---\n",
    "---\n- W\n---\n",
    "---\nW: W W\nW\n\n---\n",
    "\u{feff}---\nsub_title: |\n  W\n  W\n...\n",
];

/// What a deck is made of.
const PIECES: [&str; 58] = [
    "# W W",
    "W\n---",
    "W\n===",
    "W *W* **W `W  W`** ~~W~~ \\*W",
    "**W **W** W**",
    "- W\n- W\n  - W",
    "1. W\n\n   W\n2. W",
    "- [x] W\n- [ ] W",
    "> W\n> W",
    "> - W\n>   > W",
    "> [!NOTE]\n> W",
    "```\nW",
    "```\nW\n```",
    "```rust +exec {1|2}\nW\n\nW\n```",
    "~~~js,x {9-1} +nosuch\nW\n~~~",
    "```file\npath: W\n```",
    "```demo weigh\nW = \"W\"\n```",
    "    W",
    "\tW",
    "| W | W |\n|--|--|\n| W | W<br>W |",
    "<div>W</div>",
    "<div>\n\nW\n\n</div>",
    "<div class=\"a\">",
    "</div> W",
    "<p align=center>W <b>W</b>",
    "<ul><li>W<li>W <i>W</i></ul>",
    "<ol>W<li>W",
    "<table><tr><th>W<tr><td>W<td>W</table>W",
    "<td>W",
    "<pre>\nW\n\nW</pre>",
    "<blockquote>W",
    "<h2>W",
    "<center>",
    "<details><summary>W</summary>W</details>",
    "<img alt=\"W\" src=\"x\">",
    "W<br>W <span style=\"color:red\">W</span> <x-y>W</x-y> a < W",
    "<script>x</script> W",
    "&copy; W &W; &amp; W",
    "<!-- pause --> W",
    "<!-- pause --> <b>W</b> W <!-- remark --> **W**",
    "W <!-- pause --> W",
    "<!-- pause -->",
    "- W\n<!-- pause -->\n- W",
    "- W\n\n  <!-- pause -->\n\n  W",
    "<!-- end_slide -->",
    "---",
    "***",
    "<!-- speaker_note: W -->",
    "<!-- speaker_note: |\n  W\n  W\n-->",
    "<!-- column_layout: [1, 1] -->\n<!-- column: 0 -->\nW\n\n<!-- column: 1 -->\nW",
    "<!-- alignment: center -->",
    "W[^a] W[^b]\n\n[^a]: W",
    "[^b]: W\n    W",
    "[^c]: W[^a]",
    "![W](x.png)",
    "![bg W](x.png) ![](y.png)",
    "W ![W](x.png) [W](u) <https://W.example>",
    "$$\nW\n\\\\\n$$",
];

/// Fills a deck with words of its own, and returns them.
fn fill(pattern: &str) -> (String, Vec<String>) {
    let mut words = Vec::new();
    let mut source = String::new();
    for (index, part) in pattern.split('W').enumerate() {
        if index > 0 {
            words.push(format!("w{index}w"));
            source.push_str(&words[index - 1]);
        }
        source.push_str(part);
    }
    (source, words)
}

/// Puts a piece into a quote or an item of a list.
fn within(piece: &str, container: usize) -> String {
    let signs = [("", ""), ("> ", "> "), ("- ", "  "), ("> 1. ", ">    ")];
    let (first, others) = signs[container % signs.len()];
    let line =
        |(index, line): (usize, &str)| if index == 0 { first } else { others }.to_owned() + line;
    piece.split('\n').enumerate().map(line).collect::<Vec<_>>().join("\n")
}

fn assert_nothing_lost(pattern: &str) {
    let (source, words) = fill(pattern);
    let (deck, warnings) = parse(&source);
    let reports: String = warnings.iter().map(|w| w.report("deck").to_string()).collect();
    let shown = format!("{deck:?}\n{reports}");
    for word in words {
        assert!(shown.contains(&word), "{word} is lost of:\n{source}\n\n{deck:#?}\n{reports}");
    }
}

#[test]
fn every_piece_stands_alone() {
    for opening in OPENINGS {
        for piece in PIECES {
            for container in 0..4 {
                assert_nothing_lost(&format!("{opening}{}\n", within(piece, container)));
            }
        }
    }
}

#[test]
fn what_was_lost_once_is_there() {
    for pattern in [
        "---\ntitle: W\nW\n---\n- # W W\n---\n",
        "---\ntitle: W\nW\n---\n<div>W</div>\n<!-- pause --> W\r\n# W W\n",
        "W\n<div>W</div>\n<https://W.example>\n",
        "---\n- - [x] W\n  - [ ] W\n---\n",
        "[^b]: W\n    W\nW[^a] W[^b]\n\n[^a]: W\n",
    ] {
        assert_nothing_lost(pattern);
    }
}

proptest::proptest! {
    #[test]
    fn no_word_is_lost_whatever_stands_around_it(
        opening in select(OPENINGS.to_vec()),
        pieces in vec((select(PIECES.to_vec()), 0_usize..4, select(vec!["\n", "\n\n", "\n\n", "\r\n"])), 1..12),
    ) {
        let body = pieces.iter().map(|(piece, container, end)| within(piece, *container) + end);
        assert_nothing_lost(&(opening.to_owned() + &body.collect::<String>()));
    }
}
