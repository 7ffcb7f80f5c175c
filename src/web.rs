//! Where the project is on the web: its repository, as Cargo.toml names it, and what lies in it.

/// The repository.
pub const REPOSITORY: &str = env!("CARGO_PKG_REPOSITORY");

// All that points at the web is made of it.
const _: () = assert!(!REPOSITORY.is_empty(), "Cargo.toml names no repository");

/// The page of a lint.
pub fn page(lint: &str) -> String {
    format!("{REPOSITORY}/blob/main/rules/{lint}.md")
}

/// A file of `docs/` as it is, for programs: a schema.
pub fn document(name: &str) -> String {
    format!("{REPOSITORY}/raw/main/docs/{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_schemas_have_addresses() {
        assert!(REPOSITORY.starts_with("https://") && !REPOSITORY.ends_with('/'));
        assert_eq!(page("open-port"), format!("{REPOSITORY}/blob/main/rules/open-port.md"));
        assert_eq!(document("a.json"), format!("{REPOSITORY}/raw/main/docs/a.json"));
    }
}
