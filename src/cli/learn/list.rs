//! The list of what there is to learn, as text or JSON.

use serde_json::json;

use crate::cli::learn::target::LearnTarget;
use crate::learn::{Catalog, CatalogItem, ItemKind, ItemState, Progress, section_title};
use crate::progress::ProgressStore;
use crate::text;

/// Returns the list, or a section of it.
pub(super) fn print(
    catalog: &Catalog,
    target: &LearnTarget,
    store: &ProgressStore,
    json: bool,
) -> anyhow::Result<String> {
    let (progress, now) = (store.progress(), store.now());
    let next = catalog.next(&progress, now).and_then(|index| catalog.items.get(index));
    let next = next.map(|item| item.name.as_str());
    let items = catalog.items.iter().filter(|item| match target {
        LearnTarget::Section(section) => item.section == *section,
        _ => true,
    });
    if json {
        let items: Vec<_> = items
            .map(|item| {
                json!({
                    "name": item.name,
                    "section": item.section,
                    "title": item.title,
                    "kind": kind_name(item),
                    "state": state_name(item.state(&progress, now)),
                    "next": Some(item.name.as_str()) == next,
                })
            })
            .collect();
        return Ok(serde_json::to_string_pretty(&items)? + "\n");
    }
    let mut out = String::new();
    let mut section = "";
    for item in items {
        if item.section != section {
            section = &item.section;
            out +=
                &format!("{}{}\n", if out.is_empty() { "" } else { "\n" }, section_title(section));
        }
        out += &row(item, &progress, now, Some(item.name.as_str()) == next);
    }
    Ok(out)
}

fn row(item: &CatalogItem, progress: &Progress, now: u64, is_next: bool) -> String {
    let state = state_name(item.state(progress, now));
    let mark = if is_next { "→" } else { " " };
    let name = format!("{:<20}", item.name);
    let line = format!("{mark} {state:<10} {name} {}", text::sanitize(&item.title));
    format!("{}\n", line.trim_end())
}

fn kind_name(item: &CatalogItem) -> &'static str {
    match item.kind {
        ItemKind::Lesson(_) => "lesson",
        ItemKind::Exercise(..) => "exercise",
        ItemKind::Question => "question",
    }
}

fn state_name(state: ItemState) -> String {
    match state {
        ItemState::New => "new".to_owned(),
        ItemState::Started { won, of } => format!("{won} of {of}"),
        ItemState::Wrong => "wrong".to_owned(),
        ItemState::Due => "due".to_owned(),
        ItemState::Done => "done".to_owned(),
    }
}
