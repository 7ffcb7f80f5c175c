//! Names of flags, conntrack's words and code points (`nft describe`, nft 1.0.6).

use super::Symbol;

pub(super) const TCP_FLAGS: &[Symbol] = &[
    ("fin", 0x01),
    ("syn", 0x02),
    ("rst", 0x04),
    ("psh", 0x08),
    ("ack", 0x10),
    ("urg", 0x20),
    ("ecn", 0x40),
    ("cwr", 0x80),
];

pub(super) const DCCP_TYPES: &[Symbol] = &[
    ("request", 0),
    ("response", 1),
    ("data", 2),
    ("ack", 3),
    ("dataack", 4),
    ("closereq", 5),
    ("close", 6),
    ("reset", 7),
    ("sync", 8),
    ("syncack", 9),
];

pub(super) const MOBILITY_TYPES: &[Symbol] = &[
    ("binding-refresh-request", 0),
    ("home-test-init", 1),
    ("careof-test-init", 2),
    ("home-test", 3),
    ("careof-test", 4),
    ("binding-update", 5),
    ("binding-acknowledgement", 6),
    ("binding-error", 7),
    ("fast-binding-update", 8),
    ("fast-binding-acknowledgement", 9),
    ("fast-binding-advertisement", 10),
    ("experimental-mobility-header", 11),
    ("home-agent-switch-message", 12),
];

pub(super) const STATES: &[Symbol] =
    &[("invalid", 1), ("established", 2), ("related", 4), ("new", 8), ("untracked", 64)];

pub(super) const DIRECTIONS: &[Symbol] = &[("original", 0), ("reply", 1)];

pub(super) const STATUS: &[Symbol] = &[
    ("expected", 0x01),
    ("seen-reply", 0x02),
    ("assured", 0x04),
    ("confirmed", 0x08),
    ("snat", 0x10),
    ("dnat", 0x20),
    ("dying", 0x200),
];

pub(super) const EVENTS: &[Symbol] = &[
    ("new", 0x001),
    ("related", 0x002),
    ("destroy", 0x004),
    ("reply", 0x008),
    ("assured", 0x010),
    ("protoinfo", 0x020),
    ("helper", 0x040),
    ("mark", 0x080),
    ("seqadj", 0x100),
    ("secmark", 0x200),
    ("label", 0x400),
];

pub(super) const CODE_POINTS: &[Symbol] = &[
    ("cs0", 0x00),
    ("cs1", 0x08),
    ("cs2", 0x10),
    ("cs3", 0x18),
    ("cs4", 0x20),
    ("cs5", 0x28),
    ("cs6", 0x30),
    ("cs7", 0x38),
    ("df", 0x00),
    ("be", 0x00),
    ("lephb", 0x01),
    ("af11", 0x0a),
    ("af12", 0x0c),
    ("af13", 0x0e),
    ("af21", 0x12),
    ("af22", 0x14),
    ("af23", 0x16),
    ("af31", 0x1a),
    ("af32", 0x1c),
    ("af33", 0x1e),
    ("af41", 0x22),
    ("af42", 0x24),
    ("af43", 0x26),
    ("va", 0x2c),
    ("ef", 0x2e),
];

pub(super) const CONGESTION: &[Symbol] = &[("not-ect", 0), ("ect1", 1), ("ect0", 2), ("ce", 3)];

pub(super) const BOOLEANS: &[Symbol] = &[("missing", 0), ("exists", 1)];
