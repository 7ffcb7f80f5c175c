//! Scripts of `gcloud compute firewall-rules create`, read as the rules that they make: those of networks that have
//! none yet (<https://cloud.google.com/sdk/gcloud/reference/compute/firewall-rules/create>).

use crate::dialects::cloud::script::{self, Command, Flag, Word, list, object, text};
use crate::source::FileId;
use crate::tree::Node;

/// Flags that say nothing of packets.
const OTHERS: [&str; 4] = ["project", "enable-logging", "logging-metadata", "quiet"];

/// Flags that have no value.
const SWITCHES: [&str; 3] = ["enable-logging", "quiet", "disabled"];

/// The rules that such a script makes, as a list of them would be printed; `None` if it is none, or does more.
pub fn rules(file: FileId, source: &str) -> Option<Node<'static>> {
    let is_likely = source.contains("gcloud") && source.contains("firewall-rules");
    let commands = is_likely.then(|| script::commands(file, source))??;
    let span = commands.first()?.span.to(commands.last()?.span);
    Some(list(span, commands.iter().map(rule).collect::<Option<_>>()?))
}

fn rule(command: &Command) -> Option<Node<'static>> {
    let is_head = |words: &[Word]| {
        words.iter().map(|word| &*word.text).eq(["gcloud", "compute", "firewall-rules", "create"])
    };
    let (_, rest) = command.words.split_at_checked(4).filter(|(head, _)| is_head(head))?;
    let (own, flags) = script::flags(rest, false, &SWITCHES)?;
    let [name] = own.as_slice() else { return None };
    let kind = ("kind", text(name.span, "compute#firewall"));
    let mut fields = vec![kind, ("name", name.node())];
    let action = flags.iter().find(|flag| flag.name.text == "action");
    for flag in &flags {
        fields.extend(field(flag, action)?);
    }
    let decides = fields.iter().any(|(key, _)| matches!(*key, "allowed" | "denied"));
    (command.into.is_none() && decides).then(|| object(command.span, fields))
}

/// The field that a flag sets; `None` if it is not known what it does.
fn field(flag: &Flag, action: Option<&Flag>) -> Option<Option<(&'static str, Node<'static>)>> {
    let one = || Some(flag.values.first()?.node());
    let several = || {
        let value = flag.values.first()?;
        Some(list(value.span, value.listed().iter().map(Word::node).collect()))
    };
    let name = flag.name.text.as_str();
    Some(Some(match name {
        "network" => ("network", one()?),
        "direction" => ("direction", one()?),
        "priority" => ("priority", one()?),
        "description" => ("description", one()?),
        "source-ranges" => ("sourceRanges", several()?),
        "destination-ranges" => ("destinationRanges", several()?),
        "source-tags" => ("sourceTags", several()?),
        "target-tags" => ("targetTags", several()?),
        "source-service-accounts" => ("sourceServiceAccounts", several()?),
        "target-service-accounts" => ("targetServiceAccounts", several()?),
        "disabled" => ("disabled", text(flag.name.span, "true")),
        "allow" => ("allowed", protocols(flag.values.first()?)),
        "rules" => match action?.values.first()?.text.to_ascii_uppercase().as_str() {
            "ALLOW" => ("allowed", protocols(flag.values.first()?)),
            "DENY" => ("denied", protocols(flag.values.first()?)),
            _ => return None,
        },
        "action" => return Some(None),
        _ => return OTHERS.contains(&name).then_some(None),
    }))
}

/// `tcp:22,udp:1000-2000,icmp`: protocols, each with the ports behind its colon.
fn protocols(word: &Word) -> Node<'static> {
    let entry = |word: &Word| {
        let colon = word.text.find(':');
        let protocol = word.part(0, colon.unwrap_or(word.text.len()));
        let ports = colon.map(|colon| word.part(colon + 1, word.text.len()));
        let ports = ports.map(|ports| ("ports", list(ports.span, vec![ports.node()])));
        object(word.span, [("IPProtocol", protocol.node())].into_iter().chain(ports).collect())
    };
    list(word.span, word.listed().iter().map(entry).collect())
}

/// Is a text such a script?
pub fn is_script(source: &str) -> bool {
    rules(FileId(0), source).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_does_more_is_none() {
        let create = "gcloud compute firewall-rules create a --action=deny --rules tcp:22,icmp";
        assert!(is_script(create) && is_script(&format!("net=a\n{create} --network \"$net\" --quiet\n")));
        for more in
            ["gcloud compute firewall-rules delete b", "echo", "gcloud compute firewall-rules create c"]
        {
            assert!(!is_script(&format!("{create}\n{more}\n")), "{more}");
        }
        assert!(!is_script(&format!("{create} --unheard-of=1")));
    }
}
