//! Draws the list, and the open exercise or question.

mod form;
mod list;
mod task;

pub(super) use list::{draw as draw_list, item_at};
pub(super) use task::draw as draw_task;
