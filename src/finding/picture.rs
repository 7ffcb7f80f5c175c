//! The picture of a unit: what gets in and out, at a glance.

/// What gets in or out of a unit, over each address family: a row of its picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// In or out, or tried.
    pub direction: Direction,
    /// What the row is about: `QUIC (UDP 7844)`.
    pub what: String,
    /// What becomes of it.
    pub cells: Cells,
}

impl Row {
    /// A row of the picture.
    pub fn new(direction: Direction, what: impl Into<String>, cells: Cells) -> Self {
        Row { direction, what: what.into(), cells }
    }
}

/// A direction, as seen from the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the host, or through it.
    In,
    /// From the host.
    Out,
    /// From the host, as it was tried.
    Tried,
}

/// What becomes of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cells {
    /// Over IPv4 and over IPv6; `None` where the unit has no say in it.
    Each([Option<Cell>; 2]),
    /// Over whichever of them serves.
    Together(Cell),
}

/// What becomes of something over a family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Is that good?
    pub mark: Mark,
    /// In a few words.
    pub words: String,
}

/// Is something as it should be?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// What is needed gets out, what is not named stays out.
    Good,
    /// The other way round.
    Bad,
    /// The file does not tell, or it does not matter.
    Depends,
}
