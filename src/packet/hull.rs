//! A box around a set of packets: a first test, a few nanoseconds long, that leaves most rules of a
//! long chain out.

use super::{Axis, Cube, PacketSet, Ranges};

/// The smallest and largest protocol, destination port, and upper half of the addresses in a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hull {
    protocol: (u8, u8),
    port: (u16, u16),
    destination: (u64, u64),
    source: (u64, u64),
}

impl Hull {
    /// Around nothing.
    const EMPTY: Hull = Hull {
        protocol: (u8::MAX, 0),
        port: (u16::MAX, 0),
        destination: (u64::MAX, 0),
        source: (u64::MAX, 0),
    };

    /// Around everything.
    const FULL: Hull = Hull {
        protocol: (0, u8::MAX),
        port: (0, u16::MAX),
        destination: (0, u64::MAX),
        source: (0, u64::MAX),
    };

    /// Around everything, whatever rules may write into packets.
    pub fn full() -> Self {
        Hull::FULL
    }

    /// Around a set.
    pub fn of(packets: &PacketSet) -> Self {
        packets.cubes().iter().fold(Hull::EMPTY, |hull, cube| hull.or(Hull::of_cube(cube)))
    }

    /// Around both.
    pub fn or(self, other: Hull) -> Self {
        Hull {
            protocol: join(self.protocol, other.protocol),
            port: join(self.port, other.port),
            destination: join(self.destination, other.destination),
            source: join(self.source, other.source),
        }
    }

    /// Is it around nothing?
    pub fn is_empty(&self) -> bool {
        *self == Hull::EMPTY
    }

    /// May sets of these hulls overlap? If not, they surely do not.
    pub fn meets(&self, other: &Hull) -> bool {
        touch(self.port, other.port)
            && touch(self.destination, other.destination)
            && touch(self.protocol, other.protocol)
            && touch(self.source, other.source)
    }

    /// Around a cube.
    pub fn of_cube(cube: &Cube) -> Self {
        let mut hull = Hull::FULL;
        for (axis, values) in cube.sides() {
            if !matches!(axis, Axis::Protocol | Axis::DestinationPort | Axis::Destination | Axis::Source) {
                continue;
            }
            let Some((low, high)) = values.ranges().and_then(Ranges::ends) else { continue };
            match axis {
                Axis::Protocol => hull.protocol = (low as u8, high as u8),
                Axis::DestinationPort => hull.port = (low as u16, high as u16),
                Axis::Destination => hull.destination = ((low >> 64) as u64, (high >> 64) as u64),
                _ => hull.source = ((low >> 64) as u64, (high >> 64) as u64),
            }
        }
        hull
    }
}

fn join<T: Ord + Copy>(one: (T, T), other: (T, T)) -> (T, T) {
    (one.0.min(other.0), one.1.max(other.1))
}

fn touch<T: Ord + Copy>(one: (T, T), other: (T, T)) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::{Ranges, values};

    fn to(prefix: &str, length: u8, port: u128) -> PacketSet {
        let (low, high) = values::prefix(prefix.parse().expect("an address"), length);
        let cube = Cube::any().with(Axis::Destination, Ranges::new(low, high));
        cube.and_then(|cube| cube.with(Axis::DestinationPort, Ranges::single(port))).into()
    }

    #[test]
    fn sets_that_overlap_have_hulls_that_meet() {
        let wide = Hull::of(&to("10.0.0.0", 8, 22));
        assert!(wide.meets(&Hull::of(&to("10.1.2.3", 32, 22))));
        assert!(wide.meets(&Hull::of(&PacketSet::any())));
    }

    #[test]
    fn sets_that_differ_in_port_or_address_have_hulls_that_do_not_meet() {
        let wide = Hull::of(&to("10.0.0.0", 8, 22));
        assert!(!wide.meets(&Hull::of(&to("10.1.2.3", 32, 23))));
        assert!(!wide.meets(&Hull::of(&to("11.1.2.3", 32, 22))));
        assert!(!wide.meets(&Hull::of(&PacketSet::none())));
    }
}
