//! Lines of fields: commas, semicolons, tabs or spaces between them, quotes
//! around those that hold any. What does not live here: what the fields mean
//! (`csv`).

/// The lines that say something, with their numbers from 1: not blank, not a
/// comment (`#`).
pub(super) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.split(['\n', '\r']).enumerate().map(|(i, line)| (i + 1, line.trim()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
}

/// One field of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) text: String,
    pub(super) quoted: bool,
}

/// The fields of a line. The first separator that is found outside of quotes is
/// the one of the line; a run of spaces is one.
pub(super) fn fields(line: &str) -> Vec<Field> {
    let separator = separator(line);
    let mut fields = Vec::new();
    let mut field = Field { text: String::new(), quoted: false };
    let mut inside = false;
    let mut chars = line.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                field.text.push('"');
            }
            '"' => {
                inside = !inside;
                field.quoted = true;
            }
            _ if inside => field.text.push(char),
            ' ' | '\t' if separator == ' ' => {
                if !field.text.is_empty() || field.quoted {
                    fields.push(std::mem::replace(&mut field, Field { text: String::new(), quoted: false }));
                }
            }
            _ if char == separator => {
                fields.push(std::mem::replace(&mut field, Field { text: String::new(), quoted: false }));
            }
            _ => field.text.push(char),
        }
    }
    fields.push(field);
    for field in &mut fields {
        if !field.quoted {
            field.text = field.text.trim().to_owned();
        }
    }
    fields
}

fn separator(line: &str) -> char {
    let mut inside = false;
    let mut bare = line.chars().filter(|char| {
        inside ^= *char == '"';
        !inside
    });
    bare.find(|char| matches!(char, ',' | ';' | '\t')).filter(|found| *found != '\t').unwrap_or(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expect: &[&str]) {
        let found: Vec<_> = fields(line).into_iter().map(|field| field.text).collect();
        assert_eq!(found, expect, "{line}");
    }

    #[test]
    fn separators_and_quotes() {
        check("1.5", &["1.5"]);
        check("1.5, 2 ,\"a, \"\"b\"\"\"", &["1.5", "2", "a, \"b\""]);
        check("1.5;2", &["1.5", "2"]);
        check("1.5\t 2  3", &["1.5", "2", "3"]);
        check("1.5,,", &["1.5", "", ""]);
        check("\"open", &["open"]);
        assert_eq!(lines("\n# no\r\n a \rb").collect::<Vec<_>>(), [(4, "a"), (5, "b")]);
    }
}
