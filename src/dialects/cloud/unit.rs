//! Units in the making: layers of rules around a machine, in the order in which a packet meets them.

use crate::model::{
    Backend, Base, Chain, ChainKind, Families, Hook, Perimeter, Policy, Recipe, Rule, Ruleset, Table, Verdict,
};
use crate::source::{Span, Spanned};

use super::condition::in_fields;

/// Which way a rule looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// At what comes in.
    In,
    /// At what goes out.
    Out,
}

/// A unit in the making.
#[derive(Debug)]
pub struct Builder {
    table: Table,
    recipes: Vec<Recipe>,
}

impl Direction {
    /// Both, in the order in which their chains stand.
    pub const BOTH: [Direction; 2] = [Direction::In, Direction::Out];

    /// What the clouds call it.
    pub fn name(self) -> &'static str {
        match self {
            Direction::In => "ingress",
            Direction::Out => "egress",
        }
    }
}

impl Builder {
    /// A unit of this name, which begins here.
    pub fn new(name: &str, families: Families, span: Span) -> Self {
        let backend = Backend::Cloud;
        Builder {
            recipes: Vec::new(),
            table: Table { name: name.into(), families, chains: Vec::new(), dormant: false, span, backend },
        }
    }

    /// Adds a layer that a packet of this direction has to pass. Layers nearer to the machine have the lower
    /// `distance`: what goes out meets them first, what comes in last.
    pub fn layer(
        &mut self,
        direction: Direction,
        name: &str,
        perimeter: Perimeter,
        distance: u8,
        policy: Spanned<Policy>,
        rules: Vec<Rule>,
    ) {
        let (hook, priority) = match direction {
            Direction::In => (Hook::Input, -i32::from(distance)),
            Direction::Out => (Hook::Output, i32::from(distance)),
        };
        let base = Base {
            hook,
            priority,
            nft_priority: None,
            kind: ChainKind::Perimeter(perimeter),
            policy,
            policy_is_written: true,
            registered: 0,
            only_with: None,
        };
        self.table.chains.push(Chain {
            name: name.into(),
            span: policy.span,
            declared: true,
            base: Some(base),
            rules: rules.into_iter().map(in_fields).collect(),
            in_front: 0,
        });
    }

    /// Adds a chain for others to call.
    pub fn chain(&mut self, name: &str, span: Span, rules: Vec<Rule>) {
        self.table.chains.push(Chain {
            name: name.into(),
            span,
            declared: true,
            base: None,
            rules,
            in_front: 0,
        });
    }

    /// Says how rules are added to a chain.
    pub fn recipe(&mut self, recipe: Recipe) {
        self.recipes.push(recipe);
    }

    /// The rules of the unit.
    pub fn build(self) -> Ruleset {
        let recipes = self.recipes;
        Ruleset { families: self.table.families, tables: vec![self.table], recipes, ..Ruleset::default() }
    }
}

/// A rule that asks another chain.
pub fn call(name: &str, span: Span) -> Rule {
    let verdict = Spanned::new(Verdict::Jump(name.into()), span);
    Rule { span, matches: Vec::new(), actions: Vec::new(), verdict, comment: None }
}
