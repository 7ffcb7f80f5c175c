//! How large the pages are in which the kernel gives memory.
//!
//! Huge pages (2 MiB) are cheaper by the megabyte, and the allocator asks for them. But a page is cleared as a whole when
//! it is first touched, and one may have to be made of small ones before. A run over a few files, such as that of a hook,
//! needs less than one of them on each thread, and would wait for them longer than it works.

/// From so many bytes in a text on, its rules fill huge pages.
pub const MANY_BYTES: usize = 1 << 20;

/// Does without huge pages from now on. Where they cannot be refused, things take a little longer.
pub fn small() {
    refuse_huge(true);
}

/// Takes huge pages from now on.
pub fn huge() {
    refuse_huge(false);
}

#[cfg(target_os = "linux")]
fn refuse_huge(is_refused: bool) {
    rustix::thread::disable_transparent_huge_pages(is_refused).ok();
}

#[cfg(not(target_os = "linux"))]
fn refuse_huge(_: bool) {}
