//! Scripts of `az network nsg` commands, read as the groups that they make
//! (<https://learn.microsoft.com/cli/azure/network/nsg/rule#az-network-nsg-rule-create>).

use crate::dialects::cloud::script::{self, Command, Flag, Word, list, object, text};
use crate::source::{FileId, Span};
use crate::tree::Node;

/// A group in the making.
struct Group {
    name: Word,
    resource_group: Word,
    place: Span,
    rules: Vec<Node<'static>>,
}

/// The groups that such a script makes, as a list of them would be printed; `None` if it is none, or does more.
pub fn groups(file: FileId, source: &str) -> Option<Node<'static>> {
    let is_likely = source.contains("network") && source.contains("nsg");
    let commands = is_likely.then(|| script::commands(file, source))??;
    let span = commands.first()?.span.to(commands.last()?.span);
    let mut groups: Vec<Group> = Vec::new();
    for command in &commands {
        run(command, &mut groups)?;
    }
    Some(list(span, groups.into_iter().map(Group::described).collect()))
}

/// Is a text such a script?
pub fn is_script(source: &str) -> bool {
    groups(FileId(0), source).is_some()
}

/// Does what a command asks for; `None` if it is not known what that is.
fn run(command: &Command, groups: &mut Vec<Group>) -> Option<()> {
    let count = command.words.iter().take_while(|word| !word.text.starts_with('-')).count();
    let (head, rest) = command.words.split_at(count);
    let (_, flags) = script::flags(rest, true, &[])?;
    let values = |name: &str| flags.iter().find(|flag| flag.name.text == name).map(|flag| &*flag.values);
    let one = |name: &str| match values(name)? {
        [value] => Some(value.clone()),
        _ => None,
    };
    let head: Vec<&str> = head.iter().map(|word| &*word.text).collect();
    command.into.is_none().then_some(())?;
    match head.as_slice() {
        ["az", "network", "nsg", "create"] => {
            let (name, resource_group) = (one("name")?, one("resource-group")?);
            groups.push(Group { name, resource_group, place: command.span, rules: Vec::new() });
        }
        ["az", "network", "nsg", "rule", "create"] => {
            let (name, resource_group) = (one("nsg-name")?, one("resource-group")?);
            let is_its = |group: &&mut Group| {
                group.name.text == name.text && group.resource_group.text == resource_group.text
            };
            let group = groups.iter_mut().find(is_its)?;
            group.rules.push(rule(command.span, &flags)?);
        }
        _ => return None,
    }
    Some(())
}

/// A rule; what is left out of it has the value that the command takes for granted.
fn rule(place: Span, flags: &[Flag]) -> Option<Node<'static>> {
    const FIELDS: [(&str, &str, &str); 6] = [
        ("name", "name", ""),
        ("priority", "priority", ""),
        ("direction", "direction", "Inbound"),
        ("access", "access", "Allow"),
        ("protocol", "protocol", "*"),
        ("description", "description", ""),
    ];
    const LISTS: [(&str, &str, &str); 4] = [
        ("source-address-prefixes", "sourceAddressPrefixes", "*"),
        ("source-port-ranges", "sourcePortRanges", "*"),
        ("destination-address-prefixes", "destinationAddressPrefixes", "*"),
        ("destination-port-ranges", "destinationPortRanges", "80"),
    ];
    let all = FIELDS.iter().chain(&LISTS);
    let known = |flag: &Flag| all.clone().any(|field| field.0 == flag.name.text);
    let others = ["resource-group", "nsg-name"];
    flags.iter().all(|flag| known(flag) || others.contains(&&*flag.name.text)).then_some(())?;
    let values = |name: &str| flags.iter().find(|flag| flag.name.text == name).map(|flag| &*flag.values);
    let mut fields = Vec::new();
    for (flag, key, default) in FIELDS {
        match values(flag) {
            Some([value]) => fields.push((key, value.node())),
            Some(_) => return None,
            None if default.is_empty() => {}
            None => fields.push((key, text(place, default))),
        }
    }
    for (flag, key, default) in LISTS {
        let items = match values(flag) {
            Some(values) => values.iter().map(Word::node).collect(),
            None => vec![text(place, default)],
        };
        fields.push((key, list(place, items)));
    }
    Some(object(place, fields))
}

impl Group {
    /// As the command that lists groups prints it.
    fn described(self) -> Node<'static> {
        let fields = vec![
            ("name", self.name.node()),
            ("resourceGroup", self.resource_group.node()),
            ("securityRules", list(self.place, self.rules)),
        ];
        object(self.place, fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_does_more_is_none() {
        let create = "az network nsg create --resource-group rg --name a\n";
        let rule = "az network nsg rule create --resource-group rg --nsg-name a --name b --priority 100";
        assert!(is_script(create) && is_script(&format!("{create}{rule} --protocol '*'\n")));
        assert!(!is_script(rule));
        assert!(!is_script(&format!("{create}{rule} --source-asgs web\n")));
        assert!(!is_script(&format!("{create}az group create --name rg\n")));
    }
}
