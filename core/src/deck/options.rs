//! How a deck wants to be read: presenterm's `options` in the front matter.

/// The options of a deck; those that it does not set have presenterm's defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeckOptions {
    /// Whether a title, a heading that is underlined, ends the slide before it.
    pub implicit_slide_ends: bool,
    /// Whether `---` ends a slide even where comments do.
    pub end_slide_shorthand: bool,
    /// Whether a heading of level 1 is a title.
    pub h1_slide_titles: bool,
    /// Whether the items of a list appear one by one.
    pub incremental_lists: bool,
    /// Whether the rows of a table appear one by one.
    pub incremental_tables: bool,
    /// The number of line ends behind an item of a list; 0 and 1 leave no blank row.
    pub list_item_newlines: u8,
    /// What stands before the name of a directive; empty for nothing.
    pub command_prefix: String,
    /// What stands before an attribute in the text of a picture; `None` for `image:`.
    pub image_attributes_prefix: Option<String>,
    /// The languages whose code stands for what it renders to, in lower case.
    pub auto_render_languages: Vec<String>,
    /// Whether keys of other tools in the front matter are no mistakes:
    /// `strict_front_matter_parsing: false`.
    pub allows_foreign_keys: bool,
}

impl DeckOptions {
    /// Returns a comment without the prefix of commands.
    pub(super) fn without_prefix<'a>(&self, comment: &'a str) -> &'a str {
        let comment = comment.trim();
        if self.command_prefix.is_empty() {
            return comment;
        }
        comment.strip_prefix(&self.command_prefix).unwrap_or(comment)
    }
}
