//! What is known of names that firewalls look up.

use super::Profile;
use crate::model::Names;
use crate::packet::{Family, Ranges, values};

/// The names of all regions that profiles tell of, with their addresses.
pub fn names() -> Names {
    let mut names = Names::default();
    let profiles = Profile::all();
    for region in profiles.flat_map(|profile| &profile.endpoints).flat_map(|endpoint| &endpoint.regions) {
        let of = |family| Ranges::union(region.addresses(family).map(values::address));
        names.add(&region.host, Family::ALL.map(of));
    }
    names
}
