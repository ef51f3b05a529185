//! Blocks as HTML.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::block::{Block, Drawing, Figure, Part, Table, Tone, pieces};
use super::head::Head;
use crate::{Language, chart};

/// What the page looks like.
const STYLE: &str = include_str!("style.css");

/// Tables of so many rows are not broken across printed pages.
const SHORT: usize = 20;

/// The whole page.
pub(super) fn page(head: &Head, parts: &[Part], foot: &[Block], language: Language) -> String {
    let mut writer = Writer {
        language,
        figures: 0,
        tables: 0,
    };
    let page = html! {
        (DOCTYPE)
        html lang=(language.pick("en", "zh-CN")) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="graft";
                title { (head.title) " · " (head.name) }
                style { (PreEscaped(chart::STYLE)) (PreEscaped(STYLE)) }
            }
            body {
                main {
                    (top(head, parts))
                    @for part in parts {
                        section.part id=(part.anchor) {
                            h2 { (part.title) }
                            @for block in &part.blocks { (writer.block(block)) }
                        }
                    }
                    footer.part id="reproduce" {
                        @for block in foot { (writer.block(block)) }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// Title, what was run, and the figures that matter.
fn top(head: &Head, parts: &[Part]) -> Markup {
    html! {
        header {
            p.kind { (head.kind) }
            h1 { (head.title) }
            p.byline {
                @for (number, fact) in head.facts.iter().enumerate() {
                    @if number > 0 { span.dot { " · " } }
                    span { (inline(fact)) }
                }
            }
            div.figures-that-matter {
                @for figure in &head.figures {
                    div {
                        p.label { (figure.label) }
                        p.value { (figure.value) }
                        p.detail { (inline(&figure.detail)) }
                    }
                }
            }
            p.abstract { (inline(&head.summary)) }
            @if let Some(notice) = &head.notice { p.note { (inline(notice)) } }
            nav {
                @for part in parts { a href={ "#" (part.anchor) } { (part.title) } }
            }
        }
    }
}

/// Numbers figures and tables as it goes.
struct Writer {
    language: Language,
    figures: usize,
    tables: usize,
}

impl Writer {
    fn block(&mut self, block: &Block) -> Markup {
        match block {
            Block::Heading(text) => html! { h3 { (inline(text)) } },
            Block::Text(text) => html! { p { (inline(text)) } },
            Block::Note(text) => html! { p.note { (inline(text)) } },
            Block::List(items) => html! { ul { @for item in items { li { (inline(item)) } } } },
            Block::Facts(facts) => html! {
                dl { @for (name, text) in facts { div { dt { (inline(name)) } dd { (inline(text)) } } } }
            },
            Block::Commands(lines) => html! { pre { code { (lines.join("\n")) } } },
            Block::Table(table) => self.table(table),
            Block::Figures(figures) => html! {
                div.row { @for figure in figures { (self.figure(figure)) } }
            },
        }
    }

    fn table(&mut self, table: &Table) -> Markup {
        self.tables += 1;
        let number = self.tables;
        let id = format!("table-{number}");
        let number = self
            .language
            .pick(format!("Table {number}"), format!("表 {number}"));
        let titles = table.columns.iter();
        let numbers: Vec<bool> = titles.map(|title| title.starts_with('#')).collect();
        html! {
            p.caption id=(id) { b { (number) } " " (inline(&table.caption)) }
            div.table tabindex="0" role="region" aria-labelledby=(id) {
                table.short[table.rows.len() <= SHORT] {
                    thead { tr {
                        @for (title, numeric) in table.columns.iter().zip(&numbers) {
                            th.n[*numeric] scope="col" { (inline(title.trim_start_matches('#'))) }
                        }
                    } }
                    tbody {
                        @for row in &table.rows {
                            tr.quiet[row.tone == Tone::Quiet].gone[row.tone == Tone::Gone].strong[row.tone == Tone::Strong] {
                                @for (cell, numeric) in row.cells.iter().zip(&numbers) { td.n[*numeric] { (inline(cell)) } }
                            }
                        }
                    }
                }
            }
        }
    }

    fn figure(&mut self, figure: &Figure) -> Markup {
        self.figures += 1;
        let number = self.figures;
        let number = self
            .language
            .pick(format!("Figure {number}"), format!("图 {number}"));
        let wide = matches!(figure.drawing, Drawing::Tiles(_) | Drawing::WideSvg(_));
        html! {
            figure.wide[wide] {
                @match &figure.drawing {
                    // Drawn by this crate, with every text escaped.
                    Drawing::Svg(svg) | Drawing::WideSvg(svg) => { (PreEscaped(svg)) }
                    Drawing::Tiles(tiles) => div.tiles {
                        @for tile in tiles {
                            div.tile {
                                img src=(tile.image) alt=(tile.alt) width=(tile.width);
                                @for line in &tile.lines { span { (inline(line)) } }
                            }
                        }
                    },
                }
                figcaption { b { (number) } " " (inline(&figure.caption)) }
            }
        }
    }
}

/// A text with its code.
fn inline(text: &str) -> Markup {
    html! {
        @for (is_code, piece) in pieces(text) {
            @if is_code { code { (piece) } } @else { (piece) }
        }
    }
}
