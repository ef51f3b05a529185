//! Blocks as GitHub's Markdown; pictures are left out, or stand as tables.

use super::block::{Block, Part, Table, Tone, pieces, row};
use super::head::Head;

/// The whole page.
pub(super) fn page(head: &Head, parts: &[Part], foot: &[Block]) -> String {
    let figures = head.figures.iter();
    let figures = figures.map(|figure| row![&*figure.label, &*figure.value, &*figure.detail]);
    let mut lines = vec![
        format!("# {}", inline(&head.title)),
        each(&head.facts, " · ", |fact| inline(fact)),
        table(&Table::new("", " | # | ", figures)),
        inline(&head.summary),
    ];
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
        Block::List(items) => each(items, "\n", |item| format!("- {}", inline(item))),
        Block::Facts(facts) => {
            let rows = facts.iter().map(|(name, text)| row![*name, &**text]);
            table(&Table::new("", " | ", rows))
        }
        Block::Table(shown) => table(shown),
        Block::Figures(figures) => {
            let tables = figures.iter().filter_map(|figure| figure.instead.as_ref());
            each(tables, "\n\n", table)
        }
        // Four spaces: no line can end it.
        Block::Commands(commands) => each(commands, "\n", |line| {
            format!("    {}", line.replace(['\n', '\r'], " "))
        }),
    }
}

fn each<T>(list: impl IntoIterator<Item = T>, between: &str, text: impl Fn(T) -> String) -> String {
    let texts: Vec<String> = list.into_iter().map(text).collect();
    texts.join(between)
}

fn quote(text: &str) -> String {
    format!("> {}", inline(text))
}

fn table(table: &Table) -> String {
    let mut text = inline(&table.caption);
    if !text.is_empty() {
        text += "\n\n";
    }
    let titles = || table.columns.iter();
    text += &line(titles().map(|title| cell(title.trim_start_matches('#'))));
    let align = |title: &String| {
        if title.starts_with('#') {
            "---:"
        } else {
            "---"
        }
    };
    text += &line(titles().map(|title| align(title).to_owned()));
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
        let rows = [row!["a", "1"], row!["all", "2"].toned(Tone::Strong)];
        let shown = table(&Table::new("caption", "name | #count", rows));
        assert_eq!(
            shown,
            "caption\n\n| name | count |\n| --- | ---: |\n| a | 1 |\n| **all** | **2** |"
        );
    }
}
