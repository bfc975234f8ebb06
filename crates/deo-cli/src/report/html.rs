//! HTML that foreign text can't break out of.
//!
//! Tags and names of attributes are constants of the program (`&'static str`); everything else is escaped on its way in.

/// A piece of a page.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Html(String);

/// Attributes of a tag: constant names, values that are escaped.
pub(crate) type Attributes<'a> = &'a [(&'static str, &'a str)];

impl Html {
    pub(crate) fn new() -> Self {
        Html::default()
    }

    /// A constant, as it is.
    pub(crate) fn raw(&mut self, constant: &'static str) -> &mut Self {
        self.0 += constant;
        self
    }

    /// Text, escaped.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        text.chars().for_each(|c| self.escaped(c));
        self
    }

    pub(crate) fn open(&mut self, tag: &'static str, attributes: Attributes<'_>) -> &mut Self {
        self.0.push('<');
        self.0 += tag;
        for (name, value) in attributes {
            self.raw(" ").raw(name).raw("=\"").text(value).raw("\"");
        }
        self.raw(">")
    }

    pub(crate) fn close(&mut self, tag: &'static str) -> &mut Self {
        self.raw("</").raw(tag).raw(">")
    }

    /// A whole element with text in it.
    pub(crate) fn element(
        &mut self,
        tag: &'static str,
        attributes: Attributes<'_>,
        text: &str,
    ) -> &mut Self {
        self.open(tag, attributes).text(text).close(tag)
    }

    /// A line of the page: such an element and the end of the line.
    pub(crate) fn line(&mut self, tag: &'static str, text: &str) -> &mut Self {
        self.element(tag, &[], text).raw("\n")
    }

    pub(crate) fn append(&mut self, other: Html) -> &mut Self {
        self.0 += &other.0;
        self
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }

    fn escaped(&mut self, c: char) {
        match c {
            '&' => self.0 += "&amp;",
            '<' => self.0 += "&lt;",
            '>' => self.0 += "&gt;",
            '"' => self.0 += "&quot;",
            '\'' => self.0 += "&#39;",
            '\n' | '\t' => self.0.push(c),
            // HTML has no way to write these, and those that turn the direction of text could disguise a page.
            c if c.is_control()
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                self.0.push(char::REPLACEMENT_CHARACTER);
            }
            c => self.0.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_values_stay_text_and_values() {
        let mut html = Html::new();
        html.open("p", &[("title", "\"><script>")]).text("</p>&'\0\u{202e}\n").close("p");
        let expected =
            "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;/p&gt;&amp;&#39;\u{fffd}\u{fffd}\n</p>";
        assert_eq!(html.into_string(), expected);
    }
}
