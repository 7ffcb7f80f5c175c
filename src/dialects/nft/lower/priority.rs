//! When chains are called: names of priorities, by family.

use crate::dialects::nft::ast::{Family, Priority};

/// The number of a priority; an error names what is not known.
pub(super) fn number<'p>(family: Family, priority: &'p Priority<'_>) -> Result<i32, &'p str> {
    let Some(name) = &priority.name else { return Ok(priority.offset) };
    let number = match (family, &*name.value) {
        (Family::Ip | Family::Ip6 | Family::Inet, name) => match name {
            "raw" => -300,
            "mangle" => -150,
            "dstnat" => -100,
            "filter" => 0,
            "security" => 50,
            "srcnat" => 100,
            _ => return Err(name),
        },
        (Family::Bridge, name) => match name {
            "dstnat" => -300,
            "filter" => -200,
            "out" => 100,
            "srcnat" => 300,
            _ => return Err(name),
        },
        (Family::Arp | Family::Netdev, "filter") => 0,
        (_, name) => return Err(name),
    };
    Ok(number + priority.offset)
}
