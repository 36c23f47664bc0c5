//! The tabs of the inspector in the upper edge of its panel, with the address before them.

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use super::action::Tab;
use super::lesson::play::ScenarioPlayer;
use super::parts::canvas::{Canvas, ClickTarget};
use super::state::Inspect;
use super::tabs::offered;
use crate::inspect::InspectSource;
use crate::text;

/// The cells that an address needs at least to be of use.
const MIN_ADDRESS_WIDTH: usize = 12;

/// The tabs whose names are shortened where there is no room, the first of them first.
const SHORTENED: [Tab; 6] =
    [Tab::Connections, Tab::Timeline, Tab::Deflate, Tab::Handshake, Tab::Problems, Tab::Mask];

/// The names in the bar, and the blanks between them.
struct TabNames {
    names: Vec<(Tab, String)>,
    /// The blanks between two names, from 1 to 3.
    gap: usize,
}

/// Draws the address and the tabs over the upper edge of the panel at `area`.
pub(crate) fn draw(inspect: &Inspect, area: Rect, canvas: &mut Canvas) {
    if area.width < 8 || area.height < 2 {
        return;
    }
    let theme = canvas.theme;
    let address = address(inspect);
    let address = text::sanitize(&address);
    let wide = usize::from(area.width - 4);
    let bar = TabNames::fit(inspect, wide, text::width(&address));
    let room = wide.saturating_sub(bar.width());
    let mut x = area.x + 2;
    if room >= MIN_ADDRESS_WIDTH {
        let title = format!(" {} ", fit_address(inspect, &address, room - 3));
        canvas.buffer.set_string(x, area.y, &title, theme.heading());
        x += text::width(&title) as u16 + u16::from(bar.gap == 3);
    }
    let mut shown = None;
    for (tab, name) in bar.names {
        // A blank on either side belongs to the name, also if the next one shares it.
        let name = format!(" {name} ");
        let width = text::width(&name) as u16;
        if x + width >= area.right() {
            break;
        }
        let style = match tab {
            Tab::Problems if problem_count(inspect) > 0 => {
                Style::new().fg(theme.bad).add_modifier(Modifier::BOLD)
            }
            _ => theme.dim(),
        };
        if tab == inspect.tab() {
            shown = Some((x, name.clone()));
        }
        canvas.buffer.set_string(x, area.y, &name, style);
        canvas.add_target(Rect { x, y: area.y, width, height: 1 }, ClickTarget::Tab(tab));
        x += width + bar.gap as u16 - 2;
    }
    // Last, so that no neighbour covers a blank of it.
    if let Some((x, name)) = shown {
        canvas.buffer.set_string(x, area.y, &name, theme.cursor());
    }
}

/// Shortens an address to this number of cells. Of a file, the end of its path and the number of the
/// connection say most.
fn fit_address(inspect: &Inspect, address: &str, cells: usize) -> String {
    if text::width(address) <= cells || !matches!(inspect.session.source, InspectSource::File(..)) {
        return text::ellipsize(address, cells).into_owned();
    }
    let mut parts = address.split(" · ");
    let file = parts.next().unwrap_or_default();
    let stream = parts.next().map(|stream| format!(" · {stream}")).unwrap_or_default();
    match cells.checked_sub(text::width(&stream)).filter(|room| *room >= MIN_ADDRESS_WIDTH) {
        Some(room) => format!("{}{stream}", text::ellipsize_start(file, room)),
        None => text::ellipsize_start(file, cells).into_owned(),
    }
}

impl TabNames {
    /// Chooses names and gaps for a bar of this width. With little room the gaps go first, then the
    /// address is shortened, then the names.
    fn fit(inspect: &Inspect, wide: usize, address: usize) -> Self {
        let mut bar = Self { names: names(inspect, &[]), gap: 3 };
        if wide >= bar.width() + address + 3 {
            return bar;
        }
        bar.gap = 2;
        if wide < bar.width() + MIN_ADDRESS_WIDTH {
            bar.gap = 1;
        }
        let has_several = inspect.session.connections.len() > 1;
        if wide < bar.width() && !has_several && inspect.tab() != Tab::Connections {
            // A list of one connection says nothing.
            bar.names.retain(|(tab, _)| *tab != Tab::Connections);
        }
        let mut shortened = 0;
        while wide < bar.width() && shortened < SHORTENED.len() {
            shortened += 1;
            let kept = bar.names.iter().map(|(tab, _)| *tab).collect::<Vec<_>>();
            bar.names = names(inspect, &SHORTENED[..shortened]);
            bar.names.retain(|(tab, _)| kept.contains(tab));
        }
        bar
    }

    /// Returns the cells that the names take, with the blanks around each.
    fn width(&self) -> usize {
        let names = self.names.iter().map(|(_, name)| text::width(name) + self.gap);
        names.sum::<usize>() + 2_usize.saturating_sub(self.gap)
    }
}

/// Returns the names of all tabs with their keys and counts, the short ones of `shortened` tabs.
/// The tab that is shown keeps its name.
fn names(inspect: &Inspect, shortened: &[Tab]) -> Vec<(Tab, String)> {
    let name = |tab: Tab| {
        let is_short = shortened.contains(&tab) && tab != inspect.tab();
        if is_short { tab.short_name() } else { tab.name() }
    };
    // The key of a tab is its place among all of them; that of SockJS is the last.
    let numbered = offered(&inspect.session).zip(1..);
    numbered
        .map(|(tab, number)| (tab, format!("{number} {}{}", name(tab), count(inspect, tab))))
        .collect()
}

/// Returns the number of frames or problems behind the name of a tab.
fn count(inspect: &Inspect, tab: Tab) -> String {
    let session = &inspect.session;
    match tab {
        Tab::Frames if inspect.is_before_connection() => "(0)".to_owned(),
        Tab::Frames => {
            let trace = &session.connection().trace;
            let more = if trace.dropped_rows() > 0 { "+" } else { "" };
            match (&session.filter, trace.rows().len()) {
                (Some(filter), all) => format!("({}/{all}{more})", filter.rows.len()),
                (None, all) => format!("({all}{more})"),
            }
        }
        Tab::Problems if problem_count(inspect) > 0 => format!("({})", problem_count(inspect)),
        _ => String::new(),
    }
}

/// Returns the number of problems: none before a new connection of a lesson.
fn problem_count(inspect: &Inspect) -> usize {
    if inspect.is_before_connection() { 0 } else { inspect.session.fault_count() }
}

/// Returns the address of the connection, or the server that a step of a lesson connects to.
fn address(inspect: &Inspect) -> String {
    let player = inspect.player.as_ref().filter(|_| inspect.is_before_connection());
    let server = player.and_then(ScenarioPlayer::server);
    server.map_or_else(
        || inspect.session.connection().name.clone(),
        |server| InspectSource::Bundled(server).title(),
    )
}
