//! Images, truth and prediction side by side.

use maud::{Markup, html};

use crate::page::{self, png};

/// One image with what a network sees in it: three PNG files' bytes, drawn to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// What it is called, e.g. its file.
    pub name: String,
    /// The image.
    pub image: Vec<u8>,
    /// The truth.
    pub truth: Vec<u8>,
    /// The prediction, in the colours of the truth.
    pub prediction: Vec<u8>,
}

/// The section; nothing without examples.
pub(super) fn section(examples: &[Example]) -> Markup {
    if examples.is_empty() {
        return html! {};
    }
    let body = html! {
        p { "Images of the validation part, the truth, and what the network predicts." }
        @for example in examples {
            figure {
                div.examples {
                    div { span { "image" } (png(&example.image, &format!("{}, image", example.name))) }
                    div { span { "truth" } (png(&example.truth, &format!("{}, truth", example.name))) }
                    div {
                        span { "prediction" }
                        (png(&example.prediction, &format!("{}, prediction", example.name)))
                    }
                }
                figcaption { span { (example.name) } }
            }
        }
    };
    page::section("examples", "What it sees", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_within_the_page() {
        let example = Example {
            name: "a<b.png".into(),
            image: vec![1],
            truth: vec![2],
            prediction: vec![3],
        };
        let text = section(&[example]).into_string();
        assert_eq!(text.matches("src=\"data:image/png;base64,").count(), 3);
        assert!(text.contains("AQ==") && text.contains("a&lt;b.png, truth"));
        assert!(section(&[]).into_string().is_empty());
    }
}
