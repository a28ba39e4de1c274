//! Types of settings as the source declares them: fields, variants, doc comments.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use syn::{Attribute, Expr, Fields, Item, ItemEnum, ItemMacro, Lit, LitStr, Meta, Token, Type};

/// The declarations in the source of all crates.
#[derive(Default)]
pub(crate) struct Source {
    structs: BTreeMap<String, Vec<Vec<Field>>>,
    enums: BTreeMap<String, Vec<Enum>>,
    /// The settings type of each type that is created from settings.
    configs: BTreeMap<String, String>,
    members: Vec<Member>,
}

/// A key and its value.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) of: Type,
    /// Its keys are in the table itself.
    pub(crate) is_flat: bool,
}

/// A type whose values are written as text, or as a table with a `tag`.
#[derive(Clone)]
pub(crate) struct Enum {
    pub(crate) tag: Option<String>,
    pub(crate) variants: Vec<Variant>,
}

#[derive(Clone)]
pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) fields: Vec<Field>,
}

/// A registered item.
#[derive(Clone)]
pub(crate) struct Member {
    kind: String,
    of: String,
    plugin: String,
    name: String,
    pub(crate) about: String,
}

impl Member {
    /// The name that selects it: for a space, the plugin's.
    pub(crate) fn chosen_by(&self) -> &str {
        if self.kind == "space" {
            &self.plugin
        } else {
            &self.name
        }
    }
}

impl Source {
    /// Reads all source files of the workspace at `root`, except examples and tests.
    pub(crate) fn read(root: &Path) -> Self {
        let mut source = Self::default();
        for folder in ["framework", "plugins/src"] {
            source.folder(&root.join(folder));
        }
        assert!(!source.members.is_empty(), "no registered item was found");
        source
    }

    /// The registered items of a kind, by name.
    pub(crate) fn members(&self, kind: &str) -> Vec<Member> {
        let of_kind = self.members.iter().filter(|m| m.kind == kind);
        let mut members: Vec<Member> = of_kind.cloned().collect();
        members.sort_by(|a, b| a.name.cmp(&b.name));
        members
    }

    /// The keys of the struct `name`, or none if it is no struct.
    pub(crate) fn fields(&self, name: &str) -> Option<&[Field]> {
        self.structs.get(name).map(|found| &one(name, found)[..])
    }

    /// The enum `name`.
    pub(crate) fn variants(&self, name: &str) -> Option<&Enum> {
        self.enums.get(name).map(|found| one(name, found))
    }

    /// The keys of a member's settings.
    pub(crate) fn settings(&self, member: &Member) -> &[Field] {
        let config = self.configs.get(&member.of);
        let config = config.unwrap_or_else(|| panic!("{} is made from no settings", member.of));
        self.fields(config)
            .unwrap_or_else(|| panic!("there is no struct {config}"))
    }

    fn folder(&mut self, folder: &Path) {
        let entries = fs::read_dir(folder).unwrap();
        let mut paths: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                // Templates become other people's source; examples and tests declare no settings of
                // the program.
                if !["templates", "examples", "tests", "target"].contains(&&*name) {
                    self.folder(&path);
                }
            } else if name.ends_with(".rs") {
                let text = fs::read_to_string(&path).unwrap();
                let file = syn::parse_file(&text);
                let file = file.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                file.items.iter().for_each(|item| self.item(item));
            }
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Struct(it) if is_read(&it.attrs) => {
                let of = self.structs.entry(it.ident.to_string()).or_default();
                of.push(fields(&it.fields));
            }
            Item::Enum(it) if is_read(&it.attrs) => {
                let of = self.enums.entry(it.ident.to_string()).or_default();
                of.push(variants(it));
            }
            Item::Impl(it) => {
                let types = it.items.iter().filter_map(|item| match item {
                    syn::ImplItem::Type(item) if item.ident == "Config" => Some(&item.ty),
                    _ => None,
                });
                for config in types {
                    self.configs.insert(last(&it.self_ty), last(config));
                }
            }
            Item::Macro(it) => self.members.extend(registered(it)),
            _ => {}
        }
    }
}

