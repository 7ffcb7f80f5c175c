//! What in an export is no cloud's, or stands among another cloud's own.

use super::{Fields, Remarks};
use crate::dialects::exports::provider;
use crate::tree::{Kind, Node};

/// Tells that an object of a provider's export is none that is known. A firewall is lost where it is passed over: that of
/// another, or what a list of an answer holds.
pub fn nothing_known(object: Fields, own: &str, message: &str, remarks: &mut Remarks) {
    let is_of_nft = object.get("nftables").is_some();
    let is_map = |item: &&Node| matches!(item.kind, Kind::Map(_));
    let mut listed =
        ["items", "value"].iter().filter_map(|key| object.get(key)).flat_map(Node::items).filter(is_map);
    let of = is_of_nft
        .then_some("nft")
        .or_else(|| provider(object).filter(|it| *it != own))
        .or_else(|| listed.find_map(|item| provider(Fields(item))));
    let Some(of) = of else {
        return remarks.unknown(object.span(), message);
    };
    let advice = match is_of_nft {
        true => "In a file of its own it is.",
        false => "Behind a line of three dashes, or in a file of its own, it is.",
    };
    remarks.add_with(
        object.span(),
        format!("this is of {of}, and stands where nothing of it is read: it is not judged"),
        vec![advice.to_owned()],
    );
}
