//! Draws the list, and the open exercise or question.

mod exhibit;
mod form;
mod keys;
mod list;
mod task;
mod verdict;
mod window;

pub(super) use list::{draw as draw_list, item_at};
pub(super) use task::{draw as draw_task, option_at};
