//! Images, ground truth and prediction side by side.

use maud::{Markup, html};

use crate::page::{self, picture};

/// Images of a data set with a network's predictions, as pictures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examples {
    /// Notes about the images and how to read the pictures.
    pub notes: Vec<String>,
    /// The colour of every class that occurs.
    pub legend: Vec<(String, [u8; 3])>,
    /// The images.
    pub images: Vec<Example>,
}

/// One image: the bytes of three PNG or JPEG files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its name, e.g. its file's.
    pub name: String,
    /// The image.
    pub image: Vec<u8>,
    /// The ground truth.
    pub truth: Vec<u8>,
    /// The prediction, in the colours of the ground truth.
    pub prediction: Vec<u8>,
}

/// The section; nothing without examples.
pub(super) fn section(examples: &Examples) -> Markup {
    if examples.images.is_empty() {
        return html! {};
    }
    let body = html! {
        p { (examples.notes.join(" ")) }
        @if !examples.legend.is_empty() {
            ul.legend {
                @for (name, [red, green, blue]) in &examples.legend {
                    li {
                        span.colour style=(format!("background:#{red:02x}{green:02x}{blue:02x}")) {}
                        (name)
                    }
                }
            }
        }
        @for example in &examples.images {
            figure {
                div.examples {
                    @for (what, bytes) in [
                        ("image", &example.image),
                        ("truth", &example.truth),
                        ("prediction", &example.prediction),
                    ] {
                        @let alt = format!("{}, {what}", example.name);
                        div { span { (what) } (picture(bytes, &alt)) }
                    }
                }
                figcaption { span { (example.name) } }
            }
        }
    };
    page::section("examples", "Predictions", &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_within_the_page() {
        let example = Example {
            name: "a<b.png".into(),
            image: vec![0xFF, 0xD8],
            truth: vec![2],
            prediction: vec![3],
        };
        let examples = Examples {
            notes: vec!["Scenes.".into()],
            legend: vec![("sky<".into(), [1, 2, 255])],
            images: vec![example],
        };
        let text = section(&examples).into_string();
        assert_eq!(text.matches("src=\"data:image/png;base64,").count(), 2);
        assert_eq!(text.matches("src=\"data:image/jpeg;base64,").count(), 1);
        assert!(text.contains("Ag==") && text.contains("a&lt;b.png, truth"));
        assert!(text.contains("background:#0102ff") && text.contains("sky&lt;"));
        assert!(section(&Examples::default()).into_string().is_empty());
    }
}
