//! Blocks as GitHub's Markdown; pictures are left out, or stand as tables.

use super::block::{Block, Figure, Part, Row, Table, Tone, pieces};
use super::head::Head;

/// The whole page.
pub(super) fn page(head: &Head, parts: &[Part], foot: &[Block]) -> String {
    let mut lines = vec![format!("# {}", inline(&head.title))];
    lines.push(
        head.facts
            .iter()
            .map(|fact| inline(fact))
            .collect::<Vec<_>>()
            .join(" · "),
    );
    let figures = head.figures.iter();
    let figures = figures.map(|figure| {
        Row::plain([
            figure.label.clone(),
            figure.value.clone(),
            figure.detail.clone(),
        ])
    });
    lines.push(table(&Table::plain("", &["", "#", ""], figures.collect())));
    lines.push(inline(&head.summary));
    lines.extend(head.notice.iter().map(|notice| quote(notice)));
    for part in parts {
        lines.push(format!("## {}", part.title));
        lines.extend(part.blocks.iter().map(block));
    }
    lines.extend(foot.iter().map(block));
    lines.retain(|text| !text.is_empty());
    lines.join("\n\n") + "\n"
}

fn block(block: &Block) -> String {
    match block {
        Block::Heading(text) => format!("### {}", inline(text)),
        Block::Text(text) => inline(text),
        Block::Note(text) => quote(text),
        Block::List(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| format!("- {}", inline(item)))
                .collect();
            items.join("\n")
        }
        Block::Facts(facts) => {
            let rows = facts
                .iter()
                .map(|(name, text)| Row::plain([name.clone(), text.clone()]));
            table(&Table::plain("", &["", ""], rows.collect()))
        }
        Block::Table(shown) => table(shown),
        Block::Figures(figures) => {
            let tables = figures
                .iter()
                .filter_map(|Figure { instead, .. }| instead.as_ref());
            tables.map(table).collect::<Vec<_>>().join("\n\n")
        }
        // Four spaces: no line can end it.
        Block::Commands(commands) => {
            let lines: Vec<String> = commands
                .iter()
                .map(|line| format!("    {}", line.replace(['\n', '\r'], " ")))
                .collect();
            lines.join("\n")
        }
    }
}

fn quote(text: &str) -> String {
    format!("> {}", inline(text))
}

fn table(table: &Table) -> String {
    let mut text = String::new();
    if !table.caption.is_empty() {
        text = format!("{}\n\n", inline(&table.caption));
    }
    let titles = table
        .columns
        .iter()
        .map(|title| cell(title.trim_start_matches('#')));
    text += &line(titles);
    text += &line(table.columns.iter().map(|title| {
        if title.starts_with('#') {
            "---:"
        } else {
            "---"
        }
        .to_owned()
    }));
    for row in &table.rows {
        text += &line(row.cells.iter().map(|content| match cell(content) {
            content if row.tone == Tone::Strong && !content.is_empty() => format!("**{content}**"),
            content => content,
        }));
    }
    text.trim_end().to_owned()
}

fn line(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}

/// A text in a cell, which a bar would end, in code too.
fn cell(text: &str) -> String {
    inline(text).replace('|', "\\|")
}

/// A text with its code; what Markdown or HTML would read as markup is escaped.
fn inline(text: &str) -> String {
    let mut out = String::new();
    for (is_code, piece) in pieces(text) {
        let piece = piece.replace(['\n', '\r'], " ");
        if is_code {
            out.extend(["`", &piece, "`"]);
            continue;
        }
        for c in piece.chars() {
            match c {
                '<' => out.push_str("&lt;"),
                '&' => out.push_str("&amp;"),
                '*' | '_' | '[' | ']' | '\\' | '~' => out.extend(['\\', c]),
                c => out.push(c),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_texts_is_escaped() {
        for (text, markdown) in [
            ("plain, `code<b>` & <b>", "plain, `code<b>` &amp; &lt;b>"),
            ("a*b_c[d]", "a\\*b\\_c\\[d\\]"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(inline(text), markdown);
        }
        assert_eq!(cell("`a|b`"), "`a\\|b`");
    }

    #[test]
    fn tables_have_a_line_a_row() {
        let rows = vec![
            Row::plain(["a".into(), "1".into()]),
            Row {
                cells: vec!["all".into(), "2".into()],
                tone: Tone::Strong,
            },
        ];
        let shown = table(&Table::plain("caption", &["name", "#count"], rows));
        assert_eq!(
            shown,
            "caption\n\n| name | count |\n| --- | ---: |\n| a | 1 |\n| **all** | **2** |"
        );
    }
}
