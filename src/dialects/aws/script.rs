//! Scripts of `aws ec2` commands that make security groups, read as the groups that they make
//! (<https://docs.aws.amazon.com/cli/latest/reference/ec2/create-security-group.html>).

use std::borrow::Cow;

use crate::dialects::cloud::script::{self, Command, Flag, Word, list, object, text};
use crate::source::FileId;
use crate::tree::{Kind, Node};

/// A group in the making.
struct Group {
    /// What stands for its id: the variable that holds it.
    id: String,
    name: Word,
    place: crate::source::Span,
    /// The variables that hold the ids of the rules that it was made with.
    first: Vec<String>,
    /// Does it still have those?
    has_first: bool,
    /// What it lets in and out.
    allowed: [Vec<Node<'static>>; 2],
}

/// The answer that describes the groups which such a script makes; `None` if it is none, or does more.
pub fn groups(file: FileId, source: &str) -> Option<Node<'static>> {
    let commands = source.contains("create-security-group").then(|| script::commands(file, source))??;
    let span = commands.first()?.span.to(commands.last()?.span);
    let mut groups: Vec<Group> = Vec::new();
    for command in &commands {
        run(command, &mut groups)?;
    }
    let groups = groups.into_iter().map(Group::described).collect();
    Some(object(span, vec![("SecurityGroups", list(span, groups))]))
}

/// Is a text such a script?
pub fn is_script(source: &str) -> bool {
    groups(FileId(0), source).is_some()
}

/// Does what a command asks for; `None` if it is not known what that is.
fn run(command: &Command, groups: &mut Vec<Group>) -> Option<()> {
    let [aws, ec2, name, rest @ ..] = command.words.as_slice() else { return None };
    let (own, flags) = script::flags(rest, true, &[])?;
    let is_known = aws.text == "aws" && ec2.text == "ec2" && own.is_empty();
    let flag = |name: &str| flags.iter().find(|flag| flag.name.text == name);
    let only =
        |known: &[&str]| flags.iter().all(|flag: &Flag| known.contains(&&*flag.name.text)).then_some(());
    let one = |name: &str| match flag(name)?.values.as_slice() {
        [value] => Some(value),
        _ => None,
    };
    is_known.then_some(())?;
    match (name.text.as_str(), &command.into) {
        ("create-security-group", Some(into)) => {
            only(&["group-name", "description", "vpc-id", "query", "output"])?;
            (one("query")?.text == "GroupId" && one("output")?.text == "text").then_some(())?;
            let name = one("group-name")?.clone();
            let (first, allowed) = (Vec::new(), Default::default());
            let (id, place) = (format!("${into}"), command.span);
            groups.push(Group { id, name, place, first, has_first: true, allowed });
        }
        ("describe-security-group-rules", Some(into)) => {
            only(&["filters", "query", "output"])?;
            let filter = one("filters")?.text.strip_prefix("Name=group-id,Values=")?;
            let group = groups.iter_mut().find(|group| group.id == filter)?;
            let is_all = one("query")?.text == "SecurityGroupRules[].SecurityGroupRuleId";
            let is_new = group.allowed.iter().all(Vec::is_empty);
            (is_all && is_new && one("output")?.text == "text").then_some(())?;
            group.first.push(format!("${into}"));
        }
        ("revoke-security-group-egress", None) => {
            only(&["group-id", "security-group-rule-ids"])?;
            let group = find(groups, one("group-id")?)?;
            group.first.contains(&one("security-group-rule-ids")?.text).then_some(())?;
            group.has_first = false;
        }
        ("authorize-security-group-ingress" | "authorize-security-group-egress", None) => {
            only(&["group-id", "ip-permissions"])?;
            let Kind::List(permissions) = one("ip-permissions")?.json()?.kind else { return None };
            let group = find(groups, one("group-id")?)?;
            group.allowed[usize::from(name.text.ends_with("egress"))].extend(permissions);
        }
        _ => return None,
    }
    Some(())
}

fn find<'g>(groups: &'g mut [Group], id: &Word) -> Option<&'g mut Group> {
    groups.iter_mut().find(|group| group.id == id.text)
}

impl Group {
    /// As the command that describes groups prints it. A new group lets all out, over IPv4 at least.
    fn described(self) -> Node<'static> {
        let [ingress, mut egress] = self.allowed;
        let place = self.place;
        if self.has_first {
            let world = object(place, vec![("CidrIp", text(place, "0.0.0.0/0"))]);
            let all = vec![("IpProtocol", text(place, "-1")), ("IpRanges", list(place, vec![world]))];
            egress.push(object(place, all));
        }
        let id = Node { span: self.name.span, kind: Kind::Text(Cow::Owned(self.name.text)) };
        let fields = vec![
            ("GroupId", id),
            ("IpPermissions", list(place, ingress)),
            ("IpPermissionsEgress", list(place, egress)),
        ];
        object(place, fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: &str = "g=$(aws ec2 create-security-group --group-name a --query GroupId --output text)\n";

    #[test]
    fn a_new_group_lets_all_out_until_that_is_revoked() {
        let egress = |text: &str| {
            let answer = groups(FileId(0), text).expect("a script");
            let groups = answer.get("SecurityGroups").expect("groups").items().to_vec();
            groups[0].get("IpPermissionsEgress").expect("a list").items().len()
        };
        let rules = "r=$(aws ec2 describe-security-group-rules --filters Name=group-id,Values=\"$g\" \
                     --query 'SecurityGroupRules[].SecurityGroupRuleId' --output text)\n";
        let revoke = "aws ec2 revoke-security-group-egress --group-id \"$g\" --security-group-rule-ids $r\n";
        assert_eq!(egress(CREATE), 1);
        assert_eq!(egress(&format!("{CREATE}{rules}{revoke}")), 0);
    }

    #[test]
    fn a_script_that_changes_other_groups_is_none() {
        let other = "aws ec2 authorize-security-group-egress --group-id sg-1 --ip-permissions '[]'\n";
        assert!(is_script(CREATE) && !is_script(&format!("{CREATE}{other}")));
        assert!(!is_script(&format!("{CREATE}aws ec2 run-instances\n")));
    }
}
