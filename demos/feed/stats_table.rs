//! The table of statistics: mean age, greatest age, expected age, requests, bytes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::parts::transport_color;
use super::state::Feed;
use super::verdict_text;
use crate::feed::{Transport, TransportStats};
use crate::stage::{self, Theme};
use crate::text;
use crate::text::units;
use crate::wire::format::group_thousands;

/// A column: its title, its width in cells, and the text of its cell for one transport, given the
/// number of events.
struct StatsColumn {
    title: &'static str,
    width: usize,
    cell: fn(&Feed, &TransportStats, u64) -> String,
}

/// The columns, the most important first. A narrow table leaves out the last ones.
const STATS_COLUMNS: [StatsColumn; 6] = [
    StatsColumn {
        title: "mean age",
        width: 10,
        cell: |_, standing, _| or_dash(standing, units::age(standing.mean)),
    },
    StatsColumn {
        title: "requests",
        width: 10,
        cell: |_, standing, _| group_thousands(standing.requests),
    },
    StatsColumn {
        title: "B/event",
        width: 9,
        cell: |_, standing, events| {
            let (up, down) = standing.bytes;
            (up + down).checked_div(events).map_or_else(|| "–".to_owned(), group_thousands)
        },
    },
    StatsColumn {
        // A run has too few events for a 99th percentile.
        title: "oldest",
        width: 10,
        cell: |_, standing, _| or_dash(standing, units::age(standing.ages.max)),
    },
    StatsColumn {
        title: "theory",
        width: 20,
        cell: |feed, standing, _| verdict_text::theory(standing.transport, &feed.config),
    },
    StatsColumn {
        title: "bytes",
        width: 10,
        cell: |_, standing, _| group_thousands(standing.bytes.0 + standing.bytes.1),
    },
];

/// The order on the screen, as indices into [`STATS_COLUMNS`].
const COLUMN_ORDER: [usize; 6] = [0, 3, 4, 1, 2, 5];
const NAME_WIDTH: usize = 10;

fn or_dash(stats: &TransportStats, text: String) -> String {
    // Without a sample a mean of 0 would look like a perfect result.
    if stats.ages.count == 0 { "–".to_owned() } else { text }
}

pub(super) fn draw(feed: &Feed, area: Rect, buffer: &mut Buffer, theme: &Theme) {
    let mut room = usize::from(area.width).saturating_sub(NAME_WIDTH);
    let fitting = STATS_COLUMNS.iter().take_while(|column| {
        let fits = room >= column.width;
        room = room.saturating_sub(column.width);
        fits
    });
    let fitting = fitting.count();
    let columns: Vec<&StatsColumn> = COLUMN_ORDER
        .iter()
        .filter(|index| **index < fitting)
        .map(|index| &STATS_COLUMNS[*index])
        .collect();
    // Spare room widens all columns alike, by at most six cells.
    let spare = if columns.is_empty() { 0 } else { room / columns.len() };
    let wide = |column: &StatsColumn| column.width + spare.min(6);
    let heads =
        columns.iter().map(|column| format!("{:>width$}", column.title, width = wide(column)));
    let head = format!("{:NAME_WIDTH$}{}", "", heads.collect::<String>());
    stage::draw_line(&Line::styled(head, theme.dim()), 0, area, buffer);
    for (row, transport) in feed.config.transports.iter().enumerate() {
        let stats = feed.latest_snapshot().and_then(|snapshot| {
            snapshot.transports.get(row).map(|stats| (stats, snapshot.events))
        });
        let mut line = Line::styled(
            format!("{:NAME_WIDTH$}", transport.title()),
            name_style(*transport, theme),
        );
        match stats {
            Some((TransportStats { failure: Some(why), .. }, _)) => {
                let text = format!(" ✗ {}", text::sanitize(&why.to_string()));
                line.push_span(Span::styled(text, Style::new().fg(theme.bad)));
            }
            Some((standing, events)) => {
                for column in &columns {
                    let cell = (column.cell)(feed, standing, events);
                    let style = if column.title == "theory" { theme.dim() } else { theme.base() };
                    line.push_span(Span::styled(
                        format!("{cell:>width$}", width = wide(column)),
                        style,
                    ));
                }
            }
            None => {
                for column in &columns {
                    let cell = if column.title == "theory" {
                        verdict_text::theory(*transport, &feed.config)
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
        stage::draw_line(&line, row as u16 + 1, area, buffer);
    }
}

fn name_style(transport: Transport, theme: &Theme) -> Style {
    Style::new().fg(transport_color(transport, theme)).add_modifier(Modifier::BOLD)
}
