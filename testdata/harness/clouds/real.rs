//! Exports of real accounts: no unit of them is lost, and no rule.

use std::path::Path;

use serde_json::Value;

use fwlint::dialects::{self, Dialect};
use fwlint::source::Sources;

use super::list;

#[test]
fn real_exports_are_read_with_all_their_units() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/batfish");
    let mut files = Vec::new();
    crate::corpus::walk(&corpus, &mut files);
    if files.is_empty() {
        return eprintln!("skipped: there is no {}", corpus.display());
    }
    let (mut read_files, mut units, mut rules) = (0, 0, 0);
    for path in files.iter().filter(|path| path.extension().is_some_and(|it| it == "json")) {
        let mut sources = Sources::default();
        let file = sources.add(path, std::fs::read(path).expect("it can be read"));
        let text = &sources.file(file).text;
        let raw: Value = serde_json::from_str(text).expect("it is JSON");
        let wanted = counted(&raw);
        let dialect = if raw["properties"].is_null() { Dialect::Aws } else { Dialect::Azure };
        assert_eq!(dialects::recognise(path, text), Some(dialect), "{}", path.display());
        let export = super::read_one(dialect, file, text);
        assert!(export.remarks.is_empty(), "{}: {:?}", path.display(), export.remarks);
        let found: Vec<(String, usize)> = export
            .units
            .iter()
            .map(|unit| {
                let chains = unit.ruleset.tables.iter().flat_map(|table| &table.chains);
                let own = chains.filter(|chain| !chain.name.starts_with("defaultSecurityRules"));
                let calls = |rule: &&fwlint::model::Rule| {
                    !matches!(rule.verdict.value, fwlint::model::Verdict::Jump(_))
                };
                (unit.name.clone(), own.flat_map(|chain| &chain.rules).filter(calls).count())
            })
            .collect();
        assert_eq!(found, wanted, "{}", path.display());
        read_files += 1;
        units += found.len();
        rules += found.iter().map(|unit| unit.1).sum::<usize>();
    }
    println!("real exports: {read_files} files, {units} units, {rules} rules");
    assert!(read_files > 0, "there are none");
}

/// The units of an export by their names, and how many rules each has, counted in the JSON itself.
fn counted(raw: &Value) -> Vec<(String, usize)> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let groups = list(&raw["SecurityGroups"]).iter().map(|group| {
        let both = ["IpPermissions", "IpPermissionsEgress"].into_iter().flat_map(|key| list(&group[key]));
        let peers = ["IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs"];
        let count =
            both.map(|permission| peers.iter().map(|key| list(&permission[*key]).len()).sum::<usize>());
        (text(&group["GroupId"]), count.sum())
    });
    let acls = list(&raw["NetworkAcls"]).iter().map(|acl| {
        // The last entry of each direction is what becomes of the rest.
        let own = list(&acl["Entries"]).iter().filter(|entry| entry["RuleNumber"].as_i64() < Some(32_767));
        (text(&acl["NetworkAclId"]), own.count())
    });
    let nsg = Some(raw).filter(|raw| !raw["properties"].is_null());
    let nsgs = nsg.map(|group| (text(&group["name"]), list(&group["properties"]["securityRules"]).len()));
    groups.chain(acls).chain(nsgs).collect()
}
