//! As whom the program runs, as far as that is known.

use crate::config::User;
use crate::eval::Question;

use super::super::Context;

/// The number of the user whose name is the same on all hosts.
const ROOT: u32 = 0;

/// A rule that names another user never helps the program, one that names its own always counts.
pub fn owners(context: &Context) -> Vec<(u32, bool)> {
    let Some(own) = own_name(context) else { return Vec::new() };
    let atoms = (0..).zip(context.host.atoms.iter());
    atoms.filter_map(|(number, unknown)| Some((number, **unknown.owner.as_ref()? == *own))).collect()
}

/// The name of the user as whom the program runs, as far as it is known.
fn own_name<'c>(context: &'c Context) -> Option<&'c str> {
    match &context.settings.user.value {
        Some(User::Name(name)) => Some(name),
        Some(User::Id(ROOT)) => Some("root"),
        Some(User::Id(_)) => None,
        None => Some(context.profile.map_or("", |profile| profile.program.as_str())),
    }
}

/// The number of that user, as far as it is known.
pub fn own_user(context: &Context) -> Option<u128> {
    match &context.settings.user.value {
        Some(User::Id(id)) => Some((*id).into()),
        Some(User::Name(name)) => (name == "root").then_some(ROOT.into()),
        None => None,
    }
}

/// The same question of a program that no rule names; `None` where none names this one.
pub fn as_nobody(context: &Context, question: &Question) -> Option<(Question, String)> {
    let owned: Vec<u32> = owners(context).into_iter().filter(|owner| owner.1).map(|owner| owner.0).collect();
    let known = question.known.iter().map(|&(number, is_so)| (number, is_so && !owned.contains(&number)));
    let question = Question { known: known.collect(), ..question.clone() };
    if owned.is_empty() { None } else { Some((question, own_name(context)?.to_owned())) }
}