/// The declaration of `name`; there must be exactly one.
fn one<'a, T>(name: &str, found: &'a [T]) -> &'a T {
    assert_eq!(
        found.len(),
        1,
        "several types with settings are called {name}"
    );
    &found[0]
}

/// The last word of a type's path.
pub(crate) fn last(of: &Type) -> String {
    match of {
        Type::Path(path) => path.path.segments.last().unwrap().ident.to_string(),
        _ => String::new(),
    }
}

fn is_read(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| match &a.meta {
        Meta::List(list) => {
            list.path.is_ident("derive") && list.tokens.to_string().contains("Deserialize")
        }
        _ => false,
    })
}

/// The text of `key = "text"` in the `#[serde(…)]` of an item; "" for a key without text.
fn serde_says(attributes: &[Attribute], key: &str) -> Option<String> {
    let mut found = None;
    for attribute in attributes.iter().filter(|a| a.path().is_ident("serde")) {
        attribute
            .parse_nested_meta(|meta| {
                let text = if meta.input.peek(Token![=]) {
                    meta.value()?.parse::<LitStr>()?.value()
                } else {
                    String::new()
                };
                if meta.path.is_ident(key) {
                    found = Some(text);
                }
                Ok(())
            })
            .unwrap();
    }
    found
}

fn doc(attributes: &[Attribute]) -> String {
    let lines = attributes.iter().filter_map(|a| match &a.meta {
        Meta::NameValue(it) if it.path.is_ident("doc") => match &it.value {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}

fn fields(of: &Fields) -> Vec<Field> {
    let named = of
        .iter()
        .filter_map(|field| Some((field.ident.as_ref()?, field)));
    let read = named.filter(|(_, field)| serde_says(&field.attrs, "skip").is_none());
    let field = |(name, field): (&syn::Ident, &syn::Field)| Field {
        name: serde_says(&field.attrs, "rename").unwrap_or_else(|| name.to_string()),
        doc: doc(&field.attrs),
        of: field.ty.clone(),
        is_flat: serde_says(&field.attrs, "flatten").is_some(),
    };
    read.map(field).collect()
}

fn variants(of: &ItemEnum) -> Enum {
    let style = serde_says(&of.attrs, "rename_all");
    let variants = of.variants.iter().map(|variant| Variant {
        name: serde_says(&variant.attrs, "rename")
            .unwrap_or_else(|| renamed(&variant.ident.to_string(), style.as_deref())),
        doc: doc(&variant.attrs),
        fields: fields(&variant.fields),
    });
    Enum {
        tag: serde_says(&of.attrs, "tag"),
        variants: variants.collect(),
    }
}

/// A variant's name as serde writes it.
fn renamed(name: &str, style: Option<&str>) -> String {
    let between = match style {
        Some("snake_case") => "_",
        Some("kebab-case") => "-",
        Some("lowercase") => "",
        None => return name.into(),
        Some(other) => panic!("rename_all = {other:?} is not known here"),
    };
    let mut text = String::new();
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_uppercase() {
            text.push_str(between);
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// The item of `register!(kind, Type, plugin: "…", name: "…", about: "…")`.
fn registered(of: &ItemMacro) -> Option<Member> {
    if of.mac.path.segments.last()?.ident != "register" {
        return None;
    }
    let tokens: Vec<String> = of
        .mac
        .tokens
        .clone()
        .into_iter()
        .map(|t| t.to_string())
        .collect();
    let text = |key: &str| {
        let at = tokens.iter().position(|t| t == key)?;
        let text = syn::parse_str::<LitStr>(tokens.get(at + 2)?).ok()?;
        Some(text.value())
    };
    Some(Member {
        kind: tokens.first()?.clone(),
        of: tokens.get(2)?.clone(),
        plugin: text("plugin")?,
        name: text("name")?,
        about: text("about")?,
    })
}
