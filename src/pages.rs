//! How large the pages are in which the kernel gives memory.
//!
//! Huge pages (2 MiB) are cheaper by the megabyte, and the allocator asks for them. But a page is cleared as a whole when
//! it is first touched, and one may have to be made of small ones before. A run over a few files, such as that of a hook,
//! needs less than one of them on each thread, and would wait for them longer than it works.

/// From so many bytes in a text on, its rules fill huge pages.
pub const MANY_BYTES: usize = 1 << 20;

/// Does without huge pages from now on, and so do the programs that are started. Where they cannot be refused, things take a
/// little longer.
pub fn small() {
    #[cfg(target_os = "linux")]
    linux::refuse();
}

/// Takes huge pages from now on, unless whoever started the program wants none.
pub fn huge() {
    #[cfg(target_os = "linux")]
    linux::take();
}

#[cfg(target_os = "linux")]
mod linux {
    use std::sync::OnceLock;

    use rustix::thread::{disable_transparent_huge_pages, transparent_huge_pages_are_disabled};

    /// Were they refused before this program did?
    static WERE_REFUSED: OnceLock<bool> = OnceLock::new();

    pub fn refuse() {
        let were_refused = transparent_huge_pages_are_disabled().unwrap_or(true);
        if !*WERE_REFUSED.get_or_init(|| were_refused) {
            disable_transparent_huge_pages(true).ok();
        }
    }

    pub fn take() {
        if WERE_REFUSED.get() == Some(&false) {
            disable_transparent_huge_pages(false).ok();
        }
    }
}
