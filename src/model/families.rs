//! Sets of address families.

use crate::packet::Family;

/// A set of address families.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Families {
    /// IPv4 is among them.
    pub v4: bool,
    /// IPv6 is among them.
    pub v6: bool,
}

impl Families {
    /// Neither.
    pub const NONE: Families = Families { v4: false, v6: false };
    /// IPv4 alone.
    pub const V4: Families = Families { v4: true, v6: false };
    /// IPv6 alone.
    pub const V6: Families = Families { v4: false, v6: true };
    /// Both.
    pub const BOTH: Families = Families { v4: true, v6: true };

    /// Is the family among them?
    pub fn has(self, family: Family) -> bool {
        match family {
            Family::V4 => self.v4,
            Family::V6 => self.v6,
        }
    }

    /// Those of either.
    pub fn or(self, other: Families) -> Families {
        Families { v4: self.v4 || other.v4, v6: self.v6 || other.v6 }
    }
}

impl From<Family> for Families {
    fn from(family: Family) -> Self {
        match family {
            Family::V4 => Families::V4,
            Family::V6 => Families::V6,
        }
    }
}
