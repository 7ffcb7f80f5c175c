//! Quotas and limits.

use super::reader::{Read, Reader, is_true};
use crate::dialects::nft::ast::{LimitUnit, StatementKind};
use crate::tree::Node;

impl Reader {
    /// `{"val": 25, "val_unit": "mbytes", "inv": true}`.
    pub fn quota<'t>(&mut self, value: &Node<'t>) -> Read<StatementKind<'t>> {
        let number: u64 = self.need_number(value, "val")?;
        let bytes = number.saturating_mul(self.size(value.get("val_unit"))?);
        Ok(StatementKind::Quota { over: is_true(value, "inv"), bytes })
    }

    /// `{"rate": 10, "burst": 5, "per": "second"}`.
    pub fn limit<'t>(&mut self, value: &Node<'t>) -> Read<StatementKind<'t>> {
        const UNITS: [&str; 5] = ["second", "minute", "hour", "day", "week"];
        let number: u64 = self.need_number(value, "rate")?;
        let per = match value.get("per") {
            None => "second",
            Some(node) => match UNITS.into_iter().find(|unit| node.text() == Some(*unit)) {
                Some(per) => per,
                None => return Err(self.unknown(node, "unit of time", UNITS.into_iter())),
            },
        };
        let unit = value.get("rate_unit").filter(|unit| unit.text() != Some("packets"));
        let bytes = unit.is_some();
        let rate = number.saturating_mul(if bytes { self.size(unit)? } else { 1 });
        let burst: u64 = self.number_of(value, "burst")?.unwrap_or(0);
        let burst = match bytes {
            true => burst.saturating_mul(self.size(value.get("burst_unit"))?),
            false => burst,
        };
        let burst = Some(burst).filter(|burst| *burst != 0);
        Ok(StatementKind::Limit { over: is_true(value, "inv"), rate, unit: LimitUnit { bytes, per }, burst })
    }

    /// `{"val": 10, "inv": true}`.
    pub fn ct_count<'t>(&mut self, value: &Node<'t>) -> Read<StatementKind<'t>> {
        Ok(StatementKind::CtCount { over: is_true(value, "inv"), count: self.need_number(value, "val")? })
    }

    /// How many bytes a unit has.
    fn size(&mut self, unit: Option<&Node<'_>>) -> Read<u64> {
        let Some(unit) = unit else { return Ok(1) };
        match unit.text() {
            Some("bytes") => Ok(1),
            Some("kbytes") => Ok(1 << 10),
            Some("mbytes") => Ok(1 << 20),
            _ => Err(self.unknown(unit, "unit", ["bytes", "kbytes", "mbytes"].into_iter())),
        }
    }
}
