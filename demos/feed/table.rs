//! The table: mean age, 99th percentile, what theory says, requests, bytes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::view::{color, live};
use super::{Feed, words};
use crate::feed::{TransportStats, Transport};
use crate::stage::{self, Theme};
use crate::text;
use crate::wire::format::group_thousands;

/// A column: its title, its width, what it says of a way. The widest rows lose the last ones first.
struct Column {
    title: &'static str,
    width: usize,
    cell: fn(&Feed, &TransportStats, u64) -> String,
}

const COLUMNS: [Column; 6] = [
    Column {
        title: "mean age",
        width: 10,
        cell: |_, standing, _| aged(standing, words::time(standing.mean)),
    },
    Column { title: "requests", width: 10, cell: |_, standing, _| group_thousands(standing.requests) },
    Column {
        title: "B/event",
        width: 9,
        cell: |_, standing, events| {
            let (up, down) = standing.bytes;
            (up + down).checked_div(events).map_or_else(|| "–".to_owned(), group_thousands)
        },
    },
    Column { title: "p99", width: 10, cell: |_, standing, _| aged(standing, words::time(standing.ages.p99)) },
    Column {
        title: "theory",
        width: 20,
        cell: |feed, standing, _| words::theory(standing.transport, &feed.course),
    },
    Column {
        title: "bytes",
        width: 10,
        cell: |_, standing, _| group_thousands(standing.bytes.0 + standing.bytes.1),
    },
];

/// The order they stand in, if there is room for all.
const ORDER: [usize; 6] = [0, 3, 4, 1, 2, 5];
const NAME: usize = 10;

fn aged(standing: &TransportStats, told: String) -> String {
    if standing.ages.count == 0 { "–".to_owned() } else { told }
}

pub(super) fn draw(feed: &Feed, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let mut room = usize::from(area.width).saturating_sub(NAME);
    let fitting = COLUMNS.iter().take_while(|column| {
        let fits = room >= column.width;
        room = room.saturating_sub(column.width);
        fits
    });
    let fitting = fitting.count();
    let columns: Vec<&Column> =
        ORDER.iter().filter(|index| **index < fitting).map(|index| &COLUMNS[*index]).collect();
    let spare = if columns.is_empty() { 0 } else { room / columns.len() };
    let wide = |column: &Column| column.width + spare.min(6);
    let heads = columns.iter().map(|column| format!("{:>width$}", column.title, width = wide(column)));
    let head = format!("{:NAME$}{}", "", heads.collect::<String>());
    stage::line(&Line::styled(head, theme.dim()), 0, area, buffer);
    for (row, way) in feed.course.transports.iter().enumerate() {
        let standing = live(feed).and_then(|live| live.transports.get(row).map(|standing| (standing, live.events)));
        let mut line = Line::styled(format!("{:NAME$}", way.title()), name_style(*way, theme));
        match standing {
            Some((TransportStats { failure: Some(why), .. }, _)) => {
                let told = format!(" ✗ {}", text::sanitize(why));
                line.push_span(Span::styled(told, Style::new().fg(theme.bad)));
            }
            Some((standing, events)) => {
                for column in &columns {
                    let cell = (column.cell)(feed, standing, events);
                    let style = if column.title == "theory" { theme.dim() } else { theme.base() };
                    line.push_span(Span::styled(format!("{cell:>width$}", width = wide(column)), style));
                }
            }
            None => {
                for column in &columns {
                    let cell = if column.title == "theory" {
                        words::theory(*way, &feed.course)
                    } else {
                        "–".to_owned()
                    };
                    line.push_span(Span::styled(
                        format!("{cell:>width$}", width = wide(column)),
                        theme.dim(),
                    ));
                }
            }
        }
        stage::line(&line, row as u16 + 1, area, buffer);
    }
}

fn name_style(way: Transport, theme: &Theme) -> Style {
    Style::new().fg(color(way, theme)).add_modifier(Modifier::BOLD)
}
